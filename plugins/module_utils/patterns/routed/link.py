# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tunnel interface over IPsec, as one of its routers sees it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.overhead import ETHERNET, Way, inner_mtu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering

Interface: TypeAlias = ipaddress.IPv4Interface

PROTOCOLS = {"gre": "gre", "ipip": "ipencap", "eoip": "gre"}
"""What a kind of interface sends, by the firewall's names; EoIP is a sort of GRE."""
DEFAULT_PROPOSAL = {"enc_algorithms": "aes-256-cbc,aes-192-cbc,aes-128-cbc", "auth_algorithms": "sha1"}
"""What `ipsec-secret` uses, unless somebody changed the router's own proposal."""


@dataclass(frozen=True)
class Link(Peering):
    """What one router needs to know of a tunnel that is an interface; words of RouterOS."""

    type: str = "gre"
    """gre, ipip or eoip."""
    encryption: str = "policy"
    """`policy`: by a peer and a policy of its own; `ipsec-secret`: by what the interface makes itself."""
    peer_address: str = ""
    """Where IKE finds the other end, if it is not the address that the tunnel is made between."""
    tunnel_address: str = ""
    """Own address on the interface, with the length of its prefix."""
    tunnel_id: str = ""
    mtu: str = "auto"
    """`auto`: the largest that fits."""
    outer_mtu: str = str(ETHERNET)
    nat: bool | None = None
    """Whether an address is translated on the way; None: if the other end is called by another address."""
    clamp_tcp_mss: bool = True
    keepalive: str = "10s,10"
    routing: str = "static"
    """`static`, or `ospf`, `bgp` or `none`: routes come from elsewhere."""
    remote_subnets: tuple[str, ...] = ()
    distance: str = "1"
    check_gateway: str = "none"
    blackhole: bool = True

    @property
    def calls(self) -> str:
        """Where IKE finds the other end."""
        return self.peer_address or self.remote_address

    @property
    def protocol(self) -> str:
        """What the interface sends."""
        return PROTOCOLS[self.type]

    @property
    def own(self) -> Interface:
        """The own address on the interface; raises ValueError for what is none."""
        return ipaddress.IPv4Interface(self.tunnel_address)

    @property
    def far(self) -> str:
        """The other end's address on the interface: the other one of its two."""
        (other,) = (host for host in self.own.network.hosts() if host != self.own.ip)
        return str(other)

    @property
    def way(self) -> Way:
        """What lies around a packet on it."""
        translated = bool(self.peer_address) if self.nat is None else self.nat
        return Way(int(self.outer_mtu), nat=translated, link=self.type)

    @property
    def size(self) -> int:
        """The largest packet it takes."""
        if self.mtu != "auto":
            return int(self.mtu)
        return inner_mtu(self.way, DEFAULT_PROPOSAL if self.encryption == "ipsec-secret" else self.proposal)
