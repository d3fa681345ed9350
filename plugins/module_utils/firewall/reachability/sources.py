# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where packets to a router may come from: strangers behind each interface, and members of address lists."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from itertools import islice
from typing import TypeAlias

from ...engine.entry import Entry, Row, switched_off
from ...schema.family import Family
from ...schema.kinds import bounds
from ..rules import Rule
from ..tables import Addresses, Firewall, addresses_in
from .strangers import Span, pick_in_wide_spans, spelled, unnamed

Networks: TypeAlias = "Mapping[str, tuple[ipaddress.IPv4Interface, ...]]"
TRIES = 4096
MOST_STRANGERS = 8
PRIVATE = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]
MOST_ENTRIES = 256
"""Entries of a list that are looked at."""
MOST_MEMBERS = 8
"""Members of a list that stand for it, where rules may tell them apart."""
ELSEWHERE = ("forward", "output", "srcnat")
"""Built-in chains that no packet to the router comes to, unless it is sent elsewhere."""


class NoSuchSource(ValueError):
    """Somebody is asked about whom the router does not have; the text says where, and what is allowed."""


@dataclass(frozen=True)
class Probe:
    """One sender, who is the same whatever interface he comes by."""

    who: str
    """The address, or nothing for a stranger."""
    address: str
    interface: str | None
    tunnelled: bool = False
    """His packets come out of an IPsec tunnel."""
    likely: bool = True
    """His address is one of those behind the interface, as far as that is known."""


class Origin(IntEnum):
    """What kind of source somebody is, in the order in which people want to read of them."""

    ASKED = 0
    OUTSIDE = 1
    INSIDE = 2
    LISTED = 3


@dataclass(frozen=True)
class Source:
    """Somebody who may want to reach the router, and the senders that stand for him."""

    name: str
    probes: tuple[Probe, ...]
    origin: Origin = Origin.ASKED
    place: str = ""
    """The interface list or interface behind which strangers are."""


@dataclass(frozen=True)
class Asked:
    """A source as a user gives it: an address, prefix, range or address list, and an interface or a list of them."""

    name: str = ""
    address: str = ""
    interface: str = ""


