# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules stand in another rule's way, and that the index finds exactly those that a plain search would."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.placement import obstacles
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.rules import rule_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.shadowing import Order, order
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.router import FILTER, FILTER6, NAT, POLICY, V7, entries, planned, rule, told

case = pytest.param
IKE = "accept protocol=udp dst-port=500,4500"


def in_the_way(upper: str, lower: str) -> bool:
    one, two = (rule_of(NAT if "nat" in text else FILTER, Entry("", rule(text)), V7) for text in (upper, lower))
    index = obstacles(FILTER, enumerate(entries("log", upper)), V7)
    found = order(one, two)
    assert index.first(two, 9) == (1 if found is Order.ABOVE else 9, 9 if found is Order.ANY else 1)
    return found is not Order.ANY


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        case("drop", IKE, id="final-drop"),
        case("reject", IKE, id="final-reject"),
        case("drop in-interface-list=!LAN", IKE, id="defconf-drop-all-not-from-lan"),
        case("drop in-interface=ether1", IKE, id="drop-from-an-interface"),
        case("drop connection-state=new in-interface-list=WAN", IKE, id="drop-new-from-wan"),
        case("drop connection-state=!established,related", IKE, id="drop-not-established"),
        case("drop connection-state=new connection-nat-state=!dstnat", IKE, id="defconf-drop-not-dstnated"),
        case("drop in-interface-list=WAN ipsec-policy=in,none", IKE, id="drop-what-came-in-clear"),
        case("drop src-address-list=!mgmt", IKE, id="drop-all-but-a-list"),
        case("drop packet-mark=no-mark", IKE, id="drop-what-has-no-mark"),
        case("drop protocol=udp dst-port=500-4500", IKE, id="drop-the-same-ports-and-more"),
        case("drop protocol=udp dst-port=500", IKE, id="drop-one-of-the-ports"),
        case("drop protocol=udp dst-port=4500,1701", IKE, id="drop-another-one-and-others"),
        case("drop protocol=udp dst-port=4400-4600 in-interface-list=WAN", IKE, id="drop-one-of-the-ports-from-wan"),
        case("drop protocol=udp port=500,1701,4500", IKE, id="drop-ports-of-either-side"),
        case("drop protocol=udp port=1-65535", IKE, id="drop-all-ports-of-either-side"),
        case("drop protocol=udp dst-port=500", "accept protocol=udp port=500", id="drop-a-port-of-one-side"),
        case("drop protocol=udp port=500", "accept protocol=udp src-port=500", id="drop-a-source-port"),
        case("drop src-address=0.0.0.0/0", IKE, id="drop-any-source"),
        case("drop src-address=0.0.0.0-255.255.255.255 dst-address=0.0.0.0/0", IKE, id="drop-from-any-to-any"),
        case("drop dst-address-type=local", IKE, id="drop-what-is-for-the-router"),
        case("drop src-address=192.0.2.0/24", "accept src-address=192.0.2.7", id="drop-a-wider-net"),
        case("drop", "jump jump-target=vpn protocol=udp", id="jump-below-a-final-drop"),
        case("drop in-interface-list=!LAN", "log protocol=udp", id="log-below-a-drop"),
        case("return", IKE, id="return-for-all"),
        case("accept", "drop src-address=192.0.2.7", id="drop-below-accept-all"),
        case(IKE, "drop protocol=udp dst-port=500", id="a-deny-for-one-of-the-permitted-ports"),
        case(
            "fasttrack-connection connection-state=established",
            "accept ipsec-policy=in,ipsec",
            id="fasttrack-above-ipsec",
        ),
        case("masquerade chain=srcnat", "accept chain=srcnat dst-address=10.2.0.0/16", id="masquerade-above-bypass"),
        case(
            "src-nat chain=srcnat dst-address=10.0.0.0/8",
            "accept chain=srcnat dst-address=10.2.0.0/16",
            id="nat-of-a-wider-net",
        ),
        case(
            "src-nat chain=srcnat dst-address=10.2.3.0/24",
            "accept chain=srcnat dst-address=10.2.0.0/16",
            id="nat-of-a-part",
        ),
        case(
            "src-nat chain=srcnat dst-address=10.0.0.0/8",
            "accept chain=srcnat dst-address=!10.2.0.0/16",
            id="nat-of-all-but-a-part",
        ),
        case(
            "masquerade chain=srcnat src-address-list=a",
            "accept chain=srcnat src-address-list=b",
            id="a-host-may-be-in-both-lists",
        ),
        case(
            "masquerade chain=srcnat out-interface-list=WAN ipsec-policy=out,none",
            "src-nat chain=srcnat src-address=10.1.0.0/16",
            id="masquerade-above-src-nat",
        ),
    ],
)
def test_in_the_way(upper: str, lower: str) -> None:
    assert in_the_way(upper, lower)


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        case("drop connection-state=invalid", IKE, id="drop-invalid"),
        case("drop src-address-list=blacklist", IKE, id="blacklist"),
        case("drop src-address=192.0.2.7", IKE, id="one-bad-host"),
        case("drop protocol=udp dst-port=500 limit=!10,5", IKE, id="drop-the-excess"),
        case("drop protocol=tcp", IKE, id="another-protocol"),
        case("drop protocol=udp dst-port=500 src-address=192.0.2.7", IKE, id="one-of-the-ports-for-one-host"),
        case("drop protocol=udp dst-port=500 connection-state=invalid", IKE, id="one-of-the-ports-for-some-states"),
        case("drop protocol=tcp dst-port=23", "accept protocol=tcp dst-port=1-1023", id="a-hole-in-a-range"),
        case("drop protocol=udp dst-port=!500,4500", IKE, id="all-ports-but-those"),
        case("drop protocol=udp port=1701", IKE, id="other-ports-of-either-side"),
        case("drop protocol=udp src-port=500", IKE, id="ports-of-the-other-side"),
        case("drop dst-address-type=local chain=forward", IKE + " chain=forward", id="local-is-not-all-of-forward"),
        case("drop dst-address-type=broadcast", IKE, id="broadcasts"),
        case(
            "dst-nat chain=dstnat protocol=tcp dst-port=80",
            "dst-nat chain=dstnat protocol=tcp dst-port=80,443",
            id="nat-of-one-of-the-ports",
        ),
        case("drop in-interface=ether1", "accept in-interface=ether2", id="another-interface"),
        case("drop connection-state=new", "accept connection-state=established,related", id="another-state"),
        case("drop tcp-flags=!syn", IKE, id="a-meter"),
        case("accept connection-state=established,related", "drop connection-state=invalid", id="accept-of-others"),
        case(IKE, IKE, id="the-same-rule-of-another-owner"),
        case("drop", "drop", id="the-same-drop"),
        case("drop in-interface-list=!LAN", "drop protocol=udp dst-port=500", id="one-drop-above-another"),
        case("return protocol=udp", IKE.replace("udp", "tcp"), id="return-for-others"),
        case("log", IKE, id="log"),
        case("fasttrack-connection", "accept connection-state=established,related", id="fasttrack-above-plain-accept"),
        case(
            "masquerade chain=srcnat ipsec-policy=out,none",
            "accept chain=srcnat ipsec-policy=out,ipsec",
            id="masquerade-for-clear-traffic",
        ),
        case(
            "src-nat chain=srcnat dst-address=172.16.0.0/12",
            "accept chain=srcnat dst-address=10.2.0.0/16",
            id="nat-of-another-net",
        ),
        case(
            "masquerade chain=srcnat out-interface-list=WAN",
            "masquerade chain=srcnat out-interface-list=WAN",
            id="two-masquerades",
        ),
        case(
            "src-nat chain=srcnat src-address=10.1.0.0/16", "masquerade chain=srcnat", id="narrow-nat-above-masquerade"
        ),
    ],
)
def test_not_in_the_way(upper: str, lower: str) -> None:
    assert not in_the_way(upper, lower)


