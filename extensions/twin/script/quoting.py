# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text between double quotes: its escapes, and how to write any text so that it reads back the same."""

from __future__ import annotations

ESCAPES = {
    '"': '"',
    "\\": "\\",
    "$": "$",
    "?": "?",
    "_": " ",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}
HEXADECIMAL = frozenset("0123456789ABCDEF")
_NAMED = {plain: letter for letter, plain in ESCAPES.items() if letter not in "_?"}


def quote(text: str) -> str:
    """The text in quotes, with escapes wherever the console would read something else; its bytes stay."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _NAMED:
        return f"\\{_NAMED[char]}"
    if " " <= char < "\x7f" or (char >= "\xa0" and not "\ud800" <= char <= "\udfff"):
        return char
    return "".join(f"\\{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def settled(text: str) -> str:
    """Text whose hexadecimal escapes were taken one byte at a time, with bytes that form a letter joined to it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def byte(digits: str) -> str:
    """One byte given by two digits, to be joined with its neighbours by `settled`."""
    number = int(digits, 16)
    return chr(number) if number < 0x80 else chr(0xDC00 + number)
