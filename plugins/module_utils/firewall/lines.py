# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a table that count, by chain, each with the region it matches and what it does with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from ..engine.entry import Entry, held, label
from ..schema.model import Menu, Version
from .actions import CHANGING, ENDING
from .rules import BUILTIN, Region, Rule, rule_of
from .tables import table_name

# What rules of mangle may change while a packet passes them.
CHANGEABLE = frozenset(
    {"packet-mark", "connection-mark", "routing-mark", "dscp", "tos", "ttl", "priority", "tcp-mss", "packet-size"}
    | {"ipv4-options"}
)
TO_LIST = ("src-address-list", "dst-address-list")
NO_OUTCOME = frozenset({"chain", "comment", "disabled", "log", "log-prefix", "address-list-timeout"})


@dataclass(frozen=True)
class Spot:
    """Where a rule is, and how people call it."""

    id: str
    label: str
    position: int
    """Its place in its chain, without the rules that the router made itself, beginning with 1; 0 for one of those."""
    number: int = -1
    """Its place in the table as `print` and WinBox count, all rules included, beginning with 0; -1: in no table."""


@dataclass(frozen=True, eq=False)
class Line:
    """One rule that counts."""

    menu: Menu
    version: Version
    place: int
    """Among the lines of its chain, beginning with 0."""
    position: int
    """As people count, disabled rules included, beginning with 1; 0 for a rule that the router made itself."""
    entry: Entry
    rule: Rule
    region: Region
    ends: bool
    """Whether it surely ends the way of what it matches."""
    spot: Spot

    @cached_property
    def outcome(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """What happens to what it matches, matchers aside."""
        names = (name for name, item in self.menu.by_name.items() if not item.matches and name not in NO_OUTCOME)
        values = ((name, self._held(name)) for name in names)
        return self.action, frozenset((name, text) for name, text in values if text)

    @property
    def logs(self) -> bool:
        """Whether it writes what it matches to the log."""
        return self._held("log") == "yes"

    def _held(self, name: str) -> str | None:
        return held(self.entry.values, self.menu.by_name[name], self.version)

    @property
    def action(self) -> str:
        """RouterOS's word for what it does."""
        return self.rule.action

    @property
    def target(self) -> str:
        """The chain that it jumps to."""
        return self.rule.target

    @property
    def denies(self) -> bool:
        """Whether it stops packets."""
        return self.rule.denies


@dataclass(frozen=True, eq=False)
class Table:
    """One ordered menu with chains."""

    menu: Menu
    chains: Mapping[str, Sequence[Line]]
    builtin: frozenset[str]

    def lines(self) -> Iterable[Line]:
        """All lines, chain by chain."""
        return (line for chain in self.chains.values() for line in chain)


def around(entries: Iterable[Entry], ids: AbstractSet[str]) -> tuple[Entry, ...]:
    """The entries of the chains in which some stand, of those that lead there, and of those that all these lead to."""
    rows = tuple(entries)
    jumps = {
        (row.values.get("chain", ""), row.values.get("jump-target", ""))
        for row in rows
        if row.values.get("action") == "jump"
    }
    chains = {row.values.get("chain", "") for row in rows if row.id in ids}
    while more := {source for source, target in jumps if target in chains} - chains:
        chains |= more
    while more := {target for source, target in jumps if source in chains} - chains:
        chains |= more
    return tuple(row for row in rows if row.values.get("chain", "") in chains)


def numbered(rows: Iterable[Entry]) -> Iterator[tuple[int, int, Entry]]:
    """Each entry with its number in the table and its position in the chain, both as in Spot."""
    positions = defaultdict[str, int](int)
    for number, entry in enumerate(rows):
        chain = entry.values.get("chain", "")
        positions[chain] += not entry.dynamic
        yield number, 0 if entry.dynamic else positions[chain], entry


def table_of(menu: Menu, entries: Iterable[Entry], version: Version) -> Table:
    """The lines of a table; disabled rules are left out, and of those that the router calls invalid nothing is said."""
    rows = tuple(entries)
    unstable = _unstable(menu, rows)
    chains = defaultdict[str, list[Line]](list)
    for number, position, entry in numbered(rows):
        if not entry.disabled:
            chain = chains[entry.values.get("chain", "")]
            spot = Spot(entry.id, label(menu, entry.values), position, number)
            chain.append(_line(menu, entry, version, unstable, len(chain), spot))
    return Table(menu, dict(chains), frozenset(BUILTIN[table_name(menu)]))


def _unstable(menu: Menu, rows: Iterable[Entry]) -> frozenset[str]:
    """Matchers whose answer may change between two rules of the table."""
    lists = {row.values["address-list"] for row in rows if not row.disabled and row.values.get("address-list")}
    found = {f"{field}={name}" for name in lists for field in TO_LIST}
    return frozenset(found | (CHANGEABLE if table_name(menu) == "mangle" else set()))


def _line(menu: Menu, entry: Entry, version: Version, unstable: frozenset[str], place: int, spot: Spot) -> Line:
    rule = rule_of(menu, entry, version)
    region = rule.region(unstable)
    return Line(menu, version, place, spot.position, entry, rule, region, _ends(menu, rule, version), spot)


def _ends(menu: Menu, rule: Rule, version: Version) -> bool:
    if rule.action == "tarpit":
        return "protocol" in rule.by_name and rule.by_name["protocol"].text == "tcp"
    changes = rule.action in CHANGING and "passthrough" in menu.by_name
    stops = changes and held(rule.entry.values, menu.by_name["passthrough"], version) == "no"
    return rule.action in ENDING or stops
