# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets at a hardened router: who is let in, who is limited, who is not let in."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict

from tests.unit.patterns.routers import clustered, decided, hardened, router, steps, tunnelled

MANAGER, PEER, BRANCH, STRANGER = "192.0.2.5", "198.51.100.9", "203.0.113.50", "8.8.4.4"
MANAGER6, PEER6, STRANGER6 = "2001:db8:1::5", "2001:db8:2::9", "2a00::1"
ACCEPT, DROP, EITHER = Verdict.ACCEPT, Verdict.DROP, Verdict.EITHER
LOCAL = frozenset({("dst-address-type", "local")})


def packet(src: str, protocol: str, port: int | None = None, **more: Any) -> Packet:
    """A new packet for the router, from the WAN unless it says otherwise."""
    given: dict[str, Any] = {
        "dst": "2001:db8::1" if ":" in src else "203.0.113.1",
        "in_interface": "ether1",
        "connection_state": "new",
        "facts": LOCAL,
        "src_port": None if port is None else 40000,
        "dst_port": port,
    }
    return Packet("input", src=src, protocol=protocol, **(given | more))


def ping(src: str, **more: Any) -> Packet:
    return packet(src, "icmp", icmp=(8, 0), **more)


def icmp6(src: str, kind: int, hop_limit: int = 64, **more: Any) -> Packet:
    facts = LOCAL | {("hop-limit", f"equal:{hop_limit}")}
    return packet(src, "icmpv6", icmp=(kind, 0), facts=facts, **more)


LAN = {"in_interface": "ether2"}
INSIDE = {"ipsec_in": True}
KNOWN = {"connection_state": "established"}


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        pytest.param(packet(MANAGER, "tcp", 22), ACCEPT, id="management-ssh"),
        pytest.param(packet(MANAGER, "tcp", 8729), ACCEPT, id="management-api-ssl"),
        pytest.param(packet(MANAGER, "tcp", 23), DROP, id="management-telnet"),
        pytest.param(packet("192.0.2.16", "tcp", 22), DROP, id="beside-management"),
        pytest.param(packet(STRANGER, "tcp", 22), DROP, id="stranger-ssh"),
        pytest.param(packet(STRANGER, "tcp", 8291), DROP, id="stranger-winbox"),
        pytest.param(packet("192.168.88.7", "tcp", 8291, **LAN), DROP, id="lan-winbox"),
        pytest.param(packet("192.168.88.7", "udp", 53, **LAN), ACCEPT, id="lan-dns"),
        pytest.param(packet("192.168.88.7", "tcp", 53, **LAN), ACCEPT, id="lan-dns-tcp"),
        pytest.param(packet("192.168.88.7", "udp", 67, **LAN), ACCEPT, id="lan-dhcp"),
        pytest.param(packet(STRANGER, "udp", 53), DROP, id="open-resolver"),
        pytest.param(packet(PEER, "udp", 4500), EITHER, id="peer-nat-t-limited"),
        pytest.param(packet(PEER, "udp", 500), EITHER, id="peer-ike-limited"),
        pytest.param(packet(PEER, "ipsec-esp"), ACCEPT, id="peer-esp"),
        pytest.param(packet(PEER, "ipsec-ah"), DROP, id="peer-ah"),
        pytest.param(packet(PEER, "tcp", 22), DROP, id="peer-ssh"),
        pytest.param(packet(STRANGER, "udp", 500), DROP, id="stranger-ike"),
        pytest.param(packet(STRANGER, "udp", 4500), DROP, id="stranger-nat-t"),
        pytest.param(packet(STRANGER, "ipsec-esp"), DROP, id="stranger-esp"),
        pytest.param(packet(PEER, "udp", 4500, **KNOWN), ACCEPT, id="a-tunnel-s-traffic-has-no-limit"),
        pytest.param(packet(STRANGER, "tcp", 22, **KNOWN), ACCEPT, id="established"),
        pytest.param(packet(MANAGER, "tcp", 22, connection_state="invalid"), DROP, id="invalid"),
        pytest.param(ping(STRANGER), EITHER, id="ping-limited"),
        pytest.param(ping(STRANGER, **KNOWN), EITHER, id="ping-goes-on-and-is-limited-still"),
        pytest.param(packet(STRANGER, "icmp", icmp=(3, 4), connection_state="related"), ACCEPT, id="path-mtu"),
        pytest.param(packet("10.9.9.9", "icmp", icmp=(3, 4), connection_state="related"), ACCEPT, id="private-router"),
        pytest.param(packet("10.9.9.9", "udp", 4500), DROP, id="bogon"),
        pytest.param(packet("192.168.88.7", "tcp", 80, **KNOWN), DROP, id="own-lan-from-outside"),
        pytest.param(packet("10.1.0.1", "udp", 68, src_port=67), DROP, id="dhcp-server-is-no-bogon-but-nobody"),
        pytest.param(packet("192.168.20.7", "tcp", 22, **INSIDE), DROP, id="tunnel-without-a-service"),
        pytest.param(packet("192.168.20.7", "tcp", 80, **INSIDE, **KNOWN), ACCEPT, id="tunnel-is-no-bogon"),
        pytest.param(packet("127.0.0.1", "udp", 5246, dst="127.0.0.1", in_interface="lo"), ACCEPT, id="itself"),
        pytest.param(packet(STRANGER, "udp", 33434), DROP, id="traceroute"),
    ],
)  # fmt: skip
def test_ipv4(given: Packet, verdict: Verdict) -> None:
    tables, _dummy = hardened(router())
    decision = decided(tables, given)
    assert decision.verdict is verdict, str(decision)


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        pytest.param(packet(MANAGER6, "tcp", 22), ACCEPT, id="management"),
        pytest.param(packet(STRANGER6, "tcp", 22), DROP, id="stranger-ssh"),
        pytest.param(packet(PEER6, "udp", 4500), EITHER, id="peer-ike-limited"),
        pytest.param(packet(PEER6, "ipsec-esp"), ACCEPT, id="peer-esp"),
        pytest.param(packet(STRANGER6, "udp", 500), DROP, id="stranger-ike"),
        pytest.param(packet("2001:db8:9::1", "udp", 500), DROP, id="bogon"),
        pytest.param(icmp6("::", 135, 255), ACCEPT, id="duplicate-address-detection"),
        pytest.param(icmp6("2001:db8:9::1", 135, 255), ACCEPT, id="neighbour-solicitation"),
        pytest.param(icmp6("fe80::1", 134, 255), ACCEPT, id="router-advertisement"),
        pytest.param(icmp6("fe80::1", 143, 1), ACCEPT, id="multicast-listener-report"),
        pytest.param(icmp6(STRANGER6, 134), EITHER, id="advertisement-from-afar-is-limited"),
        pytest.param(icmp6(STRANGER6, 128), EITHER, id="ping-limited"),
        pytest.param(icmp6(STRANGER6, 128, **KNOWN), EITHER, id="ping-goes-on-and-is-limited-still"),
        pytest.param(icmp6("2001:db8:9::1", 128), DROP, id="ping-of-a-bogon"),
        pytest.param(icmp6(STRANGER6, 2, connection_state="related"), ACCEPT, id="packet-too-big"),
        pytest.param(packet("fe80::1", "udp", 546), ACCEPT, id="dhcpv6-client"),
        pytest.param(packet(STRANGER6, "udp", 546), DROP, id="dhcpv6-from-afar"),
        pytest.param(packet("fe80::7", "udp", 547, **LAN), ACCEPT, id="lan-dhcpv6"),
        pytest.param(packet("fe80::7", "udp", 53, **LAN), ACCEPT, id="lan-dns"),
        pytest.param(packet("fe80::7", "tcp", 22, **LAN), DROP, id="lan-ssh"),
    ],
)
def test_ipv6(given: Packet, verdict: Verdict) -> None:
    tables, _dummy = hardened(router())
    decision = decided(tables, given)
    assert decision.verdict is verdict, str(decision)


