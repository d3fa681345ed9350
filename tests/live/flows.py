# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flows of which each router is asked: a packet as it is sent, and the same as the simulation wants it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet as Simulated
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import facts

from tests.live.grounds import MAPPED, PEER, REMOTE, STRANGER, Site

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "ipsec-esp": 50, "ipsec-ah": 51}
Packet = Mapping[str, Any]
_PORTS = itertools.count(20000)
"""Each flow comes from a port of its own, so that it is a connection of its own."""


@dataclass(frozen=True)
class Probe:
    """Something to send, wherever it goes to."""

    protocol: str
    port: int | None = None
    icmp: tuple[int, int] | None = None
    flags: tuple[str, ...] = ("syn",)
    state: str = "new"

    def __str__(self) -> str:
        what = ":".join(map(str, self.icmp)) if self.icmp else "+".join(self.flags) if self.protocol == "tcp" else ""
        return f"{self.protocol}{f'/{self.port}' if self.port else ''}{f' {what}' if what else ''} {self.state}"


PING = Probe("icmp", icmp=(8, 0))
CLOSED = Probe("tcp", 9999)
BASIC = (PING, Probe("tcp", 22), Probe("tcp", 8729), Probe("udp", 500), Probe("udp", 53), Probe("ipsec-esp"), CLOSED)
PROBES = (
    *BASIC,
    *(Probe("tcp", port) for port in (80, 443, 8291, 8728)),
    *(Probe("udp", port) for port in (4500, 67, 33434)),
    *(Probe(name) for name in ("ipsec-ah", "gre")),
    Probe("icmp", icmp=(13, 0)),
    Probe("icmp", icmp=(0, 0), state="invalid"),
    Probe("icmp", icmp=(3, 4), state="invalid"),
    # Whoever takes up a connection in the middle is believed (loose-tcp-tracking).
    Probe("tcp", 22, flags=("ack",)),
    Probe("tcp", 22, flags=("rst",), state="invalid"),
    Probe("tcp", 22, flags=("fin", "syn"), state="invalid"),
)


@dataclass(frozen=True)
class End:
    """One end of a flow as the router under test sees it: by which interface, and whether through the tunnel."""

    name: str
    address: str
    interface: str | None
    node: str = ""
    """Who sends; of a router's own addresses nobody has to."""
    tunnelled: bool = False


@dataclass(frozen=True)
class Flow:
    """One packet. `opening` are packets before it, each with the node that sends it."""

    name: str
    node: str
    wire: Packet
    simulated: Simulated
    opening: tuple[tuple[str, Packet], ...] = ()
    translated: Simulated | None = None
    """The same behind dst-nat, where that changes it."""


def flow(probe: Probe, source: End, target: End, chain: str) -> Flow:
    port = next(_PORTS)
    ports: dict[str, int | None] = {"src_port": None, "dst_port": None}
    if probe.protocol in ("tcp", "udp"):
        ports = {"src_port": port, "dst_port": probe.port}
    common: dict[str, Any] = {"src": source.address, "dst": target.address, **ports, "icmp": probe.icmp}
    wire = {**common, "protocol": NUMBERS[probe.protocol], "tcp_flags": probe.flags, "ack": 1}
    simulated = Simulated(
        chain,
        protocol=probe.protocol,
        in_interface=source.interface,
        out_interface=target.interface if chain != "input" else None,
        connection_state=probe.state,
        ipsec_in=source.tunnelled,
        ipsec_out=target.tunnelled and chain != "input",
        tcp_flags=frozenset(probe.flags) if probe.protocol == "tcp" else None,
        facts=facts(
            src_address_type="local" if chain == "output" else "unicast",
            dst_address_type="local" if chain == "input" else "unicast",
        ),
        **common,
    )
    return Flow(f"{source.name} > {target.name} {probe}", source.node, wire, simulated)


