# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router's firewall, read once and made ready to be walked: rules by chain, address lists, interface lists."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, switched_off
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV4, IPV6, Family
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.firewall import (
    ADDRESS_LIST,
    ADDRESS_LIST6,
    FILTER,
    FILTER6,
    NAT,
    RAW,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.interfaces import LIST, LIST_MEMBER
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import bounds, split
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

BUILTIN = {
    "filter": ("input", "forward", "output"),
    "nat": ("srcnat", "dstnat", "input", "output"),
    "raw": ("prerouting", "output"),
}
MENUS: Mapping[Family, Mapping[str, Menu]] = {
    IPV4: {"filter": FILTER, "nat": NAT, "raw": RAW},
    IPV6: {"filter": FILTER6},
}
"""The tables that are known of each family; those of IPv6 that are not are taken for empty."""


@dataclass(frozen=True)
class Matcher:
    """One condition of a rule."""

    name: str
    item: Field | None
    """None: the schema does not know the word."""
    text: str
    """The canonical value, without its `!`."""
    negated: bool = False
    clear: bool = True
    """False: the schema does not understand the value."""


@dataclass(frozen=True)
class Rule:
    """An enabled rule, ready to be compared with packets."""

    entry: Entry
    action: str
    matchers: tuple[Matcher, ...]


@lru_cache(maxsize=65536)
def matcher(item: Field | None, name: str, text: str) -> Matcher:
    """Read one condition."""
    clear = item is not None
    if item is not None:
        try:
            text = item.kind.normal(text)
        except ValueError:
            clear = False
    return Matcher(name, item, text.removeprefix("!"), text.startswith("!"), clear)


def rule_of(menu: Menu, entry: Entry) -> Rule:
    """Make an entry ready to be compared."""
    known = menu.by_name
    pairs = [(known.get(name), name, text) for name, text in entry.values.items() if text]
    # A property that the schema does not know may be a matcher.
    pairs += [(None, name, "") for name in sorted(entry.strange)]
    found = tuple(matcher(*each) for each in pairs if each[0] is None or each[0].matches)
    return Rule(entry, entry.values.get("action") or "accept", found)


def chains_of(menu: Menu, entries: Iterable[Entry]) -> dict[str, tuple[Rule, ...]]:
    """The enabled rules of each chain; a chain whose rules are all disabled exists and is empty."""
    chains = defaultdict[str, list[Rule]](list)
    for entry in entries:
        chain = chains[entry.values.get("chain", "")]
        if not entry.disabled:
            chain.append(rule_of(menu, entry))
    return {name: tuple(rules) for name, rules in chains.items()}


@dataclass(frozen=True)
class Addresses:
    """One address list: spans of addresses as numbers, rising and apart, and whether some of it is not known."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    unresolved: tuple[str, ...]
    """DNS names whose addresses the router did not show."""

    def __contains__(self, address: int) -> bool:
        at = bisect_right(self.starts, address)
        return at > 0 and address <= self.ends[at - 1]


NOBODY = Addresses((), (), ())
LISTS: Mapping[Family, Menu] = {IPV4: ADDRESS_LIST, IPV6: ADDRESS_LIST6}
"""Where the address lists of each family are."""


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
    merged: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return Addresses(tuple(low for low, _dummy in merged), tuple(high for _dummy, high in merged), tuple(unresolved))


@dataclass(frozen=True, eq=False)
class Firewall:
    """What decides about packets of one family on one router; rows as read, in the router's order."""

    filter: tuple[Entry, ...] = ()
    raw: tuple[Entry, ...] = ()
    nat: tuple[Entry, ...] = ()
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
        return {name: chains_of(known[name], getattr(self, name)) if name in known else {} for name in BUILTIN}

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
        found = defaultdict[str, set[str]](set)
        for row in self.members:
            if not switched_off(row):
                found[row.get("list", "")].add(row.get("interface", ""))
        return joined(found, self.lists_of_lists)

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
    rules = {name: tuple(tables.get(menu, ())) for name, menu in MENUS[family].items()}
    members = tuple(entry.values for entry in tables.get(LIST_MEMBER, ()))
    lists = tuple(tables.get(LISTS[family], ()))
    several = tuple(entry.values for entry in tables.get(LIST, ()))
    return Firewall(**rules, address_list=lists, members=members, lists_of_lists=several, local=local, family=family)
