# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role owns what it makes, and nothing that only has a name or comment like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.filter.ha_backup_peer import compiled as backed_up
from ansible_collections.vpnops.mikrotik.plugins.filter.route_based import compiled as routed
from ansible_collections.vpnops.mikrotik.plugins.filter.site_to_site import compiled as joined
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import shown
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope, owns
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE

from tests.unit.patterns.routers import CONNECTION, FACTORY, TUNNEL, VRRP, Router, applied, router

LINK = {
    **{name: value for name, value in TUNNEL.items() if name != "local_subnets"},
    "local_address": "198.51.100.7",
    "tunnel_address": "10.255.0.1/30",
    "pcq": "20M",
}
Compile = Callable[..., Any]
RUNS: list[tuple[str, Compile, Mapping[str, Any], Mapping[str, Any]]] = [
    ("s2s", joined, {**TUNNEL, "pcq": "20M"}, {}),
    ("rb", routed, LINK, {}),
    ("ha", backed_up, {**CONNECTION, "pcq": "20M"}, {}),
    ("ha", backed_up, CONNECTION, {"method": "vrrp", "vrrp": VRRP, "host": "gw1"}),
]
IDS = ["site_to_site", "route_based", "ha_backup_peer", "cluster"]
NAMED = {
    "/ip/ipsec/profile": {},
    "/ip/ipsec/proposal": {},
    "/ip/ipsec/peer": {"address": "203.0.113.99/32"},
    "/ip/ipsec/mode-config": {},
    "/ip/ipsec/policy/group": {},
    "/interface/gre": {"remote-address": "203.0.113.99"},
    "/interface/list": {},
    "/queue/type": {"kind": "pfifo"},
    "/system/script": {"source": ":log info x"},
    "/system/scheduler": {"on-event": "x"},
    "/tool/netwatch": {"host": "203.0.113.99"},
}
"""Menus whose entries have names, and what else an entry of them says."""


def strangers(prefix: str) -> dict[str, list[dict[str, str]]]:
    """Entries of others whose names and comments begin as those of the role do."""
    names = (prefix, f"{prefix} old", f"{prefix}-branch old", f"{prefix}_branch")
    rows = {path: [{"name": name, **more} for name in names] for path, more in NAMED.items()}
    comments = (prefix, f"{prefix} servers", f"{prefix}-branch printers")
    address_list = [
        {"list": "servers", "address": f"192.0.2.{number}", "comment": comment}
        for number, comment in enumerate(comments, 1)
    ]
    rules = [
        {"chain": "forward", "action": "accept", "src-address": f"192.0.2.{number}", "comment": comment}
        for number, comment in enumerate(comments, 1)
    ]
    filters = [*rules, *FACTORY["/ip/firewall/filter"]]
    return {**rows, "/ip/firewall/address-list": address_list, "/ip/firewall/filter": [dict(rule) for rule in filters]}


def gathered(tables: Router, name: str, prefix: str) -> Any:
    """What the role reads of a menu before it changes anything."""
    menu, marks = BY_MODULE[name], Scope((f"{prefix}:", f"{prefix}-*", f"{prefix}_routed:", f"{prefix}_routed-*"))
    return shown(menu, [entry for entry in tables[menu] if owns(menu, marks, entry.values)], secrets=False)


@pytest.mark.parametrize(("prefix", "compiled", "tunnel", "options"), RUNS, ids=IDS)
def test_role_leaves_entries_of_others_with_like_names(
    prefix: str, compiled: Compile, tunnel: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    before = router({**FACTORY, **strangers(prefix)})
    found = compiled([dict(tunnel)], **options)
    there, changes = applied(before, found, {"owner": found["owners"]})
    assert changes
    for menu, entries in before.items():
        values = [entry.values for entry in there[menu]]
        assert [entry.values for entry in entries if entry.values not in values] == [], menu.path
    menus = ("ipsec_peer", "firewall_address_list", "interface_gre", "ip_route")
    existing = {name: gathered(there, name, prefix) for name in menus}
    gone = compiled([{"name": tunnel["name"], "state": "absent"}], existing=existing, **options)
    after, _changes = applied(there, gone, {"owner": gone["owners"]})
    assert after == before
