# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tunnel between two sites, as one of its routers sees it, and what all sorts of tunnels have of IPsec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import net_apart, net_within, network


@dataclass(frozen=True)
class Peering:
    """How one router and another find, trust and hide from others what they say; in RouterOS's words."""

    name: str
    state: str = "present"
    remote_address: str = ""
    """Address or DNS name of the other end."""
    local_address: str = ""
    psk: str = field(default="", repr=False)
    certificate: tuple[str, ...] = ()
    remote_certificate: str = ""
    my_id: str = "auto"
    remote_id: str = "auto"
    exchange_mode: str = "ike2"
    passive: bool = False
    profile: Mapping[str, object] = field(default_factory=dict)
    """Options of ipsec_profile, defaults included."""
    proposal: Mapping[str, object] = field(default_factory=dict)
    pcq: str = ""
    """Bits per second that are sent into the tunnel at most, shared evenly; empty: as many as go."""

    @property
    def present(self) -> bool:
        """Whether it is to stand."""
        return self.state == "present"

    @property
    def calls(self) -> str:
        """Where IKE finds the other end."""
        return self.remote_address

    @property
    def ends(self) -> tuple[str, str]:
        """Address of the other end, and the own one if it is given."""
        return self.remote_address, self.local_address

    @property
    def has_local_address4(self) -> bool:
        """Whether an own IPv4 address is given, which a masquerade could replace by another one of the router."""
        return bool(self.local_address) and ":" not in self.local_address


@dataclass(frozen=True)
class Tunnel(Peering):
    """What one router needs to know of a tunnel that carries networks by policy."""

    local_subnets: tuple[str, ...] = ()
    remote_subnets: tuple[str, ...] = ()
    ipsec_protocols: str = "esp"
    level: str = ""
    """Empty: `unique` where there are several pairs of subnets, else `require`."""
    firewall: bool | None = None
    """None: as for all tunnels."""
    nat_bypass: bool | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every local with every remote subnet."""
        return list(product(self.local_subnets, self.remote_subnets))

    @property
    def inner_pairs(self) -> list[tuple[str, str]]:
        """Every local with every local subnet, where a remote subnet holds local ones and would take their traffic."""
        wide = any(not net_apart(local, remote) and net_within(local, remote) for local, remote in self.pairs)
        return list(product(self.local_subnets, self.local_subnets)) if wide else []

    @property
    def carries_ipv6(self) -> bool:
        """Whether it joins IPv6 networks."""
        return any(network(subnet).version == 6 for subnet in (*self.local_subnets, *self.remote_subnets))

    @property
    def needs_ipv6_firewall(self) -> bool:
        """Whether its own packets or those it carries are IPv6."""
        return self.carries_ipv6 or ":" in self.remote_address
