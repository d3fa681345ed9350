# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a router what its networks are: interfaces, lists of them, addresses, routes; one round trip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import NetworkQuestion
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from ansible_collections.vpnops.mikrotik.plugins.module_utils.vantage import client_of

VERSION = "/system/resource"
SESSIONS = "/user/active"
# Under which name a menu is told, and what of it.
QUESTIONS = {
    "interfaces": ("/interface", ("name", "type", "disabled", "dynamic")),
    "interface_lists": ("/interface/list", ("name", "include", "exclude", "builtin", "dynamic")),
    "interface_list_members": ("/interface/list/member", ("list", "interface", "disabled", "dynamic")),
    "addresses": ("/ip/address", ("address", "network", "interface", "disabled", "dynamic", "invalid")),
    "routes": (
        "/ip/route",
        ("dst-address", "gateway", "immediate-gw", "distance", "routing-table", "active", "disabled", "dynamic"),
    ),
    "pools": ("/ip/pool", ("name", "ranges")),
    "certificates": ("/certificate", ("name",)),
}
FLAGS = ("active", "builtin", "disabled", "dynamic", "invalid")


def network(_question: NetworkQuestion, target: Target, secrets: Secrets) -> dict[str, Any]:
    """Return the module's result."""
    secrets.learn([target.password])
    asked = {VERSION: ("version",), SESSIONS: ("name", "address", "via"), **dict(QUESTIONS.values())}
    session = open_session(target)
    try:
        replies = session.run([
            Command(path, "print", {".proplist": ",".join(names)}) for path, names in asked.items()
        ])  # fmt: skip
    finally:
        session.close()
    version, sessions, *menus = (
        reply.wanted(target.host, f"{path} print") for path, reply in zip(asked, replies, strict=True)
    )
    told = {
        name: [dict(_shown(row, names)) for row in rows]
        for (name, (_path, names)), rows in zip(QUESTIONS.items(), menus, strict=True)
    }
    found = {
        "changed": False,
        "warnings": list(session.warnings),
        "version": version[0]["version"].split()[0],
        "client": client_of(sessions, target.user) or "",
    }
    return secrets.deep_mask({**found, **told})


def _shown(row: Mapping[str, str], names: tuple[str, ...]) -> Iterator[tuple[str, str | bool]]:
    """What a row says under each name; flags that it does not say are not up."""
    for name in names:
        if name in FLAGS:
            yield name, row.get(name) in ("true", "yes")
        else:
            yield name.replace("-", "_"), row.get(name, "")
