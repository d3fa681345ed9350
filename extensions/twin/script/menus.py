# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of menus: what a script asks of the router's tables, and how entries are chosen."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from ..command import Command as Sentence
from ..errors import ARGUMENT, Trap, missing, no_match
from ..model import Values
from ..query import ordered
from ..table import Table
from ..values.basic import SWITCH, parse_duration, whole
from ..verbs.dispatch import execute, refuse_unpermitted
from ..verbs.reading import Same
from ..view import View
from . import operators
from .data import NOTHING, Array, Id, Nothing, Time, Value, array, spell, word
from .errors import ScriptError, unplayed
from .expressions import COMPARING
from .scope import Scope
from .syntax import Binary, Block, Command, Literal, Node, Property

if TYPE_CHECKING:
    from .evaluator import Machine

Steps = Generator[float, None, Value]
ONE = ("number", "place-before", "destination", "copy-from")
_PRINTED = frozenset(("as-value", "count-only", "detail", "without-paging"))


class RowScope(Scope):
    """One entry's properties stand before every variable of that name, as on the router: `where name=$name`."""

    def __init__(self, parent: Scope, same: Same, row: Values) -> None:
        super().__init__(parent)
        self.row = row
        self.fields = same.fields
        self.same = same

    def get(self, name: str) -> Value:
        if name == ".id" or name in self.fields:
            text = self.row.get(name, "")
            return text == "true" if text in ("true", "false") else text
        return super().get(name)


def run(machine: Machine, command: Command, scope: Scope) -> Steps:
    """One command of a menu; the router's refusal is told as scripts tell it."""
    try:
        if command.verb == "run":
            from .running import run_by_name

            if command.has("use-script-permissions"):
                raise unplayed("use-script-permissions within a script")
            name = _one(machine, command, "number", scope)
            return (yield from run_by_name(machine, name))
        return _act(machine, command, scope)
    except Trap as trap:
        raise ScriptError(_told(machine, command, trap), trap.category) from None


def _told(machine: Machine, command: Command, trap: Trap) -> str:
    """Argument errors get a prefix, and all the place from 7.21 on; that this is the version is unverified."""
    lead = "Script Error: " if trap.category == ARGUMENT else ""
    place = f" ({command.menu}/{command.verb}; line {command.line})" if machine.router.persona.since("7.21") else ""
    return f"{lead}{trap.message}{place}"


def _act(machine: Machine, command: Command, scope: Scope) -> Value:
    table = machine.router.tables[command.menu]
    if command.verb in ("find", "print", "get"):
        refuse_unpermitted(table, command.verb, machine.actor)
    if command.verb == "find":
        return array(*(Id(row[".id"]) for row in _rows(machine, command, scope)))
    if command.verb == "print":
        return _print(machine, command, scope)
    if command.verb == "get":
        return _get(machine, command, scope)
    words = _words(machine, command, scope)
    if words is None:
        return NOTHING
    replies = execute(machine.router, Sentence(command.menu, command.verb, tuple(words)), machine.actor)
    made = replies[-1].attributes.get("ret")
    return Id(made) if command.verb == "add" and made else NOTHING


def _words(machine: Machine, command: Command, scope: Scope) -> list[tuple[str, str]] | None:
    """Arguments as the API would get them; None where the command is for entries of which there are none."""
    found: list[tuple[str, str]] = []
    for name, node in command.words:
        if node is None:
            found.append((name, ""))
        elif name == "numbers":
            ids = _ids(machine, command, node, scope)
            if not ids:
                return None
            found.append((name, ",".join(ids)))
        elif name in ONE:
            found.append((name, _one(machine, command, name, scope)))
        else:
            found.append((name, _written(machine, node, scope)))
    return found


def _written(machine: Machine, node: Node, scope: Scope) -> str:
    """A bare word goes as it stands: `00:10` is the command's to understand."""
    if isinstance(node, Literal | Block):
        return node.text
    return word(machine.value(node, scope))


