# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's connection tracking, asked and told over netlink (linux/netfilter/nfnetlink_conntrack.h)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from . import netns
from .netns import Broken

_NETFILTER = 12
_NEW, _GET, _DELETE = (1 << 8 | each for each in (0, 1, 2))
_ERROR, _DONE = 2, 3
_REQUEST, _ACKNOWLEDGE, _DUMP = 0x1, 0x4, 0x300
_PATIENCE = 5.0
# Numbers of attributes, outside in.
_ORIGINAL, _REPLY, _STATUS, _PROTOCOL_INFO, _TIMEOUT, _COUNTED, _COUNTED_BACK, _ID = 1, 2, 3, 4, 7, 9, 10, 12
_IP, _PROTOCOL = 1, 2
_SOURCE, _DESTINATION = 1, 2
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT, _ICMP_ID, _ICMP_TYPE, _ICMP_CODE = 1, 2, 3, 4, 5, 6
_TCP, _STATE = 1, 1
_PACKETS, _BYTES = 1, 2
EXPECTED, SEEN_REPLY, ASSURED, CONFIRMED, SRCNAT, DSTNAT, DYING = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x200
_NESTED = 0x8000
Attributes = dict[int, bytes]


@dataclass(frozen=True)
class Side:
    """What packets of one direction look like, and how many there were."""

    protocol: int
    source: str
    destination: str
    source_port: int | None
    destination_port: int | None
    icmp: tuple[int, int, int] | None
    """Id, type and code."""
    packets: int
    bytes: int


@dataclass(frozen=True)
class Connection:
    """One entry; `tuple` is how the kernel finds it, `state` its number of a state of TCP."""

    id: str
    original: Side
    reply: Side
    status: int
    timeout: int
    state: int | None
    tuple: bytes


class Conntrack:
    """The connection tracking of one namespace."""

    def __init__(self, node: str) -> None:
        self.node = node
        self._socket: socket.socket | None = None
        self._sequence = 0

    def entries(self) -> list[Connection]:
        """All of IPv4; raises Broken."""
        return [_connection(body) for kind, body in self._ask(_GET, _DUMP, b"") if kind == _NEW]

    def delete(self, connection: Connection) -> None:
        """Forget one; that it is gone already is no matter. Raises Broken."""
        wanted = _attribute(_ORIGINAL | _NESTED, connection.tuple)
        for kind, body in self._ask(_DELETE, _ACKNOWLEDGE, wanted):
            code = -struct.unpack_from("=i", body)[0] if kind == _ERROR else 0
            if code not in (0, 2):
                raise Broken(f"connection tracking of {self.node}: error {code}")

    def close(self) -> None:
        if self._socket:
            self._socket.close()

    def _ask(self, kind: int, flags: int, attributes: bytes) -> Iterator[tuple[int, bytes]]:
        """Messages of the answer, each its kind and what follows its header."""
        self._socket = self._socket or netns.within(self.node, _open)
        self._sequence += 1
        body = struct.pack("=BBH", socket.AF_INET, 0, 0) + attributes
        head = struct.pack("=IHHII", 16 + len(body), kind, _REQUEST | flags, self._sequence, 0)
        try:
            self._socket.send(head + body)
            yield from self._answers(self._socket)
        except OSError as error:
            raise Broken(f"connection tracking of {self.node}: {error}") from None

    def _answers(self, link: socket.socket) -> Iterator[tuple[int, bytes]]:
        while True:
            data = link.recv(1 << 20)
            while data:
                length, kind, _flags, sequence, _port = struct.unpack_from("=IHHII", data)
                body, data = data[16:length], data[_even(length) :]
                if sequence != self._sequence:
                    continue
                if kind == _DONE:
                    return
                yield kind, body
                if kind == _ERROR:
                    return


def _open() -> socket.socket:
    found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
    found.bind((0, 0))
    found.settimeout(_PATIENCE)
    return found


def _even(length: int) -> int:
    return (length + 3) & ~3


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data.ljust(_even(len(data)), b"\0")


def _attributes(data: bytes) -> Attributes:
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[_even(max(length, 4)) :]
    return found


def _number(found: Attributes, kind: int) -> int | None:
    return int.from_bytes(found[kind], "big") if kind in found else None


def _connection(body: bytes) -> Connection:
    found = _attributes(body[4:])
    tcp = _attributes(_attributes(found.get(_PROTOCOL_INFO, b"")).get(_TCP, b""))
    return Connection(
        found.get(_ID, b"").hex(),
        _side(found[_ORIGINAL], found.get(_COUNTED, b"")),
        _side(found[_REPLY], found.get(_COUNTED_BACK, b"")),
        _number(found, _STATUS) or 0,
        _number(found, _TIMEOUT) or 0,
        _number(tcp, _STATE),
        found[_ORIGINAL],
    )


def _side(data: bytes, counters: bytes) -> Side:
    found, counted = _attributes(data), _attributes(counters)
    ends, protocol = _attributes(found[_IP]), _attributes(found[_PROTOCOL])
    icmp = [_number(protocol, each) for each in (_ICMP_ID, _ICMP_TYPE, _ICMP_CODE)]
    id_, type_, code = icmp
    return Side(
        _number(protocol, _NUMBER) or 0,
        socket.inet_ntoa(ends[_SOURCE]),
        socket.inet_ntoa(ends[_DESTINATION]),
        _number(protocol, _SOURCE_PORT),
        _number(protocol, _DESTINATION_PORT),
        None if id_ is None or type_ is None or code is None else (id_, type_, code),
        _number(counted, _PACKETS) or 0,
        _number(counted, _BYTES) or 0,
    )
