# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a lab of live twins, says where their APIs are, and runs commands on its hosts."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .needs import entering, missing
from .topology import BRIDGE, Plan

EXTENSIONS = Path(__file__).parents[2]
CAPTURE = Path(__file__).with_name("capture.py")
PATIENCE = 60.0


class Trouble(Exception):
    """The lab did not start, or is gone; carries the reason."""


@dataclass(frozen=True)
class Done:
    """A command that ended; status 124 says that its time was over."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """Where a router's API is, seen from whoever started the lab."""

    version: str
    host: str
    port: int
    tls_port: int
    ca_file: str


class Lab:
    """A lab that runs; use as context manager. It ends with this process, however that comes about."""

    def __init__(self, plan: Plan, folder: Path | None = None) -> None:
        """`folder` is where its files go, into one of their own."""
        plan.check()
        self.plan = plan
        self.routers: dict[str, Place] = {}
        self.nodes: list[str] = []
        self.ipsec = ""
        self._folder = tempfile.TemporaryDirectory(prefix="twin-live-", dir=folder)
        self._process: subprocess.Popen[str] | None = None
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._first: queue.Queue[dict[str, Any]] = queue.Queue()
        self._lock = threading.Lock()
        self._number = 0
        self._listening: threading.Thread | None = None

    def __enter__(self) -> Lab:
        """Start it; raises Trouble with a sentence for each thing that is missing or wrong."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        if lacking := missing():
            raise Trouble("; ".join(lacking))
        sockets = {name: self._listen(router.tls) for name, router in self.plan.routers.items()}
        numbers = {name: {service: sock.fileno() for service, sock in each.items()} for name, each in sockets.items()}
        self._process = subprocess.Popen(
            [*entering(), sys.executable, "-m", "twin.live.inside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[number for each in numbers.values() for number in each.values()],
            env={**os.environ, "PYTHONPATH": str(EXTENSIONS), "TMPDIR": self._folder.name},
        )
        for each in sockets.values():
            for sock in each.values():
                sock.close()
        self._send({"plan": asdict(self.plan), "sockets": numbers})
        self._listening = threading.Thread(target=self._listen_to, args=(self._process,), daemon=True)
        self._listening.start()
        self._begun(self._first.get(timeout=PATIENCE))

    def _begun(self, told: Mapping[str, Any]) -> None:
        if "error" in told:
            raise Trouble(told["error"])
        self.nodes, self.ipsec = told["ready"]["nodes"], told["ready"]["ipsec"]
        self.routers = {name: Place(**each) for name, each in told["ready"]["routers"].items()}

    @staticmethod
    def _listen(tls: bool) -> dict[str, socket.socket]:
        """Sockets opened here stay reachable from here, whatever namespace the router's process is in."""
        return {name: socket.create_server(("127.0.0.1", 0)) for name in ("api", *(["api-ssl"] if tls else ()))}

    def _send(self, told: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            with self._lock:
                self._process.stdin.write(json.dumps(told) + "\n")
                self._process.stdin.flush()
        except (OSError, ValueError):
            raise Trouble("the lab is gone") from None

    def _listen_to(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            (self._answers[told["id"]] if "id" in told else self._first).put(told)
        for waiting in (self._first, *self._answers.values()):
            waiting.put({"error": "the lab has ended"})

    def _ask(self, patience: float, **asked: Any) -> dict[str, Any]:
        with self._lock:
            self._number += 1
            number = self._number
        self._answers[number] = queue.Queue()
        self._send({"id": number, **asked})
        try:
            told = self._answers[number].get(timeout=patience)
        except queue.Empty:
            raise Trouble("the lab does not answer") from None
        del self._answers[number]
        if "error" in told:
            raise Trouble(told["error"])
        return told

    def run(self, node: str, *command: str, timeout: float = 20.0) -> Done:
        """Run a command on a host, on a router's Linux side or in the internet, and wait for its end."""
        told = self._ask(timeout + 10, do="run", command=command, timeout=timeout, **{"in": node})
        return Done(told["status"], told["out"], told["err"])

    def start(self, node: str, *command: str) -> int:
        """Begin a command that `stop_command` ends; gives its number."""
        return int(self._ask(PATIENCE, do="start", command=command, **{"in": node})["process"])

    @contextmanager
    def capture(self, node: str) -> Iterator[list[str]]:
        """What crosses a node meanwhile, a line a packet; the list is filled at the end."""
        lines: list[str] = []
        number = self.start(node, sys.executable, "-IS", str(CAPTURE), BRIDGE)
        try:
            # It says so once it listens; no packet of the caller's can come before.
            self._ask(PATIENCE, do="wait", process=number, **{"in": node})
            yield lines
        finally:
            lines += self.stop_command(number).out.splitlines()

    def stop_command(self, number: int) -> Done:
        told = self._ask(PATIENCE, do="stop", process=number)
        return Done(told["status"], told["out"], told["err"])

    def rows(self, router: str, menu: str) -> list[dict[str, str]]:
        """A menu of a router as print shows it, secrets included; needs no login."""
        return list(self._ask(PATIENCE, do="print", menu=menu, **{"in": router})["rows"])

    def cut(self, one: str, other: str) -> None:
        """Take the cables between two nodes out; neither end has carrier."""
        self.fail("cut", one, other)

    def blackhole(self, one: str, other: str) -> None:
        """Let what crosses the cables between two nodes vanish; both ends keep their carrier and learn nothing."""
        self.fail("blackhole", one, other)

    def mend(self, one: str, other: str) -> None:
        """Undo what `cut` and `blackhole` did to the cables between two nodes."""
        self.fail("mend", one, other)

    def kill(self, router: str, daemon: str) -> None:
        """End a router's daemon, `ike` or `vrrp`, as a crash does: nobody is told."""
        self.fail("kill", router, daemon)

    def revive(self, router: str, daemon: str) -> None:
        """Start a daemon that was killed."""
        self.fail("revive", router, daemon)

    def power_off(self, router: str) -> None:
        """Take a router's power away: ports down, daemons gone, its API cuts its sessions and takes no others."""
        self.fail("power-off", router)

    def power_on(self, router: str) -> None:
        """Let a router start again with what was configured; what a reboot takes away is gone."""
        self.fail("power-on", router)

    def fail(self, verb: str, *names: str) -> None:
        """One of these verbs, by name; raises Trouble for what is not there."""
        self._ask(PATIENCE, do="break", verb=verb, names=names)

    def wait(self) -> None:
        """Return when the lab has ended, be it because somebody stopped it or by itself."""
        if self._listening:
            self._listening.join()

    def stop(self) -> None:
        """End everything; calling it twice is harmless."""
        process, self._process = self._process, None
        if process:
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                # With the first process of its namespace all others end.
                process.kill()
                process.wait()
            if self._listening:
                self._listening.join()
            assert process.stdout is not None
            process.stdout.close()
        self._folder.cleanup()
