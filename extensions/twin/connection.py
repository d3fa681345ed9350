# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One TCP connection of the server: bytes in and out without blocking, plain or TLS."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
from collections import deque

from .gate import ACCEPTED, REFUSED, Passage
from .session import Session
from .wire import Decoder

CHUNK = 256 * 1024
# Before login a router accepts small sentences only; the exact limit is unverified.
LIMIT_BEFORE_LOGIN = 64 * 1024


class Gone(Exception):
    """The other side hung up, or the stream broke."""


class Connection:
    """Buffers of one client; `held` keeps answers back until their moment."""

    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number
        self.sock = sock
        self.decoder = Decoder(LIMIT_BEFORE_LOGIN)
        self.session: Session | None = None
        # The firewall between client and router, for twins that enforce it.
        self.passage: Passage | None = None
        self.barred = False
        self.muted = False
        self.cut = False
        self.inbox: deque[list[str]] = deque()
        self.out = bytearray()
        self.held: deque[tuple[float, bytes]] = deque()
        self.in_burst = False
        self.closing = False
        self.deaf = False
        self.watched = 0
        self.shaking = isinstance(sock, ssl.SSLSocket)
        self.wants_write = False

    def lets_in(self) -> bool:
        """Whether what the client sent may be taken now; raises Gone if the firewall ends the connection."""
        self.barred = self.passage is not None and not self._passes(self.passage, self.passage.enters())
        return not self.barred

    def lets_out(self) -> bool:
        """The same for what there is to send."""
        self.muted = self.passage is not None and not self._passes(self.passage, self.passage.leaves())
        return not self.muted

    def _passes(self, passage: Passage, verdict: str) -> bool:
        if verdict == REFUSED or (verdict != ACCEPTED and passage.gate.seat.cuts):
            raise Gone("ended by the firewall")
        return verdict == ACCEPTED

    def shake(self) -> bool:
        """Go on with the TLS handshake; True when it is done."""
        self.wants_write = False
        assert isinstance(self.sock, ssl.SSLSocket)
        try:
            self.sock.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            self.wants_write = True
            return False
        except OSError as error:
            raise Gone(str(error)) from None
        self.shaking = False
        return True

    def receive(self) -> bytes:
        """What has arrived, up to 16 chunks; raises Gone at the end of the stream.

        A chunk is larger than a TLS record, so that nothing decrypted stays behind where no selector tells of it.
        """
        parts: list[bytes] = []
        while len(parts) < 16:
            try:
                part = self.sock.recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError as error:
                raise Gone(str(error)) from None
            if not part:
                if parts:
                    break
                raise Gone("end of stream")
            parts.append(part)
        return b"".join(parts)

    def hold(self, data: bytes, due: float) -> None:
        if data:
            self.held.append((due, data))

    def release(self, now: float) -> None:
        """Make answers whose moment has come ready for sending."""
        while self.held and self.held[0][0] <= now:
            self.out += self.held.popleft()[1]

    def flush(self) -> None:
        """Send what the socket takes now."""
        while self.out:
            try:
                sent = self.sock.send(self.out[:CHUNK])
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return
            except OSError as error:
                raise Gone(str(error)) from None
            del self.out[:sent]

    @property
    def quiet(self) -> bool:
        """Everything received has been answered."""
        return not (self.out or self.held or self.inbox or self.decoder.midway)

    @property
    def waits(self) -> bool:
        """The firewall lets nothing through; TCP tries again and again."""
        return self.barred or self.muted

    def look(self) -> None:
        """Raise Gone if the client has reset the connection, whose packets nobody sends again then."""
        if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise Gone("reset by the client")

    def events(self) -> int:
        """What the socket is watched for; what the firewall withholds stays in the system's buffers meanwhile."""
        stopped = self.barred or (self.shaking and self.muted)
        reading = 0 if self.closing or self.deaf or stopped else selectors.EVENT_READ
        wanted = (self.out and not self.muted) or (self.wants_write and not stopped)
        writing = selectors.EVENT_WRITE if wanted else 0
        return reading | writing

    def close(self) -> None:
        if self.session:
            self.session.close()
        with contextlib.suppress(OSError):
            self.sock.close()
