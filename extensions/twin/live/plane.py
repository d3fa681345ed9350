# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One router's data plane: what its commands change reaches the kernel, and what packets do reaches its menus."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import failure
from ..model import Row, Values
from ..probe import Probe, Told
from ..table import Table
from . import addressing, connections, firewall, ipsec, vrrp
from .netns import Broken
from .nft import Unmapped
from .probing import Prober
from .state import devices

if TYPE_CHECKING:
    from ..router import Router

# How often it is looked whether cables carry, and what lasts longer.
LOOK, TICK = 0.1, 0.5
# How long a client's ping waits for its answer, and how often it is looked whether that has come.
PATIENCE, MOMENT = 1.0, 0.01
WATCHED = firewall.WATCHED | addressing.WATCHED | ipsec.WATCHED | vrrp.WATCHED


class LivePlane:
    """Plugged into a router by `start`; from then on every command takes effect before it is answered."""

    def __init__(self, router: Router, node: str, plugged: frozenset[str], *, kernel: bool) -> None:
        self.router = router
        self.node = node
        self.addressing = addressing.Addressing(router, node, plugged)
        self.negotiator = ipsec.Negotiator(router, node, kernel=kernel)
        self.firewall = firewall.Firewall(router, node, self.negotiator.tunnel)
        self.connections = connections.Connections(router, node)
        self.prober = Prober(node)
        self._dirty = True
        self._off = False
        self._ending = threading.Event()
        # Something is to be done before the next tick.
        self._news = threading.Event()
        self.virtual = vrrp.VirtualRouters(router, node, self._news.set)
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
        self._news.set()
        if self._ticking.is_alive():
            self._ticking.join()
        self.prober.stop()
        self.addressing.links.keepalives.stop()
        self.connections.stop()
        self.virtual.stop()
        self.negotiator.stop()
        self.addressing.carriers.close()

    def plug(self, ports: frozenset[str]) -> None:
        """From now on these ports have a cable in them, and no others."""
        with self.router.lock:
            self.addressing.plugged = ports
            self._dirty = True
            self.settle()

    def kill_vrrp(self) -> None:
        """End VRRP without a word to anybody; a master keeps its addresses."""
        with self.router.lock:
            self.virtual.kill()

    def revive_vrrp(self) -> None:
        with self.router.lock:
            self.virtual.revive()
            self._dirty = True
            self.settle()

    def kill_ike(self) -> None:
        """End the IKE daemon without a word to anybody."""
        with self.router.lock:
            self.negotiator.kill()

    def revive_ike(self) -> None:
        with self.router.lock:
            self.negotiator.revive()
            self._dirty = True
            self.settle()

    def power_off(self) -> None:
        """Nothing of the router speaks or answers any more."""
        with self.router.lock:
            self._off = True
            self.addressing.power_off()
            self.virtual.kill()
            self.negotiator.kill()

    def power_on(self) -> None:
        """Begin with what is configured; connections and associations are forgotten."""
        with self.router.lock:
            self.connections.forget()
            self._off = False
            self.virtual.revive()
            self.revive_ike()

    def look(self) -> None:
        """Notice carrier that came or went."""
        if self.addressing.stale():
            with self.router.lock:
                self._dirty = True
                self.settle()

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
            with self._telling():
                self.connections.removed(path, row[".id"])

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
        if not self._dirty or self._off:
            return
        self._dirty = False
        self.firewall.settle(self.negotiator.guards(), self.negotiator.behind())
        self.virtual.retire(self.addressing.running)
        self.addressing.settle()
        self.virtual.settle(self.addressing.running)
        self.negotiator.settle()

    def refresh(self, path: str) -> None:
        if path in addressing.SHOWING:
            self.look()
        with self._telling():
            self.firewall.refresh(path)
            self.negotiator.refresh(path)
            self.connections.refresh(path)

    def reset_counters(self, table: Table, rows: Sequence[Row]) -> None:
        if table.menu.path in firewall.PATHS:
            self.firewall.reset(table.menu.path, rows)

    def _echo(self, address: str, source: str) -> bool:
        """Whether a host answers a ping from this router, which does other things while its client waits."""
        heard: list[bool] = []
        self.prober.once(object(), Probe(address, PATIENCE, source), lambda answered, _seconds: heard.append(answered))
        # Waiting lets go of the lock, however often it is held; it is not ended, as who probes must not need the lock.
        unlocked = threading.Condition(self.router.lock)
        while not heard and not self._ending.is_set():
            unlocked.wait(MOMENT)
        return heard == [True]

    def _ask(self, probe: Probe, told: Told) -> None:
        """Ask without the router waiting for it, and hear of it when the router has time, as of all that is due."""

        def hear(answered: bool, seconds: float) -> None:
            # Without the lock: whoever probes must not wait for a router that is busy.
            self.router.agenda.plan(self.router.clock(), lambda: told(answered, seconds))
            self.router.wake()

        named = replace(probe, device=devices(self.router).get(probe.device, probe.device))
        self.prober.once(object(), named, hear)

    def _tick(self) -> None:
        """Entries of address lists run out, and sessions end, although nobody asks for them."""
        then = 0.0
        while not self._ending.is_set():
            self._news.wait(LOOK)
            self._news.clear()
            if self._off:
                continue
            self.look()
            if self.virtual.speaker.news:
                with self.router.lock:
                    self.virtual.tell()
                    self.settle()
            if time.monotonic() - then < TICK:
                continue
            then = time.monotonic()
            with self.router.lock:
                self.router.behaviours[firewall.LISTS].refresh()
                self.settle()
                with self._telling():
                    self.negotiator.tick()
