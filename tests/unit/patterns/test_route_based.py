# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnel interfaces become entries; what is wrong or weak becomes sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.filter.route_based import compiled
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import check
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import bears

TUNNEL: Mapping[str, Any] = {
    "name": "branch",
    "local_address": "198.51.100.7",
    "remote_address": "203.0.113.50",
    "tunnel_address": "10.255.0.1/30",
    "remote_subnets": ["192.168.20.0/24"],
    "psk": "a-secret-of-good-length",
}
OTHER = {**TUNNEL, "name": "c", "remote_address": "203.0.113.60", "tunnel_address": "10.255.0.5/30",
         "remote_subnets": ["192.168.30.0/24"]}  # fmt: skip
GCM = {"enc_algorithms": ["aes-256-gcm"], "auth_algorithms": []}
EOIP = {"type": "eoip", "tunnel_id": 7}
SECRET = {"encryption": "ipsec-secret"}


def result(*tunnels: Mapping[str, Any], **settings: Any) -> Any:
    return compiled([dict(tunnel) for tunnel in tunnels], **settings)


def config(*tunnels: Mapping[str, Any], **settings: Any) -> dict[str, list[dict[str, Any]]]:
    found = result(*tunnels, **settings)
    assert found["problems"] == []
    return dict(found["config"])


def problems(*tunnels: Mapping[str, Any], **settings: Any) -> str:
    return "\n".join(result(*tunnels, **settings)["problems"])


def comments(rows: list[dict[str, Any]]) -> list[str]:
    return [row["comment"] for row in rows]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"psk": None, "certificate": ["hq"], "remote_certificate": "b", "my_id": "fqdn:a.example"},
        {"type": "ipip", "routing": "none", "remote_subnets": []},
        {**EOIP, "check_gateway": "ping", "distance": 5, "tunnel_address": "10.255.0.0/31"},
        {**SECRET, "keepalive": "5s,3", "pcq": "20M"},
        {"peer_address": "b.example.com", "remote_address": "10.0.0.2", "local_address": "10.0.1.2"},
    ],
    ids=["psk", "certificate", "ipip", "eoip", "ipsec-secret", "behind-nat"],
)
def test_what_is_compiled_is_what_the_module_takes(change: Mapping[str, Any]) -> None:
    found = result({**TUNNEL, **change}, allow_weak=True)
    assert found["problems"] == []
    arguments = {"config": found["config"], "state": "overridden", "scope": {"owner": found["owners"]}}
    check(request_from("config", validate(spec_of("config"), arguments)).intent)


def test_an_interface_whose_packets_are_encrypted_or_not_sent() -> None:
    made = config(TUNNEL)
    ((interface,), (policy,), (peer,)) = (made[name] for name in ("interface_gre", "ipsec_policy", "ipsec_peer"))
    assert (interface["local_address"], interface["remote_address"]) == ("198.51.100.7", "203.0.113.50")
    assert interface["allow_fast_path"] is False
    assert (policy["tunnel"], policy["protocol"], policy["level"]) == (False, "gre", "require")
    assert (policy["src_address"], policy["dst_address"]) == ("198.51.100.7/32", "203.0.113.50/32")
    assert (peer["address"], peer["exchange_mode"]) == ("203.0.113.50", "ike2")
    assert made["ipsec_proposal"][0]["enc_algorithms"] == ["aes-256-cbc"]


@pytest.mark.parametrize(
    ("change", "mtu"),
    [
        ({}, "1434"),
        ({"proposal": GCM}, "1442"),
        ({"proposal": {"enc_algorithms": ["aes-256-gcm", "aes-256-cbc"]}}, "1434"),
        ({"proposal": GCM, "nat": True}, "1434"),
        ({"proposal": GCM, "peer_address": "b.example.com"}, "1434"),
        ({"proposal": GCM, "peer_address": "b.example.com", "nat": False}, "1442"),
        ({"proposal": GCM, "type": "ipip"}, "1446"),
        ({"proposal": GCM, **EOIP}, "1424"),
        ({"proposal": GCM, "outer_mtu": 1492}, "1434"),
        ({"mtu": 1300}, "1300"),
        (SECRET, "1434"),
    ],
)
def test_what_the_interface_takes_leaves_in_one_piece(change: Mapping[str, Any], mtu: str) -> None:
    made = config({**TUNNEL, **change}, allow_weak=True)
    assert [each["mtu"] for kind in ("gre", "ipip", "eoip") for each in made[f"interface_{kind}"]] == [mtu]


