# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router holds after a plan, worked out without a router."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu


def simulate(tables: Mapping[Menu, Sequence[Entry]], changes: Iterable[Change]) -> dict[Menu, list[Entry]]:
    """Return every menu's entries after the changes; new entries get ids of their own (`new-1`)."""
    by_menu: dict[Menu, list[Change]] = {}
    for change in changes:
        by_menu.setdefault(change.menu, []).append(change)
    numbers = count(1)
    untouched = {menu: list(entries) for menu, entries in tables.items() if menu not in by_menu}
    changed = {menu: _menu_after(tables.get(menu, ()), some, numbers) for menu, some in by_menu.items()}
    return {**untouched, **changed}


def changed_values(change: Set) -> Row:
    """All values of an entry after a Set."""
    old = {name: text for name, text in change.entry.values.items() if name not in change.clear}
    return {**old, **change.values}


def _menu_after(entries: Sequence[Entry], changes: Sequence[Change], numbers: Iterable[int]) -> list[Entry]:
    """Entries live in a linked list while changes go by, so that thousands of moves stay cheap."""
    present = {entry.id: entry for entry in entries}
    chain = _Chain(present)
    for change in changes:
        match change:
            case Add():
                entry = Entry(f"new-{next(iter(numbers))}", change.values)
                present[entry.id] = entry
                chain.insert(entry.id, change.before)
            case Set():
                now = present[change.entry.id]
                values = {name: text for name, text in now.values.items() if name not in change.clear}
                present[now.id] = replace(now, values={**values, **change.values})
            case Move():
                chain.take(change.entry.id)
                chain.insert(change.entry.id, change.before)
            case Remove():
                chain.take(change.entry.id)
                del present[change.entry.id]
    return [present[key] for key in chain]


class _Chain:
    """A doubly linked ring of ids; None is both its beginning and its end."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.after: dict[str | None, str | None] = {None: None}
        self.ahead: dict[str | None, str | None] = {None: None}
        for key in keys:
            self.insert(key, None)

    def insert(self, key: str, before: str | None) -> None:
        """Put a key before another, or at the end."""
        left = self.ahead[before]
        self.after[left], self.ahead[key], self.after[key], self.ahead[before] = key, left, before, key

    def take(self, key: str) -> None:
        """Take a key out of the ring."""
        left, right = self.ahead.pop(key), self.after.pop(key)
        self.after[left], self.ahead[right] = right, left

    def __iter__(self) -> Iterator[str]:
        """The keys from first to last."""
        key = self.after[None]
        while key is not None:
            yield key
            key = self.after[key]
