# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks and hears VRRP in a router's namespace, and puts the virtual device up where this router is master."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from .. import netns
from ..netns import Broken
from .advert import GROUP, PROTOCOL, gratuitous, heard
from .election import BACKUP, MASTER, Election, Virtual

_LONGEST = 60.0


class News(NamedTuple):
    """A virtual router, by its device, is in another state."""

    device: str
    state: str
    why: str


class Speaker:
    """The elections of one router, in a thread of its own so that no command of a client holds them up."""

    def __init__(self, node: str, told: Callable[[], None]) -> None:
        """`told` is called, in any thread, when there is news."""
        self.node = node
        self.told = told
        self.news: deque[News] = deque()
        self._elections: dict[str, Election] = {}
        self._ears: dict[str, socket.socket] = {}
        self._mouths: dict[str, socket.socket] = {}
        self._lock = threading.RLock()
        self._in, self._out = socket.socketpair()
        # Without elections nobody reads, and no command may wait for that.
        self._out.setblocking(False)
        self._ending = False
        self._thread: threading.Thread | None = None

    def play(self, wanted: Mapping[str, Virtual]) -> None:
        """Take part in these elections, by device, and in no others."""
        with self._lock:
            self.keep(wanted)
            for device, virtual in wanted.items():
                if device in self._elections:
                    self._change(self._elections[device], virtual)
                else:
                    self._join(virtual)
            self._listen()
        if wanted and self._thread is None:
            self._ending = False
            self._thread = threading.Thread(target=self._serve, name=f"vrrp {self.node}", daemon=True)
            self._thread.start()
        self._wake()

    def keep(self, wanted: Mapping[str, Virtual]) -> None:
        """Leave the elections that are not among these; a master that leaves says so."""
        with self._lock:
            for device, election in list(self._elections.items()):
                if device not in wanted or not wanted[device].same_router(election.wanted):
                    self._leave(device, election)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._out.send(b"x")

    def _join(self, virtual: Virtual) -> None:
        # One that was master when it was killed.
        self._down(virtual.device)
        self._mouths[virtual.device] = netns.within(self.node, partial(_mouth, virtual.device))
        self._elections[virtual.device] = Election(virtual, time.monotonic())
        self._tell(News(virtual.device, BACKUP, "started"))

    def _change(self, election: Election, virtual: Virtual) -> None:
        """Priority, interval and addresses may change while it goes on."""
        old, election.wanted = election.wanted, virtual
        if election.state == MASTER and old.addresses != virtual.addresses:
            gone = [address for address in old.addresses if address not in virtual.addresses]
            self._ip(f"address del {address} dev {virtual.device}" for address in gone)
            self._up(virtual)

    def _leave(self, device: str, election: Election) -> None:
        if election.state == MASTER and not election.wanted.follows:
            self._advertise(election, 0)
        self._down(device)
        self._mouths.pop(device).close()
        del self._elections[device]

    def _down(self, device: str) -> None:
        self._ip([f"address flush dev {device}", f"link set {device} down"])

    def _up(self, virtual: Virtual) -> None:
        addresses = (f"address replace {address} dev {virtual.device}" for address in virtual.addresses)
        self._ip([*addresses, f"link set {virtual.device} up"])
        self._claim(virtual)

    def _ip(self, lines: Iterable[str]) -> None:
        # A device whose port is gone is gone itself.
        with contextlib.suppress(Broken, subprocess.TimeoutExpired):
            netns.ip(lines, self.node)

    def _listen(self) -> None:
        wanted = {election.wanted.port for election in self._elections.values()}
        for port in set(self._ears) - wanted:
            self._ears.pop(port).close()
        for port in wanted - set(self._ears):
            self._ears[port] = netns.within(self.node, partial(_ear, port))

    def _serve(self) -> None:
        while not self._ending:
            with self._lock:
                ears = list(self._ears.values())
                dues = [each.due for each in self._elections.values()]
            patience = max(0.0, min([_LONGEST, *(due - time.monotonic() for due in dues)]))
            # An ear that somebody closed meanwhile is no longer listened to in the next round.
            with contextlib.suppress(OSError, ValueError):
                if self._in in select.select([self._in, *ears], [], [], patience)[0]:
                    self._in.recv(4096)
            with self._lock:
                if not self._ending:
                    self._round()

    def _round(self) -> None:
        for port, ear in self._ears.items():
            for packet in _packets(ear):
                self._hear(port, packet)
        for election in self._elections.values():
            self._act(election, lambda each: each.tick(time.monotonic()))
        for election in self._elections.values():
            if election.wanted.follows:
                leader = self._elections.get(election.wanted.follows)
                self._act(election, lambda each, leader=leader: each.go_with(leader))  # type: ignore[misc]

    def _hear(self, port: str, packet: bytes) -> None:
        found = heard(packet)
        for election in self._elections.values() if found else ():
            if found and (election.wanted.port, election.wanted.vrid, election.wanted.follows) == (
                port,
                found[1].vrid,
                "",
            ):
                self._act(election, lambda each: each.heard(*found, time.monotonic()))

    def _act(self, election: Election, step: Callable[[Election], list[int]]) -> None:
        before, wanted = election.state, election.wanted
        said = step(election)
        if election.state == MASTER != before:
            self._up(wanted)
        elif election.state != before:
            self._down(wanted.device)
        for priority in said:
            self._advertise(election, priority)
        if election.state != before:
            self._tell(News(wanted.device, election.state, election.why))

    def _tell(self, news: News) -> None:
        self.news.append(news)
        self.told()

    def _advertise(self, election: Election, priority: int) -> None:
        wanted = election.wanted
        packet = wanted.advert(priority).packet(wanted.own, plain_checksum=wanted.plain_checksum)
        # A firewall may forbid it, and a port may be gone; the others find out by themselves.
        with contextlib.suppress(OSError):
            self._mouths[wanted.device].sendto(packet, (GROUP, 0))

    def _claim(self, wanted: Virtual) -> None:
        """Tell the segment where the addresses are now."""

        def act() -> None:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
                sock.bind((wanted.device, 0))
                for address in wanted.hosts:
                    sock.send(gratuitous(wanted.mac, address))

        with contextlib.suppress(OSError):
            netns.within(self.node, act)

    def stop(self) -> None:
        """Leave all elections in order, for good."""
        self.play({})
        self._end()
        self._in.close()
        self._out.close()

    def kill(self) -> None:
        """End as by a crash: nobody is told, and a master's device stays up. `play` begins anew."""
        self._end()
        with self._lock:
            for sock in (*self._mouths.values(), *self._ears.values()):
                sock.close()
            for known in (self._mouths, self._ears, self._elections):
                known.clear()

    def _end(self) -> None:
        self._ending = True
        self._wake()
        if self._thread:
            self._thread.join()
            self._thread = None


def _ear(port: str) -> socket.socket:
    """What the firewall lets in of VRRP on a port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, port.encode())
    group = socket.inet_aton(GROUP) + bytes(4) + struct.pack("=i", socket.if_nametoindex(port))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    sock.setblocking(False)
    return sock


def _mouth(device: str) -> socket.socket:
    """Sends from the virtual MAC, so that switches learn where it is."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    return sock


def _packets(ear: socket.socket) -> list[bytes]:
    found: list[bytes] = []
    with contextlib.suppress(OSError):
        while True:
            found.append(ear.recv(4096))
    return found
