# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keepalives of GRE interfaces: a packet for oneself goes through the tunnel, and the far end sends it back.

That is how routers of many makers have them; that RouterOS does the same is unverified.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import netns

IPV4 = 0x0800
GRE = 47
# The packet that comes back is GRE that carries nothing.
_CONTENT = bytes(4)
_PATIENCE = 0.5


@dataclass(frozen=True)
class Kept:
    """A tunnel device that is watched: every `interval` seconds, until so many `retries` are lost."""

    remote: str
    interval: float
    retries: int
    local: str = ""
    """The router's own address of the tunnel; empty: the one on the way to the far end."""


@dataclass
class _State:
    kept: Kept
    due: float
    lost: int = 0
    open: bool = False

    @property
    def silent(self) -> bool:
        return self.lost >= max(self.kept.retries, 1)


class Keepalives:
    """Those of one router; `told` is called with a device and whether its far end is silent, when that changes."""

    def __init__(self, node: str, told: Callable[[str, bool], None]) -> None:
        self.node = node
        self.told = told
        self._states: dict[str, _State] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, wanted: Mapping[str, Kept]) -> None:
        """Watch these devices and no others; one that is changed begins anew."""
        with self._lock:
            for gone in self._states.keys() - wanted.keys():
                del self._states[gone]
            for device, kept in wanted.items():
                if device not in self._states or self._states[device].kept != kept:
                    self._states[device] = _State(kept, time.monotonic())
        if wanted and self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"keepalive {self.node}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        with contextlib.ExitStack() as stack:
            ear, mouth = (stack.enter_context(netns.within(self.node, each)) for each in (_replies, _packets))
            while not self._ending.is_set():
                heard, _none, _never = select.select([ear], [], [], self._wait())
                changed = self._hear(ear.recv(4096)) if heard else []
                for device, silent in [*changed, *self._speak(mouth)]:
                    self.told(device, silent)

    def _wait(self) -> float:
        with self._lock:
            dues = [state.due - time.monotonic() for state in self._states.values()]
        return max(0.0, min([_PATIENCE, *dues]))

    def _hear(self, packet: bytes) -> list[tuple[str, bool]]:
        """Devices whose own packet came back although their far end was taken for silent."""
        source, content = socket.inet_ntoa(packet[12:16]), packet[(packet[0] & 15) * 4 :]
        if content != _CONTENT:
            return []
        changed = []
        with self._lock:
            for device, state in self._states.items():
                if state.kept.remote == source:
                    changed += [(device, False)] if state.silent else []
                    state.lost, state.open = 0, False
        return changed

    def _speak(self, mouth: socket.socket) -> list[tuple[str, bool]]:
        """Send what is due; gives devices whose far end has let the last of their packets be lost."""
        changed, now = [], time.monotonic()
        with self._lock:
            due = [(device, state) for device, state in self._states.items() if state.due <= now]
            for device, state in due:
                before = state.silent
                state.lost += state.open
                state.open, state.due = True, now + state.kept.interval
                changed += [(device, True)] if state.silent and not before else []
        for device, state in due:
            # A device without a way to its far end is as silent as one whose packets are lost.
            with contextlib.suppress(OSError):
                self._send(mouth, device, state.kept)
        return changed

    def _send(self, mouth: socket.socket, device: str, kept: Kept) -> None:
        mouth.sendto(returning(kept.remote, kept.local or self._near(kept.remote)), (device, IPV4))

    def _near(self, remote: str) -> str:
        """The router's address on the way to a far end."""

        def act() -> str:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect((remote, 9))
                return str(probe.getsockname()[0])

        return str(netns.within(self.node, act))


def _replies() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, GRE)


def _packets() -> socket.socket:
    return socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)


def returning(source: str, destination: str) -> bytes:
    """A packet of GRE with nothing in it, that seems to come from the far end and is for the near one."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(_CONTENT), 0, 0, 64, GRE, 0) + ends
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + _CONTENT


def _checksum(data: bytes) -> int:
    total = int(sum(struct.unpack(f"!{len(data) // 2}H", data)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
