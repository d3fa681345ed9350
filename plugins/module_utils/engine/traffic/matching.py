# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rule matches a packet: yes, no, by chance, or nobody knows."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.packet import Packet, State
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.tables import (
    NOBODY,
    Firewall,
    Matcher,
    Rule,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import FLAGS, PROTOCOLS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.firewall import FILTER
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import split
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field

# A token may or may not be there; the dice may fall either way.
BY_CHANCE = frozenset({"limit", "dst-limit", "random", "nth"})
ICMP = frozenset({"icmp", "icmpv6"})
WITH_PORTS = frozenset({"tcp", "udp", "sctp", "dccp", "udp-lite"})
# Where a packet has an interface by which it came, and one by which it leaves (firewall.md 3).
ARRIVING = frozenset({"prerouting", "dstnat", "input", "forward"})
LEAVING = frozenset({"forward", "output", "srcnat"})


class Truth(Enum):
    """Whether one matcher is true."""

    YES = "yes"
    NO = "no"
    CHANCE = "chance"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fit:
    """Whether a rule matches; without any doubt, it does when it is possible."""

    possible: bool
    unknown: tuple[str, ...] = ()
    """What would have to be known."""
    chance: tuple[str, ...] = ()


NEVER = Fit(False)
OPPOSITE = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}
PORT = FILTER.by_name["dst-port"]
ABSENT = ""
"""The packet has no such thing, as a fact."""


def fit(rule: Rule, state: State, firewall: Firewall) -> Fit:
    """Compare a rule with a packet."""
    unknown, chance = [], []
    for each in rule.matchers:
        match truth(each, state, firewall):
            case Truth.NO:
                return NEVER
            case Truth.UNKNOWN:
                unknown.append(told(each))
            case Truth.CHANCE:
                chance.append(told(each))
    if rule.entry.invalid:
        # It names what does not exist any more; whether such a rule acts is unverified (firewall.md 5).
        unknown.append("the router calls the rule invalid")
    return Fit(True, tuple(unknown), tuple(chance))


def told(each: Matcher) -> str:
    """A matcher as the rule has it."""
    return f"{each.name}={'!' if each.negated else ''}{each.text}" if each.item else each.name


def truth(each: Matcher, state: State, firewall: Firewall) -> Truth:
    """Whether one matcher is true of a packet."""
    if each.item is None or not each.clear:
        return Truth.UNKNOWN
    if each.name in BY_CHANCE:
        return Truth.CHANCE
    special = SPECIAL.get(each.name)
    if special is None:
        return compared(each.item, each, facts_of(state).get(each.name))
    found = special(each.name, each.text, state, firewall)
    if found is None:
        return absent(each)
    return OPPOSITE.get(found, found) if each.negated else found


def absent(each: Matcher) -> Truth:
    """What a matcher says of a packet without such a thing; whether `!22` matches one without ports is unverified."""
    return Truth.UNKNOWN if each.negated else Truth.NO


def compared(item: Field, each: Matcher, fact: str | None) -> Truth:
    """Whether a fact lies in a matcher's value, as the schema knows it; None: the fact is not known."""
    if fact is None:
        return Truth.UNKNOWN
    if fact == ABSENT:
        return absent(each)
    return related(item, fact, ("!" if each.negated else "") + each.text)


@lru_cache(maxsize=65536)
def related(item: Field, fact: str, text: str) -> Truth:
    """Whether a value lies in another, by the field's kind."""
    try:
        fact = item.kind.normal(fact)
        if item.kind.within(fact, text):
            return Truth.YES
        return Truth.NO if item.kind.apart(fact, text) else Truth.UNKNOWN
    except ValueError:
        return Truth.UNKNOWN


@lru_cache(maxsize=1024)
def facts_of(state: State) -> Mapping[str, str]:
    """What is known of a packet, by the matchers' names."""
    packet = state.packet
    known = {
        "src-address": packet.src,
        "dst-address": packet.dst,
        "protocol": packet.protocol,
        "connection-state": packet.connection_state,
        "fragment": None if packet.fragment is None else "yes" if packet.fragment else "no",
        **_interfaces(packet, state.hook),
        **_transport(packet),
    }
    return {**dict(packet.facts), **{name: text for name, text in known.items() if text is not None}}


