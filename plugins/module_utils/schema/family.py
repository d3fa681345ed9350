# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In what the firewalls of IPv4 and IPv6 differ; all else is stated once for both."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import (
    CONNECTION_LIMIT,
    CONNECTION_LIMIT6,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    PREFIX6_OR_NAME,
    RANGE,
    RANGE6,
    RANGE_OR_NAME,
    SPANS,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Kind


@dataclass(frozen=True, eq=False)
class Family:
    """One of the two versions of IP, and its words."""

    version: int
    root: str
    """First part of its menus' paths."""
    prefix: str
    """In front of its modules' names."""
    span: Kind
    """What a rule matches: one address, prefix or range."""
    listed: Kind
    """What an address list holds."""
    listed_help: str
    types: tuple[str, ...]
    """Kinds of addresses that the routing table tells apart."""
    icmp: str
    """Name of its ICMP."""
    ping: str
    """ICMP type and code of an echo request."""
    connection_limit: Kind
    longest: int
    """Length of a host's prefix."""

    @property
    def name(self) -> str:
        """As people call it."""
        return f"IPv{self.version}"

    @property
    def example(self) -> str:
        """A range of addresses."""
        return SPANS[self.version]


IPV4 = Family(
    version=4,
    root="ip",
    prefix="",
    span=RANGE,
    listed=RANGE_OR_NAME,
    listed_help="IPv4 address, prefix, range or DNS name.",
    types=("unicast", "local", "broadcast", "multicast", "blackhole"),
    icmp="icmp",
    ping="8:0",
    connection_limit=CONNECTION_LIMIT,
    longest=32,
)
IPV6 = Family(
    version=6,
    root="ipv6",
    prefix="ipv6_",
    span=RANGE6,
    listed=PREFIX6_OR_NAME,
    listed_help="IPv6 address, prefix or DNS name.",
    types=("unicast", "local", "anycast", "multicast", "unreachable"),
    icmp="icmpv6",
    ping="128:0",
    connection_limit=CONNECTION_LIMIT6,
    longest=128,
)
