# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script is once it is read: commands and the values they are given. `at` is an offset in the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Literal:
    """A word without quotes, as written; what type it has depends on who takes it."""

    text: str
    at: int


@dataclass(frozen=True)
class Text:
    """Text in quotes: what stands there, and what is substituted."""

    parts: tuple[str | Node, ...]
    at: int


@dataclass(frozen=True)
class Variable:
    name: str
    at: int


@dataclass(frozen=True)
class Property:
    """In a `where`: a property of the entry that is looked at."""

    name: str
    at: int


@dataclass(frozen=True)
class Items:
    """An array literal; an item without key has None."""

    items: tuple[tuple[Node | None, Node], ...]
    at: int


@dataclass(frozen=True)
class Block:
    """Code in braces, to be run or, as the value of a property, kept as the text between them."""

    code: Code
    text: str
    at: int


@dataclass(frozen=True)
class Call:
    """Commands in brackets: the value is the last one's."""

    code: Code
    at: int


@dataclass(frozen=True)
class Unary:
    operator: str
    operand: Node
    at: int


@dataclass(frozen=True)
class Binary:
    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True)
class Command:
    """One command: `menu` is a path, or BUILTIN for those that work anywhere.

    `words` are arguments by name in order, positional ones already have theirs; `where` is a condition on entries.
    """

    menu: str
    verb: str
    words: tuple[tuple[str, Node | None], ...]
    where: Node | None
    at: int
    line: int

    def get(self, name: str) -> Node | None:
        """The value given for a name, or None."""
        return next((node for key, node in reversed(self.words) if key == name), None)

    def has(self, name: str) -> bool:
        return any(key == name for key, _dummy in self.words)


Node: TypeAlias = Literal | Text | Variable | Property | Items | Block | Call | Unary | Binary
Code: TypeAlias = tuple[Command, ...]
BUILTIN = ":"
