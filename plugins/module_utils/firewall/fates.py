# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of every packet of some boxes in one table, piece by piece, and which fare differently in another one.

Limits, chance and what is not known count as properties of a packet, so that equal ones are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from .actions import PERMITS, Effect
from .index import GivenUp
from .lines import Line, Table
from .rules import YES
from .sets import Box, meet, meets, rest

MOST_PIECES = 300
"""More pieces than this are not told apart."""
DEEPEST = 8
THROUGH = "through"
"""The fate of a packet that no rule of the chain decides about."""
DENIED = "denied"
ACCEPTED = "accepted"
Piece = tuple[Box, str]
"""Packets, and what becomes of them."""


class Turn(Enum):
    """How packets fare differently after a change."""

    OPENS = "accepted"
    CLOSES = "denied"
    TRANSLATES = "translated otherwise"


OPENS, CLOSES, TRANSLATES = (frozenset({turn}) for turn in Turn)


@dataclass(frozen=True)
class Change:
    """Packets that fare differently after a change."""

    turn: Turn
    box: Box


def matching(line: Line) -> tuple[Box, ...]:
    """The packets that a rule matches; what is not known of it is a property of its own."""
    boxes = line.rule.symbolic
    return tuple({**box, f"rule={line.entry.id}": YES} for box in boxes) if line.region.opaque else boxes


def fates(table: Table, chain: str, boxes: Sequence[Box]) -> list[Piece]:
    """What becomes of the packets in one chain; raises GivenUp where that takes too many pieces to say."""
    decided, left = _walk(table, chain, boxes, 0)
    return [*decided, *((box, THROUGH) for box in left)]


def _walk(table: Table, chain: str, boxes: Sequence[Box], depth: int) -> tuple[list[Piece], list[Box]]:
    """The packets that rules decide about, and those that come out at the end."""
    decided: list[Piece] = []
    left, returned = list(boxes), list[Box]()
    for line in table.chains.get(chain, ()):
        effect, mine = line.rule.effect, matching(line)
        passes_on = effect in (Effect.NOTHING, Effect.LIST) or (effect is Effect.CHANGE and not line.ends)
        here = () if passes_on else meets(left, mine)
        if not here:
            continue
        left = [piece for box in left for piece in _without(box, mine)]
        if effect is Effect.JUMP:
            if depth > DEEPEST:
                raise GivenUp
            inside, back = _walk(table, line.target, here, depth + 1)
            decided += inside
            left += back
        elif effect is Effect.RETURN:
            returned += here
        else:
            decided += [(box, _fate(line)) for box in here]
        if len(left) + len(decided) + len(returned) > MOST_PIECES:
            raise GivenUp
    return decided, [*left, *returned]


def _fate(line: Line) -> str:
    effect = line.rule.effect
    if effect is Effect.UNKNOWN:
        raise GivenUp
    if effect is Effect.DENY:
        return DENIED
    passes = effect in PERMITS or effect is Effect.FASTTRACK
    return ACCEPTED if passes else f"{line.action} {sorted(line.outcome[1])}"


def _without(box: Box, taken: Collection[Box]) -> tuple[Box, ...]:
    left = rest((box,), taken, MOST_PIECES)
    if left is None:
        raise GivenUp
    return left


def changes(before: Table, after: Table, ids: Collection[str]) -> list[Change]:
    """The packets that fare differently in a table after rules were edited; raises GivenUp.

    Only packets that an edited rule matches, as it was or as it is, can fare differently.
    """
    found: list[Change] = []
    for chain in {*before.chains, *after.chains}:
        lines = (*before.chains.get(chain, ()), *after.chains.get(chain, ()))
        region = list({id(box): box for each in lines if each.entry.id in ids for box in matching(each)}.values())
        if not region:
            continue
        # In a chain that packets enter by themselves, who comes out at its end is accepted.
        end = ACCEPTED if chain in before.builtin else THROUGH
        old, new = (
            [(box, end if fate == THROUGH else fate) for box, fate in fates(each, chain, region)]
            for each in (before, after)
        )
        found += [
            Change(turn, shared)
            for box, fate in old
            for other, now in new
            if (turn := _turn(fate, now)) and (shared := meet(box, other)) is not None
        ]
    return found


def _turn(before: str, after: str) -> Turn | None:
    if before == after:
        return None
    if before == DENIED or (before == THROUGH and after == ACCEPTED):
        return Turn.OPENS
    if after == DENIED or (before == ACCEPTED and after == THROUGH):
        return Turn.CLOSES
    return Turn.TRANSLATES
