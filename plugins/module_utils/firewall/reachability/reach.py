# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach which service of a router: every source asks for every service, and the firewall decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ...engine.entry import Entry, label
from ...schema.family import IPV4, Family
from ...schema.kinds import spans as numbers
from ..actions import Effect, effect_of
from ..packet import (
    Decision,
    Ending,
    Packet,
    State,
    Verdict,
    facts,
)
from ..tables import BUILTIN, MENUS, Firewall
from ..truth import Truth, truth
from ..walk import decide, decide_chain
from .services import Listening, Service
from .sources import (
    Networks,
    Probe,
    Sight,
    Source,
    rules_of,
    sight,
    texts,
    unnamed,
)

EPHEMERAL = 50000
"""A port that clients send from."""
MOST_PORTS = 8
FIXED = frozenset({"protocol", "dst-port", "icmp-options"})
"""Matchers whose answer is the same for all packets that ask for a service."""
WITH_PORTS = ("tcp", "udp")
AND = "; "
PORT_DECIDES = "it depends on the port that the sender chooses to send from"
ADDRESS_DECIDES = "it depends on which of the router's addresses it goes to"


@dataclass(frozen=True)
class Outcome:
    """What becomes of a request, by which rules, and why if that is not all."""

    verdict: Verdict
    rule: str = ""
    why: str = ""
    endings: tuple[Ending, ...] = field(default=(), compare=False)
    """The ways in which it may end."""


@dataclass(frozen=True)
class Row:
    """One source and one service, for all senders and interfaces of which the same is true."""

    source: str
    addresses: tuple[str, ...]
    """Empty: anybody, at an address that no rule names."""
    interfaces: tuple[str, ...]
    """Empty: it is not known by which interfaces anybody may come."""
    service: Service
    outcome: Outcome
    before: Outcome | None = None
    """The same as of today, where the question is about a change."""
    family: Family = IPV4


