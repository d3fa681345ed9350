# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes to and from a router over one socket, both ways at once."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl

CHUNK = 256 * 1024
NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Broken(Exception):
    """The connection is of no more use; the text says why, in a clause whose subject is in it."""


class Closed(Broken):
    """The router or the network ended the connection."""


class Link:
    """What librouteros calls a transport, but buffered, and it never waits for sending alone.

    A router stops reading while nobody takes its answers. Sending a large batch first and reading afterwards would
    leave both waiting for each other, so what is written leaves while answers are read. `patience` is how many seconds
    of silence are borne.
    """

    def __init__(self, sock: socket.socket, patience: float) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._patience = patience
        self._outbox = bytearray()
        self._inbox = bytearray()
        self._taken = 0
        self.greeting = b""
        """The first bytes that came, which tell what else than a RouterOS API answers."""

    def write(self, data: bytes) -> None:
        """Take bytes to be sent by the reads that follow."""
        self._outbox += data

    def read(self, length: int) -> bytes:
        """Exactly so many bytes; raises Broken when they do not come."""
        while len(self._inbox) - self._taken < length:
            self._exchange()
        start = self._taken
        self._taken += length
        return bytes(self._inbox[start : self._taken])

    def close(self) -> None:
        """Hang up; never raises."""
        with contextlib.suppress(OSError):
            self._sock.close()

    def _exchange(self) -> None:
        """Send what the socket takes and receive what is there; waits where neither is possible."""
        self._send()
        try:
            data = self._sock.recv(CHUNK)
        except NOT_NOW:
            self._wait()
            return
        except OSError as error:
            raise Closed(f"the connection broke ({reason(error)})") from None
        if not data:
            raise Closed("the router closed the connection")
        del self._inbox[: self._taken]
        self._taken = 0
        self._inbox += data
        self.greeting = self.greeting or data[:2]

    def _send(self) -> None:
        try:
            while self._outbox:
                sent = self._sock.send(self._outbox[:CHUNK])
                del self._outbox[:sent]
        except NOT_NOW:
            return
        except OSError:
            # Answers that came before the end can still be read; the end of those tells that it broke.
            self._outbox.clear()

    def _wait(self) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._outbox else 0)
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, events)
            if not selector.select(self._patience):
                raise Broken(f"the router did not answer within {self._patience:g} s")


def reason(error: OSError) -> str:
    """The operating system's or the TLS library's words for an error."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or str(error) or type(error).__name__
