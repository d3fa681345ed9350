# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a matcher's value is made of, so that rules can be found by what they share instead of by looking at all."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, same

Block = tuple[int, int, int]
"""A block of addresses or numbers as a binary prefix: IP version (0: plain numbers), length, and the bits of it."""
Mark: TypeAlias = "str | Block"

NUMBERS = re.compile(r"\d{1,20}(-\d{1,20})?(,\d{1,20}(-\d{1,20})?)*")
WIDTH = {0: 32, 4: 32, 6: 128}
"""Bits of what a block is made of."""


def excluding(item: Field, mark: Mark) -> bool:
    """Whether two different marks of this field exclude each other; a host, say, may be in several lists."""
    if isinstance(mark, str):
        return item.kind.apart("a", "b")
    return item.kind.apart(*(("192.0.2.1/32", "192.0.2.2/32") if mark[0] else ("1", "2")))


def marks_of(item: Field, text: str) -> Sequence[Mark] | None:
    """What a value is made of, where that can be enumerated: a word, or a few blocks of addresses or numbers."""
    if not text or text.startswith(("!", "all-")):
        return None
    if item.kind.exact or item.kind.within is same:
        return (text,)
    if NUMBERS.fullmatch(text):
        return _blocks(0, (_span(part) for part in text.split(",")))
    return _addresses(text)


def _span(text: str) -> tuple[int, int]:
    first, _dummy, last = text.partition("-")
    return int(first), int(last or first)


def _addresses(text: str) -> Sequence[Block] | None:
    """The blocks of a host, a prefix or a range of addresses; None for any other text."""
    first, dash, last = text.partition("-")
    try:
        if dash:
            start, end = ipaddress.ip_address(first), ipaddress.ip_address(last)
        elif "." in text or ":" in text:
            net = ipaddress.ip_network(text)
            start, end = net[0], net[-1]
        else:
            return None
    except ValueError:
        return None
    return _blocks(start.version, [(int(start), int(end))])


def _blocks(version: int, spans: Iterable[tuple[int, int]]) -> Sequence[Block] | None:
    """Spans of addresses or numbers as the fewest binary prefixes."""
    blocks: list[Block] = []
    for start, last in spans:
        first = start
        if last >> WIDTH[version]:
            return None
        while first <= last:
            size = (last - first + 1).bit_length() - 1
            if first:
                size = min(size, (first & -first).bit_length() - 1)
            blocks.append((version, WIDTH[version] - size, first >> size))
            first += 1 << size
    return blocks


def around(marks: Iterable[Mark]) -> set[Mark]:
    """The marks themselves and all blocks that contain one of them."""
    found: set[Mark] = set()
    for mark in marks:
        while mark not in found:
            found.add(mark)
            if not isinstance(mark, str) and mark[1]:
                mark = (mark[0], mark[1] - 1, mark[2] >> 1)
    return found
