# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends packets through nftables in a network namespace and tells which rule decided about each.

Run as a program inside a fresh namespace: takes a job as JSON on standard input, {"table": name, "nft": [text],
"packets": [packet]}, and prints {"accepted": [[id, rule]], "dropped": [[id, rule]]}. Whatever it makes is gone when it
ends.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ROUTER = {4: "10.9.0.1", 6: "2001:db8:9::1"}
OPENING = 65535
"""Number of the packets that open a connection; the rules let them pass."""
MARK = 0x7A
"""Mark on what we send ourselves; what the kernel sends on its own goes nowhere."""
LINKS = {
    "v0": ("10.1.0.0/16", "2001:db8:1::/48"),
    "v1": ("10.2.0.0/16", "2001:db8:2::/48"),
    "v2": ("10.3.0.0/16", "2001:db8:3::/48"),
}
"""Interfaces of the router and the networks behind them; the far end of v0 is w0."""
FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ece": 64, "cwr": 128}
HERE, THERE = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
"""Hardware addresses of the router's side and the far side of every link."""

Packet = dict[str, Any]


def run(*command: str, text: str | None = None) -> str:
    return subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.PIPE).stdout


def plug() -> None:
    """Build the router's interfaces and routes."""
    lines = ["link set lo up", *(f"addr add {address} dev lo" for address in ROUTER.values())]
    for name, networks in LINKS.items():
        peer = f"w{name[1:]}"
        lines += [
            f"link add {name} address {HERE.hex(':')} type veth peer name {peer}",
            f"link set {name} up",
            f"link set {peer} up",
        ]
        lines += [*(f"route add {network} dev {name}" for network in networks), f"link set {name} arp off"]
    run("ip", "-batch", "-", text="\n".join(lines) + "\n")
    net = Path("/proc/sys/net")
    (net / "ipv4/ip_forward").write_text("1")
    (net / "ipv6/conf/all/forwarding").write_text("1")
    for path in net.glob("ipv4/conf/*/rp_filter"):
        path.write_text("0")


def checksum(data: bytes) -> int:
    """The internet checksum of RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def version(packet: Packet) -> int:
    """4 or 6."""
    return 6 if ":" in packet["src"] else 4


def ends(packet: Packet) -> bytes:
    """Source and destination."""
    family = socket.AF_INET6 if version(packet) == 6 else socket.AF_INET
    return socket.inet_pton(family, packet["src"]) + socket.inet_pton(family, packet["dst"])


def payload(packet: Packet) -> bytes:
    """What comes after the IP header."""
    number, ports = packet["protocol"], (packet.get("src_port") or 0, packet.get("dst_port") or 0)
    if number in (1, 58):
        head = struct.pack("!BBHHH", *packet["icmp"], 0, packet["id"] & 0xFF, 1)
        total = checksum(head) if number == 1 else summed(packet, head)
        return head[:2] + struct.pack("!H", total) + head[4:]
    if number == 6:
        flags = sum(FLAGS[flag] for flag in packet["tcp_flags"])
        body = struct.pack("!HHIIBBHHH", *ports, packet.get("seq", 1000), packet.get("ack", 0), 80, flags, 8192, 0, 0)
        return body[:16] + struct.pack("!H", summed(packet, body)) + body[18:]
    if number == 17:
        body = struct.pack("!HHHH", *ports, 12, 0) + b"ping"
        return body[:6] + struct.pack("!H", summed(packet, body) or 0xFFFF) + body[8:]
    return struct.pack("!II", packet["id"], 1) + bytes(16)


def summed(packet: Packet, body: bytes) -> int:
    """Checksum of TCP, UDP or ICMPv6, the pseudo header included."""
    return checksum(ends(packet) + struct.pack("!II", packet["protocol"], len(body)) + body)


def datagram(packet: Packet, number: int) -> bytes:
    """A whole IP packet with that number as its IP id, or for IPv6 as its flow label."""
    body = payload(packet)
    if version(packet) == 6:
        return struct.pack("!IHBB", 6 << 28 | number, len(body), packet["protocol"], 64) + ends(packet) + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0, 64, packet["protocol"], 0) + ends(packet)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


class Wire:
    """Puts packets on the links, and makes the router send some itself."""

    def __init__(self) -> None:
        self.links = {}
        for name in LINKS:
            link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            link.bind((f"w{name[1:]}", 0))
            self.links[name] = link
        self.own = {
            number: socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
            for number, family in ((4, socket.AF_INET), (6, socket.AF_INET6))
        }
        for own in self.own.values():
            own.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)

    def send(self, packet: Packet, number: int) -> None:
        """Send one packet with that number; without an interface to come in by, the router sends it."""
        data = datagram(packet, number)
        if packet.get("in_interface") is None:
            # A packet that output drops is refused to its sender.
            with suppress(PermissionError):
                self.own[version(packet)].sendto(data, (packet["dst"], 0))
        else:
            kind = b"\x86\xdd" if version(packet) == 6 else b"\x08\0"
            self.links[packet["in_interface"]].send(HERE + THERE + kind + data)


def answer(packet: Packet, flags: list[str]) -> Packet:
    """The packet that goes the other way."""
    back = {**packet, "src": packet["dst"], "dst": packet["src"], "in_interface": packet.get("out_interface")}
    back |= {"src_port": packet.get("dst_port"), "dst_port": packet.get("src_port"), "tcp_flags": flags}
    if packet.get("icmp"):
        back["icmp"] = [0, 0]
    return {**back, "seq": 5000, "ack": 1000}


def open_connections(wire: Wire, packets: list[Packet]) -> None:
    """Let the kernel see a packet each way, and TCP's third, for those that are to be established."""
    wanted = [each for each in packets if each["connection_state"] == "established"]
    steps = (
        lambda each: {**each, "tcp_flags": ["syn"], "seq": 999},
        lambda each: answer(each, ["syn", "ack"]),
        lambda each: {**each, "tcp_flags": ["ack"], "ack": 5001},
    )
    for step in steps:
        for each in wanted:
            wire.send(step(each), OPENING)
        time.sleep(0.02)


def told(table: str, name: str) -> list[list[int]]:
    """The elements of one of the sets in which the rules note what they did."""
    listed = json.loads(run("nft", "-j", "list", "set", *table.split(), name))["nftables"]
    elements = next(each["set"] for each in listed if "set" in each).get("elem", [])
    return [(each["elem"]["val"] if "elem" in each else each)["concat"] for each in elements]


def main() -> None:
    job = json.load(sys.stdin)
    plug()
    for piece in job["nft"]:
        run("nft", "-f", "-", text=piece)
    wire = Wire()
    open_connections(wire, job["packets"])
    for packet in job["packets"]:
        wire.send({"ack": 5001, **packet} if packet["connection_state"] == "established" else packet, packet["id"])
    # The far ends of the links hand over at once; what is still on its way after this is reported as lost.
    time.sleep(0.1)
    json.dump({name: told(job["table"], name) for name in ("accepted", "dropped")}, sys.stdout)


if __name__ == "__main__":
    main()