@pytest.mark.parametrize(
    ("have", "changes"),
    [
        case(["drop"], ["add new <*0"], id="above-a-drop"),
        case(["accept", "drop"], ["add new <*0"], id="above-an-accept-for-all"),
        case(["drop disabled=true"], ["add new"], id="a-disabled-drop"),
        case(
            ["drop src-address-list=bad", "accept protocol=icmp", "drop"], ["add new <*2"], id="no-higher-than-needed"
        ),
        case(["drop chain=forward"], ["add new"], id="another-chain"),
        case(["jump jump-target=a", "drop chain=a"], ["add new <*0"], id="a-jump-into-a-chain-that-drops"),
        case(
            ["jump jump-target=a in-interface-list=WAN", "jump chain=a jump-target=b", "drop chain=b"],
            ["add new <*0"],
            id="through-two-jumps",
        ),
        case(["jump jump-target=a", "drop chain=a src-address-list=bad"], ["add new"], id="a-jump-for-bad-hosts"),
        case(
            ["jump jump-target=a", "accept chain=a", "drop chain=a"], ["add new"], id="a-jump-into-a-chain-that-accepts"
        ),
        case(["jump jump-target=a", "return chain=a", "drop chain=a"], ["add new"], id="a-jump-that-returns"),
        case(["jump jump-target=a protocol=tcp", "drop chain=a"], ["add new"], id="a-jump-for-other-traffic"),
        case(["jump jump-target=a", "jump chain=a jump-target=input"], ["add new"], id="jumps-in-a-circle"),
        case(["return"], ["add new <*0"], id="above-a-return"),
        case(
            ["drop src-address-list=bad", "drop protocol=udp dst-port=500", "drop protocol=udp dst-port=4500"],
            ["add new <*1"],
            id="above-two-drops-for-a-port-each",
        ),
    ],
)
def test_a_new_rule_lands_where_it_can_match(have: list[str], changes: list[str]) -> None:
    assert told(planned(FILTER, entries(*have), [f"{IKE} #new"])) == changes


