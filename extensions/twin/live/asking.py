# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the gateways of routes with `check-gateway`, by pings that nobody waits for."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..behaviour.gateways import INTERVAL, TIMEOUT, Gateways
from ..behaviour.routes import Routes
from . import netns
from .state import devices

if TYPE_CHECKING:
    from ..router import Router

ROUTE = "/ip/route"


@dataclass
class _Ping:
    process: subprocess.Popen[bytes]
    due: float
    """When the gateway is asked again."""
    told: bool = False


class Asking:
    """One router's requests, one to a gateway at a time; all of it is called while the router is locked."""

    def __init__(self, router: Router, node: str) -> None:
        self.router = router
        self.node = node
        self._pings: dict[str, _Ping] = {}

    @property
    def _routes(self) -> Routes:
        found = self.router.behaviours[ROUTE]
        assert isinstance(found, Routes)
        return found

    @property
    def _gateways(self) -> Gateways:
        return self._routes.gateways

    def start(self) -> None:
        self._gateways.asked_by_plane = True

    def tick(self) -> None:
        """Tell what was heard, and ask whoever is due."""
        wanted, now = self._gateways.follow(), time.monotonic()
        for gone in self._pings.keys() - set(wanted):
            self._end(self._pings.pop(gone))
        for gateway in wanted:
            self._hear(gateway)
            if gateway not in self._pings or self._pings[gateway].due <= now:
                self._ask(gateway, now)

    def _hear(self, gateway: str) -> None:
        ping = self._pings.get(gateway)
        if ping and not ping.told and (status := ping.process.poll()) is not None:
            ping.told = True
            self._gateways.heard(gateway, status == 0)

    def _ask(self, gateway: str, now: float) -> None:
        """By the interface that leads there, whatever other routes say."""
        if ping := self._pings.get(gateway):
            if not ping.told:
                self._gateways.heard(gateway, False)
            self._end(ping)
        device = devices(self.router).get(self._routes.way_to(gateway), "")
        options = ["-n", "-q", "-c", "1", "-W", str(int(TIMEOUT)), *(["-I", device] if device else [])]
        command = [*netns.inside(self.node), "ping", *options, gateway.partition("%")[0]]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        self._pings[gateway] = _Ping(process, now + INTERVAL)

    @staticmethod
    def _end(ping: _Ping) -> None:
        if ping.process.poll() is None:
            ping.process.kill()
            ping.process.wait()

    def stop(self) -> None:
        for ping in self._pings.values():
            self._end(ping)
