# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces that users make: each entry of such a menu is an entry of `/interface`, too, with the same id."""

from __future__ import annotations

from ..errors import failure
from ..model import Row, Values
from ..table import Table
from .base import Behaviour

INTERFACE = "/interface"
# Menus of interfaces that users make, and what `/interface` calls their type.
TYPES = {
    "/interface/gre": "gre-tunnel",
    "/interface/ipip": "ipip-tunnel",
    "/interface/eoip": "eoip",
    "/interface/vrrp": "vrrp",
}
# What an entry has in common with that of `/interface`; either place changes both.
SHARED = ("name", "mtu", "comment", "disabled")


class Made(Behaviour):
    """Keeps the entry in `/interface` as its own entry is."""

    @property
    def type(self) -> str:
        return TYPES[self.table.menu.path]

    @property
    def interfaces(self) -> Table:
        return self.router.tables[INTERFACE]

    def prepare(self, values: Values) -> None:
        number = 1
        while not values.get("name"):
            wanted, number = f"{self.table.menu.naming}{number}", number + 1
            if self.interfaces.by_name(wanted) is None:
                values["name"] = wanted

    def new_id(self, values: Values) -> str:
        """That of the entry in `/interface` where a seed brought it, or the next of all interfaces."""
        found = self.interfaces.by_name(values["name"])
        return found.id if found else self.interfaces.new_id()

    def check(self, values: Values, row: Row | None) -> None:
        other = self.interfaces.by_name(values["name"])
        seeded = row is None and other is not None and other.values.get("type") == self.type
        if other is not None and not seeded and (row is None or other.id != row.id):
            raise failure(self.table.menu.taken)

    def placed(self, row: Row, _new: bool) -> None:
        shared = {name: row.values[name] for name in SHARED if name in row.values}
        found = self.interfaces.by_id(row.id)
        if found is None:
            self.interfaces.refuse_same_name(row.values["name"])
            found = Row(row.id, {})
            self.interfaces.store(found, {"running": "true", "type": self.type, **shared})
            self.interfaces.insert(found)
        else:
            kept = {name: value for name, value in found.values.items() if name not in SHARED}
            self.interfaces.store(found, {**kept, "type": self.type, **shared})
        self.router.changed(self.interfaces, found)

    def follow(self, interface: Row, row: Row) -> None:
        """Take over what was changed in `/interface`."""
        kept = {name: value for name, value in row.values.items() if name not in SHARED}
        given = {
            name: value for name, value in interface.values.items() if name in SHARED and name in self.table.fields
        }
        self.table.store(row, kept | given)
        self.router.changed(self.table, row)

    def dropped(self, row: Row) -> None:
        if found := self.interfaces.by_id(row.id):
            self.interfaces.discard(found)
            self.router.removed(self.interfaces, row.id)

    def mirrored(self, row: Row) -> Values:
        """What is told of an entry in its own menu and in `/interface` alike."""
        raise NotImplementedError
