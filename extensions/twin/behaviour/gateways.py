# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`check-gateway`: gateways are asked every ten seconds, and one that let two requests run out is not used."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..router import Router

# A request runs out when the next one is due.
INTERVAL, TIMEOUT = 10.0, 10.0
TIMEOUTS = 2


@dataclass
class Asked:
    """One gateway: when it is asked next, whether a request is open, and how many ran out since it last answered."""

    due: float
    open: bool = False
    silent: int = 0


class Gateways:
    """Gateways by address, with `%interface` where a route says so.

    `wanted` gives those that routes ask for, `told` is called with one that came or went.
    """

    def __init__(self, router: Router, wanted: Callable[[], Collection[str]], told: Callable[[str], None]) -> None:
        self.router = router
        self.wanted = wanted
        self.told = told
        # Who moves packets asks by itself, and says here what it heard.
        self.asked_by_plane = False
        self._asked: dict[str, Asked] = {}

    def follow(self) -> Collection[str]:
        """Forget gateways that no route asks for any more, and begin with new ones; they count as reached."""
        wanted = self.wanted()
        for gone in self._asked.keys() - set(wanted):
            del self._asked[gone]
        for gateway in wanted:
            self._asked.setdefault(gateway, Asked(self.router.clock()))
        return wanted

    def forget(self) -> None:
        self._asked.clear()

    def down(self, gateway: str) -> bool:
        found = self._asked.get(gateway)
        return found is not None and found.silent >= TIMEOUTS

    def heard(self, gateway: str, answered: bool) -> None:
        """An answer came, or a request ran out."""
        if (found := self._asked.get(gateway)) is None:
            return
        before = self.down(gateway)
        found.silent = 0 if answered else found.silent + 1
        if self.down(gateway) != before:
            self.told(gateway)

    def next_due(self) -> float | None:
        if self.asked_by_plane:
            return None
        self.follow()
        return min((each.due for each in self._asked.values()), default=None)

    def ask(self) -> None:
        """Ask whoever is due; what was asked before and did not answer has run out."""
        now = self.router.clock()
        for gateway, each in list(self._asked.items()):
            if each.due > now:
                continue
            each.due = now + INTERVAL
            if each.open:
                self.heard(gateway, False)
            each.open = not self.router.reaches(gateway.partition("%")[0])
            if not each.open:
                self.heard(gateway, True)
