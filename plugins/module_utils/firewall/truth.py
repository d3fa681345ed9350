# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rule matches one packet: yes, no, by chance, or nobody knows."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from ..schema.composites import FLAGS, PROTOCOLS
from ..schema.matchers import CONNECTION_STATES, WITH_PORTS
from ..schema.model import Field
from .packet import Packet, State
from .rules import BY_CHANCE, ICMP, READERS, Condition, Rule, name_number, number_of
from .sets import Box, holds
from .tables import NOBODY, Firewall

# Where a packet has an interface by which it came, and one by which it leaves (firewall.md 3).
ARRIVING = frozenset({"prerouting", "dstnat", "input", "forward"})
LEAVING = frozenset({"forward", "output", "srcnat", "postrouting"})
LISTS = ("src-address-list", "dst-address-list", "in-interface-list", "out-interface-list")


class Truth(Enum):
    """Whether something is true of a packet."""

    YES = "yes"
    NO = "no"
    CHANCE = "chance"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    """The packet has nothing of the sort."""


Point: TypeAlias = Mapping[str, "int | None"]
"""What is known of a packet, by properties as sets.py has them; None: it has no such property."""


@dataclass(frozen=True)
class Fit:
    """Whether a rule matches; without any doubt, it does when it is possible."""

    possible: bool
    unknown: tuple[str, ...] = ()
    """What would have to be known."""
    chance: tuple[str, ...] = ()


NEVER = Fit(False)
OPPOSITE = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}


def fit(rule: Rule, state: State, firewall: Firewall) -> Fit:
    """Compare a rule with a packet."""
    unknown, chance = [], []
    for each in rule.conditions:
        match truth(each, state, firewall):
            case Truth.NO:
                return NEVER
            case Truth.UNKNOWN:
                unknown.append(each.why if each.boxes is None else str(each))
            case Truth.CHANCE:
                chance.append(str(each))
    if rule.entry.invalid:
        # It names what does not exist any more; whether such a rule acts is unverified (firewall.md 5).
        unknown.append("the router calls the rule invalid")
    return Fit(True, tuple(unknown), tuple(chance))


def truth(each: Condition, state: State, firewall: Firewall) -> Truth:
    """Whether one matcher is true of a packet."""
    if each.boxes is None:
        return Truth.UNKNOWN
    if each.name in BY_CHANCE:
        return Truth.CHANCE
    found = in_list(each, state, firewall) if each.name in LISTS else _any(each, state)
    if found is Truth.ABSENT:
        # Whether `!22` matches a packet without ports is unverified.
        return Truth.UNKNOWN if each.negated else Truth.NO
    return found


def in_list(each: Condition, state: State, firewall: Firewall) -> Truth:
    """Whether the packet is of a list of addresses or interfaces, or not of it where the matcher is negated."""
    compare = in_address_list if each.name.endswith("address-list") else in_interface_list
    found = compare(each.name, each.plain, state, firewall)
    return OPPOSITE.get(found, found) if each.negated else found


def _any(each: Condition, state: State) -> Truth:
    found = {_in_box(box, each, state) for box in each.boxes or ()}
    return next((answer for answer in (Truth.YES, Truth.UNKNOWN, Truth.ABSENT) if answer in found), Truth.NO)


def _in_box(box: Box, each: Condition, state: State) -> Truth:
    point = point_of(state)
    found = Truth.YES
    for dim, spans in box.items():
        name, equals, _dummy = dim.partition("=")
        if point.get(name, 0) is None:
            return Truth.ABSENT
        number = point.get(dim)
        if number is None:
            found = _by_facts(each, state) if equals else Truth.UNKNOWN
            if found is Truth.NO:
                return found
            continue
        if not holds(spans, number):
            return Truth.NO
    return found


def _by_facts(each: Condition, state: State) -> Truth:
    """What is told of a packet by a matcher's name, where its values are no sets of numbers."""
    known = dict(state.packet.facts).get(each.name)
    return Truth.UNKNOWN if known is None or each.item is None else _related(each.item, known, each.text)


@lru_cache(maxsize=4096)
def _related(item: Field, known: str, text: str) -> Truth:
    """Whether a value lies in another, by the field's kind."""
    try:
        known = item.kind.normal(known)
        if item.kind.within(known, text):
            return Truth.YES
        return Truth.NO if item.kind.apart(known, text) else Truth.UNKNOWN
    except ValueError:
        return Truth.UNKNOWN


@lru_cache(maxsize=1024)
def point_of(state: State) -> Point:
    """What is known of a packet at a place on its way."""
    packet = state.packet
    known: dict[str, int | None] = dict(_facts(packet))
    for side, address in (("src", packet.src), ("dst", packet.dst)):
        if address is not None:
            found = ipaddress.ip_address(address)
            known[f"{side}-address" if found.version == 4 else f"{side}-address6"] = int(found)
    if packet.protocol is not None:
        known["protocol"] = number_of(packet.protocol)
    if packet.connection_state is not None:
        known["connection-state"] = CONNECTION_STATES.index(packet.connection_state)
    if packet.fragment is not None:
        known["fragment"] = int(packet.fragment)
    for more in (_transport(packet), _interfaces(packet, state.hook), _translated(packet), _ipsec(state)):
        known.update(more)
    return known


