# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduler entries: when each is due next, and what happens then."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..actor import Actor
from ..errors import failure
from ..events import launch
from ..model import Row, Values
from ..table import Table
from ..values.basic import parse_duration
from ..values.moments import STARTUP, moment, spell_moment
from .base import Behaviour

if TYPE_CHECKING:
    from ..router import Router

# cli.md, 11: entries for the start run about this long after it.
STARTUP_DELAY = 3.0
# Shorter intervals would keep the twin from anything else.
SHORTEST = 0.01
_TIMING = ("start-date", "start-time", "interval", "disabled")


class Schedulers(Behaviour):
    """`dues` has the moment of the next run for every entry that has one."""

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.dues: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.timing: dict[str, tuple[str, ...]] = {}
        # 7.24 to 7.24.4 do not fire entries that were made without start date and time.
        self.defect = router.persona.within("7.24", "7.24.5")
        self.mute: set[str] = set()
        self._undated = False

    def prepare(self, values: Values) -> None:
        self._undated = "start-date" not in values and "start-time" not in values
        self._date(values)
        values.setdefault("owner", "admin")

    def check(self, values: Values, _row: Row | None) -> None:
        self._date(values)
        if values.get("days", "always") not in ("always", ""):
            raise failure("the twin does not play days")

    def _date(self, values: Values) -> None:
        date, time_of_day = spell_moment(self.router.clock()).split(" ")
        values.setdefault("start-date", date)
        values.setdefault("start-time", time_of_day)

    def placed(self, row: Row, new: bool) -> None:
        timing = tuple(row.values[name] for name in _TIMING)
        if self.timing.get(row.id) == timing:
            return
        if new and self._undated and self.defect:
            self.mute.add(row.id)
        elif row.id in self.timing and self.timing[row.id][:2] != timing[:2]:
            self.mute.discard(row.id)
        self.timing[row.id] = timing
        self._plan(row, self.router.clock())

    def dropped(self, row: Row) -> None:
        for known in (self.dues, self.counts, self.timing):
            known.pop(row.id, None)
        self.mute.discard(row.id)

    def booted(self) -> None:
        """Counts begin anew; entries for the start are due, those whose only moment has passed are not."""
        self.counts.clear()
        self.dues.clear()
        for row in self.table:
            self._plan(row, self.router.clock())
            once = row.values["start-time"] == STARTUP and not self._interval(row)
            if once and row.values["disabled"] == "false":
                self._set_due(row, self.router.started + STARTUP_DELAY)

    def _plan(self, row: Row, now: float) -> None:
        due = self._upcoming(row, now) if row.values["disabled"] == "false" and row.id not in self.mute else None
        self._set_due(row, due)

    def _set_due(self, row: Row, due: float | None) -> None:
        if due is None:
            self.dues.pop(row.id, None)
        else:
            self.dues[row.id] = due
            self.router.wake()

    def _interval(self, row: Row) -> float:
        seconds = (parse_duration(row.values["interval"]) or 0) / 1000
        return max(seconds, SHORTEST) if seconds else 0.0

    def _upcoming(self, row: Row, now: float) -> float | None:
        """The first moment after now; a single moment that has passed is not made up for (unverified)."""
        interval = self._interval(row)
        if row.values["start-time"] == STARTUP:
            if not interval:
                return None
            start = self.router.started + interval
        else:
            start = moment(row.values["start-date"], row.values["start-time"])
        if start > now:
            return start
        return start + (math.floor((now - start) / interval) + 1) * interval if interval else None

    def next_due(self) -> float | None:
        return min(self.dues.values(), default=None)

    def due(self, now: float) -> Row | None:
        """The entry to run first: the earliest, and of those that are due together the first of the list."""
        ready = [row for row in self.table if self.dues.get(row.id, math.inf) <= now]
        return min(ready, key=lambda row: self.dues[row.id], default=None)

    def fire(self, row: Row) -> None:
        """Count and plan ahead first, since the script may remove its own entry."""
        due = self.dues[row.id]
        now = self.router.clock()
        self.counts[row.id] = self.counts.get(row.id, 0) + 1
        # Moments that were missed, because the clock jumped or the machine was busy, are left out.
        self._set_due(row, self._upcoming(row, max(due, now)) if self._interval(row) else None)
        self.router.changed(self.table, row)
        self._launch(row)

    def _launch(self, row: Row) -> None:
        name = row.values["name"]
        actor = Actor(row.values["owner"], frozenset(row.values["policy"].split(",")))
        told = f"executing script {{}} from scheduler ({name}) failed, please check it manually"
        launch(self.router, row.values["on-event"], actor, name, told)

    def derived(self, row: Row) -> Values:
        shown = {"run-count": str(self.counts.get(row.id, 0))}
        if row.id in self.dues:
            shown["next-run"] = spell_moment(self.dues[row.id])
        return shown