MASQUERADE = "masquerade chain=nat"
HASTE = "fasttrack-connection chain=fast connection-state=established"
BYPASS, FROM_TUNNEL = "accept dst-address=10.2.0.0/16", "accept ipsec-policy=in,ipsec"


@pytest.mark.parametrize(
    ("have", "want", "changes"),
    [
        case(["jump jump-target=nat", MASQUERADE], BYPASS, ["add new <*0"], id="masquerade"),
        case(
            ["jump jump-target=nat", "accept chain=nat dst-address=10.3.0.0/16", MASQUERADE],
            BYPASS,
            ["add new <*0"],
            id="masquerade-with-an-exception",
        ),
        case(["jump jump-target=a", "jump chain=a jump-target=nat", MASQUERADE], BYPASS, ["add new <*0"], id="nested"),
        case(["jump jump-target=fast", HASTE], FROM_TUNNEL, ["add new <*0"], id="fasttrack"),
        case(["jump jump-target=fast", HASTE], BYPASS, ["add new"], id="fasttrack-concerns-tunnels"),
        case(["jump jump-target=nat", "accept chain=nat", MASQUERADE], BYPASS, ["add new"], id="never-gets-there"),
        case(["jump jump-target=nat dst-address=172.16.0.0/12", MASQUERADE], BYPASS, ["add new"], id="others-jump"),
        case(["jump jump-target=nat", f"{MASQUERADE} dst-address=172.16.0.0/12"], BYPASS, ["add new"], id="of-others"),
        case(["jump jump-target=nat", f"{MASQUERADE} disabled=true"], BYPASS, ["add new"], id="off"),
        case(["jump jump-target=a", "jump chain=a jump-target=a"], BYPASS, ["add new"], id="in-a-circle"),
        case(
            ["jump jump-target=nat", *(f"{MASQUERADE} dst-address=172.16.{n}.0/24" for n in range(20))],
            BYPASS,
            ["add new <*0"],
            id="too-many-to-look-at",
        ),
    ],
)
def test_what_translates_or_hastens_behind_a_jump_stands_in_its_place(
    have: list[str], want: str, changes: list[str]
) -> None:
    menu = FILTER if "fast" in have[0] else NAT
    assert told(planned(menu, entries(*have), [f"{want} #new"])) == changes


