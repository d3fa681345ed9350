# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router itself sends from a secondary, shared or loopback address keeps it, whatever masquerades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.filter.ha_backup_peer import compiled as backed_up
from ansible_collections.vpnops.mikrotik.plugins.filter.route_based import compiled as routed
from ansible_collections.vpnops.mikrotik.plugins.filter.site_to_site import compiled as joined
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import shown
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide_chain
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE

from tests.unit.patterns.routers import CONNECTION, PEERS, TUNNEL, VRRP, Router, applied, router

OWN = "198.51.100.7"
SITE = {**TUNNEL, "local_address": OWN}
OTHER = {**SITE, "name": "other", "remote_address": "203.0.113.60", "remote_subnets": ["192.168.30.0/24"]}
LINK = {
    **{name: value for name, value in SITE.items() if name != "local_subnets"},
    "tunnel_address": "10.255.0.1/30",
}
BACKED_UP = {**CONNECTION, "peers": [{**peer, "local_address": OWN} for peer in PEERS]}
IKE = {"protocol": "udp", "src_port": 500, "dst_port": 500}
NAT_T = {"protocol": "udp", "src_port": 4500, "dst_port": 33001}
ESP = {"protocol": "ipsec-esp"}
PING = {"protocol": "icmp", "icmp": (8, 0)}
CHECK = {"protocol": "tcp", "dst_port": 443}


def translated(
    tables: Router, said: Mapping[str, Any], source: str = OWN, to: str = PEERS[0]["remote_address"]
) -> bool:
    """Whether a packet of the router itself gets another source address on its way out of ether1."""
    firewall = Firewall(
        nat=tables[BY_MODULE["firewall_nat"]],
        address_list=tables[BY_MODULE["firewall_address_list"]],
        members=({"list": "WAN", "interface": "ether1"},),
    )
    facts = frozenset({("packet-mark", "no-mark")})
    packet = Packet("output", src=source, dst=to, out_interface="ether1", facts=facts, **said)
    actions = {ending.action for ending in decide_chain(firewall, "nat", "srcnat", packet).endings}
    assert len(actions) == 1
    return actions == {"masquerade"}


def run(tables: Router, found: Mapping[str, Any]) -> Router:
    """The router after a run that a second one would not change."""
    scope = {"owner": found["owners"]}
    once, _changes = applied(tables, found, scope)
    assert applied(once, found, scope)[1] == 0
    return once


def existing(tables: Router) -> dict[str, Any]:
    names = ("ipsec_peer", "firewall_address_list", "interface_gre", "interface_ipip", "ip_route")
    return {name: shown(BY_MODULE[name], tables[BY_MODULE[name]], secrets=False) for name in names}


@pytest.mark.parametrize("packet", [IKE, NAT_T, ESP], ids=["ike", "nat-t", "esp"])
@pytest.mark.parametrize(
    "found",
    [
        joined([SITE]),
        routed([LINK]),
        backed_up([BACKED_UP]),
        backed_up([BACKED_UP], method="multi_peer"),
        backed_up([dict(CONNECTION)], method="vrrp", vrrp=VRRP, host="gw1"),
        backed_up(
            [
                {
                    **{name: value for name, value in BACKED_UP.items() if name != "local_subnets"},
                    "peers": [
                        {**peer, "local_address": OWN, "tunnel_address": f"10.255.0.{number}/30"}
                        for number, peer in zip((1, 5), PEERS, strict=True)
                    ],
                }
            ],
            method="routed",
        ),
    ],
    ids=["site_to_site", "route_based", "policy_switch", "multi_peer", "vrrp", "routed"],
)
def test_own_ike_keeps_its_address_under_the_factory_masquerade(
    found: Mapping[str, Any], packet: Mapping[str, Any]
) -> None:
    tables = run(router(), found)
    assert translated(router(), packet)
    assert not translated(tables, packet)
    assert translated(tables, packet, "198.51.100.8"), "from other addresses nothing changes"
    assert translated(tables, {"protocol": "tcp", "dst_port": 443}, to="192.0.2.9"), "and for other traffic neither"


