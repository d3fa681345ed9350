# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a packet: tables of situations, each with the rules from the top, the packet and who decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict, facts
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide

from tests.unit.engine.router import FILTER, entries, rule
from tests.unit.firewall.packets import ESP, INVALID, PING, SSH, TRANSIT, decided, short

case = pytest.param


@pytest.mark.parametrize(
    ("packet", "matchers", "matches"),
    [
        case(SSH, "protocol=tcp", True, id="protocol"),
        case(SSH, "protocol=udp", False, id="another-protocol"),
        case(SSH, "protocol=!udp", True, id="protocol-negated"),
        case(ESP, "protocol=ipsec-esp", True, id="protocol-number-is-the-name"),
        case(SSH, "protocol=6", True, id="protocol-name-is-the-number"),
        case(SSH, "protocol=tcp dst-port=22", True, id="port"),
        case(SSH, "protocol=tcp dst-port=20,22-25", True, id="port-in-list-and-range"),
        case(SSH, "protocol=tcp dst-port=23-25,80", False, id="port-not-in-list"),
        case(SSH, "protocol=tcp dst-port=!22", False, id="port-negated"),
        case(SSH, "protocol=tcp src-port=1024-65535", True, id="source-port"),
        case(SSH, "protocol=tcp port=22", True, id="either-port-is-the-destination"),
        case(replace(SSH, src_port=22, dst_port=9), "protocol=tcp port=22", True, id="either-port-is-the-source"),
        case(SSH, "protocol=tcp port=23", False, id="neither-port"),
        case(SSH, "protocol=tcp port=!22", False, id="either-port-negated"),
        case(ESP, "dst-port=500", False, id="a-packet-without-ports"),
        case(ESP, "port=500", False, id="a-packet-without-either-port"),
        case(replace(SSH, fragment=True), "protocol=tcp dst-port=22", False, id="a-fragment-has-no-ports"),
        case(SSH, "src-address=192.0.2.7", True, id="host"),
        case(SSH, "src-address=192.0.2.0/29", True, id="prefix"),
        case(SSH, "src-address=192.0.2.8/29", False, id="another-prefix"),
        case(SSH, "src-address=192.0.2.1-192.0.2.7", True, id="range"),
        case(SSH, "src-address=!192.0.2.0/29", False, id="prefix-negated"),
        case(SSH, "dst-address=!192.0.2.0/29", True, id="destination-negated"),
        case(SSH, "src-address-list=mgmt", True, id="list"),
        case(SSH, "src-address-list=!mgmt", False, id="list-negated"),
        case(SSH, "dst-address-list=mgmt", False, id="destination-not-in-list"),
        case(SSH, "src-address-list=span", True, id="range-in-list"),
        case(SSH, "src-address-list=off", False, id="disabled-list-entry"),
        case(SSH, "src-address-list=banned", True, id="dynamic-list-entry"),
        case(SSH, "src-address-list=nobody", False, id="list-without-entries"),
        case(SSH, "src-address-list=!nobody", True, id="list-without-entries-negated"),
        case(SSH, "src-address-list=named", None, id="name-in-list"),
        case(SSH, "src-address-list=solved", False, id="resolved-name-of-another"),
        case(replace(SSH, src="198.51.100.9"), "src-address-list=solved", True, id="resolved-name"),
        case(SSH, "src-address-list=mgmt,!span", None, id="two-lists"),
        case(SSH, "in-interface=ether1", True, id="interface"),
        case(SSH, "in-interface=!ether1", False, id="interface-negated"),
        case(SSH, "in-interface=all-ethernet", None, id="sort-of-interface"),
        case(SSH, "in-interface-list=WAN", True, id="interface-list"),
        case(SSH, "in-interface-list=!LAN", True, id="interface-list-negated-and-member-disabled"),
        case(SSH, "in-interface-list=all", True, id="list-of-all"),
        case(SSH, "in-interface-list=none", False, id="list-of-none"),
        case(SSH, "in-interface-list=dynamic", None, id="list-of-dynamic"),
        case(SSH, "out-interface=bridge", False, id="input-leaves-by-no-interface"),
        case(SSH, "out-interface=!bridge", None, id="no-interface-negated"),
        case(SSH, "out-interface-list=!LAN", None, id="no-interface-in-a-list-negated"),
        case(TRANSIT, "out-interface-list=LAN in-interface-list=WAN", True, id="both-interfaces"),
        case(SSH, "connection-state=established,new", True, id="state"),
        case(SSH, "connection-state=!established,related,untracked", True, id="state-negated"),
        case(SSH, "connection-state=invalid", False, id="another-state"),
        case(SSH, "connection-nat-state=dstnat", False, id="not-translated"),
        case(SSH, "connection-nat-state=!dstnat", True, id="not-translated-negated"),
        case(
            replace(SSH, connection_nat_state=frozenset({"dstnat"})),
            "connection-nat-state=srcnat,dstnat",
            True,
            id="translated",
        ),
        case(INVALID, "connection-nat-state=dstnat", False, id="no-connection"),
        case(INVALID, "connection-nat-state=!dstnat", None, id="no-connection-negated"),
        case(SSH, "ipsec-policy=in,none", True, id="came-in-clear"),
        case(SSH, "ipsec-policy=in,ipsec", False, id="not-out-of-a-tunnel"),
        case(replace(SSH, ipsec_in=True), "ipsec-policy=in,ipsec", True, id="out-of-a-tunnel"),
        case(SSH, "ipsec-policy=out,none", None, id="input-cannot-ask-what-leaves"),
        case(replace(TRANSIT, ipsec_out=True), "ipsec-policy=out,ipsec", True, id="into-a-tunnel"),
        case(PING, "protocol=icmp icmp-options=8:0", True, id="icmp"),
        case(PING, "protocol=icmp icmp-options=8:0-255", True, id="icmp-all-codes"),
        case(PING, "protocol=icmp icmp-options=8", True, id="icmp-type"),
        case(PING, "protocol=icmp icmp-options=3:4", False, id="another-icmp-type"),
        case(PING, "protocol=icmp icmp-options=!8:0", False, id="icmp-negated"),
        case(SSH, "protocol=tcp tcp-flags=syn,!ack", True, id="flags"),
        case(SSH, "protocol=tcp tcp-flags=syn,ack", False, id="flag-not-set"),
        case(SSH, "protocol=tcp tcp-flags=!syn", False, id="flag-set"),
        case(SSH, "fragment=yes", False, id="no-fragment"),
        case(SSH, "limit=10,5:packet", "chance", id="limit"),
        case(SSH, "limit=!10,5:packet", "chance", id="limit-negated"),
        case(SSH, "dst-limit=1/1m,5,src-address/1m40s", "chance", id="limit-per-address"),
        case(SSH, "limit=10,5:packet protocol=udp", False, id="limit-on-other-traffic"),
        case(SSH, "packet-mark=no-mark", None, id="mark-unknown"),
        case(replace(SSH, facts=facts(packet_mark="no-mark")), "packet-mark=no-mark", True, id="mark-known"),
        case(replace(SSH, facts=facts(packet_mark="a")), "packet-mark=no-mark", False, id="mark-differs"),
        case(replace(SSH, facts=facts(dscp="46")), "dscp=!0", True, id="fact-negated"),
        case(SSH, "connection-limit=10,32", None, id="count-of-connections-unknown"),
        case(SSH, "time=8h-18h,mon", None, id="time-unknown"),
        case(SSH, "shoe-size=43", None, id="unknown-matcher"),
        case(SSH, "connection-state=", None, id="an-empty-matcher"),
        case(SSH, "dst-address-type= protocol=udp", False, id="an-empty-matcher-on-other-traffic"),
        case(SSH, "shoe-size=43 protocol=udp", False, id="unknown-matcher-on-other-traffic"),
        case(SSH, "dst-port=ssh protocol=tcp", None, id="value-not-understood"),
        case(replace(SSH, src=None), "src-address=192.0.2.7", None, id="source-unknown"),
        case(replace(SSH, src=None), "src-address-list=mgmt", None, id="source-unknown-and-list"),
        case(replace(SSH, src=None), "src-address-list=nobody", False, id="source-unknown-and-no-list"),
        case(replace(SSH, dst_port=None), "protocol=tcp dst-port=22", None, id="port-unknown"),
        case(replace(SSH, dst_port=None), "protocol=tcp port=50000", True, id="one-port-is-enough"),
        case(replace(SSH, protocol=None), "protocol=tcp", None, id="protocol-unknown"),
        case(replace(SSH, in_interface=None), "in-interface-list=!LAN", None, id="interface-unknown"),
        case(replace(SSH, connection_state=None), "connection-state=new", None, id="state-unknown"),
    ],
)
def test_a_matcher(packet: Packet, matchers: str, matches: bool | str | None) -> None:
    """Three rules tell the four answers apart: yes, no, by chance, nobody knows."""
    line = f"drop {matchers}" if packet.chain == "input" else f"drop chain={packet.chain} {matchers}"
    said = {True: "drop *0", False: "accept end", "chance": "either *0 end", None: "cannot tell *0 end"}
    assert short(decided(packet, line)) == said[matches]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        case([], "accept end", id="no-rules"),
        case(["accept", "drop"], "accept *0", id="first-match-wins"),
        case(["drop protocol=udp", "accept dst-port=22 protocol=tcp", "drop"], "accept *1", id="first-that-matches"),
        case(["reject", "accept"], "drop *0", id="reject"),
        case(["tarpit protocol=tcp", "accept"], "drop *0", id="tarpit"),
        case(["fasttrack-connection", "drop"], "accept *0", id="fasttrack-accepts"),
        case(["passthrough", "log", "drop"], "drop *2", id="passthrough-and-log-go-on"),
        case(["drop disabled=true", "accept"], "accept *1", id="disabled"),
        case(["drop chain=forward", "drop chain=output"], "accept end", id="other-chains"),
        case(["drop limit=1,5:packet", "drop"], "drop *0 *1", id="limit-that-makes-no-difference"),
        case(["accept limit=1,5:packet", "drop"], "either *0 *1", id="limit-then-drop"),
        case(["accept", "drop limit=1,5:packet"], "accept *0", id="limit-below-an-accept"),
        case(["accept src-address-list=named", "drop"], "cannot tell *0 *1", id="unknown"),
        case(["accept src-address-list=named", "accept"], "accept *0 *1", id="unknown-that-makes-no-difference"),
        case(
            ["accept limit=1,5:packet", "drop time=1h-2h", "drop"],
            "either *0 *1 *2",
            id="unknown-that-makes-no-difference-to-chance",
        ),
        case(["accept time=1h-2h limit=1,5:packet", "drop"], "cannot tell *0 *1", id="chance-if-at-all"),
        case(
            ["accept limit=1,5:packet", "drop time=1h-2h", "accept"],
            "cannot tell *0 *1 *2",
            id="chance-but-only-if",
        ),
        case(["smite", "drop"], "cannot tell *0 *1", id="unknown-action"),
        case(["smite protocol=udp", "drop"], "drop *1", id="unknown-action-on-other-traffic"),
        case(["jump jump-target=a", "drop", "accept chain=a"], "accept *2", id="jump"),
        case(["jump jump-target=a", "drop", "accept chain=a protocol=udp"], "drop *1", id="back-from-a-jump"),
        case(["jump jump-target=a", "drop", "return chain=a", "accept chain=a"], "drop *1", id="return"),
        case(["return", "drop"], "accept end", id="return-from-a-builtin-chain"),
        case(
            ["jump jump-target=a", "drop", "return chain=a limit=1,5:packet", "accept chain=a"],
            "either *3 *1",
            id="return-by-chance",
        ),
        case(["jump jump-target=a protocol=udp", "accept", "drop chain=a"], "accept *1", id="jump-for-other-traffic"),
        case(
            ["jump jump-target=a", "accept", "jump chain=a jump-target=b", "drop chain=a", "return chain=b"],
            "drop *3",
            id="return-goes-one-chain-up",
        ),
        case(["jump jump-target=gone", "drop"], "drop *1", id="jump-to-a-missing-chain"),
        case(["jump", "drop"], "drop *1", id="jump-to-nowhere"),
        case(["jump jump-target=a", "drop", "accept chain=a disabled=yes"], "drop *1", id="chain-with-disabled-rules"),
        case(["jump jump-target=a", "accept", "jump chain=a jump-target=a"], "cannot tell *2 *1", id="loop-of-one"),
        case(
            ["jump jump-target=a", "jump chain=a jump-target=b", "jump chain=b jump-target=a", "accept"],
            "cannot tell *2 *3",
            id="loop-of-two",
        ),
        case(["jump jump-target=a", "drop chain=a", "jump chain=a jump-target=a"], "drop *1", id="loop-never-entered"),
        case(["jump jump-target=forward", "accept chain=forward"], "cannot tell *0 end", id="jump-to-a-builtin-chain"),
        case(
            ["add-src-to-address-list address-list=x", "drop src-address-list=x"],
            "cannot tell *1 end",
            id="listed-on-the-way",
        ),
        case(
            ["add-src-to-address-list address-list=x protocol=udp", "drop src-address-list=x"],
            "accept end",
            id="not-listed-on-the-way",
        ),
        case(
            ["add-dst-to-address-list address-list=x", "drop src-address-list=x"],
            "accept end",
            id="the-other-side-listed-on-the-way",
        ),
        case(
            ["jump jump-target=a", "drop src-address-list=x", "add-src-to-address-list chain=a address-list=x"],
            "cannot tell *1 end",
            id="listed-in-a-chain-on-the-way",
        ),
        case(
            ["add-src-to-address-list address-list=mgmt", "drop src-address-list=mgmt"], "drop *1", id="listed-before"
        ),
    ],
)
def test_a_chain(lines: list[str], said: str) -> None:
    assert short(decided(SSH, *lines)) == said


