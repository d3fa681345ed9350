# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of connections with backup peers; the scripts are played in tests/integration/test_switching.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.filter.ha_backup_peer import compiled
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import check
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import bears
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import Detection
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.scripts import variable

Row = Mapping[str, Any]

PEERS: list[dict[str, Any]] = [
    {"name": "first", "remote_address": "203.0.113.1"},
    {"name": "second", "remote_address": "203.0.113.129"},
]
HQ: Row = {
    "name": "hq",
    "local_subnets": ["192.168.20.0/24"],
    "remote_subnets": ["192.168.10.0/24", "192.168.11.0/24"],
    "psk": "a-secret-of-good-length",
    "peers": PEERS,
}
LINKS: Row = {
    "name": "hq",
    "remote_subnets": ["192.168.10.0/24"],
    "local_address": "198.51.100.7",
    "psk": "a-secret-of-good-length",
    "peers": [
        {**PEERS[0], "tunnel_address": "10.255.0.2/30"},
        {**PEERS[1], "tunnel_address": "10.255.0.6/30"},
    ],
}
UPLINKS: list[dict[str, Any]] = [
    {"name": "isp1", "gateway": "198.51.100.1", "check": "192.0.2.1", "local_address": "198.51.100.2"},
    {"name": "isp2", "gateway": "203.0.113.65", "local_address": "203.0.113.66"},
]
PINNED: Row = {**HQ, "peers": [{**PEERS[0], "uplink": "isp1"}, {**PEERS[1], "uplink": "isp2"}]}
VRRP: Row = {
    "members": {"gw1": {"priority": 200}, "gw2": {"priority": 100}},
    "addresses": [
        {"name": "wan", "interface": "ether1", "vrid": 1, "address": "198.51.100.7"},
        {"name": "lan", "interface": "bridge", "vrid": 2, "address": "192.168.20.1"},
    ],
}
CLUSTER: Row = {"method": "vrrp", "vrrp": VRRP, "host": "gw1"}


def config(*connections: Row, **options: Any) -> dict[str, list[dict[str, Any]]]:
    found = compiled([*connections] or [HQ], **options)
    assert found["problems"] == []
    return found["config"]  # type: ignore[return-value]


def problems(connection: Row, **options: Any) -> list[str]:
    found = compiled([connection], **options)
    assert not found["config"]
    return found["problems"]  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("connection", "options"),
    [
        (HQ, {}),
        (HQ, {"detect": {"by": "tcp", "port": 443}, "fail_back": False}),
        (HQ, {"detect": {"by": "dpd", "failures": 5}}),
        (HQ, {"method": "multi_peer"}),
        ({**HQ, "passive": True, "method": "multi_peer"}, {}),
        (PINNED, {"uplinks": UPLINKS}),
        (HQ, CLUSTER),
        (LINKS, {"method": "routed"}),
        ({"name": "hq", "state": "absent"}, {}),
    ],
    ids=["icmp", "tcp", "dpd", "multi-peer", "passive", "uplinks", "vrrp", "routed", "absent"],
)
def test_what_is_compiled_is_what_the_module_takes(connection: Row, options: Row) -> None:
    found: Any = compiled([connection], **options)
    assert found["problems"] == []
    arguments = {
        "config": found["config"],
        "state": "overridden",
        "scope": {"owner": found["owners"]},
        "keep": found["keep"],
    }
    check(request_from("config", validate(spec_of("config"), arguments)).intent)


def test_only_the_policies_of_the_first_peer_begin_enabled() -> None:
    made = config()["ipsec_policy"]
    assert [(each["peer"], each["dst_address"], each["disabled"]) for each in made] == [
        (["ha-hq/first"], "192.168.10.0/24", False),
        (["ha-hq/first"], "192.168.11.0/24", False),
        (["ha-hq/second"], "192.168.10.0/24", True),
        (["ha-hq/second"], "192.168.11.0/24", True),
    ]
    assert compiled([HQ])["keep"] == {"ipsec_policy": ["disabled"]}


