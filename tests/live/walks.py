# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends single packets in a lab, and tells what routers counted and what a witness beside their rules saw."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Target
from twin.live import Lab

from tests.integration.playing import PASSWORD
from tests.kernel.wire import checksum, datagram
from tests.live.flows import Packet
from tests.live.sites import until

TABLES = ("raw", "nat", "filter")
Rule = tuple[str, str]
"""Table and id."""
MARK = "0x7a"
# Sends what it is told through a socket of the file system, which all namespaces share.
SENDER = f"""
import contextlib, socket, sys
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, {MARK})
door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
door.bind(sys.argv[1])
while True:
    data, back = door.recvfrom(65535)
    # What is dropped on its way out is refused to its sender.
    with contextlib.suppress(PermissionError):
        raw.sendto(data, (socket.inet_ntoa(data[16:20]), 0))
    door.sendto(b"sent", back)
"""
# Whoever answers would be counted as well.
SILENCE = f"""
table ip silence {{
    chain output {{
        type filter hook output priority 500;
        meta mark {MARK} accept
        udp sport {{ 500, 4500 }} accept
        drop
    }}
}}
"""
# Notes what has come and what has got past the filter, by IP id. What the router says of its own accord, which may have
# the same ids, is not what the test sends from there; and what keeps tunnels alive does not come to the rules.
WITNESS = f"""
table ip witness {{
    set come {{ typeof ip id; flags dynamic; size 65535; }}
    set past {{ typeof ip id; flags dynamic; size 65535; }}
    chain come_in {{ type filter hook prerouting priority -400;
        udp dport 4500 udp length 9 drop
        udp sport {{ 500, 4500 }} accept
        add @come {{ ip id }}
    }}
    chain made {{ type filter hook output priority -400; meta mark {MARK} add @come {{ ip id }}
    }}
    chain past_input {{ type filter hook input priority 10; udp sport {{ 500, 4500 }} accept; add @past {{ ip id }}
    }}
    chain past_forward {{ type filter hook forward priority 10; add @past {{ ip id }}
    }}
    chain past_output {{ type filter hook output priority 10; meta mark {MARK} add @past {{ ip id }}
    }}
}}
"""


class Senders:
    """One for each node, begun when it is first needed."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "back"))
        self._socket.settimeout(10)
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._last = 0

    def close(self) -> None:
        self._socket.close()

    def send(self, node: str, packet: Packet) -> int:
        """Send one packet from a node, and give the id of IP that it has."""
        with self._lock:
            self._last += 1
            wire = {**packet, "id": self._last}
            data = about(wire) if "about" in packet else datagram(wire, self._last)
            self._begin(node)
            self._socket.sendto(data, str(self.folder / node))
            self._socket.recv(16)
            return self._last

    def _begin(self, node: str) -> None:
        door = self.folder / node
        if node not in self._known:
            self._known.add(node)
            self.lab.start(node, sys.executable, "-c", SENDER, str(door))
            assert until(door.exists, 10), f"no sender in {node}"


def about(packet: Packet) -> bytes:
    """An ICMP error with the beginning of the packet that it is about."""
    quoted = datagram(dict(packet["about"], id=0), 0)[:28]
    head = struct.pack("!BBHI", *packet["icmp"], 0, 0)
    total = checksum(head + quoted)
    body = head[:2] + struct.pack("!H", total) + head[4:] + quoted
    ends = socket.inet_aton(packet["src"]) + socket.inet_aton(packet["dst"])
    first = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), packet["id"], 0, 64, 1, 0) + ends
    return first[:10] + struct.pack("!H", checksum(first)) + first[12:] + body


class Watched:
    """One router: its session, its counters, and a witness in its namespace."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.name = name
        place = lab.routers[name]
        self.session = open_session(Target(place.host, "admin", PASSWORD, place.port, "api"))
        load(lab, name, WITNESS)
        self.tables: Sequence[str] = TABLES
        self.counted = self._count()
        # Asking is what takes most of the time, and no rules are added any more.
        self.tables = [name for name in TABLES if any(table == name for table, _id in self.counted)]

    def close(self) -> None:
        self.session.close()

    def _count(self) -> Counter[Rule]:
        words = {".proplist": ".id,packets"}
        replies = self.session.run([Command(f"/ip/firewall/{table}", "print", words) for table in self.tables])
        found: Counter[Rule] = Counter()
        for table, reply in zip(self.tables, replies, strict=True):
            found.update({(table, row[".id"]): int(row.get("packets", 0)) for row in reply.rows})
        return found

    def since(self) -> Counter[Rule]:
        """What rules have counted since this was asked last."""
        before, self.counted = self.counted, self._count()
        # Counters never fall here, so nothing is lost by the difference.
        return self.counted - before

    def await_arrival(self, number: int) -> None:
        """Wait until the witness has seen a packet; whether it ever does is for others to judge."""
        time.sleep(0.01)
        element = f"{{ {number} }}"
        until(lambda: not self.lab.run(self.name, "nft", "get", "element", "ip", "witness", "come", element).status, 3)

    def witnessed(self, what: str) -> set[int]:
        """Ids of packets that the witness has seen: `come` or `past`."""
        told = self.lab.run(self.name, "nft", "-j", "list", "set", "ip", "witness", what).out
        (found,) = (each["set"] for each in json.loads(told)["nftables"] if "set" in each)
        return {each["elem"]["val"] if isinstance(each, dict) else each for each in found.get("elem", ())}


def load(lab: Lab, node: str, text: str) -> None:
    """Put a table of the test's own into a node."""
    done = lab.run(node, "nft", text)
    assert done.status == 0, done.err


def silence(lab: Lab, nodes: Iterable[str]) -> None:
    """Let nodes send nothing but what the test sends from there."""
    for node in nodes:
        load(lab, node, SILENCE)


def forget(lab: Lab, node: str) -> None:
    """Let a router forget connections without ports at once, which would be the same ones for several flows."""
    for kind in ("generic", "icmp"):
        path = f"/proc/sys/net/netfilter/nf_conntrack_{kind}_timeout"
        done = lab.run(node, "sh", "-c", f"echo 0 > {path}")
        assert done.status == 0, done.err
