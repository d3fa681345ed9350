# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a plan is cut into stages, so that nothing hurts when what it relies on was refused."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.stage import hurts, stages
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.router import FILTER, IDENTITY, PEER, POLICY, PROFILE, entries, rule

case = pytest.param


def add(text: str) -> Add:
    return Add(FILTER, rule(text))


def change(text: str, values: dict[str, str], *clear: str) -> Set:
    return Set(FILTER, *entries(text), values, clear)


@pytest.mark.parametrize(
    ("one", "painful"),
    [
        case(add("accept"), False, id="a-new-accept"),
        case(add("drop"), True, id="a-new-drop"),
        case(add("drop disabled=yes"), False, id="a-new-drop-that-is-off"),
        case(Add(PEER, {"name": "b"}), False, id="a-new-peer"),
        case(Remove(FILTER, *entries("accept")), True, id="a-removal"),
        case(Move(FILTER, *entries("drop")), True, id="a-drop-that-moves"),
        case(Move(FILTER, *entries("accept")), False, id="an-accept-that-moves"),
        case(change("accept", {"action": "drop"}), True, id="accept-becomes-drop"),
        case(change("drop", {"action": "accept"}), False, id="drop-becomes-accept"),
        case(change("drop", {"disabled": "yes"}), False, id="a-drop-goes-off"),
        case(change("drop disabled=true", {"disabled": "no"}), True, id="a-drop-goes-on"),
        case(change("drop protocol=udp", {}, "protocol"), True, id="a-drop-widens"),
        case(change("accept", {"disabled": "yes"}), True, id="an-accept-goes-off"),
        case(change("accept", {"action": "log"}), True, id="accept-becomes-log"),
        case(change("accept", {"protocol": "udp"}), True, id="an-accept-narrows"),
        case(change("accept dst-port=500", {"dst-port": "4500"}), True, id="an-accept-changes-its-mind"),
        case(change("accept dst-port=500", {"dst-port": "500,4500"}), False, id="an-accept-widens"),
        case(change("accept protocol=udp", {}, "protocol"), False, id="an-accept-forgets-a-matcher"),
        case(change("accept", {"comment": "x", "log": "yes"}), False, id="an-accept-is-dressed"),
        case(change("accept disabled=true", {"protocol": "udp"}), False, id="an-accept-that-is-off"),
        case(Set(PEER, *entries({"name": "b"}), {"port": "4500"}), False, id="a-peer-changes"),
        case(Set(PEER, *entries({"name": "b"}), {"disabled": "yes"}), True, id="a-peer-goes-off"),
        case(Set(PEER, *entries({"name": "b", "disabled": "true"}), {"port": "4500"}), False, id="a-peer-that-is-off"),
    ],
)
def test_what_hurts(one: Change, painful: bool) -> None:
    assert hurts(one) is painful


@pytest.mark.parametrize(
    ("letters", "cut"),
    [
        case("", [], id="nothing"),
        case("aaa", ["aaa"], id="what-does-not-hurt-goes-at-once"),
        case("ddd", ["ddd"], id="so-does-what-hurts"),
        case("aad", ["aa", "d"], id="a-drop-waits-for-the-accepts-above"),
        case("dad", ["da", "d"], id="the-first-drop-waits-for-nothing"),
        case("adad", ["a", "da", "d"], id="every-drop-waits"),
        case("aarr", ["aa", "rr"], id="removals-wait-for-what-replaces"),
    ],
)
def test_where_a_plan_is_cut(letters: str, cut: list[str]) -> None:
    kinds: dict[str, Change] = {"a": add("accept"), "d": add("drop"), "r": Remove(FILTER, *entries("drop"))}
    found = stages(kinds[letter] for letter in letters)
    assert found == [[kinds[letter] for letter in part] for part in cut]


def test_what_is_named_stays_until_those_that_name_it_are_gone() -> None:
    identity, policy, peer, profile = (
        Remove(menu, *entries({"name": "b"})) for menu in (IDENTITY, POLICY, PEER, PROFILE)
    )
    assert stages([policy, identity, peer, profile]) == [[policy, identity], [peer], [profile]]


@given(st.lists(st.sampled_from(["accept", "drop", "log"])))
def test_no_drop_shares_a_stage_with_something_before_it_that_may_be_refused(actions: list[str]) -> None:
    changes = [add(action) for action in actions]
    found = stages(changes)
    assert [change for stage in found for change in stage] == changes
    for stage in found:
        pains = [hurts(change) for change in stage]
        assert all(all(pains[:at]) for at, pain in enumerate(pains) if pain)
