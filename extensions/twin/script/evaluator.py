# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands. A run is a generator that yields seconds to wait, so that nothing here ever sleeps."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING

from ..actor import Actor
from . import builtin, menus, operators
from .data import NOTHING, Array, Value, literal, spell, truth
from .errors import Halted, Returned, ScriptError, unplayed
from .scope import Scope
from .syntax import (
    BUILTIN,
    Binary,
    Block,
    Call,
    Code,
    Command,
    Items,
    Literal,
    Node,
    Property,
    Text,
    Unary,
    Variable,
)

if TYPE_CHECKING:
    from ..router import Router

Steps = Generator[float, None, Value]

# Commands and turns of loops between two waits; an endless loop would hold up everybody.
LIMIT = 100_000
DEEPEST_RUN = 5
# A `:delay 0` in a loop must let others in, too.
SHORTEST = 0.01


class Machine:
    """One run for one user: its output, and where it stands with the router's limits."""

    def __init__(self, router: Router, actor: Actor, *, depth: int = 0, given: Mapping[str, str] | None = None) -> None:
        self.router = router
        self.actor = actor
        self.output: list[str] = []
        self.depth = depth
        self.given = given or {}
        self.killed = False
        self._boot = router.boots
        self._steps = 0

    def start(self, code: Code) -> Steps:
        """The whole script; its value is what `:return` gave."""
        shared = self.router.globals.setdefault(self.actor.name, {})
        try:
            scope = Scope(shared=shared)
            scope.names.update(self.given)
            yield from self.block(code, scope)
        except Returned as returned:
            return returned.value  # type: ignore[return-value]
        return NOTHING

    def tick(self) -> None:
        """Called before every command and turn of a loop."""
        if self.killed or self.router.boots != self._boot:
            raise Halted
        self._steps += 1
        if self._steps > LIMIT:
            raise unplayed(f"more than {LIMIT} commands without :delay")

    def wait(self, seconds: float) -> Steps:
        yield max(SHORTEST, seconds)
        self._steps = 0
        return NOTHING

    def block(self, code: Code, scope: Scope) -> Steps:
        """Commands in order, in the scope given; the value of the last."""
        found: Value = NOTHING
        for command in code:
            found = yield from self.command(command, scope)
        return found

    def command(self, command: Command, scope: Scope) -> Steps:
        self.tick()
        if command.menu == BUILTIN:
            return (yield from builtin.run(self, command, scope))
        return (yield from menus.run(self, command, scope))

    def braces(self, node: Node | None, scope: Scope) -> Steps:
        """Code in braces: with names of its own."""
        if node is None:
            return NOTHING
        assert isinstance(node, Block)
        return (yield from self.block(node.code, Scope(scope)))

    def value(self, node: Node, scope: Scope) -> Value:
        """What a value is at this moment."""
        if isinstance(node, Literal):
            return literal(node.text)
        if isinstance(node, Text):
            return "".join(part if isinstance(part, str) else spell(self.value(part, scope)) for part in node.parts)
        if isinstance(node, Variable):
            return scope.get(node.name)
        if isinstance(node, Items):
            return self._items(node, scope)
        if isinstance(node, Call):
            return self._called(node, scope)
        if isinstance(node, Unary):
            return operators.unary(node.operator, self.value(node.operand, scope))
        if isinstance(node, Binary):
            return self._binary(node, scope)
        if isinstance(node, Property):
            return scope.get(node.name)
        return node.text

    def _items(self, node: Items, scope: Scope) -> Value:
        return Array(
            tuple(
                (None if key is None else spell(self.value(key, scope)), self.value(item, scope))
                for key, item in node.items
            )
        )

    def _binary(self, node: Binary, scope: Scope) -> Value:
        if node.operator in ("and", "or"):
            left = truth(self.value(node.left, scope))
            return truth(self.value(node.right, scope)) if left == (node.operator == "and") else left
        found = menus.sought(self, node, scope)
        if found is not None:
            return found
        return operators.binary(node.operator, self.value(node.left, scope), self.value(node.right, scope))

    def _called(self, node: Call, scope: Scope) -> Value:
        """Commands in brackets run to their end at once: the value is needed now."""
        steps = self.block(node.code, Scope(scope))
        try:
            next(steps)
        except StopIteration as end:
            found: Value = end.value
            return found
        steps.close()
        raise unplayed(":delay within [ ]")

    def need(self, command: Command, name: str, scope: Scope) -> Value:
        """The value of an argument that must be there."""
        if (node := command.get(name)) is None:
            raise ScriptError(f"missing value(s) of argument(s) {name}", 1)
        return self.value(node, scope)