@dataclass(frozen=True, eq=False)
class Gate:
    """What of a router decides who can reach it."""

    firewall: Firewall
    networks: Networks = field(default_factory=dict)
    """Its addresses by interface."""
    listening: Mapping[str, Listening] = field(default_factory=dict)
    """Its services, as far as they are known."""
    known: dict[tuple[object, ...], Outcome] = field(default_factory=dict, init=False)
    narrow: dict[tuple[object, ...], Firewall] = field(default_factory=dict, init=False)

    def outcome(self, probe: Probe, service: Service) -> Outcome:
        """What becomes of one sender's request for one service."""
        service = self.actual(service)
        family = self.firewall.family
        packets = [_packet(probe, service, address, family) for address in self.addresses(probe.interface)]
        found = _together([self.decided(each) for each in packets], ADDRESS_DECIDES)
        set_ = self.listening.get(service.name)
        if set_ and found.verdict is not Verdict.DROP and set_.refuses(probe.address):
            limit = "it is off" if set_.disabled else f"it answers {', '.join(set_.allowed)} only"
            return Outcome(Verdict.DROP, "", f"/ip/service {service.name}: {limit}")
        return found

    def addresses(self, interface: str | None) -> Sequence[str | None]:
        """The router's addresses that somebody behind an interface may call; None: none are known.

        A router answers on all of its addresses, whatever interface the packet comes by.
        """
        here = [str(net.ip) for net in self.networks.get(interface or "", ())]
        own = [str(net.ip) for nets in self.networks.values() for net in nets]
        if not own:
            return [None]
        # An interface that has none now may be given one, which rules do not know.
        found: dict[object, str] = {}
        for each in (*(here or [self._unnamed]), *own):
            found.setdefault(self._kind("dst", each), each)
        return [*found.values()]

    def actual(self, service: Service) -> Service:
        """The service with the port that the router has set for it."""
        set_ = self.listening.get(service.name)
        return replace(service, port=set_.port) if set_ and set_.port and service.port else service

    def decided(self, packet: Packet) -> Outcome:
        """What the firewall does, once for all packets that no rule tells apart."""
        sides = (self._kind("src", packet.src), self._kind("dst", packet.dst), self._way(packet.in_interface))
        key = (*sides, packet.protocol, packet.dst_port, packet.ipsec_in)
        if key not in self.known:
            self.known[key] = self._decided(packet)
        return self.known[key]

    def _decided(self, packet: Packet) -> Outcome:
        decision = decide(self._for(packet), packet)
        if packet.protocol not in WITH_PORTS or decision.verdict in (Verdict.ACCEPT, Verdict.DROP):
            return self.told(packet, decision)
        # The sender chooses the port that he sends from, so that whatever one port is let in for, he is.
        each = [replace(packet, src_port=port) for port in (EPHEMERAL, *self._ports)]
        return _together([self.told(one, decide(self._for(one), one)) for one in each], PORT_DECIDES)

    def _for(self, packet: Packet) -> Firewall:
        """The rules that may match packets of a service, wherever they come from: most are for others."""
        service = (packet.protocol, packet.dst_port, packet.ipsec_in)
        if service not in self.narrow:
            known = replace(packet, src=None, src_port=None, dst=None, in_interface=None)
            # Where a rule may translate the port, it is no more the same.
            state, fixed = State(known, packet.chain), FIXED - ({"dst-port"} if self._translates else set())
            self.narrow[service] = self.firewall.only(
                lambda rule: (
                    not any(
                        each.name in fixed and truth(each, state, self.firewall) is Truth.NO for each in rule.conditions
                    )
                )
            )
        return self.narrow[service]

    def told(self, packet: Packet, decision: Decision) -> Outcome:
        """A decision in words."""
        rules = _joined(self.place(each) for each in decision.endings)
        why = []
        if decision.verdict in (Verdict.EITHER, Verdict.CANNOT_TELL):
            why = [f"{self.spot(each.table, each.chain, each.rule)}: {each.why}" for each in decision.doubts]
        if decision.verdict is not Verdict.DROP and self._translates:
            moved = decide_chain(self._for(packet), "nat", "dstnat", packet).endings
            why += [
                f"{self.place(each)} changes its destination"
                for each in moved
                if effect_of(each.action) is Effect.TRANSLATE
            ]
        return Outcome(decision.verdict, rules, _joined(why), decision.endings)

    def place(self, ending: Ending) -> str:
        """How people find what decides."""
        return self.spot(ending.table, ending.chain, ending.rule) if ending.rule else f"end of {ending.chain}"

    def spot(self, table: str, chain: str, rule: Entry) -> str:
        """How people find a rule: `input 7 (comment=drop the rest)`, with the table where it is not the filter."""
        where = chain if table == "filter" else f"{table} {chain}"
        number = self._positions.get((table, rule.id))
        return f"{where}{f' {number}' if number else ''} ({label(MENUS[self.firewall.family][table], rule.values)})"

    @cached_property
    def _positions(self) -> Mapping[tuple[str, str], int]:
        """Places of rules within their chains, as people count them."""
        found: dict[tuple[str, str], int] = {}
        for table in BUILTIN:
            last: dict[str, int] = {}
            for entry in getattr(self.firewall, table) or ():
                if not entry.dynamic:
                    chain = entry.values.get("chain", "")
                    found[table, entry.id] = last[chain] = last.get(chain, 0) + 1
        return found

    @cached_property
    def _translates(self) -> bool:
        return any(rule.effect is Effect.TRANSLATE for rule in self.firewall.chains["nat"].get("dstnat", ()))

    @cached_property
    def _ports(self) -> Sequence[int]:
        """Source ports that rules ask for."""
        given = [text for name in ("src-port", "port") for text in texts(self.firewall, name)]
        return sorted({low for text in given for low, _dummy in _numbers(text)})[:MOST_PORTS]

    @cached_property
    def _sights(self) -> Mapping[str, Sight]:
        # Where destinations are translated, it counts whether the new one is the old one.
        moved = {rule.entry.values.get("to-addresses", "") for rule in rules_of(self.firewall)} - {""}
        return {"src": sight(self.firewall, "src"), "dst": sight(self.firewall, "dst", sorted(moved))}

    @cached_property
    def _unnamed(self) -> str:
        return unnamed(self._sights["dst"].named(), self.firewall.family)

    def _kind(self, side: str, address: str | None) -> object:
        return None if address is None else self._sights[side].of(address)

    @cached_property
    def _singled_out(self) -> frozenset[str]:
        return frozenset(texts(self.firewall, "in-interface"))

    def _way(self, interface: str | None) -> object:
        """What rules can know of an interface."""
        lists = frozenset(name for name, members in self.firewall.interfaces.items() if interface in members)
        return None if interface is None else (lists, interface if interface in self._singled_out else "")


