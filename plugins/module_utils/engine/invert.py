# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: the changes that turn what a router holds now into what it held before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Plan, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, is_hidden, label, own_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.match import key_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.order import Line
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Draft, Tables, arranged, removals
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version, exists

Made = Mapping[Menu, Collection[str]]
"""Ids of entries by menu: every menu of a router counts for itself."""


def invert(before: Tables, now: Tables, ours: Made, version: Version, naming: Tables | None = None) -> Plan:
    """Plan the return to `before`: `ours` are entries that we added; what others added meanwhile is left alone.

    `naming` are menus that we did not change, as they were; what comes back has another id than the one they name.
    """
    drafts = [_draft(menu, entries, now.get(menu, ()), ours.get(menu, ()), version) for menu, entries in before.items()]
    early = [change for draft in reversed(drafts) for change in draft.early]
    build = [change for draft in drafts for change in draft.build]
    build += [
        change for menu, entries in (naming or {}).items() for change in _named_again(menu, entries, now.get(menu, ()))
    ]
    late = [change for draft in reversed(drafts) for change in draft.late]
    return Plan((*early, *build, *late), tuple(_lost(before, now)))


def _draft(menu: Menu, before: Sequence[Entry], now: Sequence[Entry], ours: Collection[str], version: Version) -> Draft:
    old = [entry for entry in before if not entry.dynamic]
    known = {entry.id for entry in old}
    present = {entry.id: entry for entry in now}
    missing = [entry for entry in old if entry.id not in present]
    leaving = [entry for entry in now if entry.id in ours and entry.id not in known]
    resets = [
        change for entry in old if entry.id in present for change in reset(menu, entry, present[entry.id], version)
    ]
    keys = {key_of(menu, entry.values, version) for entry in missing if menu.key}
    first = {entry.id: entry for entry in leaving if key_of(menu, entry.values, version) in keys}
    rest = [entry for entry in leaving if entry.id not in first]
    made: list[Change] = (
        list(_placed(menu, old, now, version))
        if menu.ordered
        else [Add(menu, own_values(menu, entry.values)) for entry in missing]
    )
    return Draft(
        removals(menu, first.values()), tuple(arranged(menu, resets, made, rest, version)), removals(menu, rest)
    )


def _placed(menu: Menu, old: Sequence[Entry], now: Sequence[Entry], version: Version) -> Iterator[Change]:
    """What is missing comes back, and everything stands in its old order."""
    own = [entry for entry in old if not entry.builtin]
    at = {entry.id: position for position, entry in enumerate(now)}
    ends = [len(now)] * len(own)
    line = Line(
        [entry.id for entry in now], [entry.id for entry in own], [at.get(entry.id) for entry in own], ends, ends
    )
    movable = exists(menu.moves_since, None, version)
    for step in (*(line.moves_down() if movable else ()), *line.others(movable)):
        entry = own[step.index]
        if entry.id in at:
            yield Move(menu, now[at[entry.id]], step.before)
        else:
            yield Add(menu, own_values(menu, entry.values), step.before)


def reset(menu: Menu, old: Entry, new: Entry, version: Version) -> Iterator[Set]:
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


def _named_again(menu: Menu, before: Sequence[Entry], now: Sequence[Entry]) -> Iterator[Set]:
    """The Sets that give entries back the names they held, and nothing else of theirs."""
    present = {entry.id: entry for entry in now if not entry.dynamic}
    for old in before:
        if new := present.get(old.id):
            names = [item.name for item in menu.fields if item.refers and item.name in old.values]
            values = {name: old.values[name] for name in names if old.values[name] != new.values.get(name)}
            if values:
                yield Set(menu, new, values)


def _unset(menu: Menu, default: str | None) -> bool:
    return default is None and menu.unsets


def _lost(before: Tables, now: Tables) -> Iterator[str]:
    """A sentence for every removed entry whose secret we could not read and so cannot give back."""
    for menu, entries in before.items():
        present = {entry.id for entry in now.get(menu, ())}
        for entry in entries:
            if entry.id not in present and any(is_hidden(entry.values, item) for item in menu.fields):
                which = f"{menu.path} {label(menu, entry.values)}"
                yield f"{which}: its secret is hidden from this account and has to be set again"
