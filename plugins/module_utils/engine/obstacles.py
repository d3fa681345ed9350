# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that stand in a rule's way, found without comparing every rule with every other.

Wanted rules come in few shapes (an action and a set of matchers). For each shape the rules of others are reduced to
the matchers that can matter to it, equal ones are looked at once, and the rest are indexed by their rarest value.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.eclipse import (
    DENY,
    FAST,
    PERMIT,
    SIDES,
    TRANSLATE,
    Need,
    Rule,
    broad,
    eclipses,
    need,
    rule_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version

Placed = tuple[int, Rule]
"""A rule and its position in the chain."""
Block = tuple[int, int, int]
"""A block of addresses or numbers as a binary prefix: IP version (0: plain numbers), length, and the bits of it."""
Mark: TypeAlias = "str | Block"
Shape = tuple[str, frozenset[Field]]

NUMBERS = re.compile(r"\d{1,20}(-\d{1,20})?(,\d{1,20}(-\d{1,20})?)*")
MUST = "="
"""In front of the key of what a rule demands of those below; another key is of what excludes them."""
FEW = 16
"""Of more rules than this behind a jump only their actions are looked at."""
WIDTH = {0: 32, 4: 32, 6: 128}
"""Bits of what a block is made of."""


@dataclass
class Obstacles:
    """The rules of one chain that others wrote, in rising order of their positions."""

    rules: Sequence[Placed]
    shapes: dict[Shape, Index] = field(default_factory=dict)

    def first(self, lower: Rule, end: int) -> int:
        """Position of the first rule that eclipses this one, or `end` when none above that does."""
        shape = (lower.action, frozenset(lower.matchers))
        if shape not in self.shapes:
            self.shapes[shape] = Index(_reduced(self.rules, lower))
        for candidates in self.shapes[shape].candidates(lower):
            for position, upper in candidates:
                if position >= end:
                    break
                if eclipses(upper, lower):
                    end = position
                    break
        return end


def obstacles(
    menu: Menu, chain: Iterable[tuple[int, Entry]], version: Version, behind: Mapping[str, Sequence[Rule]] | None = None
) -> Obstacles:
    """Gather entries that may stand in the way; a jump does what stands `behind` it."""
    rules: list[Placed] = []
    for position, entry in chain:
        if entry.disabled or entry.dynamic:
            continue
        rule = rule_of(menu, entry.values, version)
        if rule.action == "jump":
            target = entry.values.get("jump-target", "")
            rules += ((position, _through(rule, each)) for each in (behind or {}).get(target, ()))
        else:
            rules.append((position, rule))
    return Obstacles(rules)


def behind_jumps(menu: Menu, entries: Iterable[Entry], version: Version) -> dict[str, list[Rule]]:
    """What a jump into each chain comes to: the rule that denies the bulk there, and those that translate or hasten."""
    chains = defaultdict[str, list[tuple[str, Rule]]](list)
    for entry in entries:
        if not entry.disabled and menu.chain:
            rule = rule_of(menu, entry.values, version)
            chains[rule.chain].append((entry.values.get("jump-target", ""), rule))
    closed, takers = _closed(chains), _takers(chains)
    return {name: [*takers[name], *([closed[name]] if name in closed else ())] for name in chains}


def _takers(chains: Mapping[str, Sequence[tuple[str, Rule]]]) -> dict[str, Sequence[Rule]]:
    """The rules of each chain that translate or fasttrack, those behind its jumps included."""
    takers: dict[str, Sequence[Rule]] = dict.fromkeys(chains, ())
    found = True
    while found:
        fresh = {name: _few(_taking(rules, takers)) for name, rules in chains.items()}
        found, takers = fresh != takers, fresh
    return takers


def _taking(rules: Iterable[tuple[str, Rule]], takers: Mapping[str, Sequence[Rule]]) -> Iterator[Rule]:
    for target, rule in rules:
        if rule.action == "jump":
            yield from (_through(rule, each) for each in takers.get(target, ()))
        elif rule.action in TRANSLATE | {FAST}:
            yield rule
        if rule.action in TRANSLATE | PERMIT | DENY | {"return"} and not rule.matchers:
            return


def _few(rules: Iterable[Rule]) -> Sequence[Rule]:
    """Each rule once; of many there is said only what they do, so that chains in chains stay cheap."""
    once: dict[tuple[str, frozenset[tuple[Field, str]]], Rule] = {}
    for rule in rules:
        once.setdefault((rule.action, frozenset(rule.matchers.items())), rule)
    if len(once) > FEW:
        return [Rule(action, {}) for action in sorted({action for action, _dummy in once})]
    return list(once.values())


def _closed(chains: Mapping[str, Sequence[tuple[str, Rule]]]) -> dict[str, Rule]:
    """The chains that deny the bulk of what enters them, each with the rule that does."""
    closed: dict[str, Rule] = {}
    # A chain may be closed by a jump into another; as many rounds as such jumps are nested.
    found = True
    while found:
        fresh = {name: _closing(rules, closed) for name, rules in chains.items() if name not in closed}
        found = any(fresh.values())
        closed |= {name: rule for name, rule in fresh.items() if rule}
    return closed


def _closing(rules: Iterable[tuple[str, Rule]], closed: Mapping[str, Rule]) -> Rule | None:
    for target, rule in rules:
        denial = _through(rule, closed[target]) if rule.action == "jump" and target in closed else rule
        if denial.action in DENY and all(broad(item, text, rule.chain) for item, text in denial.matchers.items()):
            return denial
        if rule.action in PERMIT | {"return"} and not rule.matchers:
            return None
    return None


def _through(jump: Rule, behind: Rule) -> Rule:
    """A rule behind a jump, as if it stood in the jump's place."""
    return Rule(behind.action, {**behind.matchers, **jump.matchers}, jump.chain)


def _reduced(rules: Iterable[Placed], lower: Rule) -> Iterator[tuple[Need, Placed]]:
    """The rules that can concern rules of this shape, without the matchers that cannot, each once."""
    seen: set[tuple[str, frozenset[tuple[Field, str]]]] = set()
    slots = {_slot(item) for item in lower.matchers}
    for position, rule in rules:
        needed = need(rule.action, lower)
        must = needed and _musts(needed, rule)
        if must is None or needed is None or not {_slot(item) for item in must} <= slots:
            continue
        shared = {item: text for item, text in rule.matchers.items() if item in must or item in lower.matchers}
        what = (rule.action, frozenset(shared.items()))
        if what not in seen:
            seen.add(what)
            yield needed, (position, Rule(rule.action, shared, rule.chain))


def _musts(needed: Need, rule: Rule) -> frozenset[Field]:
    """The matchers of a rule that take nothing from a rule that says nothing on the matter."""
    if needed is Need.ANY:
        return frozenset()
    pairs = rule.matchers.items()
    return frozenset(item for item, text in pairs if needed is Need.WHOLE or not broad(item, text, rule.chain))


def _slot(item: Field) -> str:
    """What a matcher is about: those for ports are about the same thing."""
    return "ports" if item.name in SIDES else item.name


class Index:
    """Rules by one of their values each, so that a lower rule meets only those that share it."""

    def __init__(self, rules: Iterable[tuple[Need, Placed]]) -> None:
        self.unindexed: list[Placed] = []
        self.by_key = defaultdict[str, list[Placed]](list)
        self.at = defaultdict[tuple[str, Mark], list[Placed]](list)
        self.inside = defaultdict[tuple[str, Mark], list[Placed]](list)
        known = [(placed, _pivots(needed, placed[1])) for needed, placed in rules]
        often = Counter((key, mark) for _dummy, pivots in known for key, marks in pivots.items() for mark in marks)
        for placed, pivots in known:
            if not pivots:
                self.unindexed.append(placed)
                continue
            key = min(pivots, key=lambda each: max(often[each, mark] for mark in pivots[each]))
            self._insert(key, pivots[key], placed)

    def _insert(self, key: str, marks: Sequence[Mark], placed: Placed) -> None:
        self.by_key[key].append(placed)
        for mark in marks:
            self.at[key, mark].append(placed)
        if not key.startswith(MUST):
            for wider in _around(marks):
                self.inside[key, wider].append(placed)

    def candidates(self, lower: Rule) -> Iterator[Sequence[Placed]]:
        """Lists of rules, each in rising order of position, that hold all that eclipse this one."""
        yield self.unindexed
        for item, text in lower.matchers.items():
            for key in (item.name, MUST + _slot(item)):
                if key in self.by_key:
                    yield from self._sharing(key, marks_of(item, text))

    def _sharing(self, key: str, marks: Sequence[Mark] | None) -> Iterator[Sequence[Placed]]:
        if marks is None:
            yield self.by_key[key]
            return
        yield from (self.at[key, each] for each in _around(marks) if (key, each) in self.at)
        yield from (self.inside[key, mark] for mark in marks if (key, mark) in self.inside)


def _pivots(needed: Need, rule: Rule) -> dict[str, Sequence[Mark]]:
    """The matchers by which a rule can be indexed: a rule that it eclipses shares one of their marks."""
    pivots: dict[str, Sequence[Mark]] = {}
    must = _musts(needed, rule)
    for item, text in rule.matchers.items():
        marks = marks_of(item, text)
        if marks and item in must:
            pivots[MUST + _slot(item)] = marks
        elif marks and _excluding(item, marks[0]):
            pivots[item.name] = marks
    return pivots


def _excluding(item: Field, mark: Mark) -> bool:
    """Whether two different marks of this field exclude each other; a host, say, may be in several lists."""
    if isinstance(mark, str):
        return item.kind.apart("a", "b")
    return item.kind.apart(*(("192.0.2.1/32", "192.0.2.2/32") if mark[0] else ("1", "2")))


def marks_of(item: Field, text: str) -> Sequence[Mark] | None:
    """What a value is made of, where that can be enumerated: a word, or a few blocks of addresses or numbers."""
    if not text or text.startswith(("!", "all-")):
        return None
    if item.kind.exact:
        return (text,)
    if NUMBERS.fullmatch(text):
        return _blocks(0, (_span(part) for part in text.split(",")))
    return _addresses(text)


def _span(text: str) -> tuple[int, int]:
    first, _dummy, last = text.partition("-")
    return int(first), int(last or first)


def _addresses(text: str) -> Sequence[Block] | None:
    """The blocks of a host, a prefix or a range of addresses; None for any other text."""
    first, dash, last = text.partition("-")
    try:
        if dash:
            start, end = ipaddress.ip_address(first), ipaddress.ip_address(last)
        elif "." in text or ":" in text:
            net = ipaddress.ip_network(text)
            start, end = net[0], net[-1]
        else:
            return None
    except ValueError:
        return None
    return _blocks(start.version, [(int(start), int(end))])


def _blocks(version: int, spans: Iterable[tuple[int, int]]) -> Sequence[Block] | None:
    """Spans of addresses or numbers as the fewest binary prefixes."""
    blocks: list[Block] = []
    for start, last in spans:
        first = start
        if last >> WIDTH[version]:
            return None
        while first <= last:
            size = (last - first + 1).bit_length() - 1
            if first:
                size = min(size, (first & -first).bit_length() - 1)
            blocks.append((version, WIDTH[version] - size, first >> size))
            first += 1 << size
    return blocks


def _around(marks: Iterable[Mark]) -> set[Mark]:
    """The marks themselves and all blocks that contain one of them."""
    found: set[Mark] = set()
    for mark in marks:
        while mark not in found:
            found.add(mark)
            if not isinstance(mark, str) and mark[1]:
                mark = (mark[0], mark[1] - 1, mark[2] >> 1)
    return found
