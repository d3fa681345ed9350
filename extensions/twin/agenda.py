# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router means to do, and when, by its own clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Act = Callable[[], None]


class Agenda:
    """Acts in the order of their moments; of one moment, in the order in which they were planned."""

    def __init__(self) -> None:
        self._acts: list[tuple[float, int, Act]] = []
        self._order = itertools.count()

    def plan(self, moment: float, act: Act) -> None:
        """May be called by any thread at any time."""
        heapq.heappush(self._acts, (moment, next(self._order), act))

    def next_due(self) -> float | None:
        return self._acts[0][0] if self._acts else None

    def is_due(self, now: float) -> bool:
        return bool(self._acts) and self._acts[0][0] <= now

    def act(self) -> None:
        """Do what comes first."""
        heapq.heappop(self._acts)[2]()

    def clear(self) -> None:
        self._acts.clear()