def test_a_dynamic_rule_is_no_obstacle_and_no_landmark() -> None:
    have = (Entry("*D", rule("drop"), dynamic=True), *entries("accept protocol=tcp"))
    assert told(planned(FILTER, have, [f"{IKE} #new"])) == ["add new"]


def test_a_rule_that_others_have_shut_in_is_moved_above() -> None:
    have = entries("drop", f"{IKE} #mine")
    assert told(planned(FILTER, have, [f"{IKE} #mine"])) == ["move *1 <*0"]


@pytest.mark.parametrize("side", ["dst-port=500", "src-port=500", "port=500"])
def test_among_many_rules_for_ports_those_of_either_side_are_found(side: str) -> None:
    have = entries(*(f"drop protocol=udp {name}=6{n:03}" for n in range(20) for name in ("dst-port", "src-port")))
    last = Entry("*L", rule(f"drop protocol=udp {side}"))
    want = ["accept protocol=udp src-port=500 dst-port=500 #new"]
    assert told(planned(FILTER, [*have, last], want)) == ["add new <*L"]


def test_two_owners_of_one_rule_leave_each_other_alone() -> None:
    have = entries(f"{IKE} #one", f"{IKE} #two")
    assert told(planned(FILTER, have, [f"{IKE} #one"])) == []
    assert told(planned(FILTER, have, [f"{IKE} #two"])) == []


def test_policies_go_above_a_discard_for_all_and_beside_templates() -> None:
    template = {"template": "true", "group": "x", "src-address": "::/0", "dst-address": "::/0"}
    have = entries(template, {"action": "discard", "src-address": "0.0.0.0/0", "dst-address": "0.0.0.0/0"})
    want = {"peer": "b", "tunnel": "yes", "src-address": "192.168.1.0/24", "dst-address": "192.168.2.0/24"}
    assert told(planned(POLICY, have, [{**want, "comment": "new"}])) == ["add new <*1"]
    foreign = entries({"peer": "x", "src-address": "192.168.0.0/16", "dst-address": "192.168.0.0/16"})
    assert told(planned(POLICY, foreign, [{"template": "yes", "group": "y", "comment": "new"}])) == ["add new"]


@pytest.mark.parametrize(
    ("have", "want", "changes"),
    [
        case(["drop"], IKE, ["add new <*0"], id="final-drop"),
        case(["drop in-interface-list=!LAN"], "accept protocol=icmpv6", ["add new <*0"], id="defconf-drop"),
        case(["drop src-address=::/0"], IKE, ["add new <*0"], id="drop-any-source"),
        case(["drop src-address=0::0/0 dst-address=::/0"], IKE, ["add new <*0"], id="drop-from-any-to-any"),
        case(
            ["drop src-address=2001:db8::/32"],
            "accept src-address=2001:DB8:0::7/128",
            ["add new <*0"],
            id="drop-a-wider-net",
        ),
        case(["drop src-address=2001:db8::/64"], "accept src-address=2001:db8:1::7", ["add new"], id="another-net"),
        case(["drop src-address-list=bad_ipv6"], IKE, ["add new"], id="blacklist"),
        case(["drop protocol=icmpv6 hop-limit=not-equal:255"], IKE, ["add new"], id="another-protocol"),
        case(
            ["fasttrack-connection connection-state=established"],
            "accept ipsec-policy=in,ipsec",
            ["add new <*0"],
            id="fasttrack-above-ipsec",
        ),
        case(["accept src-address=2001:db8::7/128"], "accept src-address=2001:db8:0:0::7 #", [], id="the-same-rule"),
    ],
)
def test_rules_of_ipv6_find_their_place_as_those_of_ipv4_do(have: list[str], want: str, changes: list[str]) -> None:
    mine = want.removesuffix(" #") if "#" in want else f"{want} #new"
    assert told(planned(FILTER6, entries(*have), [mine])) == changes


