# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that never match, rules that change nothing, and restrictions that another rule voids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ...schema.model import Menu
from ..actions import PERMITS, Effect
from ..coverage import Dead, dead_lines, walked
from ..fates import CLOSES, OPENS
from ..index import Index
from ..lines import Line, Table
from ..redundancy import redundant
from ..rules import PORT_NAMES, Rule
from ..shadowing import Order, closes, order
from ..tables import FILTERS
from .finding import Edit, Finding, Mend, Unjudged, example, move_above, named, of_line, subject
from .late import late_denies, late_drops, partly_dead
from .situation import Situation

TOO_MANY_WAYS = "too many rules above or below it match parts of its traffic"
ASPECTS = {
    **dict.fromkeys(PORT_NAMES, "ports"),
    **dict.fromkeys(("src-address", "src-address-list", "src-mac-address"), "sender"),
    **dict.fromkeys(("in-interface", "in-interface-list"), "sender's side"),
    **dict.fromkeys(("dst-address", "dst-address-list"), "destination"),
    **dict.fromkeys(("out-interface", "out-interface-list"), "destination's side"),
}
"""What matchers of different names restrict alike."""


def report_rules(situation: Situation, table: Table) -> Iterator[Finding | Unjudged]:
    """What is wrong with single rules of a table, and which could not be judged."""
    walk = walked(table)
    index = Index(walk.boxes)
    dead: dict[Line, Dead] = {}
    for found in dead_lines(walk, index):
        if isinstance(found, Dead):
            dead[found.line] = found
            yield _never(table, found)
        else:
            yield _unjudged(table, found, TOO_MANY_WAYS)
    late = {}
    if table.menu in FILTERS.values():
        late = dict(late_denies(situation, table, dead.keys()))
        yield from late.values()
        yield from late_drops(table, dead.keys())
        yield from partly_dead(walk, index, dead.keys())
    yield from _redundant_rules(table, dead, late)
    for line in table.lines():
        if line.region.opaque and line.position:
            yield _unjudged(table, line, "; ".join(line.region.opaque))


def _redundant_rules(table: Table, dead: Mapping[Line, Dead], late: Collection[Line]) -> Iterator[Finding | Unjudged]:
    for chain in table.chains.values():
        for each in redundant(chain, dead.keys()):
            if isinstance(each, Line):
                yield _unjudged(table, each, TOO_MANY_WAYS)
            elif each[0] not in late:
                yield _redundant(table, *each)


def _never(table: Table, dead: Dead) -> Finding:
    line, takers = dead.line, dead.takers
    if not takers:
        sent = f"no packet that rule {named(each.spot for each in dead.jumps)} sends there fits it"
        by = sent if dead.jumps else "its matchers exclude each other"
        return _never_matches(table, dead, by, "correct its matchers, or remove it", _removal(table.menu, line))
    all_accept = all(each.action == "accept" for each in takers)
    if line.region.metered and all_accept:
        by = f"{subject([each.spot for each in takers], 'above', 'accepts', 'accept')} the same traffic without a limit"
        advice = "restrict the accept above, and drop below the limit what exceeds it"
        return _never_matches(table, dead, by, advice, kind="limit-after-accept")
    if line.rule.effect is Effect.FASTTRACK and all_accept:
        return _fasttrack_late(table, dead)
    if line.action == "accept" and all(each.denies for each in takers):
        return _accept_after_drop(table, dead)
    if closes(line.rule) and all(_leaves_as_end(each.rule, line.rule) for each in takers):
        return _idle_end(table, dead)
    if line.ends and all(each.outcome == line.outcome for each in takers):
        if table.menu in FILTERS.values() and _restricts(line.rule, takers):
            return _restriction_void(table, line, takers, "above")
        return _never_matches(table, dead, "", "remove it", _removal(table.menu, line), kind="duplicate-rule")
    if line.denies and not all(each.denies for each in takers):
        accepts = [each for each in takers if not each.denies]
        advice = "restrict what the rules above it accept"
        return _never_matches(table, dead, "", advice, move_above(table, line, _anchor(table, line, accepts), CLOSES))
    return _never_matches(
        table, dead, "", "remove it, or move it above if it is meant to act", _removal(table.menu, line)
    )


def _accept_after_drop(table: Table, dead: Dead) -> Finding:
    line = dead.line
    names_something = any(not line.rule.is_coarse(each) for each in line.rule.conditions)
    above = [move_above(table, line, _anchor(table, line, dead.takers), OPENS)] if names_something else []
    advice = "let it name who and what is meant, and move it above the drop, or remove it"
    candidates = (*above, _removal(table.menu, line))
    return _never_matches(table, dead, "", advice, *candidates, kind="accept-after-drop")


def _never_matches(
    table: Table, dead: Dead, by: str, advice: str, *candidates: Mend, kind: str = "never-matches"
) -> Finding:
    spots = tuple(each.spot for each in dead.takers)
    message = f"rule {named([dead.line.spot])} never matches: " + (
        by or f"{subject(spots, 'above', 'takes', 'take')} all of its packets"
    )
    return of_line(
        kind, table, dead.line, message, advice, others=spots, packets=example(dead.line), candidates=candidates
    )


def _leaves_as_end(upper: Rule, end: Rule) -> bool:
    """Whether a rule above a final drop is an exception to it, or drops as well."""
    return upper.denies or (upper.effect in PERMITS and order(upper, end) is Order.ANY)


