# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules of others would take a rule's packets away if they stood above it.

A rule means what it says: an accept for UDP 500 wants those packets accepted. It is dead below a rule that denies
them, whoever wrote that rule and however broad it is (`drop in-interface-list=!LAN`). A rule that denies some senders
or some behaviour (a blacklist, `connection-state=invalid`, a rate) is not in the way: it is meant to come first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row, held
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version

PERMIT = frozenset({"accept", "notrack", "encrypt"})
DENY = frozenset({"drop", "reject", "tarpit", "discard", "none"})
TRANSLATE = frozenset({"masquerade", "src-nat", "dst-nat", "netmap", "same", "redirect", "endpoint-independent-nat"})
FAST = "fasttrack-connection"
# Interfaces say where a packet came from, not what it is: a drop for an interface is a drop for everything behind it.
COARSE = frozenset({"in-interface", "in-interface-list", "out-interface", "out-interface-list"})
# Matchers that meter traffic instead of telling what it is: their negation is the excess, not the bulk.
METERS = frozenset(
    {"limit", "connection-limit", "connection-rate", "connection-bytes", "nth", "packet-size", "tcp-mss", "tcp-flags"}
    | {"per-connection-classifier", "time"}
)

Matchers = Mapping[Field, str]


@dataclass(frozen=True)
class Rule:
    """A rule reduced to what it matches and what it does."""

    action: str
    matchers: Matchers


def rule_of(menu: Menu, values: Row, version: Version) -> Rule:
    """Reduce an entry to its action and its matchers, each in canonical spelling."""
    action = held(values, menu.by_name["action"], version) if "action" in menu.by_name else None
    known = [menu.by_name[name] for name in values if name in menu.by_name and menu.by_name[name].matches]
    pairs = ((item, held(values, item, version)) for item in known)
    return Rule(action or "", {item: text for item, text in pairs if text and text != item.default_on(version)})


def eclipses(upper: Rule, lower: Rule) -> bool:
    """Whether a rule above takes away packets that the lower rule wants."""
    if upper.action in DENY and lower.action in PERMIT:
        return all(_broad(item, text, lower) or _within(item, text, lower) for item, text in upper.matchers.items())
    if upper.action in TRANSLATE and lower.action in PERMIT:
        return not _apart(upper, lower)
    if upper.action == FAST and lower.action in PERMIT:
        # A fasttracked connection leaves without IPsec (firewall.md 8): accepts for tunnels have to come first.
        return any(item.name == "ipsec-policy" for item in lower.matchers) and not _apart(upper, lower)
    if upper.action in PERMIT | DENY | TRANSLATE:
        return all(_within(item, text, lower) for item, text in upper.matchers.items())
    return False


def _within(item: Field, text: str, lower: Rule) -> bool:
    wanted = lower.matchers.get(item)
    return wanted is not None and item.kind.within(wanted, text)


def _broad(item: Field, text: str, lower: Rule) -> bool:
    """Whether a matcher leaves the bulk of all traffic in, and nothing the lower rule says keeps it out of that."""
    negated = text.startswith("!")
    if item.name == "connection-state":
        # Every connection begins as new: who drops new drops all of it.
        broad = negated != ("new" in text)
    else:
        broad = item.name in COARSE or (negated and item.name not in METERS)
    wanted = lower.matchers.get(item)
    return broad and not (wanted is not None and item.kind.apart(wanted, text))


def _apart(upper: Rule, lower: Rule) -> bool:
    """Whether no packet matches both."""
    shared = upper.matchers.keys() & lower.matchers.keys()
    return any(item.kind.apart(lower.matchers[item], upper.matchers[item]) for item in shared)


@dataclass
class Obstacles:
    """The rules of others in one chain, indexed so that a rule meets only those that could concern it."""

    everyone: list[tuple[int, Rule]] = field(default_factory=list)
    by_value: dict[tuple[Field, str], list[tuple[int, Rule]]] = field(default_factory=lambda: defaultdict(list))

    def first(self, lower: Rule, end: int) -> int:
        """Position of the first rule that eclipses this one, or `end`."""
        for bucket in (self.everyone, *(self.by_value.get(pair, ()) for pair in lower.matchers.items())):
            for position, upper in bucket:
                if position >= end:
                    break
                if eclipses(upper, lower):
                    end = position
                    break
        return end


def obstacles(menu: Menu, chain: Iterable[tuple[int, Entry]], version: Version) -> Obstacles:
    """Index the rules of others, given with their positions in rising order."""
    index = Obstacles()
    for position, entry in chain:
        if entry.disabled or entry.dynamic or _idle(menu, entry, version):
            continue
        rule = rule_of(menu, entry.values, version)
        pivot = _pivot(rule)
        (index.everyone if pivot is None else index.by_value[pivot]).append((position, rule))
    return index


def _idle(menu: Menu, entry: Entry, version: Version) -> bool:
    return any(held(entry.values, menu.by_name[name], version) == value for name, value in menu.idle_if.items())


def _pivot(rule: Rule) -> tuple[Field, str] | None:
    """A matcher that the lower rule must share, value for value, before this rule can concern it."""
    if rule.action in TRANSLATE or rule.action == FAST:
        return None
    exact = (pair for pair in rule.matchers.items() if pair[0].kind.exact and not pair[1].startswith("!"))
    return min((pair for pair in exact if pair[0].name not in COARSE), key=_commonness, default=None)


def _commonness(pair: tuple[Field, str]) -> bool:
    return pair[0].name == "protocol"