def _numbers(text: str) -> list[tuple[int, int]]:
    try:
        return numbers(text)
    except ValueError:
        return []


def _packet(probe: Probe, service: Service, dst: str | None, family: Family) -> Packet:
    """The first packet of a request, in clear, to an address of the router itself."""
    ping = service.protocol == "icmp"
    kind, _dummy, code = family.ping.partition(":")
    return Packet(
        "input",
        src=probe.address,
        dst=dst,
        protocol=family.icmp if ping else service.protocol,
        dst_port=service.port,
        in_interface=probe.interface,
        ipsec_in=probe.tunnelled,
        connection_state="new",
        icmp=(int(kind), int(code)) if ping else None,
        tcp_flags=frozenset({"syn"}) if service.protocol == "tcp" else None,
        facts=facts(src_address_type="unicast", dst_address_type="local"),
    )


def _together(outcomes: Sequence[Outcome], why: str) -> Outcome:
    """One outcome for requests that differ in something that the sender chooses."""
    verdicts = {each.verdict for each in outcomes}
    rules = _joined(each.rule for each in outcomes)
    endings = tuple(ending for each in outcomes for ending in each.endings)
    if len(verdicts) == 1:
        return Outcome(outcomes[0].verdict, rules, _joined(each.why for each in outcomes), endings)
    verdict = Verdict.CANNOT_TELL if Verdict.CANNOT_TELL in verdicts else Verdict.EITHER
    return Outcome(verdict, rules, _joined([*(each.why for each in outcomes), why]), endings)


def _joined(texts_: Iterable[str]) -> str:
    """Each part once."""
    return AND.join(dict.fromkeys(part for text in texts_ for part in text.split(AND) if part))


def reach(
    gate: Gate, sources: Iterable[Source], services: Sequence[Service], before: Gate | None = None
) -> Iterator[Row]:
    """Rows by source and service, in the order given; with `before`, today's outcomes beside those of the change."""
    for source in sources:
        for service in services:
            yield from _rows(gate, source, service, before)


def _rows(gate: Gate, source: Source, service: Service, before: Gate | None) -> Iterator[Row]:
    """As few rows as tell the truth: interfaces alike for all senders, then senders alike behind those."""
    found: dict[str | None, dict[Probe, tuple[Outcome, Outcome | None]]] = {}
    for probe in source.probes:
        both = (gate.outcome(probe, service), before.outcome(probe, service) if before else None)
        found.setdefault(probe.interface, {})[probe] = both
    alike: dict[frozenset[tuple[str, object]], list[str | None]] = {}
    for interface, outcomes in found.items():
        alike.setdefault(frozenset((probe.who, both) for probe, both in outcomes.items()), []).append(interface)
    for interfaces in alike.values():
        parts: dict[tuple[Outcome, Outcome | None], list[str]] = {}
        for probe, both in found[interfaces[0]].items():
            parts.setdefault(both, []).append(probe.who)
        names = tuple(each for each in interfaces if each)
        for (outcome, today), who in parts.items():
            addresses = tuple(each for each in who if each)
            yield Row(source.name, addresses, names, gate.actual(service), outcome, today, gate.firewall.family)
