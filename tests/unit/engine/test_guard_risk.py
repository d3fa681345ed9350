# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could cut a session in less obvious ways, and that nothing which does is taken for harmless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import risky
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import firewall_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.engine.router import FILTER, FILTER6, IDENTITY, LISTS, NAT, PEER, POLICY, RAW, entries, rule

MANGLE, LISTS6 = BY_MODULE["firewall_mangle"], BY_MODULE["ipv6_firewall_address_list"]
RAW6, NAT6, MANGLE6 = (BY_MODULE[f"ipv6_firewall_{table}"] for table in ("raw", "nat", "mangle"))
PATTERNS, TRACKING = BY_MODULE["firewall_layer7"], BY_MODULE["firewall_connection_tracking"]
RDP, SETTINGS = Entry("*1", {"name": "rdp", "regexp": "rdp"}), Entry("", {"enabled": "auto", "udp-timeout": "30s"})
Tables = Mapping[Menu, Sequence[Entry]]
MINE = {"list": "office", "address": "192.0.2.10"}


def add(menu: Menu, line: str) -> Add:
    return Add(menu, rule(line))


def have(menu: Menu, *lines: str) -> dict[Menu, Sequence[Entry]]:
    return {menu: entries(*lines)}


def on(menu: Menu, change: str, line: str) -> Change:
    (entry,) = entries(line)
    return {
        "remove": Remove(menu, entry),
        "move": Move(menu, entry),
        "enable": Set(menu, entry, {"disabled": "no"}),
        "clear": Set(menu, entry, {}, ("src-address",)),
    }[change]


@pytest.mark.parametrize(
    ("change", "before"),
    [
        pytest.param(on(FILTER, "enable", "drop disabled=true"), {}, id="a-drop-is-switched-on"),
        pytest.param(on(FILTER, "clear", "drop src-address=192.0.2.1"), {}, id="a-drop-loses-its-source"),
        pytest.param(on(FILTER, "remove", "fasttrack-connection"), {}, id="a-fasttrack-goes"),
        pytest.param(on(FILTER, "remove", "return chain=mine"), have(FILTER, "jump jump-target=mine"), id="a-return"),
        pytest.param(add(FILTER, "reject"), {}, id="a-reject"),
        pytest.param(add(FILTER, "tarpit protocol=tcp"), {}, id="a-tarpit"),
        pytest.param(add(FILTER, "an-action-of-tomorrow"), {}, id="what-nobody-knows"),
        pytest.param(
            add(FILTER, "drop chain=inner"),
            have(FILTER, "jump jump-target=outer", "jump chain=outer jump-target=inner"),
            id="through-two-jumps",
        ),
        pytest.param(
            add(FILTER6, "drop chain=mine"), have(FILTER6, "jump jump-target=mine"), id="through-a-jump-of-ipv6"
        ),
        pytest.param(
            add(RAW, "drop chain=mine"), have(RAW, "jump chain=prerouting jump-target=mine"), id="through-a-jump-of-raw"
        ),
        pytest.param(add(NAT, "dst-nat chain=dstnat to-addresses=192.0.2.99"), {}, id="dst-nat"),
        pytest.param(add(MANGLE, "accept chain=prerouting"), {}, id="what-is-marked-no-more"),
        pytest.param(add(MANGLE, "mark-packet chain=postrouting new-packet-mark=x"), {}, id="answers-are-marked"),
        pytest.param(
            add(RAW, "accept chain=prerouting"), have(RAW, "notrack chain=prerouting"), id="what-is-tracked-after-all"
        ),
        pytest.param(
            add(FILTER, "accept protocol=tcp dst-port=1234"),
            have(
                FILTER,
                "add-src-to-address-list protocol=tcp dst-port=1234 address-list=knocked",
                "accept src-address-list=knocked",
            ),
            id="who-knocks-is-not-listed",
        ),
        pytest.param(
            Add(LISTS, MINE),
            have(NAT, "accept chain=dstnat src-address-list=office", "redirect chain=dstnat to-ports=8729"),
            id="who-is-listed-is-not-redirected",
        ),
        pytest.param(Add(LISTS, MINE), have(FILTER, "return src-address-list=office"), id="who-is-listed-returns"),
        pytest.param(
            Remove(LISTS, Entry("*0", MINE)), have(FILTER, "jump jump-target=m src-address-list=office"), id="jumps"
        ),
        pytest.param(Remove(LISTS, Entry("*0", MINE)), have(RAW, "drop chain=output dst-address-list=!office"), id="!"),
        pytest.param(Add(LISTS6, MINE), have(FILTER6, "drop src-address-list=office"), id="a-list-of-ipv6"),
        pytest.param(add(RAW6, "drop chain=prerouting"), {}, id="raw-of-ipv6"),
        pytest.param(
            add(RAW6, "accept chain=prerouting"), have(RAW6, "notrack chain=prerouting"), id="tracked-after-all-of-ipv6"
        ),
        pytest.param(add(NAT6, "dst-nat chain=dstnat to-address=2001:db8::9"), {}, id="dst-nat-of-ipv6"),
        pytest.param(add(MANGLE6, "snpt chain=postrouting"), {}, id="answers-have-another-prefix"),
        pytest.param(on(MANGLE6, "remove", "mark-routing chain=output"), {}, id="answers-of-ipv6-go-elsewhere"),
        pytest.param(
            Add(LISTS6, MINE), have(RAW6, "drop chain=prerouting src-address-list=office"), id="a-list-of-raw-of-ipv6"
        ),
        pytest.param(
            Set(PATTERNS, RDP, {"regexp": "."}), have(FILTER, "drop layer7-protocol=rdp"), id="a-pattern-that-drops"
        ),
        pytest.param(
            Set(PATTERNS, RDP, {"regexp": "."}), have(MANGLE, "accept chain=input layer7-protocol=!rdp"), id="!rdp"
        ),
        pytest.param(Set(TRACKING, SETTINGS, {"enabled": "no"}), {}, id="nothing-is-established-any-more"),
        pytest.param(Set(TRACKING, SETTINGS, {"tcp-established-timeout": "10s"}), {}, id="connections-are-forgotten"),
    ],
)
def test_what_could_cut_in_a_roundabout_way(change: Change, before: Tables) -> None:
    assert risky([change], before, tunnelled=False) == [change]