@pytest.mark.parametrize(
    ("raw", "filter_rules", "packet", "said"),
    [
        case(["drop"], ["accept"], SSH, "drop *0", id="raw-drops-before-the-filter"),
        case(["accept"], ["drop protocol=tcp"], SSH, "drop *0", id="raw-accept-goes-on-to-the-filter"),
        case(["notrack"], ["drop connection-state=untracked"], SSH, "drop *0", id="notrack"),
        case(["notrack protocol=udp"], ["drop connection-state=untracked"], SSH, "accept end", id="notrack-for-others"),
        case(["notrack", "drop"], ["accept"], SSH, "accept *0", id="notrack-ends-raw"),
        case(
            ["notrack limit=1,5:packet"],
            ["accept connection-state=untracked", "drop"],
            SSH,
            "either *1 *0",
            id="notrack-by-chance",
        ),
        case(["drop chain=output"], [], SSH, "accept end", id="raw-output-is-not-for-input"),
        case(["drop in-interface-list=WAN"], ["accept"], SSH, "drop *0", id="raw-knows-the-interface"),
        case(["drop connection-state=new"], ["accept"], SSH, "cannot tell *0 *0", id="raw-has-no-connection-states"),
        case(
            ["add-src-to-address-list address-list=x"],
            ["drop src-address-list=x"],
            SSH,
            "cannot tell *0 end",
            id="listed-in-raw",
        ),
        case(
            ["drop dst-address=203.0.113.1"],
            [],
            replace(SSH, connection_nat_state=frozenset({"dstnat"})),
            "cannot tell *0 end",
            id="raw-sees-the-destination-before-translation",
        ),
    ],
)
def test_raw_comes_first(raw: list[str], filter_rules: list[str], packet: Packet, said: str) -> None:
    rows = [{**rule(line), "chain": "output" if "chain=output" in line else "prerouting"} for line in raw]
    assert short(decided(packet, *filter_rules, raw=entries(*rows))) == said


