# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order: the fewest moves, everybody else's rules where they are, and no gap after any single change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Move
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.order import rising
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.rules import rule_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.shadowing import Order, order
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.router import FILTER, V7, Router, entries, planned, rule, told

ACTIONS = ("accept", "drop", "jump jump-target=own", "log")
MATCHERS = (
    *("", " protocol=udp", " protocol=udp dst-port=500", " src-address=192.0.2.0/24", " src-address-list=bad"),
    *(" in-interface-list=!LAN", " connection-state=invalid", " connection-state=new"),
)


def rules(names: str) -> list[str]:
    """One rule for each letter, told apart by what it matches and by its comment."""
    return [f"accept src-address=192.0.2.{ord(name)} #{name}" for name in names]


@pytest.mark.parametrize(
    ("have", "want", "changes"),
    [
        pytest.param("abcd", "abcd", [], id="in-order"),
        pytest.param("abcd", "bcda", ["move *0"], id="first-to-the-end"),
        pytest.param("abcd", "dabc", ["move *3 <*0"], id="last-to-the-front"),
        pytest.param("abcd", "acbd", ["move *2 <*1"], id="neighbours-swap"),
        pytest.param("abd", "abcd", ["add c <*2"], id="new-in-between"),
        pytest.param("ab", "xayb", ["add x <*0", "add y <*1"], id="new-in-two-places"),
        pytest.param("ab", "abxy", ["add x", "add y"], id="new-at-the-end"),
        pytest.param("azb", "ba", ["move *2 <*0"], id="the-rest-stays"),
        pytest.param("abcz", "cab", ["move *2 <*0"], id="a-rule-of-others-last-is-no-obstacle"),
        pytest.param("dcba", "abcd", ["move *3 <*0", "move *2 <*0", "move *1 <*0"], id="reversal"),
    ],
)
def test_a_list_comes_into_order(have: str, want: str, changes: list[str]) -> None:
    assert told(planned(FILTER, entries(*rules(have)), rules(want))) == changes


@pytest.mark.parametrize("n", [2, 3, 10, 50, 200])
def test_rotating_is_one_move(n: int) -> None:
    names = [f"accept src-address=192.0.{n}.1 #{n}" for n in range(n)]
    assert len(told(planned(FILTER, entries(*names), [*names[1:], names[0]]))) == 1
    assert told(planned(FILTER, entries(*names), [names[-1], *names[:-1]])) == [f"move *{n - 1} <*0"]


def test_chains_that_interleave_do_not_matter_to_each_other() -> None:
    have = ["accept #a", "accept chain=forward #c", "accept protocol=tcp #b", "drop chain=forward #d"]
    want = [have[1], have[3], have[0], have[2]]
    assert told(planned(FILTER, entries(*have), want)) == []


@given(st.lists(st.integers(0, 20), max_size=9, unique=True))
def test_what_stays_is_the_most_that_can(positions: list[int]) -> None:
    def rises(some: Sequence[int]) -> bool:
        return all(positions[one] < positions[two] for one, two in pairwise(some))

    kept = sorted(rising(positions))
    assert rises(kept)
    sizes = (
        size for size in range(len(positions), -1, -1) if any(map(rises, combinations(range(len(positions)), size)))
    )
    assert len(kept) == next(sizes)


def reachable(order: tuple[str, ...], movable: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for name in movable:
        rest = [each for each in order if each != name]
        for at in range(len(order)):
            yield (*rest[:at], name, *rest[at:])


def fewest_moves(start: tuple[str, ...], ours: Sequence[str], fits: Callable[[tuple[str, ...]], bool]) -> int:
    """Breadth first over everything that moves of our own rules can reach."""
    seen, frontier, moves = {start}, [start], 0
    while True:
        if any(fits(order) for order in frontier):
            return moves
        frontier = sorted({after for order in frontier for after in reachable(order, ours)} - seen)
        seen |= set(frontier)
        moves += 1


@given(st.permutations("abcd"), st.sets(st.integers(0, 4), max_size=2), st.booleans())
def test_no_plan_with_fewer_moves_exists(now: list[str], at: set[int], final: bool) -> None:
    """Among foreign rules, some of which deny everything, and which have to be below what they would deny."""
    line = list(now)
    for number, position in enumerate(sorted(at, reverse=True)):
        line.insert(position, f"drop #{number}" if final else f"drop src-address-list=bad #{number}")
    texts = [text if " " in text else rules(text)[0] for text in line]
    want = rules("abcd")

    def fits(order: tuple[str, ...]) -> bool:
        mine = [text for text in order if text in want]
        foreign = [n for n, text in enumerate(order) if text.startswith("drop #")]
        return mine == want and (not foreign or order.index(want[-1]) < foreign[0])

    plan = planned(FILTER, entries(*texts), want)
    assert all(isinstance(change, Move) for change in plan)
    assert len(plan.changes) == fewest_moves(tuple(texts), want, fits)


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Entry], list[str]]:
    """A chain of own and foreign rules, and the own rules that are wanted, in their order: some new, some gone."""
    text = st.builds(str.__add__, st.sampled_from(ACTIONS), st.sampled_from(MATCHERS))
    ours = [f"{line} #own-{n}" for n, line in enumerate(draw(st.lists(text, max_size=6)))]
    theirs = [f"{line} #their-{n}" for n, line in enumerate(draw(st.lists(text, max_size=5)))]
    present = [line for line in ours if draw(st.booleans())]
    have = entries(*draw(st.permutations([*present, *theirs])))
    wanted = [line for line in ours if line not in present or draw(st.integers(0, 3))]
    return list(have), draw(st.permutations(wanted))


