# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advertisements as they stand in packets."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

GROUP, PROTOCOL = "224.0.0.18", 112
_ADVERTISEMENT = 1


@dataclass(frozen=True)
class Advert:
    """What a master says of itself; `interval` in seconds."""

    version: int
    vrid: int
    priority: int
    interval: float
    addresses: tuple[str, ...] = ()

    def packet(self, source: str, *, plain_checksum: bool = False) -> bytes:
        """With its IP header, whose own checksum the kernel fills in."""
        if self.version == 2:
            timing, tail = struct.pack("!BB", 0, round(self.interval)), bytes(8)
        else:
            timing, tail = struct.pack("!H", round(self.interval * 100)), b""
        start = struct.pack("!BBBB", self.version << 4 | _ADVERTISEMENT, self.vrid, self.priority, len(self.addresses))
        body = b"".join(map(socket.inet_aton, self.addresses)) + tail
        pseudo = b"" if self.version == 2 or plain_checksum else _pseudo(source, GROUP, len(body) + 8)
        total = _checksum(pseudo + start + timing + bytes(2) + body)
        message = start + timing + struct.pack("!H", total) + body
        header = struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(message), 0, 0, 255, PROTOCOL, 0)
        return header + socket.inet_aton(source) + socket.inet_aton(GROUP) + message


def heard(packet: bytes) -> tuple[str, Advert] | None:
    """Who says what; None for what a virtual router has to leave unheard: altered, or from another network."""
    header = (packet[0] & 15) * 4
    message, source = packet[header:], socket.inet_ntoa(packet[12:16])
    if len(message) < 8 or packet[8] != 255 or message[0] & 15 != _ADVERTISEMENT:
        return None
    first, vrid, priority, count = message[:4]
    version, own = first >> 4, _checksum(message) == 0
    pseudo = _pseudo(source, socket.inet_ntoa(packet[16:20]), len(message))
    # Some say version 3 with the checksum of version 2, RouterOS among them if told to.
    if not own and (version != 3 or _checksum(pseudo + message) != 0):
        return None
    interval = message[5] if version == 2 else (struct.unpack("!H", message[4:6])[0] & 0xFFF) / 100
    listed = message[8 : 8 + 4 * count]
    addresses = tuple(socket.inet_ntoa(listed[at : at + 4]) for at in range(0, len(listed) - 3, 4))
    return source, Advert(version, vrid, priority, interval, addresses)


def _pseudo(source: str, target: str, length: int) -> bytes:
    return socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, PROTOCOL, length)


def _checksum(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def gratuitous(mac: bytes, address: str) -> bytes:
    """A frame that tells all of a segment that an address is at this MAC now."""
    own = socket.inet_aton(address)
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + own + bytes(6) + own
    return b"\xff" * 6 + mac + b"\x08\x06" + arp
