# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers on sockets: one thread serves all connections of one router, plain and TLS."""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from .connection import Connection, Gone
from .faults import Faults
from .gate import Gate, Seat
from .router import Router
from .session import Session
from .tls import Identity, anonymous, self_signed, with_certificate
from .trace import Trace
from .wire import Decoder, Unreadable, encode_sentence

LONGEST_WAIT = 0.5
# How soon a client tries again to get through a firewall; real ones start at 0.2 s and grow slower.
RETRANSMISSION = 0.05
LOCAL = "127.0.0.1"


class Server:
    """A router that listens; use as context manager or with start and stop.

    `tls` is False, True (own certificate), an Identity, or "anonymous" (no certificate, ADH only). `faults`, `seat` and
    the counters may be used from other threads while it runs. With a `seat` the router's own firewall stands between
    it and its clients; without one they reach it whatever it says.
    """

    identity: Identity | None = None
    _context: ssl.SSLContext | None = None
    _gate: Gate | None = None
    _thread: threading.Thread | None = None

    def __init__(
        self,
        router: Router | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_port: int = 0,
        tls: bool | str | Identity = False,
        faults: Faults | None = None,
        seat: Seat | None = None,
        log: Path | None = None,
    ) -> None:
        self.router = router or Router()
        self.host = host
        self.faults = faults or Faults()
        self.seat = seat
        self.seen_as = ""
        """The address that clients from this machine are said to come from; empty: their own."""
        self.trace = Trace(log)
        self._wanted = (port, tls_port)
        self._tls = tls
        self._folder = tempfile.TemporaryDirectory(prefix="twin-")
        self._selector = selectors.DefaultSelector()
        self._listeners: dict[socket.socket, str] = {}
        self._ports: dict[str, int] = {}
        self._connections: dict[int, Connection] = {}
        self._number = 0
        self._defects: list[Exception] = []
        self._stopping = False
        self._wake_in, self._wake_out = socket.socketpair()

    @property
    def port(self) -> int:
        """Known from the start on, and still after the stop, so that a twin can come back where it was."""
        return self._ports.get("api", 0)

    @property
    def tls_port(self) -> int:
        """0 without TLS."""
        return self._ports.get("api-ssl", 0)

    @property
    def ca_file(self) -> str:
        """Path of the certificate that clients may trust; empty without one."""
        return str(self.identity.certificate) if self.identity else ""

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint if self.identity else ""

    @property
    def round_trips(self) -> int:
        """Bursts of sentences received after everything before was answered, logins included."""
        return self.trace.round_trips

    @property
    def sentences(self) -> list[tuple[str, ...]]:
        """Every sentence received, in order, logins included."""
        return list(self.trace.sentences)

    @property
    def connections(self) -> int:
        """How many connections have been accepted so far."""
        return self._number

    def reset_counters(self) -> None:
        self.trace.reset()

    def start(self) -> Server:
        """Listen and serve in a thread; raises OSError for an address in use, ValueError for a bad seat or file."""
        try:
            self._gate = Gate(self.router, self.seat) if self.seat else None
            if "api" not in self._ports:
                self._open("api", self._wanted[0])
            if self._tls:
                self._context = self._tls_context()
            if self._tls and "api-ssl" not in self._ports:
                self._open("api-ssl", self._wanted[1])
        except (OSError, ValueError):
            self.stop()
            raise
        for sock in (self._wake_in, self._wake_out):
            sock.setblocking(False)
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        self.router.wakers.append(self._wake_other)
        self.router.at_reboot.append(self._rebooted)
        self._thread = threading.Thread(target=self._serve, name="twin", daemon=True)
        self._thread.start()
        return self

    def _tls_context(self) -> ssl.SSLContext:
        folder = Path(self._folder.name)
        if self._tls == "anonymous":
            return anonymous(folder)
        name = self.router.tables["/system/identity"].rows[0].values["name"]
        self.identity = self._tls if isinstance(self._tls, Identity) else self_signed(folder, name)
        return with_certificate(self.identity)

    def _open(self, service: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            sock = socket.create_server((self.host, port), family=family, backlog=64)
        except OSError as error:
            text = f"cannot listen on {self.host} port {port}: {os.strerror(error.errno or 0)}"
            raise OSError(error.errno, text) from None
        self.adopt(service, sock)

    def adopt(self, service: str, sock: socket.socket) -> None:
        """Take clients from a socket that listens already; before the start, it spares the one that `port` asks for."""
        sock.setblocking(False)
        self._listeners[sock] = service
        self._ports.setdefault(service, int(sock.getsockname()[1]))
        self._selector.register(sock, selectors.EVENT_READ)

    def stop(self) -> None:
        """Close everything; calling it twice is harmless. Raises the twin's own defect if it met one."""
        self._stopping = True
        self._wake()
        if self._thread:
            self._thread.join()
            self._thread = None
        for listed, ours in ((self.router.wakers, self._wake_other), (self.router.at_reboot, self._rebooted)):
            if ours in listed:
                listed.remove(ours)
        self._shut()
        self.trace.close()
        self._folder.cleanup()
        if self._defects:
            raise self._defects.pop()

    def _wake(self) -> None:
        """Let the serving thread look at what another thread did; a full socket means it is awake anyway."""
        with contextlib.suppress(OSError):
            self._wake_out.send(b"x")

    def _wake_other(self) -> None:
        if threading.current_thread() is not self._thread:
            self._wake()

    def reboot(self) -> None:
        """Restart the router: every connection ends, what is configured stays; its ports take new ones at once."""
        self.router.reboot()

    def _rebooted(self) -> None:
        """What a client sent behind the word that rebooted the router is never read."""
        for connection in list(self._connections.values()):
            connection.closing = True
        self.drop_all()

    def drop_all(self) -> None:
        """Cut every connection now, as a reboot would; the router keeps its state."""
        for connection in list(self._connections.values()):
            # Nobody looks at the socket of a connection that waits for the firewall.
            connection.cut = connection.waits
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        self._wake_other()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        while not self._stopping:
            for key, events in self._selector.select(self._patience()):
                if key.fileobj is self._wake_in:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_in.recv(4096)
                elif isinstance(key.data, Connection):
                    if events & selectors.EVENT_READ or key.data.shaking:
                        self._guarded(key.data, self._read)
                elif isinstance(key.fileobj, socket.socket):
                    self._accept(key.fileobj)
            self._run_due()
            for connection in list(self._connections.values()):
                if connection.waits and not connection.cut:
                    self._guarded(connection, self._try_again)
                self._guarded(connection, self._write)

    def _run_due(self) -> None:
        """Scheduler entries and scripts run here, between the commands of clients."""
        try:
            if not self.faults.off:
                self.router.run_due()
        except Exception as error:
            self._defects.append(error)

    def _patience(self) -> float | None:
        """Seconds until an answer held back or a scheduler entry is due; None when nothing is.

        Whoever sets the router's clock tells nobody, so it is looked at every half second while an entry waits.
        """
        waits = [each.held[0][0] - time.monotonic() for each in self._connections.values() if each.held]
        if any(each.waits for each in self._connections.values()):
            waits.append(RETRANSMISSION)
        if not self.faults.off and (due := self.router.next_due()) is not None:
            waits.append(min(due - self.router.clock(), LONGEST_WAIT))
        return max(0.0, min(waits)) if waits else None

    def _shut(self) -> None:
        for connection in list(self._connections.values()):
            self._forget(connection)
        for sock in (*self._listeners, self._wake_in, self._wake_out):
            sock.close()
        self._selector.close()

    def _accept(self, listener: socket.socket) -> None:
        """Take one client in; a client that is gone again by now is nobody's defect."""
        sock = None
        try:
            sock, address = listener.accept()
            if self.faults.off or self.faults.refuse_connections == "close":
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            service = self._listeners[listener]
            if service == "api-ssl" and self._context:
                sock = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError:
            if sock is not None:
                sock.close()
            return
        self._welcome(sock, str(address[0]), int(address[1]), service)

    def _welcome(self, sock: socket.socket, address: str, port: int, service: str) -> None:
        self._number += 1
        connection = Connection(self._number, sock)
        connection.deaf = self.faults.refuse_connections == "hang"
        if self._gate:
            connection.passage = self._gate.passage(service, port)
            address = self._gate.seat.client
        elif self.seen_as and address == LOCAL:
            address = self.seen_as
        emit = functools.partial(self._emit, connection)
        connection.session = Session(self.router, address, service, emit, self.faults)
        self._connections[connection.number] = connection
        self._watch(connection)
        self.trace.event(connection.number, "connect")
        self._guarded(connection, Connection.lets_in)

    def _emit(self, connection: Connection, words: list[str]) -> None:
        """What a listen reports; the change may have come from another thread."""
        connection.out += encode_sentence(words)
        if threading.current_thread() is not self._thread:
            self._wake()

    def _watch(self, connection: Connection) -> None:
        """Ask for what the connection waits for; a selector takes no empty wish."""
        wanted = connection.events()
        if wanted == connection.watched:
            return
        if not wanted:
            self._selector.unregister(connection.sock)
        elif connection.watched:
            self._selector.modify(connection.sock, wanted, connection)
        else:
            self._selector.register(connection.sock, wanted, connection)
        connection.watched = wanted

    def _guarded(self, connection: Connection, act: Callable[[Connection], object]) -> None:
        """Run one step for a connection that is still there; a broken one is forgotten."""
        if connection.number not in self._connections:
            return
        try:
            act(connection)
        except (Gone, Unreadable):
            self._forget(connection)
        except Exception as error:
            # A defect of the twin must not look like a router's behaviour: it is told when the server stops.
            self._defects.append(error)
            self._forget(connection)

    def _read(self, connection: Connection) -> None:
        if connection.deaf or connection.closing:
            return
        if not connection.lets_in():
            return
        if connection.shaking and not (connection.lets_out() and connection.shake()):
            return
        data = connection.receive()
        if not data:
            return
        if not connection.in_burst:
            connection.in_burst = True
            self.trace.round_trip(connection.number)
        connection.inbox.extend(connection.decoder.feed(data))
        self._work(connection)

    def _work(self, connection: Connection) -> None:
        """Answer what has arrived; each sentence is a packet of its own for the firewall, which it may just change."""
        while connection.inbox and connection.lets_in():
            self._answer(connection, connection.inbox.popleft())
            if connection.closing:
                connection.inbox.clear()

    def _try_again(self, connection: Connection) -> None:
        """A client whose packets are dropped sends them anew, unless it gave up; so does the router, in `_write`."""
        connection.look()
        if connection.muted and not connection.out:
            connection.lets_out()
        if connection.barred and connection.lets_in():
            self._work(connection)

    def _answer(self, connection: Connection, sentence: list[str]) -> None:
        session = connection.session
        assert session is not None
        strike = self.faults.strike(sentence[0] if sentence else "") if session.actor else ""
        connection.closing = bool(strike)
        if strike == "before":
            self.trace.event(connection.number, "drop")
            return
        replies = session.handle(sentence)
        self.trace.sentence(connection.number, sentence, replies)
        data = b"".join(encode_sentence(reply) for reply in replies)
        if strike:
            self.trace.event(connection.number, "drop")
            data = data[: len(data) // 2] if strike == "midreply" else b""
        connection.closing = connection.closing or session.closing
        if session.actor and connection.decoder.limit < Decoder().limit:
            connection.decoder.limit = Decoder().limit
        connection.hold(data, time.monotonic() + self.faults.latency)

    def _write(self, connection: Connection) -> None:
        if connection.cut:
            raise Gone("cut while it waited")
        connection.release(time.monotonic())
        if connection.out and not connection.shaking and connection.lets_out():
            connection.flush()
        if connection.quiet:
            connection.in_burst = False
        if connection.closing and not (connection.out or connection.held):
            self._forget(connection)
            return
        self._watch(connection)

    def _forget(self, connection: Connection) -> None:
        if self._connections.pop(connection.number, None) is None:
            return
        if connection.watched:
            self._selector.unregister(connection.sock)
        with self.router.lock:
            connection.close()
        self.trace.event(connection.number, "close")