@pytest.mark.parametrize(
    ("change", "before"),
    [
        pytest.param(add(RAW, "accept chain=prerouting"), have(RAW, "drop chain=prerouting"), id="raw-accepts"),
        pytest.param(
            add(FILTER, "accept"),
            have(FILTER, "add-src-to-address-list address-list=bad", "drop src-address-list=bad"),
            id="who-is-let-in-is-not-blamed",
        ),
        pytest.param(add(FILTER, "passthrough"), {}, id="a-counter"),
        pytest.param(add(FILTER, "drop chain=mine"), have(FILTER, "jump jump-target=mine disabled=yes"), id="off"),
        pytest.param(add(FILTER, "drop chain=mine"), have(FILTER, "jump chain=forward jump-target=mine"), id="forward"),
        pytest.param(add(FILTER, "drop chain=mine"), have(FILTER6, "jump jump-target=mine"), id="of-the-other-family"),
        pytest.param(add(MANGLE, "mark-packet chain=forward new-packet-mark=x"), {}, id="what-is-passed-on"),
        pytest.param(on(FILTER, "remove", "reject"), {}, id="a-reject-goes"),
        pytest.param(on(RAW, "remove", "drop chain=prerouting"), {}, id="a-drop-of-raw-goes"),
        pytest.param(on(FILTER, "move", "drop chain=forward"), {}, id="a-move-elsewhere"),
        pytest.param(Add(LISTS, MINE), have(FILTER6, "drop src-address-list=office"), id="lists-are-of-a-family"),
        pytest.param(Add(LISTS, MINE), have(FILTER, "drop src-address-list=office disabled=yes"), id="a-rule-off"),
        pytest.param(Add(LISTS, MINE), have(FILTER, "drop chain=forward src-address-list=office"), id="elsewhere"),
        pytest.param(Add(LISTS, {**MINE, "disabled": "yes"}), have(FILTER, "drop src-address-list=office"), id="idle"),
        pytest.param(add(RAW6, "accept chain=prerouting"), have(RAW6, "drop chain=prerouting"), id="raw-of-ipv6"),
        pytest.param(add(NAT6, "masquerade chain=srcnat"), {}, id="srcnat-of-ipv6"),
        pytest.param(add(MANGLE6, "change-mss chain=forward new-mss=1340"), {}, id="what-ipv6-passes-on"),
        pytest.param(
            Set(PATTERNS, RDP, {"regexp": "."}), have(FILTER, "drop chain=forward layer7-protocol=rdp"), id="a-pattern"
        ),
        pytest.param(
            Set(PATTERNS, RDP, {"comment": "x"}), have(FILTER, "drop layer7-protocol=rdp"), id="a-pattern-s-comment"
        ),
        pytest.param(Add(PATTERNS, {"name": "rdp"}), have(FILTER, "drop layer7-protocol=rdp"), id="a-new-pattern"),
    ],
)
def test_what_could_not_by_any_way(change: Change, before: Tables) -> None:
    assert risky([change], before, tunnelled=False) == []


