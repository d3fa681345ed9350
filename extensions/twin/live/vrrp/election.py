# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who of several virtual routers is master: the state machine of RFC 5798, 6.4, for one of them. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from .advert import Advert

MASTER, BACKUP, FAILURE = "master", "backup", "failure"


@dataclass(frozen=True)
class Virtual:
    """What a row says; `device` and `port` are the kernel's, `own` is the port's address.

    `interval` is in seconds, `addresses` are with their prefixes.
    """

    device: str
    port: str
    own: str
    vrid: int
    priority: int
    interval: float
    preempts: bool
    version: int
    addresses: tuple[str, ...]
    plain_checksum: bool = False

    @property
    def mac(self) -> bytes:
        return bytes((0, 0, 0x5E, 0, 1, self.vrid))

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(address.partition("/")[0] for address in self.addresses)

    def advert(self, priority: int) -> Advert:
        return Advert(self.version, self.vrid, priority, self.interval, self.hosts)

    def same_router(self, other: Virtual) -> bool:
        """Whether one may go on as the other without an election."""
        return (self.device, self.port, self.vrid, self.version, self.own) == (
            other.device,
            other.port,
            other.vrid,
            other.version,
            other.own,
        )


@dataclass
class Election:
    """Begins as backup at a moment; each method gives the priorities to advertise at once. `due` is its next moment."""

    wanted: Virtual
    now: float
    state: str = field(default=BACKUP, init=False)
    due: float = field(init=False)
    why: str = field(default="", init=False)
    _masters_interval: float = field(init=False)

    def __post_init__(self) -> None:
        self._masters_interval = self.wanted.interval
        self.due = self.now + self._down_after()

    def _skew(self) -> float:
        interval = 1.0 if self.wanted.version == 2 else self._masters_interval
        return (256 - self.wanted.priority) * interval / 256

    def _down_after(self) -> float:
        return 3 * self._masters_interval + self._skew()

    def tick(self, now: float) -> list[int]:
        """A master speaks once in an interval; a backup that has heard of none for three takes over."""
        if now < self.due:
            return []
        if self.state == BACKUP:
            self.state, self.why = MASTER, "master down timer"
        self.due = now + self.wanted.interval
        return [self.wanted.priority]

    def heard(self, sender: str, advert: Advert, now: float) -> list[int]:
        wanted = self.wanted
        if advert.version != wanted.version or (wanted.version == 2 and advert.interval != wanted.interval):
            return []
        if self.state == MASTER:
            return self._heard_as_master(sender, advert, now)
        if advert.priority == 0:
            self.due = now + self._skew()
        elif not wanted.preempts or advert.priority >= wanted.priority:
            self._follow(advert, now)
        return []

    def _heard_as_master(self, sender: str, advert: Advert, now: float) -> list[int]:
        own = (self.wanted.priority, IPv4Address(self.wanted.own))
        if advert.priority == 0:
            self.due = now + self.wanted.interval
            return [self.wanted.priority]
        if (advert.priority, IPv4Address(sender)) > own:
            self.state, self.why = BACKUP, f"got higher priority {advert.priority} from {sender}"
            self._follow(advert, now)
        return []

    def _follow(self, advert: Advert, now: float) -> None:
        self._masters_interval = advert.interval if self.wanted.version == 3 else self.wanted.interval
        self.due = now + self._down_after()
