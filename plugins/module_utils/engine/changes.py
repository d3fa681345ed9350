# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes a router may be asked to make, and a plan of them: values, nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu


@dataclass(frozen=True)
class Add:
    """Make an entry, in an ordered menu before the entry with that id (None: at the end)."""

    menu: Menu
    values: Row
    before: str | None = None


@dataclass(frozen=True)
class Set:
    """Give an existing entry these values, unset the cleared fields, leave the others alone."""

    menu: Menu
    entry: Entry
    values: Row
    clear: tuple[str, ...] = ()


@dataclass(frozen=True)
class Move:
    """Put an existing entry before the entry with that id (None: at the end)."""

    menu: Menu
    entry: Entry
    before: str | None = None


@dataclass(frozen=True)
class Remove:
    """Take an entry away."""

    menu: Menu
    entry: Entry


Change: TypeAlias = "Add | Set | Move | Remove"


@dataclass(frozen=True)
class Plan:
    """Changes in the order the router must see them, and what the user should know about them."""

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)