def test_one_policy_names_all_peers_in_their_order() -> None:
    made = config(method="multi_peer")
    assert [each["peer"] for each in made["ipsec_policy"]] == [["ha-hq/first", "ha-hq/second"]] * 2
    assert not made["system_script"]
    assert not made["tool_netwatch"]
    assert compiled([HQ], method="multi_peer")["keep"] == {}


def test_what_the_peers_share_is_made_once() -> None:
    made = config()
    assert [each["name"] for each in made["ipsec_profile"]] == ["ha-hq"]
    assert [each["name"] for each in made["ipsec_proposal"]] == ["ha-hq"]
    assert {each["profile"] for each in made["ipsec_peer"]} == {"ha-hq"}
    assert {each["proposal"] for each in made["ipsec_policy"]} == {"ha-hq"}
    assert len(made["firewall_nat"]) == 2


def test_a_peer_may_have_its_own_proof() -> None:
    peers = [PEERS[0], {**PEERS[1], "certificate": ["branch"], "remote_id": "fqdn:hq2.example.com"}]
    first, second = config({**HQ, "peers": peers})["ipsec_identity"]
    assert (first["auth_method"], first["secret"]) == ("pre-shared-key", "a-secret-of-good-length")
    assert (second["auth_method"], second["remote_id"]) == ("digital-signature", "fqdn:hq2.example.com")


def test_dead_peers_are_checked_for_as_often_as_the_router_looks() -> None:
    assert config(detect={"interval": 5})["ipsec_profile"][0]["dpd_interval"] == "5s"
    assert config(profile={"dpd_interval": "20s"})["ipsec_profile"][0]["dpd_interval"] == "20s"


def test_with_interfaces_keepalives_look_and_sessions_are_kept_for_longer() -> None:
    made = config(LINKS, method="routed", detect={"interval": 5})
    assert {each["keepalive"] for each in made["interface_gre"]} == {"5s,3"}
    assert {each["dpd_interval"] for each in made["ipsec_profile"]} == {"10s"}


def test_netwatch_calls_the_script_when_a_peer_is_lost() -> None:
    made = config({**HQ, "peers": [PEERS[0], {**PEERS[1], "watch": "192.0.2.7"}]})
    first, second = made["tool_netwatch"]
    assert (first["name"], first["host"], second["host"]) == ("ha-hq/first", "203.0.113.1", "192.0.2.7")
    assert first["down_script"].endswith('/system script run "ha-hq"')
    assert [each["name"] for each in made["system_script"]] == ["ha-hq"]
    assert made["system_scheduler"][0]["interval"] == "2s"


def test_with_dpd_netwatch_only_tells_when_a_peer_may_be_back() -> None:
    assert all("down_script" not in each for each in config(detect={"by": "dpd"})["tool_netwatch"])


@pytest.mark.parametrize(
    ("detection", "seconds"),
    [(Detection(), 3.4), (Detection("tcp", port=443), 3.0), (Detection("dpd", interval=5), 15.0)],
    ids=["icmp", "tcp", "dpd"],
)
def test_how_long_it_takes_to_notice(detection: Detection, seconds: float) -> None:
    assert detection.seconds == pytest.approx(seconds)


def test_a_provider_is_asked_behind_its_modem_and_a_peer_goes_by_no_other() -> None:
    routes = config(PINNED, uplinks=UPLINKS)["ip_route"]
    by_comment = {each["comment"]: each for each in routes}
    asked, first = by_comment["ha: isp1 is asked by 192.0.2.1"], by_comment["ha: default by isp1"]
    assert (asked["dst_address"], asked["gateway"], asked["scope"]) == ("192.0.2.1/32", "198.51.100.1", 10)
    assert (first["gateway"], first["check_gateway"], first["target_scope"]) == ("192.0.2.1", "ping", 11)
    assert by_comment["ha: default by isp2"]["distance"] == 2
    assert by_comment["ha-hq/first: by isp1"]["dst_address"] == "203.0.113.1/32"
    assert by_comment["ha-hq/first: by no other"]["blackhole"] is True


