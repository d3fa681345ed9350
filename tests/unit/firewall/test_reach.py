# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach which service: sources, rows, and the table for people."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.places import Place
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.reach import (
    Gate,
    Outcome,
    Row,
    reach,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import (
    Listening,
    Service,
    listening,
    service_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import (
    MOST_STRANGERS,
    Asked,
    Landscape,
    NoSuchSource,
    Source,
    asked_source,
    default_sources,
    networks_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.table import table
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.firewall.firewalls import rule

MEMBERS = ({"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "bridge"})
ADDRESSES = (
    {"address": "203.0.113.1/24", "interface": "ether1"},
    {"address": "192.168.88.1/24", "interface": "bridge"},
    {"address": "192.168.99.1/24", "interface": "guests"},
    {"address": "192.168.77.1/24", "interface": "off", "disabled": "true"},
)
SSH, IKE, DNS, PING, ESP = (service_of(name) for name in ("ssh", "ike", "dns", "ping", "esp"))
FACTORY = [
    "input accept connection-state=established,related,untracked",
    "input drop connection-state=invalid",
    "input accept protocol=icmp",
    "input drop in-interface-list=!LAN #the rest",
]


def asked_sources(where: Landscape, given: list[Asked]) -> list[Source]:
    return [asked_source(where, each, f"reach.sources[{index}]") for index, each in enumerate(given)]


def rows(*lines: str) -> tuple[Entry, ...]:
    return tuple(Entry(f"*{number}", rule(line)) for number, line in enumerate(lines, 1))


def listed(**lists: Sequence[str]) -> tuple[Entry, ...]:
    return tuple(
        Entry(f"*{name}{address}", {"list": name, "address": address})
        for name, addresses in lists.items()
        for address in addresses
    )


def firewall(*lines: str, **tables: Any) -> Firewall:
    local = frozenset(row["address"].partition("/")[0] for row in ADDRESSES)
    return Firewall(rows(*lines), members=MEMBERS, local=local, **tables)


def gate(of: Firewall, services: Mapping[str, Listening] | None = None) -> Gate:
    return Gate(of, networks_of(ADDRESSES), services or {})


def land(*of: Firewall) -> Landscape:
    return Landscape(of, networks_of(ADDRESSES), frozenset({"ether1", "bridge", "guests"}), frozenset({"WAN"}))


def asked(of: Firewall, *services: Service, sources: Sequence[Source] = (), **keywords: Any) -> list[Row]:
    return list(reach(gate(of, **keywords), sources or default_sources(land(of)), services))


def short(found: Sequence[Row]) -> list[str]:
    return [
        " ".join([row.source, *row.addresses, *row.interfaces, row.service.name, row.outcome.verdict.value])
        for row in found
    ]


def test_the_factory_firewall() -> None:
    found = asked(firewall(*FACTORY), SSH, PING)
    assert short(found) == [
        "anybody from WAN ether1 ssh drop",
        "anybody from WAN ether1 ping accept",
        "anybody from LAN bridge ssh accept",
        "anybody from LAN bridge ping accept",
        "anybody from guests guests ssh drop",
        "anybody from guests guests ping accept",
    ]
    assert [row.outcome.rule for row in found[:3]] == [
        "input 4 (comment=the rest)",
        "input 3 (chain=input action=accept)",
        "end of input",
    ]


def test_members_of_lists_and_what_depends_on_the_interface() -> None:
    of = firewall(
        "input accept src-address-list=mgmt in-interface-list=WAN protocol=tcp dst-port=22",
        "input accept src-address-list=peers protocol=udp dst-port=500",
        "input drop",
        address_list=listed(mgmt=["192.0.2.0/28"], peers=["203.0.113.50", "203.0.113.60"], other=["192.0.2.200"]),
    )
    found = [each for each in short(asked(of, SSH, IKE)) if each.startswith("members")]
    assert found == [
        "members of mgmt 192.0.2.1 bridge guests ssh drop",
        "members of mgmt 192.0.2.1 ether1 ssh accept",
        "members of mgmt 192.0.2.1 bridge ether1 guests ike drop",
        "members of peers 203.0.113.50 bridge ether1 guests ssh drop",
        "members of peers 203.0.113.50 bridge ether1 guests ike accept",
    ]


def test_members_that_rules_tell_apart_have_rows_of_their_own() -> None:
    of = firewall(
        "input drop src-address=203.0.113.60",
        "input accept src-address-list=peers",
        "input drop",
        address_list=listed(peers=["203.0.113.50", "203.0.113.60", "203.0.113.70"]),
    )
    found = [row for row in asked(of, SSH, IKE) if row.source == "members of peers"]
    assert [(row.addresses, row.outcome.verdict.value) for row in found] == [
        (("203.0.113.50",), "accept"),
        (("203.0.113.60",), "drop"),
    ] * 2
    assert table(found) == [
        "from                       verdict  services  decided by",
        "list peers (203.0.113.50)  accept   ssh, ike  input 2: accept",
        "list peers (203.0.113.60)  drop     ssh, ike  input 1: drop",
    ]


def test_a_stranger_is_named_by_nobody() -> None:
    bogons = listed(bogons=["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "8.0.0.0/9"])
    of = firewall("input drop src-address-list=bogons", "input accept src-address=192.168.88.0/25", address_list=bogons)
    where = land(of)
    assert ipaddress.ip_address(where.stranger).is_global
    assert where.stranger_at("ether1") == where.stranger_at(None) == where.stranger
    inside = ipaddress.ip_address(where.stranger_at("bridge"))
    assert inside in ipaddress.ip_network("192.168.88.128/25")
    assert where.stranger_at("unknown") == where.stranger


def test_rules_for_half_the_world_let_strangers_in() -> None:
    of = firewall("input accept src-address=0.0.0.0/1 #half", "input drop src-address=8.0.0.0/8", "input drop")
    found = [row for row in asked(of, SSH) if row.source == "anybody from WAN"]
    assert [(row.addresses == (), row.outcome.verdict) for row in found] == [
        (True, Verdict.DROP),
        (False, Verdict.ACCEPT),
    ]
    half = [ipaddress.ip_address(each) for each in found[1].addresses]
    assert all(each.is_global and each in ipaddress.ip_network("0.0.0.0/1") for each in half)


def test_lists_as_large_as_countries_hold_strangers() -> None:
    country = listed(country=[f"{first}.{second}.0.0/16" for first in (5, 31, 62) for second in range(0, 250, 9)])
    of = firewall("input accept src-address-list=country", "input drop", address_list=country)
    (main, inside) = [row for row in asked(of, SSH) if row.source == "anybody from WAN"]
    assert (main.outcome.verdict, inside.outcome.verdict) == (Verdict.DROP, Verdict.ACCEPT)
    few = firewall("input accept src-address-list=country", "input drop", address_list=country[:5])
    assert len([row for row in asked(few, SSH) if row.source == "anybody from WAN"]) == 1


def test_strangers_are_few_and_each_is_treated_in_a_way_of_his_own() -> None:
    of = firewall(*(f"input accept src-address={first}.0.0.0/8 #{first}" for first in range(1, 200)))
    strangers = land(of).strangers
    assert len(strangers) == len({land(of).kind(each) for each in strangers}) == MOST_STRANGERS
    assert len(land(firewall(*FACTORY)).strangers) == 1


def test_the_port_that_the_sender_chooses() -> None:
    of = firewall("input accept protocol=udp port=500,4500 #IKE", "input drop #rest")
    (dns, ike) = asked(of, DNS, IKE)[:2]
    assert dns.outcome == Outcome(
        Verdict.EITHER,
        "input 2 (comment=rest); input 1 (comment=IKE)",
        "it depends on the port that the sender chooses to send from",
    )
    assert ike.outcome.verdict is Verdict.ACCEPT


def test_outcome_carries_the_rules_that_decide() -> None:
    of = firewall("input drop disabled=yes", "forward drop", "input accept protocol=udp port=500 #IKE", "input drop")
    (dns, *_dummy) = asked(of, DNS)
    assert [(each.rule and each.rule.id, each.verdict) for each in dns.outcome.endings] == [
        ("*4", Verdict.DROP),
        ("*3", Verdict.ACCEPT),
    ]
    assert dns.outcome.places[1] == Place("filter", "input", 2, 2, "IKE", "*3", "accept", "comment=IKE")
    (end, *_dummy) = asked(firewall("input drop protocol=udp"), SSH)
    assert [each.rule for each in end.outcome.endings] == [None]
    assert end.outcome.places == (Place("filter", "input"),)


def test_limits_and_what_is_not_known_are_told() -> None:
    of = firewall("input accept limit=10,5:packet protocol=tcp", "input drop time=8h-9h,mon #night")
    (row, *_dummy) = asked(of, SSH)
    assert row.outcome.verdict is Verdict.CANNOT_TELL
    assert "input 1 (chain=input action=accept): limit=10/1s,5:packet" in row.outcome.why
    assert "input 2 (comment=night): time=" in row.outcome.why
    (row, *_dummy) = asked(firewall("input accept limit=10,5:packet", "input drop"), SSH)
    assert row.outcome.verdict is Verdict.EITHER


def test_raw_and_dst_nat() -> None:
    raw = rows("prerouting drop protocol=tcp dst-port=22 in-interface=ether1 #early")
    nat = rows("dstnat dst-nat protocol=tcp dst-port=443 to-addresses=192.168.88.9 dst-address=203.0.113.1 #web")
    of = firewall(raw=raw, nat=nat)
    ssh, web, *_dummy = asked(of, SSH, service_of("www-ssl"))
    assert (ssh.outcome.verdict, ssh.outcome.rule) == (Verdict.DROP, "raw prerouting 1 (comment=early)")
    assert (web.outcome.verdict, web.outcome.why) == (
        Verdict.ACCEPT,
        "nat dstnat 1 (comment=web) changes its destination",
    )


def test_the_router_answers_on_all_of_its_addresses() -> None:
    of = firewall("input accept dst-address=127.0.0.1", "input accept dst-address=192.168.88.1", "input drop")
    wan, lan, *_dummy = asked(of, SSH)
    assert (wan.outcome.verdict, lan.outcome.verdict) == (Verdict.EITHER, Verdict.EITHER)
    assert wan.outcome.why == "it depends on which of the router's addresses it goes to"
    assert wan.outcome.rule == "input 3 (chain=input action=drop); input 2 (chain=input action=accept)"


def test_an_interface_without_an_address_may_be_given_one() -> None:
    for lines, verdict in (
        (["input drop dst-address=192.168.88.1"], Verdict.EITHER),
        (["input accept dst-address=127.0.0.1", "input drop"], Verdict.DROP),
    ):
        of = firewall(*lines)
        where = replace(land(of), interfaces=frozenset({"lte"}))
        (row,) = reach(gate(of), asked_sources(where, [Asked(interface="lte")]), [SSH])
        assert row.outcome.verdict is verdict


def test_what_ip_service_says() -> None:
    set_ = listening(
        Entry(f"*{name}", {"name": name, **values}, dynamic=name == "tcp")
        for name, values in {
            "ssh": {"port": "2222", "address": "192.168.88.0/24,2001:db8::/32", "disabled": "false"},
            "telnet": {"port": "23", "disabled": "true"},
            "www": {"port": "80", "disabled": "false"},
            "tcp": {"port": "1"},
        }.items()
    )
    assert set(set_) == {"ssh", "telnet", "www"}
    of = firewall("input accept protocol=tcp dst-port=23,80,2222", "input drop protocol=tcp")
    found = asked(of, SSH, service_of("telnet"), service_of("www"), services=set_)
    assert short(found)[:6] == [
        "anybody from WAN ether1 ssh drop",
        "anybody from WAN ether1 telnet drop",
        "anybody from WAN ether1 www accept",
        "anybody from LAN bridge ssh accept",
        "anybody from LAN bridge telnet drop",
        "anybody from LAN bridge www accept",
    ]
    assert found[0].service.port == 2222
    assert found[0].outcome.why == "/ip/service ssh: it answers 192.168.88.0/24, 2001:db8::/32 only"
    assert found[1].outcome.why == "/ip/service telnet: it is off"
    assert [row.outcome.refused_by for row in found[:3]] == [set_["ssh"], set_["telnet"], None]
    assert found[0].outcome.endings == ()


def test_before_and_then() -> None:
    old, new = firewall(*FACTORY), firewall("input accept protocol=tcp dst-port=22 #open", *FACTORY)
    sources = default_sources(land(old, new))[:1]
    found = list(reach(gate(new), sources, [SSH, PING, DNS], gate(old)))
    assert table(found) == [
        "from              now   then    services  decided by",
        "anybody from WAN  drop  accept  ssh       input 1: open",
        "left out: 2 unchanged lines (full_table shows all)",
    ]
    assert table(found, full=True) == [
        "from              now     then    services  decided by",
        "anybody from WAN  drop    accept  ssh       input 1: open",
        "anybody from WAN  accept  accept  ping      input 4: accept",
        "anybody from WAN  drop    drop    dns       input 5: the rest",
    ]
    assert table([]) == []


def test_lists_that_a_change_takes_away_are_asked_about_too() -> None:
    old = firewall("input accept src-address-list=gone", "input drop", address_list=listed(gone=["192.0.2.9"]))
    new = firewall("input drop")
    found = list(reach(gate(new), default_sources(land(old, new)), [SSH], gate(old)))
    assert [(row.before and row.before.verdict.value, row.outcome.verdict.value) for row in found][-1] == (
        "accept",
        "drop",
    )


def test_a_router_of_which_nothing_is_known() -> None:
    of = Firewall(rows("input drop in-interface-list=WAN"))
    found = list(reach(Gate(of), default_sources(Landscape((of,), {})), [SSH]))
    assert short(found) == ["anybody ssh cannot tell"]


@pytest.mark.parametrize(
    ("asked_", "expected"),
    [
        (Asked("boss", "192.0.2.7", "WAN"), "boss 192.0.2.7 ether1 ssh drop"),
        (Asked(address="192.168.88.0/24"), "192.168.88.0/24 192.168.88.1 bridge ssh accept"),
        (Asked(interface="bridge"), "anybody from bridge bridge ssh accept"),
        (Asked(address="peers", interface="bridge"), "peers from bridge 203.0.113.50 bridge ssh accept"),
    ],
)
def test_sources_as_users_name_them(asked_: Asked, expected: str) -> None:
    of = firewall(*FACTORY, address_list=listed(peers=["203.0.113.50"]))
    assert expected in short(asked(of, SSH, sources=asked_sources(land(of), [asked_])))


ADDRESSES_ALLOWED = "an IPv4 address, prefix or range, or an address list of the router (peers)"


@pytest.mark.parametrize(
    ("asked_", "sentence"),
    [
        (Asked(address="pears"), f".address: 'pears' was given, allowed is {ADDRESSES_ALLOWED}"),
        (Asked(address="2001:db8::1"), f".address: '2001:db8::1' was given, allowed is {ADDRESSES_ALLOWED}"),
        (Asked(interface="e9"), ".interface: 'e9' was given, allowed is bridge, ether1, guests, LAN, WAN"),
    ],
)
def test_sources_that_the_router_does_not_have(asked_: Asked, sentence: str) -> None:
    of = firewall(*FACTORY, address_list=listed(peers=["203.0.113.50"]))
    with pytest.raises(NoSuchSource, match=f"^{re.escape('reach.sources[0]' + sentence)}$"):
        asked_sources(land(of), [asked_])


def test_services_by_name_and_by_port() -> None:
    assert service_of("winbox") == Service("winbox", "tcp", 8291)
    assert service_of("tcp/8443") == Service("tcp/8443", "tcp", 8443)
    assert service_of("udp/65535").port == 65535


@pytest.mark.parametrize("text", ["shh", "tcp/0", "tcp/65536", "icmp/1", "8443", ""])
def test_services_that_do_not_exist(text: str) -> None:
    with pytest.raises(ValueError, match=r"was given, allowed is one of ssh, .* such as tcp/8443"):
        service_of(text)


LINES = st.sampled_from(
    [
        "input accept src-address=192.0.2.0/24",
        "input drop src-address=192.0.2.7 protocol=tcp",
        "input accept src-address-list=peers in-interface=ether1",
        "input drop in-interface-list=!LAN",
        "input accept dst-address=192.168.88.1 protocol=udp",
        "input jump jump-target=own in-interface-list=WAN",
        "own drop src-address-list=!peers",
        "own return protocol=udp dst-port=500",
        "input drop",
    ]
)


@given(st.lists(LINES, max_size=6), st.sampled_from(["192.0.2.7", "192.0.2.9", "203.0.113.50", "203.0.113.51"]))
def test_what_no_rule_tells_apart_has_one_outcome(lines: list[str], address: str) -> None:
    """One gate that is asked about everybody says the same as one that is asked about one alone."""
    of = firewall(*lines, address_list=listed(peers=["203.0.113.50"]))
    sources = asked_sources(land(of), [Asked(address=each) for each in ("192.0.2.8", "203.0.113.50", address)])
    together = list(reach(gate(of), sources, [SSH, IKE, DNS]))
    alone = list(reach(gate(of), sources[2:], [SSH, IKE, DNS]))
    assert together[-len(alone) :] == alone
    for row in alone:
        for interface in row.interfaces:
            port, way = row.service.port, interface
            packet = Packet("input", address, None, row.service.protocol, 50000, port, way, connection_state="new")
            verdicts = {decide(of, replace(packet, dst=own)).verdict for own in sorted(of.local or ())}
            several = Verdict.CANNOT_TELL if Verdict.CANNOT_TELL in verdicts else Verdict.EITHER
            assert row.outcome.verdict is (several if len(verdicts) > 1 else verdicts.pop())