def test_rows_as_a_router_prints_them() -> None:
    """Dynamic rules count, words that are no matchers do not, and words that may be matchers raise a doubt."""
    furniture = {"bytes": "7", "packets": "1", "log": "false", "log-prefix": "", "disabled": "false"}
    rows = (
        {".id": "*F", "chain": "input", "action": "passthrough", "dynamic": "true", "comment": "dummy", **furniture},
        {".id": "*1", "chain": "input", "action": "drop", "invalid": "true", "in-interface": "*F", **furniture},
        {".id": "*2", "chain": "input", "action": "drop", "invalid": "true", "protocol": "tcp", **furniture},
        {".id": "*3", "chain": "input", "action": "drop", "new-in-7-99": "1", "comment": "who knows", **furniture},
        {".id": "*4", "chain": "input", "action": "drop", "dynamic": "true", **furniture},
    )
    found = decide(Firewall(filter=read_entries(FILTER, rows)), SSH)
    assert short(found) == "drop *2 *3 *4"
    found = decide(Firewall(filter=read_entries(FILTER, rows[:4])), SSH)
    assert found.verdict is Verdict.CANNOT_TELL
    assert str(found) == (
        "cannot tell: drop by rule *2 (filter input); drop by rule *3 'who knows' (filter input); accept by the end of "
        "chain input (filter) (because of rule *2 (filter input): the router calls the rule invalid; rule *3 'who "
        "knows' (filter input): the meaning of new-in-7-99 is not known)"
    )
    assert [each.rule.id for each in found.dropping if each.rule] == ["*2", "*3"]
    assert [each.id for each in found.rules] == ["*2", "*3"]


