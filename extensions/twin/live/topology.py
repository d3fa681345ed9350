# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab is made of: routers, hosts, switches, gateways, an internet, and the cables between them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import NamedTuple

from ..persona import DEFAULT_VERSION

Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Router:
    """A twin; `ports` says which node each of its Ethernet ports leads to, `users` are name and password.

    `client` is the address that its API takes whoever speaks to it from outside the lab for; empty: 127.0.0.1.
    """

    ports: Mapping[str, str]
    version: str = DEFAULT_VERSION
    defconf: bool = False
    seed: Mapping[str, Rows] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=lambda: {"admin": ""})
    tls: bool = False
    client: str = ""


@dataclass(frozen=True)
class Host:
    """Something with one address and a default gateway; without a gateway it reaches its own network only.

    `switch` is what it is plugged into; empty: whichever router's port, gateway or internet names it.
    """

    address: str
    gateway: str = ""
    switch: str = ""


@dataclass(frozen=True)
class Gateway:
    """A node that forwards between everything plugged into it, such as a modem or a provider; it filters nothing.

    `addresses` are its own, by neighbour; `routes` say by which address a network is reached, `default` or a prefix.
    """

    addresses: Mapping[str, str]
    routes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Internet(Gateway):
    """The gateway called `internet`, of which a lab has one or none."""


class Cable(NamedTuple):
    """Node and device at the one end, node and device at the other."""

    one: str
    device: str
    other: str
    far: str

    def joins(self, one: str, other: str) -> bool:
        return {self.one, self.other} == {one, other}


