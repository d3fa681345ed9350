# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: connected ones follow addresses and interfaces, static ones are active while their gateway is reached."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ..errors import invalid_value
from ..model import Row, Values
from .base import Behaviour

# Connected routes take their ids from their addresses, so that equal routers print equal routes.
_CONNECTED = 0x80000000


class Routes(Behaviour):
    """Static routes have scope 30 and look for gateways up to scope 10: on connected networks only.

    Which flags print as false and which not at all is unverified.
    """

    def check(self, values: Values, row: Row | None) -> None:
        """Interfaces are kept by id, so that a route follows one that gets another name."""
        if values.get("gateway") and (row is None or values["gateway"] != row.values.get("gateway")):
            values["gateway"] = ",".join(map(self._kept, values["gateway"].split(",")))

    def _kept(self, part: str) -> str:
        address, percent, interface = part.partition("%")
        if not percent and _is_address(address):
            return part
        found = self.router.tables["/interface"].find(interface or address)
        if found is None or (percent and not _is_address(address)):
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
                {**route, "gateway": interface, "distance": "0", "disabled": "false"},
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
        if row is None or row.values["disabled"] == "true":
            return False
        derived = self.router.behaviours["/interface"].derived(row)
        return derived.get("running", row.values.get("running", "true")) == "true"

    def derived(self, row: Row) -> Values:
        first_hops = self._first_hops(row)
        active = self._usable(row) and self._is_best(row)
        found = {"gateway": self._named(row)} if "gateway" in row.values else {}
        found |= {"immediate-gw": ",".join(first_hops)} if first_hops else {}
        found |= {"active": str(active).lower(), "inactive": str(not active and not _off(row)).lower()}
        return {**found, ("connect" if row.builtin else "static"): "true"}

    def _is_best(self, row: Row) -> bool:
        """No usable route to the same place in the same table is nearer; equally near ones share the traffic."""
        place, distance = _place(row), int(row.values["distance"])
        return not any(
            _place(other) == place and int(other.values["distance"]) < distance and self._usable(other)
            for other in self.table
        )

    def _usable(self, row: Row) -> bool:
        """What drops packets needs nobody to pass them on to."""
        return not _off(row) and ("blackhole" in row.values or bool(self._first_hops(row)))

    def _first_hops(self, row: Row) -> list[str]:
        """`192.0.2.1%ether1`, or `ether2` for what is behind an interface; empty for a route that cannot be used."""
        if _off(row):
            return []
        parts = filter(None, self._named(row).split(","))
        return [hop for hop in map(self._first_hop, parts) if hop]

    def _first_hop(self, gateway: str) -> str:
        address, _percent, interface = gateway.partition("%")
        if not _is_address(address):
            return address if self._runs(address) else ""
        wanted = ipaddress.ip_address(address)
        for values in (row.values for row in self.table if row.builtin):
            fits = interface in ("", values["gateway"]) and wanted in ipaddress.ip_network(values["dst-address"])
            if fits and self._runs(values["gateway"]):
                return f"{address}%{values['gateway']}"
        return ""


def _off(row: Row) -> bool:
    return row.values["disabled"] == "true"


def _place(row: Row) -> tuple[str, str]:
    return row.values["dst-address"], row.values["routing-table"]


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
