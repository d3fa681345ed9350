# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's starter may ask for, a JSON object a line: commands in nodes, menus of routers, outages."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from . import netns

if TYPE_CHECKING:
    from ..router import Router
    from .outages import Outages

Asked = dict[str, Any]


class Control:
    """Answers each line with one; commands run side by side."""

    def __init__(self, nodes: Collection[str], out: TextIO, routers: Mapping[str, Router], outages: Outages) -> None:
        self.nodes = nodes
        self.out = out
        self.routers = routers
        self.outages = outages
        self._lock = threading.Lock()
        self._running: dict[int, subprocess.Popen[str]] = {}
        self._verbs: dict[str, Callable[[Asked], Asked]] = {
            "run": self._run,
            "start": self._start,
            "wait": self._wait,
            "stop": self._stop,
            "print": self._print,
            "break": self._break,
        }

    def say(self, told: Asked) -> None:
        with self._lock:
            self.out.write(json.dumps(told) + "\n")
            self.out.flush()

    def serve(self, lines: TextIO) -> None:
        """Until the lines end."""
        for line in lines:
            threading.Thread(target=self._answer, args=(json.loads(line),), daemon=True).start()

    def _answer(self, asked: Asked) -> None:
        try:
            told = self._verbs[asked["do"]](asked)
        except ValueError as error:
            told = {"error": str(error)}
        except (KeyError, OSError) as error:
            told = {"error": f"{type(error).__name__}: {error}"}
        self.say({"id": asked["id"], **told})

    def _begin(self, asked: Asked) -> subprocess.Popen[str]:
        if asked["in"] not in self.nodes:
            raise ValueError(f"there is no node {asked['in']}; there are: {', '.join(self.nodes)}")
        pipe = subprocess.PIPE
        command = [*netns.inside(asked["in"]), *asked["command"]]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)

    def _run(self, asked: Asked) -> Asked:
        process = self._begin(asked)
        try:
            out, error = process.communicate(timeout=asked["timeout"])
        except subprocess.TimeoutExpired:
            process.kill()
            out, error = process.communicate()
            return {"status": 124, "out": out, "err": error}
        return {"status": process.returncode, "out": out, "err": error}

    def _start(self, asked: Asked) -> Asked:
        process = self._begin(asked)
        self._running[process.pid] = process
        return {"process": process.pid}

    def _wait(self, asked: Asked) -> Asked:
        """Until the process has said its first line, which is told."""
        out = self._running[asked["process"]].stdout
        assert out is not None
        return {"line": out.readline()}

    def _stop(self, asked: Asked) -> Asked:
        process = self._running.pop(asked["process"])
        process.send_signal(signal.SIGINT)
        try:
            out, error = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            out, error = process.communicate()
        return {"status": process.returncode, "out": out, "err": error}

    def _print(self, asked: Asked) -> Asked:
        return {"rows": self.routers[asked["in"]].rows(asked["menu"])}

    def _break(self, asked: Asked) -> Asked:
        self.outages.act(asked["verb"], asked["names"])
        return {}
