# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of two rules has to stand above the other, so that both do what they say.

A deny has to stand above every accept that would take one of its packets, or it denies nothing. Accepts of established
and related traffic are no obstacle, since every connection begins as new; but for a rule that looks inside connections,
or at IPsec, they are. An accept that is narrower than the deny is an exception to it and stands above: SSH for the
managers, above a drop of SSH. A deny that names nothing but interfaces or states closes a chain, and all accepts that
name more are exceptions to it.

An accept has to stand above a deny that would stop it, whoever wrote that deny and however broad it is
(`drop in-interface-list=!LAN`). A deny of some senders or some behaviour (a blocklist, `connection-state=invalid`,
a rate) is not in its way: it is meant to come first.

Where each of two rules would take the other's packets, a new one goes above, and none that is there moves: else two
owners would move them for ever.
"""

from __future__ import annotations

from enum import Enum

from ..schema.kinds import spans, split
from .actions import FINAL, PERMITS, Effect
from .rules import INSIDE_CONNECTION, INTERFACES, NEW, PORT_NAMES, Condition, Rule
from .sets import Box, contains, meets, overlap

SIDES = {
    "port": frozenset({"port", "dst-port", "src-port"}),
    "dst-port": frozenset({"dst-port", "port"}),
    "src-port": frozenset({"src-port", "port"}),
}
"""`port` looks at both sides of a packet: the matchers that can name the same packets as each of these."""


class Order(Enum):
    """What is to be done about a rule that stands below another."""

    ANY = "nothing"
    PREFERABLY_ABOVE = "it goes above if it goes anywhere"
    ABOVE = "it has to go above"


def order(upper: Rule, lower: Rule) -> Order:
    """Whether the lower rule should stand above the upper one instead."""
    if not takes(upper, lower):
        return Order.ANY
    return Order.PREFERABLY_ABOVE if takes(upper=lower, lower=upper) else Order.ABOVE


def takes(upper: Rule, lower: Rule) -> bool:
    """Whether a rule above takes away packets that the lower rule is meant to decide."""
    if not upper.action or not lower.action:
        return False
    above, below = upper.effect, lower.effect
    inside = looks_inside(lower) and not looks_inside(upper)
    if above is Effect.FASTTRACK:
        wants = below in PERMITS or below is Effect.DENY
        return (inside or (wants and "ipsec-policy" in lower.by_name)) and shares(upper, lower)
    if upper.permits and inside:
        return shares(upper, lower)
    if upper.permits and below is Effect.DENY:
        return shares_new(upper, lower) and not is_exception(upper, lower)
    if above is Effect.TRANSLATE and below in PERMITS:
        return shares(upper, lower)
    if above is Effect.TRANSLATE and below is Effect.TRANSLATE:
        return takes_bulk(upper, lower) and not takes_bulk(lower, upper)
    if above is Effect.DENY and below is not Effect.DENY:
        return takes_bulk(upper, lower)
    return above in FINAL and covers(upper, lower) and not covers(lower, upper)


def looks_inside(rule: Rule) -> bool:
    """Whether a rule matches by what shows only after the first packets of a connection."""
    return any(each.name in INSIDE_CONNECTION for each in rule.conditions)


def covers(rule: Rule, other: Rule) -> bool:
    """Whether a rule matches all packets of the other."""
    return bool(other.symbolic) and all(_within(each, other) for each in rule.conditions)


def shares(rule: Rule, other: Rule) -> bool:
    """Whether a packet matches both."""
    return _meet(rule.symbolic, other.symbolic)


def shares_new(accept: Rule, deny: Rule) -> bool:
    """Whether an accept would take packets that a deny is for, those of established connections aside.

    They are not aside where the deny is for nothing else, or for what may change while a connection lasts.
    """
    return _meet(accept.symbolic, decisive(deny))


def decisive(deny: Rule) -> tuple[Box, ...]:
    """The packets of a deny that have to be denied, for the rest to stop as well."""
    opening = meets(deny.symbolic, (NEW,))
    changes = "ipsec-policy" in deny.by_name or looks_inside(deny)
    return deny.symbolic if changes or not opening else opening


def is_exception(accept: Rule, deny: Rule) -> bool:
    """Whether an accept is an exception to a deny: it says all that the deny says besides interfaces, and more."""
    if all(_within(each, deny, decisive(deny)) for each in accept.conditions):
        return False
    said = [each for each in deny.conditions if not _says_little(deny, each)]
    if not said and all(_says_little(accept, each) for each in accept.conditions):
        return covers(deny, accept)
    return all(_within(each, accept) for each in said)


def closes(rule: Rule) -> bool:
    """Whether a rule denies the bulk of what enters its chain."""
    return rule.denies and all(rule.is_coarse(each) for each in rule.conditions)


def takes_bulk(rule: Rule, other: Rule) -> bool:
    """Whether a rule takes the bulk of all traffic, or all or some of the very ports that the other rule names."""
    return all(
        _leaves_in(rule, each, other) or _within(each, other) or _names_some(each, other) for each in rule.conditions
    )


def _says_little(rule: Rule, each: Condition) -> bool:
    """Whether a matcher is about where packets come from as a whole, not about what they are."""
    about = each.name in INTERFACES or each.name in ("connection-state", "connection-nat-state")
    return rule.is_coarse(each) and (about or not each.negated)


def _meet(ones: tuple[Box, ...], others: tuple[Box, ...]) -> bool:
    return any(overlap(one, other) for one in ones for other in others)


def _within(each: Condition, other: Rule, packets: tuple[Box, ...] | None = None) -> bool:
    """Whether a matcher is true of all packets of a rule, or of some; of values nobody understands, equal ones are."""
    if each.boxes is None:
        same = other.by_name.get(each.name)
        return same is not None and same.text == each.text
    found = other.symbolic if packets is None else packets
    return all(any(contains(box, one) for box in each.boxes) for one in found)


def _leaves_in(rule: Rule, each: Condition, other: Rule) -> bool:
    return rule.is_coarse(each) and (each.boxes is None or _meet(each.boxes, other.symbolic))


def _names_some(each: Condition, other: Rule) -> bool:
    """Whether one of the ports, or ranges of ports, that the other rule lists lies in a matcher whole."""
    if each.name not in PORT_NAMES or each.negated or each.boxes is None:
        return False
    mine = spans(each.text)
    named = (one for name, one in other.by_name.items() if name in SIDES[each.name] and not one.negated and one.boxes)
    parts = (span for one in named for part in split(one.text) for span in spans(part))
    return any(low <= start and end <= high for start, end in parts for low, high in mine)