def test_what_is_translated_to_the_address_of_a_lost_uplink_is_forgotten() -> None:
    made = config(PINNED, uplinks=UPLINKS)
    source = next(each["source"] for each in made["system_script"] if each["name"] == "ha: uplinks")
    assert 'reply-dst-address="198.51.100.2" or reply-dst-address~"^198[.]51[.]100[.]2:"' in source
    # With one uplink there is nothing to go over to.
    assert not any(each["name"] == "ha: uplinks" for each in config(uplinks=UPLINKS[:1])["system_script"])


def test_members_of_a_cluster_differ_in_their_priority_alone() -> None:
    one, other = config(**CLUSTER), config(**{**CLUSTER, "host": "gw2"})
    wan, lan = one["interface_vrrp"]
    assert (wan["priority"], wan["vrid"], wan["group_authority"]) == (200, 1, "self")
    assert (lan["vrid"], lan["group_authority"]) == (2, wan["name"])
    assert wan["on_master"] == wan["on_backup"] == '/system script run "ha-hq"'
    assert [{**each, "priority": 100} for each in one["interface_vrrp"]] == other["interface_vrrp"]
    assert {key: value for key, value in one.items() if key != "interface_vrrp"} == {
        key: value for key, value in other.items() if key != "interface_vrrp"
    }


def test_only_who_has_the_shared_address_has_peers() -> None:
    found: Any = compiled([HQ], **CLUSTER)
    assert {each["local_address"] for each in found["config"]["ipsec_peer"]} == {"198.51.100.7"}
    assert all(each["disabled"] for each in found["config"]["ipsec_peer"])
    assert found["keep"] == {"ipsec_peer": ["disabled"]}
    assert found["peers"] == {}


def test_members_hear_each_other_unless_the_firewall_is_left_to_others() -> None:
    heard = [each for each in config(**CLUSTER)["firewall_filter"] if each.get("protocol") == "vrrp"]
    assert [(each["in_interface"], each["dst_address"]) for each in heard] == [
        ("ether1", "224.0.0.18"),
        ("bridge", "224.0.0.18"),
    ]
    assert config(firewall=False, **CLUSTER)["firewall_filter"] == []
    both = {"gw1": {"priority": 9, "address": "10.0.0.1"}, "gw2": {"priority": 8, "address": "10.0.0.2"}}
    made = config(**{**CLUSTER, "vrrp": {**VRRP, "members": both, "sync_connections": True}})
    assert [(each["src_address"], each["dst_port"]) for each in made["firewall_filter"] if "src_address" in each] == [
        ("10.0.0.2", "8275")
    ]
    assert made["interface_vrrp"][0]["remote_address"] == "10.0.0.2"


def test_interfaces_go_by_a_prefix_of_their_own() -> None:
    made = config(LINKS, method="routed")
    assert [each["name"] for each in made["interface_gre"]] == ["ha_routed-hq/first", "ha_routed-hq/second"]
    assert {each["keepalive"] for each in made["interface_gre"]} == {"2s,3"}
    routes = [each for each in made["ip_route"] if not each.get("blackhole")]
    assert [(each["gateway"], each["distance"]) for each in routes] == [(["10.255.0.1"], 1), (["10.255.0.5"], 2)]
    assert compiled([HQ])["owners"] == compiled([LINKS], method="routed")["owners"]


def test_everything_carries_the_mark_of_its_owner() -> None:
    found: Any = compiled([HQ, {**LINKS, "name": "dc", "method": "routed"}], uplinks=UPLINKS)
    for menu, entries in found["config"].items():
        for entry in entries:
            mark = entry.get("comment") or entry["name"]
            assert any(bears(mark, own) for own in found["owners"]), (menu, entry)


def test_what_connections_need_that_are_not_spoken_of_is_kept() -> None:
    lists = [{"list": "ha-peers", "address": "203.0.113.1", "comment": "ha: dc, gone, hq"}]
    standing = [{"name": "ha-dc/first"}, {"name": "ha-hq/first"}]
    made = config(existing={"ipsec_peer": standing, "firewall_address_list": lists})
    kept = next(each for each in made["firewall_address_list"] if each["address"] == "203.0.113.1")
    assert kept["comment"] == "ha: dc, hq"


