# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach which service of a router: every source asks for every service, and the firewall decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ...engine.entry import Entry
from ...schema.family import IPV4, Family
from ...schema.kinds import spans as numbers
from ..actions import EFFECTS, Effect
from ..packet import (
    Decision,
    Ending,
    Packet,
    State,
    Verdict,
    facts,
)
from ..sets import Spans, holds
from ..tables import Firewall
from ..truth import Truth, truth
from ..walk import decide, decide_chain
from .places import Place, Positions, place_of, positions_of
from .services import Listening, Service
from .sources import (
    Networks,
    Origin,
    Probe,
    Sight,
    Source,
    rules_of,
    sight,
    texts,
)
from .strangers import unnamed

EPHEMERAL = 50000
"""A port that clients send from."""
MOST_PORTS = 8
FIXED = frozenset({"protocol", "dst-port", "icmp-options"})
"""Matchers whose answer is the same for all packets that ask for a service."""
MOVING = frozenset(action for action, effect in EFFECTS.items() if effect is Effect.TRANSLATE)
AWAY = frozenset({"dst-nat", "netmap"})
TCP_UDP = ("tcp", "udp")
AND = "; "
PORT_DECIDES = "it depends on the port that the sender chooses to send from"
ADDRESS_DECIDES = "it depends on which of the router's addresses it goes to"
SERVICE_PORT_DECIDES = "it depends on which of the service's ports it goes to"


@dataclass(frozen=True)
class Outcome:
    """What becomes of a request, by which rules, and why if that is not all; two that read alike are equal."""

    verdict: Verdict
    rule: str = ""
    why: str = ""
    endings: tuple[Ending, ...] = field(default=(), compare=False)
    """Every way in which the request may end in the firewall; none where the service itself refuses it."""
    places: tuple[Place, ...] = field(default=(), compare=False)
    """The same as people find it, each once."""
    refused_by: Listening | None = field(default=None, compare=False)
    """The setting of the service that refuses the request, which the firewall may let in."""
    moved_by: tuple[Place, ...] = field(default=(), compare=False)
    """Rules of dst-nat, where one of them surely sends the request elsewhere, so that the service never sees it."""


