# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what crosses a node of the lab, a line a packet: `python capture.py BRIDGE`, for a switch its bridge.

tcpdump changes into a user of its own, which the lab of an ordinary user does not have. This imports nothing of the
twin, so that it begins at once.
"""

from __future__ import annotations

import socket
import struct
import sys

ETH_P_IP, ETH_P_ALL = 0x0800, 0x0003
_NAMES = {1: "ICMP", 6: "TCP", 17: "UDP", 50: "ESP", 51: "AH", 112: "VRRP"}
_IKE, _NAT_T = 500, 4500
_OFFSET = 0x1FFF


def described(packet: bytes) -> str:
    """One IPv4 packet in a line: its ends, and whether it is IKE, ESP (in UDP as well), or what else in clear."""
    header = (packet[0] & 15) * 4
    protocol, body = packet[9], packet[header:]
    near, far = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    name = _NAMES.get(protocol, f"protocol {protocol}")
    text = f"{name}, length {len(body)}"
    if struct.unpack("!H", packet[6:8])[0] & _OFFSET:
        # It begins in the midst of what the first fragment began.
        text = f"fragment of {text}"
    elif protocol == 17 and len(body) >= 12:
        source, target = struct.unpack("!HH", body[:4])
        near, far, text = f"{near}.{source}", f"{far}.{target}", _datagram({source, target}, body[8:])
    elif protocol == 50:
        text = _esp(body)
    return f"{near} > {far}: {text}"


def _datagram(ports: set[int], body: bytes) -> str:
    if _IKE in ports:
        return "IKE"
    if _NAT_T not in ports:
        return f"UDP, length {len(body)}"
    # Four zeros stand where ESP has its number (RFC 3948).
    return "IKE" if body[:4] == bytes(4) else f"UDP-encap: {_esp(body)}"


def _esp(body: bytes) -> str:
    spi, number = struct.unpack("!II", body[:8])
    return f"ESP(spi=0x{spi:08x},seq=0x{number:x}), length {len(body)}"


def main(bridge: str) -> None:
    """Until somebody ends it; each packet once, where it comes in."""
    # What a bridge passes on never comes as far as those who ask for IPv4 alone.
    wanted = ETH_P_ALL if any(name == bridge for _index, name in socket.if_nameindex()) else ETH_P_IP
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(wanted)) as sock:
        print("listening", flush=True)
        while True:
            packet, (device, protocol, kind, *_rest) = sock.recvfrom(65535)
            if kind != socket.PACKET_OUTGOING and protocol == ETH_P_IP and device != bridge and len(packet) >= 20:
                print(described(packet), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(0)