def test_certificate_of_anybody_is_weak() -> None:
    certified = {**HQ, "psk": None, "certificate": ["branch"]}
    (told,) = problems(certified)
    assert "the other end may show any certificate" in told
    ends = [{**peer, "remote_id": f"fqdn:{peer['name']}.example.com"} for peer in PEERS]
    assert config({**certified, "peers": ends})


def test_an_absent_connection_is_owned_and_wants_nothing() -> None:
    found: Any = compiled([{"name": "hq", "state": "absent"}])
    assert found["owners"] == ["ha:", "ha/", "ha-hq", "ha_routed:", "ha_routed-hq"]
    assert not any(found["config"].values())


def test_a_name_in_a_script_is_nobody_elses() -> None:
    names = {variable(mark) for mark in ("ha-a-b", "ha-ab", "ha-a_b", "ha-a.b", "ha: uplinks", "haX2da")}
    assert len(names) == 6
    assert all(name.isalnum() for name in names)


ONE = {**HQ, "peers": PEERS[:1]}


def with_peer(**change: Any) -> Row:
    return {**HQ, "peers": [{**PEERS[0], **change}, PEERS[1]]}


@pytest.mark.parametrize(
    ("connection", "options", "sentence"),
    [
        (ONE, {}, "tunnel hq: peers: 1 given; policy_switch needs a backup, so give two or more"),
        ({**HQ, "peers": "x"}, {}, "tunnel hq: peers: a list is expected"),
        ({**HQ, "method": "magic"}, {}, "tunnel hq: method: 'magic' was given, allowed is multi_peer, policy_switch, "),
        ({**HQ, "gateway": "x"}, {}, "tunnel hq: gateway: there is no such option; allowed is name, state, "),
        (with_peer(name="a b"), {}, "tunnel hq: peer a b: name: 'a b' was given, allowed are letters, digits"),
        (with_peer(name="second"), {}, "tunnel hq: peer second: the name is given twice"),
        (with_peer(subnets="x"), {}, "tunnel hq: peer first: subnets: there is no such option; allowed is name, "),
        (with_peer(remote_address="hq.example.com"), {}, "the scripts of policy_switch need an address"),
        (with_peer(passive=True), {}, "a peer that is waited for cannot be switched to"),
        (
            with_peer(uplink="isp3"),
            {"uplinks": UPLINKS},
            "uplink: 'isp3' was given, but ha_backup_peer_uplinks has isp1",
        ),
        (with_peer(watch="here"), {}, "tunnel hq: peer first: watch: 'here' was given, allowed is an address"),
        (with_peer(psk="short"), {}, "tunnel hq: peer first: psk"),
        ({**HQ, "psk": "short"}, {}, "or set ha_backup_peer_allow_weak: true"),
        (with_peer(remote_address="203.0.113.129"), {}, "peers hq/first, hq/second: RouterOS takes one peer per "),
        (HQ, {"detect": {"by": "magic"}}, "detect: by: 'magic' was given, allowed is icmp, tcp, dpd"),
        (HQ, {"detect": {"by": "tcp"}}, "detect: port is missing"),
        (HQ, {"detect": {"port": 443}}, "detect: port has no meaning with icmp"),
        (HQ, {"detect": {"interval": 1}}, "detect: a look takes up to 1.4 s, but the next comes after 1 s"),
        (HQ, {"detect": {"pings": 1}}, "detect: pings: there is no such option; allowed is by, interval, "),
        (HQ, {"fail_back_after": "soon"}, "a number from 0 to 86400"),
        (HQ, {"fail_back_after": "soon"}, "fail_back_after: 'soon' was given, allowed is a number"),
        (HQ, {"fail_back": "perhaps"}, "fail_back: 'perhaps' was given, allowed is yes or no"),
        (HQ, {"profile": "strong"}, "tunnel hq: peer first: profile: options by name are expected, such as lifetime"),
        (HQ, {"uplinks": [{"name": "isp1"}]}, "uplinks, isp1: gateway is missing"),
        (HQ, {"uplinks": [UPLINKS[0], UPLINKS[0]]}, "uplinks: name isp1 is given twice"),
        (HQ, {"uplinks": [{**UPLINKS[1], "check": "203.0.113.65"}]}, "check is the gateway itself"),
        (HQ, {"method": "vrrp"}, "method vrrp needs ha_backup_peer_vrrp with two members or more, and addresses"),
        (HQ, {**CLUSTER, "host": "gw3"}, "vrrp.members: gw3 is not among them; they are gw1, gw2"),
        (LINKS, {"method": "routed", "fail_back": False}, "routed goes back as soon as a better tunnel carries"),
        ({**LINKS, "peers": PEERS}, {"method": "routed"}, "tunnel_address is missing"),
        (HQ, {"prefix": "h-a"}, "ha_backup_peer_prefix: 'h-a' was given, allowed are letters, digits and _"),
    ],
)
def test_what_is_wrong_is_told(connection: Row, options: Row, sentence: str) -> None:
    assert any(sentence in told for told in problems(connection, **options)), problems(connection, **options)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"members": {"gw1": {"priority": 9}, "gw2": {"priority": 9}}}, "gw1, gw2 have the same priority, 9"),
        (
            {"members": {"gw1": {"priority": 255}, "gw2": {"priority": 9}}},
            "priority: 255 was given, allowed is a number",
        ),
        (
            {"members": {"gw1": {"priority": 9, "address": "198.51.100.7"}, "gw2": {"priority": 8}}},
            "198.51.100.7 is the own address of gw1, which cannot be shared",
        ),
        ({"sync_connections": True}, "vrrp.sync_connections: it takes two members, both with their address"),
        (
            {"addresses": [VRRP["addresses"][0], {**VRRP["addresses"][0], "name": "x"}]},
            "vrid 1 is given twice on ether1",
        ),
        ({"interval": "often"}, "vrrp: interval: 'often' was given, allowed is "),
        ({"members": {"gw1": {"priority": 9}, "gw2": {}}}, "vrrp.members.gw2: priority is missing"),
        ({"addresses": [{"name": "wan"}]}, "addresses, wan: interface, vrid, address is missing"),
    ],
)
def test_what_is_wrong_with_a_cluster_is_told(change: Row, sentence: str) -> None:
    told = problems(HQ, **{**CLUSTER, "vrrp": {**VRRP, **change}})
    assert any(sentence in text for text in told), told


