# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab is made of: routers, hosts, an internet, and the cables between them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Interface

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
    """Something with one address and a default gateway; without a gateway it reaches its own network only."""

    address: str
    gateway: str = ""


@dataclass(frozen=True)
class Internet:
    """A node that forwards between everything plugged into it; `addresses` are its own, by neighbour."""

    addresses: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """Nodes by name. A host is plugged in where a router's port or the internet's address names it."""

    routers: Mapping[str, Router]
    hosts: Mapping[str, Host] = field(default_factory=dict)
    internet: Internet | None = None
    ipsec: str = ""
    """What encrypts, `kernel` or `user-space`; empty: the kernel where it can."""

    def links(self) -> list[tuple[str, str, str, str]]:
        """Each cable once: node and device at the one end, node and device at the other."""
        order = list(self.routers)
        found = [
            (name, port, other, self._device(other, name))
            for name, router in self.routers.items()
            for port, other in router.ports.items()
            # A cable between two routers is named by both of them, and laid once.
            if other not in order or order.index(name) < order.index(other) or not self._device(other, name)
        ]
        for name in self.internet.addresses if self.internet else ():
            if name in self.hosts:
                found.append((name, "eth0", INTERNET, self._device(INTERNET, name)))
        return found

    def _device(self, node: str, neighbour: str) -> str:
        if node in self.routers:
            return next((port for port, other in self.routers[node].ports.items() if other == neighbour), "")
        return "eth0" if node in self.hosts else f"to-{neighbour}"[:15]

    def check(self) -> None:
        """Raise ValueError with a sentence for a plan that cannot be built."""
        if self.ipsec not in ("", KERNEL, USER_SPACE):
            raise ValueError(f"ipsec cannot be {self.ipsec}; give {KERNEL} or {USER_SPACE}")
        names = [*self.routers, *self.hosts, *([INTERNET] if self.internet else ())]
        if len(set(names)) < len(names):
            raise ValueError("two nodes of the lab have the same name")
        for name in names:
            if not (name.isascii() and name.replace("-", "").isalnum() and len(name) <= 12):
                raise ValueError(f"{name!r} is no name for a node: at most 12 letters, digits and hyphens")
        for one, port, other, far in self.links():
            if other not in names:
                raise ValueError(f"{port} of {one} leads to {other}, which is not there")
            if other in self.routers and not far:
                raise ValueError(f"{port} of {one} leads to router {other}, of which no port leads to {one}")
            if other == INTERNET and self.internet and one not in self.internet.addresses:
                raise ValueError(f"the internet has no address for {one}")
        self._check_hosts()

    def _check_hosts(self) -> None:
        plugged = [end for link in self.links() for end in (link[0], link[2]) if end in self.hosts]
        for name, host in self.hosts.items():
            IPv4Interface(host.address)
            if plugged.count(name) != 1:
                raise ValueError(f"host {name} is plugged in {plugged.count(name)} times")

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
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"no plan of a lab: {error}") from None


INTERNET = "internet"
KERNEL, USER_SPACE = "kernel", "user-space"
