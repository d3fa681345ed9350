# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to reach a router that the contract holds for; another transport is one more entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Session, Target
from twin import Server

OpenTo = Callable[..., Session]


def _nothing(_dummy: Server) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Transport:
    """How a router serves it, and what a client must know to trust that router."""

    name: str
    transport: str
    serve: Mapping[str, Any]
    trust: Callable[[Server], dict[str, Any]] = _nothing

    def target(self, server: Server, **changes: Any) -> Target:
        """Where the router is, by this transport."""
        port = {"api": server.port, "api-ssl": server.tls_port}[self.transport]
        settings = {"transport": self.transport, "port": port, "timeout": 20.0, **self.trust(server), **changes}
        return Target("127.0.0.1", **settings)


API = Transport("api", "api", {})
TLS = Transport("api-ssl", "api-ssl", {"tls": True}, lambda server: {"ca_file": server.ca_file})
PINNED = Transport("api-ssl-pinned", "api-ssl", {"tls": True}, lambda server: {"fingerprint": server.fingerprint})
ANONYMOUS = Transport("api-ssl-anonymous", "api-ssl", {"tls": "anonymous"}, lambda _dummy: {"anonymous": True})
TRANSPORTS = (API, TLS, PINNED, ANONYMOUS)
