# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces and their addresses."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..errors import failure, invalid_value
from ..model import Row, Values
from ..references import show
from .base import Behaviour
from .made import TYPES, Made

if TYPE_CHECKING:
    from ..router import Router

FINDING = ("gre-tunnel", "ipip-tunnel", "eoip")
"""Types of interfaces that find their MTU themselves."""


class Interfaces(Behaviour):
    """Physical interfaces stay; those that a seed brought otherwise can go."""

    def check(self, values: Values, _row: Row | None) -> None:
        if values.get("mtu") == "auto" and values.get("type") not in FINDING:
            raise invalid_value("mtu")

    def check_removal(self, row: Row) -> None:
        if row.values.get("type", "ether") in ("ether", "loopback"):
            raise failure("cannot remove interface")

    def derived(self, row: Row) -> Values:
        found = {"actual-mtu": row.values.get("mtu", "1500")}
        own = self._own(row)
        return {**found, **own[0].mirrored(own[1])} if own else found

    def placed(self, row: Row, _new: bool) -> None:
        """Give the entry of its own menu what changed here."""
        if own := self._own(row):
            own[0].follow(row, own[1])

    def dropped(self, row: Row) -> None:
        if own := self._own(row):
            own[0].table.discard(own[1])
            self.router.removed(own[0].table, row.id)

    def _own(self, row: Row) -> tuple[Made, Row] | None:
        """What stands for an interface in the menu of its sort, where that is one that users make."""
        for path in TYPES:
            behaviour = self.router.behaviours.get(path)
            if behaviour and (found := behaviour.table.by_id(row.id)):
                assert isinstance(behaviour, Made)
                return behaviour, found
        return None


def runs(router: Router, interface: Row) -> bool:
    """Whether an interface is enabled and runs, which its own menu says, or else whoever moves packets."""
    said = {**interface.values, **router.behaviours["/interface"].derived(interface)}
    return said["disabled"] == "false" and said.get("running", "true") == "true"


class Addresses(Behaviour):
    """One address once per interface; network follows from the mask."""

    def check(self, values: Values, row: Row | None) -> None:
        try:
            found = ipaddress.IPv4Interface(values["address"])
        except ValueError:
            raise invalid_value("address") from None
        if mask := values.pop("netmask", None):
            found = ipaddress.IPv4Interface(f"{found.ip}/{mask}")
            values["address"] = str(found)
        values.setdefault("network", str(found.network.network_address))
        if row is not None and row.values["address"] != values["address"]:
            values["network"] = str(found.network.network_address)
        for other in self.table:
            same = other.values["address"] == values["address"] and other.values["interface"] == values["interface"]
            if other is not row and same:
                raise failure("already have such address")

    def derived(self, row: Row) -> Values:
        text, _dummy = show(self.router.tables, self.table.fields["interface"], row.values["interface"])
        return {"actual-interface": text}
