# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: from wherever a plan stopped, a router gets to where it was."""

from __future__ import annotations

from itertools import combinations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.invert import invert
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.router import (
    FILTER,
    IDENTITY,
    LISTS,
    PEER,
    POLICY,
    PROFILE,
    PSK,
    V7,
    Router,
    entries,
    rule,
    told,
)

LINES = st.sampled_from(
    [
        *("accept", "drop", "accept protocol=udp", "drop protocol=udp log=true", "accept src-address=192.0.2.1"),
        *("accept protocol=tcp disabled=true", "drop in-interface-list=!LAN"),
    ]
)
OWN = Scope(owner=("own",))


@st.composite
def situations(draw: st.DrawFn) -> tuple[tuple[Entry, ...], Intent]:
    """Rules of two owners, and what one of them wants instead: rules kept, changed, moved, made and removed."""
    names = st.sampled_from([f"own {letter}" for letter in "abcdef"])
    theirs = [f"{line} #their {n}" for n, line in enumerate(draw(st.lists(LINES, max_size=3)))]
    ours = [f"{draw(LINES)} #{name}" for name in draw(st.lists(names, max_size=4, unique=True))]
    want = [f"{draw(LINES)} #{name}" for name in draw(st.lists(names, max_size=5, unique=True))]
    have = entries(*draw(st.permutations([*ours, *theirs])))
    return have, Intent({FILTER: [rule(line) for line in want]}, "overridden", OWN, effective=False)


def content(router: Router) -> list[dict[str, str]]:
    """The rules without what says the same as saying nothing."""
    idle = {("log", "no"), ("disabled", "no"), ("comment", "")}
    return [
        {name: text for name, text in row.items() if (name, text) not in idle} for _dummy, row in router.rows[FILTER]
    ]


@given(situations())
def test_the_engine_foresees_what_the_router_will_hold(situation: tuple[tuple[Entry, ...], Intent]) -> None:
    have, intent = situation
    changes = plan({FILTER: have}, intent, V7)
    foreseen = simulate({FILTER: have}, changes)[FILTER]
    assert [entry.values for entry in foreseen] == [
        row for _dummy, row in Router({FILTER: have}).run(changes).rows[FILTER]
    ]


@given(situations(), st.integers(0, 12))
def test_from_every_point_of_a_plan_there_is_a_way_back(situation: tuple[tuple[Entry, ...], Intent], sent: int) -> None:
    have, intent = situation
    before = Router({FILTER: have})
    router = Router({FILTER: have}).run(plan({FILTER: have}, intent, V7).changes[:sent])
    back = invert({FILTER: have}, router.tables(), {FILTER: router.made}, V7)
    assert content(router.run(back)) == content(before)


@given(situations(), st.integers(0, 12))
def test_on_the_way_back_an_old_rule_is_above_all_it_was_above(
    situation: tuple[tuple[Entry, ...], Intent], sent: int
) -> None:
    """Unless the plan has moved it below, it does not get there on the way."""
    have, intent = situation
    order = [entry.values["comment"] for entry in have]
    router = Router({FILTER: have}).run(plan({FILTER: have}, intent, V7).changes[:sent])
    start = names(router)
    for change in invert({FILTER: have}, router.tables(), {FILTER: router.made}, V7):
        router.do(change)
        now = names(router)
        for upper, lower in combinations(order, 2):
            was = upper not in start or lower not in start or start.index(upper) < start.index(lower)
            if was and upper in now and lower in now:
                assert now.index(upper) < now.index(lower)


def names(router: Router) -> list[str]:
    """The comments of the rules that were there at first, by their ids or since they came back."""
    return [row["comment"] for _dummy, row in router.rows[FILTER]]


def test_what_others_added_meanwhile_stays() -> None:
    have = entries("accept #a", "drop #b")
    now = (have[1], Entry("*X", rule("accept #theirs")), Entry("*9", rule("accept #ours")))
    assert told(invert({FILTER: have}, {FILTER: now}, {FILTER: ["*9"]}, V7)) == ["add a <*1", "remove *9"]


def test_values_go_back_by_unset_or_by_the_default() -> None:
    have = {FILTER: entries("drop #a"), PROFILE: entries({"name": "p", "lifetime": "1d"})}
    now = {
        FILTER: entries("accept protocol=tcp #a"),
        PROFILE: entries({"name": "p", "lifetime": "8h", "prf-algorithm": "sha256"}),
    }
    assert told(invert(have, now, {}, V7)) == [
        "set *0 action=drop -protocol",
        "set *0 lifetime=1d prf-algorithm=auto",
    ]


