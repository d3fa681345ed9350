# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A script's text to commands. Everything is read before anything runs, so one unknown word stops the whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .errors import bad_command, command_expected, end_expected, unplayed
from .expressions import Expressions
from .lexer import ARGUMENT, NAME, PLAIN, VARIABLE, Lexer
from .syntax import BUILTIN, Code, Command, Literal, Node
from .tree import PLAYED, Tree

# A script that /execute takes (api.md), in bytes.
LONGEST = 64 * 1024


@dataclass(frozen=True)
class Shape:
    """What a command takes: positional arguments in order, then named ones; `code` names those that are code."""

    positions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    since: str = ""


BUILTINS = {
    "do": Shape(("command",), ("on-error", "while"), ("command", "on-error")),
    "error": Shape(("message",)),
    "delay": Shape(("delay-time",)),
    "find": Shape(("in", "key", "from")),
    "for": Shape(("counter",), ("from", "to", "step", "do"), ("do",)),
    "foreach": Shape(("counter",), ("in", "do"), ("do",)),
    "global": Shape(("name", "value")),
    "if": Shape(("condition",), ("do", "else"), ("do", "else")),
    "len": Shape(("value",)),
    "local": Shape(("name", "value")),
    "nothing": Shape(),
    "onerror": Shape(("counter",), ("in", "do"), ("in", "do"), since="7.13"),
    "pick": Shape(("value", "begin", "end")),
    "put": Shape(("message",)),
    "return": Shape(("value",)),
    "set": Shape(("name", "value")),
    "toarray": Shape(("value",)),
    "tobool": Shape(("value",)),
    "tonum": Shape(("value",)),
    "tostr": Shape(("value",)),
    "typeof": Shape(("value",)),
    "while": Shape(("condition",), ("do",), ("do",)),
}
# Commands of RouterOS that work anywhere and that the twin lacks: it says so instead of calling them unknown.
BEYOND = frozenset(
    ("beep", "blink", "convert", "deserialize", "environment", "execute", "exit", "grep", "import", "jobname", "led",
     "parse", "ping", "quit", "range", "resolve", "retry", "rndnum", "rndstr", "serialize", "terminal", "time",
     "timestamp", "toid", "toip", "toip6", "tolf", "totime", "tonsec", "tocrlf", "undo", "redo", "export", "password")
)  # fmt: skip
FLAGS = frozenset(("as-value", "brief", "count-only", "detail", "terse", "value-list", "without-paging"))
NAMED_BY_WORD = ("name", "counter")
_ON_NUMBERS = Shape(("numbers",))
POSITIONS = {
    **dict.fromkeys(("set", "remove", "enable", "disable", "issued-revoke", "export-certificate"), _ON_NUMBERS),
    "comment": Shape(("numbers", "comment")),
    "unset": Shape(("numbers", "value-name")),
    "move": Shape(("numbers", "destination")),
    "get": Shape(("number", "value-name")),
    **dict.fromkeys(("run", "sign"), Shape(("number",))),
    **dict.fromkeys(("debug", "error", "info", "warning"), Shape(("message",))),
}


def read(text: str, tree: Tree) -> Code:
    """The commands of a script; raises NotCode with the router's words and the place of the first mistake."""
    return Parser(text, tree).script()


