# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What single menus do beyond storing values."""

from __future__ import annotations

from . import (
    certificates,
    dns,
    firewall,
    interfaces,
    ipsec,
    lists,
    netwatch,
    queues,
    routes,
    scheduler,
    system,
    tunnels,
    users,
)
from .base import Behaviour

_OF: dict[str, type[Behaviour]] = {
    "/ip/ipsec/peer": ipsec.Peers,
    "/ip/ipsec/identity": ipsec.Identities,
    "/ip/ipsec/policy": ipsec.Policies,
    "/ip/ipsec/mode-config": ipsec.ModeConfigs,
    "/ip/ipsec/active-peers": ipsec.ActivePeers,
    "/ip/firewall/filter": firewall.Rules,
    "/ip/firewall/nat": firewall.Rules,
    "/ip/firewall/raw": firewall.Rules,
    "/ip/firewall/mangle": firewall.Rules,
    "/ip/firewall/address-list": lists.AddressLists,
    "/ipv6/firewall/filter": firewall.Rules,
    "/ipv6/firewall/nat": firewall.Rules,
    "/ipv6/firewall/raw": firewall.Rules,
    "/ipv6/firewall/mangle": firewall.Rules,
    "/ipv6/firewall/address-list": lists.AddressLists,
    "/interface": interfaces.Interfaces,
    "/interface/gre": tunnels.Tunnels,
    "/interface/ipip": tunnels.Tunnels,
    "/interface/eoip": tunnels.EthernetTunnels,
    "/interface/vrrp": tunnels.VirtualRouters,
    "/ip/dns/static": dns.StaticNames,
    "/ip/address": interfaces.Addresses,
    "/ip/route": routes.Routes,
    "/certificate": certificates.Certificates,
    "/file": certificates.Files,
    "/ip/service": system.Services,
    "/system/resource": system.Resource,
    "/system/clock": system.Clock,
    "/system/script": system.Scripts,
    "/system/script/job": system.ScriptJobs,
    "/system/scheduler": scheduler.Schedulers,
    "/queue/type": queues.QueueTypes,
    "/tool/netwatch": netwatch.Netwatch,
    "/user": users.Users,
    "/user/group": users.Groups,
}


def behaviour_of(path: str) -> type[Behaviour]:
    return _OF.get(path, Behaviour)
