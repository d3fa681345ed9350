# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All menus the collection knows, those that others refer to first."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema import (
    addresses,
    firewall,
    interfaces,
    ipsec,
    ipsec_terms,
    mac_access,
    network_services,
    queues,
    service,
    system,
    tools,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import ELSEWHERE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

MENUS: tuple[Menu, ...] = (
    ipsec_terms.SETTINGS,
    ipsec_terms.PROFILE,
    ipsec_terms.PROPOSAL,
    # Before the groups that name them, unlike the tunnels below.
    interfaces.XFRM,
    ipsec_terms.POLICY_GROUP,
    ipsec_terms.MODE_CONFIG,
    ipsec.PEER,
    ipsec.KEY,
    ipsec.KEY_RSA,
    ipsec.KEY_PSK,
    ipsec.IDENTITY,
    ipsec.POLICY,
    # Behind the policies that protect what tunnels carry: up before them, it would leave in clear.
    interfaces.GRE,
    interfaces.IPIP,
    interfaces.EOIP,
    interfaces.VRRP,
    interfaces.LIST,
    interfaces.LIST_MEMBER,
    addresses.ADDRESS,
    addresses.ROUTE,
    # Address lists before the rules that read them, and the table that drops last.
    firewall.ADDRESS_LIST,
    firewall.ADDRESS_LIST6,
    firewall.RAW,
    firewall.MANGLE,
    firewall.NAT,
    firewall.FILTER,
    firewall.FILTER6,
    queues.TYPE,
    queues.TREE,
    system.LOGGING,
    # Scripts before what runs them, and all of it behind what they switch.
    system.SCRIPT,
    system.SCHEDULER,
    tools.NETWATCH,
    network_services.DNS,
    network_services.UPNP,
    network_services.PROXY,
    network_services.SOCKS,
    network_services.COMMUNITY,
    network_services.SNMP,
    # Behind the rules that let in over IP, for when these are closed that is what is left.
    mac_access.NEIGHBOR_DISCOVERY,
    mac_access.BANDWIDTH_SERVER,
    mac_access.MAC_PING,
    mac_access.MAC_SERVER,
    mac_access.MAC_WINBOX,
    mac_access.ROMON,
    # Behind the rules that protect what it opens, and that let in to where it moves.
    service.SERVICE,
)

BY_MODULE: Mapping[str, Menu] = {menu.module: menu for menu in MENUS if menu.module}
ALL: tuple[Menu, ...] = (*ELSEWHERE, *MENUS)
"""With the menus that are only referred to."""
BY_PATH: Mapping[str, Menu] = {menu.path: menu for menu in ALL}
