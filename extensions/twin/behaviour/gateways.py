# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`check-gateway`: gateways are asked every ten seconds, and one that let two requests run out is not used."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..probe import Probe

if TYPE_CHECKING:
    from ..router import Router

# A request runs out when the next one is due.
INTERVAL, TIMEOUT = 10.0, 10.0
TIMEOUTS = 2


@dataclass(eq=False)
class Asked:
    """One gateway, and how many requests ran out since it last answered."""

    gateway: str
    silent: int = 0

    @property
    def down(self) -> bool:
        return self.silent >= TIMEOUTS


class Gateways:
    """Gateways by address, with `%interface` where a route says so.

    `wanted` gives those that routes ask for, `way_to` the interface that leads to one, if any, and `told` is called
    with one that came or went.
    """

    def __init__(
        self,
        router: Router,
        wanted: Callable[[], Collection[str]],
        way_to: Callable[[str], str],
        told: Callable[[str], None],
    ) -> None:
        self.router = router
        self.wanted = wanted
        self.way_to = way_to
        self.told = told
        self._asked: dict[str, Asked] = {}

    def follow(self) -> None:
        """Forget gateways that no route asks for any more, and begin with new ones; they count as reached."""
        wanted = self.wanted()
        for gone in self._asked.keys() - set(wanted):
            del self._asked[gone]
        for gateway in wanted:
            if gateway not in self._asked:
                known = self._asked[gateway] = Asked(gateway)
                self._plan(self.router.clock(), known)

    def booted(self) -> None:
        """Nothing is known any more."""
        self._asked.clear()
        self.follow()

    def down(self, gateway: str) -> bool:
        return gateway in self._asked and self._asked[gateway].down

    def _plan(self, moment: float, known: Asked) -> None:
        self.router.agenda.plan(moment, lambda: self._ask(moment, known))
        self.router.wake()

    def _current(self, known: Asked) -> bool:
        return self._asked.get(known.gateway) is known

    def _ask(self, moment: float, known: Asked) -> None:
        """Ask, and plan the next time. One to which there is no way is not asked, and counts as reached after that."""
        self.follow()
        if not self._current(known):
            return
        self._plan(max(moment + INTERVAL, self.router.clock()), known)
        if not (device := self.way_to(known.gateway)):
            known.silent = 0
            return
        address = known.gateway.partition("%")[0]
        self.router.ask(
            Probe(address, TIMEOUT, device=device, presumed=True),
            lambda answered, _seconds: self._heard(known, answered),
        )

    def _heard(self, known: Asked, answered: bool) -> None:
        """An answer came, or a request ran out."""
        if not self._current(known):
            return
        before = known.down
        known.silent = 0 if answered else known.silent + 1
        if known.down != before:
            self.told(known.gateway)
