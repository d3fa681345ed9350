# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that work anywhere: variables, branches, loops, catching errors, and making one value of another."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from ..values.basic import parse_duration
from .data import BOOLEANS, NOTHING, Array, Nothing, Time, Value, array, literal, spell, truth, type_of
from .errors import NotCode, Returned, ScriptError, Unplayed, unplayed
from .scope import Scope
from .syntax import Command, Literal, Node, Text

if TYPE_CHECKING:
    from .evaluator import Machine

Steps = Generator[float, None, Value]
Plain = Callable[["Machine", Command, Scope], Value]
Flow = Callable[["Machine", Command, Scope], Steps]


def run(machine: Machine, command: Command, scope: Scope) -> Steps:
    """One command that works anywhere."""
    if command.verb in FLOWS:
        return (yield from FLOWS[command.verb](machine, command, scope))
    return PLAIN[command.verb](machine, command, scope)


def _name(command: Command) -> str:
    node = command.get("name") or command.get("counter")
    if isinstance(node, Literal):
        return node.text
    if isinstance(node, Text) and len(node.parts) == 1 and isinstance(node.parts[0], str):
        return node.parts[0]
    raise ScriptError("missing value(s) of argument(s) name", 1)


def _needed(command: Command, name: str) -> Node:
    if (node := command.get(name)) is None:
        raise ScriptError(f"missing value(s) of argument(s) {name}", 1)
    return node


def _local(machine: Machine, command: Command, scope: Scope) -> Value:
    node = command.get("value")
    scope.make_local(_name(command), NOTHING if node is None else machine.value(node, scope))
    return NOTHING


def _global(machine: Machine, command: Command, scope: Scope) -> Value:
    """Without a value it only says that the name is a global one."""
    node, name = command.get("value"), _name(command)
    value = NOTHING if node is None else machine.value(node, scope)
    scope.make_global(name)
    if node is not None:
        scope.set(name, value)
    return NOTHING


def _set(machine: Machine, command: Command, scope: Scope) -> Value:
    """Without a value the variable is emptied. What a router does with an undeclared name is unverified."""
    node = command.get("value")
    if not scope.set(_name(command), NOTHING if node is None else machine.value(node, scope)):
        raise unplayed(":set of a variable that nobody declared", f"(line {command.line})")
    return NOTHING


def _put(machine: Machine, command: Command, scope: Scope) -> Value:
    value = machine.need(command, "message", scope)
    machine.output.append(spell(value))
    return value


def _error(machine: Machine, command: Command, scope: Scope) -> Value:
    raise ScriptError(spell(machine.need(command, "message", scope)))


def _return(machine: Machine, command: Command, scope: Scope) -> Value:
    raise Returned(machine.need(command, "value", scope))


def _len(machine: Machine, command: Command, scope: Scope) -> Value:
    value = machine.need(command, "value", scope)
    if isinstance(value, Array):
        return len(value.items)
    return len(spell(value).encode("utf-8", "surrogateescape"))


def _tonum(machine: Machine, command: Command, scope: Scope) -> Value:
    """Nothing for what is no number."""
    value = machine.need(command, "value", scope)
    found = literal(value) if isinstance(value, str) else value
    if isinstance(found, bool):
        return int(found)
    if isinstance(found, Time):
        return found.milliseconds // 1000
    return found if isinstance(found, int) else NOTHING


def _tobool(machine: Machine, command: Command, scope: Scope) -> Value:
    value = machine.need(command, "value", scope)
    if isinstance(value, int):
        return bool(value)
    return BOOLEANS.get(spell(value), NOTHING)


def _toarray(machine: Machine, command: Command, scope: Scope) -> Value:
    """Text is taken apart at its commas."""
    value = machine.need(command, "value", scope)
    if isinstance(value, Array):
        return value
    if isinstance(value, str):
        return array(*(literal(part.strip()) for part in value.split(","))) if value else array()
    return array() if isinstance(value, Nothing) else array(value)


def _pick(machine: Machine, command: Command, scope: Scope) -> Value:
    value = machine.need(command, "value", scope)
    begin = machine.need(command, "begin", scope)
    node = command.get("end")
    end = begin + 1 if node is None and isinstance(begin, int) else machine.need(command, "end", scope)
    if not isinstance(begin, int) or not isinstance(end, int) or begin < 0 or end < 0:
        raise unplayed(":pick with places that are no numbers from 0 on")
    if isinstance(value, Array):
        picked = value.items[begin:end]
        return Array(picked) if node is not None else picked[0][1] if picked else NOTHING
    return spell(value)[begin:end]


