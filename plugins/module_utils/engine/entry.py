# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a router's menus as values, and when two of their values are the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version

Row = Mapping[str, str]
"""RouterOS property names and their values as text; in a wanted row the empty text clears a field."""

HIDDEN = "********"
# What a router tells of an entry besides its properties.
TOLD = frozenset({"bytes", "packets", "invalid", "dynamic", "default", "builtin", "creation-time"})


@dataclass(frozen=True)
class Entry:
    """One entry of a menu as a router has it; `values` holds the fields the schema knows, as the router spells them."""

    id: str
    values: Row
    dynamic: bool = field(default=False, kw_only=True)
    builtin: bool = field(default=False, kw_only=True)
    invalid: bool = field(default=False, kw_only=True)
    strange: frozenset[str] = field(default=frozenset(), kw_only=True, compare=False, repr=False)
    """Names of properties that the router has set and the schema does not know."""

    @property
    def disabled(self) -> bool:
        """Whether the entry is switched off."""
        return switched_off(self.values)


def switched_off(values: Row) -> bool:
    """Whether values say that their entry is without effect."""
    return values.get("disabled") in ("true", "yes")


def read_entry(menu: Menu, row: Row, version: Version | None = None) -> Entry:
    """Turn one row of `print` into an Entry; what this version prints and no longer takes is no value of it."""

    def flag(name: str) -> bool:
        return row.get(name) in ("true", "yes")

    known = menu.spellings
    past = {item.name for item in menu.fields if version and item.until and not item.on(version)}
    values = {known[name]: value for name, value in row.items() if name in known and known[name] not in past}
    values |= {item.name: item.absent for item in menu.fields if item.absent and item.name not in values}
    strange = frozenset(name for name in row.keys() - known.keys() - TOLD if not name.startswith("."))
    return Entry(
        row.get(".id", ""),
        values,
        # What a guarded change made comes and goes by itself, too.
        dynamic=flag("dynamic") or values.get("name") in menu.reserved,
        builtin=flag("default") or flag("builtin"),
        invalid=flag("invalid"),
        strange=strange,
    )


def read_entries(menu: Menu, rows: Iterable[Row], version: Version | None = None) -> tuple[Entry, ...]:
    """Turn the rows of `print` into entries, in the router's order."""
    return tuple(read_entry(menu, row, version) for row in rows)


@lru_cache(maxsize=65536)
def spell(kind_field: Field, text: str) -> str:
    """The canonical spelling of a value; what the schema does not understand stays as it is."""
    try:
        return kind_field.kind.normal(text)
    except ValueError:
        return text


def held(values: Row, item: Field, version: Version) -> str | None:
    """The canonical value a field has, its default included; None when it has none."""
    text = values.get(item.name)
    if text is None or (text == "" and not item.kind.empty):
        text = item.default_on(version)
    return None if text is None else spell(item, text) or None


def own_values(menu: Menu, values: Row) -> dict[str, str]:
    """The values without those that the router fills in by itself because another field is set."""
    follows = {name: menu.by_name[name].follows for name in values}
    return {name: text for name, text in values.items() if not values.get(follows[name] or "")}


def spoken(menu: Menu, values: Row) -> dict[str, str]:
    """The values as the router takes them: what it shows by printing nothing is a name with a `!` before it."""
    gone = {item.name for item in menu.fields if item.absent and spell(item, values.get(item.name, "")) == item.absent}
    return {f"!{name}" if name in gone else name: "" if name in gone else text for name, text in values.items()}


def is_hidden(values: Row, item: Field) -> bool:
    """Whether the router keeps a secret from this account: asterisks, or missing where it is always printed."""
    if not item.secret:
        return False
    text = values.get(item.name)
    if text is not None:
        return bool(text) and not text.strip("*")
    return item.required or any(values.get(other, words[0]) in words for other, words in item.shown_while.items())


def label(menu: Menu, values: Row) -> str:
    """How people call an entry: its name, its comment, or what tells it apart."""
    if menu.single:
        return ""
    for name in ("name", "comment"):
        if values.get(name):
            return f"{name}={values[name]}"
    shown = menu.key or tuple(each for each in ("chain", "action") if each in values)
    return " ".join(f"{name}={values[name]}" for name in shown if values.get(name)) or "entry"
