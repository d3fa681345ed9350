# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps links, addresses and routes of a namespace as `/interface`, `/ip/address` and `/ip/route` say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Row, Values
from ..table import Table
from . import links, netns
from .carriers import Carriers
from .nft import Unmapped
from .state import device, devices, enabled

if TYPE_CHECKING:
    from ..router import Router

ADDRESS, ROUTE, INTERFACE = "/ip/address", "/ip/route", "/interface"
# What carrier that comes or goes is seen in.
SHOWING = (INTERFACE, ROUTE, links.VRRP)
WATCHED = links.WATCHED | {ADDRESS, ROUTE, INTERFACE}


class Addressing:
    """One router's addresses and routes; `plugged` are its devices that a cable is in, `running` those with carrier."""

    def __init__(self, router: Router, node: str, plugged: frozenset[str]) -> None:
        self.router = router
        self.node = node
        self.ports = self.plugged = plugged
        self.carriers = Carriers(node)
        self.running: frozenset[str] = frozenset()
        self.links = links.Links(router, node, plugged)
        self.addresses: set[tuple[str, str]] = set()
        self.routes: list[str] = []
        self.up: set[str] = set()

    def check(self, table: Table, values: Values) -> None:
        """Raise Unmapped for routes that the kernel is not told of, and for what is no link of its own."""
        self.links.check(table, values)
        if table.menu.path == ROUTE and values.get("disabled") != "true":
            if (checked := values.get("check-gateway", "none")) not in ("none", "ping"):
                raise Unmapped(f"check-gateway={checked}; ping it does")
            main = self.router.tables["/routing/table"].by_name("main")
            if main is not None and values.get("routing-table", main.id) != main.id:
                raise Unmapped("routes in other tables than main")
            if values.get("vrf-interface"):
                raise Unmapped("vrf-interface of routes")

    def settle(self) -> None:
        """Change what differs. The kernel forgets routes whose address or device goes, so routes come last."""
        made, gone = self.links.changes()
        self._forget(gone)
        links = [*made, *self._links()]
        netns.ip(links, self.node)
        self.links.tune()
        # Whether somebody is at the far end shows once the near one is up.
        self._run()
        lines = self._addresses()
        routes = self._routes()
        # A device that was made anew has lost its routes, although they are the same.
        if links or lines or routes != self.routes:
            # There is no moment without a route that stays: packets would be lost at it.
            gone = {_place(line) for line in self.routes} - {_place(line) for line in routes}
            netns.ip([*lines, *routes, *(f"route flush exact {place}" for place in sorted(gone))], self.node)
        self.routes = routes
        self.links.finish()

    def power_off(self) -> None:
        """Take all ports down; those at the other ends of the cables see it."""
        netns.ip([f"link set {name} down" for name in sorted(self.up | self.links.virtual)], self.node)
        # Routes went with their devices.
        self.up, self.routes = set(), []

    def _forget(self, gone: set[str]) -> None:
        """A device that goes takes its addresses along."""
        self.up -= gone
        self.addresses = {each for each in self.addresses if each[1] not in gone}

    def stale(self) -> bool:
        """Whether carrier has come or gone since the last look."""
        return (self.carriers.look() & self._cables) != (self.running & self._cables)

    @property
    def _cables(self) -> frozenset[str]:
        """The devices that have carrier or not; at the far end of a tunnel is nobody whom the kernel could see."""
        return self.plugged | self.links.virtual

    def _run(self) -> None:
        """Tell `/interface` which ports run."""
        table = self.router.tables[INTERFACE]
        self.running = (self.carriers.look() & self._cables) | self.links.tunnels
        for row in table:
            name = device(self.router, row.id)
            running = str(name in self.running).lower()
            if (name in self.ports or row.values.get("type") == "ether") and row.values["running"] != running:
                row.values["running"] = running
                self.router.changed(table, row)

    def _usable(self) -> frozenset[str]:
        """A port without a cable is down, and its network is not reached."""
        return self._cables | self.links.tunnels

    def _links(self) -> list[str]:
        rows = enabled(self.router.tables[INTERFACE])
        wanted = {device(self.router, row.id) for row in rows} & self._usable() - self.links.virtual
        lines = [f"link set {name} up" for name in sorted(wanted - self.up)]
        lines += [f"link set {name} down" for name in sorted(self.up - wanted)]
        self.up = wanted
        return lines

    def _addresses(self) -> list[str]:
        """Those of virtual routers come and go with elections."""
        rows = (row.values for row in enabled(self.router.tables[ADDRESS]))
        wanted = {(values["address"], device(self.router, values["interface"])) for values in rows}
        wanted = {each for each in wanted if each[1] in self.running - self.links.virtual}
        lines = [f"address del {address} dev {name}" for address, name in sorted(self.addresses - wanted)]
        lines += [f"address add {address} dev {name}" for address, name in sorted(wanted - self.addresses)]
        self.addresses = wanted
        return lines

    def _routes(self) -> list[str]:
        """Active static routes; what makes one active is the twin's own business."""
        behaviour = self.router.behaviours[ROUTE]
        behaviour.refresh()
        found: dict[str, list[str]] = {}
        for row in enabled(self.router.tables[ROUTE]):
            derived = behaviour.derived(row)
            if row.builtin or derived["active"] == "false":
                continue
            place = f"{row.values['dst-address']} proto static metric {row.values['distance']}"
            if "immediate-gw" in derived:
                # Routes that share a place and a distance share the traffic: to the kernel they are one.
                found.setdefault(place, []).extend(self._ways(row, derived["immediate-gw"].split(",")))
            else:
                found.setdefault(f"blackhole {place}", [])
        return [line for place, ways in found.items() if (line := _route(place, ways))]

    def _ways(self, row: Row, hops: list[str]) -> list[str]:
        known, source = devices(self.router), self._source(row)
        ways = []
        for hop in hops:
            address, _percent, name = hop.rpartition("%")
            if known.get(name) in self.running:
                ways.append(f"{f'via {address} ' if address else ''}dev {known[name]}{source}")
        return ways

    def _source(self, row: Row) -> str:
        """The address that the router's own packets have; the kernel takes none that is not its own."""
        wanted = row.values.get("pref-src", "")
        own = wanted in (address.partition("/")[0] for address, _device in self.addresses)
        return f" src {wanted}" if own else ""


def _route(place: str, ways: list[str]) -> str:
    """A line for the kernel; none for a route to nowhere that is no black hole."""
    if place.startswith("blackhole"):
        return f"route replace {place}"
    if len(set(ways)) > 1:
        # One source goes for all ways, and stands in front of them; a way that is given twice takes twice as much.
        source = "".join(ways[0].partition(" src ")[1:])
        plain = [way.partition(" src ")[0] for way in ways]
        hops = (f"nexthop {way} weight {plain.count(way)}" for way in dict.fromkeys(plain))
        return f"route replace {place}{source} {' '.join(hops)}"
    return f"route replace {place} {ways[0]}" if ways else ""


def _place(line: str) -> str:
    """What tells the route of a line from others."""
    words = line.removeprefix("route replace ").removeprefix("blackhole ").split()
    return " ".join(words[: words.index("metric") + 2])
