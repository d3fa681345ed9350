# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router's firewall, parsed once: rules by table and chain, address lists, interface lists."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..engine.entry import Entry, Row, switched_off
from ..schema.family import IPV4, IPV6, Family
from ..schema.firewall import ADDRESS_LIST, ADDRESS_LIST6
from ..schema.interfaces import LIST, LIST_MEMBER
from ..schema.kinds import bounds, split
from ..schema.menus import BY_PATH
from ..schema.model import Menu
from .rules import BUILTIN, Rule, chains_of
from .sets import Spans, spans_of

MENUS: Mapping[Family, Mapping[str, Menu]] = {
    family: {
        name: BY_PATH[f"/{family.root}/firewall/{name}"]
        for name in BUILTIN
        if f"/{family.root}/firewall/{name}" in BY_PATH
    }
    for family in (IPV4, IPV6)
}
"""The tables that are known of each family."""
TABLES: tuple[Menu, ...] = tuple(menu for tables in MENUS.values() for menu in tables.values())
FILTERS: Mapping[Family, Menu] = {family: tables["filter"] for family, tables in MENUS.items()}


def table_name(menu: Menu) -> str:
    """`filter`, `nat`, `raw` or `mangle`."""
    return menu.path.rpartition("/")[2]


@dataclass(frozen=True)
class Addresses:
    """One address list: spans of addresses as numbers, rising and apart, and whether some of it is not known."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    unresolved: tuple[str, ...]
    """DNS names whose addresses the router did not show."""

    @property
    def spans(self) -> Spans:
        """First and last address of each span."""
        return tuple(zip(self.starts, self.ends, strict=True))

    def __contains__(self, address: int) -> bool:
        at = bisect_right(self.starts, address)
        return at > 0 and address <= self.ends[at - 1]


NOBODY = Addresses((), (), ())
LISTS: Mapping[Family, Menu] = {IPV4: ADDRESS_LIST, IPV6: ADDRESS_LIST6}
"""Where the address lists of each family are."""


def family_of(menu: Menu) -> Family:
    """The family of a table."""
    return next(family for family, tables in MENUS.items() if menu in tables.values())


def addresses_in(spans: Iterable[tuple[int, int]], unresolved: Iterable[str] = ()) -> Addresses:
    """All addresses in spans of whatever order."""
    merged = spans_of(spans)
    return Addresses(tuple(low for low, _dummy in merged), tuple(high for _dummy, high in merged), tuple(unresolved))


def addresses_of(rows: Iterable[Entry]) -> Addresses:
    """Read the enabled entries of one address list."""
    enabled = [each for each in rows if not each.disabled]
    # The addresses of a name show up as dynamic entries whose comment is the name (firewall.md 6).
    resolved = {each.values.get("comment", "").lower() for each in enabled if each.dynamic}
    spans: list[tuple[int, int]] = []
    unresolved = []
    for each in enabled:
        text = each.values.get("address", "")
        try:
            start, end = bounds(text)
            spans.append((int(start), int(end)))
        except ValueError:
            if text.lower() not in resolved:
                unresolved.append(text)
    return addresses_in(spans, unresolved)


@dataclass(frozen=True, eq=False)
class Firewall:
    """What decides about packets of one family on one router; rows as read, in the router's order."""

    filter: tuple[Entry, ...] = ()
    raw: tuple[Entry, ...] = ()
    nat: tuple[Entry, ...] = ()
    mangle: tuple[Entry, ...] | None = None
    """None: not read, so that nothing is known of marks."""
    address_list: tuple[Entry, ...] = ()
    members: tuple[Mapping[str, str], ...] = ()
    """Rows of /interface/list/member, dynamic ones included: `list`, `interface`, `disabled`."""
    lists_of_lists: tuple[Mapping[str, str], ...] = ()
    """Rows of /interface/list: `name`, `include`, `exclude`."""
    local: frozenset[str] | None = field(default=None)
    """The router's own addresses; None: unknown. They say where a packet goes that dst-nat has changed."""
    family: Family = IPV4

    def __post_init__(self) -> None:
        unknown = [name for name in BUILTIN if getattr(self, name) and name not in MENUS[self.family]]
        if unknown:
            raise ValueError(f"nothing is known of {' and '.join(unknown)} for {self.family.name}")

    @cached_property
    def chains(self) -> Mapping[str, Mapping[str, tuple[Rule, ...]]]:
        """Rules by table and chain."""
        known = MENUS[self.family]
        return {name: chains_of(known[name], getattr(self, name) or ()) if name in known else {} for name in BUILTIN}

    @cached_property
    def lists(self) -> Mapping[str, Addresses]:
        """Address lists by name."""
        rows = defaultdict[str, list[Entry]](list)
        for each in self.address_list:
            rows[each.values.get("list", "")].append(each)
        return {name: addresses_of(found) for name, found in rows.items()}

    @cached_property
    def interfaces(self) -> Mapping[str, frozenset[str]]:
        """Interfaces by list."""
        return joined(members_of(self.members), self.lists_of_lists)

    @cached_property
    def vague(self) -> frozenset[str]:
        """Lists of whose members not all are known."""
        return vague_lists(self.lists_of_lists)

    def only(self, wanted: Callable[[Rule], bool]) -> Firewall:
        """The same firewall without the rules that are not wanted; every chain still exists."""
        found = replace(self)
        chains = {
            table: {name: tuple(filter(wanted, rules)) for name, rules in chains.items()}
            for table, chains in self.chains.items()
        }
        # Where the properties themselves keep what they have worked out.
        vars(found).update(chains=chains, lists=self.lists, interfaces=self.interfaces)
        return found


