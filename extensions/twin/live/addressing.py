# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps links, addresses and routes of a namespace as `/interface`, `/ip/address` and `/ip/route` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Row, Values
from ..table import Table
from . import links, netns
from .nft import Unmapped
from .state import device, devices, enabled

if TYPE_CHECKING:
    from ..router import Router

ADDRESS, ROUTE, INTERFACE = "/ip/address", "/ip/route", "/interface"
UNPLAYED = ("check-gateway", "pref-src", "vrf-interface")
WATCHED = links.WATCHED | {ADDRESS, ROUTE, INTERFACE}


class Addressing:
    """One router's addresses and routes; `plugged` are its devices that a cable is in."""

    def __init__(self, router: Router, node: str, plugged: frozenset[str]) -> None:
        self.router = router
        self.node = node
        self.plugged = plugged
        self.links = links.Links(router, node)
        self.addresses: set[tuple[str, str]] = set()
        self.routes: list[str] = []
        self.up: set[str] = set()

    def check(self, table: Table, values: Values) -> None:
        """Raise Unmapped for routes that the kernel is not told of, and for what is no link of its own."""
        self.links.check(table, values)
        if table.menu.path == ROUTE and values.get("disabled") != "true":
            main = self.router.tables["/routing/table"].by_name("main")
            if main is not None and values.get("routing-table", main.id) != main.id:
                raise Unmapped("routes in other tables than main")
            for name in UNPLAYED:
                if values.get(name):
                    raise Unmapped(f"{name} of routes")

    def settle(self) -> None:
        """Change what differs. The kernel forgets routes whose address or device goes, so routes come last."""
        made, gone = self.links.changes()
        self._forget(gone)
        lines = [*made, *self._links(), *self._addresses()]
        routes = self._routes()
        if lines or routes != self.routes:
            netns.ip([*lines, "route flush proto static", *routes], self.node)
        self.routes = routes
        self.links.clamp()

    def _forget(self, gone: set[str]) -> None:
        """A device that goes takes its addresses along."""
        self.up -= gone
        self.addresses = {each for each in self.addresses if each[1] not in gone}

    def _usable(self) -> frozenset[str]:
        """A port without a cable is down, and its network is not reached."""
        return self.plugged | set(self.links.standing)

    def _links(self) -> list[str]:
        rows = enabled(self.router.tables[INTERFACE])
        wanted = {device(self.router, row.id) for row in rows} & self._usable()
        lines = [f"link set {name} up" for name in sorted(wanted - self.up)]
        lines += [f"link set {name} down" for name in sorted(self.up - wanted)]
        self.up = wanted
        return lines

    def _addresses(self) -> list[str]:
        rows = (row.values for row in enabled(self.router.tables[ADDRESS]))
        wanted = {(values["address"], device(self.router, values["interface"])) for values in rows}
        usable = self._usable()
        wanted = {each for each in wanted if each[1] in usable}
        lines = [f"address del {address} dev {name}" for address, name in sorted(self.addresses - wanted)]
        lines += [f"address add {address} dev {name}" for address, name in sorted(wanted - self.addresses)]
        self.addresses = wanted
        return lines

    def _routes(self) -> list[str]:
        """Active static routes; what makes one active is the twin's own business."""
        behaviour, known = self.router.behaviours[ROUTE], devices(self.router)
        behaviour.refresh()
        found = []
        for row in enabled(self.router.tables[ROUTE]):
            hops = [hop for hop in behaviour.derived(row).get("immediate-gw", "").split(",") if hop]
            if not row.builtin and behaviour.derived(row)["active"] == "true":
                found += self._route(row, [hop for hop in hops if known.get(hop.rpartition("%")[2]) in self.up])
        return found

    def _route(self, row: Row, hops: list[str]) -> list[str]:
        place, metric = row.values["dst-address"], row.values["distance"]
        if "blackhole" in row.values:
            return [f"route add blackhole {place} proto static metric {metric}"]
        known = devices(self.router)
        ways = []
        for hop in hops:
            address, _percent, name = hop.rpartition("%")
            ways.append(f"{f'via {address} ' if address else ''}dev {known[name]}")
        if not ways:
            return []
        several = " ".join(f"nexthop {way}" for way in ways) if len(ways) > 1 else ways[0]
        return [f"route add {place} proto static metric {metric} {several}"]
