# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plant a given state: {menu: [row, ...]} with values as a client would write or read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .errors import Trap
from .model import Row, Values
from .table import Table, is_id, spell_id
from .verbs.writing import change, create, fill_defaults, put

if TYPE_CHECKING:
    from .router import Router

Rows = Sequence[Mapping[str, str]]


def plant(router: Router, state: Mapping[str, Rows]) -> None:
    """Menus in dependency order, rows in the order given.

    A row may carry `.id`, `dynamic: true` and read-only values. A row whose name exists changes that entry, a
    singleton's row changes the singleton. Raises ValueError with a sentence that names menu, row and reason.
    """
    for path in state:
        if path not in router.tables:
            raise ValueError(f"RouterOS {router.persona.version} has no menu {path}")
    for path, table in router.tables.items():
        for number, row in enumerate(state.get(path, ())):
            try:
                _plant(router, table, {name: _text(name, value) for name, value in row.items()})
            except Trap as trap:
                raise ValueError(f"{path}, row {number}: {trap.message}") from None


def _text(name: str, value: object) -> str:
    """JSON booleans and numbers are welcome in a seed file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise Trap(f"{name} is {value!r}, which is no text")
    return str(value)


def _id(text: str) -> str:
    if text and not is_id(text):
        raise Trap(f"{text!r} is no id")
    return spell_id(text)


def _plant(router: Router, table: Table, given: Values) -> None:
    id_ = _id(given.pop(".id", ""))
    dynamic = given.get("dynamic") == "true"
    values: Values = {}
    writable: list[tuple[str, str]] = []
    for name, value in given.items():
        field = table.fields.get(name)
        if field is None:
            raise Trap(f"unknown parameter {name}")
        if field.read_only:
            if name != "dynamic":
                values[name] = value
        else:
            writable.append((name, value))
    existing = _existing(table, given, id_)
    if existing is not None:
        change(router, table, [existing], writable)
        table.store(existing, {**existing.values, **values})
        router.behaviours[table.menu.path].placed(existing, False)
        return
    for name, value in writable:
        put(router, table, values, name, value)
    if dynamic:
        _plant_dynamic(router, table, values, id_)
    else:
        create(router, table, values, id_=id_)


def _existing(table: Table, given: Values, id_: str) -> Row | None:
    if table.menu.singleton:
        return table.rows[0]
    name = given.get(table.menu.unique, "") if table.menu.unique else ""
    return table.by_id(id_) if id_ else table.by_name(name)


def _plant_dynamic(router: Router, table: Table, values: Values, id_: str) -> None:
    """Rows the router made itself are not checked as a user's are."""
    fill_defaults(router, table, values)
    row = Row(id_ or table.new_id(), {}, dynamic=True)
    table.store(row, values)
    table.insert(row)
    router.behaviours[table.menu.path].placed(row, True)
