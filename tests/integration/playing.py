# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook against twins, and what came of them."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from twin import Server

HERE = Path(__file__).parent
PASSWORD = "router-password-42"
Task = Mapping[str, Any]
# Elsewhere the order of entries has no meaning.
ORDERED = ("/ip/ipsec/policy", *(f"/ip/firewall/{table}" for table in ("filter", "nat", "raw", "mangle")))


@dataclass(frozen=True)
class Outcome:
    """One task's end on one host."""

    host: str
    task: str
    status: str
    result: Mapping[str, Any]

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))


@dataclass(frozen=True)
class Run:
    """A finished ansible-playbook."""

    status: int
    output: str
    outcomes: Sequence[Outcome]

    def __getitem__(self, task: str) -> Outcome:
        """The last outcome of the task with that name."""
        return [outcome for outcome in self.outcomes if outcome.task == task][-1]

    @property
    def failure(self) -> Outcome:
        """The one outcome that is a failure."""
        (found,) = [outcome for outcome in self.outcomes if outcome.status in ("failed", "unreachable")]
        return found

    @property
    def changed(self) -> int:
        """How many tasks changed something."""
        return sum(bool(outcome.result.get("changed")) for outcome in self.outcomes)


Play = Callable[..., Run]


def place(server: Server) -> dict[str, Any]:
    """The inventory variables that lead to a twin."""
    found: dict[str, Any] = {
        "ansible_connection": "vpnops.mikrotik.routeros",
        "ansible_host": "127.0.0.1",
        "ansible_port": server.port,
        "ansible_user": "admin",
        "ansible_password": PASSWORD,
        "routeros_transport": "api",
    }
    if server.tls_port:
        found |= {
            "ansible_port": server.tls_port,
            "routeros_transport": "api-ssl",
            "routeros_ca_file": server.ca_file,
        }
    return found


def play_on(
    folder: Path,
    routers: Server | Mapping[str, Server | Mapping[str, Any]],
    tasks: Sequence[Task] = (),
    *flags: str,
    variables: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    **keywords: Any,
) -> Run:
    """Runs tasks, or with `role` a role, on twins by name; keyword arguments are of the play."""
    named = {"router": routers} if isinstance(routers, Server) else routers
    hosts = {name: place(router) if isinstance(router, Server) else dict(router) for name, router in named.items()}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": dict(variables or {})}}))
    book = [{"hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}]
    (folder / "play.json").write_text(json.dumps(book))
    return playbook(folder, "-i", "inventory.json", "play.json", *flags, environment=environment or {})


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """`play_on` in a folder of the test's own."""
    return functools.partial(play_on, tmp_path)


def content(server: Server) -> dict[str, list[dict[str, str]]]:
    """Everything on the router but what depends on when and how often something was made."""
    found = {}
    for path, rows in server.router.dump().items():
        if path.startswith("/ip/"):
            kept = [{key: row[key] for key in row if key not in (".id", "creation-time")} for row in rows]
            found[path] = kept if path in ORDERED else sorted(kept, key=lambda row: sorted(row.items()))
    return found


def playbook(folder: Path, *arguments: str, environment: Mapping[str, str]) -> Run:
    """Run ansible-playbook in a folder; never fails by itself."""
    record = folder / "record.jsonl"
    record.unlink(missing_ok=True)
    settings = {
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "temp"),
        "ANSIBLE_ASYNC_DIR": str(folder / "async"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_NOCOLOR": "1",
        "RECORD_FILE": str(record),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "1000",
    }
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", *arguments],
        cwd=folder,
        env={**os.environ, **settings, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    lines = record.read_text().splitlines() if record.exists() else []
    return Run(done.returncode, done.stdout, [Outcome(**json.loads(line)) for line in lines])


Join = Callable[..., Run]


def joining(play: Play, role: str) -> Join:
    """Runs a role that takes tunnels, with these; keyword arguments become variables of the role."""

    def run(server: Server, *tunnels: dict[str, Any], flags: tuple[str, ...] = (), **variables: Any) -> Run:
        # These routers move no packets, so no tunnel ever stands on them.
        wanted = {"tunnels": list(tunnels), "verify": False, **variables}
        named = {f"{role}_{name}": value for name, value in wanted.items()}
        return play(server, [], *flags, roles=[{"role": f"vpnops.mikrotik.{role}"}], variables=named)

    return run


def converged(join: Join, server: Server, *tunnels: dict[str, Any], **variables: Any) -> int:
    """Run the role twice: all is well, and the second run changes nothing. Gives the changes of the first."""
    first = join(server, *tunnels, **variables)
    assert first.status == 0, first.output
    second = join(server, *tunnels, **variables)
    assert (second.status, second.changed) == (0, 0), second.output
    return first.changed
