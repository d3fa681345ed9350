# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One router's data plane: what its commands change reaches the kernel, and what packets do reaches its menus."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import failure
from ..model import Row, Values
from ..probe import Probe, Told
from ..table import Table
from . import addressing, firewall, ipsec, netns
from .netns import Broken
from .nft import Unmapped
from .probing import Prober

if TYPE_CHECKING:
    from ..router import Router

TICK = 0.5
WATCHED = firewall.WATCHED | addressing.WATCHED | ipsec.WATCHED


class LivePlane:
    """Plugged into a router by `start`; from then on every command takes effect before it is answered."""

    def __init__(self, router: Router, node: str, plugged: frozenset[str], *, kernel: bool) -> None:
        self.router = router
        self.node = node
        self.addressing = addressing.Addressing(router, node, plugged)
        self.negotiator = ipsec.Negotiator(router, node, kernel=kernel)
        self.firewall = firewall.Firewall(router, node, self.negotiator.tunnel)
        self.prober = Prober(node)
        self._dirty = True
        self._ending = threading.Event()
        self._ticking = threading.Thread(target=self._tick, name=f"plane {node}", daemon=True)

    def start(self) -> None:
        """Put into effect what the router has so far; raises ValueError for what cannot be."""
        with self.router.lock:
            self._check_all()
            self.negotiator.start()
            try:
                self._settle()
            except Unmapped as what:
                raise ValueError(f"a live twin does not play {what}") from None
            self.router.watchers.append(self._changed)
            self.router.plane = self
            self.router.echo = self._echo
            self.router.ask = self._ask
        self._ticking.start()

    def stop(self) -> None:
        """Leave the router alone; the kernel keeps what it was told last."""
        self._ending.set()
        if self._ticking.is_alive():
            self._ticking.join()
        self.prober.stop()
        self.negotiator.stop()

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
        self.negotiator.check(table, values)

    def check(self, table: Table, values: Values) -> None:
        try:
            self._refuse(table, values)
        except Unmapped as what:
            raise failure(f"a live twin does not play {what}") from None

    def _changed(self, path: str, row: Values, gone: bool) -> None:
        if path in WATCHED:
            self._dirty = True
        if gone:
            self.negotiator.removed(path, row[".id"])

    def settle(self) -> None:
        """What cannot be put into effect although each entry could be is told in the log; the old state stays."""
        with self._telling():
            self._settle()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Write to the log what went wrong: no client is to blame for it."""
        try:
            yield
        except Unmapped as what:
            self.router.note("system,error", f"a live twin does not play {what}")
        except Broken as error:
            self.router.note("system,error", f"live twin: {error}")

    def _settle(self) -> None:
        if not self._dirty:
            return
        self._dirty = False
        self.firewall.settle(self.negotiator.guards(), self.negotiator.behind())
        self.addressing.settle()
        self.negotiator.settle()

    def refresh(self, path: str) -> None:
        with self._telling():
            self.firewall.refresh(path)
            self.negotiator.refresh(path)

    def reset_counters(self, table: Table, rows: Sequence[Row]) -> None:
        if table.menu.path in firewall.PATHS:
            self.firewall.reset(table.menu.path, rows)

    def _echo(self, address: str, source: str) -> bool:
        """Whether a host answers a ping from this router."""
        command = ["ping", "-n", "-c", "1", "-W", "1", *(["-I", source] if source else []), address]
        try:
            netns.run(command, node=self.node)
        except Broken:
            return False
        return True

    def _ask(self, probe: Probe, told: Told) -> None:
        """Ask without the router waiting for it, and hear of it when the router has time, as of all that is due."""

        def hear(answered: bool, seconds: float) -> None:
            # Without the lock: whoever probes must not wait for a router that is busy.
            self.router.agenda.plan(self.router.clock(), lambda: told(answered, seconds))
            self.router.wake()

        self.prober.once(object(), probe, hear)

    def _tick(self) -> None:
        """Entries of address lists run out, and sessions end, although nobody asks for them."""
        while not self._ending.wait(TICK):
            with self.router.lock:
                self.router.behaviours[firewall.LISTS].refresh()
                self.settle()
                with self._telling():
                    self.negotiator.tick()