@pytest.mark.parametrize(
    ("options", "given", "verdict"),
    [
        pytest.param({"road_warriors": True}, packet(STRANGER, "udp", 500), EITHER, id="road-warrior-ike-limited"),
        pytest.param({"road_warriors": True}, packet(STRANGER, "udp", 4500), EITHER, id="road-warrior-nat-t-limited"),
        pytest.param({"road_warriors": True}, packet(STRANGER, "ipsec-esp"), ACCEPT, id="road-warrior-esp"),
        pytest.param({"road_warriors": True}, packet(STRANGER, "tcp", 22), DROP, id="road-warriors-do-not-manage"),
        pytest.param({"ah": True}, packet(PEER, "ipsec-ah"), ACCEPT, id="ah"),
        pytest.param({"ah": True}, packet(STRANGER, "ipsec-ah"), DROP, id="ah-of-a-stranger"),
        pytest.param({"traceroute": True}, packet(STRANGER, "udp", 33440), EITHER, id="traceroute-limited"),
        pytest.param({"lan_services": []}, packet("192.168.88.7", "udp", 53, **LAN), DROP, id="no-lan-services"),
        pytest.param({"lan_services": ["management"]}, packet("192.168.88.7", "tcp", 8291, **LAN), ACCEPT,
                     id="lan-manages"),
        pytest.param({"lan_services": ["tcp/8080-8081"]}, packet("192.168.88.7", "tcp", 8081, **LAN), ACCEPT,
                     id="lan-ports"),
        pytest.param({"public_ports": [22]}, packet(STRANGER, "tcp", 22), EITHER, id="public-limited"),
        pytest.param({"public_ports": [22]}, packet(MANAGER, "tcp", 22), ACCEPT, id="management-is-never-locked-out"),
        pytest.param({"tunnel_networks": ["192.168.20.0/24"]}, packet("192.168.20.7", "tcp", 22, **INSIDE), ACCEPT,
                     id="tunnel-manages"),
        pytest.param({"tunnel_networks": ["192.168.20.0/24"]}, packet("192.168.20.7", "tcp", 22), DROP,
                     id="a-forged-tunnel-does-not"),
        pytest.param({"wan_networks": ["10.9.0.0/16"]}, packet("10.9.9.9", "tcp", 80, **KNOWN), ACCEPT,
                     id="private-wan"),
        pytest.param({"own_networks": ["9.9.9.0/24"]}, packet("9.9.9.9", "tcp", 80, **KNOWN), DROP, id="own-network"),
        pytest.param({"raw": False}, packet("10.9.9.9", "tcp", 80, **KNOWN), ACCEPT, id="without-raw"),
        pytest.param({"management": ["10.9.0.0/16"]}, packet("10.9.9.9", "tcp", 22, **LAN), ACCEPT,
                     id="private-management-in-the-lan"),
        pytest.param({"management": ["10.9.0.0/16"], "wan_networks": ["10.9.0.0/16"]}, packet("10.9.9.9", "tcp", 22),
                     ACCEPT, id="private-management-beside-the-internet"),
        pytest.param({"extra": [{"protocol": "vrrp", "in_interface": "ether2"}]},
                     packet("192.168.88.2", "vrrp", **LAN), ACCEPT, id="extra"),
    ],
)  # fmt: skip
def test_options(options: dict[str, Any], given: Packet, verdict: Verdict) -> None:
    tables, _dummy = hardened(router(), **options)
    decision = decided(tables, given)
    assert decision.verdict is verdict, str(decision)


