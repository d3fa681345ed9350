# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels become entries; what is wrong or weak becomes sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.filter.site_to_site import compiled
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import check
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import bears

TUNNEL: Mapping[str, Any] = {
    "name": "branch",
    "remote_address": "203.0.113.50",
    "local_subnets": ["192.168.10.0/24"],
    "remote_subnets": ["192.168.20.0/24"],
    "psk": "a-secret-of-good-length",
}
CERTIFICATE = {"psk": None, "certificate": ["hq.example.com"]}
# The values that the published guide prints, where they are sound.
ARTICLE: Mapping[str, Any] = {
    **TUNNEL,
    "exchange_mode": "main",
    "profile": {"dh_group": "modp2048", "enc_algorithm": "aes-256", "hash_algorithm": "sha256", "lifetime": "1d"},
    "proposal": {
        "auth_algorithms": "sha256",
        "enc_algorithms": "aes-256-cbc",
        "lifetime": "1h",
        "pfs_group": "modp2048",
    },
}


def result(*tunnels: Mapping[str, Any], **settings: Any) -> Any:
    return compiled([dict(tunnel) for tunnel in tunnels], **settings)


def config(*tunnels: Mapping[str, Any], **settings: Any) -> dict[str, list[dict[str, Any]]]:
    found = result(*tunnels, **settings)
    assert found["problems"] == []
    return dict(found["config"])


def problems(*tunnels: Mapping[str, Any], **settings: Any) -> str:
    return "\n".join(result(*tunnels, **settings)["problems"])


@pytest.mark.parametrize(
    "tunnel",
    [
        pytest.param(TUNNEL, id="psk"),
        pytest.param({**TUNNEL, **CERTIFICATE, "remote_certificate": "b", "my_id": "fqdn:a.example"}, id="certificate"),
        pytest.param(ARTICLE, id="article"),
        pytest.param({**TUNNEL, "remote_address": "b.example.com", "passive": True, "local_address": "198.51.100.7"},
                     id="dns-name"),
        pytest.param({**TUNNEL, "proposal": {"enc_algorithms": ["aes-256-gcm"], "auth_algorithms": []}}, id="aead"),
        pytest.param({**TUNNEL, "pcq": "20M"}, id="pcq"),
    ],
)  # fmt: skip
def test_what_is_compiled_is_what_the_module_takes(tunnel: Mapping[str, Any]) -> None:
    found = result(tunnel)
    arguments = {"config": found["config"], "state": "overridden", "scope": {"owner": found["owners"]}}
    check(request_from("config", validate(spec_of("config"), arguments)).intent)


def test_defaults_are_the_best_practice() -> None:
    made = config(TUNNEL)
    (profile,), (proposal,), (peer,) = made["ipsec_profile"], made["ipsec_proposal"], made["ipsec_peer"]
    assert (profile["enc_algorithm"], profile["hash_algorithm"]) == (["aes-256"], "sha256")
    assert profile["dh_group"] == ["ecp256", "modp2048"]
    assert (proposal["enc_algorithms"], proposal["auth_algorithms"]) == (["aes-256-cbc"], ["sha256"])
    assert (proposal["pfs_group"], proposal["lifetime"]) == ("ecp256", "1h")
    assert peer["exchange_mode"] == "ike2"


def test_options_of_a_tunnel_come_before_those_of_all_and_those_before_the_defaults() -> None:
    own = {**TUNNEL, "profile": {"lifetime": "4h", "dpd_interval": None}}
    (profile,) = config(own, profile={"lifetime": "2h", "hash_algorithm": "sha512"})["ipsec_profile"]
    assert (profile["lifetime"], profile["hash_algorithm"], profile["dpd_interval"]) == ("4h", "sha512", "10s")


def test_every_pair_of_networks_gets_a_policy_with_keys_of_its_own_and_a_nat_bypass() -> None:
    made = config({**TUNNEL, "local_subnets": ["192.168.10.0/24", "192.168.11.0/24"]})
    pairs = [(each["src_address"], each["dst_address"]) for each in made["ipsec_policy"]]
    assert pairs == [("192.168.10.0/24", "192.168.20.0/24"), ("192.168.11.0/24", "192.168.20.0/24")]
    assert {each["level"] for each in made["ipsec_policy"]} == {"unique"}
    assert [(each["src_address"], each["dst_address"]) for each in made["firewall_nat"]] == pairs
    assert config(TUNNEL)["ipsec_policy"][0]["level"] == "require"