def test_the_router_s_own_secret_makes_peer_and_policy_by_itself() -> None:
    made = config({**TUNNEL, **SECRET}, allow_weak=True)
    assert made["interface_gre"][0]["ipsec_secret"] == TUNNEL["psk"]
    assert not any(made[f"ipsec_{menu}"] for menu in ("profile", "proposal", "peer", "identity", "policy"))
    assert "ipsec_secret" not in config(TUNNEL)["interface_gre"][0]


def test_addresses_of_either_size_of_network_and_routes_by_the_other_one() -> None:
    wide, narrow = config(TUNNEL), config({**TUNNEL, "tunnel_address": "10.255.0.1/31"})
    assert wide["ip_address"] == [{"address": "10.255.0.1/30", "interface": "rb-branch", "comment": "rb-branch"}]
    assert wide["ip_route"][0]["gateway"] == ["10.255.0.2"]
    assert (narrow["ip_address"][0]["address"], narrow["ip_address"][0]["network"]) == ("10.255.0.1/32", "10.255.0.0")
    assert narrow["ip_route"][0]["gateway"] == ["10.255.0.0"]


def test_what_no_tunnel_takes_is_dropped_and_does_not_leave_in_clear() -> None:
    two = {**OTHER, "remote_subnets": TUNNEL["remote_subnets"], "distance": 2}
    made = config({**TUNNEL, "check_gateway": "ping"}, two)["ip_route"]
    assert [(each.get("gateway"), each["distance"], each.get("check_gateway"), each["comment"]) for each in made] == [
        (["10.255.0.2"], 1, "ping", "rb-branch: 192.168.20.0/24"),
        (["10.255.0.6"], 2, None, "rb-c: 192.168.20.0/24"),
        (None, 254, None, "rb: branch, c"),
    ]
    assert made[2]["blackhole"] is True
    assert comments(config({**TUNNEL, "blackhole": "no"})["ip_route"]) == ["rb-branch: 192.168.20.0/24"]


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"routing": "ospf"}, [("rb-branch: OSPF", "ospf", None)]),
        ({"routing": "bgp"}, [("rb-branch: BGP", "tcp", "179")]),
        ({"routing": "none"}, []),
        ({"check_gateway": "ping", "remote_subnets": ["192.168.20.0/24"]}, [("rb-branch: ping", "icmp", None)]),
        ({"check_gateway": "bfd", "remote_subnets": ["192.168.20.0/24"]}, [("rb-branch: BFD", "udp", "3784,3785")]),
    ],
)
def test_what_makes_the_routes_is_let_in_through_the_tunnel(
    change: Mapping[str, Any], rules: list[tuple[str, str, str | None]]
) -> None:
    made = config({**TUNNEL, "remote_subnets": [], **change})
    own = [rule for rule in made["firewall_filter"] if rule["comment"].startswith("rb-branch")]
    assert [(rule["comment"], rule["protocol"], rule.get("dst_port")) for rule in own] == rules
    assert all(rule["in_interface"] == "rb-branch" for rule in own)
    assert made["interface_list"] == [{"name": "rb-tunnels", "comment": "rb: all tunnels"}]
    assert made["interface_list_member"] == [{"list": "rb-tunnels", "interface": "rb-branch", "comment": "rb-branch"}]


def test_nothing_comes_or_goes_in_clear() -> None:
    made = config(TUNNEL, {**OTHER, "type": "ipip"})
    rules = [rule for rule in (*made["firewall_raw"], *made["firewall_filter"]) if "ipsec_policy" in rule]
    told = [(rule["chain"], rule["action"], rule["protocol"], rule["ipsec_policy"]) for rule in rules]
    assert told == [
        ("prerouting", "drop", "gre", "in,none"),
        ("prerouting", "drop", "ipencap", "in,none"),
        ("input", "accept", "gre", "in,ipsec"),
        ("input", "accept", "ipencap", "in,ipsec"),
        ("output", "drop", "gre", "out,none"),
        ("output", "drop", "ipencap", "out,none"),
    ]


def test_the_firewall_knows_both_addresses_of_an_end_behind_nat() -> None:
    made = config({**TUNNEL, "remote_address": "10.0.0.2", "peer_address": "203.0.113.50"})
    peers = [each["address"] for each in made["firewall_address_list"] if each["list"] == "rb-peers"]
    assert peers == ["203.0.113.50", "10.0.0.2"]
    assert made["ipsec_peer"][0]["address"] == "203.0.113.50"
    assert made["ipsec_policy"][0]["dst_address"] == "10.0.0.2/32"


