# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: connected ones follow addresses and interfaces, static ones are active while their gateway is reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import invalid_value
from ..model import Row, Values
from ..table import Table
from .base import Behaviour
from .gateways import Gateways
from .interfaces import runs
from .nexthops import is_address, leading_to

if TYPE_CHECKING:
    from ..router import Router

# Connected routes take their ids from their addresses, so that equal routers print equal routes.
_CONNECTED = 0x80000000
_CONNECTED_SCOPE = "10"


class Routes(Behaviour):
    """A gateway is looked for on connected networks, then behind static routes whose scope allows it.

    Which flags print as false and which not at all is unverified.
    """

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.gateways = Gateways(router, self._checked, self._way_to, self._changed)

    def check(self, values: Values, row: Row | None) -> None:
        """Interfaces are kept by id, so that a route follows one that gets another name."""
        if values.get("gateway") and (row is None or values["gateway"] != row.values.get("gateway")):
            values["gateway"] = ",".join(map(self._kept, values["gateway"].split(",")))

    def _kept(self, part: str) -> str:
        address, percent, interface = part.partition("%")
        if not percent and is_address(address):
            return part
        found = self.router.tables["/interface"].find(interface or address)
        if found is None or (percent and not is_address(address)):
            raise invalid_value("gateway")
        return f"{address}%{found.id}" if percent else found.id

    def _named(self, row: Row) -> str:
        """The gateway with names for interfaces; one that is gone stays an id."""
        parts = (part.rpartition("%") for part in row.values.get("gateway", "").split(","))
        return ",".join(f"{address}{percent}{self._name(last)}" for address, percent, last in parts)

    def _name(self, text: str) -> str:
        found = self.router.tables["/interface"].by_id(text) if text.startswith("*") else None
        return found.values["name"] if found else text

    def refresh(self) -> None:
        self._connect()
        self.gateways.follow()

    def _connect(self) -> None:
        """Connected routes come and go with what they follow."""
        wanted = dict(self._connected())
        for row in [row for row in self.table if row.builtin]:
            if row.id not in wanted or row.values != wanted[row.id]:
                self.table.discard(row)
        for id_, values in wanted.items():
            if self.table.by_id(id_) is None:
                row = Row(id_, {}, dynamic=True, builtin=True)
                self.table.store(row, values)
                self.table.insert(row)

    def placed(self, row: Row, _new: bool) -> None:
        if "check-gateway" in row.values:
            self.gateways.follow()

    def booted(self) -> None:
        self.gateways.booted()

    def _connected(self) -> Iterator[tuple[str, Values]]:
        for row in self.router.tables["/ip/address"]:
            values = row.values
            interface = self._interface(values["interface"])
            if values["disabled"] == "true" or interface is None:
                continue
            prefix = values["address"].partition("/")[2] or "32"
            route = {"dst-address": f"{values['network']}/{prefix}", "routing-table": self._main()}
            yield (
                f"*{_CONNECTED + int(row.id[1:], 16):X}",
                {
                    **route,
                    "gateway": interface,
                    "distance": "0",
                    "scope": _CONNECTED_SCOPE,
                    "target-scope": "5",
                    "disabled": "false",
                },
            )

    def _main(self) -> str:
        found = self.router.tables["/routing/table"].by_name("main")
        return found.id if found else "main"

    def _interface(self, id_: str) -> str | None:
        """The name of an interface that is there and enabled."""
        row = self.router.tables["/interface"].by_id(id_)
        return row.values["name"] if row and row.values["disabled"] == "false" else None

    def _runs(self, name: str) -> bool:
        """Whether an interface is there, enabled and running; connected routes of others are there and inactive."""
        row = self.router.tables["/interface"].by_name(name)
        return row is not None and runs(self.router, row)

    def derived(self, row: Row) -> Values:
        first_hops = self._first_hops(row)
        active = self.usable(row) and self._is_best(row)
        found = {"gateway": self._named(row)} if "gateway" in row.values else {}
        found |= {"immediate-gw": ",".join(first_hops)} if first_hops else {}
        found |= {"active": str(active).lower(), "inactive": str(not active and not _off(row)).lower()}
        if active and self._shares(row):
            found["ecmp"] = "true"
        return {**found, ("connect" if row.builtin else "static"): "true"}

    def usable(self, row: Row) -> bool:
        """Whether there is a way for its packets, be it into nothing."""
        return bool(self._first_hops(row)) or (_swallows(row) and not _off(row))

    def _is_best(self, row: Row) -> bool:
        """No usable route to the same place in the same table is nearer; equally near ones share the traffic."""
        place, distance = _place(row), int(row.values["distance"])
        return not any(
            _place(other) == place and int(other.values["distance"]) < distance and self.usable(other)
            for other in self.table
        )

    def _shares(self, row: Row) -> bool:
        """Whether packets to one place go several ways."""
        near = (_place(row), row.values["distance"])
        equal = (other for other in self.table if (_place(other), other.values["distance"]) == near)
        return sum(len(self._first_hops(each)) for each in equal) > 1

    def _first_hops(self, row: Row, seen: frozenset[str] = frozenset()) -> list[str]:
        """`192.0.2.1%ether1`, or `ether2` for what is behind an interface; empty for a route that cannot be used."""
        return [hop for part in self._asked_for(row) for hop in self._reached(row, part, seen)]

    def _reached(self, row: Row, gateway: str, seen: frozenset[str]) -> list[str]:
        checked = row.values.get("check-gateway", "none") != "none"
        return [] if checked and self.gateways.down(gateway) else self.resolved(row, gateway, seen)

    def _asked_for(self, row: Row) -> list[str]:
        """Gateways of a route that is on, with names for interfaces."""
        return [] if _off(row) or _swallows(row) else [*filter(None, self._named(row).split(","))]

    def resolved(self, row: Row, gateway: str, seen: frozenset[str] = frozenset()) -> list[str]:
        """First hops towards one gateway of a route, whether it answers or not."""
        address, _percent, interface = gateway.partition("%")
        if not is_address(address):
            return [address] if self._runs(address) else []
        for other in leading_to(self.table, address, int(row.values["target-scope"])):
            found = self._towards(address, other, seen | {row.id})
            if fitting := [hop for hop in found if interface in ("", hop.rpartition("%")[2])]:
                return fitting
        return []

    def _towards(self, address: str, route: Row, seen: frozenset[str]) -> list[str]:
        if route.builtin:
            return [f"{address}%{route.values['gateway']}"] if self._runs(route.values["gateway"]) else []
        return [] if route.id in seen else self._first_hops(route, seen)

    def _checked(self) -> list[str]:
        """Gateways that are asked whether they answer."""
        rows = (row for row in self.table if row.values.get("check-gateway", "none") != "none")
        parts = (part for row in rows for part in self._asked_for(row))
        return [*dict.fromkeys(part for part in parts if is_address(part.partition("%")[0]))]

    def _way_to(self, gateway: str) -> str:
        """The interface by which a gateway that is asked is reached; empty if there is none."""
        self._connect()
        for row in self.table:
            if gateway in self._asked_for(row) and (hops := self.resolved(row, gateway)):
                return hops[0].rpartition("%")[2]
        return ""

    def _changed(self, gateway: str) -> None:
        for row in [row for row in self.table if gateway in self._asked_for(row)]:
            self.router.changed(self.table, row)


def _off(row: Row) -> bool:
    return row.values["disabled"] == "true"


def _swallows(row: Row) -> bool:
    return "blackhole" in row.values


def _place(row: Row) -> tuple[str, str]:
    return row.values["dst-address"], row.values["routing-table"]