def members_of(rows: Iterable[Row]) -> defaultdict[str, set[str]]:
    """The interfaces that enabled rows of /interface/list/member put into each list themselves."""
    found = defaultdict[str, set[str]](set)
    for row in rows:
        if not switched_off(row):
            found[row.get("list", "")].add(row.get("interface", ""))
    return found


def joined(own: Mapping[str, set[str]], lists: Iterable[Mapping[str, str]]) -> dict[str, frozenset[str]]:
    """Interfaces by list: members of included lists less those of excluded ones, and the list's own on top."""
    rows = {row.get("name", ""): row for row in lists}

    def of(name: str, seen: frozenset[str]) -> frozenset[str]:
        row = rows.get(name, {}) if name not in seen else {}
        more = frozenset[str]().union(*(of(each, seen | {name}) for each in split(row.get("include", ""))))
        less = frozenset[str]().union(*(of(each, seen | {name}) for each in split(row.get("exclude", ""))))
        return (more - less) | own.get(name, set())

    return {name: of(name, frozenset()) for name in {*own, *rows}}


def vague_lists(lists: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Lists that hold, or hold lists that hold, what no member says: the router's own lists."""
    holds = {row.get("name", ""): {*split(f"{row.get('include', '')},{row.get('exclude', '')}")} for row in lists}
    found = frozenset({"all", "dynamic", "static"})
    while more := {name for name, others in holds.items() if others & found} - found:
        found |= more
    return found


def firewall_of(
    tables: Mapping[Menu, Sequence[Entry]], family: Family = IPV4, local: frozenset[str] | None = None
) -> Firewall:
    """The firewall that a router's entries make for the packets of a family."""
    rules = {name: tuple(tables[menu]) for name, menu in MENUS[family].items() if menu in tables}
    members = tuple(entry.values for entry in tables.get(LIST_MEMBER, ()))
    lists = tuple(tables.get(LISTS[family], ()))
    several = tuple(entry.values for entry in tables.get(LIST, ()))
    return Firewall(**rules, address_list=lists, members=members, lists_of_lists=several, local=local, family=family)