def test_the_firewall_does_not_grow_with_the_number_of_tunnels() -> None:
    many = [
        {**TUNNEL, "name": f"t{n}", "remote_address": f"203.0.113.{n}", "remote_subnets": [f"10.0.{n}.0/24"],
         "tunnel_address": f"10.255.{n}.1/30"}
        for n in range(1, 101)
    ]  # fmt: skip
    assert len(config(*many)["firewall_filter"]) == len(config(TUNNEL)["firewall_filter"]) == 6


def test_everything_carries_the_mark_of_its_tunnel_or_of_all() -> None:
    found = result({**TUNNEL, "check_gateway": "ping"}, prefix="vpn")
    marks = [entry.get("comment", entry.get("name")) for rows in found["config"].values() for entry in rows]
    assert {mark.partition(":")[0] for mark in marks} == {"vpn-branch", "vpn"}
    assert all(any(bears(mark, owner) for owner in found["owners"]) for mark in marks)


def test_an_absent_tunnel_is_owned_and_wants_nothing() -> None:
    found = result({"name": "branch", "state": "absent"})
    assert found["owners"] == ["rb:", "rb-branch"]
    assert not any(found["config"].values())


def test_certificate_of_anybody_is_weak() -> None:
    told = problems({**TUNNEL, "psk": None, "certificate": ["hq"]})
    assert "the other end may show any certificate" in told
    assert "route_based_allow_weak: true" in told


def test_the_firewall_can_be_left_to_others() -> None:
    made = config({**TUNNEL, "routing": "ospf", "remote_subnets": []}, firewall="false")
    assert not any(made[f"firewall_{menu}"] for menu in ("filter", "raw", "address_list"))


EXISTING = {
    "interface_ipip": [{"name": "rb-old"}],
    "firewall_address_list": [{"list": "rb-peers", "address": "203.0.113.9", "comment": "rb: old"}],
    "ip_route": [
        {"dst_address": "192.168.20.0/24", "comment": "rb: branch, old", "distance": 254},
        {"dst_address": "192.168.90.0/24", "comment": "rb-old: 192.168.90.0/24"},
    ],
}


