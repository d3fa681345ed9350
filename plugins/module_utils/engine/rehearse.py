# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change tried without a router: what it would tell the router, and what the router would hold then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Plan, Remove
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.refer import check_references
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import ALL, BY_PATH, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version


@dataclass(frozen=True)
class Rehearsal:
    """A plan, and every menu's entries after it."""

    plan: Plan
    after: Mapping[Menu, tuple[Entry, ...]]


def menus_to_read(intent: Intent) -> list[Menu]:
    """The menus of the intent, those their entries name, and where things may go those that name them."""
    named = {menu.by_name[name].refers for menu, rows in intent.wants.items() for row in rows for name in row}
    paths = {menu.path for menu in intent.wants} | {path for path in named if path in BY_PATH}
    if intent.state in ("deleted", "overridden"):
        places = {path for menu in intent.wants for path in menu.places}
        paths |= {menu.path for menu in MENUS if menu.refers & places}
    return [menu for menu in ALL if menu.path in paths]


def fleeting(intent: Intent) -> bool:
    """Whether the intent is about entries that pass away by themselves, which the router calls dynamic."""
    return any(menu.by_name[name].fleeting for menu, rows in intent.wants.items() for row in rows for name in row)


def rehearse(tables: Mapping[Menu, Sequence[Entry]], intent: Intent, version: Version) -> Rehearsal:
    """Plan and simulate; raises Problem for what cannot be, and for names that would lead nowhere."""
    wanted = plan(tables if fleeting(intent) else _static(tables), intent, version)
    after = {menu: tuple(entries) for menu, entries in simulate(tables, wanted).items()}
    after |= {menu: _with_parts(menu, entries, wanted) for menu, entries in after.items()}
    check_references(wanted, _static(after))
    return Rehearsal(wanted, after)


def _with_parts(menu: Menu, entries: tuple[Entry, ...], wanted: Plan) -> tuple[Entry, ...]:
    """A menu's entries with those that come and without those that go in menus whose entries stand in it, too."""
    parts = [change for change in wanted if change.menu.part_of == menu.path]
    gone = {change.entry.values.get("name") for change in parts if isinstance(change, Remove)}
    come = (Entry("", change.values) for change in parts if isinstance(change, Add))
    return (*(entry for entry in entries if entry.values.get("name") not in gone), *come)


def _static(tables: Mapping[Menu, Sequence[Entry]]) -> dict[Menu, tuple[Entry, ...]]:
    return {menu: tuple(entry for entry in entries if not entry.dynamic) for menu, entries in tables.items()}
