# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules whose removal would change nothing, as rules below do the same with all their packets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from .index import (
    MOST_STEPS,
    Bits,
    GivenUp,
    Index,
)
from .lines import Line
from .sets import Box, meet, subtract

Outcome = tuple[str, frozenset[tuple[str, str]]]


class Below:
    """The rules of one chain as those above them see them."""

    def __init__(self, chain: Sequence[Line], dead: Collection[Line]) -> None:
        self.chain = [line for line in chain if line not in dead]
        self.dead = dead
        # A rule that never matches may do so because of the one that is asked about, and come to life without it.
        self.owners = [line for line in chain for _dummy in line.region.boxes]
        self.index = Index([box for line in chain for box in line.region.boxes])
        self.after: dict[Line, Bits] = {}
        self.same = defaultdict[Outcome, Bits](int)
        self.harmless = defaultdict[Outcome, Bits](int)
        self.nothing: Bits = 0
        for number, line in enumerate(self.owners):
            self._note(line, 1 << number)
        bits = (1 << len(self.owners)) - 1
        for number, line in enumerate(self.owners):
            bits &= ~(1 << number)
            self.after[line] = bits

    def _note(self, line: Line, bit: Bits) -> None:
        """Sort a rule by what it would mean to packets that come to it because one above is gone."""
        if line.action == "passthrough" and not line.logs:
            self.nothing |= bit
        elif line.ends and line.position and not (line.logs or line.region.metered or line.region.opaque):
            # Where it matches the outcome is the same, so it does no harm; for certain it matches only if exact.
            self.harmless[line.outcome] |= bit
            if line.region.exact and line not in self.dead:
                self.same[line.outcome] |= bit

    def doing_the_same(self, line: Line) -> list[Line] | None:
        """The rules that would do the same with all packets of this one; None when there are packets they lack."""
        same = self.same[line.outcome] & self.after[line]
        if not same:
            return None
        other = self.after[line] & ~self.harmless[line.outcome] & ~self.nothing
        used: dict[Line, None] = {}
        left: list[Box] = list(line.region.boxes)
        for _dummy in range(MOST_STEPS):
            if not left:
                return list(used)
            box = left.pop()
            found = self.index.at(box, same)
            if found is None:
                return None
            shared = meet(box, self.index.boxes[found])
            between = other & ((1 << found) - 1)
            if shared is None or next(self.index.overlapping(shared, between), None) is not None:
                return None
            used[self.owners[found]] = None
            left.extend(subtract(box, self.index.boxes[found]))
        raise GivenUp


def redundant(chain: Sequence[Line], dead: Collection[Line]) -> Iterator[tuple[Line, list[Line]] | Line]:
    """Every rule that can go and those that do its work; as a bare line each of which that could not be told."""
    below = Below(chain, dead)
    for line in below.chain:
        if line.ends and line.position and not line.logs and line.region.boxes:
            try:
                found = below.doing_the_same(line)
            except GivenUp:
                yield line
                continue
            if found:
                yield line, found
