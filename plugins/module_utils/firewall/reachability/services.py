# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of a router, as packets that ask for them, and what `/ip/service` says of those that are listed there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...engine.entry import Entry
from ...schema.kinds import split

FORM = re.compile(r"(tcp|udp)/(\d{1,5})")
HIGHEST = 65535


@dataclass(frozen=True)
class Service:
    """Something that a router offers: a port of TCP or UDP, or a protocol without ports."""

    name: str
    protocol: str
    port: int | None = None


SERVICES = (
    Service("ssh", "tcp", 22),
    Service("telnet", "tcp", 23),
    Service("ftp", "tcp", 21),
    Service("www", "tcp", 80),
    Service("www-ssl", "tcp", 443),
    Service("winbox", "tcp", 8291),
    Service("api", "tcp", 8728),
    Service("api-ssl", "tcp", 8729),
    Service("dns", "udp", 53),
    Service("snmp", "udp", 161),
    Service("ike", "udp", 500),
    Service("nat-t", "udp", 4500),
    Service("esp", "ipsec-esp"),
    Service("ah", "ipsec-ah"),
    Service("gre", "gre"),
    Service("ping", "icmp"),
)
"""What is asked about unless somebody says otherwise."""
KNOWN: Mapping[str, Service] = {each.name: each for each in SERVICES}


@dataclass(frozen=True)
class Listening:
    """How a service is set in `/ip/service`."""

    port: int | None
    disabled: bool = False
    allowed: tuple[str, ...] = ()
    """Prefixes that it answers; none: everybody."""

    def refuses(self, address: str) -> bool:
        """Whether it answers nobody at this address."""
        nets = [ipaddress.ip_network(text, strict=False) for text in self.allowed]
        return self.disabled or bool(nets and not any(ipaddress.ip_address(address) in net for net in nets))


def service_of(text: str) -> Service:
    """The service that a name such as `ssh`, or a form such as `tcp/8443`, stands for; raises ValueError."""
    if text in KNOWN:
        return KNOWN[text]
    found = FORM.fullmatch(text)
    if not found or not 0 < int(found[2]) <= HIGHEST:
        names = ", ".join(KNOWN)
        raise ValueError(f"{text!r} was given, allowed is one of {names}, or a protocol and port such as tcp/8443")
    return Service(text, found[1], int(found[2]))


def listening(rows: Iterable[Entry]) -> dict[str, Listening]:
    """The settings in `/ip/service`, by name; dynamic rows are connections and sockets, not settings."""
    found = {}
    for row in rows:
        if not row.dynamic:
            port = row.values.get("port", "")
            allowed = tuple(split(row.values.get("address", "")))
            found[row.values.get("name", "")] = Listening(int(port) if port.isdigit() else None, row.disabled, allowed)
    return found