def _ids(machine: Machine, command: Command, node: Node, scope: Scope) -> list[str]:
    """Ids of the entries that ids, arrays of ids and names stand for; an id in quotes is no id."""
    table = machine.router.tables[command.menu]
    given = machine.value(node, scope)
    if isinstance(node, Literal) and not isinstance(given, Id):
        given = node.text
    found: list[str] = []
    for each in given.values if isinstance(given, Array) else [given]:
        if isinstance(each, Id):
            found.append(table.need(each).id)
        elif isinstance(each, Nothing):
            raise missing("numbers")
        else:
            parts = spell(each).split(",")
            if isinstance(node, Literal):
                found += [table.need(part).id for part in parts]
            elif not (named := table.by_name(spell(each))):
                raise Trap(machine.router.persona.no_such_item, 0)
            else:
                found.append(named.id)
    return found


def _one(machine: Machine, command: Command, name: str, scope: Scope) -> str:
    node = command.get(name)
    if node is None:
        raise missing(name)
    if name in ("place-before", "copy-from") and isinstance(node, Literal):
        return node.text
    found = _ids(machine, command, node, scope)
    if len(found) > 1:
        raise unplayed(f"several entries for {name}")
    if not found:
        raise Trap(machine.router.persona.no_such_item, 0)
    return found[0]


def _rows(machine: Machine, command: Command, scope: Scope) -> list[Values]:
    table = machine.router.tables[command.menu]
    machine.router.plane.refresh(table.menu.path)
    rows = View(machine.router, table, machine.actor).all()
    if command.where is None:
        return rows
    same = Same(table)
    return [row for row in rows if _passes(machine, command.where, RowScope(scope, same, row))]


def _passes(machine: Machine, condition: Node, scope: RowScope) -> bool:
    """A property alone holds if it is true, or if there is one that is neither true nor false."""
    found = machine.value(condition, scope)
    return found if isinstance(found, bool) else not isinstance(found, Nothing) and found != ""


def sought(machine: Machine, node: Binary, scope: Scope) -> Value | None:
    """The comparison of a property with a value, by the property's type; None for any other operation."""
    if node.operator not in COMPARING or not isinstance(node.left, Property) or not isinstance(scope, RowScope):
        return None
    name, have = node.left.name, scope.row.get(node.left.name, "")
    asked = _written(machine, node.right, scope)
    if node.operator in ("=", "!="):
        return scope.same(name, have, asked) == (node.operator == "=")
    if node.operator == "~":
        return bool(operators.pattern(asked).search(have))
    if node.operator in ("<", ">"):
        return bool(have) and ordered(node.operator, have, asked)
    raise unplayed(f"`{node.operator}` in a where")


def typed(table: Table, name: str, text: str) -> Value:
    """A property's value with the type it has in a script; other types than these are text here."""
    field = table.fields.get(name)
    if name == ".id":
        return Id(text)
    if field is None:
        return text
    if text in ("true", "false") and (field.kind is SWITCH or field.read_only):
        return text == "true"
    if "integer number" in field.kind.help and (number := whole(text)) is not None:
        return number
    if "time interval" in field.kind.help and (milliseconds := parse_duration(text)) is not None:
        return Time(milliseconds)
    return text


def _print(machine: Machine, command: Command, scope: Scope) -> Value:
    """`count-only` and `as-value`; the tables for people are not played."""
    given = {name for name, _dummy in command.words}
    if given - _PRINTED or not given & {"as-value", "count-only"}:
        raise unplayed("print but for as-value and count-only", f"(line {command.line})")
    rows = _rows(machine, command, scope)
    if "count-only" in given:
        machine.output.append(str(len(rows)))
        return len(rows)
    table = machine.router.tables[command.menu]
    shown = [Array(tuple((name, typed(table, name, text)) for name, text in row.items())) for row in rows]
    return shown[0] if table.menu.singleton else array(*shown)


def _get(machine: Machine, command: Command, scope: Scope) -> Value:
    """One property, empty text where it has no value; all of them as an array with keys."""
    table = machine.router.tables[command.menu]
    machine.router.plane.refresh(table.menu.path)
    view = View(machine.router, table, machine.actor)
    chosen = table.rows[0] if table.menu.singleton else table.need(_one(machine, command, "number", scope))
    row = view.row(chosen)
    node = command.get("value-name")
    if node is None:
        return Array(tuple((name, typed(table, name, text)) for name, text in row.items()))
    name = _written(machine, node, scope)
    if name not in row and name not in table.fields:
        raise no_match("value-name")
    return typed(table, name, row.get(name, ""))
