# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router asks of a host, and who answers where no packets are moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .router import Router

AT_ONCE = 0.001
"""Seconds that every answer takes where nothing travels."""


@dataclass(frozen=True)
class Probe:
    """Whom to ask, and how: a ping, or a TCP connection where a port is named.

    `device` is the name of an interface. Who is `presumed` to answer does where nobody says who does.
    """

    address: str
    timeout: float
    source: str = ""
    device: str = ""
    port: int = 0
    size: int = 56
    ttl: int = 0
    presumed: bool = False


# (whether an answer came in time, seconds until it came)
Told = Callable[[bool, float], None]
Ask = Callable[[Probe, Told], None]


class Hearsay:
    """Asks the router's own hooks instead of hosts, and takes as long over silence as a router does."""

    def __init__(self, router: Router) -> None:
        self.router = router

    def __call__(self, probe: Probe, told: Told) -> None:
        takes = AT_ONCE if self._answers(probe) else probe.timeout
        self.router.agenda.plan(self.router.clock() + takes, lambda: told(takes == AT_ONCE, takes))
        self.router.wake()

    def _answers(self, probe: Probe) -> bool:
        if probe.presumed and self.router.echo == self.router.is_own:
            return True
        if probe.source and not self.router.is_own(probe.source, ""):
            return False
        if probe.port:
            return self.router.connects(probe.address, probe.port, probe.source)
        return self.router.echo(probe.address, probe.source)
