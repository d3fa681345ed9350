# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: the changes that turn what a router holds now into what it held before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Plan, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, is_hidden, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.order import rising
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Tables
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version


def invert(before: Tables, now: Tables, ours: frozenset[str], version: Version) -> Plan:
    """Plan the return to `before`: `ours` are ids that we added; what others added meanwhile is left alone."""
    menus = list(before)
    build = [change for menu in menus for change in _restore(menu, before[menu], now.get(menu, ()), version)]
    late = [
        Remove(menu, entry)
        for menu in reversed(menus)
        for entry in now.get(menu, ())
        if entry.id in ours and entry.id not in {old.id for old in before[menu]}
    ]
    return Plan((*build, *late), tuple(_lost(before, now)))


def _restore(menu: Menu, before: Sequence[Entry], now: Sequence[Entry], version: Version) -> Iterator[Change]:
    present = {entry.id: entry for entry in now}
    position = {entry.id: at for at, entry in enumerate(now)}
    old = [entry for entry in before if not entry.dynamic]
    staying = [entry for entry in old if entry.id in present]
    steady = rising([position[entry.id] for entry in staying]) if menu.ordered else set(range(len(staying)))
    anchors = {entry.id for index, entry in enumerate(staying) if index in steady}
    for entry in staying:
        yield from _reset(menu, entry, present[entry.id], version)
    for entry, anchor in _following(old, anchors):
        if entry.id not in present:
            yield Add(menu, _writable(menu, entry), anchor if menu.ordered else None)
        elif entry.id not in anchors:
            yield Move(menu, present[entry.id], anchor)


def _following(entries: Sequence[Entry], anchors: set[str]) -> list[tuple[Entry, str | None]]:
    """Each entry with the id of the next one that has not moved."""
    pairs: list[tuple[Entry, str | None]] = []
    upcoming: str | None = None
    for entry in reversed(entries):
        pairs.append((entry, upcoming))
        upcoming = entry.id if entry.id in anchors else upcoming
    return pairs[::-1]


def _reset(menu: Menu, old: Entry, new: Entry, version: Version) -> Iterator[Set]:
    """The Set that gives an entry its old values back, if any differ; the router's own spelling is compared."""
    fields = [item for item in menu.fields if not item.fleeting and not is_hidden(old.values, item)]
    changed = [item for item in fields if old.values.get(item.name) != new.values.get(item.name)]
    skip = {item.name for item in changed if item.follows and old.values.get(item.follows)}
    values = {item.name: old.values[item.name] for item in changed if item.name in old.values and item.name not in skip}
    gone = [item for item in changed if item.name not in old.values and item.name not in skip]
    values |= {item.name: item.default_on(version) or "" for item in gone if not _unset(menu, item.default_on(version))}
    clear = tuple(item.name for item in gone if _unset(menu, item.default_on(version)))
    if values or clear:
        yield Set(menu, new, values, clear)


def _unset(menu: Menu, default: str | None) -> bool:
    return default is None and menu.unsets


def _writable(menu: Menu, entry: Entry) -> dict[str, str]:
    """The words that make an entry anew; what the router fills in by itself is left to it."""
    return {
        name: text
        for name, text in entry.values.items()
        if not (menu.by_name[name].follows and entry.values.get(menu.by_name[name].follows or ""))
    }


def _lost(before: Tables, now: Tables) -> Iterator[str]:
    """A sentence for every removed entry whose secret we could not read and so cannot give back."""
    for menu, entries in before.items():
        present = {entry.id for entry in now.get(menu, ())}
        for entry in entries:
            if entry.id not in present and any(is_hidden(entry.values, item) for item in menu.fields):
                which = f"{menu.path} {label(menu, entry.values)}"
                yield f"{which}: its secret is hidden from this account and has to be set again"
