# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/execute`, `/system/script/run` and `/system/reboot`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..actor import Actor
from ..command import Command, Reply
from ..errors import Trap, missing, no_permission, unknown_parameter
from ..model import Row
from ..table import Table
from ..values.moments import spell_moment

if TYPE_CHECKING:
    from ..router import Router

DONE = [Reply("!done")]


def execute(router: Router, command: Command, actor: Actor) -> list[Reply]:
    """With `as-string` the output in `ret`, errors in it as on the console (unverified); else the job's id."""
    for name, _dummy in command.words:
        if name not in ("script", "as-string"):
            raise unknown_parameter(name)
    if (source := command.get("script")) is None:
        raise missing("script")
    if not command.has("as-string"):
        return [Reply("!done", {"ret": router.jobs.start(source, actor, "execute", later=True)})]
    done = router.jobs.run_at_once(source, actor, "execute")
    lines = [*done.output, *([done.error.text] if done.error else ())]
    return [Reply("!done", {"ret": "\n".join(lines)})]


def run(router: Router, table: Table, command: Command, actor: Actor) -> list[Reply]:
    """Answered when the script is over; what it prints is lost, an error is the answer."""
    if not (wanted := command.get("number") or command.get(".id")):
        raise missing("number")
    row = table.need(wanted)
    if command.get("use-script-permissions") in ("yes", "true", ""):
        actor = Actor(actor.name, frozenset(row.values["policy"].split(",")), actor.address)
    admit(actor, row)
    count_run(router, row)
    done = router.jobs.run_at_once(row.values["source"], actor, row.values["name"])
    if done.error:
        raise Trap(done.error.text, done.error.category)
    return DONE


def reboot(router: Router, _table: Table, _command: Command, _actor: Actor) -> list[Reply]:
    """The answer goes into a connection that is gone."""
    router.reboot()
    return DONE


def admit(actor: Actor, script: Row) -> None:
    """A script runs only for those who have every right it asks for, unless it does not care."""
    policies = [policy for policy in script.values["policy"].split(",") if policy]
    if script.values["dont-require-permissions"] == "false" and not all(map(actor.may, policies)):
        raise no_permission()


def count_run(router: Router, row: Row) -> None:
    """One more run in what print shows."""
    table = router.tables["/system/script"]
    if table.by_id(row.id) is not row:
        raise Trap(router.persona.no_such_item, 0)
    counted = {"run-count": str(int(row.values["run-count"]) + 1), "last-started": spell_moment(router.clock())}
    table.store(row, {**row.values, **counted})
    router.changed(table, row)


VERBS: dict[str, Callable[[Router, Table, Command, Actor], list[Reply]]] = {"run": run, "reboot": reboot}
