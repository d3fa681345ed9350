# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of packets: sets of numbers, and boxes made of one such set for each property of a packet.

Every property is a number: an address, a port, a name read as a number, a yes or no. So one algebra serves them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

Spans = tuple[tuple[int, int], ...]
"""Numbers from first to last: rising, apart from each other, never adjacent."""
Box = Mapping[str, Spans]
"""Packets whose every named property lies in its set; a property that is not named may be anything."""

NAMES = 1 << 4096
TOPS = {
    **dict.fromkeys(("src-address", "dst-address"), 2**32 - 1),
    **dict.fromkeys(("src-address6", "dst-address6"), 2**128 - 1),
    **dict.fromkeys(("src-port", "dst-port", "packet-size", "tcp-mss", "icmp-options"), 65535),
    **dict.fromkeys(("in-interface", "out-interface", "in-bridge-port", "out-bridge-port"), NAMES),
    **dict.fromkeys(("packet-mark", "connection-mark", "routing-mark", "src-mac-address"), NAMES),
    **dict.fromkeys(("connection-type", "p2p"), NAMES),
    **dict.fromkeys(("dscp", "priority", "ingress-priority"), 63),
    **dict.fromkeys(("src-address-type", "dst-address-type"), 6),
    **{"protocol": 255, "connection-state": 4, "tos": 255, "realm": 2**32 - 1, "version": 6},
}
"""Greatest number of each property; one that is not here is a yes or no."""
MOST_BOXES = 16
EVERYTHING: tuple[Box, ...] = ({},)


def top(dim: str) -> int:
    """The greatest number that a property can have; the least is 0."""
    return TOPS.get(dim, 1)


def spans_of(pairs: Iterable[tuple[int, int]]) -> Spans:
    """Pairs in whatever order as proper spans."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def others(spans: Spans, dim: str) -> Spans:
    """The numbers of a property that are not in the spans."""
    found, low = [], 0
    for start, end in spans:
        if low < start:
            found.append((low, start - 1))
        low = end + 1
    if low <= top(dim):
        found.append((low, top(dim)))
    return tuple(found)


def common(one: Spans, other: Spans) -> Spans:
    """The numbers in both."""
    found, left, right = [], 0, 0
    while left < len(one) and right < len(other):
        low, high = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        if low <= high:
            found.append((low, high))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def within(one: Spans, other: Spans) -> bool:
    """Whether the second holds all numbers of the first."""
    return one == other or common(one, other) == one


def holds(spans: Spans, number: int) -> bool:
    """Whether a number is in the spans."""
    return any(low <= number <= high for low, high in spans)


def overlap(one: Box, other: Box) -> bool:
    """Whether a packet can be in both boxes."""
    return all(common(spans, other[dim]) for dim, spans in one.items() if dim in other)


def contains(outer: Box, inner: Box) -> bool:
    """Whether every packet of the inner box is in the outer one."""
    return all(dim in inner and within(inner[dim], spans) for dim, spans in outer.items())


def meet(one: Box, other: Box) -> Box | None:
    """The packets in both boxes; None when there are none."""
    shared = {dim: common(spans, other[dim]) for dim, spans in one.items() if dim in other}
    return {**one, **other, **shared} if all(shared.values()) else None


def meets(ones: Iterable[Box], others_: Iterable[Box]) -> tuple[Box, ...]:
    """The packets that are in one of the first boxes and in one of the second."""
    first, second = tuple(ones), tuple(others_)
    if first == EVERYTHING or second == EVERYTHING:
        return second if first == EVERYTHING else first
    return tuple(found for one in first for other in second if (found := meet(one, other)) is not None)


def subtract(box: Box, taken: Box) -> Iterator[Box]:
    """The packets of a box that are not in another, as boxes without a common packet."""
    left = dict(box)
    for dim, spans in taken.items():
        here = left.get(dim, ((0, top(dim)),))
        outside = common(here, others(spans, dim))
        if outside:
            yield {**left, dim: outside}
        left[dim] = common(here, spans)
        if not left[dim]:
            return


def rest(boxes: Iterable[Box], taken: Iterable[Box], most: int = MOST_BOXES) -> tuple[Box, ...] | None:
    """The packets of the first boxes that are in none of the second; None when that takes too many boxes to say."""
    left = tuple(boxes)
    for each in taken:
        left = tuple(
            piece for box in left for piece in (subtract(box, each) if overlap(box, each) else (box,)) if full(piece)
        )
        if len(left) > most:
            return None
    return left


def full(box: Box) -> bool:
    """Whether a packet can be in the box."""
    return all(box.values())