FORGED = [
    pytest.param(["192.168.88.0/24"], "192.168.88.7", id="lan"),
    pytest.param(["192.168.88.7"], "192.168.88.7", id="host"),
    pytest.param(["100.64.7.0/24"], "100.64.7.7", id="carrier"),
    pytest.param(["8.8.4.0/24", "10.9.0.0/16"], "10.9.9.9", id="beside-a-public-one"),
    pytest.param(["fd00:88::/64"], "fd00:88::7", id="unique-local"),
    pytest.param(["2a00::/64", "fd00:88::/64"], "fd00:88::7", id="unique-local-beside-a-public-one"),
]


@pytest.mark.parametrize("state", [{}, KNOWN], ids=["new", "established"])
@pytest.mark.parametrize(("management", "sender"), FORGED)
def test_private_management_networks_are_not_believed_on_the_wan(
    management: list[str], sender: str, state: dict[str, Any]
) -> None:
    tables, _dummy = hardened(router(), management=management)
    # What is established passes the chain input, and so does IPv6, whose only table that is.
    expected = ACCEPT if state and ":" in sender else DROP
    assert decided(tables, packet(sender, "tcp", 22, **state)).verdict is expected
    assert decided(tables, packet(sender, "tcp", 22, **state, **LAN)).verdict is ACCEPT
    assert decided(tables, packet(sender, "tcp", 22, **state, **INSIDE)).verdict is ACCEPT


@pytest.mark.parametrize(
    ("management", "sender"),
    [
        pytest.param(["8.8.4.0/24", "192.168.88.0/24"], "8.8.4.4", id="public"),
        pytest.param(["2a00::/64", "fd00:88::/64"], "2a00::1", id="public-ipv6"),
        # Examples name documentation networks where others have public ones.
        pytest.param(["198.51.100.64/28"], "198.51.100.70", id="of-an-example"),
        pytest.param(["2001:db8:88::/64"], "2001:db8:88::7", id="of-an-example-ipv6"),
    ],
)
def test_public_management_networks_are_believed_on_the_wan(management: list[str], sender: str) -> None:
    tables, _dummy = hardened(router(), management=management)
    assert decided(tables, packet(sender, "tcp", 22)).verdict is ACCEPT


@pytest.mark.parametrize(
    ("options", "given", "verdict"),
    [
        pytest.param({}, packet("fe80::7", "tcp", 22), DROP, id="wan"),
        pytest.param({}, packet("fe80::7", "tcp", 22, **LAN), ACCEPT, id="lan"),
        pytest.param({}, packet("fe80::1", "udp", 546), ACCEPT, id="dhcpv6"),
        pytest.param({"wan_networks": ["fe80::/10"]}, packet("fe80::7", "tcp", 22), ACCEPT, id="meant-so"),
    ],
)
def test_link_local_management_is_not_believed_on_the_wan(
    options: dict[str, Any], given: Packet, verdict: Verdict
) -> None:
    tables, _dummy = hardened(router(), management=["fe80::/64"], **options)
    assert decided(tables, given).verdict is verdict


