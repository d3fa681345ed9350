# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two questions to a namespace's kernel, asked without a command of their own: which devices have carrier, and more."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

from . import netns

_HEADER = struct.Struct("=IHHII")
_REQUEST, _ACK, _DUMP = 1, 4, 0x300
_DONE, _ERROR, _GETLINK = 3, 2, 18
_UP, _CARRIER = 0x1, 0x10000
_IFNAME = 3
_NETFILTER, _FORGET_CONNECTIONS = 12, 0x102


class Carriers:
    """The devices of a node that are up and at whose far end somebody is."""

    def __init__(self, node: str) -> None:
        self._lock = threading.Lock()
        self._sock = netns.within(node, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))

    def look(self) -> frozenset[str]:
        with self._lock:
            self._sock.send(_HEADER.pack(_HEADER.size + 16, _GETLINK, _REQUEST | _DUMP, 1, 0) + bytes(16))
            return frozenset(name for name, flags in self._links() if flags & _UP and flags & _CARRIER)

    def _links(self) -> Iterator[tuple[str, int]]:
        while True:
            told = self._sock.recv(65536)
            while told:
                length, kind, *_rest = _HEADER.unpack_from(told)
                if kind in (_DONE, _ERROR):
                    return
                yield _name(told[_HEADER.size + 16 : length]), struct.unpack_from("=I", told, _HEADER.size + 8)[0]
                told = told[length + -length % 4 :]

    def close(self) -> None:
        self._sock.close()


def _name(attributes: bytes) -> str:
    while attributes:
        length, kind = struct.unpack_from("=HH", attributes)
        if kind == _IFNAME:
            return attributes[4:length].rstrip(b"\0").decode()
        attributes = attributes[length + -length % 4 :]
    return ""


def forget_connections(node: str) -> None:
    """Let the connection tracking of a node begin anew."""

    def act() -> None:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as sock:
            sock.send(_HEADER.pack(_HEADER.size + 4, _FORGET_CONNECTIONS, _REQUEST | _ACK, 1, 0) + bytes(4))
            sock.recv(4096)

    netns.within(node, act)
