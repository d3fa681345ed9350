# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers as values that the patterns are applied to: what stands afterwards, and what it does to packets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.filter.ha_backup_peer import compiled as backed_up
from ansible_collections.vpnops.mikrotik.plugins.filter.hardened_input import compiled
from ansible_collections.vpnops.mikrotik.plugins.filter.site_to_site import compiled as joined
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import check, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import shown
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Decision, Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV4, IPV6
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from twin.defconf import factory
from twin.persona import Persona

Router = Mapping[Menu, tuple[Entry, ...]]
Rows = Mapping[str, Iterable[Mapping[str, str]]]

V7 = (7, 24)
FACTORY: Rows = {path: rows for path, rows in factory(Persona("7.24")).items() if "/firewall/" in path}
TUNNEL: Mapping[str, Any] = {
    "name": "branch",
    "remote_address": "203.0.113.50",
    "local_subnets": ["192.168.10.0/24"],
    "remote_subnets": ["192.168.20.0/24"],
    "psk": "a-secret-of-good-length",
}
PEERS = ({"name": "first", "remote_address": "203.0.113.50"}, {"name": "second", "remote_address": "203.0.113.130"})
CONNECTION: Mapping[str, Any] = {
    **{name: value for name, value in TUNNEL.items() if name != "remote_address"},
    "peers": list(PEERS),
}
VRRP: Mapping[str, Any] = {
    "members": {"gw1": {"priority": 200}, "gw2": {"priority": 100}},
    "addresses": [
        {"name": "wan", "interface": "ether1", "vrid": 1, "address": "198.51.100.7"},
        {"name": "lan", "interface": "ether2", "vrid": 2, "address": "192.168.10.1"},
    ],
}
OPTIONS: Mapping[str, Any] = {
    "management": ["192.0.2.0/28", "2001:db8:1::/64"],
    "ipsec_peers": ["198.51.100.9", "2001:db8:2::9"],
}


def router(rows: Rows = FACTORY) -> Router:
    """A router with these rows by path."""
    return {
        menu: read_entries(menu, ({".id": f"*{n:X}", **row} for n, row in enumerate(rows.get(menu.path, ()), 1)))
        for menu in MENUS
    }


def with_rules(*rules: Mapping[str, str], rows: Rows = FACTORY) -> Router:
    """A router with more rules at the end of its filter."""
    return router({**rows, "/ip/firewall/filter": [*rows.get("/ip/firewall/filter", ()), *rules]})


def planned(tables: Router, found: Mapping[str, Any], scope: Mapping[str, Any]) -> Plan:
    """The changes of a run."""
    assert found["problems"] == []
    arguments = {"config": found["config"], "state": "overridden", "scope": scope}
    intent = request_from("config", validate(spec_of("config"), arguments)).intent
    check(intent)
    return plan(tables, intent, V7)


def after(tables: Router, changes: Plan) -> Router:
    """The router when these changes are made."""
    found = {**tables, **simulate(tables, changes)}
    return router({menu.path: [entry.values for entry in entries] for menu, entries in found.items()})


def applied(tables: Router, found: Mapping[str, Any], scope: Mapping[str, Any]) -> tuple[Router, int]:
    """The router after a run, and how many changes it took."""
    changes = planned(tables, found, scope)
    return after(tables, changes), len(changes.changes)


def compiled_for(tables: Router, **options: Any) -> Mapping[str, Any]:
    """What hardened_input makes for a router."""
    names = ("firewall_filter", "ipv6_firewall_filter")
    existing = {name: shown(BY_MODULE[name], tables[BY_MODULE[name]], secrets=False) for name in names}
    return compiled({**OPTIONS, **options}, existing=existing)


def hardened(tables: Router, **options: Any) -> tuple[Router, int]:
    """A run of hardened_input."""
    found = compiled_for(tables, **options)
    return applied(tables, found, found["scope"])


def steps(tables: Router, **options: Any) -> Iterator[Router]:
    """The router after each single change of a run of hardened_input."""
    found = compiled_for(tables, **options)
    changes = planned(tables, found, found["scope"]).changes
    for count in range(1, len(changes) + 1):
        yield after(tables, Plan(changes[:count]))


def tunnelled(tables: Router) -> tuple[Router, int]:
    """A run of site_to_site."""
    found = joined([dict(TUNNEL)])
    return applied(tables, found, {"owner": found["owners"]})


def clustered(tables: Router) -> tuple[Router, int]:
    """A run of ha_backup_peer for a router that shares its addresses with another one."""
    found: Mapping[str, Any] = backed_up([dict(CONNECTION)], method="vrrp", vrrp=VRRP, host="gw1")
    return applied(tables, found, {"owner": found["owners"]})


def comments(tables: Router, chain: str = "input", module: str = "firewall_filter") -> list[str]:
    """The comments of a chain, from the top."""
    entries = tables[BY_MODULE[module]]
    return [entry.values.get("comment", "") for entry in entries if entry.values["chain"] == chain]


def decided(tables: Router, packet: Packet) -> Decision:
    """What the router does to a packet for itself; ether1 is in WAN and ether2 in LAN."""
    family = IPV6 if packet.src and ":" in packet.src else IPV4
    prefix = family.prefix
    members = ({"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "ether2"})
    firewall = Firewall(
        filter=tables[BY_MODULE[f"{prefix}firewall_filter"]],
        raw=tables[BY_MODULE["firewall_raw"]] if family is IPV4 else (),
        address_list=tables[BY_MODULE[f"{prefix}firewall_address_list"]],
        members=members,
        family=family,
    )
    return decide(firewall, packet)
