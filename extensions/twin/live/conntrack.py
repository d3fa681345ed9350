# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's connection tracking, asked and told over netlink (linux/netfilter/nfnetlink_conntrack.h)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from .netlink import ACKNOWLEDGE, DUMP, NESTED, NETFILTER, Attributes, Netlink, attribute, attributes, failed
from .netns import Broken

_NEW, _GET, _DELETE = (1 << 8 | each for each in (0, 1, 2))
_HEAD = struct.pack("=BBH", socket.AF_INET, 0, 0)
# Numbers of attributes, outside in.
_ORIGINAL, _REPLY, _STATUS, _PROTOCOL_INFO, _TIMEOUT, _COUNTED, _COUNTED_BACK, _ID = 1, 2, 3, 4, 7, 9, 10, 12
_IP, _PROTOCOL = 1, 2
_SOURCE, _DESTINATION = 1, 2
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT, _ICMP_ID, _ICMP_TYPE, _ICMP_CODE = 1, 2, 3, 4, 5, 6
_TCP, _STATE = 1, 1
_PACKETS, _BYTES = 1, 2
_ABSENT = 2
EXPECTED, SEEN_REPLY, ASSURED, CONFIRMED, SRCNAT, DSTNAT, DYING = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x200


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
        self._netlink = Netlink(node, NETFILTER)

    def entries(self) -> list[Connection]:
        """All of IPv4; raises Broken."""
        return [_connection(body) for kind, body in self._netlink.ask(_GET, DUMP, _HEAD) if kind == _NEW]

    def delete(self, connection: Connection) -> None:
        """Forget one; that it is gone already is no matter. Raises Broken."""
        self._delete(attribute(_ORIGINAL | NESTED, connection.tuple))

    def clear(self) -> None:
        """Forget all; raises Broken."""
        self._delete(b"")

    def _delete(self, which: bytes) -> None:
        if (code := failed(self._netlink.ask(_DELETE, ACKNOWLEDGE, _HEAD + which))) not in (0, _ABSENT):
            raise Broken(f"connection tracking of {self.node}: error {code}")

    def close(self) -> None:
        self._netlink.close()


def _number(found: Attributes, kind: int) -> int | None:
    return int.from_bytes(found[kind], "big") if kind in found else None


def _connection(body: bytes) -> Connection:
    found = attributes(body[4:])
    tcp = attributes(attributes(found.get(_PROTOCOL_INFO, b"")).get(_TCP, b""))
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
    found, counted = attributes(data), attributes(counters)
    ends, protocol = attributes(found[_IP]), attributes(found[_PROTOCOL])
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
