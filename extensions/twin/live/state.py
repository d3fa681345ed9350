# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router's tables say, as those who move packets need it: names for references, devices for interfaces."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Row, Values
from ..references import show
from ..table import Table
from ..values.addresses import is_name

if TYPE_CHECKING:
    from ..router import Router


def shown(router: Router, table: Table, values: Values) -> Values | None:
    """Values with names for what they refer to; None where something they name is gone."""
    found = {}
    for name, value in values.items():
        field = table.fields.get(name)
        if field is not None and field.refers is not None:
            value, gone = show(router.tables, field, value)
            if gone:
                return None
        found[name] = value
    return found


def enabled(table: Table) -> list[Row]:
    return [row for row in table if row.values.get("disabled", "false") == "false"]


def device(router: Router, interface: str) -> str:
    """The kernel's name of an interface, by id: the one it was born with, whatever users call it."""
    row = router.tables["/interface"].by_id(interface)
    if row and (row.values.get("type") == "vrrp" or row.values.get("type", "").endswith("-tunnel")):
        # Names of users may be longer than the kernel's can be.
        return f"link-{row.id[1:]}"
    return row.values.get("default-name") or row.values["name"] if row else ""


def devices(router: Router) -> dict[str, str]:
    """Kernel devices by the name an interface has now."""
    return {row.values["name"]: device(router, row.id) for row in router.tables["/interface"]}


def members(router: Router) -> dict[str, list[str]]:
    """Names of the interfaces in each interface list: what it includes less what it excludes, and its own on top."""
    lists = router.tables["/interface/list"]
    return {row.values["name"]: [*dict.fromkeys(_members(router, row, frozenset()))] for row in lists}


def _members(router: Router, row: Row, seen: frozenset[str]) -> Iterator[str]:
    if row.id in seen:
        return
    interfaces = router.tables["/interface"]
    if row.builtin:
        wanted = {"all": (True, False), "none": (), "dynamic": (True,), "static": (False,)}[row.values["name"]]
        yield from (each.values["name"] for each in interfaces if each.dynamic in wanted)
        return
    known = seen | {row.id}

    def among(field: str) -> set[str]:
        others = (router.tables["/interface/list"].by_id(part) for part in row.values.get(field, "").split(","))
        return {name for other in others if other for name in _members(router, other, known)}

    yield from sorted(among("include") - among("exclude"))
    for member in enabled(router.tables["/interface/list/member"]):
        interface = interfaces.by_id(member.values["interface"])
        if member.values["list"] == row.id and interface:
            yield interface.values["name"]


def address_lists(router: Router) -> dict[str, tuple[str, ...]]:
    """Addresses, prefixes and ranges of each list; what names stand for has entries of its own."""
    found: dict[str, list[str]] = {}
    for row in enabled(router.tables["/ip/firewall/address-list"]):
        if not is_name(row.values["address"]):
            found.setdefault(row.values["list"], []).append(row.values["address"])
    return {name: tuple(addresses) for name, addresses in found.items()}


def way_out(router: Router, address: str) -> str:
    """The kernel device that leads to an address: the longest active route's; empty if there is none."""
    target = ipaddress.ip_address(address)
    table, best, found = router.tables["/ip/route"], -1, ""
    behaviour = router.behaviours["/ip/route"]
    behaviour.refresh()
    for row in table:
        network = ipaddress.ip_network(row.values["dst-address"])
        derived = behaviour.derived(row)
        if derived["active"] == "true" and target in network and network.prefixlen > best:
            hop = derived.get("immediate-gw", "").split(",")[0]
            best, found = network.prefixlen, hop.rpartition("%")[2]
    return devices(router).get(found, "")
