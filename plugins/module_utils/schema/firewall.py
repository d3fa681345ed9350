# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule tables and address lists of /ip/firewall and /ipv6/firewall."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema import matchers
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import one_span, operator
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV4, IPV6, Family
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS4,
    PREFIX6,
    RANGE,
    SWITCH,
    TEXT,
    WORD,
    duration,
    number,
    one_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

LOOSE = ("comment", "disabled", "log", "log-prefix")
TO_LIST = ("add-dst-to-address-list", "add-src-to-address-list")
PLAIN = ("accept", "jump", "log", "passthrough", "return", *TO_LIST)
# What both families can change; what only one of them has stands with its table.
CHANGING = (
    *("change-dscp", "change-mss", "mark-connection", "mark-packet", "mark-routing", "set-priority"),
    *("sniff-pc", "sniff-tzsp"),
)
TRANSLATING = ("dst-nat", "masquerade", "netmap", "redirect", "src-nat")

TAIL = (
    Field(
        "address-list",
        WORD,
        "Address list that the actions V(add-src-to-address-list) and V(add-dst-to-address-list) add to.",
    ),
    Field(
        "address-list-timeout",
        duration("none-dynamic", "none-static"),
        "How long the added address stays, up to 35w; V(none-static) survives a reboot, V(none-dynamic) does not.",
        "none-dynamic",
    ),
    Field("jump-target", WORD, "Chain that O(action=jump) goes to."),
    Field("log", SWITCH, "Write a line to the log for every packet that matches.", "no"),
    Field("log-prefix", TEXT, "Text in front of the line in the log; at most 31 characters since RouterOS 7.21.", ""),
    Field("disabled", SWITCH, "Keep the rule without effect.", "no"),
    Field("comment", TEXT, "Free text; it also tells rules apart when their content changes.", ""),
)


def chain(*builtin: str) -> Field:
    """The chain of a rule; any other word is a chain of the user's own."""
    words = ", ".join(f"V({word})" for word in builtin)
    return Field("chain", WORD, f"Chain the rule stands in: {words}, or one of your own.", required=True)


def action(*words: str, since: Mapping[str, str] | None = None) -> Field:
    """What a table's rules can do."""
    return Field("action", one_of(*sorted(words), since=since), "What happens to a packet that matches.", "accept")


def reject_with(default: str, *words: str) -> Field:
    """The answer to what is rejected."""
    return Field("reject-with", one_of(*words, "tcp-reset"), "Answer that O(action=reject) sends.", default)


TO_PORTS = Field("to-ports", one_span(0, 65535), "New port or range of ports.")
MARKS = (
    Field("passthrough", SWITCH, "Go on with the next rule after this one has changed the packet.", "yes"),
    Field("new-connection-mark", WORD, "Mark for the connection."),
    Field("new-packet-mark", WORD, "Mark for the packet."),
    Field("new-routing-mark", WORD, "Routing table for the packet."),
    Field(
        "new-mss",
        number(0, 65535, "clamp-to-pmtu"),
        "TCP maximum segment size in bytes, or V(clamp-to-pmtu); there is no tunnel interface to set an MTU on.",
    ),
)
PRIORITY = (
    Field(
        "new-priority",
        number(0, 63, "from-dscp", "from-dscp-high-3-bits", "from-ingress"),
        "Priority of the packet, or where to take it from.",
    ),
)
SNIFFING = (
    Field("sniff-id", number(0, 65535), "Number that marks the packets of O(action=sniff-pc)."),
    Field("sniff-target", ADDRESS4, "Host that receives copies of the packets."),
    Field("sniff-target-port", number(0, 65535), "UDP port of that host."),
)


# {".id": "*5", "chain": "input", "action": "drop", "in-interface-list": "!LAN", "log": "false", "log-prefix": "",
#  "bytes": "0", "packets": "0", "invalid": "false", "dynamic": "false", "disabled": "false",
#  "comment": "defconf: drop all not coming from LAN"}
def table(name: str, help: str, *fields: Field, family: Family = IPV4) -> Menu:
    """A menu of rules: no names, split into chains, tried from the top."""
    return Menu(
        path=f"/{family.root}/firewall/{name}",
        help=help,
        module=f"{family.prefix}firewall_{name}",
        key=(),
        ordered=True,
        chain="chain",
        unsets=True,
        loose=LOOSE,
        scopes=("chain",),
        fields=(*fields, *TAIL),
    )