def _find(machine: Machine, command: Command, scope: Scope) -> Value:
    """Where something stands, from 0 on; nothing if it does not."""
    value, key = machine.need(command, "in", scope), machine.need(command, "key", scope)
    if command.get("from") is not None:
        raise unplayed(":find from a place")
    if isinstance(value, Array):
        places = [at for at, item in enumerate(value.values) if type_of(item) == type_of(key) and item == key]
        return places[0] if places else NOTHING
    at = spell(value).find(spell(key))
    return NOTHING if at < 0 else at


def _if(machine: Machine, command: Command, scope: Scope) -> Steps:
    """The value is that of the code that ran."""
    holds = truth(machine.value(_needed(command, "condition"), scope))
    return (yield from machine.braces(command.get("do" if holds else "else"), scope))


def _foreach(machine: Machine, command: Command, scope: Scope) -> Steps:
    found = machine.value(_needed(command, "in"), scope)
    if isinstance(found, Array) and any(key is not None for key, _dummy in found.items):
        raise unplayed(":foreach over an array with keys")
    values: list[Value] = [] if isinstance(found, Nothing) else [found]
    if isinstance(found, Array):
        values = found.values
    return (yield from _turns(machine, command, scope, values))


def _turns(machine: Machine, command: Command, scope: Scope, values: list[Value] | range) -> Steps:
    name, body = _name(command), _needed(command, "do")
    for value in values:
        machine.tick()
        inner = Scope(scope)
        inner.make_local(name, value)
        yield from machine.braces(body, inner)
    return NOTHING


def _for(machine: Machine, command: Command, scope: Scope) -> Steps:
    """Both ends belong to it; it counts down where the end is the smaller."""
    first, last = machine.need(command, "from", scope), machine.need(command, "to", scope)
    step = machine.need(command, "step", scope) if command.get("step") else None
    if not isinstance(first, int) or not isinstance(last, int) or not (step is None or isinstance(step, int)):
        raise unplayed(":for over anything but numbers")
    if step is None:
        step = 1 if first <= last else -1
    if step == 0 or (step > 0) != (first <= last):
        raise unplayed(":for with a step that leads nowhere")
    return (yield from _turns(machine, command, scope, range(first, last + (1 if step > 0 else -1), step)))


def _while(machine: Machine, command: Command, scope: Scope) -> Steps:
    condition = _needed(command, "condition")
    while truth(machine.value(condition, scope)):
        machine.tick()
        yield from machine.braces(_needed(command, "do"), scope)
    return NOTHING


def _do(machine: Machine, command: Command, scope: Scope) -> Steps:
    """Once, or again while the condition holds; `on-error` runs instead of what was left."""
    if command.has("while") and command.has("on-error"):
        raise unplayed(":do with while and on-error")
    try:
        found = yield from machine.braces(command.get("command"), scope)
    except (NotCode, Unplayed):
        raise
    except ScriptError:
        if (handler := command.get("on-error")) is None:
            raise
        return (yield from machine.braces(handler, scope))
    while (condition := command.get("while")) is not None and truth(machine.value(condition, scope)):
        machine.tick()
        found = yield from machine.braces(command.get("command"), scope)
    return found


def _onerror(machine: Machine, command: Command, scope: Scope) -> Steps:
    """True if there was an error; its text is in the variable while `do` runs."""
    name = _name(command)
    try:
        yield from machine.braces(_needed(command, "in"), scope)
    except (NotCode, Unplayed):
        raise
    except ScriptError as error:
        inner = Scope(scope)
        inner.make_local(name, error.text)
        yield from machine.braces(_needed(command, "do"), inner)
        return True
    return False


def _delay(machine: Machine, command: Command, scope: Scope) -> Steps:
    value = machine.need(command, "delay-time", scope)
    milliseconds = value.milliseconds if isinstance(value, Time) else parse_duration(spell(value))
    if milliseconds is None:
        raise ScriptError("invalid value for argument delay-time", 1)
    return (yield from machine.wait(milliseconds / 1000))


FLOWS: dict[str, Flow] = {
    "if": _if,
    "foreach": _foreach,
    "for": _for,
    "while": _while,
    "do": _do,
    "onerror": _onerror,
    "delay": _delay,
}
PLAIN: dict[str, Plain] = {
    "local": _local,
    "global": _global,
    "set": _set,
    "put": _put,
    "error": _error,
    "return": _return,
    "len": _len,
    "tonum": _tonum,
    "tobool": _tobool,
    "toarray": _toarray,
    "tostr": lambda machine, command, scope: spell(machine.need(command, "value", scope)),
    "typeof": lambda machine, command, scope: type_of(machine.need(command, "value", scope)),
    "pick": _pick,
    "find": _find,
    "nothing": lambda _machine, _command, _scope: NOTHING,
}
