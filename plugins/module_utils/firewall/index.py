# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the boxes that a packet or a box may lie in without looking at all of them.

Sets of boxes are whole numbers, one bit a box, lowest first. A property asks two sorted lists for the boxes that begin
before its end and those that end after its beginning; what they have in common is then looked at one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from .sets import (
    Box,
    Spans,
    contains,
    overlap,
    subtract,
    top,
)

Bits = int
STRIDE = 8
MOST_STEPS = 400
"""Pieces of a region that are looked at before giving up."""
MOST_LOOKS = 4000
"""Boxes that are compared with a region before giving up."""


class GivenUp(Exception):
    """The question takes longer than its answer is worth."""


def numbers(bits: Bits) -> Iterator[int]:
    """The numbers of boxes, in rising order."""
    while bits:
        lowest = bits & -bits
        bits ^= lowest
        yield lowest.bit_length() - 1


class Sorted:
    """Keys in rising order, and which boxes stand at or before each of them."""

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        ordered = sorted(pairs)
        self.keys = [key for key, _dummy in ordered]
        self.ids = [number for _dummy, number in ordered]
        self.marks: list[Bits] = [0]
        bits = 0
        for count, number in enumerate(self.ids, 1):
            bits |= 1 << number
            if count % STRIDE == 0:
                self.marks.append(bits)
        self.all = bits

    def first(self, count: int) -> Bits:
        """The boxes of that many keys."""
        bits = self.marks[count // STRIDE]
        for number in self.ids[count // STRIDE * STRIDE : count]:
            bits |= 1 << number
        return bits


class Dimension:
    """Where the boxes that say something of one property begin and end."""

    def __init__(self, spans: Sequence[tuple[int, Spans]]) -> None:
        self.lows = Sorted([(each[0][0], number) for number, each in spans])
        self.highs = Sorted([(each[-1][1], number) for number, each in spans])
        self.all = self.lows.all
        self.known: dict[tuple[int, int], Bits] = {}

    def misses(self, low: int, high: int) -> Bits:
        """The boxes that end before, or begin after."""
        found = self.known.get((low, high))
        if found is None:
            before = self.highs.first(bisect_left(self.highs.keys, low))
            found = before | (self.all & ~self.lows.first(bisect_right(self.lows.keys, high)))
            self.known[low, high] = found
        return found


class Index:
    """Boxes in an order; questions name those they are about as bits."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.boxes = boxes
        self.looks = 0
        """How many boxes were looked at one by one, ever."""
        by_dim = defaultdict[str, list[tuple[int, Spans]]](list)
        for number, box in enumerate(boxes):
            for dim, spans in box.items():
                by_dim[dim].append((number, spans))
        self.dims = {dim: Dimension(found) for dim, found in by_dim.items()}
        self.families = defaultdict[str, Bits](int)
        """Boxes that ask for something like being in a certain list, by what they ask: `src-address-list`."""
        self.asking = defaultdict[str, Bits](int)
        for dim, found in by_dim.items():
            family, equals, _dummy = dim.partition("=")
            if equals:
                self.families[family] |= self.dims[dim].all
                yes = sum(1 << number for number, spans in found if spans == ((1, 1),))
                self.asking[dim] = yes
                self.asking[family] |= yes
        self.plain = [dim for dim in self.dims if "=" not in dim]

    def overlapping(self, box: Box, bits: Bits) -> Iterator[int]:
        """Numbers of the boxes that share a packet with this one, in order."""
        return (number for number in self._each(self.near(box, bits)) if overlap(self.boxes[number], box))

    def near(self, box: Box, bits: Bits) -> Bits:
        """The boxes that share a packet with this one, and perhaps others."""
        for dim, spans in box.items():
            if bits and dim in self.dims:
                bits &= ~self.dims[dim].misses(spans[0][0], spans[-1][1])
        return bits

    def holding(self, box: Box, bits: Bits) -> int | None:
        """Number of the first box that holds all packets of this one."""
        return next((each for each in self._each(self.around(box, bits)) if contains(self.boxes[each], box)), None)

    def around(self, box: Box, bits: Bits) -> Bits:
        """The boxes that hold all packets of this one, and perhaps others."""
        for dim in self.plain:
            bits &= ~(self.dims[dim].misses(box[dim][0][0], box[dim][-1][1]) if dim in box else self.dims[dim].all)
        if bits and self.families:
            mine = defaultdict[str, Bits](int)
            for dim in box:
                family, equals, _dummy = dim.partition("=")
                if equals and dim in self.dims:
                    mine[family] |= self.dims[dim].all
            for family, saying in self.families.items():
                bits &= ~(saying & ~mine[family])
        return bits

    def at(self, box: Box, bits: Bits) -> int | None:
        """Number of the first box that has the `witness` of this one."""
        point = {dim: witness(box.get(dim), dim) for dim in {*self.plain, *box}}
        for dim in self.plain:
            bits &= ~self.dims[dim].misses(point[dim], point[dim])
        mine = defaultdict[str, Bits](int)
        for dim in box if self.families else ():
            family, equals, _dummy = dim.partition("=")
            if equals and point[dim] == 1:
                mine[family] |= self.asking.get(dim, 0)
        for family in self.families:
            bits &= ~(self.asking[family] & ~mine[family])
        return next((number for number in self._each(bits) if _has(self.boxes[number], point)), None)

    def _each(self, bits: Bits) -> Iterator[int]:
        for _dummy in range(MOST_LOOKS):
            if not bits:
                return
            lowest = bits & -bits
            bits ^= lowest
            self.looks += 1
            yield lowest.bit_length() - 1
        raise GivenUp

    def covering(self, boxes: Sequence[Box], bits: Bits) -> list[int] | None:
        """Numbers of boxes that together hold every packet of these; None when one packet is in none of them.

        Raises GivenUp when that cannot be told in reasonable time.
        """
        used: list[int] = []
        left = list(boxes)
        for _dummy in range(MOST_STEPS):
            if not left:
                return sorted(set(used))
            box = left.pop()
            found = self.at(box, bits)
            if found is None:
                return None
            whole = self.holding(box, bits)
            used.append(found if whole is None else whole)
            if whole is None:
                left.extend(subtract(box, self.boxes[found]))
        raise GivenUp


def witness(spans: Spans | None, dim: str) -> int:
    """One number out of the spans, or out of all that the property can have; rather not one that rules name."""
    if spans is None:
        return 0 if "=" in dim else top(dim) - top(dim) // 3
    low, high = max(spans, key=lambda span: span[1] - span[0])
    return (low + high) // 2


def _has(box: Box, point: dict[str, int]) -> bool:
    return all(any(low <= point.get(dim, 0) <= high for low, high in spans) for dim, spans in box.items())
