# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPv6 firewall: its tables' and address lists' own forms of addresses, words and checks."""

from __future__ import annotations

import pytest
from twin import COMPARED, Persona, Router, Seat, Trap
from twin.defconf import factory
from twin.gate import ACCEPTED, DROPPED, Gate
from twin.live.firewall import TRACKING, Firewall
from twin.live.nft import Unmapped

FILTER, LISTS = "/ipv6/firewall/filter", "/ipv6/firewall/address-list"
RAW, NAT, MANGLE = "/ipv6/firewall/raw", "/ipv6/firewall/nat", "/ipv6/firewall/mangle"


@pytest.fixture
def router() -> Router:
    return Router()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:db8:0:0::1", "2001:db8::1/128"),
        ("2001:db8::1/64", "2001:db8::/64"),
        ("!fe80::/10", "!fe80::/10"),
        ("::ffff:0:0/96", "::ffff:0.0.0.0/96"),
        ("2001:db8::1-2001:db8::ff", "2001:db8::1-2001:db8::ff"),
    ],
)
def test_addresses_of_rules_read_back(router: Router, written: str, read: str) -> None:
    router.add(FILTER, chain="input", src_address=written)
    assert router.rows(FILTER)[0]["src-address"] == read


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1/129", "2001:db8::1-x", "2001:db8:::1"])
def test_what_is_no_ipv6_address_is_refused(router: Router, address: str) -> None:
    with pytest.raises(Trap, match="invalid value for argument dst-address"):
        router.add(FILTER, chain="input", dst_address=address)


def test_entries_of_a_list_are_prefixes_or_names(router: Router) -> None:
    """A name brings the addresses of its family, and each list minds its own."""
    router.add("/ip/dns/static", name="desk.example.com", address="2001:db8::7")
    router.add("/ip/dns/static", name="desk.example.com", address="192.0.2.7")
    for path in (LISTS, "/ip/firewall/address-list"):
        router.add(path, list="desk", address="desk.example.com")
    assert [row["address"] for row in router.rows(LISTS)] == ["desk.example.com", "2001:db8::7/128"]
    assert [row["address"] for row in router.rows("/ip/firewall/address-list")] == ["desk.example.com", "192.0.2.7"]
    router.add(LISTS, list="x", address="2001:db8::7")
    with pytest.raises(Trap, match="already have such entry"):
        router.add(LISTS, list="x", address="2001:db8::7/128", timeout="1h")


def test_rows_in_memory_are_lost_with_a_reboot(router: Router) -> None:
    router.add(LISTS, list="x", address="2001:db8::7", timeout="1h")
    router.add(LISTS, list="x", address="2001:db8::8")
    router.reboot()
    assert [row["address"] for row in router.rows(LISTS)] == ["2001:db8::8/128"]


def test_rules_have_the_words_of_their_family(router: Router) -> None:
    row = {"chain": "input", "action": "reject", "protocol": "58", "icmp_options": "128:0", "headers": "hop,dst:exact"}
    router.add(FILTER, **row)
    shown = router.rows(FILTER)[0]
    assert (shown["protocol"], shown["reject-with"], shown["headers"]) == ("icmpv6", "icmp-no-route", "hop,dst:exact")
    with pytest.raises(Trap, match="icmp-options can be specified if proto is icmpv6"):
        router.add(FILTER, chain="input", protocol="icmp", icmp_options="8")
    with pytest.raises(Trap, match="unknown parameter ttl"):
        router.add(FILTER, chain="input", ttl="equal:1")
    with pytest.raises(Trap, match="input does not match any value of reject-with"):
        router.add(FILTER, chain="input", action="reject", reject_with="icmp-host-unreachable")


def test_fast_path_came_with_7_18() -> None:
    with pytest.raises(Trap, match="input does not match any value of action"):
        Router("7.16.2").add(FILTER, chain="forward", action="fasttrack-connection")
    current = Router("7.20.8")
    current.add(FILTER, chain="forward", action="fasttrack-connection")
    assert len(current.rows(FILTER)) == 1
    assert current.rows("/ip/firewall/filter") == []


def test_rules_are_moved_and_unset_like_their_sisters(router: Router) -> None:
    for comment in "ab":
        router.add(FILTER, chain="input", comment=comment, hop_limit="equal:1")
    router.call(f"{FILTER}/move", {"numbers": "*2", "destination": "*1"})
    router.call(f"{FILTER}/unset", {"numbers": "*1", "value-name": "hop-limit"})
    assert [(row["comment"], row.get("hop-limit")) for row in router.rows(FILTER)] == [("b", "equal:1"), ("a", None)]


