# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a jump comes to: its chain may deny what enters it, translate its addresses, or send it past IPsec."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.eclipse import (
    DENY,
    FAST,
    PERMIT,
    TRANSLATE,
    Rule,
    broad,
    rule_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version

FEW = 16
"""Of more rules than this behind a jump only their actions are looked at."""


def behind_jumps(menu: Menu, entries: Iterable[Entry], version: Version) -> dict[str, list[Rule]]:
    """What a jump into each chain comes to: the rule that denies the bulk there, and those that translate or hasten."""
    chains = _chains(menu, entries, version)
    closed, takers = _closed(chains), _takers(chains)
    return {name: [*takers[name], *([closed[name]] if name in closed else ())] for name in chains}


def closed_chains(menu: Menu, entries: Iterable[Entry], version: Version) -> dict[str, Rule]:
    """The chains that deny the bulk of what enters them, each with the rule that does."""
    return _closed(_chains(menu, entries, version))


def _chains(menu: Menu, entries: Iterable[Entry], version: Version) -> dict[str, list[tuple[str, Rule]]]:
    """The enabled rules of each chain, with the chain that each jumps to."""
    chains = defaultdict[str, list[tuple[str, Rule]]](list)
    for entry in entries:
        if not entry.disabled and menu.chain:
            rule = rule_of(menu, entry.values, version)
            chains[rule.chain].append((entry.values.get("jump-target", ""), rule))
    return chains


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
            yield from (through(rule, each) for each in takers.get(target, ()))
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
        denial = through(rule, closed[target]) if rule.action == "jump" and target in closed else rule
        if denial.action in DENY and all(broad(item, text, rule.chain) for item, text in denial.matchers.items()):
            return denial
        if rule.action in PERMIT | {"return"} and not rule.matchers:
            return None
    return None


def through(jump: Rule, behind: Rule) -> Rule:
    """A rule behind a jump, as if it stood in the jump's place."""
    return Rule(behind.action, {**behind.matchers, **jump.matchers}, jump.chain)
