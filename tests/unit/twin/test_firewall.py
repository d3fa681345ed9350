# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaviours of rules and address lists."""

from __future__ import annotations

import pytest
from twin import Router, Trap
from twin.defconf import DEFCONF

FILTER = "/ip/firewall/filter"
NAT = "/ip/firewall/nat"
LIST = "/ip/firewall/address-list"
ALWAYS = {".id", "chain", "action", "bytes", "packets", "invalid", "dynamic", "disabled", "log", "log-prefix"}


class Clock:
    """A clock that a test turns."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def router(clock: Clock) -> Router:
    return Router("7.22.3", clock=clock)


def refusal(router: Router, full: str, **words: str) -> str:
    with pytest.raises(Trap) as refused:
        router.call(full, {name.replace("_", "-"): value for name, value in words.items()})
    return refused.value.message


@pytest.mark.parametrize("table", ["filter", "nat", "raw", "mangle"])
def test_rule_without_matchers_prints_what_every_rule_prints(router: Router, table: str) -> None:
    router.add(f"/ip/firewall/{table}", chain="custom")
    assert set(router.rows(f"/ip/firewall/{table}")[0]) == ALWAYS


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ({"action": "jump", "jump-target": "ike"}, {"jump-target": "ike"}),
        ({"action": "reject"}, {"reject-with": "icmp-network-unreachable"}),
        (
            {"action": "add-src-to-address-list", "address-list": "seen"},
            {"address-list": "seen", "address-list-timeout": "none-dynamic"},
        ),
        ({"connection-state": "untracked,related,established"}, {"connection-state": "established,related,untracked"}),
        ({"in-interface-list": "!all"}, {"in-interface-list": "!all"}),
        ({"in-interface": "ether1"}, {"in-interface": "ether1"}),
        ({"in-interface": "all-ppp"}, {"in-interface": "all-ppp"}),
        ({"src-address": "!192.168.1.5/24"}, {"src-address": "!192.168.1.0/24"}),
        ({"protocol": "!50"}, {"protocol": "!ipsec-esp"}),
        ({"limit": "10,5"}, {"limit": "10,5:packet"}),
        ({"comment": "two\nlines"}, {"comment": "two\nlines"}),
        ({"routing-mark": "main"}, {"routing-mark": "main"}),
    ],
)
def test_rule_prints_what_was_set(router: Router, words: dict[str, str], shown: dict[str, str]) -> None:
    router.call(f"{FILTER}/add", {"chain": "input", **words})
    row = router.rows(FILTER)[0]
    assert {name: value for name, value in row.items() if name not in ALWAYS} == shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"dst-port": "500"}, "failure: ports can be specified if proto is tcp,udp,udp-lite,dccp,sctp"),
        (
            {"dst-port": "500", "protocol": "gre"},
            "failure: ports can be specified if proto is tcp,udp,udp-lite,dccp,sctp",
        ),
        ({"tcp-flags": "syn", "protocol": "udp"}, "failure: tcp-flags works only with tcp"),
        ({"icmp-options": "8:0"}, "failure: icmp-options can be specified if proto is icmp"),
        ({"dst-port": "70000", "protocol": "tcp"}, "value of range out of range (0..65535)"),
        ({"src-address": "nonsense"}, "value of range expects range of ip addresses"),
        ({"in-interface": "ipsec-vpn1"}, "input does not match any value of in-interface"),
        ({"in-interface-list": "LAN"}, "input does not match any value of in-interface-list"),
        ({"action": "masquerade"}, "input does not match any value of action"),
        ({"protocol": "tpc"}, "input does not match any value of protocol"),
        ({"routing-mark": "nowhere"}, "input does not match any value of routing-mark"),
        ({"layer7-protocol": "!rdp"}, "input does not match any value of layer7-protocol"),
        ({"chain": ""}, "invalid value for argument chain"),
    ],
)
def test_rule_is_refused(router: Router, words: dict[str, str], message: str) -> None:
    assert refusal(router, f"{FILTER}/add", **{"chain": "input", **words}) == message


def test_connection_tracking_has_its_defaults(router: Router) -> None:
    (row,) = router.rows("/ip/firewall/connection/tracking")
    assert (row["enabled"], row["tcp-established-timeout"], row["udp-timeout"]) == ("auto", "1d", "30s")


def test_rule_names_a_layer7_pattern(router: Router) -> None:
    router.add("/ip/firewall/layer7-protocol", name="rdp", regexp="rdpdr.*cliprdr")
    router.add(FILTER, chain="forward", action="drop", layer7_protocol="!rdp")
    router.call("/ip/firewall/layer7-protocol/set", {"numbers": "rdp", "name": "desk"})
    assert router.rows(FILTER)[0]["layer7-protocol"] == "!desk"


def test_taking_the_protocol_from_under_its_ports_is_refused(router: Router) -> None:
    id_ = router.add(FILTER, chain="input", protocol="udp", dst_port="500")
    assert "ports can be specified" in refusal(router, f"{FILTER}/unset", numbers=id_, value_name="protocol")
    assert router.rows(FILTER)[0]["protocol"] == "udp"


def test_identical_rules_are_two_rules(router: Router) -> None:
    for _dummy in range(2):
        router.add(NAT, chain="srcnat", action="masquerade")
    assert len(router.rows(NAT)) == 2


def test_rule_whose_list_is_gone_is_invalid(router: Router) -> None:
    router.add("/interface/list", name="LAN")
    router.add(FILTER, chain="input", in_interface_list="!LAN")
    id_ = router.rows("/interface/list")[-1][".id"]
    router.call("/interface/list/remove", {"numbers": "LAN"})
    row = router.rows(FILTER)[0]
    assert (row["invalid"], row["in-interface-list"]) == ("true", f"!{id_}")


@pytest.mark.parametrize(
    ("action", "shown"), [("mark-connection", "true"), ("mark-packet", "true"), ("accept", None), ("log", None)]
)
def test_passthrough_prints_with_the_actions_that_have_it(router: Router, action: str, shown: str | None) -> None:
    router.add("/ip/firewall/mangle", chain="forward", action=action)
    assert router.rows("/ip/firewall/mangle")[0].get("passthrough") == shown


def test_factory_firewall_is_complete_and_in_order(router: Router) -> None:
    router.seed(DEFCONF)
    rules = [row for row in router.rows(FILTER) if row["dynamic"] == "false"]
    assert [(row["chain"], row["action"]) for row in rules] == [
        ("input", "accept"),
        ("input", "drop"),
        ("input", "accept"),
        ("input", "accept"),
        ("input", "drop"),
        ("forward", "accept"),
        ("forward", "accept"),
        ("forward", "fasttrack-connection"),
        ("forward", "accept"),
        ("forward", "drop"),
        ("forward", "drop"),
    ]
    assert [row["ipsec-policy"] for row in router.rows(NAT)] == ["out,none"]


def test_fasttrack_rule_brings_the_dummy_row_and_takes_it_along(router: Router) -> None:
    accept = router.add(FILTER, chain="forward")
    fast = router.add(FILTER, chain="forward", action="fasttrack-connection")
    dummy = router.rows(FILTER)[0]
    assert (dummy["comment"], dummy["dynamic"]) == ("special dummy rule to show fasttrack counters", "true")
    assert router.rows("/ip/firewall/mangle")[0]["comment"] == dummy["comment"]
    for verb in ("set", "remove", "move"):
        companion = {"set": "change", "remove": "remove", "move": "move"}[verb]
        assert refusal(router, f"{FILTER}/{verb}", numbers=dummy[".id"]) == f"failure: cannot {companion} builtin"
    assert refusal(router, f"{FILTER}/move", numbers=accept, destination=dummy[".id"]) == "failure: cannot move builtin"
    assert refusal(router, f"{FILTER}/add", chain="input", place_before=dummy[".id"]) == "failure: cannot move builtin"
    router.call(f"{FILTER}/move", {"numbers": fast, "destination": accept})
    assert [row[".id"] for row in router.rows(FILTER)] == [dummy[".id"], fast, accept]
    router.call(f"{FILTER}/move", {"numbers": fast})
    router.call(f"{FILTER}/disable", {"numbers": fast})
    assert [row[".id"] for row in router.rows(FILTER)] == [accept, fast]


def test_print_flags_of_rules_filter(router: Router) -> None:
    router.seed(DEFCONF)
    assert router.call(f"{FILTER}/print", {"dynamic": "", "count-only": ""}) == [{"ret": "1"}]
    assert router.call(f"{FILTER}/print", {"chain": "input", "count-only": ""}) == [{"ret": "5"}]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("203.0.113.50/32", "203.0.113.50"),
        ("192.168.0.0-192.168.1.255", "192.168.0.0/23"),
        ("vpn.example.com", "vpn.example.com"),
    ],
)
def test_list_entry_is_one_per_list_and_address(router: Router, written: str, read: str) -> None:
    router.add(LIST, list="vpn-peers", address=written)
    assert router.rows(LIST)[0]["address"] == read
    assert refusal(router, f"{LIST}/add", list="vpn-peers", address=read) == "failure: already have such entry"
    router.add(LIST, list="other", address=written)


def test_changed_entry_frees_its_address(router: Router) -> None:
    id_ = router.add(LIST, list="a", address="192.0.2.1")
    router.call(f"{LIST}/set", {".id": id_, "address": "192.0.2.2"})
    router.add(LIST, list="a", address="192.0.2.1")
    assert refusal(router, f"{LIST}/set", numbers=id_, address="192.0.2.1") == "failure: already have such entry"


def test_entry_with_a_timeout_is_dynamic_counts_down_and_goes(router: Router, clock: Clock) -> None:
    router.add(LIST, list="a", address="192.0.2.1", timeout="1h")
    assert (router.rows(LIST)[0]["timeout"], router.rows(LIST)[0]["dynamic"]) == ("1h", "true")
    clock.now += 600
    assert router.rows(LIST)[0]["timeout"] == "50m"
    clock.now += 3000
    assert router.rows(LIST) == []
    router.add(LIST, list="a", address="192.0.2.1")
    assert router.rows(LIST)[0]["dynamic"] == "false"


def test_entry_with_a_timeout_can_be_removed(router: Router) -> None:
    id_ = router.add(LIST, list="a", address="192.0.2.1", timeout="1h")
    router.call(f"{LIST}/remove", {"numbers": id_})
    assert router.rows(LIST) == []


def test_name_in_a_list_stays_and_its_addresses_stand_beside_it(router: Router) -> None:
    router.add("/ip/dns/static", name="vpn.example.com", address="198.51.100.7")
    name = router.add(LIST, list="a", address="vpn.example.com")
    found = [(row["address"], row["dynamic"], row.get("comment")) for row in router.rows(LIST)]
    assert found == [("vpn.example.com", "false", None), ("198.51.100.7", "true", "vpn.example.com")]
    router.call("/ip/dns/static/set", {"numbers": "*1", "address": "198.51.100.8"})
    assert [row["address"] for row in router.rows(LIST)] == ["vpn.example.com", "198.51.100.8"]
    router.call(f"{LIST}/disable", {"numbers": name})
    assert len(router.rows(LIST)) == 1
    router.call(f"{LIST}/enable", {"numbers": name})
    router.call(f"{LIST}/remove", {"numbers": name})
    assert router.rows(LIST) == []


def test_address_on_an_interface_is_there_once(router: Router) -> None:
    router.add("/ip/address", address="192.168.10.1/24", interface="ether2")
    assert router.rows("/ip/address")[0]["network"] == "192.168.10.0"
    text = refusal(router, "/ip/address/add", address="192.168.10.1/24", interface="ether2")
    assert text == "failure: already have such address"
