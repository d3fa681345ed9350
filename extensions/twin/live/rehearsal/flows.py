# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries which flows work in a lab: pings, TCP connections and UDP datagrams, from node to node."""

from __future__ import annotations

import ipaddress
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ..lab import Done

PROTOCOLS = ("icmp", "tcp", "udp")
PAUSE = 0.3
# What listens sends back what it gets, so that a datagram counts only when an answer came.
_LISTEN = """
import socket, sys
kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
sock = socket.socket(socket.AF_INET, kind)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind((sys.argv[2], int(sys.argv[3])))
if sys.argv[1] == "tcp":
    sock.listen()
while True:
    if sys.argv[1] == "tcp":
        sock.accept()[0].close()
    else:
        sock.sendto(*sock.recvfrom(2048))
"""
_CONNECT = """
import socket, sys
kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
sock = socket.socket(socket.AF_INET, kind)
sock.settimeout(1)
sock.connect((sys.argv[2], int(sys.argv[3])))
if sys.argv[1] == "udp":
    sock.send(b"?")
    sock.recv(1)
"""


class Runs(Protocol):
    """A lab in which commands run."""

    def run(self, node: str, *command: str, timeout: float = 20.0) -> Done: ...
    def start(self, node: str, *command: str) -> int: ...
    def stop_command(self, number: int) -> Done: ...


@dataclass(frozen=True)
class Flow:
    """From a node to an address; `listener` is the node that has the address and answers there, if not by itself."""

    source: str
    address: str
    protocol: str = "icmp"
    port: int = 0
    listener: str = ""
    name: str = ""

    @staticmethod
    def read(found: Any) -> Flow:
        """A flow out of a mapping with `from`, `to` and what else it has; raises ValueError with a sentence."""
        checked(found)
        protocol, port = str(found.get("protocol", "icmp")), found.get("port", 0)
        if protocol not in PROTOCOLS:
            raise ValueError(f"protocol of a flow cannot be {protocol}; it can be {', '.join(PROTOCOLS)}")
        if not str(port).isdigit() or not (protocol == "icmp") == (int(port) == 0) or int(port) > 65535:
            raise ValueError(f"a flow by {protocol} has {'no' if protocol == 'icmp' else 'a'} port, and it is {port!r}")
        address = str(ipaddress.IPv4Address(found["to"]))
        rest = (str(found.get(key, "")) for key in ("listener", "name"))
        return Flow(str(found["from"]), address, protocol, int(port), *rest)

    def shown(self) -> dict[str, Any]:
        return {
            "flow": self.name or f"{self.source} to {self.address}",
            "from": self.source,
            "to": self.address,
            "protocol": self.protocol,
            "port": self.port,
        }

    def asked(self) -> dict[str, Any]:
        """As `read` takes it."""
        names = {"source": "from", "address": "to"}
        return {names.get(name, name): value for name, value in asdict(self).items()}

    @property
    def words(self) -> tuple[str, str, str]:
        """What the scripts at both ends take."""
        return self.protocol, self.address, str(self.port)

    @property
    def kind(self) -> str:
        return f"{self.protocol}/{self.port}" if self.port else "ping"


def checked(found: Any) -> Mapping[str, Any]:
    """What is a flow by its keys; raises ValueError for what is not."""
    known = ("from", "to", "protocol", "port", "listener", "name")
    if not isinstance(found, dict) or not {"from", "to"} <= set(found) or set(found) - set(known):
        raise ValueError(f"a flow has from and to, and can have protocol, port, listener and name; it is {found!r}")
    return found


def attempt(lab: Runs, flows: Sequence[Flow], patience: float, settled: Callable[[], bool]) -> list[bool]:
    """For each flow whether it works; what does not is tried again until time is over, or nothing will change it."""
    ports = {(each.listener, each.words) for each in flows if each.listener and each.port}
    listening = [lab.start(node, sys.executable, "-c", _LISTEN, *words) for node, words in sorted(ports)]
    works = [False] * len(flows)
    end = time.monotonic() + patience
    try:
        with ThreadPoolExecutor(8) as pool:
            while not all(works):
                # The round that begins now still counts.
                last = settled() or time.monotonic() >= end
                left = [number for number, each in enumerate(works) if not each]
                for number, each in zip(left, pool.map(lambda it: passes(lab, flows[it]), left), strict=True):
                    works[number] = each
                if last:
                    break
                time.sleep(PAUSE)
    finally:
        for number in listening:
            lab.stop_command(number)
    return works


def passes(lab: Runs, flow: Flow) -> bool:
    """Whether a single packet and its answer get through."""
    if flow.protocol == "icmp":
        return lab.run(flow.source, "ping", "-n", "-c", "1", "-W", "1", flow.address).status == 0
    return lab.run(flow.source, sys.executable, "-c", _CONNECT, *flow.words).status == 0


def table(flows: Sequence[Flow], columns: Mapping[str, Sequence[bool]]) -> str:
    """The flows and what is known of each, for people."""
    rows = [("flow", "by", *columns)]
    for number, flow in enumerate(flows):
        answers = ("yes" if column[number] else "no" for column in columns.values())
        rows.append((flow.shown()["flow"], flow.kind, *answers))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)
