# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""print, find, get and export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actor import Actor
from ..command import Command, Reply
from ..errors import Trap, missing, no_match
from ..model import Values
from ..query import matches, plainly_same
from ..table import Table
from ..view import View

if TYPE_CHECKING:
    from ..router import Router

DONE = Reply("!done")


def print_(router: Router, table: Table, command: Command, actor: Actor) -> list[Reply]:
    """One `!re` per row that passes the queries; `!empty` since 7.18 when there is none."""
    rows = selected(router, table, command, actor)
    if command.has("count-only"):
        return [Reply("!done", {"ret": str(len(rows))})]
    rows = only_listed(command, rows)
    if not rows and router.persona.says_empty:
        return [Reply("!empty"), DONE]
    return [*(Reply("!re", row) for row in rows), DONE]


def only_listed(command: Command, rows: list[Values]) -> list[Values]:
    """The rows with the properties that `.proplist` names; with all where it names none."""
    names = (command.get(".proplist") or command.get("proplist") or "").split(",")
    return rows if names == [""] else [{name: row[name] for name in names if name in row} for row in rows]


def selected(router: Router, table: Table, command: Command, actor: Actor) -> list[Values]:
    view = View(router, table, actor)
    wanted = command.get("from")
    rows = [view.row(row) for row in table.each(wanted)] if wanted else view.all()
    if command.queries:
        rows = [row for row in rows if matches(command.queries, row, Same(table))]
    for flag, wanted in (("static", "false"), ("dynamic", "true")):
        if flag in table.menu.print_flags and command.has(flag):
            rows = [row for row in rows if row.get("dynamic") == wanted]
    if "chain" in table.menu.print_flags and (chain := command.get("chain")):
        rows = [row for row in rows if row["chain"] == chain]
    return rows


class Same:
    """Equality by type where the menu knows it: `?address=192.0.2.1` finds 192.0.2.1/32."""

    def __init__(self, table: Table) -> None:
        self.fields = table.fields
        self.known: dict[tuple[str, str], str] = {}

    def __call__(self, name: str, have: str, asked: str) -> bool:
        return plainly_same(name, have, asked) or have == self._spelled(name, asked)

    def _spelled(self, name: str, asked: str) -> str:
        if (name, asked) not in self.known:
            field = self.fields.get(name)
            try:
                spelled = asked if field is None or field.refers else field.kind.canon(name, asked)
            except Trap:
                spelled = asked
            self.known[name, asked] = spelled
        return self.known[name, asked]


def find(router: Router, table: Table, command: Command, actor: Actor) -> list[Reply]:
    """Ids joined by `;`; what the API really answers to find is unverified."""
    found = [row[".id"] for row in selected(router, table, command, actor)]
    return [Reply("!done", {"ret": ";".join(found)})]


def get(router: Router, table: Table, command: Command, actor: Actor) -> list[Reply]:
    """One value, or all of an entry as `name=value` joined by `;`."""
    view = View(router, table, actor)
    if table.menu.singleton:
        row = view.all()[0]
    else:
        wanted = command.get("number") or command.get(".id")
        if not wanted:
            raise missing("number")
        row = view.row(table.need(wanted))
    if name := command.get("value-name"):
        if name not in row and name not in table.fields:
            raise no_match("value-name")
        return [Reply("!done", {"ret": row.get(name, "")})]
    return [Reply("!done", {"ret": ";".join(f"{name}={value}" for name, value in row.items())})]


def export(_router: Router, _table: Table, _command: Command, _actor: Actor) -> list[Reply]:
    """Writes a file on a real router and returns no text over the API; here it does nothing."""
    return [DONE]
