# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of others above which a rule has to stand, found without comparing every rule with every other.

What a jump leads to counts where the jump stands: what it accepts, translates or fasttracks, and a deny that closes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..engine.entry import Entry
from ..schema.model import Menu, Version
from .actions import FINAL, PERMITS, Effect
from .index import Bits, Index, numbers
from .rules import PORT_NAMES, Rule, chains_of, rule_of
from .sets import Box
from .shadowing import Order, closes, decisive, looks_inside, order

FEW = 16
"""Of more rules than this behind a jump only their actions are looked at."""
BEHIND_JUMPS = PERMITS | {Effect.TRANSLATE, Effect.FASTTRACK}
Obstacle = tuple[int, int]
"""Positions of the first rule that another has to stand above, and of the first that it goes above if it can."""


@dataclass(frozen=True)
class Placed:
    """A rule and its position in the chain."""

    position: int
    rule: Rule
    behind_jump: bool = False

    def concerns(self, lower: Rule) -> bool:
        """Whether it may stand in the way of the rule: an accept behind a jump does no harm to another accept."""
        return not (self.behind_jump and self.rule.effect in PERMITS) or lower.denies or looks_inside(lower)


class Obstacles:
    """The rules of one chain that others wrote, in rising order of their positions."""

    def __init__(self, rules: Sequence[Placed]) -> None:
        self.rules = rules
        self.owners = [each for each in rules for _box in each.rule.symbolic]
        """The rule of each box."""
        boxes = [box for each in rules for box in each.rule.symbolic]
        self.whole = Index(boxes)
        # What a deny has to match of a rule to take the bulk of it: all that it names besides interfaces and ports.
        self.firm = Index([_firm(each.rule, box) for each in rules for box in each.rule.symbolic])
        self.by_effect = defaultdict[Effect, Bits](int)
        self.permitting: Bits = 0
        for number, each in enumerate(self.owners):
            if each.rule.action:
                self.by_effect[each.rule.effect] |= 1 << number
            if each.rule.action and each.rule.permits:
                self.permitting |= 1 << number

    def first(self, lower: Rule, end: int) -> Obstacle:
        """The first obstacles above the rule, or `end` where there is none."""
        above = preferable = end
        if not lower.action or not self.owners:
            return above, preferable
        for number in self._candidates(lower):
            each = self.owners[number]
            if each.position >= above:
                break
            found = order(each.rule, lower) if each.concerns(lower) else Order.ANY
            if found is Order.ABOVE:
                above = each.position
                break
            if found is Order.PREFERABLY_ABOVE:
                preferable = min(preferable, each.position)
        return above, min(above, preferable)

    def would_return(self, rule: Rule, at: int, to: int) -> bool:
        """Whether a rule that moves up would pass one that has to stand above it, and so would be passed again."""
        passed = (each for each in self.rules if to <= each.position < at)
        return any(order(rule, each.rule) is Order.ABOVE for each in passed)

    def above(self, lower: Rule, end: int) -> Iterator[Placed]:
        """All rules before a position that the rule has to stand above, in rising order."""
        for number in self._candidates(lower) if lower.action else ():
            each = self.owners[number]
            if each.position >= end:
                return
            if each.concerns(lower) and order(each.rule, lower) is Order.ABOVE:
                yield each

    def _candidates(self, lower: Rule) -> Iterator[int]:
        """Numbers of the boxes whose rules may take the rule's packets, in rising order."""
        found: Bits = 0
        for box in lower.symbolic:
            found |= self._taking(lower, box)
        if lower.denies:
            for box in decisive(lower):
                found |= self.whole.near(box, self.permitting)
        return numbers(found)

    def _taking(self, lower: Rule, box: Box) -> Bits:
        """The rules that translate or fasttrack a packet of the box, take its bulk, or all of it."""
        of = self.by_effect
        touching = of[Effect.FASTTRACK] | (of[Effect.TRANSLATE] if lower.effect in PERMITS else 0)
        if looks_inside(lower):
            touching |= self.permitting
        found = self.whole.near(box, touching) if touching else 0
        bulk = of[Effect.DENY] if not lower.denies else 0
        bulk |= of[Effect.TRANSLATE] if lower.effect is Effect.TRANSLATE else 0
        if bulk:
            found |= self.whole.near(box, self.firm.around(box, bulk))
        rest = sum(of[effect] for effect in FINAL)
        return found | self.whole.around(box, rest)


