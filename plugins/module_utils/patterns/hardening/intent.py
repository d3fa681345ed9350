# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to reach a router, and what the entries made for it are known by."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.vocabulary import LIMITS, MANAGEMENT

Entry = dict[str, object]
"""One entry in the form that the module of its menu takes."""


@dataclass(frozen=True)
class Intent:
    """What a router is to be hardened to: the options of the role without their prefix."""

    prefix: str = "hardened"
    allow_weak: bool = False
    management: tuple[str, ...] = ()
    """Networks that may manage the router."""
    no_management: bool = False
    """Nobody is to manage the router over its own addresses: an empty `management` is meant."""
    management_ports: str = "22,8291,8729"
    ipsec_peers: tuple[str, ...] = ()
    """Addresses, prefixes and DNS names of the other ends of tunnels."""
    ipsec_list: str = "trusted-ipsec-peers"
    other_lists: tuple[str, ...] = ("s2s-peers", "rb-peers", "ha-peers", "ha_routed-peers")
    """Address lists of others whose members are no strangers: the raw table leaves them alone."""
    road_warriors: bool = False
    ah: bool = False
    limits: Mapping[str, str] = field(default_factory=lambda: LIMITS)
    public_ports: str = ""
    """TCP ports open to the world, each sender limited."""
    brute_force: bool = True
    block_time: str = "1d"
    lan: str = "LAN"
    lan_services: tuple[str, ...] = ("dns", "dhcp")
    wan: str = "WAN"
    wan_networks: tuple[str, ...] = ()
    """Private networks on the side of the internet, such as that of a router of the provider."""
    own_networks: tuple[str, ...] = ()
    """Networks behind this router that are not private: nobody outside may use their addresses as a source."""
    raw: bool = True
    tunnel_networks: tuple[str, ...] = ()
    tunnel_services: tuple[str, ...] = (MANAGEMENT,)
    traceroute: bool = False
    ipv6: bool = True
    dhcpv6_client: bool = True
    extra: tuple[Mapping[str, object], ...] = ()
    extra_ipv6: tuple[Mapping[str, object], ...] = ()
    defconf: str = "replace"
    log: bool = True
    log_prefix: str = "input drop"
    services: bool = False
    devices: bool = False
    """Close what reaches the router without a firewall rule, and what it need not serve."""

    def named(self, what: str) -> str:
        """The name of an address list or chain."""
        return f"{self.prefix}-{what}"

    def says(self, what: str) -> str:
        """The comment of an entry."""
        return f"{self.prefix}: {what}"

    @property
    def chains(self) -> tuple[str, ...]:
        """Every chain that a rule of this pattern may stand in."""
        return ("input", "prerouting", *map(self.named, ("excess", "guessing", "ike", "log", "ping", "sources")))

    @property
    def managers(self) -> tuple[str, ...]:
        """All networks from which management is let in."""
        through = self.tunnel_networks if MANAGEMENT in self.tunnel_services else ()
        return tuple(dict.fromkeys((*self.management, *through)))


def version_of(address: str) -> int:
    """IP version of an address or prefix; DNS names go to the IPv4 list, which resolves them."""
    try:
        return ipaddress.ip_network(address, strict=False).version
    except ValueError:
        return 4


def of_version(addresses: tuple[str, ...], version: int) -> list[str]:
    """Those of the addresses that are of one IP version."""
    return [each for each in addresses if version_of(each) == version]