@pytest.mark.parametrize(("kind", "protocol"), [("gre", "gre"), ("ipip", "ipencap")])
def test_own_tunnel_packets_keep_their_address(kind: str, protocol: str) -> None:
    tables = run(router(), routed([{**LINK, "type": kind}]))
    assert not translated(tables, {"protocol": protocol})
    other = {"gre": "ipencap", "ipencap": "gre"}[protocol]
    assert translated(tables, {"protocol": other})


def test_own_ah_keeps_its_address_where_a_tunnel_uses_it() -> None:
    tunnels = [{**SITE, "ipsec_protocols": "ah"}, {**OTHER, "ipsec_protocols": "ah"}]
    tables = run(router(), joined(tunnels, allow_weak=True))
    assert not translated(tables, {"protocol": "ipsec-ah"})
    assert translated(run(router(), joined([SITE])), {"protocol": "ipsec-ah"})


@pytest.mark.parametrize("detect", [{}, {"by": "tcp", "port": 443}, {"by": "dpd"}], ids=["icmp", "tcp", "dpd"])
def test_own_checks_keep_the_address_that_they_are_made_from(detect: Mapping[str, Any]) -> None:
    watched = {**BACKED_UP, "peers": [BACKED_UP["peers"][0], {**BACKED_UP["peers"][1], "watch": "192.0.2.9"}]}
    tables = run(router(), backed_up([watched], detect=detect))
    for host in (PEERS[0]["remote_address"], "192.0.2.9"):
        assert not translated(tables, CHECK if "port" in detect else PING, to=host)
    assert translated(tables, PING, to="192.0.2.10")
    assert translated(run(router(), backed_up([watched], method="multi_peer")), PING), "it checks nothing itself"


@pytest.mark.parametrize(
    ("tunnel", "settings"),
    [
        (TUNNEL, {}),
        (SITE, {"nat_bypass": False}),
        ({**SITE, "nat_bypass": False}, {}),
        ({**SITE, "local_address": "2001:db8::1", "remote_address": "2001:db8::2", "firewall": False}, {}),
    ],
    ids=["no-address", "no-bypass", "none-for-this-one", "ipv6"],
)
def test_no_exemption_is_made_without_need(tunnel: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    made = joined([dict(tunnel)], **settings)["config"]
    assert "s2s-local" not in str(made)


def test_exemptions_without_accepts() -> None:
    made: Any = joined([SITE], firewall=False)["config"]
    assert made["firewall_filter"] == []
    assert [entry["list"] for entry in made["firewall_address_list"]] == ["s2s-local"]


def test_an_address_stays_exempt_until_its_last_tunnel_is_gone() -> None:
    before = router()
    both = run(before, joined([SITE, OTHER]))
    one = run(both, joined([{"name": "branch", "state": "absent"}], existing=existing(both)))
    assert not translated(one, IKE)
    none = run(one, joined([{"name": "other", "state": "absent"}], existing=existing(one)))
    assert none == before


def test_exemptions_of_interfaces_stay_for_those_that_are_not_named() -> None:
    gre = run(router(), routed([LINK]))
    ipip = {**LINK, "name": "c", "type": "ipip", "remote_address": "203.0.113.60", "tunnel_address": "10.255.0.5/30",
            "remote_subnets": ["192.168.30.0/24"]}  # fmt: skip
    both = run(gre, routed([ipip], existing=existing(gre)))
    assert not translated(both, {"protocol": "gre"})
    assert not translated(both, {"protocol": "ipencap"})


def test_checks_stay_exempt_for_connections_that_are_not_named() -> None:
    second = {
        **BACKED_UP,
        "name": "two",
        "remote_subnets": ["192.168.30.0/24"],
        "peers": [
            {"name": "a", "remote_address": "203.0.113.60", "local_address": OWN},
            {"name": "b", "remote_address": "203.0.113.61", "local_address": OWN},
        ],
    }
    first = run(router(), backed_up([BACKED_UP]))
    both = run(first, backed_up([second], detect={"by": "tcp", "port": 443}, existing=existing(first)))
    assert not translated(both, PING)
    assert not translated(both, CHECK, to="203.0.113.60")
