# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What RouterOS menus are made of: Kind, Field, Menu. Data only; nothing here acts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

Version = tuple[int, ...]
OLDEST: Version = (7, 10)
"""The oldest version that the schema describes."""


def parse_version(text: str) -> Version:
    """Return the numbers of a version as the router prints it: `7.22.3 (stable)` is (7, 22, 3), `7.25beta3` (7, 25)."""
    found = re.match(r"\d+(\.\d+)*", text)
    if not found:
        raise ValueError(f"{text!r} is not a RouterOS version")
    return tuple(int(part) for part in found.group().split("."))


def same(one: str, other: str) -> bool:
    """Two canonical values are the same."""
    return one == other


def parts(text: str) -> list[str]:
    """The words of a comma separated value, without the `!` before them."""
    return text.removeprefix("!").split(",")


def differ(one: str, other: str) -> bool:
    """Two canonical values exclude each other."""
    return one != other


@dataclass(frozen=True, eq=False)
class Kind:
    """How one sort of value is offered to users, and when two spellings mean the same."""

    name: str
    normal: Callable[[str], str] = str
    """Canonical text of a value; raises ValueError whose text says what is allowed."""
    option: Mapping[str, object] = field(default_factory=lambda: {"type": "str"})
    """How Ansible declares such an option."""
    since: Mapping[str, str] = field(default_factory=dict)
    """Words of a closed set that came later than 7.10, and the version that brought them."""
    within: Callable[[str, str], bool] = same
    """As matchers: whatever the first (canonical) value matches, the second matches too."""
    apart: Callable[[str, str], bool] = differ
    """As matchers: nothing matches both (canonical) values."""
    ordered: bool = False
    """A list whose order has a meaning."""
    exact: bool = False
    """As matchers: one value lies within another only when both are the same."""
    empty: bool = False
    """The empty text is a value of its own, not the wish to clear the field."""
    named: Callable[[str], list[str]] = parts
    """The names of other entries in a value."""


@dataclass(frozen=True, eq=False)
class Field:
    """One property of the entries of a menu, by RouterOS's name."""

    name: str
    kind: Kind
    help: str
    default: str | Mapping[str, str] | None = None
    """What the field holds when nobody set it; None: then it is absent. A mapping says from which version on."""
    required: bool = False
    """The router adds no entry without it."""
    secret: bool = False
    since: str | None = None
    """First version that has it; None: since 7.10 at the latest."""
    until: str | None = None
    """Last minor version that has it, such as `7.14`; None: it still exists."""
    refers: str | None = None
    """Path of the menu whose entries the value names."""
    free: tuple[str, ...] = ()
    """Words that a reference may hold although no entry has that name, such as `none`."""
    matches: bool = False
    """In an ordered menu: says which traffic the entry is for, not what happens to it."""
    follows: str | None = None
    """While that other field is set, the router fills this one in by itself."""
    shown_while: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """A secret that the router always prints while another field has one of these values: then missing is hidden."""
    only_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The router takes it only while each of these other fields has one of these values."""
    needed_with: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The router takes no entry without it while each of these other fields has one of these values."""
    also: str | None = None
    """Another name under which newer routers may print it; the old one is still accepted."""
    absent: str | None = None
    """The value that the router shows by not printing the field, and takes as `!name`; None: that is its default."""
    fleeting: bool = False
    """Counts down by itself: given when an entry is made, never compared."""
    stays: bool = False
    """The router fills it in where nobody gives it, so that there is nothing to go back to."""

    @property
    def option(self) -> str:
        """The Ansible option's name."""
        return self.name.replace("-", "_")

    def on(self, version: Version) -> bool:
        """Whether routers of this version have the field."""
        return exists(self.since, self.until, version)

    def default_on(self, version: Version) -> str | None:
        """What the field holds on this version when nobody set it."""
        if not isinstance(self.default, Mapping):
            return self.default
        known = [(parse_version(since), value) for since, value in self.default.items()]
        return max(((since, value) for since, value in known if since <= version), default=min(known))[1]


def exists(since: str | None, until: str | None, version: Version) -> bool:
    """Whether something that came with `since` and last was in `until` is there on a version."""
    if since is not None and version < parse_version(since):
        return False
    return until is None or version[:2] <= parse_version(until)[:2]


@dataclass(frozen=True, eq=False)
class Menu:
    """One RouterOS menu: its fields, and how its entries are told apart and ordered."""

    path: str
    help: str
    fields: tuple[Field, ...]
    module: str | None = None
    """Name of the module that manages it; None: known, but nothing to manage."""
    key: tuple[str, ...] = ("name",)
    """Fields that tell entries apart; empty: content and comment do (firewall rules)."""
    key_if: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Further key fields that count only while another field has a value: {field: {other: value}}."""
    key_yields: tuple[str, ...] = ()
    """Key fields that give way: where no entry has the whole key, one that differs in these alone is the one meant,
    since of two such entries, both enabled, only one can work."""
    yields_with: tuple[str, ...] = ()
    """Fields in which it has to agree as well, unlike all others, so that nobody else's entry is taken for it."""
    part_of: str | None = None
    """Path of the menu whose entries its entries are, too: others name them as such."""
    single: bool = False
    """One set of properties instead of a list of entries."""
    ordered: bool = False
    """Entries are tried from the top; `move` and `place-before` exist."""
    chain: str | None = None
    """The field that splits an ordered menu into independent lists."""
    unsets: bool = False
    """The menu has the `unset` command."""
    adds: bool = True
    """False: the entries are the router's own; they can be changed, but neither added nor removed."""
    sets: bool = True
    """False: an entry can be added and removed, never changed."""
    idle_if: Mapping[str, str] = field(default_factory=dict)
    """Canonical values of fields that make an entry act on no traffic, besides `disabled`."""
    loose: tuple[str, ...] = ()
    """Fields that do not belong to an entry's content, where content tells entries apart."""
    exclusive: tuple[str, ...] = ()
    """Fields in which no two enabled entries may agree: of two, the old one is off before the new one comes."""
    cuts: bool = False
    """A change may cut off whoever manages the router, so it waits until those before it are known to have worked."""
    moves_since: str | None = None
    """First version whose `move` can be trusted; None: every version's."""
    reserved: tuple[str, ...] = ()
    """Names of entries that a guarded change makes for its own time: nobody else's to have, to see or to remove."""
    scopes: tuple[str, ...] = ()
    """Fields by which a task may narrow what it owns."""
    optional: bool = False
    """Some boards and builds lack the menu; one that is missing is read as empty, and refused when it is to change."""
    since: str | None = None
    until: str | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by RouterOS's name."""
        return {each.name: each for each in self.fields}

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """The fields' names by those under which routers print them."""
        return {name: each.name for each in self.fields for name in (each.name, each.also) if name}

    @cached_property
    def by_option(self) -> Mapping[str, Field]:
        """The fields by option name."""
        return {each.option: each for each in self.fields}

    @property
    def mark(self) -> str | None:
        """The field that carries an owner's mark: the comment, else the name."""
        return next((name for name in ("comment", "name") if name in self.by_name), None)

    @property
    def places(self) -> frozenset[str]:
        """Paths of the menus in which its entries stand."""
        return frozenset(filter(None, (self.path, self.part_of)))

    @property
    def refers(self) -> frozenset[str]:
        """Paths of the menus whose entries this menu's entries name."""
        return frozenset(each.refers for each in self.fields if each.refers)

    def on(self, version: Version) -> bool:
        """Whether routers of this version have the menu."""
        return exists(self.since, self.until, version)
