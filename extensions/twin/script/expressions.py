# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values: quoted text, variables, arrays, brackets, and what stands between parentheses or behind `where`."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .errors import unplayed
from .lexer import OPERATOR, SOUGHT, VARIABLE, WORD, Lexer
from .quoting import ESCAPES, HEXADECIMAL, byte, settled
from .syntax import Binary, Block, Call, Code, Items, Literal, Node, Property, Text, Unary, Variable

# Python itself gives up at about fifty.
DEEPEST = 30
COMPARING = ("=", "!=", "<", ">", "<=", ">=", "~", "in")
ARITHMETIC = ("+", "-", "*", "/", "%", "|", "&", "^", "<<", ">>")
# From what binds least to what binds most. RouterOS documents no order; see `_unmixed` for what is left open.
LEVELS = (("or", "||"), ("and", "&&"), COMPARING, (",",), (".",), ("|", "^", "&"), ("<<", ">>"), ("+", "-"))
SPELLED = {"||": "or", "&&": "and"}


class Expressions:
    """The part of the parser that reads values; `code` comes from the part that reads commands."""

    def __init__(self, lexer: Lexer) -> None:
        self.lexer = lexer
        self.depth = 0
        # Properties that a bare word can mean: those of the menu whose entries a `where` looks at.
        self.properties: Collection[str] | None = None

    def code(self, closing: str) -> Code:
        """Commands up to the closing character, which is left to be read."""
        raise NotImplementedError

    def nested(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise unplayed(f"more than {DEEPEST} levels of nesting", self.lexer.place())
        found = read()
        self.depth -= 1
        return found

    def starred(self) -> Node | None:
        """A value that begins with a character of its own: quotes, `$`, and the three kinds of brackets."""
        readers = {'"': self.quoted, "$": self.variable, "[": self.call, "(": self.parenthesis, "{": self.items}
        reader = readers.get(self.lexer.next)
        return self.nested(reader) if reader else None

    def quoted(self) -> Text:
        lexer, start = self.lexer, self.lexer.at
        lexer.need('"')
        parts: list[str | Node] = []
        plain = ""
        while not lexer.take('"'):
            if lexer.next == "$" and (hole := self._hole()) is not None:
                parts += [settled(plain), hole]
                plain = ""
            elif lexer.take("\\"):
                plain += self._escape()
            elif lexer.next:
                plain += lexer.next
                lexer.at += 1
            else:
                raise lexer.wrong()
        return Text(tuple(part for part in (*parts, settled(plain)) if part != ""), start)

    def _escape(self) -> str:
        lexer = self.lexer
        digits = lexer.text[lexer.at : lexer.at + 2]
        if len(digits) == 2 and set(digits) <= HEXADECIMAL:
            lexer.at += 2
            return byte(digits)
        if lexer.take("\n") or lexer.take("\r\n"):
            while lexer.next in (" ", "\t"):
                lexer.at += 1
            return ""
        if lexer.next not in ESCAPES:
            raise lexer.wrong()
        lexer.at += 1
        return ESCAPES[lexer.text[lexer.at - 1]]

    def _hole(self) -> Node | None:
        """`$name`, `$(...)` or `$[...]` in quotes; a `$` before anything else is itself, as in "^x$"."""
        after = self.lexer.text[self.lexer.at + 1 : self.lexer.at + 2]
        if after in ("(", "["):
            self.lexer.at += 1
            return self.starred()
        return self.variable() if VARIABLE.match(after) else None

    def variable(self) -> Node:
        lexer, start = self.lexer, self.lexer.at
        lexer.need("$")
        if lexer.next == '"':
            text = self.quoted()
            if len(text.parts) != 1 or not isinstance(text.parts[0], str):
                raise lexer.wrong(start)
            return Variable(text.parts[0], start)
        if not (name := lexer.match(VARIABLE)):
            raise lexer.wrong()
        return Variable(name, start)

    def call(self) -> Call:
        start = self.lexer.at
        self.lexer.need("[")
        kept, self.properties = self.properties, None
        found = self.code("]")
        self.properties = kept
        self.lexer.need("]")
        if not found:
            raise self.lexer.wrong(start)
        return Call(found, start)

    def block(self) -> Block:
        start = self.lexer.at
        self.lexer.need("{")
        found = self.code("}")
        text = self.lexer.text[start + 1 : self.lexer.at]
        self.lexer.need("}")
        return Block(found, text, start)

    def items(self) -> Items:
        """`{1; "two"; key=3}`."""
        lexer, start = self.lexer, self.lexer.at
        lexer.need("{")
        found: list[tuple[Node | None, Node]] = []
        lexer.skip(lines=True)
        while not lexer.take("}"):
            value = self._operand()
            if lexer.take("="):
                found.append((value, self._operand()))
            else:
                found.append((None, value))
            lexer.skip(lines=True)
            if lexer.next != "}":
                lexer.need(";")
                lexer.skip(lines=True)
        return Items(tuple(found), start)

    def parenthesis(self) -> Node:
        start = self.lexer.at
        self.lexer.need("(")
        self.lexer.skip(lines=True)
        if self.lexer.take(")"):
            return Items((), self.lexer.at)
        found = self.expression()
        self.lexer.skip(lines=True)
        self.lexer.need(")")
        return Unary("()", found, start) if isinstance(found, Binary | Unary) else found

    def expression(self) -> Node:
        return self._level(0)

    def condition(self, properties: Collection[str]) -> Node:
        """What stands behind `where`: one expression after the other, all of which must hold."""
        kept, self.properties = self.properties, properties
        found: Node | None = None
        while not self.lexer.ended():
            start = self.lexer.at
            term = self._level(0)
            found = term if found is None else Binary("and", found, term, start)
            self.lexer.skip()
        self.properties = kept
        if found is None:
            raise self.lexer.wrong()
        return found

    def _level(self, level: int) -> Node:
        if level == len(LEVELS):
            return self._product()
        left = self._level(level + 1)
        while operator := self._operator(LEVELS[level]):
            at = self.lexer.at
            comparing = level == LEVELS.index(COMPARING)
            right = self._sought() if comparing else None
            if right is None:
                right = self._level(level + 1)
            self._unmixed(operator, (left, right))
            left = Binary(SPELLED.get(operator, operator), left, right, at)
        return left

    def _product(self) -> Node:
        left = self._unary()
        while operator := self._operator(("*", "/", "%")):
            at = self.lexer.at
            left = Binary(operator, left, self._unary(), at)
        return left

    def _operator(self, wanted: Collection[str]) -> str:
        """The operator if it is one of these; the position stays before it otherwise."""
        start = self.lexer.at
        self.lexer.skip(lines=self.properties is None)
        found = self.lexer.match(OPERATOR)
        if found in wanted:
            return found
        self.lexer.at = start
        return ""

    def _unmixed(self, operator: str, operands: tuple[Node, Node]) -> None:
        """What binds more is not established for these, so they need parentheses here."""
        place = self.lexer.place(operands[0].at)
        for each in operands:
            if operator == "." and isinstance(each, Binary) and each.operator in ARITHMETIC:
                raise unplayed("concatenation mixed with arithmetic without parentheses", place)
            if operator in COMPARING and isinstance(each, Unary) and each.operator == "!":
                raise unplayed("`!` beside a comparison without parentheses", place)

    def _sought(self) -> Node | None:
        """The right side of a comparison in a `where`: a bare word there is a value and never a property."""
        if self.properties is None:
            return None
        self.lexer.skip()
        start = self.lexer.at
        if word := self.lexer.match(SOUGHT):
            if not self.lexer.ended() and self.lexer.next not in " \t\\&|":
                raise self.lexer.wrong()
            return Literal(word, start)
        return None

    def _unary(self) -> Node:
        self.lexer.skip(lines=self.properties is None)
        start = self.lexer.at
        for operator in ("!", "-", "~"):
            if self.lexer.take(operator):
                return Unary(operator, self.nested(self._unary), start)
        return self._postfix()

    def _postfix(self) -> Node:
        found = self._operand()
        while self.lexer.text.startswith("->", self.lexer.at):
            at = self.lexer.at
            self.lexer.at += 2
            found = Binary("->", found, self._operand(), at)
        return found

    def _operand(self) -> Node:
        self.lexer.skip(lines=self.properties is None)
        start = self.lexer.at
        if (found := self.starred()) is not None:
            return found
        word = ".id" if self.properties is not None and self.lexer.take(".id") else self.lexer.match(WORD)
        if not word:
            raise self.lexer.wrong()
        if self.properties is None:
            return Literal(word, start)
        if word not in self.properties:
            raise self.lexer.wrong(start)
        return Property(word, start)
