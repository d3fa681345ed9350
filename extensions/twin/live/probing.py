# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks hosts for a sign of life from a router's namespace, over and over, while the router does other things.

One thread for each router, and none before somebody wants to know something: it lives in the namespace, has one raw
socket for all pings, and waits for whatever comes first, an answer, the end of somebody's patience or the next probe.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import itertools
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from ..probe import Probe, Told
from . import netns

ECHO, ECHO_REPLY = 8, 0
_SO_BINDTODEVICE = 25


@dataclass(eq=False)
class _Watch:
    """What somebody wants to know; `interval` is None where once is enough."""

    key: Hashable
    probe: Probe
    interval: float | None
    on_result: Told


@dataclass(eq=False)
class _Asked:
    """A probe under way."""

    watch: _Watch
    began: float
    connection: socket.socket | None = field(default=None)


class Prober:
    """Everything that one node probes. Results are told on the prober's own thread, which must not be kept long."""

    def __init__(self, node: str) -> None:
        self.node = node
        self._lock = threading.RLock()
        self._watches: dict[Hashable, _Watch] = {}
        self._asked: dict[int, _Asked] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._numbers = itertools.cycle(range(1, 0x10000))
        self._identity = int.from_bytes(os.urandom(2), "big")
        self._selector = selectors.DefaultSelector()
        self._pings: dict[tuple[str, str, int], socket.socket] = {}
        self._woken, self._waking = socket.socketpair()
        self._woken.setblocking(False)
        self._ending = False
        self._thread: threading.Thread | None = None

    def watch(
        self,
        key: Hashable,
        probe: Probe,
        interval: float | None,
        on_result: Told,
        *,
        delay: float = 0.0,
    ) -> None:
        """Probe now, and every so many seconds from then on; a watch of the same key is forgotten."""
        watch = _Watch(key, probe, interval, on_result)
        with self._lock:
            self.forget(key)
            self._watches[key] = watch
            self._plan(time.monotonic() + delay, lambda: self._ask(watch, time.monotonic()))
            if self._thread is None and not self._ending:
                self._thread = threading.Thread(target=self._run, name=f"prober {self.node}", daemon=True)
                self._thread.start()
        self._wake()

    def once(self, key: Hashable, probe: Probe, on_result: Told) -> None:
        """Probe one time."""
        self.watch(key, probe, None, on_result)

    def forget(self, key: Hashable) -> None:
        """Ask no more; what is under way is told to nobody."""
        with self._lock:
            gone = self._watches.pop(key, None)
            for number in [number for number, asked in self._asked.items() if asked.watch is gone]:
                self._drop(number)

    def stop(self) -> None:
        """End the thread and close everything."""
        self._ending = True
        self._wake()
        if self._thread is not None:
            self._thread.join()
        self._woken.close()
        self._waking.close()
        self._selector.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._waking.send(b"x", socket.MSG_DONTWAIT)

    def _plan(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), act))

    def _run(self) -> None:
        if self.node:
            netns.enter(self.node)
        self._selector.register(self._woken, selectors.EVENT_READ, self._rouse)
        while not self._ending:
            for ready, _events in self._selector.select(self._patience()):
                ready.data()
            self._turn()
        with self._lock:
            for number in list(self._asked):
                self._drop(number)
            for pinging in self._pings.values():
                pinging.close()

    def _rouse(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)

    def _patience(self) -> float | None:
        with self._lock:
            return max(0.0, self._agenda[0][0] - time.monotonic()) if self._agenda else None

    def _turn(self) -> None:
        """Do one thing whose moment has come; what has been heard meanwhile comes before the next."""
        with self._lock:
            if not self._agenda or self._agenda[0][0] > time.monotonic():
                return
            _moment, _order, act = heapq.heappop(self._agenda)
        act()

    def _ask(self, watch: _Watch, planned: float) -> None:
        with self._lock:
            if self._watches.get(watch.key) is not watch:
                return
            began = time.monotonic()
            if watch.interval is not None:
                # Counted from when it was to be, so that a busy machine does not make intervals longer.
                following = max(planned + watch.interval, began)
                self._plan(following, lambda: self._ask(watch, following))
            number = next(each for each in self._numbers if each not in self._asked)
            asked = self._asked[number] = _Asked(watch, began)
            self._plan(began + watch.probe.timeout, lambda: self._settle(number, asked, False))
        try:
            self._send(number, asked)
        except OSError:
            # No way there, or no such source: nothing will come, and that is known when patience ends.
            self._close(asked)
            self._part(watch.probe)

    def _send(self, number: int, asked: _Asked) -> None:
        if asked.watch.probe.port:
            self._connect(number, asked)
            return
        probe = asked.watch.probe
        self._pinging(probe).sendto(_echo(self._identity, number, probe.size), (probe.address, 0))

    def _pinging(self, probe: Probe) -> socket.socket:
        """The raw socket for pings from one source."""
        which = (probe.source, probe.device, probe.ttl)
        if which not in self._pings:
            made = _prepared(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP), probe)
            self._pings[which] = made
            self._selector.register(made, selectors.EVENT_READ, lambda: self._hear(made))
        return self._pings[which]

    def _part(self, probe: Probe) -> None:
        """Let the next ping from there have a socket of its own: a device that was made anew is another one."""
        if (stale := self._pings.pop((probe.source, probe.device, probe.ttl), None)) is not None:
            self._selector.unregister(stale)
            stale.close()

    def _connect(self, number: int, asked: _Asked) -> None:
        probe = asked.watch.probe
        asked.connection = made = _prepared(socket.socket(socket.AF_INET, socket.SOCK_STREAM), probe)
        refused = made.connect_ex((probe.address, probe.port))
        if refused not in (0, errno.EINPROGRESS):
            raise OSError(refused, "no connection")
        self._selector.register(made, selectors.EVENT_WRITE, lambda: self._connected(number, asked, made))

    def _connected(self, number: int, asked: _Asked, made: socket.socket) -> None:
        self._settle(number, asked, made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0)

    def _hear(self, pinging: socket.socket) -> None:
        while True:
            try:
                packet, (sender, _port) = pinging.recvfrom(65535)
            except OSError:
                return
            number = _answered(packet, self._identity)
            with self._lock:
                asked = self._asked.get(number or 0)
            if number and asked and not asked.watch.probe.port and asked.watch.probe.address == sender:
                self._settle(number, asked, True)

    def _settle(self, number: int, asked: _Asked, answered: bool) -> None:
        with self._lock:
            if self._asked.get(number) is not asked:
                return
            self._drop(number)
            watch = asked.watch
            if watch.interval is None and self._watches.get(watch.key) is watch:
                del self._watches[watch.key]
        watch.on_result(answered, time.monotonic() - asked.began)

    def _drop(self, number: int) -> None:
        self._close(self._asked.pop(number))

    def _close(self, asked: _Asked) -> None:
        if asked.connection is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(asked.connection)
            asked.connection.close()
            asked.connection = None


def _prepared(made: socket.socket, probe: Probe) -> socket.socket:
    """A socket that sends as the probe wants it; closed if that cannot be."""
    made.setblocking(False)
    try:
        if probe.device:
            made.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, probe.device.encode() + b"\0")
        if probe.source:
            made.bind((probe.source, 0))
        if probe.ttl:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, probe.ttl)
    except OSError:
        made.close()
        raise
    return made


def _echo(identity: int, number: int, size: int) -> bytes:
    """An echo request with so many bytes behind its header."""
    body = bytes(size)
    head = struct.pack("!BBHHH", ECHO, 0, 0, identity, number)
    return struct.pack("!BBHHH", ECHO, 0, _checksum(head + body), identity, number) + body


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(int(each) for each in struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _answered(packet: bytes, identity: int) -> int | None:
    """The number of the request that a packet answers, if it is one of ours."""
    start = (packet[0] & 15) * 4 if packet else 0
    if len(packet) < start + 8:
        return None
    sort, _code, _sum, theirs, number = struct.unpack("!BBHHH", packet[start : start + 8])
    return int(number) if sort == ECHO_REPLY and theirs == identity else None
