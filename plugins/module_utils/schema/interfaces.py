# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of interfaces that users make, and of the lists that interfaces are in."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import INTERFACE, NO_INTERFACE_LISTS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import (
    ANY4,
    COMMENT,
    DISABLED,
    NAME,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS4,
    DURATION,
    MAC,
    REFERENCE,
    SWITCH,
    TEXT,
    WORD,
    duration,
    either,
    list_of,
    number,
    one_of,
    or_name,
    set_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Kind, Menu

NO_KEEPALIVE = "none"
LONGEST_PASSWORD = 16
SIZE = number(68, 65535, "auto")
ARP = one_of("disabled", "enabled", "local-proxy-arp", "proxy-arp", "reply-only")


def keepalive(text: str) -> str:
    """An interval and how many may go by without an answer; that an interval alone means ten of them is unverified."""
    if text == NO_KEEPALIVE:
        return text
    interval, _comma, retries = text.partition(",")
    try:
        return f"{DURATION.normal(interval)},{int(retries or '10')}"
    except ValueError:
        raise ValueError(f"an interval and a number of retries such as 10s,10, or {NO_KEEPALIVE}") from None


def password(text: str) -> str:
    """A text of at most 16 characters."""
    if len(text) > LONGEST_PASSWORD:
        raise ValueError(f"a text of at most {LONGEST_PASSWORD} characters")
    return text


def tunnel(name: str, help: str, *more: Field) -> Menu:
    """A menu of interfaces that carry packets in packets to another router."""
    return Menu(
        path=f"/interface/{name}",
        help=help,
        module=f"interface_{name}",
        part_of=INTERFACE.path,
        unsets=True,
        cuts=True,
        fields=(NAME, *more, *TUNNEL),
    )


TUNNEL = (
    Field(
        "remote-address",
        or_name(ADDRESS4, "an IPv4 address or a DNS name"),
        "Address or DNS name of the other end.",
        required=True,
    ),
    Field("local-address", ADDRESS4, f"Address of this router to use; V({ANY4}) is any.", ANY4),
    Field("mtu", SIZE, "Largest packet inside; V(auto) is what the encapsulation leaves of 1500 bytes.", "auto"),
    Field(
        "keepalive",
        Kind("keepalive", keepalive),
        "How often the other end is asked whether it is there, and after how many questions without an answer the "
        f"interface is down; V({NO_KEEPALIVE}) asks nothing, so the interface is always up.",
        "10s,10",
        absent=NO_KEEPALIVE,
    ),
    Field(
        "dscp", number(0, 63, "inherit"), "DSCP of the packets outside; V(inherit) is that of those inside.", "inherit"
    ),
    Field(
        "clamp-tcp-mss",
        SWITCH,
        "Lower the segment size that TCP connections ask for to what the interface takes.",
        "yes",
    ),
    Field(
        "dont-fragment",
        either("inherit", "no"),
        "Whether packets outside may be fragmented: V(no), that they may, or V(inherit), as those inside say.",
        "no",
    ),
    Field(
        "allow-fast-path",
        SWITCH,
        "Carry packets past the firewall and IPsec; with O(ipsec_secret) it has to be off.",
        "yes",
    ),
    Field(
        "ipsec-secret",
        WORD,
        "Pre-shared key by which the router makes a peer, an identity and a transport policy by itself, with the "
        "default profile and proposal; a policy of M(vpnops.mikrotik.ipsec_policy) leaves the choice to you.",
        secret=True,
        only_with={"allow-fast-path": ("no",)},
    ),
    DISABLED,
    COMMENT,
)

# {".id": "*9", "name": "gre-b", "mtu": "auto", "actual-mtu": "1476", "local-address": "0.0.0.0",
#  "remote-address": "203.0.113.50", "keepalive": "10s,10", "dscp": "inherit", "clamp-tcp-mss": "true",
#  "dont-fragment": "no", "allow-fast-path": "true", "running": "true", "disabled": "false"}
GRE = tunnel("gre", "Tunnels that carry IPv4 and IPv6 in GRE.")
# {".id": "*A", "name": "ipip-b", "mtu": "auto", "actual-mtu": "1480", "local-address": "0.0.0.0",
#  "remote-address": "203.0.113.50", "keepalive": "10s,10", "dscp": "inherit", "clamp-tcp-mss": "true",
#  "dont-fragment": "no", "allow-fast-path": "true", "running": "true", "dynamic": "false", "disabled": "false"}
IPIP = tunnel("ipip", "Tunnels that carry IPv4 in IPv4.")
# {".id": "*B", "name": "eoip-b", "mtu": "auto", "actual-mtu": "1458", "l2mtu": "65535",
#  "mac-address": "02:5E:B8:26:A7:0B", "arp": "enabled", "arp-timeout": "auto", "loop-protect": "default",
#  "loop-protect-status": "off", "loop-protect-send-interval": "5s", "loop-protect-disable-time": "5m",
#  "local-address": "0.0.0.0", "remote-address": "203.0.113.50", "tunnel-id": "7", "keepalive": "10s,10", ...}
EOIP = tunnel(
    "eoip",
    "Tunnels that carry Ethernet frames in GRE, between two RouterOS routers.",
    Field(
        "tunnel-id", number(0, 65535), "Number of the tunnel, the same at both ends, once between two.", required=True
    ),
    Field("mac-address", MAC, "MAC address; the router makes one up where it is not given.", stays=True),
    Field("arp", ARP, "Whether and how it answers ARP.", "enabled"),
    Field("arp-timeout", duration("auto"), "How long an answer to ARP is believed.", "auto"),
    Field(
        "loop-protect",
        one_of("default", "off", "on"),
        "Switch the interface off where it is part of a loop.",
        "default",
    ),
    Field("loop-protect-disable-time", DURATION, "How long it is then off; V(0s) is until it is enabled.", "5m"),
    Field("loop-protect-send-interval", DURATION, "How often it looks for a loop.", "5s"),
)

