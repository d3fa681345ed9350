# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what, as a table for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.reach import Row

GAP = "  "
MANY, FEW = 5, 3


def table(rows: Sequence[Row]) -> list[str]:
    """Lines with aligned columns, one for all services of a source of which the same is true."""
    if not rows:
        return []
    changing = any(row.before for row in rows)
    senders, ways = _several(rows)
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        who = row.source
        if row.source in senders and row.addresses:
            who += f" ({', '.join(row.addresses)})"
        if row.source in ways and row.interfaces:
            who += f" by {', '.join(row.interfaces)}"
        verdicts = [row.before.verdict.value] if row.before else []
        key = (who, *verdicts, row.outcome.verdict.value, row.outcome.rule or row.outcome.why)
        lines.setdefault(key, []).append(row.service.name)
    head = ["from", *(["now", "then"] if changing else ["verdict"]), "services", "decided by"]
    every = list(dict.fromkeys(row.service.name for row in rows))
    return _aligned([head, *([*key[:-1], _named(names, every), key[-1]] for key, names in lines.items())])


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