FILTER = table(
    "filter",
    "Rules that let packets pass or drop them.",
    chain("input", "forward", "output"),
    action(*PLAIN, "drop", "reject", "tarpit", "fasttrack-connection"),
    *matchers.every_table(IPV4),
    *matchers.TCP,
    *matchers.TLS_HOST,
    *matchers.tracked("srcnat", "dstnat", "ein-snat", "ein-dnat"),
    *matchers.connection(IPV4),
    *matchers.IPV4_CONNECTION,
    *matchers.PEER_TO_PEER,
    reject_with(
        "icmp-network-unreachable",
        *("icmp-admin-prohibited", "icmp-host-prohibited", "icmp-host-unreachable", "icmp-net-prohibited"),
        *("icmp-network-unreachable", "icmp-port-unreachable", "icmp-protocol-unreachable"),
    ),
    # Since 7.21 only routers whose hardware can do it have the argument (firewall.md 14); older ones all have it.
    Field(
        "hw-offload",
        SWITCH,
        "Let the switch chip carry fasttracked connections; since RouterOS 7.21 only hardware that can do it has "
        "the property.",
        # Printed with the action that it is for only.
        "yes",
    ),
)

# {".id": "*1", "chain": "srcnat", "action": "masquerade", "ipsec-policy": "out,none", "out-interface-list": "WAN",
#  "log": "false", "log-prefix": "", "bytes": "0", "packets": "0", "invalid": "false", "dynamic": "false",
#  "disabled": "false", "comment": "defconf: masquerade"}
NAT = table(
    "nat",
    "Rules that translate addresses; they see the first packet of a connection only.",
    chain("srcnat", "dstnat", "input", "output"),
    action(
        *PLAIN,
        *TRANSLATING,
        *("same", "socksify", "endpoint-independent-nat"),
    ),
    *matchers.every_table(IPV4),
    *matchers.TLS_HOST_OF_OLD,
    *matchers.connection(IPV4),
    *matchers.IPV4_CONNECTION,
    Field("to-addresses", RANGE, "New address, prefix or range."),
    TO_PORTS,
    # The defaults of these two switches are unverified.
    Field("randomise-ports", SWITCH, "Choose source ports at random.", "no"),
    Field("same-not-by-dst", SWITCH, "O(action=same) does not look at the destination.", "no"),
    Field("socks5-server", ADDRESS4, "SOCKS5 server that O(action=socksify) hands over to.", since="7.20"),
    Field("socks5-port", number(0, 65535), "TCP port of that SOCKS5 server.", since="7.20"),
    Field("socksify-service", WORD, "Service that takes the redirected connections.", since="7.20"),
)

# {".id": "*2", "chain": "prerouting", "action": "notrack", "src-address": "192.168.10.0/24",
#  "dst-address": "192.168.20.0/24", "log": "false", "log-prefix": "", "bytes": "0", "packets": "0",
#  "invalid": "false", "dynamic": "false", "disabled": "false"}
RAW = table(
    "raw",
    "Rules that act before connection tracking.",
    chain("prerouting", "output"),
    action(*PLAIN, "drop", "notrack"),
    *matchers.every_table(IPV4),
    *matchers.TCP,
    *matchers.TLS_HOST,
)

# {".id": "*3", "chain": "forward", "action": "change-mss", "new-mss": "1360", "passthrough": "true",
#  "protocol": "tcp", "tcp-flags": "syn", "tcp-mss": "1361-65535", "ipsec-policy": "out,ipsec", "log": "false",
#  "log-prefix": "", "bytes": "0", "packets": "0", "invalid": "false", "dynamic": "false", "disabled": "false"}
MANGLE = table(
    "mangle",
    "Rules that mark packets and change their headers.",
    chain("prerouting", "input", "forward", "output", "postrouting"),
    action(
        *PLAIN,
        *CHANGING,
        *("change-ttl", "clear-df", "fasttrack-connection", "route", "strip-ipv4-options"),
    ),
    *matchers.every_table(IPV4),
    *matchers.TCP,
    *matchers.TLS_HOST,
    *matchers.tracked("srcnat", "dstnat"),
    *matchers.connection(IPV4),
    *matchers.IPV4_CONNECTION,
    *matchers.PEER_TO_PEER,
    *MARKS,
    Field("new-dscp", number(0, 63, "from-priority", "from-priority-to-high-3-bits"), "DSCP value, 0 to 63."),
    Field("new-ttl", operator("set", "increment", "decrement"), "Time to live, such as V(set:64)."),
    *PRIORITY,
    Field("route-dst", ADDRESS4, "Gateway that O(action=route) sends the packet to."),
    *SNIFFING,
)

# {".id": "*1", "chain": "prerouting", "action": "drop", "src-address-list": "bad_ipv6", "log": "false",
#  "log-prefix": "", "bytes": "0", "packets": "0", "invalid": "false", "dynamic": "false", "disabled": "false"}
RAW6 = table(
    "raw",
    "Rules that act on IPv6 packets before connection tracking.",
    chain("prerouting", "output"),
    action(*PLAIN, "drop", "notrack"),
    *matchers.every_table(IPV6),
    *matchers.TCP,
    *matchers.TLS_HOST,
    family=IPV6,
)

