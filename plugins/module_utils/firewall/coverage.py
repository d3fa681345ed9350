# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows packets through chains and jumps, and tells which rules none of them can reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .index import Bits, GivenUp, Index
from .lines import Line, Table
from .sets import (
    MOST_BOXES,
    Box,
    meets,
    rest,
)

MOST_VISITS = 20_000
"""Rules that are visited by following jumps, before the rest of the jumps is left alone."""
DEEPEST = 8

Taken = list[tuple[Box, Line]]
"""Packets that surely do not come out of a chain, and the rules that see to it."""


@dataclass(frozen=True)
class Visit:
    """One way to a rule: what can arrive there by it, and which boxes take packets away before."""

    line: Line
    boxes: Sequence[Box]
    before: Bits
    perhaps: Bits
    """The same with boxes of which only some packets are taken, or perhaps none."""
    jumps: tuple[Line, ...]


@dataclass
class Walk:
    """All ways through a table."""

    table: Table
    visits: dict[Line, list[Visit]] = field(default_factory=lambda: defaultdict(list))
    boxes: list[Box] = field(default_factory=list)
    owners: list[Line] = field(default_factory=list)
    unfinished: set[str] = field(default_factory=set)
    """Chains that are jumped to in ways that were not followed."""
    count: int = 0

    def chain(
        self,
        name: str,
        arriving: Sequence[Box] = ({},),
        before: Bits = 0,
        perhaps: Bits = 0,
        jumps: tuple[Line, ...] = (),
    ) -> tuple[Taken, Bits]:
        """Visit the rules of a chain for the packets that arrive there; returns what it takes, and may take."""
        taken, returned = Taken(), tuple[Box, ...]()
        for line in self.table.chains.get(name, ()):
            self.count += 1
            region = line.region
            boxes = _few(meets(arriving, region.boxes), region.boxes)
            self.visits[line].append(Visit(line, boxes, before, perhaps, jumps))
            mine = [(box, line) for box in boxes]
            if line.action == "jump":
                fresh, may = self._jump(line, boxes, before, perhaps, jumps)
                before |= self._cover(fresh)
                perhaps |= may
                taken += _without(fresh, returned)
            elif line.action == "return" or (line.ends and line.position):
                bits = self._cover(mine)
                perhaps |= bits
                before |= bits if region.exact else 0
                if line.action == "return":
                    returned = (*returned, *region.boxes)
                elif region.exact:
                    taken += _without(mine, returned)
        return taken, perhaps

    def _jump(
        self, line: Line, boxes: Sequence[Box], before: Bits, perhaps: Bits, jumps: tuple[Line, ...]
    ) -> tuple[Taken, Bits]:
        """What the chain jumped to takes, and may take, of what the jump sends there."""
        chain = self.table.chains.get(line.target, ())
        looping = line in chain or any(each.target == line.target for each in jumps)
        if looping or len(jumps) >= DEEPEST or self.count + len(chain) > MOST_VISITS or len(boxes) > MOST_BOXES:
            self.unfinished.add(line.target)
            return [], 0
        inside, may = self.chain(line.target, boxes, before, perhaps, (*jumps, line))
        if not line.region.exact or not line.position:
            return [], may
        return [(box, owner) for each, owner in inside for box in meets([each], line.region.boxes)], may

    def _cover(self, taken: Taken) -> Bits:
        """Note boxes, and return their bits."""
        bits = 0
        for box, owner in taken:
            bits |= 1 << len(self.boxes)
            self.boxes.append(box)
            self.owners.append(owner)
        return bits


def _few(boxes: Sequence[Box], wider: Sequence[Box]) -> Sequence[Box]:
    return boxes if len(boxes) <= MOST_BOXES else wider


def _without(taken: Taken, returned: Sequence[Box]) -> Taken:
    """What is taken for certain although some packets went back to the chain they came from before."""
    if not returned:
        return taken
    return [(piece, line) for box, line in taken for piece in rest([box], returned) or ()]


@dataclass(frozen=True)
class Dead:
    """A rule that no packet can reach or match, the rules before it that see to it, and the jumps that lead there."""

    line: Line
    takers: tuple[Line, ...]
    jumps: tuple[Line, ...]


def walked(table: Table) -> Walk:
    """Follow the built-in chains, then the chains that nobody jumps to, for whatever they are there for."""
    walk = Walk(table)
    for name in sorted(table.builtin & table.chains.keys()):
        walk.chain(name)
    for name in sorted(table.chains.keys() - table.builtin):
        if not any(walk.visits.get(line) for line in table.chains[name]):
            walk.chain(name)
    # What jumps lead to in ways that were not followed may get any packet.
    for name in sorted(_below(table, walk.unfinished)):
        for line in table.chains.get(name, ()):
            walk.visits[line].append(Visit(line, line.region.boxes, 0, 0, ()))
    return walk


def _below(table: Table, names: set[str]) -> set[str]:
    """The chains and all that their jumps lead to."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [line.target for line in table.chains.get(name, ()) if line.action == "jump"]
    return found


def dead_lines(walk: Walk, index: Index) -> Iterator[Dead | Line]:
    """Every rule that can never match; as a bare line every rule of which that could not be told."""
    for line, visits in walk.visits.items():
        if line.position:
            try:
                takers = takers_of(index, visits)
            except GivenUp:
                yield line
                continue
            if takers is not None:
                owners = {walk.owners[number]: None for number in takers}
                jumps = {jump: None for visit in visits for jump in visit.jumps}
                yield Dead(line, tuple(owners), tuple(jumps))


def takers_of(index: Index, visits: Sequence[Visit]) -> list[int] | None:
    """Numbers of the boxes that leave nothing to a rule, whichever way packets come to it."""
    found: list[int] = []
    for visit in visits:
        covering = index.covering(visit.boxes, visit.before) if visit.before or not visit.boxes else None
        if covering is None:
            return None
        found += covering
    return found