def test_management_within_the_own_networks_is_not_believed_on_the_wan() -> None:
    tables, _dummy = hardened(router(), management=["8.8.4.0/28"], own_networks=["8.8.4.0/24"])
    assert decided(tables, packet(STRANGER, "tcp", 22)).verdict is DROP
    assert decided(tables, packet(STRANGER, "tcp", 22, **LAN)).verdict is ACCEPT


@pytest.mark.parametrize("order", [[hardened, tunnelled], [tunnelled, hardened]], ids=["first", "last"])
@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        pytest.param(packet(BRANCH, "udp", 4500), ACCEPT, id="peer-of-a-site"),
        pytest.param(packet(BRANCH, "udp", 500), EITHER, id="whose-ike-has-a-limit-all-the-same"),
        pytest.param(packet(BRANCH, "ipsec-esp"), ACCEPT, id="esp-of-a-site"),
        pytest.param(packet(BRANCH, "tcp", 22), DROP, id="a-site-does-not-manage"),
        pytest.param(packet(PEER, "udp", 4500), EITHER, id="trusted-peer"),
        pytest.param(packet(STRANGER, "udp", 500), DROP, id="stranger"),
        pytest.param(packet(MANAGER, "tcp", 22), ACCEPT, id="management"),
    ],
)
def test_beside_site_to_site_in_either_order(order: list[Any], given: Packet, verdict: Verdict) -> None:
    tables = router()
    for role in order:
        tables, _dummy = role(tables)
    decision = decided(tables, given)
    assert decision.verdict is verdict, str(decision)


def advert(src: str, **more: Any) -> Packet:
    """What a router tells those with whom it shares an address."""
    return packet(src, "vrrp", dst="224.0.0.18", facts=frozenset({("dst-address-type", "multicast")}), **more)


@pytest.mark.parametrize("order", [[hardened, clustered], [clustered, hardened]], ids=["first", "last"])
@pytest.mark.parametrize("defconf", ["replace", "keep"])
@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        pytest.param(advert("9.9.9.2"), ACCEPT, id="a-member-with-a-public-address"),
        pytest.param(advert("10.9.9.2"), ACCEPT, id="one-with-a-private-address-beside-the-internet"),
        pytest.param(advert("192.168.10.3", **LAN), ACCEPT, id="a-member-in-the-lan"),
        pytest.param(advert("10.9.9.2", in_interface="ether3"), DROP, id="where-no-address-is-shared"),
        pytest.param(packet("9.9.9.2", "vrrp"), DROP, id="not-to-the-group"),
        pytest.param(packet("10.9.9.2", "udp", 53, dst="224.0.0.18"), DROP, id="a-bogon-that-says-something-else"),
        pytest.param(packet(BRANCH, "udp", 4500), ACCEPT, id="peer"),
        pytest.param(packet("203.0.113.130", "ipsec-esp"), ACCEPT, id="backup-peer"),
    ],
)
def test_members_of_a_cluster_hear_each_other(order: list[Any], defconf: str, given: Packet, verdict: Verdict) -> None:
    tables, changes = router(), []
    for role in (*order, *order):
        tables, often = role(tables, defconf=defconf) if role is hardened else role(tables)
        changes.append(often)
    assert changes[2:] == [0, 0]
    decision = decided(tables, given)
    assert decision.verdict is verdict, str(decision)


@pytest.mark.parametrize("defconf", ["replace", "keep"])
@pytest.mark.parametrize("joined", [False, True], ids=["alone", "joined"])
def test_there_is_no_moment_in_which_anybody_is_locked_out(joined: bool, defconf: str) -> None:
    """Nor one in which a stranger gets in."""
    start = tunnelled(router())[0] if joined else router()
    let_in = [
        packet("192.168.88.5", "tcp", 22, **LAN),
        packet("192.168.88.5", "tcp", 22, **LAN, **KNOWN),
        packet("192.168.88.77", "udp", 53, **LAN),
        packet("fe80::7", "udp", 53, **LAN),
        packet(PEER, "udp", 4500, **KNOWN),
        *([packet(BRANCH, "udp", 4500), packet(BRANCH, "ipsec-esp")] if joined else []),
    ]
    kept_out = [packet(STRANGER, "tcp", 22), packet(STRANGER, "udp", 500), packet(STRANGER6, "tcp", 22)]
    for tables in steps(start, management=["192.168.88.0/28"], defconf=defconf):
        assert {str(decided(tables, each)) for each in let_in if decided(tables, each).verdict is not ACCEPT} == set()
        assert {str(decided(tables, each)) for each in kept_out if decided(tables, each).verdict is not DROP} == set()
