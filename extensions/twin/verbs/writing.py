# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""add, set, remove and their relatives: check everything, then change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..actor import Actor
from ..command import Command, Reply
from ..errors import GENERAL, Trap, invalid_value, missing, no_match
from ..model import Field, Row, Values
from ..references import resolve
from ..table import Table

if TYPE_CHECKING:
    from ..router import Router

DONE = [Reply("!done")]
CONTROL = frozenset((".id", "numbers", "place-before", "copy-from"))


def add(router: Router, table: Table, command: Command, actor: Actor) -> list[Reply]:
    """The new id in `ret`."""
    given = [(name, value) for name, value in command.words if name not in CONTROL]
    values = _copied(table, command)
    for name, value in given:
        put(router, table, values, name, value)
    lacking = [each.name for each in table.menu.fields if each.mandatory and each.name not in values]
    if lacking:
        raise missing(*lacking)
    if "owner" in table.fields:
        values.setdefault("owner", actor.name)
    before = _place(router, table, command)
    row = create(router, table, values, before=before)
    return [Reply("!done", {"ret": row.id})]


def create(router: Router, table: Table, values: Values, *, before: Row | None = None, id_: str = "") -> Row:
    """Insert an entry whose written values are already in stored form; raises Trap if they do not fit."""
    behaviour = router.behaviours[table.menu.path]
    behaviour.prepare(values)
    _refuse_nameless(table, values)
    fill_defaults(router, table, values)
    if table.menu.unique:
        table.refuse_same_name(values.get(table.menu.unique, ""))
    behaviour.check(values, None)
    router.plane.check(table, values)
    row = Row(id_ or behaviour.new_id(values), {})
    table.store(row, values)
    table.insert(row, before)
    behaviour.placed(row, True)
    router.changed(table, row)
    return row


def _refuse_nameless(table: Table, values: Values) -> None:
    """Nobody could ever refer to an entry whose name is empty; that it is refused, and the wording, are unverified."""
    if table.menu.unique and values.get(table.menu.unique) == "":
        raise invalid_value(table.menu.unique)


def fill_defaults(router: Router, table: Table, values: Values) -> None:
    for each in table.menu.fields:
        if each.shown and each.name not in values:
            default = router.default(table.menu.path, each.name)
            if default is not None:
                values[each.name] = default


def put(router: Router, table: Table, values: Values, name: str, value: str) -> None:
    """Store one written value in the form it reads back; a default that does not print is not kept."""
    if name.startswith("!"):
        clear(router, table, values, table.fields[name[1:]])
        return
    field = table.fields[name]
    default = router.default(table.menu.path, name)
    if value in field.clears:
        stored = default
    elif field.refers is not None:
        stored = default if not value and field.default == "" else resolve(router.tables, field, value)
    elif not value and field.default == "" and not field.mandatory:
        stored = ""
    else:
        stored = field.kind.canon(name, value)
    if stored is None or (stored == default and not field.shown):
        values.pop(name, None)
    else:
        values[name] = stored


def clear(router: Router, table: Table, values: Values, field: Field) -> None:
    """Take a value away: matchers vanish, other properties go back to their default."""
    if field.mandatory or field.name == table.menu.unique:
        raise invalid_value(field.name)
    values.pop(field.name, None)
    default = router.default(table.menu.path, field.name) if field.cleared is None else field.cleared
    if field.shown and default is not None:
        values[field.name] = default


def _copied(table: Table, command: Command) -> Values:
    source = command.get("copy-from")
    if not source:
        return {}
    values = table.need(source).values
    kept = {each.name for each in table.menu.fields if not each.read_only and each.name != table.menu.unique}
    return {name: value for name, value in values.items() if name in kept}


def _place(router: Router, table: Table, command: Command) -> Row | None:
    wanted = command.get("place-before")
    if not wanted or wanted == "*FFFFFFFF":
        return None
    found = table.by_id(wanted) if wanted.startswith("*") else None
    if found is None:
        # Numbers mean nothing over the API, as no print with numbering came before.
        raise Trap(router.persona.no_such_place, GENERAL)
    router.behaviours[table.menu.path].check_place(found)
    return found


def chosen(table: Table, command: Command) -> list[Row]:
    """The entries that `.id` or `numbers` name; a singleton's only row needs no name."""
    if table.menu.singleton:
        return list(table.rows)
    wanted = command.get(".id") or command.get("numbers")
    if not wanted:
        raise missing("numbers")
    return table.each(wanted)


def change(router: Router, table: Table, rows: Iterable[Row], given: list[tuple[str, str]]) -> None:
    """Give entries values, one entry after the other as the router does."""
    behaviour = router.behaviours[table.menu.path]
    rows = list(rows)
    table.refuse_foreign(rows, "change")
    for row in rows:
        values = dict(row.values)
        for name, value in given:
            put(router, table, values, name, value)
        if table.menu.unique and not table.menu.singleton:
            _refuse_nameless(table, values)
            table.refuse_same_name(values.get(table.menu.unique, ""), row)
        behaviour.check(values, row)
        router.plane.check(table, values)
        table.store(row, values)
        behaviour.placed(row, False)
        router.changed(table, row)


def set_(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    given = [(name, value) for name, value in command.words if name not in CONTROL]
    change(router, table, chosen(table, command), given)
    return DONE


def enable(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    change(router, table, chosen(table, command), [("disabled", "no")])
    return DONE


def disable(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    change(router, table, chosen(table, command), [("disabled", "yes")])
    return DONE


def comment(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    change(router, table, chosen(table, command), [("comment", command.get("comment") or "")])
    return DONE


def unset(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    names = [name for name in (command.get("value-name") or "").split(",") if name]
    if not names:
        raise missing("value-name")
    for name in names:
        if name not in table.fields or not table.fields[name].unset:
            raise no_match("value-name")
    change(router, table, chosen(table, command), [(f"!{name}", "") for name in names])
    return DONE


def reset(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """Put the named properties back to their defaults."""
    names = [name for name, _dummy in command.words if name not in CONTROL]
    change(router, table, chosen(table, command), [(f"!{name.removeprefix('!')}", "") for name in names])
    return DONE


def remove(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    rows = chosen(table, command)
    table.refuse_foreign(rows, "remove")
    behaviour = router.behaviours[table.menu.path]
    for row in rows:
        behaviour.check_removal(row)
    for row in rows:
        if table.by_id(row.id) is not row:
            # It went with one before it.
            continue
        table.discard(row)
        behaviour.dropped(row)
        router.removed(table, row.id)
    return DONE