def test_what_the_router_fills_in_or_counts_down_is_left_to_it() -> None:
    policy = {"peer": "b", "src-address": "192.168.1.0/24", "sa-dst-address": "203.0.113.50"}
    have = {POLICY: entries(policy), LISTS: entries({"list": "a", "address": "192.0.2.1", "timeout": "1h"})}
    now = {
        POLICY: entries({**policy, "sa-dst-address": "203.0.113.51"}),
        LISTS: entries({"list": "a", "address": "192.0.2.1", "timeout": "59m"}),
    }
    assert told(invert(have, now, {}, V7)) == []
    (change,) = invert({POLICY: have[POLICY]}, {POLICY: ()}, {}, V7)
    assert isinstance(change, Add)
    assert "sa-dst-address" not in change.values


def test_old_secrets_come_back_and_hidden_ones_are_asked_for() -> None:
    shown = {IDENTITY: entries({"peer": "b", "secret": "old"})}
    assert told(invert(shown, {IDENTITY: entries({"peer": "b", "secret": "new"})}, {}, V7)) == ["set *0 secret=old"]
    hidden = {IDENTITY: entries({"peer": "b", "secret": "********"})}
    assert told(invert(hidden, shown, {}, V7)) == []
    back = invert(hidden, {IDENTITY: ()}, {}, V7)
    assert back.warnings == (
        "/ip/ipsec/identity peer=b: its secret is hidden from this account and has to be set again",
    )


def test_an_entry_with_an_id_that_we_made_elsewhere_is_somebody_else_s() -> None:
    have = {PEER: (), FILTER: entries("accept")}
    now = {PEER: (Entry("*9", {"name": "b"}),), FILTER: (*have[FILTER], Entry("*9", rule("drop")))}
    assert told(invert(have, now, {PEER: ["*9"]}, V7)) == ["remove *9"]


def test_what_the_router_cannot_hold_twice_goes_before_the_old_one_comes_back() -> None:
    one = {"peer": "b", "id": "site-b-key-000001", "key": "ab" * 64}
    have, now = {PSK: entries(one)}, {PSK: (Entry("*9", {**one, "key": "cd" * 64}),)}
    assert [type(change) for change in invert(have, now, {PSK: ["*9"]}, V7)] == [Remove, Add]


def test_what_claims_an_address_is_switched_off_before_the_old_one_claims_it_again() -> None:
    peers = {PEER: entries({"name": "old", "address": "203.0.113.50/32"})}
    new = Entry("*9", {"name": "new", "address": "203.0.113.50"})
    off = Entry("*0", {"name": "old", "address": "203.0.113.50/32", "disabled": "true"})
    assert told(invert(peers, {PEER: (off, new)}, {PEER: ["*9"]}, V7)) == [
        *("set *9 disabled=yes", "set *0 disabled=no", "remove *9"),
    ]
    assert told(invert(peers, {PEER: (new,)}, {PEER: ["*9"]}, V7)) == ["set *9 disabled=yes", "add old", "remove *9"]


def test_what_names_an_entry_that_comes_back_names_it_again_and_is_else_left_alone() -> None:
    peers, named = entries({"name": "old"}), entries({"peer": "old", "secret": "one"}, {"peer": "other"})
    now = (Entry("*0", {"peer": "*1", "secret": "changed by others"}), named[1])
    back = invert({PEER: peers}, {PEER: (), IDENTITY: now}, {}, V7, {IDENTITY: named})
    assert told(back) == ["add old", "set *0 peer=old"]


def test_menus_are_rebuilt_in_their_order_and_what_was_made_goes_in_reverse() -> None:
    have = {PEER: entries({"name": "a", "address": "192.0.2.1"}), IDENTITY: entries({"peer": "a"})}
    now = {PEER: (Entry("*8", {"name": "b"}),), IDENTITY: (Entry("*0", {"peer": "*0"}), Entry("*9", {"peer": "b"}))}
    changes = invert(have, now, {PEER: ["*8"], IDENTITY: ["*9"]}, V7).changes
    assert [(type(change), change.menu) for change in changes] == [
        (Add, PEER),
        (Set, IDENTITY),
        (Remove, IDENTITY),
        (Remove, PEER),
    ]


def test_policies_of_old_routers_are_not_moved_back_either() -> None:
    have = entries({"peer": "a", "src-address": "192.168.1.0/24"}, {"peer": "a", "src-address": "192.168.2.0/24"})
    assert told(invert({POLICY: have}, {POLICY: have[::-1]}, {}, (7, 22))) == []
    assert len(invert({POLICY: have}, {POLICY: have[::-1]}, {}, V7).changes) == 1
