# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parser must know of a router to tell menus from commands, and arguments from mistakes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from ..signature import commands
from ..verbs.special import VERBS
from ..verbs.writing import CONTROL

if TYPE_CHECKING:
    from ..router import Router

# What the evaluator carries out; others, such as export, would be no-ops here, and a script must not rely on that.
PLAYED = frozenset(
    ("add", "set", "remove", "enable", "disable", "comment", "move", "unset", "reset", "print", "find", "get", "run",
     "reboot", *VERBS)
)  # fmt: skip


class Tree(Protocol):
    """Menus and their commands; paths are written `/ip/firewall`, the root is empty."""

    def folder(self, path: str) -> bool: ...

    def arguments(self, path: str, verb: str) -> Collection[str] | None:
        """None if the menu has no such command."""

    def properties(self, path: str) -> Collection[str]: ...

    def since(self, version: str) -> bool: ...


class RouterTree:
    """The menus of one twin."""

    def __init__(self, router: Router) -> None:
        self.router = router

    def folder(self, path: str) -> bool:
        return path in self.router.prefixes

    def arguments(self, path: str, verb: str) -> Collection[str] | None:
        table = self.router.tables.get(path)
        known = None if table is None else commands(table.menu, table.persona).get(verb)
        if known is None or verb not in ("add", "set", "reset"):
            return known
        return known | {f"!{name}" for name in known - CONTROL}

    def properties(self, path: str) -> Collection[str]:
        return {".id", *self.router.tables[path].fields}

    def since(self, version: str) -> bool:
        return self.router.persona.since(version)