def test_a_member_that_is_described_otherwise_is_named() -> None:
    other = {**HQ, "psk": "another-secret-of-good-length"}
    (told,) = problems(HQ, **CLUSTER, hosts={"gw2": {"ha_backup_peer_tunnels": [other]}})
    assert told.startswith("vrrp.members: ha_backup_peer_tunnels of gw2 is not the same as here")
    assert "secret" not in told
    assert compiled([HQ], **CLUSTER, hosts={"gw2": {"ha_backup_peer_tunnels": [HQ]}})["problems"] == []


def test_what_is_no_list_or_no_option_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="takes a list of connections"):
        compiled({"name": "hq"})
    with pytest.raises(
        AnsibleFilterError, match=r"detection: there is no such option; allowed is .*, method, detect, "
    ):
        compiled([HQ], detection={})
    assert config(HQ, firewall="off")["firewall_filter"] == []
    with pytest.raises(AnsibleFilterError, match="firewall: 'maybe' was given, allowed is yes or no"):
        compiled([HQ], firewall="maybe")


def test_interfaces_have_no_looks_that_could_take_too_long() -> None:
    quick = {"interval": 1, "failures": 1}
    assert config(LINKS, method="routed", detect=quick)["interface_gre"][0]["keepalive"] == "1s,1"
    assert any("a look takes up to 1.4 s" in told for told in problems(HQ, detect=quick))