def test_the_firewall_does_not_grow_with_the_number_of_tunnels() -> None:
    many = [
        {**TUNNEL, "name": f"t{n}", "remote_address": f"203.0.113.{n}", "remote_subnets": [f"10.0.{n}.0/24"]}
        for n in range(1, 101)
    ]
    one, hundred = config(TUNNEL), config(*many)
    assert len(hundred["firewall_filter"]) == len(one["firewall_filter"]) == 4
    assert len(hundred["firewall_address_list"]) == 200


def test_ah_is_let_in_only_where_it_is_used() -> None:
    other = {**TUNNEL, "name": "c", "remote_address": "203.0.113.60", "remote_subnets": ["192.168.30.0/24"]}
    made = config({**TUNNEL, "ipsec_protocols": "ah"}, other, allow_weak=True)
    assert [rule["comment"] for rule in made["firewall_filter"] if rule.get("protocol") == "ipsec-ah"] == [
        "s2s-branch: AH"
    ]
    assert all(rule.get("protocol") != "ipsec-ah" for rule in config(TUNNEL)["firewall_filter"])


def test_everything_carries_the_mark_of_its_tunnel_or_of_all() -> None:
    found = result(TUNNEL, prefix="vpn")
    marks = [entry.get("comment", entry.get("name")) for rows in found["config"].values() for entry in rows]
    assert {mark.partition(":")[0] for mark in marks} == {"vpn-branch", "vpn"}
    assert all(any(bears(mark, owner) for owner in found["owners"]) for mark in marks)


def test_an_absent_tunnel_is_owned_and_wants_nothing() -> None:
    found = result({"name": "branch", "state": "absent"})
    assert found["owners"] == ["s2s:", "s2s-branch"]
    assert not any(found["config"].values())


