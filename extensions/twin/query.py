# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query words of print: a stack of booleans that behaves as if it had endless `true` below."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence

from .values.basic import parse_duration, whole

Row = Mapping[str, str]
Same = Callable[[str, str, str], bool]

# An index beyond this reads the endless true below the stack anyway.
_INDEX = re.compile("[0-9]{1,9}")
_BOOLEANS = {"yes": "true", "no": "false"}


def plainly_same(_name: str, have: str, asked: str) -> bool:
    """Equality without knowledge of the menu: text, or yes/no against true/false."""
    return have == asked or (have in ("true", "false") and _BOOLEANS.get(asked) == have)


class _Stack:
    def __init__(self) -> None:
        self.items: list[bool] = []

    def pop(self) -> bool:
        return self.items.pop() if self.items else True

    def at(self, index: int) -> bool:
        return self.items[-1 - index] if index < len(self.items) else True

    def operate(self, operations: str) -> None:
        """Run the characters after `?#` from left to right."""
        position = 0
        after_index = False
        while position < len(operations):
            char = operations[position]
            if index := _INDEX.match(operations, position):
                self._index(int(index[0]), last=index.end() == len(operations))
                position, after_index = index.end(), True
                continue
            self._step(char, after_index)
            position, after_index = position + 1, False

    def _index(self, index: int, last: bool) -> None:
        value = self.at(index)
        self.items = [value] if last else [*self.items, value]

    def _step(self, char: str, after_index: bool) -> None:
        if char == "!":
            self.items.append(not self.pop())
        elif char == "&":
            first, second = self.pop(), self.pop()
            self.items.append(first and second)
        elif char == "|":
            first, second = self.pop(), self.pop()
            self.items.append(first or second)
        elif char == "." and not after_index:
            self.items.append(self.at(0))


def matches(queries: Sequence[str], row: Row, same: Same = plainly_same) -> bool:
    """Whether the row passes; `queries` are the words without their leading question mark."""
    stack = _Stack()
    for word in queries:
        if word.startswith("#"):
            stack.operate(word[1:])
        else:
            stack.items.append(_evaluate(word, row, same))
    return all(stack.items)


def _evaluate(word: str, row: Row, same: Same) -> bool:
    if word.startswith("-"):
        return word[1:] not in row
    if word[:1] in ("<", ">"):
        name, _dummy, asked = word[1:].partition("=")
        return name in row and ordered(word[0], row[name], asked)
    if word.startswith("="):
        word = word[1:]
    name, equals, asked = word.partition("=")
    if not equals:
        return name in row
    return name in row and same(name, row[name], asked)


def ordered(operator: str, have: str, asked: str) -> bool:
    """Whether `have` is less or greater than `asked`."""
    left, right = _rank(have), _rank(asked)
    if left[0] != right[0]:
        left, right = (9, have), (9, asked)
    return bool(left < right) if operator == "<" else bool(left > right)


def _rank(text: str) -> tuple[int, object]:
    """Numbers, times and addresses in their own order, other text by its letters."""
    if (number := whole(text)) is not None:
        return (0, number)
    if (milliseconds := parse_duration(text)) is not None:
        return (1, milliseconds)
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        return (9, text)
    return (2 + address.version, int(address))
