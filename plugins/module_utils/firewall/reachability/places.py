# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where people find a rule that decides: its table, chain, position and comment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ...engine.entry import Entry, label
from ..lines import numbered
from ..rules import BUILTIN
from ..tables import MENUS, Firewall

Positions: TypeAlias = Mapping[tuple[str, str], "tuple[int | None, int]"]


@dataclass(frozen=True)
class Place:
    """A rule, or without an id the end of a built-in chain."""

    table: str
    chain: str
    position: int | None = None
    """In its chain, beginning with 1; rules that the router made itself do not count, and have none."""
    number: int | None = None
    """In its table as `print` counts, all rules included, beginning with 0."""
    comment: str = ""
    id: str = ""
    action: str = "accept"
    label: str = ""

    @property
    def where(self) -> str:
        """Chain and position, with the table where it is not the filter: `raw prerouting 2`."""
        chain = self.chain if self.table == "filter" else f"{self.table} {self.chain}"
        return (f"{chain} {self.position}" if self.position else chain) if self.id else f"end of {chain}"

    @property
    def short(self) -> str:
        """Where it is, and its comment, or what it does: `input 7: drop the rest`."""
        return f"{self.where}: {self.comment or self.action}" if self.id else self.where

    def __str__(self) -> str:
        return f"{self.where} ({self.label})" if self.id else self.where


def positions_of(firewall: Firewall) -> Positions:
    """Position and number of every rule, by table and id."""
    return {
        (table, entry.id): (position or None, number)
        for table in BUILTIN
        for number, position, entry in numbered(getattr(firewall, table) or ())
    }


def place_of(firewall: Firewall, positions: Positions, table: str, chain: str, rule: Entry | None) -> Place:
    """Where a rule of a firewall is; without a rule, the end of a chain."""
    if rule is None:
        return Place(table, chain)
    position, number = positions.get((table, rule.id), (None, None))
    name = label(MENUS[firewall.family][table], rule.values)
    action = rule.values.get("action", "accept")
    return Place(table, chain, position, number, rule.values.get("comment", ""), rule.id, action, name)
