# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces that people made on a router: which of them a lab can have, and what hangs on them.

They are no part of what a twin begins with: it is told of them as the router was, and their addresses and routes with
them. What a lab cannot have stays an interface by name, through which nothing goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

Found = Mapping[str, Any]
Entry = dict[str, Any]
KINDS = ("gre", "ipip", "eoip", "vrrp")
PLANTED = ("interface_list", "interface_list_member", "ip_address", "ip_route")
"""What a twin begins with, so that it is not told once more."""


def names(found: Found, kinds: Collection[str]) -> frozenset[str]:
    """Those of some kinds."""
    gathered = found["gathered"]
    return frozenset(str(each["name"]) for kind in kinds for each in gathered.get(f"interface_{kind}", ()))


def leads_through(found: Found, gateway: str, made: Collection[str]) -> bool:
    """Whether a route goes by one of them: by its name, or by an address on it."""
    for part in gateway.split(","):
        address, _percent, interface = part.rpartition("%")
        if interface in made or any(_within(address or interface, own) for own in _on(found, made)):
            return True
    return False


def _on(found: Found, made: Collection[str]) -> Iterator[str]:
    return (row["address"] for row in found["addresses"] if row["interface"] in made)


def _within(gateway: str, own: str) -> bool:
    try:
        return IPv4Address(gateway) in IPv4Interface(own).network
    except ValueError:
        return False


def config(found: Found, kinds: Collection[str], seed: Mapping[str, Any]) -> dict[str, list[Entry]]:
    """What to tell a twin in the words of the modules, with all that it began with of the same menus, lest that go."""
    made, gathered = names(found, kinds), found["gathered"]
    if not made:
        return {}
    told: dict[str, list[Entry]] = {f"interface_{kind}": gathered.get(f"interface_{kind}", []) for kind in kinds}
    through = [each for each in gathered.get("ip_route", ()) if leads_through(found, _gateway(each), made)]
    return {
        **told,
        "interface_list_member": _entries(seed["/interface/list/member"])
        + _of(gathered, "interface_list_member", made),
        "ip_address": _entries(seed["/ip/address"]) + _of(gathered, "ip_address", made),
        "ip_route": _entries(seed["/ip/route"]) + through,
    }


def _of(gathered: Found, module: str, made: Collection[str]) -> list[Entry]:
    return [each for each in gathered.get(module, ()) if each.get("interface") in made]


def _gateway(entry: Found) -> str:
    gateway = entry.get("gateway") or ""
    return gateway if isinstance(gateway, str) else ",".join(gateway)


def _entries(rows: list[dict[str, str]]) -> list[Entry]:
    return [{name.replace("-", "_"): value for name, value in row.items()} for row in rows]
