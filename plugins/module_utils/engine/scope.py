# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task may touch: the entries that carry an owner's mark, or that lie in a chain or a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Row, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

ENDS = ":/"
"""What a mark ends at, if the text goes on."""


@dataclass(frozen=True)
class Scope:
    """Marks of the owners and values of fields; what is not said does not narrow."""

    owner: tuple[str, ...] | None = None
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def narrows(self) -> bool:
        """Whether it says anything."""
        return self.owner is not None or bool(self.fields)

    def bears_mark(self, text: str) -> bool:
        """Whether a text carries a mark of one of the owners, of whom there may be thousands."""
        if not self._marks.isdisjoint(_marks_in(text)):
            return True
        return any(bears(text, mark) for mark in self._families)

    @cached_property
    def _marks(self) -> frozenset[str]:
        return frozenset(self.owner or ())

    @cached_property
    def _families(self) -> tuple[str, ...]:
        return tuple(mark for mark in self.owner or () if mark.endswith("*"))


def _marks_in(text: str) -> Iterator[str]:
    """The marks that a text carries: itself, and what stands before or ends with a colon or slash."""
    ends = {len(text), *(at + more for at, letter in enumerate(text) if letter in ENDS for more in (0, 1))}
    return (text[:end] for end in ends if end)


def bears(text: str, mark: str) -> bool:
    """Whether a text carries a mark: `s2s-a: IKE` carries `s2s-a` and `s2s-a:`, and `s2s-*` takes all of them.

    `s2s-ab` and `s2s-a of mine` do not: people begin comments and names with the words that owners use as well. The
    empty mark is nobody's, or it would claim every entry without a comment.
    """
    if mark.endswith("*"):
        return text.startswith(mark[:-1])
    return mark in _marks_in(text)


def owns(menu: Menu, scope: Scope, values: Row) -> bool:
    """Whether an entry lies in the scope."""
    for name, allowed in scope.fields.items():
        # A policy with a backup peer lies in the scope that names both peers.
        if name in menu.by_name and not set(values.get(name, "").split(",")) <= {*allowed}:
            return False
    if scope.owner is None:
        return True
    return menu.mark is not None and scope.bears_mark(values.get(menu.mark, ""))


def check_scope(menu: Menu, scope: Scope, rows: Sequence[Row]) -> None:
    """Raise Problem when a wanted entry lies outside the scope that is to hold nothing else."""
    if menu.single or not menu.adds or not menu.mark:
        # There is nothing that another could take away.
        return
    for row in rows:
        check_within(menu, scope, row)


def check_doomed(menu: Menu, scope: Scope, rows: Sequence[Row]) -> None:
    """Raise Problem when what is to be removed cannot lie in the scope, by what it says itself."""
    if scope.owner is not None and menu.mark is None:
        raise Problem(menu, "", "its entries bear no marks, so scope.owner cannot tell which are meant")
    for row in rows:
        # What a row does not say, the entries that it stands for will.
        said = {name: allowed for name, allowed in scope.fields.items() if row.get(name)}
        owner = scope.owner if row.get(menu.mark or "") else None
        check_within(menu, Scope(owner, said), row, scope)


def check_within(menu: Menu, scope: Scope, values: Row, whole: Scope | None = None) -> None:
    """Raise Problem when an entry lies outside."""
    if not owns(menu, scope, values):
        sentence = f"it lies outside the task's own scope; {_condition(menu, whole or scope, values)}"
        raise Problem(menu, label(menu, values), sentence)


def _condition(menu: Menu, scope: Scope, row: Row) -> str:
    """What a row that lies outside would have to say."""
    if scope.owner is not None and not scope.bears_mark(row.get(menu.mark or "", "")):
        marks = ", ".join(scope.owner) or "nothing, for owner is empty"
        return f"{menu.mark} has to be one of these marks, or begin with one and a colon: {marks}"
    return "; ".join(f"{name} may be: {', '.join(allowed)}" for name, allowed in scope.fields.items())
