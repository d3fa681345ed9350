# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packets new and changed rules decide: all that they are for, a part, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from .actions import PERMITS, Effect
from .coverage import Visit, Walk, takers_of, walked
from .examples import describe
from .index import Bits, GivenUp, Index, numbers
from .lines import Line, Table
from .rules import Rule
from .sets import Box, meet
from .shadowing import decisive, looks_inside, shares


@dataclass(frozen=True)
class Ineffective:
    """A rule that decides no packet, and the rules above that take them; none: no packet fits it or comes to it."""

    line: Line
    takers: tuple[Line, ...]


@dataclass(frozen=True)
class PartlyEffective:
    """A rule of whose packets others above take a part, and what becomes of one of those."""

    line: Line
    takers: tuple[Line, ...]
    example: str


@dataclass(frozen=True)
class StopsReplies:
    """A deny above a rule of others that accepts what belongs to connections, and so stops that as well."""

    line: Line
    accept: Line


Judgement: TypeAlias = "Ineffective | PartlyEffective | StopsReplies"
FEW = 3
"""More rules than this nobody reads in a sentence."""


def judge(table: Table, fresh: AbstractSet[str], own: AbstractSet[str]) -> Iterator[Judgement]:
    """Judge the rules whose ids are `fresh`; that rules of the same task, `own`, take a part is what the task says."""
    walk = walked(table)
    index = Index(walk.boxes)
    verdicts = _by_verdict(walk, frozenset())
    others = _by_verdict(walk, own)
    for line in table.lines():
        if line.entry.id in fresh and line.position:
            visits = walk.visits.get(line, [])
            found: Judgement | None = None
            if _may_be_ineffective(index, line, visits, _opposing(line, verdicts)):
                found = _ineffective(walk, index, line, visits)
            if found is None and (opposing := _opposing(line, others)):
                found = _partly(walk, index, line, visits, opposing)
            if found:
                yield found
            if not isinstance(found, Ineffective):
                yield from _stopped_replies(table, line, own)


def _by_verdict(walk: Walk, own: AbstractSet[str]) -> tuple[Bits, Bits]:
    """The boxes that deny or translate, and those that permit, of rules that the task did not give."""
    denying = permitting = 0
    for number, each in enumerate(walk.owners):
        if each.entry.id not in own:
            denying |= (1 << number) if each.rule.effect in (Effect.DENY, Effect.TRANSLATE) else 0
            permitting |= (1 << number) if each.rule.permits else 0
    return denying, permitting


def _opposing(line: Line, verdicts: tuple[Bits, Bits]) -> Bits:
    """Of the boxes that deny and those that permit, the ones that would do the opposite of what a rule does."""
    denying, permitting = verdicts
    return permitting if line.denies else denying if line.rule.effect in PERMITS else 0


def _may_be_ineffective(index: Index, line: Line, visits: Sequence[Visit], opposing: Bits) -> bool:
    """Whether a closer look is due: what rules with the same verdict take of a rule is not lost."""
    if line.region.metered or not (line.denies or line.rule.effect in PERMITS):
        return True
    return any(not visit.boxes for visit in visits) or any(
        index.near(box, visit.before & opposing) for visit in visits for box in visit.boxes
    )


def _ineffective(walk: Walk, index: Index, line: Line, visits: Sequence[Visit]) -> Ineffective | None:
    """The judgement of a rule that decides nothing, unless those above do the same with all its packets."""
    try:
        taking = takers_of(index, visits)
    except GivenUp:
        return None
    if taking is None or not visits:
        return None
    takers = tuple(dict.fromkeys(walk.owners[number] for number in taking))
    opposing = tuple(each for each in takers if not _does_the_same(each, line))
    if takers and not opposing and not line.region.metered:
        return None
    return Ineffective(line, opposing or takers)


def _does_the_same(taker: Line, line: Line) -> bool:
    """Whether it makes no difference to a packet which of two rules decides about it; answers and logs aside."""
    if line.denies or line.rule.effect in PERMITS:
        return taker.rule.effect is line.rule.effect
    return taker.outcome == line.outcome


def _partly(walk: Walk, index: Index, line: Line, visits: Sequence[Visit], opposing: Bits) -> PartlyEffective | None:
    """The judgement of a rule of which others with the opposite verdict take new packets."""
    takers: dict[Line, Box] = {}
    for visit in visits:
        bits = visit.perhaps & opposing
        for box in _new(line, visit.boxes) if bits else ():
            for number in numbers(index.near(box, bits)):
                shared = meet(box, walk.boxes[number])
                if shared is not None:
                    takers.setdefault(walk.owners[number], shared)
                if len(takers) > FEW:
                    break
    if not takers:
        return None
    return PartlyEffective(line, tuple(takers), describe(next(iter(takers.values()))))


def _stopped_replies(table: Table, line: Line, own: AbstractSet[str]) -> Iterator[StopsReplies]:
    """The judgement of a deny that says nothing of states, where it is not meant for what connections carry."""
    rule = line.rule
    if not line.denies or "connection-state" in rule.by_name or "ipsec-policy" in rule.by_name or looks_inside(rule):
        return
    for each in table.chains[rule.chain][line.place + 1 :]:
        if each.entry.id not in own and each.rule.permits and _is_for_replies(each.rule) and shares(each.rule, rule):
            yield StopsReplies(line, each)
            return


def _is_for_replies(rule: Rule) -> bool:
    """Whether a rule is for established connections, and not for new ones."""
    states = rule.by_name.get("connection-state")
    return states is not None and not states.negated and "established" in states.text and "new" not in states.text


def _new(line: Line, boxes: Sequence[Box]) -> Iterator[Box]:
    """Those of the packets that have to meet the rule for the rest of their connections to do so as well."""
    for box in boxes:
        for wanted in decisive(line.rule):
            shared = meet(box, wanted)
            if shared is not None:
                yield shared