def _firm(rule: Rule, box: Box) -> Box:
    """What a rule demands of the rules whose bulk it takes."""
    loose = {dim for each in rule.conditions if rule.is_coarse(each) for found in each.boxes or () for dim in found}
    return {dim: spans for dim, spans in box.items() if dim not in loose and dim not in (*PORT_NAMES, "header")}


def obstacles(
    menu: Menu, chain: Iterable[tuple[int, Entry]], version: Version, behind: Mapping[str, Sequence[Rule]] | None = None
) -> Obstacles:
    """Gather entries that may stand in the way; a jump does what stands `behind` it."""
    rules: list[Placed] = []
    for position, entry in chain:
        if entry.disabled or entry.dynamic:
            continue
        rule = rule_of(menu, entry, version)
        if rule.effect is Effect.JUMP:
            rules += (Placed(position, each.through(rule), True) for each in (behind or {}).get(rule.target, ()))
        else:
            rules.append(Placed(position, rule))
    return Obstacles(rules)


def behind_jumps(menu: Menu, entries: Iterable[Entry], version: Version) -> dict[str, list[Rule]]:
    """What a jump into each chain comes to: the rule that closes it, and those that accept, translate or fasttrack."""
    every = list(entries)
    if not menu.chain or not any(entry.values.get("action") == "jump" for entry in every):
        return {}
    chains = chains_of(menu, every, version)
    closed, takers = _closed(chains), _takers(chains)
    return {name: [*takers[name], *([closed[name]] if name in closed else ())] for name in chains}


def closed_chains(menu: Menu, entries: Iterable[Entry], version: Version) -> dict[str, Rule]:
    """The chains that deny the bulk of what enters them, each with the rule that does."""
    return _closed(chains_of(menu, entries, version))


Chains = Mapping[str, Sequence[Rule]]


def _takers(chains: Chains) -> dict[str, Sequence[Rule]]:
    """The rules of each chain that accept, translate or fasttrack, those behind its jumps included."""
    takers: dict[str, dict[object, Rule]] = {name: {} for name in chains}
    found = True
    while found:
        fresh = {name: _few(_taking(rules, takers)) for name, rules in chains.items()}
        found, takers = any(fresh[name].keys() != takers[name].keys() for name in chains), fresh
    return {name: list(each.values()) for name, each in takers.items()}


def _taking(rules: Iterable[Rule], takers: Mapping[str, Mapping[object, Rule]]) -> Iterator[Rule]:
    for rule in rules:
        if rule.effect is Effect.JUMP:
            yield from (each.through(rule) for each in takers.get(rule.target, {}).values())
        elif rule.effect in BEHIND_JUMPS:
            yield rule
        if rule.effect in FINAL and not rule.conditions:
            return


def _few(rules: Iterable[Rule]) -> dict[object, Rule]:
    """Each rule once; of many there is said only what they do, so that chains in chains stay cheap."""
    once: dict[object, Rule] = {}
    for rule in rules:
        once.setdefault((rule.action, frozenset(rule.conditions)), rule)
    if len(once) > FEW:
        by_action = {rule.action: Rule(rule.entry, rule.chain, rule.action, ()) for rule in once.values()}
        return {action: by_action[action] for action in sorted(by_action)}
    return once


def _closed(chains: Chains) -> dict[str, Rule]:
    closed: dict[str, Rule] = {}
    # A chain may be closed by a jump into another; as many rounds as such jumps are nested.
    found = True
    while found:
        fresh = {name: _closing(rules, closed) for name, rules in chains.items() if name not in closed}
        found = any(fresh.values())
        closed |= {name: rule for name, rule in fresh.items() if rule}
    return closed


def _closing(rules: Iterable[Rule], closed: Mapping[str, Rule]) -> Rule | None:
    for rule in rules:
        denial = closed[rule.target].through(rule) if rule.effect is Effect.JUMP and rule.target in closed else rule
        if closes(denial):
            return denial
        if rule.effect in (*PERMITS, Effect.RETURN) and not rule.conditions:
            return None
    return None
