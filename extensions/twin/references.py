# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that name entries of other menus: kept by id, shown by name, raw id when the entry is gone."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ambiguous, no_match
from .model import Field, Reference
from .table import Table, spell_id

Tables = Mapping[str, Table]


def resolve(tables: Tables, field: Field, text: str) -> str:
    """What is stored for a written value; raises Trap for a name that no entry has."""
    refers = field.refers
    assert refers is not None
    if refers.many:
        return ",".join(_one(tables, refers, field.name, part.strip()) for part in text.split(",")) if text else ""
    if field.negatable and text.startswith("!"):
        return "!" + _one(tables, refers, field.name, text[1:])
    return _one(tables, refers, field.name, text)


def _one(tables: Tables, refers: Reference, argument: str, text: str) -> str:
    if text in refers.keywords:
        return text
    table = tables.get(refers.menu)
    if table is None:
        raise no_match(argument)
    if found := table.find(text):
        return found.id
    # A prefix that fits one name only is refused as well; unverified.
    if not text.startswith("*") and sum(name.startswith(text) for name in _names(table)) > 1:
        raise ambiguous(argument)
    raise no_match(argument)


def _names(table: Table) -> list[str]:
    return [row.values.get(table.menu.unique, "") for row in table]


def show(tables: Tables, field: Field, stored: str) -> tuple[str, bool]:
    """The text that prints, and whether an entry it names is gone."""
    refers = field.refers
    assert refers is not None
    if refers.many:
        shown = [_shown(tables, refers, part) for part in stored.split(",")] if stored else []
        return ",".join(text for text, _dummy in shown), any(gone for _dummy, gone in shown)
    if stored.startswith("!"):
        text, gone = _shown(tables, refers, stored[1:])
        return "!" + text, gone
    return _shown(tables, refers, stored)


def _shown(tables: Tables, refers: Reference, stored: str) -> tuple[str, bool]:
    if not stored.startswith("*"):
        return stored, False
    table = tables.get(refers.menu)
    row = table.by_id(stored) if table else None
    if table is None or row is None:
        return stored, True
    return row.values.get(table.menu.unique, stored), False


def mentions(stored: str, id_: str) -> bool:
    """Whether a stored reference names this id."""
    return id_ in (part.removeprefix("!") for part in stored.split(","))


def used(tables: Tables, path: str, id_: str) -> bool:
    """Whether any entry of any menu refers to this one."""
    wanted = spell_id(id_)
    for table in tables.values():
        for field in table.menu.fields:
            if field.refers is None or field.refers.menu != path:
                continue
            if any(mentions(row.values.get(field.name, ""), wanted) for row in table):
                return True
    return False