@dataclass(frozen=True)
class Plan:
    """Nodes by name. Who has ports or addresses says by them what is plugged in there.

    A host is named by its neighbour, or names its switch. A switch is a segment, into which any number is plugged.
    """

    routers: Mapping[str, Router]
    hosts: Mapping[str, Host] = field(default_factory=dict)
    internet: Internet | None = None
    ipsec: str = ""
    """What encrypts, `kernel` or `user-space`; empty: the kernel where it can."""
    switches: Sequence[str] = ()
    gateways: Mapping[str, Gateway] = field(default_factory=dict)

    @property
    def forwarding(self) -> dict[str, Gateway]:
        """The gateways, of which the internet is one."""
        return {**self.gateways, **({INTERNET: self.internet} if self.internet else {})}

    @property
    def nodes(self) -> list[str]:
        return [*self.routers, *self.hosts, *self.switches, *self.forwarding]

    def links(self) -> list[Cable]:
        """Each cable once."""
        found: list[Cable] = []
        order = list(self._plugs())
        for at, (one, device, other) in enumerate(order):
            if other in self.switches:
                # Every plug is a port of the switch's own.
                found.append(Cable(one, device, other, f"p{len(found) + 1}"))
            elif not any((each[2], each[0]) == (one, other) for each in order[:at]):
                # What both ends name is laid once.
                found.append(Cable(one, device, other, self._device(other, one)))
        return found

    def routes_by(self, node: str, device: str) -> list[tuple[str, str]]:
        """The routes, network and hop, that a host or a gateway has by one of its devices."""
        if node in self.hosts:
            gateway = self.hosts[node].gateway
            return [(DEFAULT, gateway)] if gateway else []
        found = self.forwarding.get(node)
        own = [IPv4Interface(each) for other, each in found.addresses.items() if to(other) == device] if found else []
        routes = found.routes.items() if found else ()
        return [(network, hop) for network, hop in routes if any(IPv4Address(hop) in each.network for each in own)]

    def _plugs(self) -> Iterator[tuple[str, str, str]]:
        """A node, its device, and what it says to be plugged in there."""
        for name, router in self.routers.items():
            yield from ((name, port, other) for port, other in router.ports.items())
        for name, host in self.hosts.items():
            if host.switch:
                yield name, "eth0", host.switch
        for name, gateway in self.forwarding.items():
            # A router says itself by which of its ports it is there.
            yield from ((name, to(other), other) for other in gateway.addresses if other not in self.routers)

    def _device(self, node: str, neighbour: str) -> str:
        if node in self.routers:
            return next((port for port, other in self.routers[node].ports.items() if other == neighbour), "")
        return "eth0" if node in self.hosts else to(neighbour)

    def check(self) -> None:
        """Raise ValueError with a sentence for a plan that cannot be built."""
        if self.ipsec not in ("", KERNEL, USER_SPACE):
            raise ValueError(f"ipsec cannot be {self.ipsec}; give {KERNEL} or {USER_SPACE}")
        names = self.nodes
        if len(set(names)) < len(names):
            raise ValueError("two nodes of the lab have the same name")
        for name in names:
            if not (name.isascii() and name.replace("-", "").isalnum() and len(name) <= 12):
                raise ValueError(f"{name!r} is no name for a node: at most 12 letters, digits and hyphens")
        for cable in self.links():
            self._check_cable(cable)
        self._check_hosts()
        ends = [end for each in self.links() for end in (each[:2], each[2:])]
        for node, device in ends:
            if ends.count((node, device)) > 1:
                raise ValueError(f"several cables are in {device} of {node}")
        for name, gateway in self.forwarding.items():
            self._check_gateway(name, gateway)

    def _check_cable(self, cable: Cable) -> None:
        one, port, other, far = cable
        if other not in self.nodes:
            raise ValueError(f"{port} of {one} leads to {other}, which is not there")
        if other in self.routers and not far:
            raise ValueError(f"{port} of {one} leads to router {other}, of which no port leads to {one}")
        if one in self.hosts and other not in self.switches:
            raise ValueError(f"host {one} is plugged into {other}, which is no switch")
        for node, neighbour in ((one, other), (other, one)):
            if node in self.forwarding and neighbour not in self.forwarding[node].addresses:
                raise ValueError(f"{_called(node)} has no address for {neighbour}")

    def _check_hosts(self) -> None:
        plugged = [end for link in self.links() for end in (link[0], link[2]) if end in self.hosts]
        for name, host in self.hosts.items():
            IPv4Interface(host.address)
            if plugged.count(name) != 1:
                raise ValueError(f"host {name} is plugged in {plugged.count(name)} times")

    def _check_gateway(self, name: str, gateway: Gateway) -> None:
        for address in gateway.addresses.values():
            IPv4Interface(address)
        for network, by in gateway.routes.items():
            if network != DEFAULT:
                IPv4Network(network)
            hop = IPv4Address(by)
            if not any(hop in IPv4Interface(address).network for address in gateway.addresses.values()):
                raise ValueError(f"{_called(name)} has a route by {by}, which is in none of its networks")
        for router in gateway.addresses if name != INTERNET else ():
            if router in self.routers and name not in self.routers[router].ports.values():
                raise ValueError(f"{name} has an address for router {router}, of which no port leads to it")

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def load(text: str) -> Plan:
        """The plan in a JSON text; raises ValueError."""
        try:
            found = json.loads(text)
            return Plan(
                {name: Router(**each) for name, each in found["routers"].items()},
                {name: Host(**each) for name, each in found.get("hosts", {}).items()},
                Internet(**found["internet"]) if found.get("internet") else None,
                found.get("ipsec", ""),
                tuple(found.get("switches", ())),
                {name: Gateway(**each) for name, each in found.get("gateways", {}).items()},
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"no plan of a lab: {error}") from None


def to(neighbour: str) -> str:
    """The device by which a gateway is joined to a neighbour; the kernel takes 15 letters."""
    return f"to-{neighbour}"[:15]


def _called(node: str) -> str:
    return "the internet" if node == INTERNET else node


INTERNET = "internet"
KERNEL, USER_SPACE = "kernel", "user-space"
DEFAULT = "default"
# What a switch consists of, in its namespace.
BRIDGE = "switch"
