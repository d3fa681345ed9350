# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators make of values; a combination whose outcome on a router is not established is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from .data import BOOLEANS, NOTHING, Array, Nothing, Time, Value, spell, truth, type_of
from .errors import ScriptError, unplayed

# `[.]` is a dot; only within brackets `[.` begins something else.
_BEYOND_POSIX = re.compile(r"\(\?|\\[A-Za-z0-9]|\[[^]]*\[[:.=]|[*+?}][?+]")
LARGEST = 1 << 63


def binary(operator: str, left: Value, right: Value) -> Value:
    """Every operator but `and` and `or`, which do not always look at their right side."""
    if operator == ".":
        return _joined(left, right)
    if operator == ",":
        return Array((*_items(left), *_items(right)))
    if operator == "->":
        return _element(left, right)
    if operator == "~":
        return bool(pattern(spell(right)).search(spell(left)))
    if operator == "in":
        raise unplayed("`in`")
    if operator in ("=", "!="):
        return same(left, right) == (operator == "=")
    if operator in _ORDERS:
        return _ORDERS[operator](*_comparable(operator, left, right))
    return _calculated(operator, left, right)


def unary(operator: str, value: Value) -> Value:
    if operator == "()":
        return value
    if operator == "!":
        return not truth(value)
    if operator == "-" and isinstance(value, int) and not isinstance(value, bool):
        return -value
    if operator == "-" and isinstance(value, Time):
        return Time(-value.milliseconds)
    raise unplayed(f"`{operator}` of {type_of(value)}")


def pattern(text: str) -> re.Pattern[str]:
    """A POSIX extended expression; what only Python understands, or only POSIX, is refused."""
    if _BEYOND_POSIX.search(text):
        raise unplayed(f"the pattern {text!r}")
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        raise unplayed(f"the pattern {text!r}") from None


def _joined(left: Value, right: Value) -> str:
    if isinstance(left, Array) or isinstance(right, Array):
        raise unplayed("concatenation of arrays; :tostr makes them text")
    return spell(left) + spell(right)


def _items(value: Value) -> tuple[tuple[str | None, Value], ...]:
    if isinstance(value, Array):
        return value.items
    return () if isinstance(value, Nothing) else ((None, value),)


def _element(value: Value, key: Value) -> Value:
    if not isinstance(value, Array):
        raise unplayed(f"`->` on {type_of(value)}")
    if isinstance(key, int) and not isinstance(key, bool):
        plain = [item for name, item in value.items if name is None]
        return plain[key] if 0 <= key < len(plain) else NOTHING
    return next((item for name, item in value.items if name == spell(key)), NOTHING)


def same(left: Value, right: Value) -> bool:
    """Equality; between text and numbers or times it is not established, so it is refused."""
    if isinstance(left, Nothing) or isinstance(right, Nothing):
        return isinstance(left, Nothing) and isinstance(right, Nothing)
    if isinstance(left, bool) or isinstance(right, bool):
        return _truth_or_word(left) == _truth_or_word(right)
    if isinstance(left, str) and isinstance(right, str):
        return str(left) == str(right)
    if type_of(left) != type_of(right):
        raise unplayed(f"the comparison of {type_of(left)} with {type_of(right)}")
    return left == right


def _truth_or_word(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in BOOLEANS:
        return BOOLEANS[value]
    raise unplayed(f"the comparison of bool with {type_of(value)}")


def _comparable(operator: str, left: Value, right: Value) -> tuple[int | str, int | str]:
    if isinstance(left, bool) or isinstance(right, bool):
        raise unplayed(f"`{operator}` of truth values")
    if isinstance(left, Time) and isinstance(right, Time):
        return left.milliseconds, right.milliseconds
    if isinstance(left, int) and isinstance(right, int):
        return left, right
    if type_of(left) == type_of(right) == "str":
        return str(left), str(right)
    raise unplayed(f"`{operator}` of {type_of(left)} and {type_of(right)}")


_ORDERS: dict[str, Callable[[object, object], bool]] = {
    "<": lambda left, right: bool(left < right),  # type: ignore[operator]
    ">": lambda left, right: bool(left > right),  # type: ignore[operator]
    "<=": lambda left, right: bool(left <= right),  # type: ignore[operator]
    ">=": lambda left, right: bool(left >= right),  # type: ignore[operator]
}


def _calculated(operator: str, left: Value, right: Value) -> Value:
    """Whole numbers, and times with times or numbers; what arithmetic does to text is not established."""
    times = isinstance(left, Time), isinstance(right, Time)
    allowed = {(True, True): "+-", (True, False): "*/"}.get(times)
    if any(isinstance(each, bool) or not isinstance(each, int | Time) for each in (left, right)) or (
        allowed is not None and operator not in allowed
    ):
        raise unplayed(f"`{operator}` of {type_of(left)} and {type_of(right)}")
    if times == (False, True):
        raise unplayed(f"`{operator}` of num and time")
    first = left.milliseconds if isinstance(left, Time) else int(left)  # type: ignore[arg-type]
    second = right.milliseconds if isinstance(right, Time) else int(right)  # type: ignore[arg-type]
    found = _number(operator, first, second)
    return Time(found) if times[0] else found


def _number(operator: str, left: int, right: int) -> int:
    if operator in ("/", "%") and right == 0:
        raise ScriptError("division by zero")
    if operator in ("<<", ">>") and not 0 <= right < 64:
        raise unplayed(f"`{operator}` by {right}")
    found = _NUMBERS[operator](left, right)
    if not -LARGEST <= found < LARGEST:
        raise unplayed("numbers beyond 64 bits")
    return found


def _divided(left: int, right: int) -> int:
    """Towards zero, as processors do."""
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


_NUMBERS: dict[str, Callable[[int, int], int]] = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "/": _divided,
    "%": lambda left, right: left - right * _divided(left, right),
    "|": int.__or__,
    "&": int.__and__,
    "^": int.__xor__,
    "<<": int.__lshift__,
    ">>": int.__rshift__,
}