def _facts(packet: Packet) -> Iterable[tuple[str, int]]:
    """The facts that are numbers, by the readers of the rules' own values."""
    for name, text in packet.facts:
        if name in READERS:
            yield name, READERS[name](text)[0][0]


def _interfaces(packet: Packet, hook: str) -> Iterable[tuple[str, int | None]]:
    # A forwarded packet came from somewhere, but what leaves may not be able to look back.
    if hook not in ARRIVING and hook not in ("srcnat", "postrouting"):
        yield "in-interface", None
    elif packet.in_interface is not None and hook in ARRIVING:
        yield "in-interface", name_number(packet.in_interface)
    if hook not in LEAVING:
        yield "out-interface", None
    elif packet.out_interface is not None:
        yield "out-interface", name_number(packet.out_interface)


def _transport(packet: Packet) -> Iterable[tuple[str, int | None]]:
    """What only packets of some protocols have, and only first fragments of them."""
    protocol = packet.protocol and PROTOCOLS.get(packet.protocol, packet.protocol)

    def lacks(protocols: Iterable[str]) -> bool:
        return bool(packet.fragment) or (protocol is not None and protocol not in protocols)

    known = protocol is not None and packet.fragment is not None
    icmp = None if packet.icmp is None else packet.icmp[0] * 256 + packet.icmp[1]
    found = (
        ("src-port", WITH_PORTS, packet.src_port),
        ("dst-port", WITH_PORTS, packet.dst_port),
        ("icmp-options", ICMP, icmp),
    )
    for name, protocols, number in found:
        if lacks(protocols):
            yield name, None
        elif known and number is not None:
            yield name, number
    for flag in FLAGS:
        if lacks(("tcp",)):
            yield f"tcp-flag:{flag}", None
        elif known and packet.tcp_flags is not None:
            yield f"tcp-flag:{flag}", int(flag in packet.tcp_flags)
    if known:
        yield "header", 1


def _translated(packet: Packet) -> Iterable[tuple[str, int | None]]:
    """How the connection is translated; what belongs to no connection has no such state.

    iptables says yes to `!dstnat` then and nftables no; what RouterOS says is unverified.
    """
    if packet.connection_state in ("invalid", "untracked"):
        yield from ((f"nat-state:{word}", None) for word in NAT_STATES)
    elif packet.connection_nat_state is not None:
        yield from ((f"nat-state:{word}", int(word in packet.connection_nat_state)) for word in NAT_STATES)


NAT_STATES = ("srcnat", "dstnat", "ein-snat", "ein-dnat")


def _ipsec(state: State) -> Iterable[tuple[str, int]]:
    """Whether IPsec decrypted the packet, or is going to encrypt it; not every chain can ask both."""
    for way, chains, done in (("in", ARRIVING, state.packet.ipsec_in), ("out", LEAVING, state.packet.ipsec_out)):
        if done is not None and state.hook in chains:
            yield f"ipsec-policy:{way}", int(done)


def in_address_list(name: str, text: str, state: State, firewall: Firewall) -> Truth:
    """Whether the source or destination is in an address list, or may have been added to it on the way."""
    if "," in text:
        # The manual has an example with two names, which the schema does not know.
        return Truth.UNKNOWN
    known = firewall.lists.get(text, NOBODY)
    side, other = ("src", "dst") if name.startswith("src") else ("dst", "src")
    address, opposite = getattr(state.packet, side), getattr(state.packet, other)
    # When the rules below see an address that a rule adds, for this same packet, is unverified.
    joined = (text, side) in state.joined
    joined = joined or ((text, other) in state.joined and (address == opposite or None in (address, opposite)))
    if address is None:
        return Truth.UNKNOWN if joined or known != NOBODY else Truth.NO
    if int(ipaddress.ip_address(address)) in known:
        return Truth.YES
    return Truth.UNKNOWN if joined or known.unresolved else Truth.NO


def in_interface_list(name: str, text: str, state: State, firewall: Firewall) -> Truth:
    """Whether the interface is a member of a list."""
    point, dim = point_of(state), name.removesuffix("-list")
    if dim in point and point[dim] is None:
        return Truth.ABSENT
    if text in ("all", "none"):
        return Truth.YES if text == "all" else Truth.NO
    if dim not in point or text in ("dynamic", "static") or "," in text:
        return Truth.UNKNOWN
    interface = state.packet.in_interface if name.startswith("in") else state.packet.out_interface
    if interface in firewall.interfaces.get(text, ()):
        return Truth.YES
    return Truth.UNKNOWN if text in firewall.vague else Truth.NO
