# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a lab while its starter is gone, and answers on a socket that only its owner can reach.

Each connection asks one thing, a line of JSON, and gets a line back; who asks for the end gets the end of the line.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...cli import End
from ..lab import Lab, Trouble
from ..topology import Plan
from .record import CONTROL, Record, inventory, variables, write

Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """What to hold, and which files to keep while it is held; `folder` is private, and goes with the lab."""

    plan: Plan
    folder: Path
    state: Path
    inventory: Path | None = None
    variables: Path | None = None
    lifetime: float = 0
    """Seconds after which it ends by itself; 0: never."""

    def dump(self) -> str:
        paths = {name: str(getattr(self, name) or "") for name in ("folder", "state", "inventory", "variables")}
        return json.dumps({**paths, "lifetime": self.lifetime, "plan": self.plan.dump()})

    @property
    def files(self) -> list[Path]:
        """What is written besides the state."""
        return [file for file in (self.inventory, self.variables) if file]

    @staticmethod
    def load(text: str) -> Job:
        found = json.loads(text)
        folder, state, inventory, variables = (
            Path(found[name]) if found[name] else None for name in ("folder", "state", "inventory", "variables")
        )
        assert folder
        assert state
        return Job(Plan.load(found["plan"]), folder, state, inventory, variables, found["lifetime"])


def hold(job: Job, ready: Callable[[Record], None], *, with_stdin: bool = False) -> None:
    """Run the lab until a signal, a request or, if wanted, the end of standard input; raises Trouble and OSError."""
    end = End()
    try:
        with socket.socket(socket.AF_UNIX) as control:
            control.bind(str(job.folder / CONTROL))
            control.listen()
            with Lab(job.plan, job.folder) as lab:
                Answering(lab, control).start()
                if job.lifetime:
                    _end_after(job.lifetime)
                ready(_write(job, lab))
                end.wait(with_stdin)
    finally:
        for file in (job.state, *job.files):
            file.unlink(missing_ok=True)
        shutil.rmtree(job.folder, ignore_errors=True)


def _end_after(seconds: float) -> None:
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _write(job: Job, lab: Lab) -> Record:
    leads = inventory(job.plan, lab.routers)
    if job.inventory:
        write(job.inventory, json.dumps(leads, indent=2) + "\n")
    if job.variables:
        write(job.variables, json.dumps(variables(leads["all"]["hosts"]), indent=2) + "\n")
    files = tuple(map(str, job.files))
    found = Record(os.getpid(), str(job.folder), files, lab.ipsec, tuple(lab.nodes), lab.routers)
    write(job.state, found.dump())
    return found


class Answering:
    """Does with the lab what connections ask, each in a thread of its own."""

    def __init__(self, lab: Lab, control: socket.socket) -> None:
        self.lab = lab
        self.control = control
        self._verbs: dict[str, Callable[[Asked], Any]] = {
            "run": lambda asked: asdict(lab.run(asked["in"], *asked["command"], timeout=asked["timeout"])),
            "start": lambda asked: lab.start(asked["in"], *asked["command"]),
            "stop": lambda asked: asdict(lab.stop_command(asked["process"])),
            "print": lambda asked: lab.rows(asked["in"], asked["menu"]),
            "break": lambda asked: lab.fail(asked["verb"], *asked["names"]),
        }

    def start(self) -> None:
        for work in (self._accept, self._watch):
            threading.Thread(target=work, daemon=True).start()

    def _watch(self) -> None:
        """A lab that ended by itself is held no longer."""
        self.lab.wait()
        _end()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self.control.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8") as stream:
            asked = json.loads(stream.readline() or "{}")
            if asked.get("do") == "down":
                _end()
                # The line ends with the process, so whoever asked knows that everything is gone.
                threading.Event().wait()
            try:
                told = {"told": self._verbs[asked["do"]](asked)}
            except (Trouble, KeyError) as error:
                told = {"error": str(error)}
            stream.write(json.dumps(told) + "\n")


def main() -> int:
    """Hold the lab that standard input describes; standard output gets one line, when it stands or does not."""
    job = Job.load(sys.stdin.readline())
    try:
        hold(job, _leave)
    except (Trouble, OSError, ValueError) as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 2
    return 0


def _leave(found: Record) -> None:
    """Tell the starter, and let go of it."""
    print(json.dumps({"ready": found.dump()}), flush=True)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)
    os.close(nothing)


if __name__ == "__main__":
    sys.exit(main())
