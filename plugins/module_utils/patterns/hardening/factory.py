# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of chain input that routers leave the factory with, found on a router."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import to_words

Row = Mapping[str, object]
Table = tuple[Menu, Iterable[Row], Sequence[Mapping[str, str]]]
"""A menu, its rules on a router as state `gathered` returns them, and what the factory puts there."""
MARK = "defconf:"
STATES = {"connection-state": "established,related,untracked"}
LOCKED = {"action": "drop", "in-interface-list": "!LAN"}

FACTORY: Sequence[Mapping[str, str]] = (
    STATES,
    {"action": "drop", "connection-state": "invalid"},
    {"protocol": "icmp"},
    {"dst-address": "127.0.0.1"},
    LOCKED,
)
"""What they say besides their comment (firewall.md 7)."""
FACTORY6: Sequence[Mapping[str, str]] = (
    STATES,
    {"action": "drop", "connection-state": "invalid"},
    {"protocol": "icmpv6"},
    {"protocol": "udp", "dst-port": "33434-33534"},
    {"protocol": "udp", "port": "33434-33534"},
    {"protocol": "udp", "dst-port": "546", "src-address": "fe80::/10"},
    {"protocol": "udp", "dst-port": "500,4500"},
    {"protocol": "ipsec-ah"},
    {"protocol": "ipsec-esp"},
    {"ipsec-policy": "in,ipsec"},
    LOCKED,
)
"""The same in IPv6, where the factory lets IPsec in from anybody."""


def factory_comments(tables: Iterable[Table]) -> list[str]:
    """The comments of the factory's rules that stand on a router as the factory made them.

    What somebody has changed is that somebody's now, and so is all that carries the same comment.
    """
    theirs: set[str] = set()
    touched: set[str] = set()
    for menu, found, factory in tables:
        known = {_content(menu, rule) for rule in factory}
        for row in _inputs(menu, found):
            (theirs if _content(menu, row) in known else touched).add(row["comment"])
    return sorted(mark for mark in theirs if not any(comment.startswith(mark) for comment in touched))


def _inputs(menu: Menu, found: Iterable[Row]) -> Iterator[Mapping[str, str]]:
    for given in found:
        row = to_words(menu, given)
        if row.get("chain") == "input" and row.get("comment", "").startswith(MARK):
            yield row


def _content(menu: Menu, row: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """What a rule does and to what, in canonical spelling."""
    told = {name: text for name, text in row.items() if text and menu.by_name[name].matches}
    return frozenset((name, menu.by_name[name].kind.normal(text)) for name, text in told.items()) | {
        ("action", row.get("action", "accept"))
    }
