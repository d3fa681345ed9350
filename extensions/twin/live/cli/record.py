# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a running lab: the state file, by which other commands find it, and an inventory that leads to it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..lab import Place
from ..topology import Plan

CONTROL = "control"
PREFIX = "twin-lab-"
# What leads Ansible to a router, and where a host without a twin is led: to nowhere, never to a router.
LED = {
    "ansible_host": "127.0.0.1",
    "ansible_port": 9,
    "ansible_user": "nobody",
    "ansible_password": "",
    "routeros_ca_file": "",
}
# What is not to be as it is for the real routers.
FIXED = {
    "routeros_transport": "api-ssl",
    "routeros_fingerprint": "",
    "routeros_validate_certs": True,
    "routeros_anonymous": False,
}


@dataclass(frozen=True)
class Record:
    """A lab that runs: who holds it, which files are its, and what is in it; folder and files go when it ends."""

    pid: int
    folder: str
    files: tuple[str, ...]
    ipsec: str
    nodes: tuple[str, ...]
    routers: Mapping[str, Place]

    @property
    def control(self) -> str:
        """The socket on which its keeper answers."""
        return str(Path(self.folder, CONTROL))

    def dump(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    @staticmethod
    def load(text: str) -> Record:
        """The record in a JSON text; raises ValueError."""
        try:
            found = json.loads(text)
            routers = {name: Place(**each) for name, each in found.pop("routers").items()}
            lists = {name: tuple(found[name]) for name in ("nodes", "files")}
            return Record(**{**found, **lists}, routers=routers)
        except (TypeError, KeyError, AttributeError, ValueError):
            raise ValueError("this is no state file of a lab") from None


def inventory(plan: Plan, routers: Mapping[str, Place]) -> dict[str, Any]:
    """An Ansible inventory by which the names of routers lead to their twins; YAML takes its JSON, too."""
    hosts = {}
    for name, place in routers.items():
        user, password = next(iter(plan.routers[name].users.items()))
        hosts[name] = {
            "ansible_connection": "vpnops.mikrotik.routeros",
            "ansible_host": place.host,
            "ansible_port": place.tls_port or place.port,
            "ansible_user": user,
            "ansible_password": password,
            "routeros_transport": "api-ssl" if place.tls_port else "api",
            **({"routeros_ca_file": place.ca_file} if place.tls_port else {}),
        }
    return {"all": {"hosts": hosts}}


def variables(twins: Mapping[str, Any]) -> dict[str, Any]:
    """Extra variables for Ansible, which nothing that an inventory or a play says overrides."""
    led = {
        name: f"{{{{ rehearse_twins[inventory_hostname].{name} | default({nowhere!r}) }}}}"
        for name, nowhere in LED.items()
    }
    return {"rehearse_twins": twins, **FIXED, **led}


def write(file: Path, text: str) -> None:
    """Write what only its owner may read; it is complete from the moment it exists."""
    partial = file.with_name(f"{file.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(descriptor, 0o600)
        stream.write(text)
    partial.replace(file)
