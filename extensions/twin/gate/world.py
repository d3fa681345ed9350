# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What matchers ask the router about: its addresses, address lists, interfaces and interface lists."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..values.addresses import is_name
from .packet import Address, within
from .seat import Seat

if TYPE_CHECKING:
    from ..router import Router

_PPP = ("ppp-", "pppoe-", "pptp-", "l2tp-", "sstp-", "ovpn-")
_WIRELESS = ("wlan", "wifi", "wireless")


class World:
    """The router at this moment, seen from one seat."""

    def __init__(self, router: Router, seat: Seat) -> None:
        self.router = router
        self.seat = seat
        found = router.tables["/interface"].by_name(seat.interface)
        if found is None:
            raise ValueError(f"the router has no interface {seat.interface} to sit at")
        # The id, since a client may give the interface another name.
        self.interface = found.id

    @property
    def family(self) -> str:
        """The menu folder of the firewall that sees the seat's packets."""
        return "/ip" if ipaddress.ip_address(self.seat.client).version == 4 else "/ipv6"

    def has_address(self) -> bool:
        """Whether the address that the seat speaks to is the router's, on an interface that is on."""
        interfaces = self.router.tables["/interface"]
        for values in (row.values for row in self.router.tables["/ip/address"]):
            below = interfaces.by_id(values["interface"])
            on = below is not None and "true" not in (values["disabled"], below.values["disabled"])
            if on and values["address"].partition("/")[0] == self.seat.router:
                return True
        return False

    def routes_back(self) -> bool:
        """Whether the most exact active route to the client of table main leads out by the seat's interface."""
        behaviour, client = self.router.behaviours["/ip/route"], ipaddress.ip_address(self.seat.client)
        behaviour.refresh()
        main = self.router.tables["/routing/table"].by_name("main")
        found: dict[int, set[str]] = {}
        for row in self.router.tables["/ip/route"]:
            told, network = behaviour.derived(row), ipaddress.ip_network(row.values["dst-address"])
            ours = main is not None and row.values["routing-table"] == main.id
            if ours and told["active"] == "true" and client in network:
                hops = told.get("immediate-gw", "").split(",")
                found.setdefault(network.prefixlen, set()).update(hop.rpartition("%")[2] for hop in hops)
        return bool(found) and self.seat.interface in found[max(found)]

    def is_own(self, address: Address) -> bool:
        """An address of the router: the one the seat speaks to, those of `/ip/address`, loopback."""
        if str(address) == self.seat.router or address.is_loopback:
            return True
        rows = (row.values for row in self.router.tables["/ip/address"])
        return any(row["disabled"] == "false" and row["address"].partition("/")[0] == str(address) for row in rows)

    def listed(self, address: Address, name: str) -> bool:
        """Whether an enabled entry of the address list holds it; what a DNS name stands for has entries of its own."""
        path = f"{self.family}/firewall/address-list"
        self.router.behaviours[path].refresh()
        for row in self.router.tables[path]:
            values = row.values
            if values["list"] != name or values["disabled"] == "true" or is_name(values["address"]):
                continue
            if within(address, values["address"]):
                return True
        return False

    def of_sort(self, interface: str, word: str) -> bool:
        """Whether an interface is meant by all-ethernet, all-ppp, all-vlan or all-wireless."""
        row = self.router.tables["/interface"].by_id(interface)
        kind = row.values.get("type", "ether") if row else ""
        if word == "all-ppp":
            return kind.startswith(_PPP)
        if word == "all-wireless":
            return kind.startswith(_WIRELESS)
        return kind == {"all-ethernet": "ether", "all-vlan": "vlan"}[word]

    def member(self, interface: str, list_: str, seen: frozenset[str] = frozenset()) -> bool:
        """Included lists first, less the excluded ones, and the list's own members on top."""
        lists = self.router.tables["/interface/list"]
        row = lists.by_id(list_)
        if row is None or list_ in seen or not interface:
            return False
        if row.builtin:
            return self._builtin(interface, row.values["name"])
        if any(
            each.values["list"] == list_ and each.values["interface"] == interface and each.values["disabled"] != "true"
            for each in self.router.tables["/interface/list/member"]
        ):
            return True
        known = seen | {list_}

        def among(field: str) -> bool:
            others = [part for part in row.values.get(field, "").split(",") if part]
            return any(self.member(interface, other, known) for other in others)

        return among("include") and not among("exclude")

    def _builtin(self, interface: str, name: str) -> bool:
        row = self.router.tables["/interface"].by_id(interface)
        dynamic = row is not None and row.dynamic
        return {"all": True, "none": False, "dynamic": dynamic, "static": not dynamic}[name]
