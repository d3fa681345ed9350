# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One router's data plane: what its commands change reaches the kernel, and what packets do reaches its menus."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import failure
from ..model import Row, Values
from ..table import Table
from . import addressing, firewall
from .nft import Unmapped
from .nft.ruleset import Guards

if TYPE_CHECKING:
    from ..router import Router

TICK = 0.5


class LivePlane:
    """Plugged into a router by `start`; from then on every command takes effect before it is answered."""

    def __init__(self, router: Router, node: str, plugged: frozenset[str], tunnel: str) -> None:
        self.router = router
        self.addressing = addressing.Addressing(router, node, plugged)
        self.firewall = firewall.Firewall(router, node, tunnel)
        self._dirty = True
        self._ending = threading.Event()
        self._ticking = threading.Thread(target=self._tick, name=f"plane {node}", daemon=True)

    def start(self) -> None:
        """Put into effect what the router has so far; raises ValueError for what cannot be."""
        with self.router.lock:
            self._check_all()
            self.router.watchers.append(self._changed)
            self.router.plane = self
            self.settle()
        self._ticking.start()

    def stop(self) -> None:
        """Leave the router alone; the kernel keeps what it was told last."""
        self._ending.set()
        self._ticking.join()

    def _check_all(self) -> None:
        for path, table in self.router.tables.items():
            for number, row in enumerate(table):
                try:
                    self._refuse(table, row.values)
                except Unmapped as what:
                    raise ValueError(f"{path}, row {number}: a live twin does not play {what}") from None

    def _refuse(self, table: Table, values: Values) -> None:
        self.addressing.check(table, values)
        self.firewall.check(table, values)

    def check(self, table: Table, values: Values) -> None:
        try:
            self._refuse(table, values)
        except Unmapped as what:
            raise failure(f"a live twin does not play {what}") from None

    def _changed(self, path: str, _row: Values, _gone: bool) -> None:
        if path in firewall.WATCHED or path in addressing.WATCHED:
            self._dirty = True

    def settle(self) -> None:
        if self._dirty:
            self._dirty = False
            self.firewall.settle(Guards(), "")
            self.addressing.settle()

    def refresh(self, path: str) -> None:
        self.firewall.refresh(path)

    def reset_counters(self, table: Table, rows: Sequence[Row]) -> None:
        if table.menu.path in firewall.PATHS:
            self.firewall.reset(table.menu.path, rows)

    def _tick(self) -> None:
        """Entries of address lists run out although nobody asks for them."""
        while not self._ending.wait(TICK):
            with self.router.lock:
                self.router.behaviours[firewall.LISTS].refresh()
                self.settle()
