# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps `/ip/firewall/connection` as the kernel's connection tracking is, and forgets there what is removed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Row, Values
from ..values.basic import spell_duration
from ..values.matchers import PROTOCOLS
from .conntrack import ASSURED, CONFIRMED, DSTNAT, DYING, EXPECTED, SEEN_REPLY, SRCNAT, Connection, Conntrack, Side

if TYPE_CHECKING:
    from ..router import Router

PATH = "/ip/firewall/connection"
_FLAGS = {
    "expected": EXPECTED,
    "seen-reply": SEEN_REPLY,
    "assured": ASSURED,
    "confirmed": CONFIRMED,
    "dying": DYING,
    "srcnat": SRCNAT,
    "dstnat": DSTNAT,
}
# By the kernel's numbers; that RouterOS has the kernel's words, with its own hyphens, is unverified.
_STATES = (
    "none", "syn-sent", "syn-received", "established", "fin-wait", "close-wait", "last-ack", "time-wait", "close",
    "syn-sent2",
)  # fmt: skip


class Connections:
    """One router's tracked connections; each keeps its id while it lasts."""

    def __init__(self, router: Router, node: str) -> None:
        self.router = router
        self.conntrack = Conntrack(node)
        self._known: dict[str, tuple[str, Connection]] = {}

    def refresh(self, path: str) -> None:
        if path != PATH:
            return
        table, found = self.router.tables[PATH], {_key(each): each for each in self.conntrack.entries()}
        for key in [key for key in self._known if key not in found]:
            if row := table.by_id(self._known.pop(key)[0]):
                table.discard(row)
        for key, connection in found.items():
            row = table.by_id(self._known[key][0]) if key in self._known else None
            if row is None:
                row = Row(table.new_id(), {}, dynamic=True)
                table.insert(row)
            self._known[key] = row.id, connection
            table.store(row, shown(connection))

    def removed(self, path: str, id_: str) -> None:
        if path != PATH:
            return
        for key, (known, connection) in list(self._known.items()):
            if known == id_:
                del self._known[key]
                self.conntrack.delete(connection)

    def forget(self) -> None:
        """Let tracking begin anew; raises Broken."""
        self.conntrack.clear()

    def stop(self) -> None:
        self.conntrack.close()


def _key(connection: Connection) -> str:
    """Ids of the kernel come again, so who speaks to whom is part of it."""
    return f"{connection.id} {connection.tuple.hex()}"


def shown(connection: Connection) -> Values:
    """What a router prints of a connection."""
    original, reply = connection.original, connection.reply
    found = {
        "protocol": PROTOCOLS.get(original.protocol, str(original.protocol)),
        "src-address": _end(original, "source"),
        "dst-address": _end(original, "destination"),
        "reply-src-address": _end(reply, "source"),
        "reply-dst-address": _end(reply, "destination"),
        "timeout": spell_duration(connection.timeout * 1000),
        "orig-packets": str(original.packets),
        "orig-bytes": str(original.bytes),
        "repl-packets": str(reply.packets),
        "repl-bytes": str(reply.bytes),
        **{name: str(bool(connection.status & bit)).lower() for name, bit in _FLAGS.items()},
    }
    if connection.state is not None:
        found["tcp-state"] = _STATES[connection.state]
    if original.icmp:
        found |= dict(zip(("icmp-id", "icmp-type", "icmp-code"), map(str, original.icmp), strict=True))
    return found


def _end(side: Side, end: str) -> str:
    """Address and, where the protocol has ports, port."""
    address, port = (side.source, side.source_port) if end == "source" else (side.destination, side.destination_port)
    return address if port is None else f"{address}:{port}"
