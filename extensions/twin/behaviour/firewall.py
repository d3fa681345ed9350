# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules: checks across properties, what prints with which action, the fasttrack dummy row."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import failure
from ..model import Row, Values
from ..table import Table
from .base import Behaviour

if TYPE_CHECKING:
    from ..router import Router

_PORTS = ("port", "src-port", "dst-port")
_WITH_PORTS = ("tcp", "udp", "udp-lite", "dccp", "sctp")
_LISTING = ("add-src-to-address-list", "add-dst-to-address-list")
# Which actions print `passthrough` is unverified: those that change a packet and go on.
_PASSING = (
    "mark-connection", "mark-packet", "mark-routing", "change-dscp", "change-mss", "change-ttl", "change-hop-limit",
    "set-priority", "strip-ipv4-options", "clear-df",
)  # fmt: skip
_PRINTS_WITH = {
    "address-list": _LISTING,
    "address-list-timeout": _LISTING,
    "jump-target": ("jump",),
    "reject-with": ("reject",),
    "hw-offload": ("fasttrack-connection",),
    "passthrough": _PASSING,
}
DUMMY = "special dummy rule to show fasttrack counters"
_DUMMY_CHAIN = {"filter": "forward", "mangle": "forward", "raw": "prerouting"}


class Rules(Behaviour):
    """One of the four ordered tables of a family."""

    dangling_is_invalid = True

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.fasttracks: set[str] = set()

    def check(self, values: Values, _row: Row | None) -> None:
        protocol = values.get("protocol", "")
        if any(name in values for name in _PORTS) and protocol not in _WITH_PORTS:
            raise failure("ports can be specified if proto is tcp,udp,udp-lite,dccp,sctp")
        if "tcp-flags" in values and protocol != "tcp":
            raise failure("tcp-flags works only with tcp")
        if "tls-host" in values and protocol != "tcp":
            # That it needs tcp is documented, the wording is unverified.
            raise failure("tls-host works only with tcp")
        # How IPv6 words it is unverified.
        icmp = "icmpv6" if self.table.menu.path.startswith("/ipv6") else "icmp"
        if "icmp-options" in values and protocol != icmp:
            raise failure(f"icmp-options can be specified if proto is {icmp}")

    def hides(self, row: Row) -> Collection[str]:
        action = row.values["action"]
        return [name for name, actions in _PRINTS_WITH.items() if name in row.values and action not in actions]

    def placed(self, row: Row, _new: bool) -> None:
        values = row.values
        fast = values["action"] == "fasttrack-connection" and values["disabled"] == "false"
        (self.fasttracks.add if fast else self.fasttracks.discard)(row.id)
        self._settle()

    def dropped(self, row: Row) -> None:
        self.fasttracks.discard(row.id)
        self._settle()

    def _settle(self) -> None:
        """The dummy row stands first in filter, mangle and raw while an enabled fasttrack rule exists.

        Whether IPv6 has one is unverified; here it has not.
        """
        if self.table.menu.path == "/ip/firewall/filter":
            for table in _DUMMY_CHAIN:
                self._show_dummy(table, bool(self.fasttracks))

    def _show_dummy(self, name: str, wanted: bool) -> None:
        table = self.router.tables[f"/ip/firewall/{name}"]
        first = table.rows[0] if table.rows else None
        standing = first if first is not None and first.dynamic and first.values.get("comment") == DUMMY else None
        if wanted and standing is None:
            values = {"chain": _DUMMY_CHAIN[name], "action": "passthrough", "log": "false", "log-prefix": ""}
            values.update({"comment": DUMMY, "disabled": "false", "bytes": "0", "packets": "0"})
            dummy = Row(table.new_id(), {}, dynamic=True)
            table.store(dummy, values)
            table.insert(dummy, first)
        elif standing is not None and not wanted:
            table.discard(standing)
