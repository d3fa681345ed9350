# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels and virtual routers: what is special about the interfaces that users make."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..errors import failure
from ..model import Row, Values
from ..table import Table
from ..values.addresses import is_name
from .interfaces import runs
from .made import Made

if TYPE_CHECKING:
    from ..router import Router

# What encapsulation takes from the 1500 bytes of the packet outside.
_OVERHEAD = {"gre-tunnel": 24, "ipip-tunnel": 20, "eoip": 42}


class Tunnels(Made):
    """GRE and IPIP. With nothing that moves packets, the far end is taken to answer keepalives."""

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.silent: set[str] = set()

    def heard(self, row: Row, silent: bool) -> None:
        """The far end of an interface fell silent, or speaks again."""
        (self.silent.add if silent else self.silent.discard)(row.id)
        self.router.changed(self.table, row)
        if interface := self.interfaces.by_id(row.id):
            self.router.changed(self.interfaces, interface)

    def placed(self, row: Row, new: bool) -> None:
        """Whatever is changed of it, its far end is heard anew."""
        self.silent.discard(row.id)
        super().placed(row, new)

    def check(self, values: Values, row: Row | None) -> None:
        super().check(values, row)
        if values.get("ipsec-secret") and values["allow-fast-path"] == "true":
            # That it is refused is known; the wording is that of a client which refuses it for the router.
            raise failure("can't enable fastpath together with ipsec")

    def mirrored(self, row: Row) -> Values:
        mtu, up = row.values["mtu"], row.values["disabled"] == "false" and row.id not in self.silent
        return {
            "actual-mtu": str(1500 - _OVERHEAD[self.type]) if mtu == "auto" else mtu,
            "running": str(up).lower(),
        }

    def derived(self, row: Row) -> Values:
        wanted, found = row.values["remote-address"], self.mirrored(row)
        if is_name(wanted) and (addresses := self.router.addresses_of(wanted)):
            found["current-remote-address"] = addresses[0]
        return found

    def hides(self, row: Row) -> Collection[str]:
        return [name for name in ("keepalive", "ipsec-secret") if row.values.get(name) == ""]


class EthernetTunnels(Tunnels):
    """EoIP, whose ends are told apart by numbers as well as addresses."""

    def prepare(self, values: Values) -> None:
        """The MAC address is made up; here always the same for the same tunnel."""
        super().prepare(values)
        values.setdefault("mac-address", _made_up(f"{values['name']} {values.get('tunnel-id', '')}"))

    def mirrored(self, row: Row) -> Values:
        return {**super().mirrored(row), "l2mtu": "65535", "mac-address": row.values["mac-address"]}


def _made_up(seed: str) -> str:
    digits = hashlib.sha256(seed.encode()).hexdigest()[:10].upper()
    return ":".join(["02", *(digits[at : at + 2] for at in range(0, 10, 2))])


class VirtualRouters(Made):
    """VRRP. Nobody else is there who could be master, unless somebody who hears others says how each is, by its id."""

    dangling_is_invalid = True
    states: Mapping[str, str] | None = None

    def mirrored(self, row: Row) -> Values:
        below = self.interfaces.by_id(row.values["interface"])
        up = row.values["disabled"] == "false" and below is not None and runs(self.router, below)
        if self.states is not None:
            # A backup does not run, as routers print it.
            up = up and self.states.get(row.id) == "master"
        family = "2" if (row.values["version"], row.values["v3-protocol"]) == ("3", "ipv6") else "1"
        mac = f"00:00:5E:00:0{family}:{int(row.values['vrid']):02X}"
        return {"mac-address": mac, "running": str(up).lower()}

    def derived(self, row: Row) -> Values:
        found = self.mirrored(row)
        if self.states is not None:
            return {**found, **({self.states[row.id]: "true"} if row.id in self.states else {})}
        return {**found, "master": "true"} if found["running"] == "true" else found