def _interfaces(packet: Packet, hook: str) -> dict[str, str | None]:
    arriving = packet.in_interface if hook in ARRIVING else ABSENT
    # A forwarded packet came from somewhere, but srcnat may not be able to look back.
    came = None if hook == "srcnat" else arriving
    return {"in-interface": came, "out-interface": packet.out_interface if hook in LEAVING else ABSENT}


def _transport(packet: Packet) -> dict[str, str | None]:
    def of(protocols: frozenset[str], text: str | None) -> str | None:
        """A fact that only packets of some protocols have, and only first fragments of them."""
        if packet.fragment or (protocol is not None and protocol not in protocols):
            return ABSENT
        return text if protocol is not None and packet.fragment is not None else None

    protocol = packet.protocol and PROTOCOLS.get(packet.protocol, packet.protocol)
    flags, icmp = packet.tcp_flags, packet.icmp
    spelled = None if flags is None else ",".join(flag if flag in flags else f"!{flag}" for flag in FLAGS)
    return {
        "src-port": of(WITH_PORTS, None if packet.src_port is None else str(packet.src_port)),
        "dst-port": of(WITH_PORTS, None if packet.dst_port is None else str(packet.dst_port)),
        "tcp-flags": of(frozenset({"tcp"}), spelled),
        "icmp-options": of(ICMP, None if icmp is None else f"{icmp[0]}:{icmp[1]}"),
    }


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


def in_interface_list(name: str, text: str, state: State, firewall: Firewall) -> Truth | None:
    """Whether the interface is a member of a list."""
    interface = facts_of(state).get(name.removesuffix("-list"))
    if interface == ABSENT:
        return None
    if text in ("all", "none"):
        return Truth.YES if text == "all" else Truth.NO
    if interface is None or text in ("dynamic", "static") or "," in text:
        return Truth.UNKNOWN
    if interface in firewall.interfaces.get(text, ()):
        return Truth.YES
    return Truth.UNKNOWN if text in firewall.vague else Truth.NO


def either_port(_name: str, text: str, state: State, _firewall: Firewall) -> Truth | None:
    """Whether the source port or the destination port is in the list."""
    known = facts_of(state)
    ports = [known.get("src-port"), known.get("dst-port")]
    if ABSENT in ports:
        return None
    found = {Truth.UNKNOWN if port is None else related(PORT, port, text) for port in ports}
    return next(each for each in (Truth.YES, Truth.UNKNOWN, Truth.NO) if each in found)


def nat_state(_name: str, text: str, state: State, _firewall: Firewall) -> Truth | None:
    """Whether the connection is translated in one of these ways; what belongs to no connection has no such state."""
    packet = state.packet
    if packet.connection_state in ("invalid", "untracked"):
        # iptables says yes to `!dstnat` then and nftables no; what RouterOS says is unverified.
        return None
    if packet.connection_nat_state is None:
        return Truth.UNKNOWN
    if packet.connection_nat_state & set(split(text)):
        return Truth.YES
    return Truth.NO


def ipsec_policy(_name: str, text: str, state: State, _firewall: Firewall) -> Truth:
    """Whether IPsec decrypted the packet, or is going to encrypt it; not every chain can ask both."""
    direction, _dummy, policy = text.partition(",")
    inward = direction == "in"
    done = state.packet.ipsec_in if inward else state.packet.ipsec_out
    if done is None or state.hook not in (ARRIVING if inward else LEAVING):
        return Truth.UNKNOWN
    return Truth.YES if done == (policy == "ipsec") else Truth.NO


# None: the packet has nothing of the sort.
SPECIAL: Mapping[str, Callable[[str, str, State, Firewall], Truth | None]] = {
    "src-address-list": in_address_list,
    "dst-address-list": in_address_list,
    "in-interface-list": in_interface_list,
    "out-interface-list": in_interface_list,
    "port": either_port,
    "connection-nat-state": nat_state,
    "ipsec-policy": ipsec_policy,
}
