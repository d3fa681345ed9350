# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks to a namespace's kernel over netlink (linux/netlink.h)."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

from . import netns
from .netns import Broken

ROUTING, NETFILTER = 0, 12
ACKNOWLEDGE, DUMP = 0x4, 0x300
ERROR = 2
NESTED = 0x8000
_REQUEST, _DONE = 0x1, 3
_HEADER = struct.Struct("=IHHII")
_PATIENCE = 5.0
Attributes = dict[int, bytes]
Messages = list[tuple[int, bytes]]


class Netlink:
    """One family's socket in one namespace, opened when it is needed first; any thread may ask."""

    def __init__(self, node: str, family: int) -> None:
        self.node = node
        self.family = family
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._sequence = 0

    def ask(self, kind: int, flags: int, body: bytes) -> Messages:
        """Messages of the answer, each its kind and what follows its header; raises Broken."""
        with self._lock:
            try:
                self._socket = self._socket or netns.within(self.node, self._open)
                self._sequence += 1
                head = _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, self._sequence, 0)
                self._socket.send(head + body)
                return [*self._answers(self._socket)]
            except OSError as error:
                raise Broken(f"netlink in {self.node}: {error}") from None

    def _open(self) -> socket.socket:
        found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, self.family)
        found.settimeout(_PATIENCE)
        return found

    def _answers(self, link: socket.socket) -> Iterator[tuple[int, bytes]]:
        while True:
            data = link.recv(1 << 20)
            while data:
                length, kind, _flags, sequence, _port = _HEADER.unpack_from(data)
                body, data = data[_HEADER.size : length], data[_even(length) :]
                if sequence != self._sequence:
                    continue
                if kind == _DONE:
                    return
                yield kind, body
                if kind == ERROR:
                    return

    def close(self) -> None:
        with self._lock:
            if self._socket:
                self._socket.close()


def failed(messages: Messages) -> int:
    """The number of the error that an answer tells; 0 where all went well."""
    return next((-struct.unpack_from("=i", body)[0] for kind, body in messages if kind == ERROR), 0)


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data.ljust(_even(len(data)), b"\0")


def attributes(data: bytes) -> Attributes:
    """By number, whether they are nested or not."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[_even(max(length, 4)) :]
    return found


def _even(length: int) -> int:
    return (length + 3) & ~3
