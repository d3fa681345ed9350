# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where wanted entries stand in an ordered menu, reached with the fewest moves."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.eclipse import obstacles, rule_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version


@dataclass(frozen=True)
class Wish:
    """A wanted entry as it shall be, and the entry that stands for it now (None: it is new)."""

    values: Row
    entry: Entry | None


@dataclass(frozen=True)
class Place:
    """What has to happen for one wish to stand where it belongs: nothing, or come before that id (None: at the end)."""

    stays: bool
    before: str | None = None


STAYS = Place(stays=True)


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


def place(
    menu: Menu, have: Sequence[Entry], wishes: Sequence[Wish], leaving: frozenset[str], version: Version
) -> list[Place]:
    """For each wish its place, so that the given order holds and no rule of others stands in the way above it."""
    places = [STAYS] * len(wishes)
    rows = _by_chain(menu, [entry.values for entry in have])
    for chain, indexes in _by_chain(menu, [wish.values for wish in wishes]).items():
        present = [have[index] for index in rows.get(chain, ())]
        found = _place_chain(menu, present, [wishes[index] for index in indexes], leaving, version)
        for index, result in zip(indexes, found, strict=True):
            places[index] = result
    return places


def _by_chain(menu: Menu, rows: Sequence[Row]) -> dict[str, list[int]]:
    chains = defaultdict[str, list[int]](list)
    for index, row in enumerate(rows):
        chains[row.get(menu.chain, "") if menu.chain else ""].append(index)
    return chains


def _place_chain(
    menu: Menu, have: Sequence[Entry], wishes: Sequence[Wish], leaving: frozenset[str], version: Version
) -> Iterator[Place]:
    at = {entry.id: position for position, entry in enumerate(have)}
    limits = _limits(menu, have, wishes, leaving, version)
    present = [
        (index, at[wish.entry.id])
        for index, wish in enumerate(wishes)
        if wish.entry and at.get(wish.entry.id, limits[index]) < limits[index]
    ]
    longest = rising([position for _, position in present])
    kept = {index: position for count, (index, position) in enumerate(present) if count in longest}
    anchors = _anchors(limits, kept, len(have))
    for index, anchor in enumerate(anchors):
        yield STAYS if index in kept else Place(False, have[anchor].id if anchor < len(have) else None)


def _limits(
    menu: Menu, have: Sequence[Entry], wishes: Sequence[Wish], leaving: frozenset[str], version: Version
) -> list[int]:
    """For each wish the position it has to stand above: the first obstacle for it or for any wish after it."""
    ours = {wish.entry.id for wish in wishes if wish.entry} | leaving
    index = obstacles(menu, ((at, entry) for at, entry in enumerate(have) if entry.id not in ours), version)
    limits: list[int] = []
    limit = len(have)
    for wish in reversed(wishes):
        limit = index.first(rule_of(menu, wish.values, version), limit)
        limits.append(limit)
    return limits[::-1]


def _anchors(limits: Sequence[int], kept: dict[int, int], end: int) -> list[int]:
    """For each wish the position before which it goes: the next wish that stays, or its own limit if that is higher."""
    anchors: list[int] = []
    upcoming = end
    for index in reversed(range(len(limits))):
        anchors.append(min(upcoming, limits[index]))
        upcoming = kept.get(index, upcoming)
    return anchors[::-1]
