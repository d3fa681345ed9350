# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that survives the loss of a way: one set of networks, and several peers in the order of preference."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering, Tunnel

METHODS = ("multi_peer", "policy_switch", "routed", "vrrp")
DETECTORS = ("icmp", "tcp", "dpd")


@dataclass(frozen=True)
class Detection:
    """How a lost peer is noticed; times in seconds."""

    by: str = "icmp"
    interval: int = 2
    """Between two looks."""
    packets: int = 3
    """Pings of one look; none of them answered means down."""
    timeout: int = 1
    port: int = 0
    """TCP port that has to open."""
    failures: int = 3
    """With `dpd`: looks that find no session before the peer is taken for lost."""

    @property
    def spread(self) -> int:
        """Milliseconds from one ping of a look to the next."""
        return 200

    @property
    def seconds(self) -> float:
        """The longest time until a silent peer is noticed, without what DPD itself takes."""
        if self.by == "dpd":
            return self.interval * self.failures
        pings = self.packets if self.by == "icmp" else 1
        return self.interval + (pings - 1) * self.spread / 1000 + self.timeout


@dataclass(frozen=True)
class Way:
    """One peer of a connection."""

    name: str
    tunnel: Peering
    """The tunnel to it, as if there were no other: with `routed` an interface, else networks that policies name."""
    watch: str = ""
    """Host whose answer says that the peer can be reached; empty: the peer itself."""
    uplink: str = ""
    """Name of the uplink that it is to be reached by and no other."""

    @property
    def watched(self) -> str:
        """Whom to ask whether the peer can be reached."""
        return self.watch or self.tunnel.remote_address


@dataclass(frozen=True)
class Connection:
    """The networks of two sites, and the ways between them, the preferred one first."""

    name: str
    method: str
    ways: tuple[Way, ...] = ()
    present: bool = True

    @property
    def tunnel(self) -> Tunnel:
        """What all its ways have in common, where policies name the networks."""
        tunnel = self.ways[0].tunnel
        if not isinstance(tunnel, Tunnel):
            raise TypeError(f"the ways of {self.name} are interfaces")
        return tunnel

    @property
    def links(self) -> list[Link]:
        """Its ways as interfaces, where they are some, under names that tell those of all connections apart."""
        return [
            replace(way.tunnel, name=f"{self.name}/{way.name}") for way in self.ways if isinstance(way.tunnel, Link)
        ]


@dataclass(frozen=True)
class Uplink:
    """One way to the internet of a router that has several."""

    name: str
    gateway: str
    """Address of the provider's router, or of the modem in front of it."""
    check: str = ""
    """Host behind the provider; it answers only while the provider itself works, however well the modem does."""
    local_address: str = ""
    """Own address there; connections translated to it are forgotten when the uplink fails."""
    default_route: bool = True


@dataclass(frozen=True)
class Member:
    """One of the routers that share addresses."""

    host: str
    priority: int
    address: str = ""
    """Its own address, which the others know it by."""


@dataclass(frozen=True)
class SharedAddress:
    """An address that moves from router to router."""

    name: str
    interface: str
    vrid: int
    address: str


@dataclass(frozen=True)
class Cluster:
    """Routers that share addresses by VRRP."""

    members: tuple[Member, ...] = ()
    addresses: tuple[SharedAddress, ...] = ()
    interval: str = "1s"
    sync_connections: bool = False

    def own(self, host: str) -> Member:
        """The member that a host is; raises ValueError with a sentence where it is none."""
        for member in self.members:
            if member.host == host:
                return member
        named = ", ".join(member.host for member in self.members) or "nobody"
        raise ValueError(f"vrrp.members: {host} is not among them; they are {named}")


@dataclass(frozen=True)
class Intent:
    """What a router is to survive: the options of the role."""

    connections: tuple[Connection, ...] = ()
    detection: Detection = field(default_factory=Detection)
    fail_back: bool = True
    fail_back_after: int = 60
    """Seconds for which a better peer has to answer before its traffic goes back to it."""
    uplinks: tuple[Uplink, ...] = ()
    cluster: Cluster = field(default_factory=Cluster)
    host: str = ""
    """Name of the router in the inventory."""
