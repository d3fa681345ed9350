# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that an uncertain walk may come to.

Chance and ignorance differ. A limit lets some packets pass and others not: both happen. What nobody told us has one
answer, which we do not know. So the result is a set of sets: one set of exits for each answer there may be, and in it
every exit that chance may lead to. Limits that are asked twice are taken as independent, and so are unknowns: the
result may be less certain than the truth, never more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TypeAlias

from .packet import State, Verdict


class End(Enum):
    """How a packet leaves a chain."""

    ACCEPT = "accept"
    DROP = "drop"
    THROUGH = "through"
    """No rule has decided yet."""
    RETURN = "return"
    """It goes back to where the chain was jumped to from."""


Exit: TypeAlias = "tuple[End, State | None]"
"""How a packet leaves, and what it is by then; None once it is dropped."""
Outcomes: TypeAlias = frozenset[frozenset[Exit]]

MOST = 64
"""Answers to keep apart; beyond that they are taken as one unknown."""


def certain(end: End, state: State | None = None) -> Outcomes:
    """The one exit there is."""
    return frozenset({frozenset({(end, state)})})


def unknown(*outcomes: Outcomes) -> Outcomes:
    """One of these, and nobody knows which."""
    return frozenset[frozenset[Exit]]().union(*outcomes)


def chance(one: Outcomes, other: Outcomes) -> Outcomes:
    """Now this, now that."""
    return few(frozenset(mine | yours for mine in one for yours in other))


def then(outcomes: Outcomes, end: End, after: Outcomes) -> Outcomes:
    """Replace the exits of one sort, which all have the same state, by what comes after."""
    found: set[frozenset[Exit]] = set()
    for exits in outcomes:
        rest = frozenset(each for each in exits if each[0] is not end)
        found |= {rest} if len(rest) == len(exits) else {rest | more for more in after}
    return few(frozenset(found))


def follow(outcomes: Outcomes, after: Callable[[State], Outcomes]) -> Outcomes:
    """Send every packet that was not dropped on to the next table."""
    states = {state for exits in outcomes for _dummy, state in exits if state is not None}
    known = {state: after(state) for state in sorted(states, key=State.order)}
    found: set[frozenset[Exit]] = set()
    for exits in outcomes:
        parts: Outcomes = frozenset({frozenset(each for each in exits if each[1] is None)})
        for _dummy, state in exits:
            if state is not None:
                parts = chance(parts, known[state])
        found |= parts
    return few(frozenset(found))


def turned(outcomes: Outcomes, end: End, into: End) -> Outcomes:
    """The same with exits of one sort taken for another."""
    return frozenset(frozenset((into if each is end else each, state) for each, state in exits) for exits in outcomes)


def gathered(outcomes: Outcomes) -> Outcomes:
    """The same with one state for all who are not decided on yet: in any list that one may be in, marked as all are.

    So a walk has one state at a time, however many doubtful rules add to lists or mark packets.
    """
    live = {state for exits in outcomes for end, state in exits if end is End.THROUGH and state is not None}
    if len(live) < 2:
        return outcomes
    joined = frozenset[tuple[str, str]]().union(*(state.joined for state in live))
    surely = joined.intersection(*(state.surely for state in live))
    first = min(live, key=State.order)
    facts = first.packet.facts.intersection(*(state.packet.facts for state in live))
    one = replace(first, packet=replace(first.packet, facts=facts), joined=joined, surely=surely)

    def merged(each: Exit) -> Exit:
        return (End.THROUGH, one) if each[0] is End.THROUGH else each

    return frozenset(frozenset(merged(each) for each in exits) for exits in outcomes)


def few(outcomes: Outcomes) -> Outcomes:
    """The same, or when that is too much to keep apart: any of the exits, and nobody knows which."""
    if len(outcomes) <= MOST:
        return outcomes
    return frozenset(frozenset({item}) for exits in outcomes for item in exits)


def verdict(outcomes: Outcomes) -> Verdict:
    """What becomes of the packet, all taken together; who gets through is accepted."""
    ends = {frozenset(end is not End.DROP for end, _dummy in exits) for exits in outcomes}
    if len(ends) > 1:
        return Verdict.CANNOT_TELL
    (passed,) = ends
    if len(passed) > 1:
        return Verdict.EITHER
    return Verdict.ACCEPT if True in passed else Verdict.DROP
