# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes and entries as people read them: console commands and export lines, secrets masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import (
    HIDDEN,
    Entry,
    Row,
    own_values,
    spell,
    spoken,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

PLAIN = re.compile(r"[A-Za-z0-9._:/,*@+!%-]+")
ESCAPES = {'"': '\\"', "\\": "\\\\", "$": "\\$", "?": "\\?", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    """A value as the console wants it typed."""
    if PLAIN.fullmatch(text):
        return text
    return '"' + "".join(ESCAPES.get(letter) or _typed(letter) for letter in text) + '"'


def _typed(letter: str) -> str:
    """A letter as it is; what cannot be typed as `\\` and two hexadecimal digits."""
    return letter if letter >= " " and letter != "\x7f" else f"\\{ord(letter):02X}"


def words(menu: Menu, values: Row) -> str:
    """`name=value ...` in the schema's order, secrets masked."""
    said = spoken(menu, values)
    return " ".join(
        f"!{item.name}" if item.name not in said else f"{item.name}={_shown(item, said[item.name])}"
        for item in menu.fields
        if item.name in values
    )


def _shown(item: Field, text: str) -> str:
    return HIDDEN if item.secret and text else quote(plainly(item, text))


def plainly(item: Field, text: str) -> str:
    """A value as people type it: a switch is read as `true` and written as `yes`."""
    return spell(item, text) if item.kind.option["type"] == "bool" else text


def console_path(menu: Menu) -> str:
    """`/ip ipsec peer`, as exports spell it."""
    return "/" + menu.path.strip("/").replace("/", " ")


def render(change: Change) -> str:
    """One change as a console command, for the eye and for a script."""
    path = console_path(change.menu)
    match change:
        case Add():
            place = f" place-before={change.before}" if change.before else ""
            return f"{path} add {words(change.menu, change.values)}{place}"
        case Set():
            which = "" if change.menu.single else change.entry.id
            parts = (path, "set", which, words(change.menu, change.values), *(f"!{name}" for name in change.clear))
            return " ".join(filter(None, parts))
        case Move():
            return f"{path} move {change.entry.id}" + (f" {change.before}" if change.before else "")
        case Remove():
            return f"{path} remove {change.entry.id}"


def listing(menu: Menu, entries: Sequence[Entry], touched: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """A menu's entries as lines of an export; secrets that a change touched (entry id: names) say so."""
    yield console_path(menu)
    for entry in entries:
        if entry.dynamic:
            continue
        line = words(menu, own_values(menu, entry.values))
        for name in sorted(touched.get(entry.id, ())):
            line = line.replace(f"{name}={HIDDEN}", f"{name}={HIDDEN} (changed)")
        yield f"{'add' if menu.adds and not menu.single else 'set'} {line}"
