# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses rules that would decide no packet, and warns of those that would lose a part of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.actions import Effect
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.effectiveness import (
    FEW,
    Ineffective,
    PartlyEffective,
    StopsReplies,
    judge,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.lines import Line, around, table_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import TABLES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version

WAY_OUT = "put it above with place_before, change that rule, or set effective: false to make it all the same"


def check_effect(
    menu: Menu,
    have: Sequence[Entry],
    changes: Sequence[Change],
    own: AbstractSet[str],
    version: Version,
    effective: bool = True,
) -> list[str]:
    """Warnings for new and changed rules that lose packets to others; raises Problem for one that decides none."""
    changed = _changed(menu, changes)
    if menu not in TABLES or not (changed or any(isinstance(change, Add) for change in changes)):
        return []
    after = simulate({menu: have}, changes)[menu]
    added = {entry.id for entry in after} - {entry.id for entry in have}
    fresh = changed | added
    table = table_of(menu, around(after, fresh), version)
    warnings: list[str] = []
    losing, stopping = defaultdict[tuple[Line, ...], list[PartlyEffective]](list), defaultdict[Line, list[Line]](list)
    for found in judge(table, fresh, own | added):
        if isinstance(found, PartlyEffective):
            losing[found.takers].append(found)
        elif isinstance(found, StopsReplies):
            stopping[found.accept].append(found.line)
        elif effective:
            raise Problem(menu, found.line.spot.label, f"{_nothing(found)}; {WAY_OUT}")
        else:
            warnings.append(f"{menu.path} {found.line.spot.label}: {_nothing(found)}")
    warnings += [_part(menu, takers, some) for takers, some in losing.items()]
    return [*warnings, *(_stopped(menu, accept, lines) for accept, lines in stopping.items())]


def _changed(menu: Menu, changes: Iterable[Change]) -> frozenset[str]:
    """Ids of the rules that move or do something else than before."""
    cosmetic = {*menu.loose} - {"disabled"}
    return frozenset(
        change.entry.id
        for change in changes
        if isinstance(change, Move) or (isinstance(change, Set) and not {*change.values, *change.clear} <= cosmetic)
    )


def _nothing(found: Ineffective) -> str:
    """Why a rule decides no packet."""
    if not found.takers:
        return "it would decide no packet, since none that comes to it fits its matchers"
    above = _rules(found.takers)
    if found.line.region.metered and all(each.outcome == found.line.outcome for each in found.takers):
        return f"its limit would limit nothing, since {above} above {_does(found.takers)} the same packets without one"
    return f"it would decide no packet, since {above} above {_does(found.takers)} all that it is for"


def _part(menu: Menu, takers: Sequence[Line], losing: Sequence[PartlyEffective]) -> str:
    names = _names([found.line for found in losing])
    example = f"such as {losing[0].example}"
    return f"{menu.path} {names}: {_rules(takers)} above still {_does(takers)} a part of the packets, {example}"


def _stopped(menu: Menu, accept: Line, lines: Sequence[Line]) -> str:
    below = f"{_rules([accept])} stands below, so replies to connections that others began are stopped as well"
    return f"{menu.path} {_names(lines)}: {below}; connection_state: [new] would spare them"


def _names(lines: Sequence[Line]) -> str:
    labels = [line.spot.label for line in lines]
    return ", ".join(labels[:FEW]) + (f" and {len(labels) - FEW} more" if len(labels) > FEW else "")


def _rules(lines: Sequence[Line]) -> str:
    """Rules by chain, number and name, and that there are more."""
    named = [f"{each.rule.chain} {each.position} ({each.spot.label})" for each in lines[:FEW]]
    more = ["others"] if len(lines) > FEW else []
    return f"rule{'s' if len(lines) > 1 else ''} {' and '.join([*named, *more])}"


def _does(lines: Sequence[Line]) -> str:
    """What rules do to what they take, in the number that their sentence needs."""
    verbs = {Effect.ACCEPT: "accept", Effect.DENY: "deny", Effect.TRANSLATE: "translate"}
    effects = {each.rule.effect for each in lines}
    word = verbs.get(next(iter(effects)), "take") if len(effects) == 1 else "take"
    return word if len(lines) > 1 else f"{word.removesuffix('y')}ies" if word.endswith("y") else f"{word}s"
