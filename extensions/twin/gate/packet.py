# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One packet of a management connection, as the rules of one chain see it."""

from __future__ import annotations

import functools
import ipaddress
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Packet:
    """TCP from `source` to `target`; interfaces by id, empty where the chain has none on that side."""

    source: Address
    target: Address
    source_port: int
    target_port: int
    state: str
    flags: frozenset[str]
    in_interface: str = ""
    out_interface: str = ""

    @property
    def entering(self) -> bool:
        return bool(self.in_interface)


@functools.lru_cache(maxsize=65536)
def span(text: str) -> tuple[Address, Address]:
    """First and last address of a host, prefix or range; raises ValueError for other text."""
    first, dash, last = text.partition("-")
    if dash:
        return ipaddress.ip_address(first), ipaddress.ip_address(last)
    network = ipaddress.ip_network(text, strict=False)
    return network[0], network[-1]


def within(address: Address, text: str) -> bool:
    """Whether the address is of that host, prefix or range; one of the other family never is."""
    first, last = span(text)
    return first.version == address.version and int(first) <= int(address) <= int(last)


def in_ports(port: int, text: str) -> bool:
    """Whether a list of ports and ranges holds the port."""
    for part in text.split(","):
        first, _dash, last = part.partition("-")
        if int(first) <= port <= int(last or first):
            return True
    return False
