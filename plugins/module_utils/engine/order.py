# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where wanted entries stand in an ordered menu, reached with the fewest moves and without a gap on the way.

Three promises hold after every single step, not only at the end: nobody else's entry moves; of two wanted entries the
upper one is never below the lower one, unless it was so before; and a new entry is made where it can match.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.placement import (
    Obstacles,
    behind_jumps,
    obstacles,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.rules import Rule, wanted_rule
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version, exists


@dataclass(frozen=True)
class Place:
    """Where the user wants an entry: before or after another, which a comment or an id names, or `first` or `last`."""

    side: str
    """`before` or `after`."""
    anchor: str


@dataclass(frozen=True)
class Wish:
    """A wanted entry as it shall be, and the entry that stands for it now (None: it is new)."""

    values: Row
    entry: Entry | None
    changed: bool = False
    """The entry is there and says something else now."""
    place: Place | None = None
    """Where the user wants it; None: where it does what it says."""


@dataclass(frozen=True)
class Step:
    """The wish with that index goes before the entry with that id (None: to the end)."""

    index: int
    before: str | None


@dataclass(frozen=True)
class Course:
    """How a list comes into order: the steps one after the other, and the wishes that would have to move but cannot."""

    steps: tuple[Step, ...] = ()
    stuck: tuple[int, ...] = ()


def rising(positions: Sequence[int]) -> set[int]:
    """Indexes of a longest rising subsequence: what need not move. O(n log n)."""
    tails: list[int] = []
    last: list[int] = []
    parent: list[int] = []
    for index, position in enumerate(positions):
        at = bisect_left(tails, position)
        parent.append(last[at - 1] if at else -1)
        if at == len(tails):
            tails.append(position)
            last.append(index)
        else:
            tails[at] = position
            last[at] = index
    kept: set[int] = set()
    index = last[-1] if last else -1
    while index >= 0:
        kept.add(index)
        index = parent[index]
    return kept


def course(
    menu: Menu, have: Sequence[Entry], wishes: Sequence[Wish], leaving: frozenset[str], version: Version
) -> Course:
    """The way to the given order, in which no rule of others stands in the way above a wish.

    `leaving` are entries to be removed later: they do not count as others', yet new rules go above those in the way.
    """
    movable = exists(menu.moves_since, None, version)
    rows = _by_chain(menu, [entry.values for entry in have])
    behind = behind_jumps(menu, (entry for entry in have if entry.id not in leaving), version)
    down: list[Step] = []
    rest: list[Step] = []
    stuck: list[int] = []
    for chain, indexes in _by_chain(menu, [wish.values for wish in wishes]).items():
        present = [have[index] for index in rows.get(chain, ())]
        # The router keeps built-in entries where they are.
        some = [index for index in indexes if not _built_in(wishes[index])]
        placed = [index for index in some if wishes[index].place]
        given = _placed(menu, present, {index: wishes[index] for index in placed})
        rest += given if movable else [step for step in given if wishes[step.index].entry is None]
        stuck += [step.index for step in given if wishes[step.index].entry] if not movable else []
        some = [index for index in some if index not in placed]
        spared = leaving | {wish.entry.id for wish in wishes if wish.place and wish.entry}
        line = _line(menu, present, [wishes[index] for index in some], leaving, spared, version, behind)
        found = line.moves_down() if movable else []
        down += [Step(some[step.index], step.before) for step in found]
        rest += [Step(some[step.index], step.before) for step in line.others(movable)]
        stuck += [some[index] for index in line.movers if not movable]
    return Course((*down, *sorted(rest, key=lambda step: step.index)), tuple(sorted(stuck)))


def _placed(menu: Menu, have: Sequence[Entry], wishes: Mapping[int, Wish]) -> list[Step]:
    """The steps that bring entries to where the user wants them, in the order in which they were given."""
    mine = {wish.entry.id for wish in wishes.values() if wish.entry}
    others = [entry for entry in have if not entry.dynamic and entry.id not in mine]
    at = {entry.id: position for position, entry in enumerate(have)}
    steps = []
    for index, wish in wishes.items():
        place = wish.place
        anchor = _anchor(menu, others, wish, place) if place else None
        if place is None or anchor is None:
            # There is nothing to stand above or below.
            steps += [Step(index, None)] if wish.entry is None else []
            continue
        now = at[wish.entry.id] if wish.entry else None
        above = now is not None and now < at[anchor.id]
        if now is None or above != (place.side == "before"):
            below = others[others.index(anchor) + 1 :]
            target = anchor if place.side == "before" else next(iter(below), None)
            steps.append(Step(index, target.id if target else None))
    return steps


def _anchor(menu: Menu, others: Sequence[Entry], wish: Wish, place: Place) -> Entry | None:
    """The entry that a place names; raises Problem where there is none."""
    if place.anchor in ("first", "last"):
        return others[0 if place.anchor == "first" else -1] if others else None
    found = [entry for entry in others if place.anchor in (entry.id, entry.values.get("comment"))]
    if not found:
        chain = f" in chain {wish.values.get(menu.chain, '')}" if menu.chain else ""
        sentence = f"no other entry{chain} of the router has the comment or id {place.anchor!r}"
        allowed = "give one that it has, first or last"
        raise Problem(menu, label(menu, wish.values), f"place_{place.side}: {sentence}; {allowed}")
    return found[0] if place.side == "before" else found[-1]


def _built_in(wish: Wish) -> bool:
    return wish.entry is not None and wish.entry.builtin


def _by_chain(menu: Menu, rows: Sequence[Row]) -> dict[str, list[int]]:
    chains = defaultdict[str, list[int]](list)
    for index, row in enumerate(rows):
        chains[row.get(menu.chain, "") if menu.chain else ""].append(index)
    return chains


def _line(
    menu: Menu,
    have: Sequence[Entry],
    wishes: Sequence[Wish],
    leaving: frozenset[str],
    spared: frozenset[str],
    version: Version,
    behind: Mapping[str, Sequence[Rule]],
) -> Line:
    at = {entry.id: position for position, entry in enumerate(have)}
    mine = {wish.entry.id for wish in wishes if wish.entry} | spared
    others = [(n, entry) for n, entry in enumerate(have) if entry.id not in mine]
    spare = [(n, entry) for n, entry in enumerate(have) if entry.id in leaving]
    now = [at[wish.entry.id] if wish.entry else None for wish in wishes]
    rules = [wanted_rule(menu, wish.values, wish.entry, version) for wish in wishes] if others or spare else []
    fresh = [wish.entry is None or wish.changed for wish in wishes]
    hard, soft = (
        _limits(obstacles(menu, some, version, behind), rules, now, fresh, len(have)) for some in (others, spare)
    )
    own = [wish.entry.id if wish.entry else "" for wish in wishes]
    return Line([entry.id for entry in have], own, now, hard, soft)


@dataclass(frozen=True)
class Line:
    """One list that is to come into an order: ids as they stand, and the wanted ones with their positions now."""

    ids: Sequence[str]
    own: Sequence[str]
    now: Sequence[int | None]
    hard: Sequence[int]
    """Positions that the wanted entries have to stand above."""
    soft: Sequence[int]
    """Positions that they are to go above if they go anywhere."""

    @cached_property
    def kept(self) -> Mapping[int, int]:
        """The wanted entries that stay, and their positions: as many as can."""
        present = [(n, at) for n, at in enumerate(self.now) if at is not None and at < self.hard[n]]
        longest = rising([at for _dummy, at in present])
        return dict(pair for count, pair in enumerate(present) if count in longest)

    @cached_property
    def movers(self) -> list[int]:
        """The wanted entries that exist and have to move."""
        return [n for n, at in enumerate(self.now) if at is not None and n not in self.kept]

    def moves_down(self) -> list[Step]:
        """What goes down, the last one first: each lands right above what is already there."""
        return [self._step(n, self._under) for n in reversed(self.movers) if n in self._falling]

    def others(self, movable: bool = True) -> list[Step]:
        """What is new or goes up, the first one first, so that it never passes below what shall be under it."""
        up = [n for n in self.movers if movable and n not in self._falling]
        new = [n for n, at in enumerate(self.now) if at is None]
        return [self._step(n, self._under if movable else {}) for n in sorted([*up, *new])]

    def _step(self, n: int, under: Mapping[int, int]) -> Step:
        if n in under and self.goals[under[n]] == self.goals[n]:
            return Step(n, self.own[under[n]])
        goal = self.goals[n]
        return Step(n, self.ids[goal] if goal < len(self.ids) else None)

    @cached_property
    def goals(self) -> list[int]:
        """For each wanted entry the position before which it goes: the next that stays, or what must be below it."""
        floors: list[int] = []
        floor = -1
        for n in range(len(self.now)):
            floors.append(floor)
            floor = self.kept.get(n, floor)
        goals: list[int] = []
        upcoming = len(self.ids)
        for n in reversed(range(len(self.now))):
            upcoming = min(upcoming, self.hard[n])
            if floors[n] < self.soft[n]:
                upcoming = min(upcoming, self.soft[n])
            upcoming = self.kept.get(n, upcoming)
            goals.append(upcoming)
        return goals[::-1]

    @cached_property
    def _falling(self) -> frozenset[int]:
        return frozenset(n for n in self.movers if (self.now[n] or 0) < self.goals[n])

    @cached_property
    def _under(self) -> dict[int, int]:
        """For each wanted entry the next one after it that goes down."""
        under: dict[int, int] = {}
        upcoming: int | None = None
        for n in reversed(range(len(self.now))):
            if upcoming is not None:
                under[n] = upcoming
            upcoming = n if n in self._falling else upcoming
        return under


def _limits(
    others: Obstacles, rules: Sequence[Rule], now: Sequence[int | None], fresh: Sequence[bool], end: int
) -> list[int]:
    """For each wanted entry the position it has to stand above: the first obstacle for it or for any after it.

    What is new, or changes, goes above all that it can. What stays as it is goes nowhere because of a rule that has as
    much of a claim to the place, or if others would only move theirs back.
    """
    if not others.rules:
        return [end] * len(now)
    limits = [end]
    for n in reversed(range(len(rules))):
        above, preferable = others.first(rules[n], limits[-1])
        limit, at = preferable if fresh[n] else above, now[n]
        if not fresh[n] and at is not None and limit <= at and limit < limits[-1]:
            moving = ((rules[k], now[k] or 0) for k in range(n + 1) if (now[k] or 0) > limit)
            limit = limits[-1] if any(others.would_return(rule, place, limit) for rule, place in moving) else limit
        limits.append(limit)
    return limits[:0:-1]
