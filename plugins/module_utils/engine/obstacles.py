# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that stand in a rule's way, found without comparing every rule with every other.

A rule can only stand in the way of those that speak of all that it demands (its port, its address), so it is filed
under the rarest value that it demands. What demands nothing is filed by the fields that it mentions: a rule for an
interface is in everybody's way except where another interface is meant.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.eclipse import (
    FAST,
    SIDES,
    Need,
    Rule,
    broad,
    eclipses,
    need,
    rule_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.jumps import through
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.marks import Mark, around, excluding, marks_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version

Placed = tuple[int, Rule]
"""A rule and its position in the chain."""
Sort = tuple[Need, frozenset[Field], frozenset[Field]]
"""How much a rule has to match, the fields it demands, and all that it mentions."""
Needs: TypeAlias = "tuple[Need | None, ...]"
SORTS = (FAST, "masquerade", "drop", "accept", "log")
"""One action of every sort that stands in different ways."""

MUST = "="
"""In front of the key of what a rule demands of those below; another key is of what excludes them."""
HANDFUL = 8
"""As many rules are looked at faster than they are filed."""


@dataclass
class Obstacles:
    """The rules of one chain that others wrote, in rising order of their positions."""

    rules: Sequence[Placed]
    files: dict[Needs, File] = field(default_factory=dict)

    def first(self, lower: Rule, end: int) -> int:
        """Position of the first rule that eclipses this one, or `end` when none above that does."""
        needs = tuple(need(action, lower) for action in SORTS)
        if needs not in self.files:
            self.files[needs] = File(self.rules, lower)
        slots = {_slot(item) for item in lower.matchers}
        for folder in self.files[needs].folders(lower):
            if folder.top < end and slots.issuperset(map(_slot, folder.sort[1])):
                end = folder.first(lower, end)
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
            rules += ((position, through(rule, each)) for each in (behind or {}).get(target, ()))
        else:
            rules.append((position, rule))
    return Obstacles(rules)


def _musts(needed: Need, rule: Rule) -> frozenset[Field]:
    """The matchers of a rule that take nothing from a rule that says nothing on the matter."""
    if needed is Need.ANY:
        return frozenset()
    pairs = rule.matchers.items()
    return frozenset(item for item, text in pairs if needed is Need.WHOLE or not broad(item, text, rule.chain))


def _slot(item: Field) -> str:
    """What a matcher is about: those for ports are about the same thing."""
    return "ports" if item.name in SIDES else item.name


class Folder:
    """Rules that mention and demand the same fields, in rising order of their positions."""

    __slots__ = ("indexes", "rules", "sort")

    def __init__(self, sort: Sort) -> None:
        self.sort = sort
        self.rules: list[Placed] = []
        self.indexes: dict[AbstractSet[Field], Index] = {}

    @property
    def top(self) -> int:
        """The first position."""
        return self.rules[0][0]

    def first(self, lower: Rule, end: int) -> int:
        """Position of the first of these rules that eclipses this one, or `end`."""
        lists: Iterable[Sequence[Placed]] = (self.rules,)
        if len(self.rules) > HANDFUL:
            needed, musts, fields = self.sort
            visible = musts | (fields & lower.matchers.keys())
            if visible not in self.indexes:
                self.indexes[visible] = Index(needed, self._reduced(visible))
            lists = self.indexes[visible].candidates(lower)
        for candidates in lists:
            for position, upper in candidates:
                if position >= end:
                    break
                if eclipses(upper, lower):
                    end = position
                    break
        return end

    def _reduced(self, visible: AbstractSet[Field]) -> Iterator[Placed]:
        """The rules without the matchers that cannot matter, each once."""
        seen: set[tuple[str, frozenset[tuple[Field, str]]]] = set()
        for position, rule in self.rules:
            matchers = {item: text for item, text in rule.matchers.items() if item in visible}
            what = (rule.action, frozenset(matchers.items()))
            if what not in seen:
                seen.add(what)
                yield position, Rule(rule.action, matchers, rule.chain)


