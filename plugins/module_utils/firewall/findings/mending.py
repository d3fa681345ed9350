# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice that was tried: a change is given only if it mends the finding and does nothing that it does not say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from ..examples import describe
from ..fates import Change, Turn, changes
from ..index import GivenUp
from ..rules import states_in
from ..sets import common
from .finding import Finding, Mend
from .situation import Situation

ESTABLISHED = states_in("established")
WORK = 8_000
"""Rules that are looked at again to try changes; findings beyond that have advice in words only."""
LEAST_WORK = 50
MOST_SHOWN = 2
Analyst = Callable[[Situation], Sequence[Finding]]


def try_mends(situation: Situation, findings: Sequence[Finding], find: Analyst) -> Iterator[Finding]:
    """The findings, each with the first of its candidates that stands the trial."""
    size = LEAST_WORK + sum(len(entries) for entries in situation.entries.values())
    tries = WORK // size
    bad = {each.key for each in findings if each.severity != "notice"}
    for finding in findings:
        mend = None
        for candidate in finding.candidates if tries > 0 else ():
            tries -= 1
            if mend := _tried(situation, finding, candidate, find, bad):
                break
        yield replace(finding, candidates=(), mend=mend, advice=_advice(mend) if mend else finding.advice)


def _tried(
    situation: Situation, finding: Finding, mend: Mend, find: Analyst, bad: Collection[tuple[str, ...]]
) -> Mend | None:
    """The change with what comes of it; None where it mends nothing, or does harm."""
    after = situation.edited(mend.edits)
    try:
        found = _changes(situation, after, mend)
    except GivenUp:
        return None
    lost = [each for each in found if each.turn is Turn.CLOSES and _holds_established(each)]
    if any(each.turn not in mend.allows for each in found) or (lost and mend.keeps_established):
        return None
    left = find(after)
    worse = any(each.severity != "notice" and each.key not in bad for each in left)
    return None if worse or any(each.key == finding.key for each in left) else replace(mend, changes=tuple(found))


def _changes(situation: Situation, after: Situation, mend: Mend) -> list[Change]:
    """Which packets fare differently, in the tables with rules."""
    found: list[Change] = []
    for menu in dict.fromkeys(edit.menu for edit in mend.edits):
        if menu in situation.tables:
            ids = {edit.id or f"+{number}" for number, edit in enumerate(mend.edits) if edit.menu is menu}
            found += changes(situation.tables[menu], after.tables[menu], ids)
    return found


def _holds_established(change: Change) -> bool:
    states = change.box.get("connection-state")
    return states is None or bool(common(states, ESTABLISHED))


def _advice(mend: Mend) -> str:
    """What to do and what comes of it, in words."""
    if not any(edit.menu.chain for edit in mend.edits):
        return mend.advice
    effects = []
    for turn in Turn:
        boxes = [each.box for each in mend.changes if each.turn is turn]
        texts = sorted(dict.fromkeys(describe(box) for box in boxes), key=lambda text: text.endswith("invalid"))
        examples = texts[:MOST_SHOWN]
        if examples:
            effects.append(f"then {turn.value}, for example: {'; '.join(examples)}")
    return f"{mend.advice} ({'; '.join(effects) or 'no packet fares differently'})"
