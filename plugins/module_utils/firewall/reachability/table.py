# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what, as a table that fits a screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from ...schema.family import IPV4
from ..packet import Verdict
from .reach import Outcome, Row
from .sources import Origin

WIDTH = 100
GAP = "  "
MOST_FROM = 32
LEAST_SERVICES = 23
MANY = 5
STRANGERS = (Origin.OUTSIDE, Origin.INSIDE)
OPENNESS = (Verdict.ACCEPT, Verdict.EITHER, Verdict.CANNOT_TELL, Verdict.DROP)
"""Verdicts as they are listed: what is open comes first."""
CERTAIN = (Verdict.ACCEPT, Verdict.DROP)


@dataclass(frozen=True)
class Line:
    """One source, and services that fare alike because of the same rules."""

    who: tuple[str, str]
    """The source, and what tells this line of it from others."""
    verdicts: tuple[Verdict, ...]
    rule: str
    services: tuple[str, ...]


def table(rows: Sequence[Row], full: bool = False) -> list[str]:
    """Lines with aligned columns, none wider than WIDTH; unless it is to be full, the last one counts what is left out.

    Left out are sources and services that a change leaves as they are, and members of lists where they fare like
    strangers behind the same interface or are not likely to come by it.
    """
    likely = (
        rows
        if full
        else [each for row in rows if (each := _limit_interfaces(row, {*row.interfaces} - {*row.unlikely}))]
    )
    own = rows if full else _drop_like_strangers(likely)
    shown = own if full else [row for row in own if not row.before or row.changes]
    lines = _make_lines(likely, shown)
    unchanged = len(_make_lines(likely, [row for row in own if row.before and not row.changes])) if not full else 0
    alike = len(_make_lines(rows, rows)) - len(_make_lines(likely, own))
    left = [f"{unchanged} unchanged line{'s' if unchanged > 1 else ''}"] if unchanged else []
    left += [f"{alike} of list members like strangers"] if alike > 0 else []
    words = f"{'' if lines else 'nothing changes; '}left out: {', '.join(left)} (full_table shows all)"
    return [*_align(lines), *([words] if left else [])]


def _limit_interfaces(row: Row, ways: Collection[str]) -> Row | None:
    """The row for these of its interfaces, if there are any; where none is known, it is as it was."""
    own = tuple(each for each in row.interfaces if each in ways)
    return row if own == row.interfaces else replace(row, interfaces=own) if own else None


def _drop_like_strangers(rows: Sequence[Row]) -> list[Row]:
    """The rows without the interfaces by which members of lists fare like strangers."""
    strangers = {
        (row.family, row.service, interface): row.verdicts
        for row in rows
        if row.origin in STRANGERS and not row.addresses
        for interface in row.interfaces or ("",)
    }

    def own(row: Row) -> Row | None:
        ways = row.interfaces or ("",)
        alike = {each for each in ways if strangers.get((row.family, row.service, each)) == row.verdicts}
        return None if alike == {*ways} else _limit_interfaces(row, {*ways} - alike)

    listed = Origin.LISTED
    return [each for row in rows if (each := own(row) if row.origin is listed else row)]


def _make_lines(every: Sequence[Row], rows: Iterable[Row]) -> list[Line]:
    """Lines by source in the order of the rows, and of each source what is open first."""
    services = tuple(dict.fromkeys(row.service.name for row in every))
    name = _make_namer(every)
    found: dict[tuple[str, str], dict[tuple[tuple[Verdict, ...], str], list[str]]] = {}
    for row in rows:
        fates = found.setdefault(name(row), {})
        fates.setdefault((row.verdicts, describe_decider(row.outcome)), []).append(row.service.name)
    lines = []
    for who, fates in found.items():
        parts = [Line(who, *fate, tuple(names)) for fate, names in fates.items()]
        parts.sort(key=lambda line: OPENNESS.index(line.verdicts[-1]))
        lines += _shorten_services(parts, services)
    return lines