@dataclass(frozen=True)
class Row:
    """One source and one service, for all senders and interfaces of which the same is true."""

    source: str
    addresses: tuple[str, ...]
    """Empty: anybody; strangers have addresses where rules for very many addresses treat these unlike the others."""
    interfaces: tuple[str, ...]
    """Empty: it is not known by which interfaces anybody may come."""
    service: Service
    outcome: Outcome
    before: Outcome | None = None
    """The same as of today, where the question is about a change."""
    family: Family = IPV4
    origin: Origin = Origin.ASKED
    place: str = ""
    """The interface list or interface behind which strangers are."""
    unlikely: tuple[str, ...] = ()
    """Interfaces by which none of the addresses is likely to come."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Today's, where the question is about a change, and then the outcome's."""
        return (*((self.before.verdict,) if self.before else ()), self.outcome.verdict)

    @property
    def changes(self) -> bool:
        """Whether the change that the question is about makes a difference."""
        return len({*self.verdicts}) > 1


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
        found = _together([self._at(probe, each) for each in self.with_ports(service)], SERVICE_PORT_DECIDES)
        set_ = self.listening.get(service.name)
        if set_ is None or found.verdict is Verdict.DROP:
            return found
        refusal = set_.refusal(probe.address)
        if refusal:
            return Outcome(Verdict.DROP, "", refusal, refused_by=set_)
        return replace(found, why=_joined([found.why, set_.gap(probe.address)]))

    def _at(self, probe: Probe, service: Service) -> Outcome:
        family, addresses = self.firewall.family, self.addresses(probe.interface)
        return _together([self.decided(_packet(probe, service, each, family)) for each in addresses], ADDRESS_DECIDES)

    def with_ports(self, service: Service) -> Sequence[Service]:
        """The service at each of the ports that the router has set for it."""
        set_ = self.listening.get(service.name)
        ports = set_.ports if set_ and service.port else ()
        return [replace(service, port=port) for port in ports] or [service]

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
        """The service with the port, or the first of the ports, that the router has set for it."""
        return self.with_ports(service)[0]

    def decided(self, packet: Packet) -> Outcome:
        """What the firewall does, once for all packets that no rule tells apart."""
        sides = (self._kind("src", packet.src), self._kind("dst", packet.dst), self._way(packet.in_interface))
        key = (*sides, packet.protocol, self._port_kind(packet.dst_port), packet.ipsec_in)
        if key not in self.known:
            self.known[key] = self._decided(packet)
        return self.known[key]

    def _decided(self, packet: Packet) -> Outcome:
        decision = decide(self._for(packet), packet)
        if packet.protocol not in TCP_UDP or decision.verdict in (Verdict.ACCEPT, Verdict.DROP):
            return self.explain(packet, decision)
        # The sender chooses the port that he sends from, so that whatever one port is let in for, he is.
        each = [replace(packet, src_port=port) for port in (EPHEMERAL, *self._ports)]
        return _together([self.explain(one, decide(self._for(one), one)) for one in each], PORT_DECIDES)

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

    def explain(self, packet: Packet, decision: Decision) -> Outcome:
        """A decision with the rules that make it, and in words."""
        places = tuple(dict.fromkeys(self.place(each.table, each.chain, each.rule) for each in decision.endings))
        why = []
        if decision.verdict in (Verdict.EITHER, Verdict.CANNOT_TELL):
            why = [f"{self.place(each.table, each.chain, each.rule)}: {each.why}" for each in decision.doubts]
        moved = self._moving(packet) if decision.verdict is not Verdict.DROP and self._translates else ()
        movers = tuple(self.place(each.table, each.chain, each.rule) for each in moved if each.action in MOVING)
        why += [f"{place} changes its destination" for place in movers]
        text, reasons = AND.join(map(str, places)), _joined(why)
        away = movers if all(each.action in AWAY for each in moved) else ()
        return Outcome(decision.verdict, text, reasons, decision.endings, places, moved_by=away)

    def _moving(self, packet: Packet) -> Sequence[Ending]:
        return decide_chain(self._for(packet), "nat", "dstnat", packet).endings

    def place(self, table: str, chain: str, rule: Entry | None) -> Place:
        """Where people find what decides."""
        return place_of(self.firewall, self._positions, table, chain, rule)

    @cached_property
    def _positions(self) -> Positions:
        return positions_of(self.firewall)

    @cached_property
    def _translates(self) -> bool:
        return any(rule.effect is Effect.TRANSLATE for rule in self.firewall.chains["nat"].get("dstnat", ()))

    @cached_property
    def _ports(self) -> Sequence[int]:
        """Source ports that rules ask for."""
        given = [text for name in ("src-port", "port") for text in texts(self.firewall, name)]
        return sorted({low for text in given for low, _dummy in port_spans(text)})[:MOST_PORTS]

    @cached_property
    def _port_spans(self) -> Sequence[Spans]:
        """Spans of ports by which rules may tell services apart."""
        return [tuple(port_spans(text)) for name in ("dst-port", "port") for text in texts(self.firewall, name)]

    def _port_kind(self, port: int | None) -> object:
        """What rules can know of a port."""
        return port and tuple(holds(spans, port) for spans in self._port_spans)

    @cached_property
    def _sights(self) -> Mapping[str, Sight]:
        # Where destinations are translated, it counts whether the new one is the old one.
        moved = {rule.entry.values.get("to-addresses", "") for rule in rules_of(self.firewall)} - {""}
        return {"src": sight(self.firewall, "src"), "dst": sight(self.firewall, "dst", sorted(moved))}

    @cached_property
    def _unnamed(self) -> str:
        return unnamed((span for group in self._sights["dst"].groups() for span in group), self.firewall.family)

    def _kind(self, side: str, address: str | None) -> object:
        return None if address is None else self._sights[side].of(address)

    @cached_property
    def _singled_out(self) -> frozenset[str]:
        return frozenset(texts(self.firewall, "in-interface"))

    def _way(self, interface: str | None) -> object:
        """What rules can know of an interface."""
        lists = frozenset(name for name, members in self.firewall.interfaces.items() if interface in members)
        return None if interface is None else (lists, interface if interface in self._singled_out else "")


def port_spans(text: str) -> list[tuple[int, int]]:
    """The ports that a matcher names; none where the text is not understood."""
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
    first = verdicts.pop() if len(verdicts) == 1 else None
    several = Verdict.CANNOT_TELL if Verdict.CANNOT_TELL in verdicts else Verdict.EITHER
    places = tuple(dict.fromkeys(each for one in outcomes for each in one.places))
    endings = {(id(each.rule), each.chain): each for one in outcomes for each in one.endings}
    reasons = _joined([*(each.why for each in outcomes), *(() if first else (why,))])
    away = tuple(dict.fromkeys(each for one in outcomes for each in one.moved_by))
    moved_by = away if all(each.moved_by for each in outcomes) else ()
    rules = AND.join(map(str, places))
    return Outcome(first or several, rules, reasons, tuple(endings.values()), places, moved_by=moved_by)


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
            addresses = () if "" in who else tuple(who)
            likely = {probe.interface for probe in source.probes if probe.likely and probe.who in who}
            unlikely = tuple(each for each in names if each not in likely)
            known = (gate.firewall.family, source.origin, source.place, unlikely)
            yield Row(source.name, addresses, names, gate.actual(service), outcome, today, *known)