def test_firewall_and_nat_can_be_left_to_others() -> None:
    made = config(TUNNEL, firewall="false", nat_bypass=False)
    assert (made["firewall_filter"], made["firewall_address_list"], made["firewall_nat"]) == ([], [], [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(CERTIFICATE, "the other end may show any certificate of any authority", id="any-certificate"),
        pytest.param({**CERTIFICATE, "remote_id": "ignore"}, "may show any certificate", id="ignored-identity"),
        pytest.param({"profile": {"enc_algorithm": "aes-256,3des"}}, "3des is weak: its 64-bit blocks", id="3des"),
        pytest.param({"profile": {"enc_algorithm": ["aes-128"]}}, "aes-128 is weak: it has less than", id="aes-128"),
        pytest.param({"profile": {"hash_algorithm": "sha1"}}, "sha1 is weak: collisions", id="sha1"),
        pytest.param({"profile": {"hash_algorithm": "md5"}}, "md5 is weak: collisions", id="md5"),
        pytest.param({"profile": {"prf_algorithm": "sha1"}}, "profile.prf_algorithm: sha1 is weak", id="prf"),
        pytest.param({"profile": {"dh_group": "modp2048,modp1536"}}, "modp1536 is weak: groups below 14", id="group-5"),
        pytest.param({"proposal": {"pfs_group": "none"}}, "without perfect forward secrecy", id="no-pfs"),
        pytest.param({"proposal": {"pfs_group": "modp1024"}}, "modp1024 is weak: groups below 14", id="pfs-group-2"),
        pytest.param({"proposal": {"lifetime": "24h"}}, "24h keeps a key for a day or more", id="24h"),
        pytest.param({"proposal": {"lifetime": "0s"}}, "0s keeps a key for a day or more", id="no-lifetime"),
        pytest.param({"proposal": {"enc_algorithms": ["null"]}}, "null is weak: it does not encrypt", id="null"),
        pytest.param({"proposal": {"auth_algorithms": ["sha1"]}}, "auth_algorithms: sha1 is weak", id="auth-sha1"),
        pytest.param({"proposal": {"auth_algorithms": []}}, "without a hash packets can be forged", id="no-hash"),
        pytest.param({"remote_address": "0.0.0.0/0"}, "0.0.0.0/0 lets everybody", id="anybody"),
        pytest.param({"remote_address": "203.0.113.0/24"}, "203.0.113.0/24 lets everybody in that range", id="range"),
        pytest.param({"psk": "short"}, "so short a key can be guessed", id="psk"),
        pytest.param({"psk": " " * 20}, "so short a key can be guessed", id="psk-of-blanks"),
        pytest.param({"psk": "0x0102030405060708"}, "so short a key can be guessed", id="psk-in-hexadecimal"),
        pytest.param({"profile": {"dh_group": []}}, "profile.dh_group: it is empty", id="no-group"),
        pytest.param({"proposal": {"enc_algorithms": ""}}, "enc_algorithms: it is empty", id="no-cipher"),
        pytest.param({"proposal": {"auth_algorithms": ["sha256", "null"]}}, "packets can be forged", id="null-hash"),
        pytest.param({"proposal": {"lifetime": " 2d"}}, "keeps a key for a day or more", id="lifetime-with-a-blank"),
        pytest.param({"exchange_mode": "aggressive"}, "aggressive shows the identities", id="aggressive"),
        pytest.param({"ipsec_protocols": "ah"}, "ah signs packets and does not encrypt", id="ah"),
    ],
)
def test_a_weak_choice_is_refused_with_its_reason_unless_allowed(change: dict[str, Any], reason: str) -> None:
    told = problems({**TUNNEL, **change})
    assert reason in told
    assert told.startswith("tunnel branch: ")
    assert "site_to_site_allow_weak" in told
    assert problems({**TUNNEL, **change}, allow_weak="yes") == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": None}, "name: '' was given, allowed are letters"),
        ({"name": "a b"}, "name: 'a b' was given, allowed are letters"),
        ({"remote_adress": "x"}, "remote_adress: there is no such option; allowed is name, state"),
        ({"state": "gone"}, "state: 'gone' was given, allowed is present or absent"),
        ({"remote_address": ""}, "remote_address is missing"),
        ({"remote_address": "203.0.113.500"}, "remote_address: '203.0.113.500' was given, allowed is an address"),
        ({"remote_subnets": []}, "remote_subnets is missing"),
        ({"remote_subnets": ["192.168.20.0/33"]}, "remote_subnets: 192.168.20.0/33 was given, allowed is"),
        ({"psk": None}, "certificate (better) or psk is missing"),
        ({"certificate": ["hq"]}, "certificate and psk are given, but a tunnel has one of them"),
        ({"remote_subnets": ["192.168.10.0/24"]}, "192.168.10.0/24 is a local and a remote subnet"),
        ({"local_address": "2001:db8::1"}, "203.0.113.50 and local_address 2001:db8::1 are not of the same IP version"),
        ({"remote_address": "0.0.0.0"}, "remote_address: 0.0.0.0 is no router's address"),
        ({"local_address": "wan"}, "local_address: 'wan' was given, allowed is an IPv4 or IPv6 address"),
        ({"psk": 123456789012345}, "psk: it is not a text; put quotes around it"),
        ({"passive": "perhaps"}, "passive: 'perhaps' was given, allowed is yes or no"),
        (
            {"proposal": {"name": "x"}},
            "proposal.name: it is made of the tunnel's name",
        ),
        ({"remote_subnets": ["2001:db8::/64"]}, "are not of the same IP version"),
        ({"remote_address": "2001:db8::1"}, "IPv6 needs rules in /ipv6/firewall"),
        ({"profile": "aes"}, "profile: options by name are expected"),
    ],
)
def test_a_wrong_tunnel_is_told_and_weakness_is_no_excuse(change: dict[str, Any], sentence: str) -> None:
    told = problems({**TUNNEL, **change}, allow_weak=True)
    assert sentence in told
    assert TUNNEL["psk"] not in told


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({}, "tunnel branch: the name is given twice"),
        (
            {"name": "c", "remote_address": "203.0.113.50/32", "remote_subnets": ["10.0.0.0/8"]},
            "branch, c: RouterOS takes one peer per remote_address",
        ),
        (
            {"name": "c", "remote_address": "203.0.113.60"},
            "branch, c: only one of them can have a policy for 192.168.10.0/24",
        ),
    ],
)
def test_tunnels_that_cannot_stand_together_are_told(other: dict[str, Any], sentence: str) -> None:
    assert sentence in problems(TUNNEL, {**TUNNEL, **other})


