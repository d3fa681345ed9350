# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts rehearsal routers for an inventory, and writes the inventory that leads Ansible to them instead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXTENSIONS = Path(__file__).parents[1] / "extensions"
PATIENCE = 30.0


@dataclass(frozen=True)
class Router:
    """One router: its version, the password of user `ansible`, and its addresses outside and inside."""

    version: str
    password: str
    addresses: tuple[str, str]


@contextmanager
def rehearsal(routers: Mapping[str, Router], folder: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """Run one twin per router with the factory firewall and TLS; gives what each announced, and stops them at the end.

    `inventory.yml` in the folder then holds, for the same names, where Ansible finds them.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for name, router in routers.items():
            processes.append(_start(name, router, folder))
        found = {
            name: _ready(folder / f"{name}.ready", process) for name, process in zip(routers, processes, strict=True)
        }
        (folder / "inventory.yml").write_text(
            json.dumps({"all": {"hosts": {name: _place(it) for name, it in found.items()}}})
        )
        yield found
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE)


def _start(name: str, router: Router, folder: Path) -> subprocess.Popen[bytes]:
    seed = {
        "/ip/address": [
            {"address": address, "interface": f"ether{number}"} for number, address in enumerate(router.addresses, 1)
        ]
    }
    (folder / f"{name}.seed").write_text(json.dumps(seed))
    command = [sys.executable, "-m", "twin", "--identity", name, "--version", router.version, "--tls", "--defconf"]
    command += ["--user", f"ansible:{router.password}", "--seed", str(folder / f"{name}.seed")]
    command += ["--ready-file", str(folder / f"{name}.ready"), "--exit-with-stdin"]
    # It ends when we do, however that comes about: its standard input is the other end of a pipe of ours.
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(EXTENSIONS)}
    )


def _ready(file: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while not file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"a rehearsal router did not start: {file.stem}")
        time.sleep(0.02)
    return dict(json.loads(file.read_text()))


def _place(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"ansible_host": found["host"], "ansible_port": found["tls_port"], "routeros_ca_file": found["ca_file"]}
