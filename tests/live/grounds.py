# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers with one rule set each around one internet, and what the roles are told to put on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.live import Host, Internet, Plan, Router

from tests.integration.playing import PASSWORD

STRANGER, PEER, REMOTE = "192.0.2.66", "203.0.113.2", "192.168.99.10"
"""Somebody on the internet, the trusted end of a tunnel, and the host behind it."""
FAR, FAR_LAN = "far", "192.168.99"
MAPPED = 8080
"""The port that routers with the factory firewall pass on to their LAN host's port 80."""
Rule = Mapping[str, str]
LISTS: Mapping[str, list[Rule]] = {
    "/interface/list": [{"name": "WAN"}, {"name": "LAN"}],
    "/interface/list/member": [{"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "ether2"}],
}
# What an article proposes; as its rules for interfaces that do not exist cannot be entered, they are left out.
ACCEPTS: list[Rule] = [
    {"chain": "input", "protocol": "udp", "port": "500,4500"},
    {"chain": "input", "protocol": "ipsec-esp"},
    {"chain": "input", "protocol": "ipsec-ah"},
]
LIMITS: list[Rule] = [
    {"chain": "forward", "connection-state": "established,related"},
    {"chain": "input", "connection-state": "invalid", "action": "drop"},
    {"chain": "input", "protocol": "udp", "port": "500", "limit": "10,5"},
    {"chain": "input", "protocol": "udp", "port": "4500", "limit": "10,5"},
    {"chain": "input", "action": "drop"},
]
TRUSTED = "trusted-ipsec-peers"
LISTED: list[Rule] = [
    {"chain": "input", "protocol": "udp", "port": "500,4500", "src-address-list": TRUSTED},
    {"chain": "input", "protocol": "ipsec-esp", "src-address-list": TRUSTED},
    {"chain": "input", "action": "drop"},
]


@dataclass(frozen=True)
class Site:
    """A router under test, by number; a LAN host is behind ether2, and who manages it behind ether3."""

    number: int
    name: str
    factory: bool = False
    tunnel: bool = False
    hardened: Mapping[str, Any] | None = None
    """Options of the role hardened_input besides the networks and peers; None: it is not applied."""
    rules: list[Rule] = field(default_factory=list)

    @property
    def lan(self) -> str:
        return f"192.168.{10 + self.number}"

    @property
    def admin(self) -> str:
        return f"172.16.{self.number}"

    @property
    def wan(self) -> str:
        return f"198.51.100.{16 * self.number + 2}"

    @property
    def gateway(self) -> str:
        return f"198.51.100.{16 * self.number + 1}"

    def router(self) -> Router:
        seed: dict[str, list[Rule]] = {
            "/ip/address": [
                {"address": f"{self.wan}/28", "interface": "ether1"},
                {"address": f"{self.lan}.1/24", "interface": "ether2"},
                {"address": f"{self.admin}.1/24", "interface": "ether3"},
            ],
            "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": self.gateway}],
            "/ip/firewall/filter": self.rules,
            "/ip/firewall/address-list": [{"list": TRUSTED, "address": PEER}] if self.rules == LISTED else [],
            **({"/ip/firewall/nat": [self._mapping()]} if self.factory else LISTS),
        }
        ports = {"ether1": "internet", "ether2": f"lan-{self.number}", "ether3": f"admin-{self.number}"}
        return Router(ports, defconf=self.factory, seed=seed, users={"admin": PASSWORD})

    def _mapping(self) -> Rule:
        return {
            "chain": "dstnat", "action": "dst-nat", "protocol": "tcp", "dst-port": str(MAPPED),
            "in-interface-list": "WAN", "to-addresses": f"{self.lan}.100", "to-ports": "80",
        }  # fmt: skip

    def tunnel_to(self, remote: str, local_net: str, remote_net: str, *, passive: bool) -> dict[str, Any]:
        return {
            "name": self.name,
            "remote_address": remote,
            "local_subnets": [local_net],
            "remote_subnets": [remote_net],
            "psk": "a-secret-of-good-length",
            "passive": passive,
        }

    def options(self) -> dict[str, Any]:
        """What the roles are told about this router."""
        found: dict[str, Any] = {"harden": self.hardened is not None}
        if self.tunnel:
            # Only one end calls, so that one association stands.
            one = self.tunnel_to(PEER, f"{self.lan}.0/24", f"{FAR_LAN}.0/24", passive=True)
            found["site_to_site_tunnels"] = [one]
        networks = {"management": [f"{self.admin}.0/24"], "ipsec_peers": [PEER], "wan_networks": ["192.0.2.0/24"]}
        for name, value in {**networks, **(self.hardened or {})}.items():
            found[f"hardened_input_{name}"] = value
        return found


_MORE: Mapping[str, Any] = {"public_ports": [443], "ah": True, "tunnel_networks": [f"{FAR_LAN}.0/24"]}
SITES = (
    Site(1, "hard", hardened={}),
    Site(2, "tunnel", tunnel=True),
    Site(3, "both", tunnel=True, hardened=_MORE),
    Site(4, "fact", factory=True),
    Site(5, "fact-hard", factory=True, hardened={"road_warriors": True, "traceroute": True}),
    Site(6, "fact-tunnel", factory=True, tunnel=True),
    Site(7, "fact-both", factory=True, tunnel=True, hardened={**_MORE, "defconf": "keep"}),
    Site(8, "limits", rules=LIMITS),
    Site(9, "listed", rules=LISTED),
    Site(10, "fact-accepts", factory=True, rules=ACCEPTS),
)
ROLES = [
    {"role": "vpnops.mikrotik.site_to_site"},
    {"role": "vpnops.mikrotik.hardened_input", "when": "harden | default(false)"},
]
# What keeps sessions alive would be counted among what the test sends.
COMMON = {
    "site_to_site_verify": False,
    "site_to_site_profile": {"dpd_interval": "disable-dpd"},
    "hardened_input_guard": "never",
    "site_to_site_guard": "never",
}


def plan() -> Plan:
    """All sites, the far end of their tunnels, and a stranger."""
    far = {
        "/ip/address": [
            {"address": f"{PEER}/24", "interface": "ether1"},
            {"address": f"{FAR_LAN}.1/24", "interface": "ether2"},
        ],
        "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": "203.0.113.1"}],
    }
    hosts = {"stranger": Host(f"{STRANGER}/24", "192.0.2.1"), "lan-far": Host(f"{REMOTE}/24", f"{FAR_LAN}.1")}
    for site in SITES:
        hosts[f"lan-{site.number}"] = Host(f"{site.lan}.100/24", f"{site.lan}.1")
        hosts[f"admin-{site.number}"] = Host(f"{site.admin}.10/24", f"{site.admin}.1")
    routers = {site.name: site.router() for site in SITES}
    routers[FAR] = Router({"ether1": "internet", "ether2": "lan-far"}, seed=far, users={"admin": PASSWORD})
    addresses = {site.name: f"{site.gateway}/28" for site in SITES}
    return Plan(routers, hosts, Internet({**addresses, FAR: "203.0.113.1/24", "stranger": "192.0.2.1/24"}))


def options() -> dict[str, dict[str, Any]]:
    """What the roles are told, by router."""
    tunnels = [
        site.tunnel_to(site.wan, f"{FAR_LAN}.0/24", f"{site.lan}.0/24", passive=False) for site in SITES if site.tunnel
    ]
    return {**{site.name: site.options() for site in SITES}, FAR: {"site_to_site_tunnels": tunnels}}
