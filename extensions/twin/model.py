# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a menu is: its fields, commands and built-in entries, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .persona import Persona
from .values.basic import SWITCH, TEXT, Kind

Values = dict[str, str]


@dataclass(frozen=True)
class Reference:
    """A value that names an entry of another menu; kept by id, shown by name."""

    menu: str
    keywords: tuple[str, ...] = ()
    many: bool = False
    column: str = "name"


@dataclass(frozen=True)
class Field:
    """One property. `default` is what add gives it; `shown` says whether the default is printed.

    `unset` says whether `unset` takes its name, `cleared` what that leaves if not the default; `older` is (version,
    default before that version).
    """

    name: str
    kind: Kind = TEXT
    default: str | None = None
    shown: bool = True
    mandatory: bool = False
    unset: bool = False
    secret: bool = False
    hidden: bool = False
    read_only: bool = False
    negatable: bool = False
    clears: tuple[str, ...] = ()
    refers: Reference | None = None
    since: str = ""
    until: str = ""
    older: tuple[str, str] | None = None
    cleared: str | None = None

    def default_for(self, persona: Persona) -> str | None:
        if self.older and not persona.since(self.older[0]):
            return self.older[1]
        return self.default


COMMENT = Field("comment", default="", shown=False)
DISABLED = Field("disabled", SWITCH, default="false")


def read_only(name: str, default: str | None = None, kind: Kind = TEXT) -> Field:
    return Field(name, kind, default=default, read_only=True)


@dataclass(frozen=True)
class Menu:
    """One place in the tree: what it stores and which commands it has.

    `unique` is the column entries can be named by; `noun` is what its refusals call an entry, `taken` the refusal of
    a name that another entry has, where its wording is known;
    `extra` maps further commands to their arguments; `late` says since when a command or `command argument` exists;
    `rows_at_start` are the built-in entries, by id.
    """

    path: str
    fields: tuple[Field, ...] = ()
    commands: tuple[str, ...] = ()
    noun: str = "item"
    taken: str = ""
    unique: str = ""
    naming: str = ""
    singleton: bool = False
    ordered: bool = False
    rows_at_start: tuple[tuple[str, Mapping[str, str]], ...] = ()
    first_id: int = 1
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    late: Mapping[str, str] = field(default_factory=dict)
    print_flags: tuple[str, ...] = ()
    print_lacks: tuple[str, ...] = ()
    sensitive_print: bool = False
    edits_dynamic: bool = False
    keep_used: bool = False
    since: str = ""
    until: str = ""
    listens: bool = True
    policy: str = ""

    def for_persona(self, persona: Persona) -> Menu | None:
        """The menu as this version has it, or None if it has not."""
        if not persona.within(self.since, self.until):
            return None
        fields = tuple(each for each in self.fields if persona.within(each.since, each.until))
        settled = tuple(replace(each, default=each.default_for(persona)) for each in fields)
        return replace(self, fields=settled)


class Row:
    """One live entry: its id, stored values in field order, and whether the router itself made it."""

    __slots__ = ("builtin", "dynamic", "id", "until", "values")

    def __init__(self, id_: str, values: Values, *, dynamic: bool = False, builtin: bool = False) -> None:
        self.id = id_
        self.values = values
        self.dynamic = dynamic
        self.builtin = builtin
        self.until: float | None = None
