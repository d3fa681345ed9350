# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guarded changes of a twin whose clock only tests turn, and whose firewall acts on whoever manages it."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Watch
from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import perform
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from twin import Faults, Seat, Server
from twin.clock import SteppedClock
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD

TIMEOUT = 60
SEAT = Seat("192.168.88.10", "192.168.88.1", "ether2", denied="close")
COUNTED = ("bytes", "packets")
VOLATILE = ("/log", "/user/active", "/system/script/job", "/system/resource", "/system/clock")
Rows = Sequence[Mapping[str, Any]]


def guarded_twin(make_twin: MakeTwin, seed: Mapping[str, Rows], seat: Seat | None = SEAT, **more: Any) -> Server:
    """A router from the factory with more on it, at a moment of its own."""
    clock = SteppedClock()
    own = None if seat is None else replace(seat)
    more = {"defconf": True, "faults": Faults(), **more}
    return make_twin(users={"admin": PASSWORD}, seed=seed, clock=clock, seat=own, **more)


def watch(server: Server, pauses: list[float] | None = None) -> Watch:
    """Time of the controller that passes on the router as well, and only while the controller pauses."""

    def pause(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)
        server.router.advance(seconds)

    return Watch(server.router.clock, pause)


def target(server: Server, patience: float = 5) -> Target:
    return Target("127.0.0.1", password=PASSWORD, port=server.port, transport="api", timeout=patience)


def ask(server: Server, module: str, arguments: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What a task does, without a process around it; `guard` as given, else for a minute."""
    words = {"guard": {"when": "auto", "timeout": TIMEOUT}, **arguments}
    request = request_from(module, validate(spec_of(module), words))
    there = target(server, more.pop("patience", 5))
    return dict(perform(request, there, Secrets(), watch=more.pop("watch", None) or watch(server), **more))


def snapshot(server: Server) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Every row of the configuration as it is stored: id, order, and values; what counts by itself aside."""
    with server.router.lock:
        return {
            path: [
                (row.id, {name: value for name, value in row.values.items() if name not in COUNTED})
                for row in table.rows
                if not row.dynamic
            ]
            for path, table in server.router.tables.items()
            if path not in VOLATILE
        }


def stay_away(server: Server) -> None:
    """Take no new connections from the first one on that ends by a fault."""
    strike = server.faults.strike

    def struck() -> str:
        found = strike()
        if found:
            server.faults.refuse_connections = "close"
        return found

    server.faults.strike = struck  # type: ignore[method-assign]


@dataclass
class Killing(Faults):
    """Kills the process that talks to the router, at the nth sentence: before it is carried out, or after."""

    nth: int = 0
    moment: str = "before"
    seen: int = field(default=0, init=False)
    killed: bool = field(default=False, init=False)
    victim: int = field(default=0, init=False)

    def strike(self) -> str:
        if not self.victim or self.killed:
            return ""
        self.seen += 1
        if self.seen < self.nth:
            return ""
        self.killed = True
        os.kill(self.victim, signal.SIGKILL)
        return self.moment


def in_a_process(faults: Killing, work: Callable[[], object]) -> int:
    """Do something in a process of its own that may be killed; returns how it ended."""
    with warnings.catch_warnings():
        # The child touches nothing that another thread could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        start, go = os.pipe()
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.read(start, 1)
            work()
            status = 0
        finally:
            os._exit(status)
    faults.victim = child
    os.write(go, b"x")
    _child, status = os.waitpid(child, 0)
    faults.victim = 0
    os.close(start)
    os.close(go)
    return os.waitstatus_to_exitcode(status)
