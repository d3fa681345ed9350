# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References between menus: every name has to lead somewhere, before and after a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

MANY = 20
"""More names than this nobody reads in a sentence."""
After = Mapping[Menu, Sequence[Entry]]


def check_references(changes: Iterable[Change], after: After) -> None:
    """Raise Problem when a change names an entry that will not exist, or removes one that others still name.

    `after` holds the entries as they will be, of the menus that were read; what was not read is not judged.
    """
    paths = {menu.path: menu for menu in after}
    names = {menu.path: {entry.values.get("name", "") for entry in entries} for menu, entries in after.items()}
    users = _users(after)
    for change in changes:
        if isinstance(change, Remove):
            _check_unused(change, names, users)
        elif isinstance(change, Add | Set):
            for item, name in _references(change.menu, change.values):
                if item.refers in paths and name not in names[item.refers]:
                    raise _missing(change, item, name, names[item.refers])


def _references(menu: Menu, values: Row) -> Iterator[tuple[Field, str]]:
    for item in menu.fields:
        if item.refers:
            for name in item.kind.named(values.get(item.name, "")):
                if name and name not in item.free:
                    yield item, name


def _users(after: After) -> dict[tuple[str, str], str]:
    """Which entry still names (path, name), in words; one of them each."""
    return {
        (item.refers or "", name): f"{menu.path} {label(menu, entry.values)}"
        for menu, entries in after.items()
        for entry in entries
        if not entry.dynamic
        for item, name in _references(menu, entry.values)
    }


def _check_unused(change: Remove, names: Mapping[str, set[str]], users: Mapping[tuple[str, str], str]) -> None:
    name = change.entry.values.get("name", "")
    user = next((users[path, name] for path in sorted(change.menu.places) if (path, name) in users), None)
    if user and name not in names[change.menu.path]:
        raise Problem(change.menu, label(change.menu, change.entry.values), f"cannot be removed, {user} still uses it")


def _missing(change: Add | Set, item: Field, name: str, names: set[str]) -> Problem:
    values = change.values if isinstance(change, Add) else {**change.entry.values, **change.values}
    known = sorted({*names, *item.free} - {""}) or ["nothing yet"]
    if len(known) > MANY:
        known = [*known[:MANY], f"and {len(known) - MANY} more"]
    sentence = f"{item.name}: {name!r} was given, but {item.refers} has no such entry; allowed is {', '.join(known)}"
    return Problem(change.menu, label(change.menu, values), sentence)