OWN = Scope(owner=("own-*",))


def comments(router: Router) -> list[str]:
    return [values["comment"] for _dummy, values in router.rows[FILTER]]


@given(chains())
def test_the_plan_reaches_the_wanted_order_and_then_has_nothing_to_do(case: tuple[list[Entry], list[str]]) -> None:
    have, want = case
    router = Router({FILTER: have}).run(planned(FILTER, have, want, "overridden", scope=OWN))
    mine = [name for name in comments(router) if name.startswith("own")]
    assert mine == [rule(line)["comment"] for line in want]
    assert told(planned(FILTER, router.entries(FILTER), want, "overridden", scope=OWN)) == []


@given(chains(), st.sampled_from(["merged", "overridden"]))
def test_after_every_change_others_are_where_they_were(case: tuple[list[Entry], list[str]], state: str) -> None:
    have, want = case
    router = Router({FILTER: have})
    foreign = [name for name in comments(router) if name.startswith("their")]
    for change in planned(FILTER, have, want, state, scope=OWN):
        router.do(change)
        assert [name for name in comments(router) if name.startswith("their")] == foreign


@given(chains(), st.sampled_from(["merged", "overridden"]))
def test_after_every_change_a_wanted_rule_is_above_all_it_was_above_or_has_to_be(
    case: tuple[list[Entry], list[str]], state: str
) -> None:
    """Of two wanted rules the upper one is above the lower one as soon as one is new, and stays so if it was."""
    have, want = case
    order = [rule(line)["comment"] for line in want]
    router = Router({FILTER: have})
    before = comments(router)
    for change in planned(FILTER, have, want, state, scope=OWN):
        router.do(change)
        now = comments(router)
        for upper, lower in combinations(order, 2):
            new = upper not in before or lower not in before
            if upper in now and lower in now and (new or before.index(upper) < before.index(lower)):
                assert now.index(upper) < now.index(lower)


@given(chains())
def test_a_new_rule_is_never_below_one_that_takes_its_packets(case: tuple[list[Entry], list[str]]) -> None:
    have, want = case
    router = Router({FILTER: have})
    for change in planned(FILTER, have, want, scope=OWN):
        router.do(change)
        if isinstance(change, Add):
            line = [rule_of(FILTER, entry, V7) for entry in router.entries(FILTER)]
            names = comments(router)
            at = names.index(change.values["comment"])
            above = [line[n] for n in range(at) if names[n].startswith("their")]
            assert Order.ABOVE not in [order(each, line[at]) for each in above]


def test_an_accept_that_goes_down_is_not_below_its_drop_for_one_change() -> None:
    """The drop goes first: with the accept alone moved, everything would be denied until the drop followed."""
    have = ["accept src-address=192.0.2.1 #mgmt", "drop #end", *rules("xyz")]
    want = [*rules("xyz"), have[0], have[1]]
    assert told(planned(FILTER, entries(*have), want)) == ["move *1", "move *0 <*1"]


def test_a_drop_is_widened_when_what_it_is_to_spare_is_in_place() -> None:
    have = ["drop in-interface-list=WAN #end"]
    want = ["accept src-address=192.0.2.1 #mgmt", "drop in-interface-list= #end"]
    assert told(planned(FILTER, entries(*have), want)) == ["add mgmt <*0", "set *0 -in-interface-list"]


def test_a_permit_is_narrowed_when_what_takes_its_place_stands() -> None:
    have = ["accept protocol=udp #a", "drop #z"]
    want = ["accept protocol=udp dst-port=500 #a", "accept protocol=udp dst-port=4500 #b", "drop #z"]
    assert told(planned(FILTER, entries(*have), want)) == ["add b <*1", "set *0 dst-port=500"]


def test_a_rule_that_stops_to_deny_does_so_first() -> None:
    have = ["drop #a", "accept protocol=tcp #b"]
    want = ["accept protocol=tcp #b", "accept #a", "drop #z"]
    assert told(planned(FILTER, entries(*have), want)) == ["set *0 action=accept", "move *1 <*0", "add z"]
