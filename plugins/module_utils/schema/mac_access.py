# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of what reaches a router without IP (MAC server, RoMON, neighbour discovery), and the bandwidth server.

No firewall rule sees these packets, except those of the bandwidth server.
"""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import NO_INTERFACE_LISTS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.interfaces import LIST
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    MAC,
    REFERENCE,
    SWITCH,
    WORD,
    address_range,
    duration,
    list_of,
    negatable,
    network,
    number,
    one_of,
    set_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Kind, Menu

PROTOCOLS = set_of("cdp", "lldp", "mndp")


def prefix4(text: str) -> str:
    """An IPv4 prefix with its length: a host is `/32`."""
    if "-" in text:
        raise ValueError("an IPv4 address or a prefix")
    return str(network(address_range(text, 4)))


def prefix6(text: str) -> str:
    """An IPv6 prefix with its length: a host is `/128`."""
    if "-" in text:
        raise ValueError("an IPv6 address or a prefix")
    return str(network(address_range(text, 6)))


def allowed_list(service: str) -> Field:
    """The interface list on whose members a service of the MAC server answers."""
    help = f"Interface list on whose members {service} is answered; V(none) switches it off."
    return Field("allowed-interface-list", REFERENCE, help, "all", refers=LIST.path, free=NO_INTERFACE_LISTS)


# {"allowed-interface-list": "all"}
MAC_SERVER = Menu(
    path="/tool/mac-server",
    help="MAC-Telnet, which needs no IP address.",
    module="tool_mac_server",
    key=(),
    single=True,
    # A way in that is left when IP fails goes once new logins over IP have worked.
    cuts=True,
    optional=True,
    fields=(allowed_list("MAC-Telnet"),),
)

# {"allowed-interface-list": "all"}
MAC_WINBOX = Menu(
    path="/tool/mac-server/mac-winbox",
    help="MAC-WinBox, which needs no IP address.",
    module="tool_mac_server_winbox",
    key=(),
    single=True,
    cuts=True,
    optional=True,
    fields=(allowed_list("WinBox by MAC address"),),
)

# {"enabled": "true"}
MAC_PING = Menu(
    path="/tool/mac-server/ping",
    help="Answers to pings of MAC addresses.",
    module="tool_mac_server_ping",
    key=(),
    single=True,
    optional=True,
    fields=(Field("enabled", SWITCH, "Answer pings of the router's MAC addresses, on all interfaces.", "yes"),),
)

# {"discover-interface-list": "static", "lldp-med-net-policy-vlan": "disabled", "protocol": "cdp,lldp,mndp",
#  "mode": "tx-and-rx", "discover-interval": "30s", "lldp-mac-phy-config": "false", "lldp-max-frame-size": "false",
#  "lldp-vlan-info": "false"}
# What LLDP says in detail is left out.
NEIGHBOR_DISCOVERY = Menu(
    path="/ip/neighbor/discovery-settings",
    help="Where the router announces itself to its neighbours, and listens to them.",
    module="ip_neighbor_discovery",
    key=(),
    single=True,
    optional=True,
    fields=(
        Field(
            "discover-interface-list",
            negatable(REFERENCE),
            "Interface list on whose members neighbours are discovered; V(none) switches it off, V(!WAN) means all "
            "interfaces that are not in that list.",
            "static",
            refers=LIST.path,
            free=NO_INTERFACE_LISTS,
        ),
        Field(
            "mode",
            one_of("rx-only", "tx-and-rx", "tx-only"),
            "Whether the router announces itself (V(tx-only)), listens (V(rx-only)), or both.",
            "tx-and-rx",
        ),
        Field("protocol", PROTOCOLS, "Protocols that are used.", "cdp,lldp,mndp"),
        Field("discover-interval", duration(), "Time between two announcements.", "30s", since="7.16"),
    ),
)

# {"enabled": "true", "authenticate": "true", "allocate-udp-ports-from": "2000", "max-sessions": "100",
#  "allowed-addresses4": "", "allowed-addresses6": ""}
BANDWIDTH_SERVER = Menu(
    path="/tool/bandwidth-server",
    help="The server that others measure bandwidth with.",
    module="tool_bandwidth_server",
    key=(),
    single=True,
    optional=True,
    fields=(
        Field("enabled", SWITCH, "Answer bandwidth tests.", "yes"),
        Field("authenticate", SWITCH, "Answer users of the router only.", "yes"),
        Field("allocate-udp-ports-from", number(1000, 64000), "First of the UDP ports for tests.", "2000"),
        Field("max-sessions", number(1, 1000), "Tests at the same time.", "100"),
        # That an empty list allows everybody, and how hosts read back, is unverified.
        Field(
            "allowed-addresses4",
            list_of(Kind("IPv4 prefix", prefix4)),
            "IPv4 prefixes that are answered; an empty list is everybody.",
            "",
            since="7.18",
        ),
        Field(
            "allowed-addresses6",
            list_of(Kind("IPv6 prefix", prefix6)),
            "IPv6 prefixes that are answered; an empty list is everybody.",
            "",
            since="7.18",
        ),
    ),
)

# {"enabled": "false", "id": "00:00:00:00:00:00", "secrets": "", "current-id": "48:8F:5A:00:00:01"}
ROMON = Menu(
    path="/tool/romon",
    help="RoMON, by which routers on one layer 2 network are managed through each other.",
    module="tool_romon",
    key=(),
    single=True,
    cuts=True,
    optional=True,
    fields=(
        Field("enabled", SWITCH, "Take part in RoMON.", "no"),
        Field(
            "id",
            MAC,
            "MAC address by which the router is known; of V(00:00:00:00:00:00) the router chooses one itself.",
            "00:00:00:00:00:00",
        ),
        Field("secrets", WORD, "Secrets that all routers of the network share, separated by commas.", "", secret=True),
    ),
)