# {".id": "*1", "chain": "srcnat", "action": "src-nat", "to-address": "2001:db8:1::1/128", "out-interface-list": "WAN",
#  "log": "false", "log-prefix": "", "bytes": "0", "packets": "0", "invalid": "false", "dynamic": "false",
#  "disabled": "false"}
# Routers of 7.21 and 7.22 complete these actions and chains; that older ones have the same is unverified.
NAT6 = table(
    "nat",
    "Rules that translate IPv6 addresses; they see the first packet of a connection only.",
    chain("srcnat", "dstnat", "input", "output"),
    action(*PLAIN, *TRANSLATING),
    *matchers.every_table(IPV6),
    *matchers.TCP,
    *matchers.TLS_HOST_OF_OLD,
    *matchers.STATES,
    *matchers.connection(IPV6),
    # One host or prefix, unlike the ranges of IPv4; how it reads back is unverified.
    Field("to-address", PREFIX6, "New address, or prefix for O(action=netmap)."),
    TO_PORTS,
    family=IPV6,
)

# {".id": "*1", "chain": "postrouting", "action": "snpt", "src-prefix": "2001:db8:a::/64",
#  "dst-prefix": "2001:db8:b::/64", "src-address": "2001:db8:a::/64", "log": "false", "log-prefix": "", "bytes": "0",
#  "packets": "0", "invalid": "false", "dynamic": "false", "disabled": "false"}
# The actions as of nat above. The manual has `drop` as well, which routers do not complete, so it is left out.
MANGLE6 = table(
    "mangle",
    "Rules that mark IPv6 packets and change their headers.",
    chain("prerouting", "input", "forward", "output", "postrouting"),
    action(*PLAIN, *CHANGING, "change-hop-limit", "dnpt", "snpt"),
    *matchers.every_table(IPV6),
    *matchers.TCP,
    *matchers.TLS_HOST,
    *matchers.tracked("srcnat", "dstnat"),
    *matchers.connection(IPV6),
    *MARKS,
    Field("new-dscp", number(0, 63), "DSCP value, 0 to 63."),
    Field("new-hop-limit", operator("set", "increment", "decrement"), "Hop limit, such as V(set:64)."),
    *PRIORITY,
    Field(
        "src-prefix",
        PREFIX6,
        "Prefix that O(action=snpt) and O(action=dnpt) translate from. Both translate single packets, so a rule for "
        "each direction is needed.",
    ),
    Field("dst-prefix", PREFIX6, "Prefix that they translate to."),
    *SNIFFING,
    family=IPV6,
)

# {".id": "*2", "chain": "input", "action": "accept", "protocol": "icmpv6", "log": "false", "log-prefix": "",
#  "bytes": "0", "packets": "0", "invalid": "false", "dynamic": "false", "disabled": "false",
#  "comment": "defconf: accept ICMPv6"}
FILTER6 = table(
    "filter",
    "Rules that let IPv6 packets pass or drop them.",
    chain("input", "forward", "output"),
    action(*PLAIN, "drop", "reject", "fasttrack-connection", since={"fasttrack-connection": "7.18"}),
    *matchers.every_table(IPV6),
    *matchers.TCP,
    *matchers.TLS_HOST,
    *matchers.tracked("srcnat", "dstnat"),
    *matchers.connection(IPV6),
    # The default is unverified.
    reject_with(
        "icmp-no-route",
        *("icmp-address-unreachable", "icmp-admin-prohibited", "icmp-err-src-routing-header", "icmp-headers-too-long"),
        *("icmp-no-route", "icmp-not-neighbour", "icmp-port-unreachable"),
    ),
    family=IPV6,
)


def address_list(help: str, family: Family) -> Menu:
    """The named lists of addresses that the rules of a family refer to."""
    return Menu(
        path=f"/{family.root}/firewall/address-list",
        help=help,
        module=f"{family.prefix}firewall_address_list",
        key=("list", "address"),
        scopes=("list",),
        fields=(
            Field("list", WORD, "Name of the list; it exists as long as it has entries.", required=True),
            Field("address", family.listed, family.listed_help, required=True),
            Field(
                "timeout",
                duration(),
                "Remove the entry after this time, up to 35w; it is then lost on reboot as well. It counts down, so an "
                "entry that is already there keeps what is left.",
                fleeting=True,
            ),
            Field("disabled", SWITCH, "Keep the entry without effect.", "no"),
            Field("comment", TEXT, "Free text.", ""),
        ),
    )


# {".id": "*7", "list": "vpn-peers", "address": "203.0.113.50", "creation-time": "2026-01-02 03:04:05",
#  "dynamic": "false", "disabled": "false", "comment": "site b"}
ADDRESS_LIST = address_list("Named lists of addresses that rules refer to.", IPV4)
# {".id": "*1", "list": "bad_ipv6", "address": "::1/128", "creation-time": "2026-01-02 03:04:05",
#  "dynamic": "false", "disabled": "false", "comment": "defconf: lo"}
ADDRESS_LIST6 = address_list("Named lists of IPv6 addresses that rules of the IPv6 firewall refer to.", IPV6)
