# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of values in a script, how they are written, and what kind a bare word is."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TypeAlias

from ..table import is_id, spell_id
from ..values.basic import parse_duration
from .errors import ScriptError


class Nothing:
    """No value: what an undefined variable has."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = Nothing()


class Id(str):
    """An internal id such as `*1A`, which is no text: quotes would make it one."""

    __slots__ = ()


class Address(str):
    """An address or prefix written without quotes."""

    __slots__ = ()


@dataclass(frozen=True)
class Time:
    milliseconds: int


@dataclass(frozen=True)
class Array:
    """Values in order, each with its key or None."""

    items: tuple[tuple[str | None, Value], ...] = ()

    @property
    def values(self) -> list[Value]:
        return [value for _dummy, value in self.items]


Value: TypeAlias = Nothing | bool | int | str | Time | Array

_NUMBER = re.compile(r"-?[0-9]{1,19}")
_HEX = re.compile(r"0[xX][0-9A-Fa-f]{1,16}")
_TIME = re.compile(r"(?=.*[:wdhms])[0-9wdhms:]+")
BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


def array(*values: Value) -> Array:
    return Array(tuple((None, value) for value in values))


def literal(word: str) -> Value:
    """What a bare word is. `yes` and `no` are text here; comparing with a truth value reads them as one."""
    if word in ("true", "false"):
        return word == "true"
    if _NUMBER.fullmatch(word):
        return int(word)
    if _HEX.fullmatch(word):
        return int(word, 16)
    if is_id(word):
        return Id(spell_id(word))
    if _TIME.fullmatch(word) and (milliseconds := parse_duration(word)) is not None:
        return Time(milliseconds)
    try:
        ipaddress.ip_interface(word)
    except ValueError:
        return word
    return Address(word)


def type_of(value: Value) -> str:
    """As `:typeof` says it."""
    if isinstance(value, Address):
        stem = "ip6" if ":" in value else "ip"
        return f"{stem}-prefix" if "/" in value else stem
    kinds = ((Nothing, "nothing"), (bool, "bool"), (int, "num"), (Id, "id"), (str, "str"), (Time, "time"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "array")


def spell(value: Value) -> str:
    """As `:put` writes it."""
    if isinstance(value, Nothing):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Time):
        return spell_time(value.milliseconds)
    if isinstance(value, Array):
        return ";".join(spell(item) if key is None else f"{key}={spell(item)}" for key, item in value.items)
    return str(value)


def spell_time(milliseconds: int) -> str:
    """`00:30:00`, `1d00:00:00`, with thousandths only where there are some."""
    sign = "-" if milliseconds < 0 else ""
    seconds, rest = divmod(abs(milliseconds), 1000)
    days, seconds = divmod(seconds, 86400)
    weeks, days = divmod(days, 7)
    lead = (f"{weeks}w" if weeks else "") + (f"{days}d" if days else "")
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{sign}{lead}{clock}" + (f".{rest:03}" if rest else "")


def word(value: Value) -> str:
    """As a value is handed to a command: lists by commas."""
    return ",".join(map(spell, value.values)) if isinstance(value, Array) else spell(value)


def truth(value: Value) -> bool:
    """What decides an `:if`; that only truth values do is unverified in its wording."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in BOOLEANS:
        return BOOLEANS[value]
    raise ScriptError("conditional not boolean")
