# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a filter that stand too low: denies below accepts that take their packets, and accepts dead in part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from ...schema.kinds import bounds, range_within, split
from ..actions import PERMITS
from ..coverage import Walk
from ..examples import describe
from ..fates import CLOSES, OPENS, Turn
from ..index import GivenUp, Index
from ..lines import Line, Table
from ..placement import Obstacles, Placed
from ..rules import HEADER, ICMP, INTERFACES, NUMBERS, PORT_NAMES, states_in
from ..sets import Box, Spans, meets, overlap
from ..shadowing import decisive
from ..tables import Addresses, family_of
from .finding import Finding, example, move_above, named, of_line, subject
from .situation import Situation

INVALID = states_in("invalid")
HARMLESS = tuple(((NUMBERS[name], NUMBERS[name]),) for name in ICMP)
IKE: tuple[Box, ...] = (
    {"protocol": ((NUMBERS["udp"], NUMBERS["udp"]),), "dst-port": ((500, 500), (4500, 4500)), **HEADER},
    {"protocol": ((NUMBERS["ipsec-esp"], NUMBERS["ipsec-ah"]),)},
)
INSIDE = ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
MOST_NAMED = 4


def late_denies(situation: Situation, table: Table, dead: Collection[Line]) -> Iterator[tuple[Line, Finding]]:
    """Denies below accepts that take packets which they are meant to stop; those for invalid packets aside."""
    lists = _known_lists(situation, situation.gates[family_of(table.menu)].firewall.lists)
    for chain in table.chains.values():
        accepts = [line for line in chain if line.rule.effect in PERMITS and not _is_harmless(line)]
        obstacles = Obstacles([Placed(line.place, line.rule) for line in accepts])
        for deny in chain:
            if deny.denies and deny.position and deny not in dead and not _is_for_invalid(deny):
                stopped = _expanded(decisive(deny.rule), lists)
                found = (chain[each.position] for each in obstacles.above(deny.rule, deny.place))
                late = (
                    each for each in found if each.position and meets(_expanded(each.rule.symbolic, lists), stopped)
                )
                takers = list(dict.fromkeys(islice(late, MOST_NAMED)))
                if takers:
                    yield deny, _late_deny(table, deny, takers, stopped)


def _late_deny(table: Table, deny: Line, takers: Sequence[Line], stopped: Iterable[Box]) -> Finding:
    spots = tuple(each.spot for each in takers)
    taken = meets(takers[0].rule.symbolic, stopped)
    by = subject(spots, "above", "accepts", "accept")
    message = f"rule {named([deny.spot])} comes too late: {by} packets that it is to stop"
    mend = move_above(table, deny, takers[0], CLOSES)
    advice = "restrict the accept above it, or move it above that accept once those who need it are accepted first"
    return of_line(
        "deny-late", table, deny, message, advice, others=spots, packets=describe(taken[0]), candidates=(mend,)
    )


def _is_harmless(line: Line) -> bool:
    """Whether an accept is for ICMP alone."""
    return all(box.get("protocol") in HARMLESS for box in line.region.boxes)


def _is_for_invalid(line: Line) -> bool:
    return [box.get("connection-state") for box in line.region.boxes] == [INVALID]


def _known_lists(situation: Situation, lists: Mapping[str, Addresses]) -> dict[str, Spans]:
    """The address lists of which all addresses are known, and which no rule adds to."""
    added = {line.entry.values.get("address-list", "") for table in situation.tables.values() for line in table.lines()}
    dynamic = {
        entry.values.get("list", "")
        for menu, entries in situation.entries.items()
        if menu.path.endswith("/address-list")
        for entry in entries
        if entry.dynamic
    }
    return {
        name: each.spans
        for name, each in lists.items()
        if each.starts and not each.unresolved and name not in added | dynamic
    }


def _expanded(boxes: Iterable[Box], lists: Mapping[str, Spans]) -> tuple[Box, ...]:
    """Boxes with the addresses of the lists that they ask for."""
    found = tuple(boxes)
    for dim in {dim for box in found for dim in box}:
        name, _equals, text = dim.partition("=")
        if name in ("src-address-list", "dst-address-list") and text in lists:
            spans = lists[text]
            side = name.removesuffix("-list") + ("6" if spans[0][0] >= 2**32 else "")
            asking = [box for box in found if box.get(dim) == ((1, 1),)]
            found = (*(box for box in found if box not in asking), *meets(asking, [{side: spans}]))
    return found


def partly_dead(walk: Walk, index: Index, dead: Collection[Line]) -> Iterator[Finding]:
    """Accepts of which denies above take some of the ports, or the public senders, that they name."""
    for line, visits in walk.visits.items():
        if line.action != "accept" or not line.position or line in dead or line.region.opaque:
            continue
        for part, box in _parts(line):
            try:
                boxes = [each for visit in visits for each in meets(visit.boxes, [box])]
                numbers = index.covering(boxes, visits[0].before) if len(visits) == 1 and boxes else None
            except GivenUp:
                continue
            takers = list({walk.owners[number]: None for number in numbers or ()})
            if takers and all(each.denies for each in takers):
                yield _partly_dead(walk.table, line, part, box, takers)
                break
    for chain in walk.table.chains.values():
        for line in chain:
            if line.action == "accept" and line.position and line not in dead and _is_for_outside(line):
                drops = [each for each in chain[: line.place] if _drops_outside(each) and each.position]
                if drops:
                    yield _partly_dead(walk.table, line, "what comes from outside", {}, drops)


