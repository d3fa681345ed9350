# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task may touch: the entries that carry an owner's mark, or that lie in a chain or a list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Row, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

NAME = re.compile(r"[\w.-]*")


@dataclass(frozen=True)
class Scope:
    """Marks of the owners and values of fields; what is not said does not narrow."""

    owner: tuple[str, ...] | None = None
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def bears_mark(self, text: str) -> bool:
        """Whether a text begins with a mark of one of the owners, of whom there may be thousands."""
        if _name(text) in self._names:
            return True
        return any(bears(text, mark) for mark in self._others)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(mark for mark in self.owner or () if mark and _name(mark) == mark)

    @cached_property
    def _others(self) -> tuple[str, ...]:
        return tuple(mark for mark in self.owner or () if mark not in self._names)


def _name(text: str) -> str:
    """The name that a text begins with, which may be none."""
    found = NAME.match(text)
    return found.group() if found else ""


def bears(text: str, mark: str) -> bool:
    """Whether a text carries a mark: `s2s-a: IKE` carries `s2s-a`, `s2s-ab` does not; `s2s-*` takes both.

    The empty mark is nobody's, or it would claim every entry without a comment.
    """
    if mark.endswith("*"):
        return text.startswith(mark[:-1])
    return mark != "" and text.startswith(mark) and not _name(text[len(mark) :])


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
        if not owns(menu, scope, row):
            raise Problem(
                menu, label(menu, row), f"it lies outside the task's own scope; {_condition(menu, scope, row)}"
            )


def _condition(menu: Menu, scope: Scope, row: Row) -> str:
    """What a row that lies outside would have to say."""
    if scope.owner is not None and not scope.bears_mark(row.get(menu.mark or "", "")):
        return f"{menu.mark} has to begin with one of: {', '.join(scope.owner) or 'nothing, for owner is empty'}"
    return "; ".join(f"{name} may be: {', '.join(allowed)}" for name, allowed in scope.fields.items())