def _shorten_services(lines: list[Line], every: Sequence[str]) -> list[Line]:
    """The lines of one source; the longest list of services comes last, as all but those that are not in it."""
    longest = max(lines, key=lambda line: len(line.services))
    named = {name for line in lines if line is not longest for name in line.services}
    rest = [name for name in every if name not in {*named, *longest.services}]
    all_but = f"all but {', '.join(name for name in every if name not in longest.services)}"
    others_but = f"{'others' if named else 'all'} but {', '.join(rest)}" if rest else "all others"
    words = "all" if not rest and not named else all_but if len(all_but) <= LEAST_SERVICES else others_but
    if len(longest.services) <= MANY or len(words) > max(LEAST_SERVICES, len(", ".join(longest.services)) // 2):
        return lines
    return [*(line for line in lines if line is not longest), replace(longest, services=(words,))]


def _make_namer(rows: Iterable[Row]) -> Callable[[Row], tuple[str, str]]:
    """How a source is called, with what tells its rows apart."""
    places, ways = defaultdict[str, set[str]](set), defaultdict[object, set[str]](set)
    senders = defaultdict[object, set[object]](set)
    for row in rows:
        ways[row.source, row.family].update(row.interfaces)
        senders[row.source, row.family].add(row.addresses)
        if row.place:
            places[row.place].update(row.interfaces)

    def name(row: Row) -> tuple[str, str]:
        several = row.origin in STRANGERS or len(senders[row.source, row.family]) > 1
        which = f" ({_abbreviate(row.addresses, 1)})" if row.addresses and several else ""
        partly = {*row.interfaces} != ways[row.source, row.family]
        way = f" by {_abbreviate(_name_interfaces(row.interfaces, places), 2)}" if partly else ""
        short = row.source.replace("members of ", "list ", 1) if row.origin is Origin.LISTED else row.source
        return short, which + way + (f", {row.family.name}" if row.family is not IPV4 else "")

    return name


def _name_interfaces(interfaces: Sequence[str], places: Mapping[str, set[str]]) -> list[str]:
    """Interfaces, by their list where all of its members are among them."""
    names = [name for name, members in places.items() if members <= {*interfaces}]
    return [*names, *sorted({*interfaces}.difference(*(places[name] for name in names)))]


def _abbreviate(names: Sequence[str], most: int) -> str:
    return ", ".join(names[:most]) + (f" +{len(names) - most}" if len(names) > most else "")


def describe_decider(outcome: Outcome) -> str:
    """What decides, in a few words: of several rules the last that lets in, or else the last.

    Where the verdict depends on more rules, it is said how many.
    """
    if outcome.refused_by:
        menu = outcome.refused_by.place.partition(" ")[0]
        return "service is off" if outcome.refused_by.disabled else f"{menu}: limited"
    if outcome.moved_by:
        return f"{outcome.moved_by[0].where}: sent elsewhere"
    if not outcome.places:
        return outcome.why
    letting = [each.rule.id if each.rule else "" for each in outcome.endings if each.verdict is Verdict.ACCEPT]
    place = max(reversed(outcome.places), key=lambda each: each.id in letting)
    more = f" +{len(outcome.places) - 1}" if outcome.verdict not in CERTAIN and len(outcome.places) > 1 else ""
    # A comment may have more than one line.
    return " ".join(place.short.replace(place.where, place.where + more, 1).split())


def _align(lines: Sequence[Line]) -> list[str]:
    if not lines:
        return []
    heads = [[_fit_source(*line.who), *(each.value for each in line.verdicts)] for line in lines]
    title = ["from", *(["now", "then"] if len(lines[0].verdicts) > 1 else ["verdict"])]
    taken = sum(max(map(len, column)) + len(GAP) for column in zip(title, *heads, strict=True))
    width = max(LEAST_SERVICES, (WIDTH - taken) * 2 // 5)
    cells = [[*title, "services", "decided by"]]
    for head, line in zip(heads, lines, strict=True):
        names = wrap(", ".join(line.services), width, break_on_hyphens=False)
        if len(line.services) > 1:
            cells += [[*head, each.rstrip(","), line.rule] for each in names]
        else:
            # Words for services that are not named go on where they ended.
            cells += [[*head, names[0], line.rule], *([*[""] * len(head), each, ""] for each in names[1:])]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = WIDTH - sum(each + len(GAP) for each in widths[:-1])
    rows = ([*each[:-1], _cut(each[-1], left)] for each in cells)
    return [GAP.join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in rows]


def _fit_source(source: str, which: str) -> str:
    which = _cut(which, MOST_FROM * 2 // 3)
    return _cut(source, MOST_FROM - len(which)) + which


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
