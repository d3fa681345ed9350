# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters to words. What a word is depends on where it stands, so the parser asks for what it expects there."""

from __future__ import annotations

import re

from .errors import NotCode, syntax

BLANKS = re.compile(r"(?:[ \t]|\\\r?\n)+")
COMMENT = re.compile(r"#[^\n]*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
VARIABLE = re.compile(r"[A-Za-z0-9]+")
ARGUMENT = re.compile(r"(\.?[A-Za-z][A-Za-z0-9.-]*)=")
# What may stand unquoted as the value of an argument; anything beyond needs quotes on a router, too (cli.md, 4).
PLAIN = re.compile(r"[A-Za-z0-9._:/,*@+!%-]+")
# Words within ( ): times, addresses, ids and numbers before names, since the first that fits is taken.
WORD = re.compile(
    r"""(?: [0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?
          | (?:[0-9]+[wd])*[0-9]+:[0-9]{2}(?::[0-9]{2})?
          | (?:[0-9]+(?:ms|[wdhms]))+(?![A-Za-z0-9])
          | \*[0-9A-Fa-f]+
          | 0[xX][0-9A-Fa-f]+
          | [0-9]+(?![A-Za-z0-9_])
          | [A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*
        )""",
    re.VERBOSE,
)
# Values within a `where`: as plain ones, without `/` and `:`, which a router misreads there.
SOUGHT = re.compile(r"!?[A-Za-z0-9._,*@+%-]+")
OPERATOR = re.compile(r"->|<=|>=|!=|&&|\|\||<<|>>|[-+*/%=<>!~.,|&^]|(?:and|or|in)(?![A-Za-z0-9_-])")
CLOSING = frozenset("]})")


class Lexer:
    """A position in the source, and what can be read from it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def place(self, at: int | None = None) -> str:
        """Where something stands, as the router says it."""
        before = self.text[: self.at if at is None else at]
        line = before.count("\n") + 1
        return f"(line {line} column {len(before) - before.rfind(chr(10))})"

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def wrong(self, at: int | None = None) -> NotCode:
        return syntax(self.place(at))

    @property
    def next(self) -> str:
        """The character to come; empty at the end."""
        return self.text[self.at : self.at + 1]

    def skip(self, *, lines: bool = False) -> None:
        """Go to the next word; comments begin where a word would. `lines` goes over line ends, too."""
        while True:
            if blank := BLANKS.match(self.text, self.at):
                self.at = blank.end()
            elif self.next == "#" and self._between():
                self.at = self._end_of_comment()
            elif self.next in ("\n", "\r") and self.next and lines:
                self.at += 1
            else:
                return

    def _between(self) -> bool:
        return self.at == 0 or self.text[self.at - 1] in " \t\r\n;{[("

    def _end_of_comment(self) -> int:
        found = COMMENT.match(self.text, self.at)
        assert found is not None
        return found.end()

    def ended(self) -> bool:
        """No further word belongs to this command."""
        return not self.next or self.next in ";\n\r" or self.next in CLOSING

    def take(self, text: str) -> bool:
        """Go over this text if it stands here."""
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self.wrong()

    def match(self, pattern: re.Pattern[str]) -> str:
        """The text that fits here, gone over; empty if none does."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def sees(self, pattern: re.Pattern[str]) -> str:
        """The text that fits here, not gone over; for ARGUMENT its name."""
        found = pattern.match(self.text, self.at)
        return "" if found is None else found[found.re.groups]