def test_among_many_hosts_of_ipv6_the_one_in_the_way_is_found() -> None:
    have = entries(*(f"drop src-address=2001:db8:{n:x}::/48" for n in range(200)))
    assert told(planned(FILTER6, have, ["accept src-address=2001:db8:7f::1 #new"])) == ["add new <*127"]


@pytest.mark.parametrize("action", ["drop", "accept", "fasttrack-connection", "src-nat"])
@pytest.mark.parametrize("text", ["dst-port=*5", "src-address=some-day", "protocol=new", "connection-state=odd"])
def test_a_value_that_nobody_understands_is_no_reason_to_fail(action: str, text: str) -> None:
    want = [f"accept protocol=udp dst-port=500 src-address=192.0.2.1 connection-state=new #{n}" for n in "ab"]
    assert len(planned(FILTER, entries(f"{action} {text}"), want).changes) == 2


ACTIONS = st.sampled_from(
    ["accept", "drop", "reject", "masquerade", "src-nat", "fasttrack-connection", "return", "log", "jump"]
)
VALUES = {
    "protocol": ["udp", "tcp", "!udp"],
    "port": ["500", "500,1701,4500", "!500"],
    "src-port": ["500", "4500"],
    "dst-address-type": ["local", "!local", "broadcast"],
    "dst-port": ["500", "500,4500", "1-65535", "500-600", "!500", "4500"],
    "src-address": ["192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9", "!192.0.2.0/24", "0.0.0.0/0", "198.51.100.1"],
    "in-interface": ["ether1", "ether2", "all-ethernet", "!ether1"],
    "in-interface-list": ["LAN", "!LAN", "WAN"],
    "connection-state": ["new", "established,related", "invalid", "!established", "established,new"],
    "ipsec-policy": ["in,ipsec", "in,none", "out,ipsec", "out,none"],
    "connection-mark": ["no-mark", "a", "!a"],
    "limit": ["10,5", "!10,5"],
    "dscp": ["1", "2", "!1"],
    "src-mac-address": ["48:8F:5A:00:00:01", "48:8F:5A:00:00:02"],
    "icmp-options": ["8:0", "8:0-255", "3:0"],
    "tcp-flags": ["syn", "syn,!ack"],
}
MATCHERS = st.lists(st.sampled_from([(name, text) for name in VALUES for text in VALUES[name]]), max_size=3).map(dict)
RULES = st.builds(lambda action, matchers: {"chain": "input", "action": action, **matchers}, ACTIONS, MATCHERS)


@given(st.lists(RULES, max_size=12), st.lists(RULES, min_size=1, max_size=3))
def test_the_index_finds_what_a_plain_search_finds(upper: list[dict[str, str]], lower: list[dict[str, str]]) -> None:
    index = obstacles(FILTER, list(enumerate(entries(*upper))), V7)
    above = [rule_of(FILTER, Entry("", values), V7) for values in upper]
    for values in lower:
        wanted = rule_of(FILTER, Entry("", values), V7)
        orders = [order(each, wanted) for each in above if each.action != "jump"]
        places = [n for n, each in enumerate(above) if each.action != "jump"]
        plain = next((n for n, found in zip(places, orders, strict=True) if found is Order.ABOVE), 99)
        soft = next((n for n, found in zip(places, orders, strict=True) if found is not Order.ANY), 99)
        assert index.first(wanted, 99) == (plain, soft)
        assert index.first(wanted, 2) == (min(plain, 2), min(soft, 2))


@given(RULES, RULES)
def test_no_two_rules_are_both_in_each_others_way_when_they_do_the_same(
    one: dict[str, str], two: dict[str, str]
) -> None:
    """Or two owners would move them for ever."""
    first, second = (rule_of(FILTER, Entry("", {**values, "action": one["action"]}), V7) for values in (one, two))
    assert Order.ABOVE not in (order(first, second), order(second, first)) or order(first, second) != order(
        second, first
    )