# Of 7.25, which is not released, four names are known and no row (ipsec.md 16).
XFRM = Menu(
    path="/interface/xfrm",
    help="Tunnel interfaces of IPsec itself, known from a development version of RouterOS alone.",
    module="interface_xfrm",
    part_of=INTERFACE.path,
    cuts=True,
    since="7.25",
    fields=(
        NAME,
        # Neither its words nor its default are known: the router judges it, and `replaced` leaves it.
        Field("mtu", WORD, "Largest packet inside, in the router's words.", stays=True),
        DISABLED,
        COMMENT,
    ),
)

VRRP_PATH = "/interface/vrrp"
GROUP = ("", "none", "self")
# {".id": "*C", "name": "vrrp1", "mtu": "1500", "mac-address": "00:00:5E:00:01:01", "arp": "enabled",
#  "arp-timeout": "auto", "interface": "ether2", "vrid": "1", "priority": "100", "interval": "1s",
#  "preemption-mode": "true", "authentication": "none", "password": "", "on-backup": "", "on-fail": "",
#  "on-master": "", "version": "3", "v3-protocol": "ipv4", "sync-connection-tracking": "false", ...}
VRRP = Menu(
    path=VRRP_PATH,
    help="Virtual routers: of several routers one, the master, has their addresses.",
    module="interface_vrrp",
    part_of=INTERFACE.path,
    cuts=True,
    fields=(
        NAME,
        Field("interface", REFERENCE, "Interface that it runs on.", required=True, refers=INTERFACE.path),
        Field("vrid", number(1, 255), "Number of the virtual router, the same on all of its routers.", "1"),
        Field("priority", number(1, 254), "Of several routers the one with the highest is the master.", "100"),
        Field("interval", DURATION, "How often the master says that it is there, V(10ms) to V(4m15s).", "1s"),
        Field("preemption-mode", SWITCH, "Take over from a master of a lower priority.", "yes"),
        Field("version", one_of("2", "3"), "Version of the protocol.", "3"),
        Field("v3-protocol", one_of("ipv4", "ipv6"), "Family of its addresses, in version 3.", "ipv4"),
        Field("v3-checksum-as-v2", SWITCH, "Checksums of version 3 as those of version 2.", "no", since="7.24"),
        Field(
            "authentication",
            set_of("ah", "none", "simple"),
            "How its routers prove who they are, in version 2; V(simple) shows O(password) to all who listen.",
            "none",
        ),
        Field("password", Kind("password", password), "Password for it, at most 16 characters.", "", secret=True),
        Field("on-master", TEXT, "Script, or its name, that runs when this router becomes the master.", ""),
        Field("on-backup", TEXT, "Script, or its name, that runs when another router is the master.", ""),
        Field("on-fail", TEXT, "Script, or its name, that runs when the interface below fails.", ""),
        Field(
            "group-authority",
            WORD,
            "Virtual router whose state this one follows; V(self) is followed by others.",
            "none",
            refers=VRRP_PATH,
            free=GROUP,
        ),
        Field("group-master", WORD, "Old name of O(group_authority).", "none", refers=VRRP_PATH, free=GROUP),
        Field("sync-connection-tracking", SWITCH, "Tell the others of the connections that the firewall knows.", "no"),
        Field("remote-address", ADDRESS4, "Address of the other router, for that.", ANY4),
        Field(
            "connection-tracking-mode",
            one_of("active-active", "passive-active"),
            "Whether all routers tell of their connections, or the master alone.",
            "passive-active",
            since="7.20",
        ),
        Field("connection-tracking-port", number(1, 65535), "UDP port for that.", "8275", since="7.20"),
        Field("arp", ARP, "Whether and how it answers ARP.", "enabled"),
        Field("arp-timeout", duration("auto"), "How long an answer to ARP is believed.", "auto"),
        Field("mtu", number(68, 65535), "Largest packet.", "1500", until="7.19"),
        DISABLED,
        COMMENT,
    ),
)

LIST_PATH = "/interface/list"
# {".id": "*2000011", "name": "WAN", "include": "", "exclude": "", "builtin": "false", "dynamic": "false",
#  "comment": "defconf"}
LIST = Menu(
    path=LIST_PATH,
    help="Named lists of interfaces, which firewall rules refer to.",
    module="interface_list",
    cuts=True,
    fields=(
        NAME,
        Field(
            "include",
            list_of(REFERENCE),
            "Lists whose members it has, too; one that is made by the same task has to be given before.",
            "",
            refers=LIST_PATH,
            free=NO_INTERFACE_LISTS,
        ),
        Field(
            "exclude",
            list_of(REFERENCE),
            "Lists whose members it does not have for being included.",
            "",
            refers=LIST_PATH,
            free=NO_INTERFACE_LISTS,
        ),
        COMMENT,
    ),
)

# {".id": "*1", "list": "LAN", "interface": "bridge", "dynamic": "false", "disabled": "false",
#  "comment": "defconf"}
LIST_MEMBER = Menu(
    path="/interface/list/member",
    help="Which interfaces are in which list.",
    module="interface_list_member",
    key=("list", "interface"),
    scopes=("list",),
    cuts=True,
    fields=(
        Field(
            "list",
            REFERENCE,
            "The list: a name of M(vpnops.mikrotik.interface_list).",
            required=True,
            refers=LIST.path,
            free=NO_INTERFACE_LISTS,
        ),
        Field("interface", REFERENCE, "The interface.", required=True, refers=INTERFACE.path),
        DISABLED,
        COMMENT,
    ),
)
