# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inside of a lab: builds its nodes, runs its routers and does what its starter asks, until that one is gone.

Started by `lab.py` in namespaces of its own, whose first process it is: when it ends, all that it started ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, TextIO

from ..defconf import factory
from ..persona import Persona
from ..router import Router as Twin
from ..server import Server
from . import netns
from .control import Control
from .needs import kernel_esp
from .outages import Outages
from .plane import LivePlane
from .services import Greeters
from .topology import BRIDGE, KERNEL, USER_SPACE, Plan, Router

GREETING = ("ssh", "telnet", "ftp", "winbox", "www")


def main() -> int:
    """The first line of standard input is the job; each further one asks for something."""
    os.umask(0o077)
    job = json.loads(sys.stdin.readline())
    # What the libraries print must not come between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with ExitStack() as stack:
        try:
            told, outages = build(stack, Plan.load(json.dumps(job["plan"])), job["sockets"])
        except (OSError, ValueError, netns.Broken) as error:
            return _sorry(out, error)
        twins = {name: server.router for name, server in outages.servers.items()}
        control = Control(told["nodes"], out, twins, outages)
        control.say({"ready": told})
        control.serve(sys.stdin)
    return 0


def _sorry(out: TextIO, error: Exception) -> int:
    out.write(json.dumps({"error": str(error)}) + "\n")
    out.flush()
    return 2


def build(stack: ExitStack, plan: Plan, sockets: Mapping[str, Mapping[str, int]]) -> tuple[dict[str, Any], Outages]:
    """Make everything that the plan says; gives what the starter has to know, and what can break it."""
    plan.check()
    netns.prepare()
    for name in plan.nodes:
        netns.add(name, forwards=name in plan.routers or name in plan.forwarding)
    for name in plan.switches:
        netns.ip([f"link add {BRIDGE} type bridge stp_state 0", f"link set {BRIDGE} up"], name)
    for link in plan.links():
        netns.connect(*link)
    _outfit(plan)
    kernel = backend(plan.ipsec) == KERNEL
    started = {name: start(stack, name, router, sockets[name], kernel=kernel) for name, router in plan.routers.items()}
    servers = {name: server for name, (server, _plane) in started.items()}
    planes = {name: plane for name, (_server, plane) in started.items()}
    for plane in planes.values():
        # Cables between routers carry once both ends are up.
        plane.look()
    places = {name: place(server) for name, server in servers.items()}
    told = {"nodes": plan.nodes, "routers": places, "ipsec": KERNEL if kernel else USER_SPACE}
    return told, Outages(plan, servers, planes)


def backend(wanted: str) -> str:
    """What encrypts; the system where it can, unless the plan says otherwise. Raises ValueError for what it cannot."""
    if wanted == KERNEL and not kernel_esp():
        raise ValueError("this kernel has no ESP, and the lab asks for ipsec: kernel")
    return wanted or (KERNEL if kernel_esp() else USER_SPACE)


def _outfit(plan: Plan) -> None:
    """Give hosts and gateways their addresses, and plug into switches; routers have theirs from their menus."""
    for one, port, other, far in plan.links():
        for name, device, neighbour in ((one, port, other), (other, far, one)):
            if name in plan.forwarding:
                address = plan.forwarding[name].addresses[neighbour]
                netns.ip([f"address add {address} dev {device}", f"link set {device} up"], name)
            elif name in plan.switches:
                netns.ip([f"link set {device} master {BRIDGE} up"], name)
            elif name in plan.hosts:
                _outfit_host(plan, name)
    for name, gateway in plan.forwarding.items():
        netns.ip([f"route add {network} via {by}" for network, by in gateway.routes.items()], name)


def _outfit_host(plan: Plan, name: str) -> None:
    host = plan.hosts[name]
    lines = [f"address add {host.address} dev eth0", "link set eth0 up"]
    netns.ip([*lines, *([f"route add default via {host.gateway}"] if host.gateway else ())], name)


def start(
    stack: ExitStack, name: str, wanted: Router, sockets: Mapping[str, int], *, kernel: bool
) -> tuple[Server, LivePlane]:
    """Run one router: its menus, its data plane, its API towards the starter and towards its own networks."""
    twin = Twin(Persona(wanted.version), identity=name)
    for user, password in wanted.users.items():
        twin.set_user(user, password)
    if wanted.defconf:
        twin.seed(factory(twin.persona))
    twin.seed(wanted.seed)
    plane = LivePlane(twin, name, frozenset(wanted.ports), kernel=kernel)
    server = Server(twin, tls=wanted.tls)
    server.seen_as = wanted.client
    for service, descriptor in sockets.items():
        server.adopt(service, socket.socket(fileno=descriptor))
    _serve_networks(stack, server, name)
    stack.callback(plane.stop)
    plane.start()
    stack.enter_context(server)
    return server, plane


def place(server: Server) -> dict[str, Any]:
    """Where a router is, as `lab.Place` takes it."""
    return {
        "version": server.router.persona.version,
        "host": server.host,
        "port": server.port,
        "tls_port": server.tls_port,
        "ca_file": server.ca_file,
    }


def _serve_networks(stack: ExitStack, server: Server, node: str) -> None:
    """Listen where `/ip/service` says at the start; what it says later has no effect on the ports."""
    greeting = {}
    for row in server.router.tables["/ip/service"]:
        service, port = row.values["name"], int(row.values["port"])
        if row.values["disabled"] == "true":
            continue
        if service in GREETING:
            greeting[service] = netns.listener(node, port)
        elif service == "api" or (service == "api-ssl" and server.tls_port):
            server.adopt(service, netns.listener(node, port))
    stack.callback(Greeters(greeting).stop)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
