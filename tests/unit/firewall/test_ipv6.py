# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter of IPv6 is judged as that of IPv4 is: the same rules in its words get the same findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import Finding
from hypothesis import given, settings

from tests.unit.firewall.firewalls import LISTS, Row, judged, told
from tests.unit.firewall.test_truth import Rule, firewalls

PATH = "/ipv6/firewall/filter"
WAN = [{"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "bridge"}]
SSH = "protocol=tcp dst-port=22"
# Over IPv4, which is judged besides.
SOUND = ["input drop in-interface-list=!LAN"]


def judged6(*rules: str | Row, addresses: Iterable[Row] = ()) -> list[Finding]:
    """What is said of rules of the IPv6 filter."""
    found = judged(ipv6_filter=rules, ipv6_address_list=addresses, list=LISTS, member=WAN).findings
    return [each for each in found if each.menu == PATH]


def in_ipv6(rule: Rule) -> Rule:
    """A rule of IPv4 in the words of IPv6."""
    words = {"icmp": "icmpv6", "!icmp": "!icmpv6"}
    return {
        name: words.get(text, text).replace("192.0.2.", "2001:db8::").replace("/30", "/126")
        for name, text in rule.items()
    }


def without_cuts(findings: Sequence[Finding]) -> list[str]:
    """Findings in short, without what is not said of IPv6."""
    return told(each for each in findings if each.kind != "management-cut")


@settings(max_examples=200, deadline=None)
@given(firewalls())
def test_the_same_rules_get_the_same_findings(rules: list[Rule]) -> None:
    four, six = judged(*rules).findings, judged(ipv6_filter=map(in_ipv6, rules)).findings
    assert without_cuts([each for each in six if each.menu == PATH]) == without_cuts(four)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(
            [
                "accept src-address=2001:db8::/33",
                "accept src-address=2001:db8:8000::/33",
                "drop src-address=2001:db8::/32",
            ],
            ["never-matches input 3 <1,2"],
            id="two-halves",
        ),
        pytest.param(
            ["drop src-address=2001:db8::/64", "drop src-address=!2001:db8::/64", "accept protocol=icmpv6"],
            ["accept-after-drop input 3 <1,2"],
            id="a-prefix-and-its-negation",
        ),
        pytest.param(["drop src-address=::/0", "accept"], ["accept-after-drop input 2 <1"], id="everybody"),
        pytest.param(
            ["accept src-address=2001:DB8:0:0::1/128", "accept src-address=2001:db8::1"],
            ["duplicate-rule input 2 <1"],
            id="one-host-spelled-twice",
        ),
        pytest.param(
            ["accept protocol=icmpv6", "drop protocol=icmpv6 icmp-options=137:0"],
            ["never-matches input 2 <1"],
            id="a-type-of-icmpv6",
        ),
        pytest.param(
            ["drop protocol=icmpv6 hop-limit=not-equal:255", "accept protocol=icmpv6 icmp-options=135:0"],
            [],
            id="neighbours-from-afar",
        ),
        pytest.param(["drop headers=route", "accept headers=frag"], [], id="headers-may-come-together"),
    ],
)
def test_rules_that_others_leave_nothing_to(rules: list[str], expected: list[str]) -> None:
    kinds = ("never-matches", "accept-after-drop", "duplicate-rule")
    assert told(judged6(*(f"input {each}" for each in rules)), *kinds) == expected