@pytest.mark.parametrize("version", COMPARED)
def test_factory_firewall_is_taken_as_written(version: str) -> None:
    """And reads back so."""
    state = factory(Persona(version))
    router = Router(version)
    router.seed(state)
    for path in (FILTER, LISTS):
        shown = router.rows(path)
        assert len(shown) == len(state[path])
        for row, given in zip(shown, state[path], strict=True):
            assert {name: row[name] for name in given} == dict(given)


def test_seat_of_ipv6_is_judged_by_the_ipv6_filter(router: Router) -> None:
    router.add("/ip/firewall/filter", chain="input", action="drop")
    passage = Gate(router, Seat("2001:db8::10", "2001:db8::1")).passage("api", 50000)
    assert passage.enters() == ACCEPTED
    note = {"chain": "input", "action": "add-src-to-address-list", "address_list": "seen"}
    router.add(FILTER, **note)
    router.add(FILTER, chain="input", action="drop", src_address_list="seen", dst_address="2001:db8::/64")
    assert [passage.enters(), passage.enters()] == [DROPPED, DROPPED]
    assert [row["address"] for row in router.rows(LISTS)] == ["2001:db8::10/128"]


def test_seat_of_ipv6_is_judged_by_its_raw_rules_as_well(router: Router) -> None:
    router.add("/ip/firewall/raw", chain="prerouting", action="drop")
    passage = Gate(router, Seat("2001:db8::10", "2001:db8::1")).passage("api", 50000)
    assert passage.enters() == ACCEPTED
    router.add(RAW, chain="prerouting", action="notrack", protocol="tcp")
    router.add(FILTER, chain="input", action="drop", connection_state="untracked")
    assert passage.enters() == DROPPED
    router.call(f"{FILTER}/remove", {"numbers": "*1"})
    router.call(f"{RAW}/set", {"numbers": "*1", "action": "drop", "src-address": "2001:db8::10"})
    assert passage.enters() == DROPPED


def test_nat_has_one_address_and_fewer_actions_than_that_of_ipv4(router: Router) -> None:
    router.add(NAT, chain="srcnat", action="src-nat", to_address="2001:DB8::5", connection_state="new,untracked")
    assert router.rows(NAT)[0]["to-address"] == "2001:db8::5/128"
    router.call(f"{NAT}/unset", {"numbers": "*1", "value-name": "to-address"})
    assert "to-address" not in router.rows(NAT)[0]
    with pytest.raises(Trap, match="unknown parameter to-addresses"):
        router.add(NAT, chain="srcnat", action="src-nat", to_addresses="2001:db8::5")
    with pytest.raises(Trap, match="input does not match any value of action"):
        router.add(NAT, chain="srcnat", action="same")
    with pytest.raises(Trap, match="invalid value for argument to-address"):
        router.add(NAT, chain="srcnat", action="src-nat", to_address="2001:db8::5-2001:db8::9")


def test_mangle_translates_prefixes_and_changes_hop_limits(router: Router) -> None:
    router.add(MANGLE, chain="postrouting", action="snpt", src_prefix="2001:db8:a::/64", dst_prefix="2001:db8:b::/64")
    router.add(MANGLE, chain="forward", action="change-hop-limit", new_hop_limit="set:64")
    translated, changed = router.rows(MANGLE)
    assert (translated["src-prefix"], translated.get("passthrough")) == ("2001:db8:a::/64", None)
    assert (changed["new-hop-limit"], changed["passthrough"]) == ("set:64", "true")
    with pytest.raises(Trap, match="input does not match any value of action"):
        router.add(MANGLE, chain="forward", action="change-ttl")


def test_nat_knows_tls_hosts_up_to_7_15() -> None:
    Router("7.12.2").add(NAT, chain="dstnat", protocol="tcp", tls_host="*.example.com")
    with pytest.raises(Trap, match="unknown parameter tls-host"):
        Router("7.16.2").add(NAT, chain="dstnat", protocol="tcp", tls_host="*.example.com")


@pytest.mark.parametrize("path", [RAW, NAT, MANGLE])
def test_live_twin_refuses_ipv6_rules_that_it_does_not_play(router: Router, path: str) -> None:
    live = Firewall(router, "node", "")
    with pytest.raises(Unmapped, match=path):
        live.check(router.tables[path], {"chain": "prerouting", "action": "accept"})
    live.check(router.tables[path], {"chain": "prerouting", "action": "accept", "disabled": "true"})


def test_live_twin_cannot_do_without_connection_tracking(router: Router) -> None:
    live = Firewall(router, "node", "")
    live.check(router.tables[TRACKING], {"enabled": "auto", "udp-timeout": "10s"})
    with pytest.raises(Unmapped, match="enabled=no"):
        live.check(router.tables[TRACKING], {"enabled": "no"})
