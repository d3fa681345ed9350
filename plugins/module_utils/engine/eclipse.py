# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rule would take another rule's packets away if it stood above it.

A rule means what it says: an accept for UDP 500 wants those packets accepted. It is dead below a rule that denies
them, whoever wrote that rule and however broad it is (`drop in-interface-list=!LAN`). A rule for several ports is as
many rules in one, and below one that denies the first of them that one is dead. A rule that denies some senders or some
behaviour (a blacklist, `connection-state=invalid`, a rate) is not in the way: it is meant to come first.
Two rules that would each take the other's packets are left as they are, or their owners would move them for ever; if
the one denies some of the ports that the other permits, only the permit goes up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Row, held
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version

PERMIT = frozenset({"accept", "notrack", "encrypt"})
DENY = frozenset({"drop", "reject", "tarpit", "discard", "none"})
TRANSLATE = frozenset({"masquerade", "src-nat", "dst-nat", "netmap", "same", "redirect", "endpoint-independent-nat"})
FAST = "fasttrack-connection"
# What ends a packet's way through a chain; `return` gives it back to the chain it came from.
FINAL = PERMIT | DENY | TRANSLATE | {"return"}
# Interfaces say where a packet came from, not what it is: a drop for an interface is a drop for everything behind it.
COARSE = frozenset({"in-interface", "in-interface-list", "out-interface", "out-interface-list"})
# Values that nearly all traffic has.
COMMON = frozenset({"no-mark", "in,none", "out,none", "0.0.0.0/0", "0.0.0.0-255.255.255.255", "::/0"})
# What nearly all packets of a built-in chain have.
IMPLIED = frozenset({("input", "dst-address-type", "local"), ("output", "src-address-type", "local")})
# `port` looks at both sides of a packet: the matchers that can name the same packets as each of these.
SIDES = {
    "port": frozenset({"port", "dst-port", "src-port"}),
    "dst-port": frozenset({"dst-port", "port"}),
    "src-port": frozenset({"src-port", "port"}),
}
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
    chain: str = ""


class Need(Enum):
    """How much of another rule's traffic a rule above it has to match to be in its way."""

    ANY = "a packet"
    BULK = "the bulk of all traffic, or all that the other rule matches"
    WHOLE = "all that the other rule matches"


def rule_of(menu: Menu, values: Row, version: Version) -> Rule:
    """Reduce an entry to its action and its matchers, each in canonical spelling; idle entries have no action."""
    idle = any(held(values, menu.by_name[name], version) == text for name, text in menu.idle_if.items())
    action = held(values, menu.by_name["action"], version) if "action" in menu.by_name and not idle else None
    known = [menu.by_name[name] for name in values if name in menu.by_name and menu.by_name[name].matches]
    pairs = ((item, held(values, item, version)) for item in known)
    matchers = {item: text for item, text in pairs if text and text != item.default_on(version)}
    return Rule(action or "", matchers, values.get(menu.chain, "") if menu.chain else "")


def need(upper: str, lower: Rule) -> Need | None:
    """What makes a rule with that action above the other an obstacle; None: nothing does."""
    if not lower.action:
        return None
    if upper == FAST:
        # A fasttracked connection leaves without IPsec (firewall.md 8): accepts for tunnels have to come first.
        tunnel = any(item.name == "ipsec-policy" for item in lower.matchers)
        return Need.ANY if lower.action in PERMIT and tunnel else None
    if upper in TRANSLATE and lower.action in PERMIT:
        return Need.ANY
    if (upper in DENY and lower.action not in DENY) or (upper in TRANSLATE and lower.action in TRANSLATE):
        return Need.BULK
    return Need.WHOLE if upper in FINAL else None


def eclipses(upper: Rule, lower: Rule) -> bool:
    """Whether a rule above takes away packets that the lower rule wants."""
    match need(upper.action, lower):
        case Need.ANY:
            return not _apart(upper, lower)
        case Need.BULK if upper.action in TRANSLATE:
            return _takes_bulk(upper, lower) and not _takes_bulk(lower, upper)
        case Need.BULK:
            return _takes_bulk(upper, lower)
        case Need.WHOLE:
            return _covers(upper, lower) and not _covers(lower, upper) and not _takes_a_part(lower, upper)
        case _:
            return False


def broad(item: Field, text: str, chain: str) -> bool:
    """Whether a matcher leaves the bulk of the traffic of a chain in."""
    negated = text.startswith("!")
    if item.name == "connection-state":
        # Every connection begins as new: who drops new drops all of it.
        return negated != ("new" in text)
    if (chain, item.name, text) in IMPLIED:
        return True
    return item.name in COARSE or text in COMMON or (negated and item.name not in METERS)


def _covers(rule: Rule, other: Rule) -> bool:
    return all(_within(item, text, other) for item, text in rule.matchers.items())


def _takes_bulk(rule: Rule, other: Rule) -> bool:
    return all(
        _leaves_in(rule, item, other) or _within(item, text, other) or _names_some(item, text, other)
        for item, text in rule.matchers.items()
    )


def _takes_a_part(rule: Rule, other: Rule) -> bool:
    """Whether a rule denies some, and not all, of the ports that another permits."""
    if rule.action not in DENY or other.action in DENY or not _takes_bulk(rule, other):
        return False
    return not all(_leaves_in(rule, item, other) or _within(item, text, other) for item, text in rule.matchers.items())


def _leaves_in(rule: Rule, item: Field, other: Rule) -> bool:
    text = rule.matchers[item]
    return broad(item, text, rule.chain) and not _excludes(item, text, other)


def _names_some(item: Field, text: str, other: Rule) -> bool:
    """Whether one of the ports, or ranges of ports, that the other rule lists lies in a matcher whole."""
    if item.name not in SIDES or text.startswith("!"):
        return False
    lists = (wanted for name, wanted in other.matchers.items() if name.name in SIDES[item.name])
    parts = (part for wanted in lists if not wanted.startswith("!") for part in wanted.split(","))
    return any(within(item, part, text) for part in parts)


def within(item: Field, text: str, other: str) -> bool:
    """Whether a matcher's value lies in another; of values that the schema does not understand nothing is known."""
    try:
        return item.kind.within(text, other)
    except ValueError:
        return text == other


def _within(item: Field, text: str, lower: Rule) -> bool:
    wanted = lower.matchers.get(item)
    if wanted is not None and within(item, wanted, text):
        return True
    if item.name != "port":
        return False
    sides = (given for name, given in lower.matchers.items() if name.name in SIDES["port"])
    return any(within(item, given, text) for given in sides)


def _excludes(item: Field, text: str, lower: Rule) -> bool:
    wanted = lower.matchers.get(item)
    try:
        return wanted is not None and item.kind.apart(wanted, text)
    except ValueError:
        return False


def _apart(upper: Rule, lower: Rule) -> bool:
    """Whether no packet matches both."""
    return any(_excludes(item, text, lower) for item, text in upper.matchers.items())
