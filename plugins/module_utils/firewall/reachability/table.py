# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what, as a table for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from ...schema.family import IPV4
from .reach import Row

GAP = "  "
MANY, FEW = 5, 3
RULES = 2
"""More rules than this nobody reads in a line."""
Fates: TypeAlias = "dict[tuple[str, ...], tuple[list[str], list[str]]]"
"""Services and what decides about them, by verdicts."""


def table(rows: Sequence[Row]) -> list[str]:
    """Lines with aligned columns: one for all services of a source that fare alike, and one for all sources that do."""
    if not rows:
        return []
    changing = any(row.before for row in rows)
    every = list(dict.fromkeys(row.service.name for row in rows))
    fates: dict[str, Fates] = {}
    senders, ways = _several(rows)
    for row in rows:
        verdicts = (*((row.before.verdict.value,) if row.before else ()), row.outcome.verdict.value)
        services, rules = fates.setdefault(_who(row, senders, ways), {}).setdefault(verdicts, ([], []))
        services.append(row.service.name)
        rules.append(row.outcome.rule or row.outcome.why)
    alike: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for who, fate in fates.items():
        lines = ((*verdicts, _named(services, every), _shortly(rules)) for verdicts, (services, rules) in fate.items())
        alike.setdefault(tuple(lines), []).append(who)
    head = ["from", *(["now", "then"] if changing else ["verdict"]), "services", "decided by"]
    return _aligned([head, *([", ".join(names), *line] for lines, names in alike.items() for line in lines)])


def _who(row: Row, senders: Collection[str], ways: Collection[str]) -> str:
    """A source, with what tells its rows apart."""
    who = row.source if row.family is IPV4 else f"{row.source} over {row.family.name}"
    if row.source in senders and row.addresses:
        who += f" ({', '.join(row.addresses)})"
    if row.source in ways and row.interfaces:
        who += f" by {', '.join(row.interfaces)}"
    return who


def _shortly(texts: Iterable[str]) -> str:
    """What decides, once each; of many the first ones, for all of them are in the data."""
    once = list(dict.fromkeys(texts))
    more = len(once) - RULES
    return "; ".join(once[:RULES]) + (f"; and {more} more" if more > 0 else "")


def _named(names: Sequence[str], every: Sequence[str]) -> str:
    """Services, or where they are nearly all those that are not among them."""
    rest = [name for name in every if name not in names]
    if len(names) <= MANY or len(rest) > FEW:
        return ", ".join(names)
    return f"all but {', '.join(rest)}" if rest else "all"


def _several(rows: Iterable[Row]) -> tuple[set[str], set[str]]:
    """Sources of which not the same is true for all senders, and those of which it is not for all interfaces."""
    senders, ways = defaultdict[str, set[object]](set), defaultdict[str, set[object]](set)
    for row in rows:
        senders[row.source].add(row.addresses)
        ways[row.source].add(row.interfaces)
    return {name for name in senders if len(senders[name]) > 1}, {name for name in ways if len(ways[name]) > 1}


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
