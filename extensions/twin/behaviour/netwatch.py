# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netwatch: asks hosts over and over, judges the answers, and runs scripts when a host comes up or goes down."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..actor import SYSTEM
from ..events import launch
from ..model import Row, Values
from ..probe import Probe
from ..table import Table
from ..values.addresses import is_name
from ..values.basic import parse_duration, spell_duration
from ..values.moments import spell_moment
from .base import Behaviour

if TYPE_CHECKING:
    from ..router import Router

# What holds until somebody sets it, from MikroTik's manual; that it is not printed then is unverified.
DEFAULTS = {
    "interval": "10s", "timeout": "3s", "start-delay": "3s", "startup-delay": "5m", "packet-count": "10",
    "packet-interval": "50ms", "packet-size": "54", "ttl": "255", "thr-max": "1s", "thr-avg": "100ms",
    "thr-stdev": "250ms", "thr-jitter": "1s", "thr-loss-percent": "85%", "thr-loss-count": "4294967295", "port": "80",
    "thr-tcp-conn-time": "30s",
}  # fmt: skip
# The manual counts the header of IP and that of ICMP, which a ping's size here does not.
HEADERS = 28
PLAYED = ("icmp", "simple", "tcp-conn")
_IDLE = ("comment", "name", "up-script", "down-script", "test-script")


@dataclass(eq=False)
class Watched:
    """What is known of one entry's host; a change of the entry begins a new one."""

    row: Row
    said: Values
    status: str = "unknown"
    since: float = 0.0
    done: int = 0
    failed: int = 0
    answers: list[tuple[bool, float]] = field(default_factory=list)
    """Of the probe under way, or of the last one."""
    asking: bool = False
    found: Values = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.said.get(name) or DEFAULTS.get(name, "")

    def seconds(self, name: str) -> float:
        return (parse_duration(self.text(name)) or 0) / 1000

    @property
    def count(self) -> int:
        """Questions of one probe."""
        return int(self.text("packet-count")) if self.said["type"] == "icmp" else 1


