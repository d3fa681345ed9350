# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router without sockets: its tables, what they do, and one entry point for commands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from .actor import LOCAL, Actor
from .agenda import Agenda
from .behaviour import behaviour_of
from .behaviour.base import Behaviour
from .clock import SteppedClock
from .command import Command, Reply
from .errors import Trap
from .jobs import Failure, Job, Jobs
from .menus import menus_of
from .model import Row, Values
from .persona import Persona
from .plane import NoPlane, Plane
from .probe import Ask, Hearsay
from .references import resolve
from .script.data import Value
from .table import Table
from .view import View

# (who is asked, with which source address or none) -> whether an answer comes back
Echo = Callable[[str, str], bool]
# (who is asked, which port, with which source address or none) -> whether a connection comes about
Connects = Callable[[str, int, str], bool]
# (menu path, row as print shows it, whether it is gone)
Watcher = Callable[[str, Values, bool], None]
Rows = Sequence[Mapping[str, str]]


class Router:
    """The whole state of one twin; `run` executes one command and never raises for what a client sends."""

    def __init__(
        self,
        persona: Persona | str | None = None,
        *,
        identity: str = "MikroTik",
        ethernets: int = 5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.persona = Persona(persona) if isinstance(persona, str) else persona or Persona()
        self.clock = clock
        self.started = clock()
        self.lock = threading.RLock()
        # Who answers pings; nobody moves packets here, so it is only the router itself until somebody says more.
        self.echo: Echo = self.is_own
        self.connects: Connects = lambda address, _port, source: self.is_own(address, source)
        # What is asked on the router's own account; where packets are moved it takes its time.
        self.ask: Ask = Hearsay(self)
        self.watchers: list[Watcher] = []
        # Whoever waits for what is due next, and whoever must know that the router went down.
        self.wakers, self.at_reboot = list[Callable[[], None]](), list[Callable[[], None]]()
        self.boots = 0
        self.plane: Plane = NoPlane()
        self.jobs, self.agenda = Jobs(self), Agenda()
        # Global variables of scripts, by user.
        self.globals: dict[str, dict[str, Value]] = {}
        self.tables: dict[str, Table] = {}
        self.behaviours: dict[str, Behaviour] = {}
        self.defaults: dict[tuple[str, str], str] = {}
        self._lay_out()
        self._furnish(identity, ethernets)

    def _lay_out(self) -> None:
        """Every menu that the version has, empty."""
        for path, menu in menus_of(self.persona).items():
            self.tables[path] = Table(menu, self.persona)
            self.behaviours[path] = behaviour_of(path)(self, self.tables[path])
        self.prefixes = _prefixes(self.tables)

    def run(self, command: Command, actor: Actor = LOCAL) -> list[Reply]:
        """All reply sentences of one command, `!done` last."""
        from .verbs import execute

        with self.lock:
            try:
                return execute(self, command, actor)
            except Trap as trap:
                return [trapped(trap), Reply("!done")]
            finally:
                self.plane.settle()

    def call(
        self, full: str, words: Mapping[str, str] | None = None, *queries: str, actor: Actor = LOCAL
    ) -> list[Values]:
        """Run `/menu/verb` in process: rows, or one row with `ret` for an add; raises Trap."""
        from .verbs import execute

        path, _dummy, verb = full.rpartition("/")
        with self.lock:
            replies = execute(self, Command(path, verb, tuple((words or {}).items()), queries), actor)
            self.plane.settle()
        return [dict(reply.attributes) for reply in replies if reply.word == "!re" or reply.attributes]

    def add(self, path: str, **words: str) -> str:
        """Add an entry in process and give its id; `_` in names stands for `-`."""
        return self.call(f"{path}/add", {name.replace("_", "-"): value for name, value in words.items()})[0]["ret"]

    def rows(self, path: str, *, actor: Actor = LOCAL) -> list[Values]:
        """The rows of a menu in order, as print shows them; secrets included unless the actor may not see them."""
        with self.lock:
            self.plane.refresh(path)
            return View(self, self.tables[path], actor).all()

    def dump(self) -> dict[str, list[Values]]:
        """Every configuration menu's rows: equal dumps mean equal routers."""
        volatile = ("/log", "/system/resource", "/system/clock", "/user/active", "/system/script/job")
        found = {path: self.rows(path) for path in self.tables if path not in volatile}
        return {path: rows for path, rows in found.items() if rows}

    def seed(self, state: Mapping[str, Rows]) -> None:
        """Put rows in place as if they had always been there; see seed.py. Raises ValueError."""
        from .seed import plant

        with self.lock:
            plant(self, state)

    def addresses_of(self, name: str) -> list[str]:
        """What a DNS name stands for: the enabled entries of `/ip/dns/static`, in order; none is an unknown name."""
        wanted = name.rstrip(".").lower()
        entries = (row.values for row in self.tables["/ip/dns/static"] if row.values["disabled"] == "false")
        return [entry["address"] for entry in entries if entry["name"].rstrip(".").lower() == wanted]

    def is_own(self, address: str, _source: str) -> bool:
        """Whether an enabled entry of `/ip/address` has it."""
        rows = self.tables["/ip/address"]
        return any(row.values["disabled"] == "false" and row.values["address"].split("/")[0] == address for row in rows)

    def changed(self, table: Table, row: Row) -> None:
        """Tell whoever listens that an entry is new or different."""
        if self.watchers:
            shown = View(self, table, LOCAL).row(row)
            for watcher in list(self.watchers):
                watcher(table.menu.path, shown, False)

    def removed(self, table: Table, id_: str) -> None:
        for watcher in list(self.watchers):
            watcher(table.menu.path, {".id": id_}, True)

    def note(self, topics: str, message: str) -> None:
        """Write a line to the router's log; the oldest of 1000 goes."""
        log = self.tables["/log"]
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.clock()))
        log.insert(Row(log.new_id(), {"time": stamp, "topics": topics, "message": message}))
        if len(log) > 1000:
            log.discard(log.rows[0])

    @property
    def failures(self) -> list[Failure]:
        """Every run of a script that an error ended, oldest first, the last 1000; reboots keep them."""
        return list(self.jobs.failures)

    def wake(self) -> None:
        """Tell whoever waits that something may be due earlier than it was."""
        for waker in list(self.wakers):
            waker()

    def next_due(self) -> float | None:
        """When `run_due` has something to do, by the router's clock; None if nothing is planned."""
        from .boot import schedulers

        with self.lock:
            dues = (schedulers(self).next_due(), self.jobs.next_due(), self.agenda.next_due())
            return min((due for due in dues if due is not None), default=None)

    def run_due(self) -> None:
        """Run what is due in order: scheduler entries, scripts whose `:delay` is over, and what is on the agenda."""
        from .boot import schedulers

        with self.lock:
            now, entries = self.clock(), schedulers(self)
            while True:
                job, row = self.jobs.due(now), entries.due(now)
                if self.agenda.is_due(now) and not self._sooner(job, row):
                    self.agenda.act()
                elif job and (row is None or job.wake <= entries.dues[row.id]):
                    self.jobs.go_on(job)
                elif row:
                    entries.fire(row)
                else:
                    return
                self.plane.settle()

    def _sooner(self, job: Job | None, row: Row | None) -> bool:
        """Whether a script or a scheduler entry is due before what comes first of the agenda."""
        from .boot import schedulers

        moments = [*([job.wake] if job else ()), *([schedulers(self).dues[row.id]] if row else ())]
        return any(moment <= (self.agenda.next_due() or 0.0) for moment in moments)

    def advance(self, seconds: float) -> None:
        """Let time pass on a SteppedClock, stopping at every moment at which something is due."""
        if not isinstance(self.clock, SteppedClock):
            raise TypeError("only a router with a SteppedClock can be advanced")
        with self.lock:
            end = self.clock.now + seconds
            while (due := self.next_due()) is not None and due <= end:
                self.clock.now = max(self.clock.now, due)
                self.run_due()
            self.clock.now = max(self.clock.now, end)

    def reboot(self) -> None:
        """Cut every connection and start again at once with what is configured; see boot.py."""
        from .boot import restart

        with self.lock:
            self.boots += 1
            self.started = self.clock()
            restart(self)
        for told in list(self.at_reboot):
            told()

    def set_user(self, name: str, password: str, policies: Iterable[str] = ()) -> None:
        """Create or change an account; policies other than full's make a group named after the user."""
        from .accounts import set_user

        with self.lock:
            set_user(self, name, password, policies)

    def _furnish(self, identity: str, ethernets: int) -> None:
        from .furniture import furnish

        furnish(self, identity, ethernets)

    def default(self, path: str, name: str) -> str | None:
        """What a field holds when nobody gave a value, in stored form."""
        if (path, name) in self.defaults:
            return self.defaults[path, name]
        field = self.tables[path].fields[name]
        if field.default and field.refers and field.default not in field.refers.keywords:
            stored = resolve(self.tables, field, field.default)
            self.defaults[path, name] = stored
            return stored
        return field.default


def trapped(trap: Trap) -> Reply:
    """The `!trap` sentence of a refusal."""
    attributes = {} if trap.category is None else {"category": str(trap.category)}
    return Reply("!trap", {**attributes, "message": trap.message})


def _prefixes(paths: Iterable[str]) -> frozenset[str]:
    """Every folder of the tree, menus included."""
    found = {""}
    for path in paths:
        parts = path.split("/")
        found.update("/".join(parts[:length]) for length in range(2, len(parts) + 1))
    return frozenset(found)
