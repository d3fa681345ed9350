# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""move: rows land in front of the destination, or at the end without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actor import Actor
from ..command import Command, Reply
from ..model import Row
from ..table import Table
from .writing import DONE, chosen

if TYPE_CHECKING:
    from ..router import Router


def move(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """Several rows keep the order in which they are named."""
    rows = chosen(table, command)
    table.refuse_foreign(rows, "move")
    wanted = command.get("destination")
    before = None if not wanted or wanted == "*FFFFFFFF" else table.need(wanted)
    behaviour = router.behaviours[table.menu.path]
    for row in rows:
        if row.builtin:
            behaviour.check_place(row)
    if before is not None:
        behaviour.check_place(before)
    if before is not None and before in rows:
        # Rows moved in front of one of themselves land before the next row that stays; unverified.
        before = _next_outside(table, before, rows)
    table.move(rows, before)
    for row in rows:
        router.changed(table, row)
    return DONE


def _next_outside(table: Table, start: Row, moved: list[Row]) -> Row | None:
    """The first row from `start` on that does not move itself."""
    at = table.rows.index(start)
    return next((row for row in table.rows[at:] if row not in moved), None)
