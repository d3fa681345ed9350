# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address lists: one entry per list and address, entries with a time-out live in memory and count down."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from ..errors import failure
from ..model import Row, Values
from ..table import Table
from ..values.addresses import is_name
from ..values.basic import parse_duration, spell_duration
from .base import Behaviour

if TYPE_CHECKING:
    from ..router import Router


class AddressLists(Behaviour):
    """Time-outs make entries dynamic; the router's clock decides when they are gone."""

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.entries: dict[tuple[str, str], str] = {}
        self.key_of: dict[str, tuple[str, str]] = {}
        self.counting: dict[str, str] = {}
        self.earliest = math.inf
        # Entry that is a DNS name -> the entries its addresses stand in.
        self.resolved: dict[str, list[Row]] = {}

    def check(self, values: Values, row: Row | None) -> None:
        self.refresh()
        if "address" not in values:
            # A router asks for `list` only; what it says about the missing address is unverified.
            raise failure("address is not set")
        found = self.entries.get((values["list"], values["address"]))
        if found is not None and (row is None or found != row.id):
            raise failure("already have such entry")
        if values.get("timeout") == "0s":
            del values["timeout"]
        values["dynamic"] = "true" if "timeout" in values else values.get("dynamic", "false")

    def placed(self, row: Row, new: bool) -> None:
        self._forget(row)
        values = row.values
        if new:
            values["creation-time"] = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.router.clock()))
        self.entries[values["list"], values["address"]] = row.id
        self.key_of[row.id] = (values["list"], values["address"])
        row.dynamic = values["dynamic"] == "true"
        self._start(row, values.get("timeout"))
        self._resolve(row)

    def dropped(self, row: Row) -> None:
        self._forget(row)
        self.counting.pop(row.id, None)
        self._unresolve(row.id)

    def booted(self) -> None:
        self.resolve_again()

    def resolve_again(self) -> None:
        """Static names changed."""
        for row in list(self.table):
            self._resolve(row)

    def _resolve(self, row: Row) -> None:
        """A name stays as typed; its addresses stand beside it as dynamic entries commented by the name.

        firewall.md section 6; that the comment is the name is unverified.
        """
        values = row.values
        self._unresolve(row.id)
        if not is_name(values["address"]) or values["disabled"] == "true":
            return
        for address in self._addresses_of(values["address"]):
            child = Row(self.table.new_id(), {}, dynamic=True)
            given = {"list": values["list"], "address": address, "comment": values["address"], "disabled": "false"}
            self.table.store(child, {**given, "dynamic": "true", "creation-time": values.get("creation-time", "")})
            self.table.insert(child)
            self.resolved.setdefault(row.id, []).append(child)
            self.router.changed(self.table, child)

    def _addresses_of(self, name: str) -> list[str]:
        """Those of the list's own family, in the form its entries have."""
        six, kind = self.table.menu.path.startswith("/ipv6"), self.table.fields["address"].kind
        return [kind.canon("address", found) for found in self.router.addresses_of(name) if (":" in found) == six]

    def _unresolve(self, id_: str) -> None:
        for child in self.resolved.pop(id_, ()):
            if self.table.by_id(child.id) is child:
                self.table.discard(child)
                self.router.removed(self.table, child.id)

    def _forget(self, row: Row) -> None:
        if key := self.key_of.pop(row.id, None):
            self.entries.pop(key, None)

    def _start(self, row: Row, timeout: str | None) -> None:
        """A time-out that is written anew starts anew."""
        if timeout is None:
            row.until = None
            self.counting.pop(row.id, None)
        elif row.until is None or self.counting.get(row.id) != timeout:
            row.until = self.router.clock() + (parse_duration(timeout) or 0) / 1000
            self.counting[row.id] = timeout
            self.earliest = min(self.earliest, row.until)

    def refresh(self) -> None:
        """Let go what has run out; `earliest` spares looking at every entry each time."""
        now = self.router.clock()
        if now < self.earliest:
            return
        for id_ in list(self.counting):
            row = self.table.by_id(id_)
            if row is not None and row.until is not None and row.until <= now:
                self.table.discard(row)
                self.dropped(row)
                self.router.removed(self.table, row.id)
        waiting = (self.table.by_id(id_) for id_ in self.counting)
        self.earliest = min((row.until for row in waiting if row and row.until is not None), default=math.inf)

    def derived(self, row: Row) -> Values:
        if row.until is None:
            return {}
        left = max(1, round(row.until - self.router.clock()))
        return {"timeout": spell_duration(left * 1000)}