class File:
    """All rules that can stand in the way of one sort of rules, in folders by the rarest value they demand."""

    def __init__(self, rules: Iterable[Placed], lower: Rule) -> None:
        self.anywhere: dict[Sort, Folder] = {}
        self.by_key = defaultdict[str, dict[Sort, Folder]](dict)
        self.at = defaultdict[tuple[str, Mark], dict[Sort, Folder]](dict)
        self.inside = defaultdict[tuple[str, Mark], dict[Sort, Folder]](dict)
        once = list(_once(rules, lower))
        known = [(*each, _demanded(each[0], each[1][1]) or _pivots(each[0], each[1][1])) for each in once]
        often = Counter((key, mark) for *_dummy, pivots in known for key, marks in pivots.items() for mark in marks)
        for needed, placed, pivots in known:
            sort = (needed, _musts(needed, placed[1]), frozenset(placed[1].matchers))
            if not pivots:
                _lay(self.anywhere, sort, placed)
                continue
            key = min(pivots, key=lambda each: max(often[each, mark] for mark in pivots[each]))
            _lay(self.by_key[key], sort, placed)
            for mark in pivots[key]:
                _lay(self.at[key, mark], sort, placed)
            for wider in () if key.startswith(MUST) else around(pivots[key]):
                _lay(self.inside[key, wider], sort, placed)

    def folders(self, lower: Rule) -> Iterator[Folder]:
        """The folders with all that eclipse this rule."""
        yield from self.anywhere.values()
        marks: dict[str, Sequence[Mark] | None] = {}
        for item, text in lower.matchers.items():
            for key in {item.name, MUST + _slot(item)} & self.by_key.keys():
                found, other = marks_of(item, text), marks.get(key, ())
                # Source and destination ports are filed together.
                marks[key] = None if found is None or other is None else [*other, *found]
        for key, folders in self.by_key.items():
            # Who does not speak of a field is not excluded by it.
            if key in marks or not key.startswith(MUST):
                sharing = self._sharing(key, marks.get(key))
                yield from folders.values() if sharing is None else sharing

    def _sharing(self, key: str, marks: Sequence[Mark] | None) -> Iterable[Folder] | None:
        """The folders of a key with what shares one of the marks; None: whatever shares what is not known."""
        if marks is None:
            return None
        found = [self.at[key, each] for each in around(marks) if (key, each) in self.at]
        found += [self.inside[key, mark] for mark in marks if (key, mark) in self.inside]
        return [folder for folders in found for folder in folders.values()]


def _once(rules: Iterable[Placed], lower: Rule) -> Iterator[tuple[Need, Placed]]:
    """The rules that can stand in the way of rules of this sort; of equal ones the first."""
    seen: set[tuple[str, frozenset[tuple[Field, str]]]] = set()
    for position, rule in rules:
        needed = need(rule.action, lower)
        what = (rule.action, frozenset(rule.matchers.items()))
        if needed is not None and what not in seen:
            seen.add(what)
            yield needed, (position, rule)


def _lay(folders: dict[Sort, Folder], sort: Sort, placed: Placed) -> None:
    folder = folders.get(sort)
    if folder is None:
        folder = folders[sort] = Folder(sort)
    folder.rules.append(placed)


def _demanded(needed: Need, rule: Rule) -> dict[str, Sequence[Mark]]:
    """What a rule demands of those that it eclipses: they share one of the marks of each."""
    musts = _musts(needed, rule)
    # In the rule's own order: of equally rare values the first is taken, and a set has another first one in each run.
    known = ((item, marks_of(item, text)) for item, text in rule.matchers.items() if item in musts)
    return {MUST + _slot(item): marks for item, marks in known if marks}


class Index:
    """Rules by one of their values each, so that a lower rule meets only those that share it."""

    def __init__(self, needed: Need, rules: Iterable[Placed]) -> None:
        self.unindexed: list[Placed] = []
        self.by_key = defaultdict[str, list[Placed]](list)
        self.at = defaultdict[tuple[str, Mark], list[Placed]](list)
        self.inside = defaultdict[tuple[str, Mark], list[Placed]](list)
        known = [(placed, _pivots(needed, placed[1])) for placed in rules]
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
            for wider in around(marks):
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
        yield from (self.at[key, each] for each in around(marks) if (key, each) in self.at)
        yield from (self.inside[key, mark] for mark in marks if (key, mark) in self.inside)


def _pivots(needed: Need, rule: Rule) -> dict[str, Sequence[Mark]]:
    """The matchers by which a rule can be indexed: a rule that it eclipses shares one of their marks."""
    musts = _musts(needed, rule)
    known = ((item, marks_of(item, text)) for item, text in rule.matchers.items() if item not in musts)
    return _demanded(needed, rule) | {item.name: marks for item, marks in known if marks and excluding(item, marks[0])}
