# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as print shows them: names for references, defaults left out, secrets only for those who may see them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .actor import Actor
from .model import Row, Values
from .references import show
from .table import Table

if TYPE_CHECKING:
    from .router import Router

MASK = "*****"


class View:
    """The rows of one table for one user, at one moment."""

    def __init__(self, router: Router, table: Table, actor: Actor) -> None:
        self.router = router
        self.table = table
        self.behaviour = router.behaviours[table.menu.path]
        self.behaviour.refresh()
        self.sensitive = actor.may("sensitive")
        self.mask = router.persona.mask_secrets

    def all(self) -> list[Values]:
        return [self.row(row) for row in self.table.rows]

    def row(self, row: Row) -> Values:
        """Property names and texts of one entry, `.id` first unless the menu holds just one."""
        shown: Values = {} if self.table.menu.singleton else {".id": row.id}
        hidden = self.behaviour.hides(row)
        gone = self._stored(row, shown, hidden)
        fields = self.table.fields
        if "dynamic" in fields and "dynamic" not in hidden:
            shown["dynamic"] = "true" if row.dynamic else "false"
        if "invalid" in fields and self.behaviour.dangling_is_invalid:
            shown["invalid"] = "true" if gone else "false"
        for name, value in self.behaviour.derived(row).items():
            if name not in hidden:
                shown[name] = value
        return shown

    def _stored(self, row: Row, shown: Values, hidden: Collection[str]) -> bool:
        """Fill in what is stored; gives whether a named entry is gone."""
        fields = self.table.fields
        missing = False
        for name, value in row.values.items():
            field = fields.get(name)
            if field is None or field.hidden or name in hidden:
                continue
            if field.refers is not None:
                value, gone = show(self.router.tables, field, value)
                missing = missing or gone
            if field.secret and not self.sensitive:
                if not self.mask:
                    continue
                value = MASK if value else value
            shown[name] = value
        return missing
