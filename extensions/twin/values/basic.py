# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain sorts of values: what is accepted on writing and how it reads back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import Trap, ambiguous, failure, invalid_value, no_match, out_of_range

# (field name, text as written) -> text as read back; raises Trap
Canon = Callable[[str, str], str]


@dataclass(frozen=True)
class Kind:
    """How one sort of value is spelled; `words` is its closed set, `several` says it takes a list of them."""

    canon: Canon
    words: tuple[str, ...] = ()
    several: bool = False
    help: str = ""


def _text(_name: str, value: str) -> str:
    return value


_DIGITS = re.compile(r"[0-9]{1,19}")
_NUMBER = re.compile(r"(-?)(?:0[xX]([0-9A-Fa-f]{1,16})|([0-9]{1,19}))")


def whole(text: str) -> int | None:
    """A number in plain digits, or None: Python itself would also take `1_0`, ` 1 ` and digits of other scripts."""
    return int(text) if _DIGITS.fullmatch(text) else None


TEXT = Kind(_text, help="string value")


def text_up_to(limit: int) -> Kind:
    """Text of so many characters at most; the refusal's wording is unverified for single fields."""

    def canon(_name: str, value: str) -> str:
        if len(value) > limit:
            raise failure("contents too long")
        return value

    return Kind(canon, help=f"string value, max length {limit}")


def _switch(name: str, value: str) -> str:
    if value in ("yes", "true"):
        return "true"
    if value in ("no", "false"):
        return "false"
    raise no_match(name)


SWITCH = Kind(_switch, words=("no", "yes"))


def one_of(*words: str) -> Kind:
    """Exactly one of the words; abbreviations are refused, as the API does."""

    def canon(name: str, value: str) -> str:
        if value in words:
            return value
        if not value and len(words) > 1:
            raise ambiguous(name)
        raise no_match(name)

    return Kind(canon, words=words)


def some_of(*words: str, empty: bool = False) -> Kind:
    """A set of the words; reads back in the order given here, without repetition."""

    def canon(name: str, value: str) -> str:
        given = [part.strip() for part in value.split(",")] if value else []
        if any(part not in words for part in given) or not (given or empty):
            raise no_match(name)
        return ",".join(word for word in words if word in given)

    return Kind(canon, words=words, several=True)


def number(low: int = 0, high: int = 4294967295, keywords: Sequence[str] = ()) -> Kind:
    """A decimal or hexadecimal number, read back in decimal, or one of the keywords."""

    def canon(name: str, value: str) -> str:
        if value in keywords:
            return value
        if not (spelled := _NUMBER.fullmatch(value)):
            raise invalid_value(name)
        sign, hexadecimal, decimal = spelled.groups()
        found = int(sign + (hexadecimal or decimal), 16 if hexadecimal else 10)
        if not low <= found <= high:
            raise out_of_range(name, low, high)
        return str(found)

    return Kind(canon, words=tuple(keywords), help=f"{low}..{high}    (integer number)")


_UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_N = "([0-9]{1,12})"
_WORDED = re.compile(rf"(?:{_N}w)?(?:{_N}d)?(?:{_N}h)?(?:{_N}m(?!s))?(?:{_N}s)?(?:{_N}ms)?")
_CLOCK = re.compile(rf"(?:{_N}w)?(?:{_N}d)?\s*{_N}:([0-5]?[0-9])(?::([0-5]?[0-9]))?")


def parse_duration(text: str) -> int | None:
    """Milliseconds of `30`, `30s`, `1h30m`, `00:30:00`, `1d00:30:00`; None if it is no time."""
    if (seconds := whole(text)) is not None:
        return seconds * 1000
    if text and (found := _WORDED.fullmatch(text)):
        return sum(int(amount or 0) * unit for amount, unit in zip(found.groups(), _UNITS.values(), strict=True))
    if found := _CLOCK.fullmatch(text):
        weeks, days, hours, minutes, rest = (int(part or 0) for part in found.groups())
        return (((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + rest) * 1000
    return None


def spell_duration(milliseconds: int) -> str:
    """The router's own spelling: weeks down to seconds, zero parts left out, zero is `0s`."""
    parts = []
    for unit, size in _UNITS.items():
        amount, milliseconds = divmod(milliseconds, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


# 0s..35w3d13h13m56s, the limit of firewall time-outs
LONGEST = 21_474_836_000


def duration(low: int = 0, high: int | None = None, keywords: Sequence[str] = ()) -> Kind:
    """A time in the router's spelling, between `low` and `high` milliseconds, or one of the keywords."""

    def canon(name: str, value: str) -> str:
        if value in keywords:
            return value
        found = parse_duration(value)
        if found is None:
            raise invalid_value(name)
        if found < low or (high is not None and found > high):
            raise out_of_range(name, spell_duration(low), spell_duration(high) if high is not None else "")
        return spell_duration(found)

    limits = "" if high is None else f"{spell_duration(low)}..{spell_duration(high)}    "
    return Kind(canon, words=tuple(keywords), help=f"{limits}(time interval)" if limits else "time interval")


def pattern(expression: str, spell: Callable[[str], str] = str, help: str = "") -> Kind:
    """Text that matches as a whole, spelled back by `spell`."""
    compiled = re.compile(expression, re.ASCII)

    def canon(name: str, value: str) -> str:
        if not compiled.fullmatch(value):
            raise invalid_value(name)
        return spell(value)

    return Kind(canon, help=help)


def listed(kind: Kind) -> Kind:
    """Comma separated values of another kind, in the order written; empty text is the empty list."""

    def canon(name: str, value: str) -> str:
        return ",".join(kind.canon(name, part.strip()) for part in value.split(",")) if value else ""

    return Kind(canon, words=kind.words, several=True, help=kind.help)


def negatable(kind: Kind) -> Kind:
    """A value that may begin with `!`, which stays with it."""

    def canon(name: str, value: str) -> str:
        if value.startswith("!"):
            return "!" + kind.canon(name, value[1:].lstrip())
        return kind.canon(name, value)

    return Kind(canon, kind.words, kind.several, kind.help)


def either(*kinds: Kind) -> Kind:
    """The first kind that accepts the value spells it; the refusal is the last one's."""

    def canon(name: str, value: str) -> str:
        refusal: Trap | None = None
        for kind in kinds:
            try:
                return kind.canon(name, value)
            except Trap as trap:
                refusal = trap
        raise refusal or invalid_value(name)

    return Kind(canon, words=tuple(word for kind in kinds for word in kind.words))
