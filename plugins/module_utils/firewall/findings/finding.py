# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the analysis finds, and the changes that would mend it, as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...engine.entry import Row
from ...schema.model import Menu
from ..examples import describe
from ..fates import Change, Turn
from ..lines import Line, Spot, Table
from ..sets import Spans

SEVERITIES = ("error", "warning", "notice")
"""What does not do what it says or leaves a door open; what probably is not meant; what only is in the way."""
KINDS = {
    "accept-after-drop": "error",
    "accepts-without-drop": "notice",
    "chain-unused": "warning",
    "deny-late": "warning",
    "discovery-open": "notice",
    "duplicate-rule": "notice",
    "empty-address-list": "notice",
    "fasttrack-above-ipsec": "error",
    "fasttrack-late": "warning",
    "fasttrack-takes-tunnel": "error",
    "forward-without-drop": "warning",
    "ike-open": "warning",
    "input-without-drop": "warning",
    "interface-unlisted": "warning",
    "invalid-drop-late": "notice",
    "ipsec-accept-after-drop": "warning",
    "ipv6-open": "warning",
    "jump-nowhere": "warning",
    "limit-after-accept": "error",
    "mac-access-open": "warning",
    "management-cut": "error",
    "management-open": "error",
    "masquerade-above-bypass": "error",
    "masquerade-takes-ike": "error",
    "masquerade-takes-tunnel": "error",
    "never-matches": "error",
    "partly-dead": "warning",
    "policy-duplicate": "error",
    "policy-never-used": "error",
    "policy-overlap": "notice",
    "port-either-side": "warning",
    "port-open": "notice",
    "redundant": "notice",
    "restriction-void": "warning",
    "romon-open": "warning",
    "service-open": "error",
    "unknown-interface": "error",
}
"""Every kind of finding, and how severe it is."""


@dataclass(frozen=True)
class Edit:
    """One change of one entry."""

    verb: str
    """`add`, `set`, `move` or `remove`."""
    menu: Menu
    id: str = ""
    """The entry; none for `add`, or where the menu has one set of properties."""
    values: Row = field(default_factory=dict)
    """For `add` and `set`; an empty value unsets the property."""
    before: str = ""
    """For `add` and `move`: the id of the entry below; empty: the end."""


@dataclass(frozen=True)
class Mend:
    """A change that would mend a finding."""

    advice: str
    edits: tuple[Edit, ...]
    allows: frozenset[Turn] = frozenset()
    """How packets may fare differently afterwards; any other difference speaks against the change."""
    keeps_established: bool = False
    """Established connections must not be lost by it."""
    changes: tuple[Change, ...] = ()
    """Which packets fare differently, exactly; known once the change was tried."""


@dataclass(frozen=True)
class Finding:
    """Something about one rule, or about a chain or setting as a whole, that its owner should know."""

    kind: str
    menu: str
    chain: str
    rule: Spot | None
    message: str
    advice: str
    """What to do, in words."""
    others: tuple[Spot, ...] = field(default=())
    packets: str = ""
    """An example of the packets that it is about."""
    mend: Mend | None = None
    """The change that was tried and mends it; None: no change is known that does no harm."""
    candidates: tuple[Mend, ...] = field(default=(), repr=False)
    """Changes that may mend it, to be tried in this order."""

    @property
    def severity(self) -> str:
        """One of SEVERITIES."""
        return KINDS[self.kind]

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other findings, wherever its rule stands."""
        return (self.kind, self.menu, self.chain, self.rule.id if self.rule else "")


@dataclass(frozen=True)
class Unjudged:
    """A rule of which not everything that could be wrong with it can be told, and why."""

    menu: str
    chain: str
    rule: Spot
    why: str


def of_line(kind: str, table: Table, line: Line, message: str, advice: str, **more: object) -> Finding:
    """A finding about one rule of a table."""
    chain = line.entry.values.get("chain", "")
    return Finding(kind, table.menu.path, chain, line.spot, message, advice, **more)  # type: ignore[arg-type]


def move_above(table: Table, line: Line, anchor: Line, allows: frozenset[Turn]) -> Mend:
    """To move a rule above another one of its chain."""
    edit = Edit("move", table.menu, line.entry.id, before=anchor.entry.id)
    return Mend(f"move it above rule {named([anchor.spot])}", (edit,), allows)


def example(line: Line, **more: Spans) -> str:
    """A packet that a rule matches, in words; `more` says more of it, such as that it leaves by IPsec."""
    return describe({**line.rule.boxes[0], **more}) if line.rule.boxes else ""


def named(spots: Iterable[Spot], most: int = 3) -> str:
    """Rules in a sentence: place in the chain, number as WinBox and `print` show it, label."""
    found = [f"{spot.position} ({f'#{spot.number}, ' if spot.number >= 0 else ''}{spot.label})" for spot in spots]
    shown = [*found[:most], *([f"{len(found) - most} more"] if len(found) > most else [])]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def subject(spots: Sequence[Spot], where: str, one: str, several: str) -> str:
    """Rules that do something, as the beginning of a clause: `rule 1 (...) above takes`."""
    many = len(spots) > 1
    return " ".join(filter(None, [f"rule{'s' if many else ''} {named(spots)}", where, several if many else one]))