def _parts(line: Line) -> Iterator[tuple[str, Box]]:
    """The ports that a rule lists, one by one."""
    for name in PORT_NAMES:
        each = line.rule.by_name.get(name)
        if each and each.boxes and not each.negated and "," in each.text and name != "port":
            for part in split(each.text):
                low, _dash, high = part.partition("-")
                yield f"{name} {part}", {name: ((int(low), int(high or low)),)}


def _partly_dead(table: Table, line: Line, part: str, box: Box, takers: Sequence[Line]) -> Finding:
    spots = tuple(each.spot for each in takers)
    message = f"rule {named([line.spot])} is dead in part: {subject(spots, 'above', 'takes', 'take')} {part}"
    anchor = next((each for each in table.chains[line.entry.values.get("chain", "")] if each in takers), None)
    mends = (move_above(table, line, anchor, OPENS),) if anchor else ()
    advice = "decide which of the two rules is meant, and leave the part out of the other"
    boxes = meets(line.rule.boxes, [box])
    return of_line(
        "partly-dead",
        *(table, line, message, advice),
        others=spots,
        packets=describe(boxes[0]) if boxes else "",
        candidates=mends,
    )


def _is_for_outside(line: Line) -> bool:
    """Whether an accept is for public senders, wherever they come in; IKE has a finding of its own."""
    source = line.rule.by_name.get("src-address")
    if not source or source.negated or not source.boxes or {*line.rule.by_name} & {*INTERFACES, "ipsec-policy"}:
        return False
    low, _high = bounds(source.text)
    inside = any(range_within(source.text, net) for net in INSIDE if (":" in net) == (low.version == 6))
    return not inside and not _only_ipsec(line)


def _drops_outside(line: Line) -> bool:
    """Whether a rule drops all that comes from some interfaces."""
    names = {*line.rule.by_name}
    return line.denies and bool(names) and names <= INTERFACES


def late_drops(table: Table, dead: Collection[Line]) -> Iterator[Finding]:
    """Drops for invalid packets below accepts that let them in, and accepts for IPsec below a drop for outside."""
    for name, chain in table.chains.items():
        for line in chain:
            if line.position and line not in dead:
                yield from _late_invalid(table, chain, line)
                yield from _late_ipsec(table, name, chain, line)


def _late_invalid(table: Table, chain: Sequence[Line], line: Line) -> Iterator[Finding]:
    if not line.denies or not _is_for_invalid(line):
        return
    above = [each for each in chain[: line.place] if each.action == "accept" and _takes_invalid(each, line)]
    if above:
        spots = tuple(each.spot for each in above)
        by = subject(spots, "above", "accepts", "accept")
        message = f"rule {named([line.spot])} drops invalid packets too late: {by} some of them"
        yield _moved("invalid-drop-late", table, line, above, message, CLOSES)


def _takes_invalid(line: Line, drop: Line) -> bool:
    """Whether an accept takes packets of a drop, without asking for a state, for tunnels or for harmless ICMP."""
    return "ipsec-policy" not in line.rule.by_name and any(
        "connection-state" not in box and box.get("protocol") not in HARMLESS and overlap(box, line_box)
        for box in line.region.boxes
        for line_box in drop.region.boxes
    )


def _late_ipsec(table: Table, name: str, chain: Sequence[Line], line: Line) -> Iterator[Finding]:
    asked = {*line.rule.by_name}
    tunnel = {"protocol"} <= asked and not asked & {*INTERFACES, "ipsec-policy"}
    if name != "input" or line.action != "accept" or not tunnel or not _only_ipsec(line):
        return
    drops = [each for each in chain[: line.place] if each.position and _drops_outside(each)]
    if drops:
        by = subject([each.spot for each in drops], "above", "drops", "drop")
        message = f"rule {named([line.spot])} accepts IPsec too late: {by} what comes from outside"
        yield _moved("ipsec-accept-after-drop", table, line, drops, message, OPENS)


def _moved(
    kind: str, table: Table, line: Line, above: Sequence[Line], message: str, allows: frozenset[Turn]
) -> Finding:
    spots = tuple(each.spot for each in above)
    advice = "let it name the other ends of the tunnels, and move it above that drop"
    if allows is CLOSES:
        advice = "move it above the accepts, right below the one for established connections"
    mend = move_above(table, line, above[0], allows)
    return of_line(kind, table, line, message, advice, others=spots, packets=example(line), candidates=(mend,))


def _only_ipsec(line: Line) -> bool:
    # `port` is two boxes, one for replies.
    return any(_asks_within(box, each) for each in IKE for box in line.region.boxes)


def _asks_within(box: Box, wanted: Box) -> bool:
    return "protocol" in box and overlap(box, wanted) and ("dst-port" in box or "dst-port" not in wanted)