def test_an_ipv6_tunnel_stands_beside_others_without_ipv4_rules() -> None:
    networks = {"local_subnets": ["2001:db8:1::/64"], "remote_subnets": ["2001:db8:2::/64"]}
    made = config(TUNNEL, {**TUNNEL, "name": "six", "remote_address": "2001:db8::1", "firewall": False, **networks})
    assert made["ipsec_policy"][1]["src_address"] == "2001:db8:1::/64"
    assert (len(made["firewall_filter"]), len(made["firewall_nat"]), len(made["firewall_address_list"])) == (4, 1, 2)


def test_what_is_local_stays_local_when_the_other_network_holds_it() -> None:
    made = config({**TUNNEL, "remote_subnets": ["0.0.0.0/0"]})["ipsec_policy"]
    assert [(each.get("action"), each["src_address"], each["dst_address"]) for each in made] == [
        ("none", "192.168.10.0/24", "192.168.10.0/24"),
        (None, "192.168.10.0/24", "0.0.0.0/0"),
    ]


@pytest.mark.parametrize("named", [{"remote_id": "fqdn:b.example.com"}, {"remote_certificate": "b"}])
def test_certificate_of_a_named_end_is_strong(named: dict[str, str]) -> None:
    assert problems({**TUNNEL, **CERTIFICATE, **named}) == ""


def test_a_word_that_routeros_does_not_know_is_not_called_weak() -> None:
    typos = {"enc_algorithm": "aes256", "hash_algorithm": "SHA256", "dh_group": "modp2084"}
    assert problems({**TUNNEL, "profile": typos}) == ""


def test_null_is_as_if_it_had_not_been_said() -> None:
    assert config(TUNNEL, proposal={"pfs_group": None})["ipsec_proposal"][0]["pfs_group"] == "ecp256"


@pytest.mark.parametrize("prefix", ["s2s-a", "", "a b", "-"])
def test_a_prefix_that_could_be_taken_for_a_tunnel_is_told(prefix: str) -> None:
    assert f"site_to_site_prefix: {prefix!r} was given, allowed are letters, digits and _" in problems(prefix=prefix)


EXISTING = {
    "ipsec_peer": [{"name": "s2s-old", "address": "203.0.113.50/32"}, {"name": "s2s-branch", "address": "203.0.113.9"}],
    "firewall_address_list": [
        {"list": "s2s-peers", "address": "203.0.113.50", "comment": "s2s: old"},
        {"list": "s2s-peers", "address": "203.0.113.9", "comment": "s2s: branch"},
        {"list": "s2s-remote", "address": "192.168.20.0/24", "comment": "s2s: branch, old"},
    ],
}


def lists(*tunnels: Mapping[str, Any], **settings: Any) -> list[tuple[str, str]]:
    made = config(*tunnels, existing=EXISTING, **settings)
    assert bool(made["firewall_filter"]) == bool(made["firewall_address_list"])
    return [(entry["address"], entry["comment"]) for entry in made["firewall_address_list"]]


def test_what_tunnels_need_that_are_not_spoken_of_is_kept() -> None:
    kept = [("203.0.113.50", "s2s: old"), ("192.168.20.0/24", "s2s: old")]
    assert lists({"name": "branch", "state": "absent"}) == kept
    assert lists({**TUNNEL, "firewall": False}) == kept
    assert lists({"name": "old", "state": "absent"}, {"name": "branch", "state": "absent"}) == []


def test_an_address_that_several_need_names_them_all() -> None:
    assert lists(TUNNEL) == [("203.0.113.50", "s2s: branch, old"), ("192.168.20.0/24", "s2s: branch, old")]


