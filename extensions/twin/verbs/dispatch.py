# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the menu, the command and the permission; then act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..actor import Actor
from ..command import Command, Reply
from ..errors import Trap, failure, no_permission, no_such_command, no_such_prefix, unknown_parameter
from ..signature import API_ONLY, PRINT_TOLERATED, commands
from ..table import Table
from . import console, ordering, reading, scripts, special, writing

if TYPE_CHECKING:
    from ..router import Router

Verb = Callable[["Router", Table, Command, Actor], list[Reply]]

READING: dict[str, Verb] = {
    "print": reading.print_,
    "getall": reading.print_,
    "find": reading.find,
    "get": reading.get,
    "export": reading.export,
}
WRITING: dict[str, Verb] = {
    "add": writing.add,
    "set": writing.set_,
    "remove": writing.remove,
    "enable": writing.enable,
    "disable": writing.disable,
    "comment": writing.comment,
    "unset": writing.unset,
    "reset": writing.reset,
    "move": ordering.move,
    **special.VERBS,
    **scripts.VERBS,
}
_TAKING_BACK = ("add", "set", "reset")
_WITH_IDS = ("numbers", "number")
# What a command needs besides what all that write need.
_RIGHTS = {"reboot": "reboot", "ping": "test"}


def execute(router: Router, command: Command, actor: Actor) -> list[Reply]:
    """All replies of one command, `!done` last; raises Trap for a refusal."""
    if command.full() == "/console/inspect":
        return console.inspect(router, command)
    if command.full() == "/execute":
        return scripts.execute(router, command, actor)
    if command.full() == "/ping":
        # The newest menu tree at hand names it below /tool alone; that it is still here, too, is unverified.
        command = replace(command, path="/tool")
    table = router.tables.get(command.path)
    if table is None:
        raise no_such_command() if command.path in router.prefixes and command.verb else no_such_prefix()
    accepted = arguments(router, table, command.verb)
    refuse_unknown(command, accepted)
    refuse_unpermitted(table, command.verb, actor)
    verb = READING.get(command.verb) or WRITING.get(command.verb)
    if verb is None:
        raise failure(f"{command.verb} is not possible on this router")
    router.plane.refresh(table.menu.path)
    return verb(router, table, command, actor)


def arguments(router: Router, table: Table, verb: str) -> frozenset[str]:
    """What the command takes over the API; raises Trap where the menu has no such command."""
    known = commands(table.menu, router.persona)
    if verb in API_ONLY and "print" in known:
        verb = "print"
    if verb not in known:
        raise no_such_command()
    accepted = known[verb]
    if verb == "print":
        return accepted | PRINT_TOLERATED
    return accepted | {".id"} if accepted.intersection(_WITH_IDS) else accepted


def refuse_unknown(command: Command, accepted: frozenset[str]) -> None:
    """Only properties can be taken back by `!`, and only by the commands that write them."""
    takes_back = accepted - writing.CONTROL if command.verb in _TAKING_BACK else ()
    for name, _dummy in command.words:
        if name not in accepted and not (name.startswith("!") and name[1:] in takes_back):
            raise unknown_parameter(name.removeprefix("!"))


def refuse_unpermitted(table: Table, verb: str, actor: Actor) -> None:
    reading_only = verb in READING or verb in API_ONLY
    needed = "read" if reading_only else _RIGHTS.get(verb, "write")
    if not actor.may(needed):
        raise no_permission()
    # Accounts and groups need `policy` for every change.
    if not reading_only and table.menu.policy and not actor.may(table.menu.policy):
        raise no_permission()


__all__ = ("Trap", "arguments", "execute")
