# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the analysis finds, situation by situation."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import KINDS, SEVERITIES
from twin.defconf import DEFCONF

from tests.unit.firewall.firewalls import analysed, judged, told

NEVER = ("never-matches", "accept-after-drop", "limit-after-accept", "duplicate-rule")
IKE = "protocol=udp dst-port=500,4500"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(["drop protocol=tcp", "accept protocol=tcp dst-port=22"], ["accept-after-drop x 2 <1"], id="one"),
        pytest.param(
            ["accept src-address=192.0.2.0/25", "accept src-address=192.0.2.128/25", "drop src-address=192.0.2.0/24"],
            ["never-matches x 3 <1,2"],
            id="two-together",
        ),
        pytest.param(
            [
                "drop protocol=tcp dst-port=1-99",
                "drop protocol=tcp dst-port=100-200",
                "accept protocol=tcp dst-port=90-110",
            ],
            ["accept-after-drop x 3 <1,2"],
            id="ports-together",
        ),
        pytest.param(
            [
                *(f"drop connection-state={each}" for each in ("new,invalid", "established,related", "untracked")),
                "accept",
            ],
            ["accept-after-drop x 4 <1,2,3"],
            id="all-states",
        ),
        pytest.param(
            ["drop in-interface=ether1", "drop in-interface=!ether1", "accept"],
            ["accept-after-drop x 3 <1,2"],
            id="an-interface-and-all-others",
        ),
        pytest.param(
            ["drop src-address-list=a", "drop src-address-list=!a", "accept protocol=udp"],
            ["accept-after-drop x 3 <1,2"],
            id="a-list-and-its-negation",
        ),
        pytest.param(["drop src-address-list=a", "accept src-address-list=b"], [], id="lists-may-differ"),
        pytest.param(["drop protocol=tcp dst-port=0-65535", "accept protocol=tcp"], [], id="fragments-have-no-ports"),
        pytest.param(
            ["accept protocol=udp port=500", "accept protocol=udp src-port=500"], ["duplicate-rule x 2 <1"], id="either"
        ),
        pytest.param(["accept protocol=udp dst-port=500", "accept protocol=udp port=500"], [], id="either-is-wider"),
        pytest.param(["accept", "accept limit=10,5:packet"], ["limit-after-accept x 2 <1"], id="limit"),
        pytest.param(["accept limit=10,5:packet", "drop"], [], id="a-limit-leaves-the-rest"),
        pytest.param(["drop limit=10,5:packet", "drop limit=10,5:packet"], [], id="two-buckets"),
        pytest.param(["log", "passthrough", "add-src-to-address-list address-list=a", "accept"], [], id="not-final"),
        pytest.param(["drop disabled=yes", "accept"], [], id="disabled"),
        pytest.param(["drop dynamic=true", "accept"], [], id="dynamic"),
        pytest.param(["drop invalid=true", "accept"], [], id="invalid"),
        pytest.param(["accept", "drop dynamic=true"], [], id="of-a-dynamic-rule-nothing-is-said"),
        pytest.param(["drop quantum-state=new", "accept"], [], id="unknown-matcher"),
        pytest.param(["drop protocol=no-such-thing", "accept"], [], id="unknown-value"),
        pytest.param(["drop", "accept quantum-state=new"], ["accept-after-drop x 2 <1"], id="whatever-it-matches"),
        pytest.param(
            ["drop src-address-list=a", "add-src-to-address-list address-list=a", "drop src-address-list=a"],
            [],
            id="added-on-the-way",
        ),
        pytest.param(["fasttrack-connection", "accept"], [], id="fasttrack-is-not-final"),
        pytest.param(["tarpit", "drop protocol=udp"], [], id="tarpit-is-for-tcp"),
        pytest.param(["tarpit protocol=tcp", "drop protocol=tcp"], ["never-matches x 2 <1"], id="tarpit"),
        pytest.param(["drop", "log"], ["never-matches x 2 <1"], id="a-log-that-never-logs"),
        pytest.param(
            ["drop ipsec-policy=in,ipsec", "drop ipsec-policy=in,none", "accept"],
            ["accept-after-drop x 3 <1,2"],
            id="ipsec-or-not",
        ),
        pytest.param(
            ["drop protocol=tcp tcp-flags=syn", "accept protocol=tcp tcp-flags=syn,!ack"],
            ["accept-after-drop x 2 <1"],
            id="flags",
        ),
        pytest.param(
            ["drop protocol=icmp icmp-options=8:0-255", "accept protocol=icmp icmp-options=8:0"],
            ["accept-after-drop x 2 <1"],
            id="icmp",
        ),
        pytest.param(
            ["drop fragment=yes", "drop fragment=no", "accept"], ["accept-after-drop x 3 <1,2"], id="fragment"
        ),
    ],
)
def test_rules_that_never_match(rules: list[str], expected: list[str]) -> None:
    # In a chain of the user's own nothing is said of how it ends.
    found = judged("input jump jump-target=x", *(f"x {each}" for each in rules)).findings
    assert told(found, *NEVER) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(
            ["input jump jump-target=x protocol=tcp", "x drop protocol=udp"],
            ["never-matches x 1"],
            id="no-such-packet-comes",
        ),
        pytest.param(
            ["input jump jump-target=x protocol=tcp", "input jump jump-target=x protocol=udp", "x drop protocol=udp"],
            [],
            id="another-jump-brings-it",
        ),
        pytest.param(
            ["input drop protocol=tcp", "input jump jump-target=x", "x accept protocol=tcp"],
            ["accept-after-drop x 1 <1"],
            id="taken-before-the-jump",
        ),
        pytest.param(
            ["input jump jump-target=x", "x drop protocol=tcp", "input accept protocol=tcp"],
            ["accept-after-drop input 2 <1"],
            id="taken-in-the-chain",
        ),
        pytest.param(
            ["input jump jump-target=x limit=1,1", "x drop protocol=tcp", "input accept protocol=tcp"],
            [],
            id="not-all-go-there",
        ),
        pytest.param(
            ["input jump jump-target=x", "x return src-address=192.0.2.1", "x drop", "input accept"],
            [],
            id="some-return",
        ),
        pytest.param(
            ["input jump jump-target=x", "x return protocol=udp", "x drop", "input accept protocol=tcp"],
            ["accept-after-drop input 2 <2"],
            id="others-return",
        ),
        pytest.param(
            ["input jump jump-target=x", "x return", "x drop"], ["never-matches x 2 <1"], id="nothing-below-a-return"
        ),
        pytest.param(
            ["input jump jump-target=x", "x jump jump-target=y", "y drop", "input accept"],
            ["accept-after-drop input 2 <1"],
            id="two-deep",
        ),
        pytest.param(
            ["input jump jump-target=x", "x jump jump-target=y", "y jump jump-target=x", "y drop", "x accept"],
            [],
            id="of-a-loop-nothing-is-said",
        ),
    ],
)
def test_rules_that_never_match_because_of_jumps(rules: list[str], expected: list[str]) -> None:
    assert told(judged(*rules).findings, *NEVER) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(["drop protocol=tcp", "drop"], ["redundant x 1 <2"], id="the-rule-below-does-the-same"),
        pytest.param(["accept protocol=tcp", "drop"], [], id="another-action"),
        pytest.param(["drop protocol=tcp", "accept dst-address=192.0.2.1", "drop"], [], id="one-between-differs"),
        pytest.param(
            ["drop protocol=tcp", "accept protocol=udp", "drop"], ["redundant x 1 <3"], id="one-between-is-about-others"
        ),
        pytest.param(["drop protocol=tcp", "log", "drop"], [], id="it-would-be-logged"),
        pytest.param(["drop protocol=tcp log=yes", "drop"], [], id="it-logs"),
        pytest.param(["drop protocol=tcp", "drop log=yes"], [], id="the-other-logs"),
        pytest.param(["drop protocol=tcp", "passthrough", "drop"], ["redundant x 1 <3"], id="passthrough"),
        pytest.param(["drop protocol=tcp", "accept dynamic=true", "drop"], [], id="dynamic-between"),
        pytest.param(["reject", "drop"], [], id="reject-is-not-drop"),
        pytest.param(["reject protocol=tcp reject-with=tcp-reset", "reject"], [], id="another-answer"),
        pytest.param(
            ["accept protocol=udp limit=1,1", "accept protocol=udp"],
            ["redundant x 1 <2"],
            id="a-limit-without-a-drop-limits-nothing",
        ),
        pytest.param(
            ["accept protocol=udp", "accept limit=1,1", "accept protocol=udp dst-port=5"],
            [],
            id="it-would-use-up-a-limit",
        ),
        pytest.param(
            ["accept src-address=192.0.2.0/24", "accept src-address=192.0.2.0/25", "accept src-address=192.0.2.128/25"],
            [],
            id="what-never-matches-replaces-nothing",
        ),
        pytest.param(["drop protocol=tcp", "drop src-address-list=a"], [], id="only-some"),
        pytest.param(["accept", "accept limit=1,1 protocol=udp", "drop"], [], id="a-limit-below"),
        pytest.param(
            ["drop protocol=udp dst-port=5", "drop limit=1,1", "drop protocol=udp"], [], id="it-would-use-up-tokens"
        ),
        pytest.param(
            ["drop protocol=udp dst-port=5", "drop quantum-state=new", "drop protocol=udp"],
            [],
            id="who-knows-what-it-meters",
        ),
    ],
)
def test_rules_that_change_nothing(rules: list[str], expected: list[str]) -> None:
    assert told(judged("input jump jump-target=x", *(f"x {each}" for each in rules)).findings, "redundant") == expected