def test_what_another_tunnel_has_not_got_is_not_made_for_it() -> None:
    """It may well have been told to do without a firewall."""
    bare = {**EXISTING, "firewall_address_list": [EXISTING["firewall_address_list"][1]]}
    assert config({"name": "branch", "state": "absent"}, existing=bare)["firewall_address_list"] == []
    (first, _second) = config(TUNNEL, existing=bare)["firewall_address_list"]
    assert first["comment"] == "s2s: branch"


def test_an_entry_of_a_tunnel_that_is_gone_goes_as_well() -> None:
    gone = {**EXISTING, "ipsec_peer": []}
    assert config({"name": "branch", "state": "absent"}, existing=gone)["firewall_address_list"] == []


@pytest.mark.parametrize("given", ["tunnels", [1], {"name": "x"}])
def test_something_else_than_tunnels_is_told(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="takes a list of tunnels"):
        compiled(given)


def test_an_unknown_switch_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="site_to_site: wall: there is no such option; allowed is prefix, "):
        compiled([], wall=True)


def clamps(change: Mapping[str, Any], **settings: Any) -> list[tuple[Any, ...]]:
    rows = config({**TUNNEL, **change}, mss_clamp=True, **settings)["firewall_mangle"]
    return [(row["new_mss"], row["tcp_mss"], row["ipsec_policy"], row["src_address"]) for row in rows]


GCM = {"proposal": {"enc_algorithms": ["aes-256-gcm"], "auth_algorithms": []}}


def test_segments_are_made_to_fit_both_ways_if_somebody_wants_it() -> None:
    assert config(TUNNEL)["firewall_mangle"] == []
    # 1422 bytes go through with NAT traversal.
    assert clamps({}) == [
        ("1382", "1383-65535", "out,ipsec", "192.168.10.0/24"),
        ("1382", "1383-65535", "in,ipsec", "192.168.20.0/24"),
    ]


@pytest.mark.parametrize(
    ("change", "settings", "size"),
    [
        (GCM, {}, "1398"),
        (GCM, {"outer_mtu": "1492"}, "1390"),
        ({"remote_address": "2001:db8::1", "firewall": False, **GCM}, {}, "1378"),
        ({"ipsec_protocols": "ah"}, {"allow_weak": True}, "1360"),
    ],
)
def test_segments_fit_what_is_around_them(change: Mapping[str, Any], settings: dict[str, Any], size: str) -> None:
    assert {row[0] for row in clamps(change, **settings)} == {size}


def test_no_ipv4_rules_for_tunnels_of_ipv6() -> None:
    networks = {"local_subnets": ["2001:db8:1::/64"], "remote_subnets": ["2001:db8:2::/64"]}
    assert clamps({"firewall": False, **networks}) == []


def test_an_outer_mtu_that_is_none_is_told() -> None:
    told = "outer_mtu: 'large' was given, allowed is a number from 576 to 65535"
    with pytest.raises(AnsibleFilterError, match=told):
        result(TUNNEL, outer_mtu="large")


def test_what_goes_into_a_tunnel_is_queued_by_its_inner_addresses_and_once() -> None:
    made = config({**TUNNEL, "pcq": "20M"})
    (kind,), (queue,) = made["queue_type"], made["queue_tree"]
    assert (kind["kind"], kind["pcq_classifier"]) == ("pcq", ["src-address", "dst-address"])
    assert (queue["parent"], queue["queue"], queue["max_limit"]) == ("global", kind["name"], "20M")
    told = [(row["chain"], row["ipsec_policy"], row.get("packet_mark"), row["new_packet_mark"])
            for row in made["firewall_mangle"]]  # fmt: skip
    assert told == [
        ("forward", "out,ipsec", None, queue["packet_mark"]),
        ("postrouting", "out,none", queue["packet_mark"], "no-mark"),
    ]
    assert not any(config(TUNNEL)[menu] for menu in ("queue_type", "queue_tree", "firewall_mangle"))


def test_a_rate_that_is_none_is_told() -> None:
    assert "pcq: 'fast' was given, allowed are bits per second" in problems({**TUNNEL, "pcq": "fast"})