@pytest.mark.parametrize(
    ("rules", "doors"),
    [
        pytest.param([f"input accept {SSH}", "input drop"], ["management-open input 1"], id="from-anywhere"),
        pytest.param(
            [f"input accept {SSH} src-address=2000::/3", "input drop"], ["management-open input 1"], id="half"
        ),
        pytest.param(
            [f"input accept {SSH} src-address-list=all", "input drop"], ["management-open input 1"], id="list-of-all"
        ),
        pytest.param(["input accept protocol=icmpv6"], ["management-open input"], id="no-drop"),
        pytest.param([f"input accept {SSH} src-address=2001:db8::/32", "input drop"], [], id="from-one-network"),
        pytest.param([f"input accept {SSH} src-address=fe80::/10", "input drop"], [], id="from-neighbours"),
        pytest.param([f"input accept {SSH} src-address-list=mgmt", "input drop"], [], id="from-a-list"),
        pytest.param([f"input accept {SSH} dst-address=fe80::/10", "input drop"], [], id="to-an-inner-address"),
        pytest.param(["input drop in-interface-list=!LAN"], [], id="drop-from-outside"),
    ],
)
def test_who_can_manage_the_router_over_ipv6(rules: list[str], doors: list[str]) -> None:
    lists = [{"list": "all", "address": "::/0"}, {"list": "mgmt", "address": "2001:db8::/64"}]
    assert told(judged6(*rules, addresses=lists), "management-open") == doors


def test_the_filter_as_a_whole() -> None:
    assert told(judged6("input accept protocol=icmpv6"), "input-without-drop") == ["input-without-drop input"]
    assert told(judged6("input drop"), "management-cut") == []


FAST = "forward fasttrack-connection connection-state=established"
TUNNEL6 = {"src-address": "2001:db8:10::/64", "dst-address": "2001:db8:20::/64", "tunnel": "yes", "peer": "b"}
TUNNEL4 = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "tunnel": "yes", "peer": "b"}


@pytest.mark.parametrize(
    ("rules", "policy", "expected"),
    [
        pytest.param(
            [FAST, "forward accept ipsec-policy=in,ipsec"],
            TUNNEL6,
            ["fasttrack-above-ipsec forward 1 <2"],
            id="above-the-accept",
        ),
        pytest.param([FAST], TUNNEL6, ["fasttrack-takes-tunnel forward 1"], id="no-accept"),
        pytest.param([f"{FAST} src-address=2001:db8:30::/64"], TUNNEL6, [], id="of-another-network"),
        pytest.param(
            ["forward accept src-address=2001:db8::/32", "forward accept ipsec-policy=in,ipsec", FAST],
            TUNNEL6,
            [],
            id="below-accepts-for-both-ways",
        ),
        pytest.param([FAST, "forward accept ipsec-policy=in,ipsec"], TUNNEL4, [], id="a-tunnel-of-ipv4-alone"),
    ],
)
def test_fasttrack_of_ipv6_matters_to_tunnels_of_ipv6(rules: list[str], policy: Row, expected: list[str]) -> None:
    found = judged(ipv6_filter=rules, policy=[policy]).findings
    assert told(found, "fasttrack-above-ipsec", "fasttrack-takes-tunnel") == expected


def test_fasttrack_of_ipv4_does_not_matter_to_tunnels_of_ipv6() -> None:
    found = judged(FAST, policy=[TUNNEL6]).findings
    assert told(found, "fasttrack-above-ipsec", "fasttrack-takes-tunnel") == []


def test_without_rules_nothing_is_said_of_ipv6() -> None:
    assert judged6() == []
    assert judged6({"chain": "forward", "action": "passthrough", "dynamic": "true"}) == []


def test_lists_of_one_family_are_not_those_of_the_other() -> None:
    rules = [f"input accept {SSH} src-address-list=mgmt", "input drop"]
    mine, yours = [{"list": "mgmt", "address": "2001:db8::/64"}], [{"list": "mgmt", "address": "192.0.2.1"}]
    assert told(judged6(*rules, addresses=mine), "empty-address-list") == []
    found = judged(*SOUND, ipv6_filter=rules, ipv6_address_list=[], address_list=yours).findings
    assert told(found, "empty-address-list") == ["empty-address-list input 1"]
    adding = judged("x add-src-to-address-list address-list=mgmt", ipv6_filter=rules, ipv6_address_list=[]).findings
    assert told(adding, "empty-address-list") == ["empty-address-list input 1"]
