# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users get to see of entries and changes; secrets never leave here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Change, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import HIDDEN, Entry, own_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import console_path, listing
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import to_options

Shown: TypeAlias = "list[dict[str, object]] | dict[str, object]"


def shown(menu: Menu, entries: Iterable[Entry], *, secrets: bool = True) -> Shown:
    """Entries in the form that `config` takes, secrets as asterisks or, for replay, left out."""
    rows = [_options(menu, entry, secrets) for entry in entries if not entry.dynamic]
    return next(iter(rows), {}) if menu.single else rows


def _options(menu: Menu, entry: Entry, secrets: bool) -> dict[str, object]:
    hidden = {item.name for item in menu.fields if item.secret and item.name in entry.values}
    plain = own_values(menu, entry.values)
    options = to_options(menu, {name: text for name, text in plain.items() if name not in hidden})
    marks = {menu.by_name[name].option: HIDDEN for name in hidden if entry.values[name]} if secrets else {}
    return {**options, **marks}


def changed_secrets(changes: Iterable[Change]) -> dict[str, frozenset[str]]:
    """Ids of the entries that get a new secret, and the names of those secrets."""
    return {
        change.entry.id: frozenset(name for name in change.values if change.menu.by_name[name].secret)
        for change in changes
        if isinstance(change, Set)
    }


def diff(menu: Menu, before: Sequence[Entry], after: Sequence[Entry], changes: Iterable[Change]) -> dict[str, str]:
    """Ansible's diff of one menu, as lines of an export."""
    touched = changed_secrets(change for change in changes if change.menu is menu)
    return {
        "before_header": console_path(menu),
        "after_header": console_path(menu),
        "before": _text(listing(menu, before, {})),
        "after": _text(listing(menu, after, touched)),
    }


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
