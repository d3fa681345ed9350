# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces: making them, running commands and opening sockets in them, and the cables between them.

All of this runs inside the lab's own namespaces, as their root; nothing of it is seen outside.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path("/run/netns")
PATIENCE = 30.0
_CLONE_NEWNET = 0x40000000


class Broken(Exception):
    """A command of the lab failed; carries what it said."""


def run(command: Sequence[str], *, node: str = "", text: str | None = None) -> str:
    """Run a command, in a node's namespace if one is named, and give its output; raises Broken."""
    done = subprocess.run(
        [*inside(node), *command], check=False, text=True, input=text or "", capture_output=True, timeout=PATIENCE
    )
    if done.returncode:
        raise Broken(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def inside(node: str) -> list[str]:
    """The command in front of what shall run in a node's namespace."""
    return ["nsenter", f"--net={FOLDER / node}", "--"] if node else []


def prepare() -> None:
    """Make room for namespaces that nobody else sees."""
    run(["mount", "-t", "tmpfs", "none", "/run"])
    run(["ip", "link", "set", "lo", "up"])


def add(node: str, *, forwards: bool) -> None:
    """A namespace without IPv6, of which a live twin's data plane knows nothing."""
    run(["ip", "netns", "add", node])
    settings = {
        "ipv6/conf/all/disable_ipv6": "1",
        "ipv6/conf/default/disable_ipv6": "1",
        "ipv4/ip_forward": "1" if forwards else "0",
        # Routers choose their way back by routes, not by where a packet came from.
        "ipv4/conf/all/rp_filter": "0",
        "ipv4/conf/default/rp_filter": "0",
        "ipv4/conf/all/send_redirects": "0",
        # RouterOS lets errors of ICMP go more often than Linux does.
        "ipv4/icmp_ratelimit": "10",
    }

    def write() -> None:
        for name, value in settings.items():
            path = Path("/proc/sys/net", name)
            if path.exists():
                path.write_text(value)

    within(node, write)
    ip(["link set lo up"], node)


def connect(one: str, device: str, other: str, far_device: str) -> None:
    """A cable between two nodes, not yet up."""
    ip([f"link add {device} netns {one} type veth peer name {far_device} netns {other}"])


def ip(lines: Iterable[str], node: str = "") -> None:
    """Several commands of iproute2 at once; raises Broken at the first that fails."""
    if found := "\n".join(lines):
        run(["ip", "-batch", "-"], node=node, text=found + "\n")


def within(node: str, act: Callable[[], Any]) -> Any:
    """Call a function while this thread, and no other, is in a node's namespace; gives its result."""
    found: list[Any] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            enter(node)
            found.append(act())
        except BaseException as error:
            errors.append(error)

    # A thread of its own, which ends in there: nobody has to find the way back.
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return found[0]


def listener(node: str, port: int) -> socket.socket:
    """A socket that listens in a node on all its addresses."""

    def act() -> socket.socket:
        return socket.create_server(("0.0.0.0", port), backlog=64)

    made = within(node, act)
    assert isinstance(made, socket.socket)
    return made


def enter(node: str) -> None:
    """Take this thread, and no other, into a node's namespace for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(FOLDER / node, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {node}")
    finally:
        os.close(descriptor)