def test_doubts_say_which_are_chance() -> None:
    found = decided(SSH, "accept limit=10,5:packet", "accept time=1h-2h", "drop")
    assert [(str(each), each.chance) for each in found.doubts] == [
        ("rule *0 (filter input): limit=10/1s,5:packet", True),
        ("rule *1 (filter input): time=1h-2h,sun,mon,tue,wed,thu,fri,sat", False),
    ]


def test_a_loop_is_named() -> None:
    found = decided(SSH, "jump jump-target=a", "jump chain=a jump-target=b", "jump chain=b jump-target=a")
    assert str(found.doubts[0]) == "rule *2 (filter b): chain a jumps back to itself: input > a > b > a"


def test_chains_that_fan_out_are_walked_once() -> None:
    """Chains that each jump twice to the next would be 2^31 walks; jumps too deep to follow are doubted."""
    lines = [f"jump chain=c{n} jump-target=c{n + 1} limit=1,{k}:packet" for n in range(31) for k in (1, 2)]
    deep = [*lines, "return chain=c31", "jump jump-target=c0", "drop"]
    assert short(decided(SSH, *deep)) == f"drop *{len(deep) - 1}"
    deeper = [*lines, "jump chain=c31 jump-target=c32", "return chain=c32", "jump jump-target=c0"]
    assert decided(SSH, *deeper).verdict is Verdict.CANNOT_TELL


def test_many_rules_and_many_doubts_are_no_trouble() -> None:
    doubtful = [f"add-src-to-address-list address-list=l{n} time=1h-2h" for n in range(300)]
    jumps = [f"jump jump-target=c time=1h-2h limit=1,{n}:packet" for n in range(300)]
    lines = [*doubtful, *jumps, "add-src-to-address-list chain=c address-list=x limit=1,1:packet", "drop"]
    assert short(decided(SSH, *lines)) == f"drop *{len(lines) - 1}"
    assert decided(SSH, *lines[:-1], "drop src-address-list=l299").verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    "wrong",
    [{"chain": "prerouting"}, {"src": "2001:db8::1"}, {"dst": "example.com"}, {"connection_state": "old"}],
    ids=str,
)
def test_a_packet_that_cannot_be(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong.values()))):
        replace(SSH, **wrong)  # type: ignore[arg-type]