@pytest.mark.parametrize("line", ["drop", "drop src-address-list=office"])
def test_a_jump_that_comes_leads_to_what_comes_with_it(line: str) -> None:
    """Neither is there yet, and the order in which they come does not matter."""
    inner = add(FILTER, f"{line} chain=mine")
    listed = Add(LISTS, MINE)
    jump = add(FILTER, "jump jump-target=mine")
    expected = [inner, jump] + ([listed] if "office" in line else [])
    assert risky([inner, jump, listed], {}, tunnelled=False) == expected


@pytest.mark.parametrize(
    "change",
    [
        Add(POLICY, {"peer": "b", "src-address": "192.168.1.0/24", "dst-address": "192.168.2.0/24"}),
        Remove(PEER, Entry("*0", {"name": "b"})),
        Set(IDENTITY, Entry("*0", {"peer": "b"}), {"secret": "another"}),
    ],
    ids=["a-policy", "a-peer", "a-secret"],
)
def test_ipsec_is_a_matter_of_those_who_come_through_it(change: Change) -> None:
    assert risky([change], {}, tunnelled=True) == [change]
    assert risky([change], {}, tunnelled=False) == []


LINES = st.builds(
    " ".join,
    st.tuples(
        st.sampled_from(["accept", "drop", "return", "jump jump-target=mine", "reject", "log", "jump jump-target=own"]),
        st.sampled_from(["chain=input", "chain=input", "chain=mine", "chain=own", "chain=output", "chain=forward"]),
        st.sampled_from(["", "protocol=tcp", "protocol=udp", "src-address-list=a", "src-address-list=!b"]),
        st.sampled_from(["", "", "disabled=yes"]),
    ),
)
LISTED = st.builds(lambda name: {"list": name, "address": "192.0.2.10"}, st.sampled_from("ab"))
SESSION = (
    Packet("input", src="192.0.2.10", dst="192.0.2.1", protocol="tcp", dst_port=8729, connection_state="new"),
    Packet("output", src="192.0.2.1", dst="192.0.2.10", protocol="tcp", src_port=8729, connection_state="established"),
)


def fates(tables: Tables) -> list[Verdict]:
    wall = firewall_of(tables)
    return [decide(wall, packet).verdict for packet in SESSION]


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[Menu, Sequence[Entry]], Change]:
    """A router on which nothing is certain to be lost, and one change of it."""
    rules = entries(*draw(st.lists(LINES, max_size=7)))
    listed = entries(*draw(st.lists(LISTED, max_size=2)))
    menu = draw(st.sampled_from([FILTER, FILTER, LISTS]))
    have = rules if menu is FILTER else listed
    adds: Iterator[Change] = (Add(menu, each, have[0].id if have else None) for each in [draw(ROWS[menu])])
    others = [change for each in have for change in touches(menu, each)]
    return {FILTER: rules, LISTS: listed}, draw(st.sampled_from([*adds, *others]))


ROWS = {FILTER: LINES.map(rule), LISTS: LISTED}


def touches(menu: Menu, entry: Entry) -> list[Change]:
    found: list[Change] = [Remove(menu, entry), Set(menu, entry, {"disabled": "no" if entry.disabled else "yes"})]
    found += [Set(menu, entry, {"action": "drop"}), Move(menu, entry)] if menu is FILTER else []
    return found


@settings(max_examples=400)
@given(cases())
def test_whatever_drops_the_session_was_called_risky(case: tuple[dict[Menu, Sequence[Entry]], Change]) -> None:
    tables, change = case
    assume(all(fate is Verdict.ACCEPT for fate in fates(tables)))
    if any(fate is not Verdict.ACCEPT for fate in fates(simulate(tables, [change]))):
        assert risky([change], tables, tunnelled=False) == [change]