def test_what_tunnels_need_that_are_not_spoken_of_is_kept() -> None:
    made = config({"name": "branch", "state": "absent"}, existing=EXISTING)
    assert comments(made["firewall_address_list"]) == ["rb: old"]
    assert made["interface_list"][0]["name"] == "rb-tunnels"
    assert [(each["dst_address"], each["comment"]) for each in made["ip_route"]] == [("192.168.20.0/24", "rb: old")]
    assert [rule["protocol"] for rule in made["firewall_raw"]] == ["ipencap"]
    assert len(made["firewall_filter"]) == 6
    both = config(TUNNEL, existing=EXISTING)
    assert [rule["protocol"] for rule in both["firewall_raw"]] == ["gre", "ipencap"]
    assert comments(both["ip_route"]) == ["rb-branch: 192.168.20.0/24", "rb: branch, old"]
    gone = config({"name": "branch", "state": "absent"}, {"name": "old", "state": "absent"}, existing=EXISTING)
    assert not any(gone.values())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (SECRET, "ipsec-secret is weak: the router makes peer and policy itself"),
        ({"psk": "short"}, "so short a key can be guessed"),
        ({"profile": {"enc_algorithm": "3des"}}, "3des is weak"),
        ({"proposal": {"pfs_group": "none"}}, "without perfect forward secrecy"),
        ({"exchange_mode": "aggressive"}, "aggressive shows the identities"),
    ],
)
def test_a_weak_choice_is_refused_with_its_reason_unless_allowed(change: dict[str, Any], reason: str) -> None:
    told = problems({**TUNNEL, **change})
    assert reason in told
    assert told.startswith("tunnel branch: ")
    assert "route_based_allow_weak" in told
    assert problems({**TUNNEL, **change}, allow_weak="yes") == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "a b"}, "name: 'a b' was given, allowed are letters"),
        ({"local_subnets": ["192.168.10.0/24"]}, "local_subnets: there is no such option; allowed is name, state"),
        ({"state": "gone"}, "state: 'gone' was given, allowed is present or absent"),
        ({"local_address": None}, "local_address is missing"),
        ({"remote_address": "b.example.com"}, "remote_address: 'b.example.com' was given, allowed is an IPv4"),
        ({"remote_address": "2001:db8::1"}, "remote_address: '2001:db8::1' was given, allowed is an IPv4"),
        ({"remote_address": "0.0.0.0"}, "remote_address: 0.0.0.0 is no router's address"),
        ({"remote_address": "198.51.100.7"}, "remote_address: 198.51.100.7 is local_address as well"),
        ({"peer_address": "0.0.0.0"}, "peer_address: 0.0.0.0 is no router's address"),
        ({"peer_address": "2001:db8::1"}, "peer_address: '2001:db8::1' was given, allowed is an IPv4 address or a DNS"),
        ({"tunnel_address": None}, "tunnel_address is missing"),
        ({"tunnel_address": "10.255.0.1"}, "tunnel_address: '10.255.0.1' was given, allowed is one of the two"),
        ({"tunnel_address": "10.255.0.0/30"}, "tunnel_address: '10.255.0.0/30' was given, allowed is one of the two"),
        ({"tunnel_address": "10.255.0.1/29"}, "tunnel_address: '10.255.0.1/29' was given, allowed is one of the two"),
        ({"tunnel_address": "far"}, "tunnel_address: 'far' was given, allowed is one of the two"),
        ({"type": "l2tp"}, "type: 'l2tp' was given, allowed is gre or ipip or eoip"),
        ({"type": "eoip"}, "tunnel_id is missing: both ends"),
        ({"tunnel_id": 3}, "tunnel_id: gre has none"),
        ({**EOIP, "tunnel_id": 70000}, "tunnel_id: '70000' was given, allowed is a whole number from 0 to 65535"),
        ({"mtu": "large"}, "mtu: 'large' was given, allowed is a whole number from 68 to 65535 or auto"),
        ({"outer_mtu": 20}, "outer_mtu: '20' was given, allowed is a whole number from 576"),
        ({"distance": 254}, "distance: '254' was given, allowed is a whole number from 1 to 253"),
        ({"routing": "rip"}, "routing: 'rip' was given, allowed is static or ospf or bgp or none"),
        ({"routing": "ospf"}, "remote_subnets: with routing ospf, routes come from elsewhere"),
        ({"remote_subnets": []}, "remote_subnets is missing, unless routing is ospf"),
        ({"remote_subnets": ["2001:db8::/64"]}, "2001:db8::/64 is not IPv4"),
        ({"remote_subnets": ["0.0.0.0/0"]}, "0.0.0.0/0 holds 203.0.113.50, so the tunnel would be sent through itself"),
        ({"check_gateway": "arp"}, "check_gateway: 'arp' was given, allowed is none or ping or bfd"),
        ({"psk": None}, "certificate (better) or psk is missing"),
        ({**SECRET, "psk": None, "certificate": ["hq"]}, "ipsec-secret takes a psk and nothing else"),
        ({**SECRET, "peer_address": "b.example.com"}, "with ipsec-secret, IKE calls remote_address"),
    ],
)  # fmt: skip
def test_a_wrong_tunnel_is_told_and_weakness_is_no_excuse(change: dict[str, Any], sentence: str) -> None:
    told = problems({**TUNNEL, **change}, allow_weak=True)
    assert sentence in told
    assert TUNNEL["psk"] not in told


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ({}, {"name": "branch"}, "tunnel branch: the name is given twice"),
        ({}, {"remote_address": "203.0.113.50"}, "branch, c: RouterOS takes one peer per remote_address"),
        ({}, {"tunnel_address": "10.255.0.1/30"}, "branch, c: each needs a tunnel_address of its own"),
        (EOIP, EOIP, "branch, c: only one of them can have tunnel_id 7"),
        ({}, {"remote_subnets": ["192.168.20.0/24"]}, "branch, c: routes to 192.168.20.0/24 need a distance each"),
    ],
)
def test_tunnels_that_cannot_stand_together_are_told(one: dict[str, Any], other: dict[str, Any], sentence: str) -> None:
    assert sentence in problems({**TUNNEL, **one}, {**OTHER, **other})


@pytest.mark.parametrize("prefix", ["rb-a", ""])
def test_a_prefix_that_could_be_taken_for_a_tunnel_is_told(prefix: str) -> None:
    assert f"route_based_prefix: {prefix!r} was given, allowed are letters, digits and _" in problems(prefix=prefix)


@pytest.mark.parametrize("given", ["tunnels", [1], {"name": "x"}])
def test_something_else_than_tunnels_is_told(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="takes a list of tunnels"):
        compiled(given)


def test_an_unknown_switch_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="route_based: wall: there is no such option; allowed is prefix, "):
        result(TUNNEL, wall=True)


def test_what_goes_into_a_tunnel_is_queued_at_its_interface() -> None:
    made = config({**TUNNEL, "pcq": "512k"})
    (kind,), (queue,) = made["queue_type"], made["queue_tree"]
    assert (queue["parent"], queue["packet_mark"], queue["queue"]) == ("rb-branch", "no-mark", kind["name"])
    assert not any(config(TUNNEL)[menu] for menu in ("queue_type", "queue_tree"))
    assert "pcq: '0' was given, allowed are bits per second" in problems({**TUNNEL, "pcq": "0"})
