# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flow of packets between two hosts of a lab, and what an outage did to it."""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from twin.live import Lab

from tools.failover import traffic

Moments = Mapping[int, float]
STEADY = 1.0
"""Seconds without a loss after which a flow counts as flowing again."""
LATE = 0.3
"""Seconds that a packet may be under way."""


@dataclass(frozen=True)
class Damage:
    """What became of the packets sent in a span of time."""

    lost: int
    seconds: float
    """The longest time in which nothing arrived."""


class Flow:
    """Packets from one host to another; with `round_trip` those count that came back, else those that arrived."""

    def __init__(self, lab: Lab, source: str, target: str, address: str, *, round_trip: bool) -> None:
        self.lab = lab
        self.source, self.target, self.address = source, target, address
        self.round_trip = round_trip
        self.interval = 0.02
        self._folder = tempfile.TemporaryDirectory(prefix="flow-")
        self._running: list[int] = []

    def _record(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def __enter__(self) -> Flow:
        """Start both ends."""
        program = [sys.executable, traffic.__file__]
        for name in ("sent", "returned", "arrived"):
            self._record(name).touch()
        answering = [*program, "answer", str(self._record("arrived"))]
        sending = [self.address, str(self.interval), str(self._record("sent")), str(self._record("returned"))]
        self._running.append(self.lab.start(self.target, *answering))
        self._running.append(self.lab.start(self.source, *program, "send", *sending))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._running:
            self.lab.stop_command(number)
        self._folder.cleanup()

    def _moments(self, name: str) -> Moments:
        lines = self._record(name).read_text().splitlines(keepends=True)
        # The last one may be half written.
        whole = (line.split() for line in lines if line.endswith("\n"))
        return {int(number): float(moment) for number, moment in whole}

    @property
    def sent(self) -> Moments:
        return self._moments("sent")

    @property
    def seen(self) -> Moments:
        return self._moments("returned" if self.round_trip else "arrived")

    def steady(self, since: float = 0.0) -> bool:
        """Whether everything sent in the last second, and after a moment, has been seen."""
        now = time.monotonic()
        if now < since + STEADY + LATE:
            return False
        begin, end = now - STEADY - LATE, now - LATE
        wanted = [number for number, moment in self.sent.items() if begin < moment <= end]
        return len(wanted) > STEADY / self.interval / 2 and set(wanted) <= self.seen.keys()

    def damage(self, begin: float, end: float) -> Damage:
        """What became of what was sent between two moments, the later of which is some time ago."""
        sent, seen = self.sent, self.seen
        asked = [number for number, moment in sent.items() if begin <= moment <= end]
        return damage(asked, seen, begin, end)


def damage(asked: list[int], seen: Moments, begin: float, end: float) -> Damage:
    """How many of the packets asked for were never seen, and the longest time without any."""
    there = sorted(seen[number] for number in asked if number in seen)
    edges = [begin, *there, max([end, *there])]
    return Damage(len(asked) - len(there), max(later - earlier for earlier, later in itertools.pairwise(edges)))
