# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks with a lab that another process holds."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

from ..lab import PATIENCE, Done, Trouble
from .record import PREFIX, Record


class Absent(Trouble):
    """No lab runs where one was looked for."""


class Held:
    """A running lab, found by its state file; runs and reads as `Lab` does. Raises Absent, Trouble and ValueError."""

    def __init__(self, state: Path) -> None:
        self.state = state
        try:
            self.record = Record.load(state.read_text("utf-8"))
        except FileNotFoundError:
            raise Absent(f"no lab runs: there is no {state}") from None
        except ValueError as error:
            raise ValueError(f"{state}: {error}") from None

    def run(self, node: str, *command: str, timeout: float = 20.0) -> Done:
        return Done(**self._ask(timeout + 20, do="run", command=command, timeout=timeout, **{"in": node}))

    def start(self, node: str, *command: str) -> int:
        return int(self._ask(PATIENCE, do="start", command=command, **{"in": node}))

    def stop_command(self, number: int) -> Done:
        return Done(**self._ask(PATIENCE, do="stop", process=number))

    def rows(self, router: str, menu: str) -> list[dict[str, str]]:
        return list(self._ask(PATIENCE, do="print", menu=menu, **{"in": router}))

    def fail(self, verb: str, *names: str) -> None:
        self._ask(PATIENCE, do="break", verb=verb, names=names)

    def down(self) -> None:
        """End it, and return when it has ended."""
        self._say(PATIENCE, {"do": "down"})

    def clear(self) -> None:
        """Remove what a keeper that was killed has left."""
        self.state.unlink(missing_ok=True)
        for file in self.record.files:
            Path(file).unlink(missing_ok=True)
        # Whatever a file says, nothing else is removed.
        if Path(self.record.folder).name.startswith(PREFIX):
            shutil.rmtree(self.record.folder, ignore_errors=True)

    def alive(self) -> bool:
        """Whether somebody answers on its socket."""
        try:
            self._say(PATIENCE, {"do": "nothing"})
        except Absent:
            return False
        return True

    def _ask(self, patience: float, **asked: Any) -> Any:
        line = self._say(patience, asked)
        if not line:
            raise Absent("the lab has ended")
        told = json.loads(line)
        if "error" in told:
            raise Trouble(told["error"])
        return told["told"]

    def _say(self, patience: float, asked: dict[str, Any]) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(patience)
                sock.connect(self.record.control)
                with sock.makefile("rw", encoding="utf-8") as stream:
                    stream.write(json.dumps(asked) + "\n")
                    stream.flush()
                    return stream.readline()
        except TimeoutError:
            raise Trouble("the lab does not answer") from None
        except OSError:
            raise Absent(f"no lab runs: nobody answers where {self.state} says") from None