class Netwatch(Behaviour):
    """`watched` has every entry that is on; what probes other than pings and connections find stays unknown."""

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.watched: dict[str, Watched] = {}

    def placed(self, row: Row, _new: bool) -> None:
        said = {name: text for name, text in row.values.items() if name not in _IDLE}
        known = self.watched.get(row.id)
        if known is None or known.said != said:
            self._begin(row, said, "start-delay", self.router.clock())

    def dropped(self, row: Row) -> None:
        self.watched.pop(row.id, None)

    def booted(self) -> None:
        """Nothing is known any more, and nobody is asked for some time."""
        for row in self.table:
            said = {name: text for name, text in row.values.items() if name not in _IDLE}
            self._begin(row, said, "startup-delay", self.router.started)

    def _begin(self, row: Row, said: Values, delay: str, now: float) -> None:
        self.watched.pop(row.id, None)
        if said["disabled"] == "true":
            return
        known = self.watched[row.id] = Watched(row, said)
        if said["type"] in PLAYED:
            self._plan(now + known.seconds(delay), known)

    def _plan(self, moment: float, known: Watched) -> None:
        self.router.agenda.plan(moment, lambda: self._probe(moment, known))
        self.router.wake()

    def _current(self, known: Watched) -> bool:
        return self.watched.get(known.row.id) is known

    def _probe(self, moment: float, known: Watched) -> None:
        """Ask, and plan the next time; a probe that is still under way then goes on instead (unverified)."""
        if not self._current(known):
            return
        self._plan(max(moment + known.seconds("interval"), self.router.clock()), known)
        if known.asking:
            return
        known.asking, known.answers = True, []
        probe = self._question(known)
        for number in range(known.count):
            self._ask(known, probe, self.router.clock() + number * known.seconds("packet-interval"))

    def _ask(self, known: Watched, probe: Probe | None, moment: float) -> None:
        def told(answered: bool, seconds: float) -> None:
            if self._current(known):
                self._heard(known, answered, seconds)

        def act() -> None:
            if probe is None:
                self.router.agenda.plan(moment + known.seconds("timeout"), lambda: told(False, 0.0))
            elif self._current(known):
                self.router.ask(probe, told)

        if moment <= self.router.clock():
            act()
        else:
            self.router.agenda.plan(moment, act)

    def _question(self, known: Watched) -> Probe | None:
        """None where there is nobody to ask: the name is unknown."""
        host, kind = known.said["host"].partition("@")[0], known.said["type"]
        host, _percent, device = host.partition("%")
        if is_name(host):
            host = (self.router.addresses_of(host) or [""])[0]
        if not host:
            return None
        port = int(known.text("port")) if kind == "tcp-conn" else 0
        size = max(0, int(known.text("packet-size")) - HEADERS)
        ttl = int(known.text("ttl")) if kind == "icmp" else 0
        return Probe(host, known.seconds("timeout"), known.text("src-address"), device, port, size, ttl)

    def _heard(self, known: Watched, answered: bool, seconds: float) -> None:
        known.answers.append((answered, seconds))
        if len(known.answers) < known.count:
            return
        known.asking = False
        known.done += 1
        known.found = _found(known)
        passed = _passes(known)
        known.failed += not passed
        self._conclude(known, "up" if passed else "down")

    def _conclude(self, known: Watched, status: str) -> None:
        before, known.status = known.status, status
        if before != status:
            known.since = self.router.clock()
            # The form of the line is unverified.
            kind, host = known.said["type"], known.said["host"]
            self.router.note("netwatch,info", f"event {status} [ type: {kind}, host: {host} ]")
            self.router.changed(self.table, known.row)
            ignored = before == "unknown" and known.said.get(f"ignore-initial-{status}") == "true"
            if not ignored:
                self._run(known, f"{status}-script")
        self._run(known, "test-script")

    def _run(self, known: Watched, which: str) -> None:
        if not self._current(known) or not (event := known.row.values.get(which)):
            return
        host = known.said["host"]
        # The words are those of the scheduler; netwatch's own are unverified.
        told = f"executing script {{}} from netwatch ({host}) failed, please check it manually"
        given = {name: known.row.values.get(name, "") for name in ("comment", "host", "name", "type")}
        times = {name: known.text(name) for name in ("interval", "timeout")}
        launch(self.router, event, SYSTEM, which, told, {**given, **times, **self.derived(known.row)})

    def derived(self, row: Row) -> Values:
        known = self.watched.get(row.id)
        if known is None:
            return {"status": "unknown"}
        since = {"since": spell_moment(known.since)} if known.since else {}
        tests = {"done-tests": str(known.done), "failed-tests": str(known.failed)}
        return {"status": known.status, **since, **tests, **known.found}


def _times(known: Watched) -> list[float]:
    return [seconds for answered, seconds in known.answers if answered]


def _found(known: Watched) -> Values:
    """What print tells of the last probe; of a simple one nothing."""
    times = _times(known)
    if known.said["type"] == "tcp-conn":
        return {"tcp-connect-time": _spell(times[0])} if times else {}
    if known.said["type"] != "icmp":
        return {}
    sent = len(known.answers)
    lost = sent - len(times)
    counts = {"sent-count": sent, "response-count": len(times), "loss-count": lost}
    told = {name: str(number) for name, number in counts.items()} | {"loss-percent": f"{lost * 100 / sent:g}%"}
    if not times:
        return told
    ways = {"avg": statistics.fmean(times), "min": min(times), "max": max(times)}
    spread = {"jitter": max(times) - min(times), "stdev": statistics.pstdev(times)}
    return told | {f"rtt-{name}": _spell(seconds) for name, seconds in {**ways, **spread}.items()}


def _spell(seconds: float) -> str:
    """To the millisecond; routers tell parts of it, too, in a form that is unverified."""
    return spell_duration(round(seconds * 1000))


def _passes(known: Watched) -> bool:
    """Whether a probe is one of a host that is up; a value above a threshold is a failure."""
    times = _times(known)
    if known.said["type"] == "tcp-conn":
        return bool(times) and times[0] <= known.seconds("thr-tcp-conn-time")
    if known.said["type"] == "simple":
        return bool(times)
    lost = len(known.answers) - len(times)
    share = float(known.text("thr-loss-percent").removesuffix("%"))
    if lost * 100 / len(known.answers) > share or lost > int(known.text("thr-loss-count")):
        return False
    if not times:
        return True
    measured = {
        "thr-max": max(times),
        "thr-avg": statistics.fmean(times),
        "thr-stdev": statistics.pstdev(times),
        "thr-jitter": max(times) - min(times),
    }
    return all(seconds <= known.seconds(name) for name, seconds in measured.items())
