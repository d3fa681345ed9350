# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers reach: services where they are, access without IP, IPv6, and what source NAT does to the router."""

from __future__ import annotations

import pytest

from tests.unit.firewall.firewalls import PATHS, Row, analysed, rule, told

OPEN = ["input accept protocol=tcp dst-port=22,2200", "input drop in-interface-list=!LAN"]
LISTS = [{"name": "WAN"}, {"name": "LAN"}]
MEMBERS = [{"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "ether2"}]
ADDRESSES = [
    {"address": "198.51.100.7/24", "interface": "ether1"},
    {"address": "192.168.10.1/24", "interface": "ether2"},
]


def found(*rules: str, **menus: list[Row]) -> list[str]:
    """Findings in short of a router with an outside and an inside; menus by path, with `_` for `/`."""
    return told(findings(*rules, **menus))


def findings(*rules: str, **menus: list[Row]):  # type: ignore[no-untyped-def]
    rows: dict[str, list[Row]] = {PATHS["filter"]: [rule(each) for each in rules], PATHS["list"]: list(LISTS)}
    rows |= {PATHS["member"]: list(MEMBERS), PATHS["address"]: list(ADDRESSES)}
    rows |= {PATHS.get(name, "/" + name.replace("__", "-").replace("_", "/")): given for name, given in menus.items()}
    if "nat" in menus:
        rows[PATHS["nat"]] = [rule(each) for each in menus["nat"]]
    return analysed(rows).findings


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({}, ["management-open input 1"]),
        ({"port": "2200"}, ["management-open input 1"]),
        ({"port": "2222"}, []),
        ({"disabled": "yes"}, ["port-open input 1"]),
        ({"address": "192.168.10.0/24"}, []),
    ],
)
def test_management_is_open_where_it_listens(service: Row, expected: list[str]) -> None:
    assert found(*OPEN, ip_service=[{"name": "ssh", "port": "22", **service}]) == expected


def test_the_port_that_is_open_is_named() -> None:
    (finding,) = findings(*OPEN, ip_service=[{"name": "ssh", "port": "2200"}])
    assert "TCP 2200 (SSH)" in finding.message
    assert finding.packets.startswith("TCP to port 2200 from ")
    assert finding.mend is None


def test_what_goes_on_to_a_server_is_not_open_on_the_router() -> None:
    nat = ["dstnat dst-nat protocol=tcp dst-port=443 in-interface=ether1 to-addresses=192.168.10.80"]
    rules = ["input accept protocol=tcp dst-port=443", "input drop in-interface-list=!LAN"]
    assert found(*rules) == ["management-open input 1"]
    assert found(*rules, nat=nat) == []


@pytest.mark.parametrize(
    ("port", "menus", "kind"),
    [
        ("udp dst-port=161", {"snmp": [{"enabled": "yes"}]}, "service-open"),
        ("udp dst-port=161", {"snmp": [{"enabled": "no"}]}, "port-open"),
        ("udp dst-port=161", {}, ""),
        (
            "udp dst-port=161",
            {"snmp": [{"enabled": "yes"}], "snmp_community": [{"name": "x", "addresses": "192.168.10.0/24"}]},
            "",
        ),
        ("tcp dst-port=3128", {"ip_proxy": [{"enabled": "yes", "port": "3128"}]}, "service-open"),
        ("tcp dst-port=1080", {"ip_socks": [{"enabled": "yes"}]}, "service-open"),
        ("udp dst-port=1900", {"ip_upnp": [{"enabled": "yes"}]}, "service-open"),
        ("tcp dst-port=2000", {"tool_bandwidth__server": [{"enabled": "yes"}]}, "service-open"),
        ("tcp dst-port=2000", {"tool_bandwidth__server": [{"enabled": "yes", "allowed-addresses4": "10.0.0.0/8"}]}, ""),
        ("udp dst-port=53 src-address=198.51.100.0/24", {"ip_dns": [{"allow-remote-requests": "yes"}]}, ""),
    ],
)
def test_services_for_clients(port: str, menus: dict[str, list[Row]], kind: str) -> None:
    rules = [f"input accept protocol={port}", "input drop in-interface-list=!LAN"]
    assert found(*rules, **menus) == ([f"{kind} input 1"] if kind else [])


CLOSED = ["input drop in-interface-list=!LAN"]
MAC, DISCOVERY = "tool_mac__server", "ip_neighbor_discovery__settings"


@pytest.mark.parametrize(
    ("menus", "expected"),
    [
        ({MAC: [{"allowed-interface-list": "all"}]}, ["mac-access-open "]),
        ({MAC: [{"allowed-interface-list": "LAN"}]}, []),
        ({MAC: [{"allowed-interface-list": "none"}]}, []),
        ({f"{MAC}_mac__winbox": [{"allowed-interface-list": "WAN"}]}, ["mac-access-open "]),
        ({DISCOVERY: [{"discover-interface-list": "static"}]}, ["discovery-open "]),
        ({DISCOVERY: [{"discover-interface-list": "!WAN"}]}, []),
        ({DISCOVERY: [{"discover-interface-list": "all", "mode": "rx-only"}]}, []),
        ({"tool_romon": [{"enabled": "yes"}]}, ["romon-open "]),
        ({"tool_romon": [{"enabled": "no"}]}, []),
    ],
)
def test_access_without_ip(menus: dict[str, list[Row]], expected: list[str]) -> None:
    assert found(*CLOSED, **menus) == expected