@dataclass(frozen=True, eq=False)
class Landscape:
    """What is around a router, whatever its rules are: now, and as they would be."""

    firewalls: tuple[Firewall, ...]
    networks: Networks
    """The router's addresses by interface."""
    interfaces: frozenset[str] = frozenset()
    """Names of all interfaces, as far as they are known."""
    outside: frozenset[str] = frozenset()
    """Interface lists that face the outside."""
    members: Mapping[str, frozenset[str]] | None = None
    """Interfaces by interface list; None: those of the firewalls."""

    @property
    def family(self) -> Family:
        """The version of IP that it is about."""
        return self.firewalls[0].family

    @cached_property
    def lists(self) -> Mapping[str, frozenset[str]]:
        """Interfaces by interface list."""
        return self.firewalls[0].interfaces if self.members is None else self.members

    @cached_property
    def exposed(self) -> frozenset[str]:
        """Interfaces that face the outside."""
        return frozenset[str]().union(*(self.lists.get(name, ()) for name in self.outside))

    @cached_property
    def named(self) -> tuple[Span, ...]:
        """Addresses that rules, or lists that rules ask for, name."""
        return tuple({span for each in self.sights for group in each.groups() for span in group})

    @cached_property
    def sights(self) -> tuple[Sight, ...]:
        """What each firewall can know of a sender's address."""
        return tuple(sight(firewall, "src") for firewall in self.firewalls)

    @cached_property
    def stranger(self) -> str:
        """A public address that nobody names, or as good as nobody."""
        return unnamed(self.named, self.family)

    @cached_property
    def strangers(self) -> tuple[str, ...]:
        """The stranger, and others whom rules and lists for very many addresses tell from him, one for each way."""
        found = {self.kind(self.stranger): self.stranger}
        groups = {group for each in self.sights for group in each.groups()}
        for address in pick_in_wide_spans(groups, self.family):
            found.setdefault(self.kind(address), address)
        return tuple(found.values())[:MOST_STRANGERS]

    def kind(self, address: str) -> object:
        """What the firewalls can know of a sender's address; two that give the same are treated alike."""
        return tuple(each.of(address) for each in self.sights)

    def strangers_at(self, interface: str | None) -> tuple[str, ...]:
        """Addresses that nobody names, from where packets arrive by this interface; the first stands for most."""
        first = self.stranger_at(interface)
        return self.strangers if first == self.stranger else (first,)

    def stranger_at(self, interface: str | None) -> str:
        """An address that nobody names, from where packets arrive by this interface."""
        if interface is None or interface in self.exposed:
            return self.stranger
        for net in self.networks.get(interface, ()):
            first, last = int(net.network[0]), int(net.network[-1])
            here = ((low, high) for low, high in self.named if low <= last and first <= high)
            taken = addresses_in((low, high) for low, high in here if high - low < last - first)
            hosts = islice(net.network.hosts(), TRIES)
            free = [each for each in hosts if each != net.ip and int(each) not in taken]
            if free:
                return str(free[len(free) // 2])
        return self.stranger

    def is_likely(self, address: str, interface: str | None) -> bool:
        """Whether packets from an address may well come by an interface; routes to further networks are not read."""
        number = ipaddress.ip_address(address)
        connected = [name for name, nets in self.networks.items() if any(number in net.network for net in nets)]
        if connected and interface is not None:
            return interface in connected
        unknown = interface is None or interface not in self.networks
        return unknown or interface in self.exposed or any(number in net for net in PRIVATE)

    def everywhere(self) -> list[str | None]:
        """Every interface by which somebody may come; None: nothing is known of any."""
        known = frozenset(self.networks).union(*self.lists.values())
        return [*sorted(known)] or [None]


@dataclass(frozen=True)
class Sight:
    """What rules can know of an address on one side of a packet: spans it is in, and lists."""

    spans: tuple[Span, ...]
    lists: tuple[Addresses, ...]

    def of(self, address: str) -> tuple[bool, ...]:
        """What they know of this address; two that give the same are treated alike."""
        number = int(ipaddress.ip_address(address))
        return (*(low <= number <= high for low, high in self.spans), *(number in each for each in self.lists))

    def groups(self) -> Iterator[tuple[Span, ...]]:
        """All addresses that a rule names, and all that a list has for which rules ask."""
        yield from ((span,) for span in self.spans)
        yield from (each.spans for each in self.lists)


def sight(firewall: Firewall, side: str, more: Iterable[str] = ()) -> Sight:
    """What rules compare the addresses on one side of a packet with, and more such addresses."""
    spans = set()
    for text in (*texts(firewall, f"{side}-address"), *more):
        try:
            low, high = bounds(text)
            spans.add((int(low), int(high)))
        except ValueError:
            continue
    names = texts(firewall, f"{side}-address-list")
    return Sight(tuple(sorted(spans)), tuple(firewall.lists[name] for name in names if name in firewall.lists))


def rules_of(firewall: Firewall, but: Collection[str] = ()) -> Iterator[Rule]:
    """All enabled rules but those of some chains."""
    for chains in firewall.chains.values():
        for chain, rules in chains.items():
            yield from rules if chain not in but else ()


def texts(firewall: Firewall, name: str, but: Collection[str] = ()) -> list[str]:
    """What rules compare one property with, each value once, without its `!`."""
    return sorted({each.plain for rule in rules_of(firewall, but) for each in rule.conditions if each.name == name})


def networks_of(rows: Iterable[Row]) -> Networks:
    """The rows of `/ip/address`, by interface."""
    found = defaultdict[str, list[ipaddress.IPv4Interface]](list)
    for row in rows:
        if not switched_off(row) and row.get("address"):
            found[row.get("interface", "")].append(ipaddress.IPv4Interface(row["address"]))
    return {name: tuple(each) for name, each in found.items()}


def default_sources(land: Landscape) -> list[Source]:
    """Strangers from outside, then from elsewhere, then the members of every address list that rules ask for."""
    outside = sorted(name for name in land.outside if land.lists.get(name))
    inside = sorted(name for name in land.lists if name not in land.outside and land.lists[name])
    groups = {name: land.lists[name] for name in (*outside, *inside)}
    grouped = frozenset[str]().union(*groups.values())
    groups |= {name: frozenset({name}) for name in sorted(land.networks) if name not in grouped}
    origins = {name: Origin.OUTSIDE if name in outside else Origin.INSIDE for name in groups}
    found = [
        Source(f"anybody from {name}", _strangers(land, sorted(group)), origins[name], name)
        for name, group in groups.items()
    ]
    asked = sorted({name for firewall in land.firewalls for name in texts(firewall, "src-address-list", ELSEWHERE)})
    listed = [Source(f"members of {name}", _members(land, name, land.everywhere()), Origin.LISTED) for name in asked]
    listed += [_through(land, name) for name in asked if any(_lets_out(each, name) for each in land.firewalls)]
    found = found or [Source("anybody", _strangers(land, [None]), Origin.OUTSIDE)]
    return [*found, *(each for each in listed if each.probes)]


def _lets_out(firewall: Firewall, name: str) -> bool:
    """Whether a rule asks for members of a list whose packets IPsec has decrypted."""
    pairs = ({(each.name, each.text) for each in rule.conditions} for rule in rules_of(firewall, ELSEWHERE))
    return any({("src-address-list", name), ("ipsec-policy", "in,ipsec")} <= each for each in pairs)


def _through(land: Landscape, name: str) -> Source:
    found = _members(land, name, land.everywhere())
    probes = tuple(replace(each, tunnelled=True, likely=True) for each in found)
    return Source(f"members of {name} through a tunnel", probes, Origin.LISTED)


def asked_source(land: Landscape, asked: Asked, where: str) -> Source:
    """A source that a user names; raises NoSuchSource."""
    interfaces = _interfaces(land, asked.interface, where)
    about = f"anybody{f' from {asked.interface}' if asked.interface else ''}"
    if not asked.address:
        return Source(asked.name or about, _strangers(land, interfaces))
    about = f"{asked.address}{f' from {asked.interface}' if asked.interface else ''}"
    name = asked.name or about
    try:
        address = someone(land, _span(asked.address, land.family))
    except ValueError:
        known = sorted({each for firewall in land.firewalls for each in firewall.lists})
        if asked.address not in known:
            lists = f" ({', '.join(known)})" if known else ", which has none"
            allowed = f"an {land.family.name} address, prefix or range, or an address list of the router{lists}"
            raise NoSuchSource(f"{where}.address: {asked.address!r} was given, allowed is {allowed}") from None
        return Source(name, _members(land, asked.address, interfaces))
    return Source(name, tuple(Probe(address, address, each) for each in interfaces))


def _interfaces(land: Landscape, text: str, where: str) -> list[str | None]:
    known = land.interfaces | frozenset(land.networks)
    if not text:
        return land.everywhere()
    if text in land.lists:
        return [*sorted(land.lists[text])]
    if text not in known:
        allowed = ", ".join([*sorted(known), *sorted(land.lists)])
        raise NoSuchSource(f"{where}.interface: {text!r} was given, allowed is {allowed}")
    return [text]


def _strangers(land: Landscape, interfaces: Iterable[str | None]) -> tuple[Probe, ...]:
    """The first of each interface stands for all whom rules treat alike, and so has no address to be shown."""
    found = ((each, land.strangers_at(each)) for each in interfaces)
    return tuple(Probe("" if n == 0 else who, who, each) for each, several in found for n, who in enumerate(several))


def _span(text: str, family: Family) -> Span:
    low, high = bounds(text)
    if low.version != family.version:
        raise ValueError(f"it is not {family.name}")
    return int(low), int(high)


def someone(land: Landscape, span: Span) -> str:
    """An address out of a span: one that nobody names, where the span is wide enough to hold the stranger."""
    low, high = span
    stranger = int(ipaddress.ip_address(land.stranger))
    return spelled(stranger if low <= stranger <= high else min(low + 1, high - (high > low)), land.family)


def _members(land: Landscape, name: str, interfaces: Collection[str | None]) -> tuple[Probe, ...]:
    """Members of a list, each of whom rules treat in a way of its own, by every interface."""
    found: dict[object, str] = {}
    for entry in islice(_entries(land, name), MOST_ENTRIES):
        try:
            address = someone(land, _span(entry.values.get("address", ""), land.family))
        except ValueError:
            continue
        found.setdefault(land.kind(address), address)
    some = list(found.values())[:MOST_MEMBERS]
    return tuple(
        Probe(address, address, each, likely=land.is_likely(address, each)) for address in some for each in interfaces
    )


def _entries(land: Landscape, name: str) -> Iterator[Entry]:
    for firewall in reversed(land.firewalls):
        for entry in firewall.address_list:
            if entry.values.get("list") == name and not entry.disabled:
                yield entry