def _idle_end(table: Table, dead: Dead) -> Finding:
    """A final drop to which the rules above leave nothing now: it goes on to be the end when one of them changes."""
    (upper, *more) = dead.takers
    same = not more and upper.outcome == dead.line.outcome and upper.entry.values.get("chain") == _chain(dead.line)
    advice = "keep it: it is the end of the chain as soon as a rule above names what it is meant for"
    mend = Mend(
        f"remove rule {named([upper.spot])}, and leave this one as the end of the chain", (_remove(table.menu, upper),)
    )
    return _never_matches(table, dead, "", advice, *([mend] if same else []), kind="duplicate-rule")


def _fasttrack_late(table: Table, dead: Dead) -> Finding:
    """A fasttrack rule below the accept of established connections, which cannot act."""
    line = dead.line
    chain, values = table.chains[_chain(line)], line.entry.values
    anchor = _anchor(table, line, dead.takers)
    above = [each.rule.by_name.get("ipsec-policy") for each in chain[: anchor.place] if each.action == "accept"]
    state = {"connection-state": values["connection-state"]} if "connection-state" in values else {}
    missing = [way for way in ("in", "out") if f"{way},ipsec" not in [each.text for each in above if each]]
    edits = [
        Edit(
            "add",
            table.menu,
            values={"chain": _chain(line), "action": "accept", **state, "ipsec-policy": f"{way},ipsec"},
            before=anchor.entry.id,
        )
        for way in missing
    ]
    to = f"move it above rule {named([anchor.spot])}"
    advice = (
        f"{to}, with accepts for ipsec-policy=in,ipsec and ipsec-policy=out,ipsec above it: "
        "without them it takes tunnel traffic past IPsec"
    )
    mend = Mend(advice if missing else to, (*edits, Edit("move", table.menu, line.entry.id, before=anchor.entry.id)))
    takers = subject([each.spot for each in dead.takers], "above", "accepts", "accept")
    by = f"{takers} the connections first, so that nothing is fasttracked"
    return _never_matches(table, dead, by, f"remove it, or {advice}", mend, kind="fasttrack-late")


def _restricts(rule: Rule, others: Iterable[Line]) -> bool:
    """Whether an accept names more than others that accept the same: somebody meant to restrict it."""
    lax = {_aspect(name) for each in others for name in each.rule.by_name}
    return rule.effect is Effect.ACCEPT and any(_aspect(name) not in lax for name in rule.by_name)


def _aspect(name: str) -> str:
    return ASPECTS.get(name, name)


def _restriction_void(table: Table, line: Line, lax: Sequence[Line], where: str) -> Finding:
    spots = tuple(each.spot for each in lax)
    message = (
        f"rule {named([line.spot])} restricts nothing: {subject(spots, where, 'accepts', 'accept')} the same and more"
    )
    advice = f"keep it, and restrict rule {named(spots)} likewise if only this is meant"
    mends = []
    if len(lax) == 1 and _only_sender_differs(line.rule, lax[0].rule) and _chain(lax[0]) == _chain(line):
        words = f"remove rule {named(spots)} if only those are meant whom rule {named([line.spot])} names"
        mends = [Mend(words, (_remove(table.menu, lax[0]),), CLOSES, keeps_established=True)]
    return of_line(
        "restriction-void", table, line, message, advice, others=spots, packets=example(line), candidates=tuple(mends)
    )


def _only_sender_differs(narrow: Rule, wide: Rule) -> bool:
    rest = {name: each for name, each in narrow.by_name.items() if not _aspect(name).startswith("sender")}
    return {name: each.text for name, each in rest.items()} == {name: each.text for name, each in wide.by_name.items()}


def _redundant(table: Table, line: Line, by: Sequence[Line]) -> Finding:
    if table.menu in FILTERS.values() and not line.region.metered and _restricts(line.rule, by):
        return _restriction_void(table, line, by, "below")
    spots = tuple(each.spot for each in by)
    by_others = subject(spots, "below", "does", "do")
    message = f"rule {named([line.spot])} changes nothing: {by_others} the same with all its packets"
    advice = "remove it, unless you keep it for its counters"
    candidates: tuple[Mend, ...] = (Mend(advice, (_remove(table.menu, line),)),)
    if line.region.metered:
        advice = "put a drop for what exceeds the limit right below it, or remove it: as it stands it limits nothing"
        candidates = ()
    return of_line(
        "redundant", table, line, message, advice, others=spots, packets=example(line), candidates=candidates
    )


def _anchor(table: Table, line: Line, takers: Sequence[Line]) -> Line:
    """The first rule of the line's chain that takes its packets, or jumps to where they are taken."""
    chain = table.chains[_chain(line)][: line.place]
    return next((each for each in chain if each in takers or each.action == "jump"), line)


def _remove(menu: Menu, line: Line) -> Edit:
    return Edit("remove", menu, line.entry.id)


def _removal(menu: Menu, line: Line) -> Mend:
    return Mend("remove it", (_remove(menu, line),))


def _unjudged(table: Table, line: Line, why: str) -> Unjudged:
    return Unjudged(table.menu.path, _chain(line), line.spot, why)


def _chain(line: Line) -> str:
    return line.entry.values.get("chain", "")
