# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks something in a lab while packets flow, mends it, and says what became of the packets."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from twin.live import Lab

from tools.failover.failures import FAILURES
from tools.failover.flow import LATE, Damage, Flow
from tools.failover.labs import LABS, Setting, configure

FIRST, SECOND = 0, 1
STARTING, FAILING, RETURNING, STAYING = 60.0, 90.0, 90.0, 15.0
"""Seconds to wait for: the first packets, the other way, the first one again, and nothing."""
SETTLING, LOOK = 5.0, 2.0
RESTS = ("multi_peer",)
"""Methods that stay on the way they have come to."""


@dataclass(frozen=True)
class Trial:
    """What a failure cost, and what it cost that it was over; None for what never came about."""

    method: str
    lab: str
    failure: str
    round_trip: bool
    ipsec: str
    lost: Damage | None = None
    returned_after: float | None = None
    """Seconds from the mending until packets took the first way again."""
    returned: Damage | None = None


class Meter:
    """Tells by counters of what is on either way which one the packets take."""

    def __init__(self, lab: Lab, setting: Setting) -> None:
        self.lab = lab
        self.setting = setting
        self._counted = (0, 0)

    def way(self) -> int | None:
        """The way that nearly all packets from the branch took since it was asked last; None if there were few."""
        before, self._counted = self._counted, (self._count(FIRST), self._count(SECOND))
        first, second = (now - then for now, then in zip(self._counted, before, strict=True))
        if max(first, second) < 8 or min(first, second) * 2 > max(first, second):
            return None
        return FIRST if first > second else SECOND

    def _count(self, way: int) -> int:
        node, device = self.setting.ways[way]
        lines = self.lab.run(node, "cat", "/proc/net/dev").out.splitlines()
        [found] = [line.split(":")[1].split() for line in lines if line.strip().startswith(f"{device}:")]
        return int(found[1])


def trials(method: str, name: str, failure: str, times: int = 1) -> Iterator[Trial]:
    """Start a lab, make its routers, break and mend; again, up to so many times, while the first way is taken again."""
    setting = LABS[name](method)
    with Lab(setting.plan) as lab:
        configure(lab, setting)
        address = "192.168.10.10"
        with Flow(lab, "branch-pc", "hq-pc", address, round_trip=setting.round_trip) as flow:
            for _time in range(times):
                begun = Trial(method, name, failure, setting.round_trip, lab.ipsec)
                yield (found := _measured(flow, Meter(lab, setting), begun))
                if found.returned_after is None:
                    return


def _measured(flow: Flow, meter: Meter, found: Trial) -> Trial:
    lab, failure = flow.lab, FAILURES[found.lab][found.failure]
    if _until(flow, meter, FIRST, STARTING, time.monotonic()) is None:
        raise TimeoutError(f"{found.method} in lab {found.lab}: nothing crosses although nothing is broken")
    # Each end has looked at the other one before; looks are at fixed moments, and what breaks is not.
    time.sleep(SETTLING + random.uniform(0, LOOK))
    broken = time.monotonic()
    lab.fail(*failure.breaks)
    if _until(flow, meter, SECOND, FAILING, broken) is None:
        return found
    lost = flow.damage(broken, time.monotonic() - LATE)
    mended = time.monotonic()
    lab.fail(*failure.mends)
    back = _until(flow, meter, FIRST, STAYING if found.method in RESTS else RETURNING, mended)
    returned = flow.damage(mended, time.monotonic() - LATE)
    return Trial(
        found.method,
        found.lab,
        found.failure,
        found.round_trip,
        found.ipsec,
        lost,
        back - mended if back else None,
        returned,
    )


def _until(flow: Flow, meter: Meter, way: int, patience: float, since: float) -> float | None:
    """The moment at which all packets had begun to take a way and arrive; None if they do not in time."""
    meter.way()
    began: float | None = None
    while time.monotonic() < since + patience:
        time.sleep(0.4)
        if meter.way() != way:
            began = None
            continue
        began = began or time.monotonic() - 0.2
        if flow.steady(began):
            return began
    return None