def test_other_tables_are_judged_by_their_own_actions() -> None:
    found = judged(
        framed=True,
        nat=[
            "srcnat src-nat to-addresses=192.0.2.1 src-address=198.51.100.0/24",
            "srcnat src-nat to-addresses=192.0.2.2 src-address=198.51.100.7",
            "srcnat masquerade",
        ],
        mangle=[
            "forward mark-packet passthrough=yes new-packet-mark=a",
            "forward accept packet-mark=a",
            "forward mark-packet passthrough=no new-packet-mark=a packet-mark=no-mark",
            "postrouting mark-packet passthrough=no new-packet-mark=b",
            "postrouting change-mss new-mss=1360 protocol=tcp",
        ],
        raw=["prerouting notrack", "prerouting drop", "prerouting accept"],
    ).findings
    assert told(found, *NEVER) == [
        "never-matches srcnat 2 <1",
        "accept-after-drop prerouting 3 <2",
        "never-matches postrouting 2 <1",
    ]


def test_the_defconf_firewall_is_well() -> None:
    analysis = analysed({**DEFCONF, "/interface": [{"name": "ether1"}, {"name": "ether2"}]})
    assert told(analysis.findings) == []
    assert analysis.unjudged == ()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (["input jump jump-target=x"], ["jump-nowhere input 3"]),
        (["input jump jump-target=x", "x drop disabled=yes"], ["jump-nowhere input 3"]),
        (["x drop", "x accept disabled=yes"], ["chain-unused x 1"]),
        (["x drop", "input jump jump-target=x dynamic=true"], []),
        (["x drop", "input jump jump-target=x disabled=yes"], ["chain-unused x 1"]),
        (["forward accept protocol=tcp", "forward accept"], ["accepts-without-drop forward 1 <2"]),
        (["forward accept protocol=tcp", "forward drop"], []),
        (["input accept src-address-list=nobody"], ["empty-address-list input 3"]),
        (["input accept src-address-list=!nobody ipsec-policy=in,ipsec"], []),
        (["input add-src-to-address-list address-list=bad limit=1,1", "input drop src-address-list=bad"], []),
        (["input accept in-interface=ipsec-vpn1"], ["unknown-interface input 3"]),
        (["input accept in-interface=all-ppp"], []),
        ([f"input accept {IKE}", "input drop connection-state=invalid"], ["invalid-drop-late input 4 <3"]),
        (["input accept protocol=icmp", "input drop connection-state=invalid"], []),
        (["input drop in-interface-list=WAN", f"input accept {IKE}"], ["ipsec-accept-after-drop input 4 <3"]),
        (
            ["input drop in-interface-list=WAN", "input accept protocol=ipsec-esp"],
            ["ipsec-accept-after-drop input 4 <3"],
        ),
        (["input drop in-interface-list=WAN", "input accept protocol=udp dst-port=53"], []),
    ],
)
def test_chains_and_names(rules: list[str], expected: list[str]) -> None:
    found = judged(*rules, framed=True, interface=[{"name": "ether1"}]).findings
    kinds = ("jump-nowhere", "chain-unused", "accepts-without-drop", "empty-address-list", "unknown-interface")
    assert told(found, *kinds, "invalid-drop-late", "ipsec-accept-after-drop") == expected


def test_places_are_counted_without_what_the_router_made_itself() -> None:
    found = judged("input passthrough dynamic=true", "input drop disabled=yes", "input drop", "input accept").findings
    assert told(found, *NEVER) == ["accept-after-drop input 3 <2"]


def test_what_could_not_be_judged_is_named() -> None:
    analysis = judged("input drop quantum-state=new", "input accept")
    assert [(each.rule.position, each.why) for each in analysis.unjudged] == [
        (1, "the meaning of quantum-state is not known")
    ]


def test_the_worst_comes_first_and_every_finding_says_what_to_do() -> None:
    found = judged("input accept", "x drop", "input accept limit=1,1", "forward accept").findings
    severities = [SEVERITIES.index(each.severity) for each in found]
    assert severities == sorted(severities)
    assert Counter(severities).keys() == {0, 1, 2}
    for text in chain.from_iterable((each.message, each.advice) for each in found):
        assert text
        assert not text.endswith(".")
    assert {KINDS[each.kind] for each in found} == {*SEVERITIES}