def test_access_without_ip_is_mended_by_the_list_of_inner_interfaces() -> None:
    (finding,) = findings(*CLOSED, **{MAC: [{"allowed-interface-list": "all"}]})
    assert finding.advice == "set allowed-interface-list=LAN"
    assert finding.mend.edits[0].values == {"allowed-interface-list": "LAN"}


@pytest.mark.parametrize(
    ("rules", "off", "six", "expected"),
    [
        (CLOSED, "no", [], ["ipv6-open input"]),
        (CLOSED, "yes", [], []),
        (
            ["input accept protocol=icmp"],
            "no",
            [],
            ["management-open input", "service-open input", "input-without-drop input"],
        ),
        (CLOSED, "no", [rule("input drop in-interface-list=!LAN")], []),
    ],
)
def test_ipv6_without_rules(rules: list[str], off: str, six: list[Row], expected: list[str]) -> None:
    assert found(*rules, ipv6_settings=[{"disable-ipv6": off}], ipv6_firewall_filter=six) == expected


def test_an_interface_in_no_list() -> None:
    addresses = [*ADDRESSES, {"address": "192.168.10.3/32", "interface": "vrrp1"}]
    (finding,) = findings(*CLOSED, address=addresses)
    assert finding.kind == "interface-unlisted"
    assert "interface vrrp1 has an address" in finding.message
    assert found("input accept in-interface=vrrp1", *CLOSED, address=addresses) == []
    ports = [*ADDRESSES, {"address": "192.168.30.1/24", "interface": "vlan30"}]
    assert found(*CLOSED, address=ports, member=[*MEMBERS, {"list": "LAN", "interface": "vlan30"}]) == []


MASQUERADE = ["srcnat masquerade out-interface-list=WAN ipsec-policy=out,none"]
SECOND = [*ADDRESSES, {"address": "198.51.100.8/24", "interface": "ether1"}]
SHARED = [*ADDRESSES, {"address": "198.51.100.9/32", "interface": "vrrp1"}]
VRRP = [{"name": "vrrp1", "interface": "ether1"}]
PEER = {"name": "b", "address": "203.0.113.50/32"}


def taken(own: str, addresses: list[Row], nat: list[str], **menus: list[Row]) -> list[str]:
    peers = [{**PEER, "local-address": own}] if own else []
    kinds = ("masquerade-takes-ike",)
    rows: dict[str, list[Row]] = {"address": addresses, "peer": peers, "nat": nat, **menus}  # type: ignore[dict-item]
    return told(findings(*CLOSED, **rows), *kinds)


@pytest.mark.parametrize(
    ("own", "addresses", "nat", "expected"),
    [
        ("198.51.100.7", SECOND, MASQUERADE, []),
        ("198.51.100.8", SECOND, MASQUERADE, ["masquerade-takes-ike srcnat 1"]),
        ("198.51.100.9", SHARED, MASQUERADE, ["masquerade-takes-ike srcnat 1"]),
        ("192.168.10.1", SECOND, MASQUERADE, ["masquerade-takes-ike srcnat 1"]),
        ("", SECOND, MASQUERADE, []),
        ("198.51.100.8", SECOND, ["srcnat src-nat to-addresses=198.51.100.8 out-interface=ether1"], []),
        ("198.51.100.8", SECOND, [f"{MASQUERADE[0]} src-address=192.168.10.0/24"], []),
        (
            "198.51.100.8",
            SECOND,
            [
                "srcnat accept protocol=udp src-port=500,4500 src-address=198.51.100.8",
                "srcnat accept protocol=ipsec-esp src-address=198.51.100.8",
                *MASQUERADE,
            ],
            [],
        ),
    ],
)
def test_masquerade_of_the_router_s_own_ike(
    own: str, addresses: list[Row], nat: list[str], expected: list[str]
) -> None:
    assert taken(own, addresses, nat, interface_vrrp=VRRP) == expected


def test_masquerade_of_ike_is_mended_by_accepts_above_it() -> None:
    rows = {"address": SECOND, "peer": [{**PEER, "local-address": "198.51.100.8"}], "nat": MASQUERADE}
    (finding,) = findings(*CLOSED, **rows)
    assert [(each.verb, each.before, each.values["protocol"]) for each in finding.mend.edits] == [
        ("add", "*1", "udp"),
        ("add", "*1", "ipsec-esp"),
    ]


def test_masquerade_of_tunnel_interfaces() -> None:
    gre = [{"name": "gre1", "local-address": "198.51.100.8", "remote-address": "203.0.113.50"}]
    assert taken("", SECOND, MASQUERADE, interface_gre=gre) == ["masquerade-takes-ike srcnat 1"]
