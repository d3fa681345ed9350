# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the analysis finds, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..lines import Spot

SEVERITIES = ("error", "warning", "notice")
"""What does not do what it says or leaves a door open; what probably is not meant; what only is in the way."""
KINDS = {
    "accept-after-drop": "error",
    "accepts-without-drop": "notice",
    "chain-unused": "warning",
    "duplicate-rule": "notice",
    "empty-address-list": "notice",
    "fasttrack-above-ipsec": "error",
    "fasttrack-takes-tunnel": "error",
    "input-without-drop": "warning",
    "invalid-drop-late": "notice",
    "ipsec-accept-after-drop": "warning",
    "jump-nowhere": "warning",
    "limit-after-accept": "error",
    "management-cut": "error",
    "management-open": "error",
    "masquerade-above-bypass": "error",
    "masquerade-takes-tunnel": "error",
    "never-matches": "error",
    "policy-duplicate": "error",
    "policy-never-used": "error",
    "policy-overlap": "notice",
    "redundant": "notice",
    "unknown-interface": "error",
}
"""Every kind of finding, and how severe it is."""


@dataclass(frozen=True)
class Finding:
    """Something about one rule, or about a chain as a whole, that its owner should know."""

    kind: str
    menu: str
    chain: str
    rule: Spot | None
    message: str
    advice: str
    others: tuple[Spot, ...] = field(default=())

    @property
    def severity(self) -> str:
        """One of SEVERITIES."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Unjudged:
    """A rule of which not everything that could be wrong with it can be told, and why."""

    menu: str
    chain: str
    rule: Spot
    why: str


def named(spots: Iterable[Spot], most: int = 3) -> str:
    """Rules in a sentence, by their places and labels."""
    found = [f"{spot.position} ({spot.label})" for spot in spots]
    more = [f"{len(found) - most} more"] if len(found) > most else []
    return " and ".join([*found[:most], *more])
