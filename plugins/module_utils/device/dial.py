# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaches the service of a router over TCP."""

from __future__ import annotations

import socket
import struct
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import reason
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target, Unreachable

PORTS = {"api": 8728, "api-ssl": 8729}
KEEPALIVE_AFTER = 30
AT_ONCE = struct.pack("ii", 1, 0)
"""How a connection ends: by a reset, with nothing left on the way."""


def port_of(target: Target) -> int:
    """The port to reach, given or the transport's own."""
    return target.port or PORTS[target.transport]


def host_of(target: Target) -> str:
    """The name or address without the brackets that people put around IPv6."""
    return target.host.removeprefix("[").removesuffix("]")


def where(target: Target) -> str:
    """Host and port, as messages name a router."""
    host = host_of(target)
    return f"[{host}]:{port_of(target)}" if ":" in host else f"{host}:{port_of(target)}"


def dial(target: Target) -> socket.socket:
    """A connected socket whose timeout is the target's; raises Unreachable."""
    addresses = _resolve(target)
    problem = OSError("it has no address")
    # A name may have an address that leads nowhere: each gets its share of the time.
    share = target.timeout / len(addresses) if addresses else 0
    for family, kind, protocol, _dummy, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(share)
            sock.connect(address)
            _stay_alert(sock)
        except OSError as error:
            sock.close()
            problem = error
        else:
            sock.settimeout(target.timeout)
            return sock
    raise Unreachable(where(target), _told(target, problem))


def _resolve(target: Target) -> list[tuple[Any, ...]]:
    host = host_of(target)
    try:
        # The resolver takes an empty name for this very machine.
        return list(socket.getaddrinfo(host, port_of(target), type=socket.SOCK_STREAM)) if host else []
    except (OSError, UnicodeError) as error:
        text = reason(error) if isinstance(error, OSError) else "not a host name"
        problem = f"the name cannot be resolved ({text}); correct ansible_host or the name service"
        raise Unreachable(where(target), problem) from None


def _stay_alert(sock: socket.socket) -> None:
    """Send small sentences at once, notice a router that vanished while nothing was said, and end all of it at the end.

    Whatever ends this process, or gives the connection up, ends with it what the router has not taken yet: a sentence
    that a firewall keeps back is else sent again for minutes, and may be carried out after the router went back to its
    old state.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_AFTER)


def _told(target: Target, error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        service = target.transport
        return f"nothing listens there; enable the service (/ip/service enable {service}) or correct ansible_port"
    if isinstance(error, TimeoutError | BlockingIOError):
        return (
            f"no connection within {target.timeout:g} s; check the address, and that the router's firewall and the "
            "addresses allowed for the service let this host in"
        )
    return f"cannot connect ({reason(error)}); check ansible_host and the route to it"