@dataclass(frozen=True)
class Ends:
    """Who there is around one router."""

    site: Site

    @property
    def lan(self) -> End:
        return End("lan", f"{self.site.lan}.100", "ether2", f"lan-{self.site.number}")

    @property
    def admin(self) -> End:
        return End("admin", f"{self.site.admin}.10", "ether3", f"admin-{self.site.number}")

    # Not sent by the far router itself, whose own policies would not let it through in clear.
    peer = End("peer", PEER, "ether1", "stranger")
    stranger = End("stranger", STRANGER, "ether1", "stranger")
    bogon = End("bogon", "10.66.0.1", "ether1", "stranger")
    remote = End("remote", REMOTE, "ether1", "lan-far", tunnelled=True)

    @property
    def forged(self) -> End:
        """The manager's address, from the internet."""
        return replace(self.admin, name="forged", interface="ether1", node="stranger")

    @property
    def inside(self) -> End:
        return End("router", f"{self.site.lan}.1", None, self.site.name)

    @property
    def outside(self) -> End:
        return End("router outside", self.site.wan, None, self.site.name)

    def to_the_router(self) -> Iterator[Flow]:
        """Nearly everybody asks for everything at the nearest address, and for the usual things at the other."""
        for source in (self.peer, self.stranger, self.bogon, self.forged):
            probes = BASIC if source is self.bogon else PROBES
            yield from (flow(probe, source, self.outside, "input") for probe in probes)
            yield from (flow(probe, source, self.inside, "input") for probe in BASIC[:4])
        for source in (self.lan, self.admin):
            yield from (flow(probe, source, self.inside, "input") for probe in PROBES)
            yield from (flow(probe, source, self.outside, "input") for probe in BASIC[:4])
        if self.site.tunnel:
            yield from (flow(probe, self.remote, self.inside, "input") for probe in PROBES)

    def through_the_router(self) -> Iterator[Flow]:
        tunnels = [(self.lan, self.remote), (self.remote, self.lan)] if self.site.tunnel else []
        for source, target in (
            *((self.lan, each) for each in (self.stranger, self.peer, self.admin)),
            *((self.admin, each) for each in (self.stranger, self.lan)),
            *((self.stranger, each) for each in (self.lan, self.admin)),
            *((each, self.lan) for each in (self.peer, self.bogon, self.forged)),
            *tunnels,
        ):
            yield from (flow(probe, source, target, "forward") for probe in BASIC)
        yield flow(Probe("tcp", 22, flags=("rst",), state="invalid"), self.lan, self.stranger, "forward")
        yield flow(Probe("tcp", 22, flags=("rst",), state="invalid"), self.stranger, self.lan, "forward")

    def from_the_router(self) -> Iterator[Flow]:
        for target in (self.stranger, self.lan):
            source = self.outside if target is self.stranger else self.inside
            yield from (flow(probe, source, target, "output") for probe in BASIC)

    def mapped(self) -> Iterator[Flow]:
        """To the port that the router passes on to its LAN host, or where nothing is passed on."""
        for source in (self.stranger, self.peer, self.lan):
            found = flow(Probe("tcp", MAPPED), source, self.outside, "input")
            if self.site.factory and source is not self.lan:
                behind = {"dst": f"{self.site.lan}.100", "dst_port": 80, "out_interface": "ether2", "chain": "forward"}
                known: Any = {**behind, "connection_nat_state": frozenset({"dstnat"}), "facts": frozenset()}
                found = replace(found, translated=replace(found.simulated, **known))
            yield found

    def answers(self) -> Iterator[Flow]:
        """What belongs to connections that the router or its LAN host has opened."""
        ask = Probe("udp", 53)
        own = flow(ask, self.outside, self.stranger, "output")
        yield _answer(own, "router", "input", frozenset())
        own = flow(ask, self.outside, self.stranger, "output")
        error = flow(Probe("icmp", icmp=(3, 3), state="related"), self.stranger, self.outside, "input")
        yield replace(error, opening=((own.node, own.wire),), wire={**error.wire, "about": own.wire})
        masqueraded = self.site.wan if self.site.factory else None
        asked = flow(ask, self.lan, self.stranger, "forward")
        yield _answer(asked, "lan", "forward", frozenset({"srcnat"} if masqueraded else ()), masqueraded)

    def flows(self) -> Iterable[Flow]:
        return itertools.chain(
            self.to_the_router(), self.through_the_router(), self.from_the_router(), self.mapped(), self.answers()
        )


def _answer(asked: Flow, to: str, chain: str, nat: frozenset[str], seen: str | None = None) -> Flow:
    """What comes back; `seen` is the address that the other end knows the sender by."""
    sent = asked.wire
    back = {"src": sent["dst"], "dst": sent["src"], "src_port": sent["dst_port"], "dst_port": sent["src_port"]}
    simulated = replace(
        asked.simulated,
        chain=chain,
        in_interface="ether1",
        out_interface="ether2" if chain == "forward" else None,
        connection_state="established",
        connection_nat_state=nat,
        # Before and behind the translation back, the destination is not of one type.
        facts=frozenset(),
        **back,
    )
    wire = {**sent, **back, "dst": seen or back["dst"]}
    return Flow(f"stranger > {to} answers udp", "stranger", wire, simulated, ((asked.node, sent),))
