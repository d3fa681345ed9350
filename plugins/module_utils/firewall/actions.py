# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each action of a rule or policy does to a packet that matches: stated here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Effect(Enum):
    """What becomes of a packet that a rule matches."""

    ACCEPT = "accepts"
    DENY = "denies"
    TRANSLATE = "translates"
    """Its address changes, and the table is done with it."""
    FASTTRACK = "fasttracks"
    """It is accepted, and most packets of the connection after it pass neither firewall nor IPsec (firewall.md 8)."""
    UNTRACK = "stops tracking"
    JUMP = "jumps"
    RETURN = "returns"
    LIST = "lists"
    """An address of it joins an address list, and the next rule is tried."""
    CHANGE = "changes"
    """Something of it changes; with passthrough the next rule is tried."""
    NOTHING = "only counts"
    """The next rule is tried."""
    UNKNOWN = "does something unknown"


EFFECTS: Mapping[str, Effect] = {
    **dict.fromkeys(("accept", "encrypt"), Effect.ACCEPT),
    **dict.fromkeys(("drop", "reject", "tarpit", "discard", "none"), Effect.DENY),
    **dict.fromkeys(("masquerade", "src-nat", "dst-nat", "netmap", "same", "redirect"), Effect.TRANSLATE),
    **dict.fromkeys(("endpoint-independent-nat", "socksify"), Effect.TRANSLATE),
    "fasttrack-connection": Effect.FASTTRACK,
    "notrack": Effect.UNTRACK,
    "jump": Effect.JUMP,
    "return": Effect.RETURN,
    **dict.fromkeys(("add-src-to-address-list", "add-dst-to-address-list"), Effect.LIST),
    **dict.fromkeys(("mark-connection", "mark-packet", "mark-routing", "change-dscp", "change-mss"), Effect.CHANGE),
    **dict.fromkeys(("change-ttl", "set-priority", "clear-df", "strip-ipv4-options", "route"), Effect.CHANGE),
    **dict.fromkeys(("log", "passthrough", "sniff-pc", "sniff-tzsp"), Effect.NOTHING),
    "": Effect.NOTHING,
}
"""Effects by action, those of IPsec policies included; the empty action is that of an entry that does nothing."""
PERMITS = frozenset({Effect.ACCEPT, Effect.UNTRACK})
"""The packet goes on to the next table."""
FINAL = PERMITS | {Effect.DENY, Effect.TRANSLATE, Effect.RETURN}
"""The packet meets no rule below, in this chain."""
LISTED_SIDE: Mapping[str, str] = {"add-src-to-address-list": "src", "add-dst-to-address-list": "dst"}
TO_DESTINATION = frozenset({"dst-nat", "redirect", "netmap"})
ENDING = frozenset({"accept", "drop", "reject", "masquerade", "src-nat", "dst-nat", "netmap", "redirect", "same"})
"""Actions that certainly end a packet's way through the table. Not so fasttrack-connection, which most packets of a
connection pass only once, and notrack, of which the manual and Linux say different things."""
CHANGING = frozenset(
    {"mark-connection", "mark-packet", "mark-routing", "change-dscp", "change-mss", "change-ttl", "set-priority"}
)
"""Actions of mangle that end it with passthrough=no."""


def effect_of(action: str) -> Effect:
    """What an action does; of one that nobody here knows, nothing is concluded."""
    return EFFECTS.get(action, Effect.UNKNOWN)


def denies(action: str | None) -> bool:
    """Whether an action stops packets."""
    return EFFECTS.get(action or "accept") is Effect.DENY


def permits(action: str | None) -> bool:
    """Whether an action lets packets pass."""
    return EFFECTS.get(action or "accept") in PERMITS