class Parser(Expressions):
    """`menu` is where relative commands look first: a path alone on a line goes there, as in an export."""

    def __init__(self, text: str, tree: Tree) -> None:
        super().__init__(Lexer(text))
        self.tree = tree
        self.menu = ""

    def script(self) -> Code:
        if len(self.lexer.text.encode("utf-8", "surrogateescape")) > LONGEST:
            raise unplayed(f"scripts longer than {LONGEST} bytes")
        found = self.code("")
        if self.lexer.next:
            raise self.lexer.wrong()
        return found

    def code(self, closing: str) -> Code:
        found: list[Command] = []
        menu = self.menu
        while True:
            self.lexer.skip(lines=True)
            if self.lexer.take(";"):
                continue
            if self.lexer.next == closing:
                break
            if not self.lexer.next:
                raise self.lexer.wrong()
            if (command := self._command()) is not None:
                found.append(command)
            self.lexer.skip()
            if not self.lexer.ended():
                raise end_expected(self.lexer.place())
            if self.lexer.next and self.lexer.next in "]})" and self.lexer.next != closing:
                raise self.lexer.wrong()
        self.menu = menu
        return tuple(found)

    def _command(self) -> Command | None:
        lexer, start = self.lexer, self.lexer.at
        if lexer.next == "{":
            block = self.nested(self.block)
            return Command(BUILTIN, "do", (("command", block),), None, start, lexer.line(start))
        if lexer.take(":"):
            at = lexer.at
            name = lexer.match(NAME)
            if name not in BUILTINS and self.tree.folder(f"/{name}") and name:
                return self._in_menu(f"/{name}", start)
            return self._builtin(name, at)
        if lexer.take("/"):
            return self._in_menu("", start)
        at = lexer.at
        word = lexer.sees(NAME)
        if self._known(self.menu, word):
            return self._in_menu(self.menu, start)
        if word in BUILTINS or word in BEYOND:
            return self._builtin(lexer.match(NAME), at)
        return self._in_menu("", start)

    def _known(self, menu: str, word: str) -> bool:
        has = self.tree.arguments(menu, word) is not None or self.tree.folder(f"{menu}/{word}")
        return bool(menu and word and has)

    def _in_menu(self, path: str, start: int) -> Command | None:
        """Words of a path up to the command; a path alone changes the menu for what follows."""
        lexer = self.lexer
        while True:
            lexer.skip()
            while lexer.take("/"):
                lexer.skip()
            at = lexer.at
            if lexer.ended():
                self._enter(path)
                return None
            word = lexer.match(NAME)
            if word and self.tree.arguments(path, word) is not None:
                if word not in PLAYED:
                    raise unplayed(f"{path}/{word} in a script", lexer.place(at))
                return self._of_menu(path, word, start)
            if not word or not self.tree.folder(f"{path}/{word}"):
                raise bad_command(word, lexer.place(at)) if word else lexer.wrong(at)
            path = f"{path}/{word}"

    def _enter(self, path: str) -> None:
        """At the very end there is nothing left that the menu could be for."""
        if not self.lexer.next or self.lexer.next in "]})":
            raise command_expected(self.lexer.place())
        self.menu = path

    def _of_menu(self, path: str, verb: str, start: int) -> Command:
        known = self.tree.arguments(path, verb)
        assert known is not None
        positions = [name for name in POSITIONS.get(verb, Shape()).positions if name in known]
        words: list[tuple[str, Node | None]] = []
        condition = None
        # Brackets within belong to this menu: /ip address remove [find].
        kept, self.menu = self.menu, path
        while not self._ended() and condition is None:
            condition = self._where(path, verb, known)
            if condition is None and not self.lexer.ended():
                words.append(self._argument(positions, known, ()))
        self.menu = kept
        return Command(path, verb, tuple(words), condition, start, self.lexer.line(start))

    def _ended(self) -> bool:
        self.lexer.skip()
        return self.lexer.ended()

    def _where(self, path: str, verb: str, known: Collection[str]) -> Node | None:
        lexer = self.lexer
        if "where" not in known:
            return None
        if lexer.sees(NAME) == "where":
            lexer.match(NAME)
            lexer.skip()
            # [find where] is what [find] is.
            return None if lexer.ended() else self.condition(self.tree.properties(path))
        return self.condition(self.tree.properties(path)) if verb == "find" else None

    def _builtin(self, name: str, at: int) -> Command:
        lexer = self.lexer
        shape = BUILTINS.get(name)
        if name in BEYOND:
            raise unplayed(f":{name}", lexer.place(at))
        if shape is None or (shape.since and not self.tree.since(shape.since)):
            raise bad_command(name, lexer.place(at)) if name else lexer.wrong(at)
        positions = list(shape.positions)
        words: list[tuple[str, Node | None]] = []
        while not self._ended():
            words.append(self._argument(positions, (*shape.positions, *shape.names), shape.code))
        return Command(BUILTIN, name, tuple(words), None, at, lexer.line(at))

    def _argument(self, left: list[str], known: Collection[str], code: Collection[str]) -> tuple[str, Node | None]:
        """One argument with its name; positional ones take the names that are left, in order."""
        lexer, start = self.lexer, self.lexer.at
        name = lexer.sees(ARGUMENT)
        if name:
            if name not in known:
                raise end_expected(lexer.place())
            lexer.match(ARGUMENT)
            if name in left:
                left.remove(name)
            return name, self._value(name, code)
        if (flag := self._flag(known)) is not None:
            return flag, None
        if not left:
            raise end_expected(lexer.place(start))
        name = left.pop(0)
        if name in NAMED_BY_WORD:
            return name, self._name()
        return name, self._value(name, code)

    def _flag(self, known: Collection[str]) -> str | None:
        """`as-value` of print, or `!name`, which takes a property back."""
        lexer, start = self.lexer, self.lexer.at
        lead = "!" if lexer.take("!") else ""
        word = lead + lexer.match(NAME)
        if word in known and (lead or word in FLAGS) and (lexer.ended() or lexer.next in " \t\\"):
            return word
        lexer.at = start
        return None

    def _name(self) -> Node:
        lexer, start = self.lexer, self.lexer.at
        if lexer.next == '"':
            return self.quoted()
        if not (word := lexer.match(VARIABLE)):
            raise lexer.wrong()
        return Literal(word, start)

    def _value(self, name: str, code: Collection[str]) -> Node:
        lexer = self.lexer
        if name in code:
            lexer.skip()
            if lexer.next != "{":
                raise unplayed("code that is not written in braces", lexer.place())
            return self.nested(self.block)
        start = lexer.at
        if lexer.next == "{" and self._takes_text(name):
            kept, self.menu = self.menu, ""
            found: Node | None = self.nested(self.block)
            self.menu = kept
        else:
            found = self.starred()
        if found is None:
            word = lexer.match(PLAIN)
            if not word:
                raise lexer.wrong()
            found = Literal(word, start)
        if not lexer.ended() and lexer.next not in " \t\\":
            raise lexer.wrong()
        return found

    def _takes_text(self, name: str) -> bool:
        """Properties that hold scripts: braces there are code kept as text."""
        return name in ("on-event", "source", "script")
