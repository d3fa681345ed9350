# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of the firewalls' tables match, stated once for filter, nat, raw and mangle of both families.

A matcher has no default: unset differs from every value it can have.
"""

from __future__ import annotations

from functools import partial

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema import elsewhere
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import (
    AMOUNT,
    CLASSIFIER,
    DAY_TIME,
    DST_LIMIT,
    ICMP_OPTIONS,
    IPSEC_POLICY,
    IPV6_HEADERS,
    LIMIT,
    NTH,
    PORT_SCAN,
    TCP_FLAGS,
    one_span,
    operator,
    protocol,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.connections import LAYER7
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import Family
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.interfaces import LIST
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    MAC,
    PORTS,
    SWITCH,
    WORD,
    negatable,
    never,
    number,
    one_of,
    set_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Kind

Matcher = partial(Field, matches=True)
WITH_PORTS = ("tcp", "udp", "udp-lite", "dccp", "sctp")
CONNECTION_STATES = ("invalid", "established", "related", "new", "untracked")


def interfaces_apart(one: str, other: str) -> bool:
    """A packet comes in by one interface, but `all-ethernet` and its like stand for several."""
    return one != other and not one.startswith("all-") and not other.startswith("all-")


# An address or an interface may be in several lists, and marks of tables other than the packet's own are unknown.
LIST_NAME = negatable(Kind("name of a list", apart=never, exact=True))
INTERFACE = negatable(Kind("interface", apart=interfaces_apart, exact=True))
MARK = negatable(WORD)
# A connection may fit several patterns.
PATTERN_NAME = negatable(Kind("name of a pattern", apart=never, exact=True))
GLOB = negatable(Kind("text", apart=never, exact=True))
HOTSPOT = negatable(
    # How several words combine is not documented, so nothing is concluded from them.
    Kind(
        "hotspot",
        set_of("auth", "from-client", "http", "local-dst", "to-client").normal,
        {"type": "list", "elements": "str"},
        apart=never,
    )
)
IPV4_OPTIONS = one_of(
    *("any", "loose-source-routing", "no-record-route", "no-router-alert", "no-source-routing", "no-timestamp"),
    *("none", "record-route", "router-alert", "strict-source-routing", "timestamp"),
)
P2P = negatable(
    one_of(
        *("all-p2p", "bit-torrent", "blubster", "direct-connect", "edonkey", "fasttrack", "gnutella", "soulseek"),
        *("warez", "winmx"),
    )
)
HELPERS = negatable(one_of("ftp", "h323", "irc", "pptp", "quake3", "sip", "tftp"))
TTL = operator("equal", "not-equal", "less-than", "greater-than")
SIZES = negatable(one_span(0, 65535))
PORT_LIST = negatable(PORTS)
OfPorts = partial(Matcher, only_with={"protocol": WITH_PORTS})
NEGATES = "A leading V(!) negates."


def addresses(family: Family) -> tuple[Field, ...]:
    """Matchers for where a packet comes from and where it goes."""
    types = negatable(set_of(*family.types))
    kinds = ", ".join(f"V({word})" for word in family.types)
    one = f"one {family.name} address, prefix or range"
    return (
        Matcher("src-address", negatable(family.span), f"Source: {one} such as V({family.example}). {NEGATES}"),
        Matcher("dst-address", negatable(family.span), f"Destination: {one}. {NEGATES}"),
        Matcher(
            "src-address-list", LIST_NAME, f"The source is in this address list, which need not exist yet. {NEGATES}"
        ),
        Matcher("dst-address-list", LIST_NAME, f"The destination is in this address list. {NEGATES}"),
        Matcher("src-address-type", types, f"Kinds of source: {kinds}. {NEGATES}"),
        Matcher(
            "dst-address-type", types, f"Kinds of destination; V(local) is an address of the router itself. {NEGATES}"
        ),
    )


def protocols(family: Family) -> tuple[Field, ...]:
    """Matchers for what a packet carries."""
    needs = f"needs O(protocol) tcp, udp, udp-lite, sctp or dccp. {NEGATES}"
    return (
        Matcher(
            "protocol",
            negatable(protocol()),
            f"Name such as V(udp), V(ipsec-esp) or V(ipsec-ah), or number from 0 to 255. {NEGATES}",
        ),
        OfPorts("src-port", PORT_LIST, f"Source ports and ranges; {needs}"),
        OfPorts("dst-port", PORT_LIST, f"Destination ports and ranges; {needs}"),
        OfPorts("port", PORT_LIST, f"Ports of either side, so replies match as well; prefer O(dst_port). {NEGATES}"),
        Matcher(
            "icmp-options",
            negatable(ICMP_OPTIONS),
            f"ICMP type and code such as V({family.ping}); needs protocol {family.icmp}. {NEGATES}",
            only_with={"protocol": (family.icmp,)},
        ),
    )


OfInterface = partial(Matcher, refers=elsewhere.INTERFACE.path, free=elsewhere.NO_INTERFACES)
OfInterfaceList = partial(Matcher, refers=LIST.path, free=elsewhere.NO_INTERFACE_LISTS)
INTERFACES = (
    OfInterface(
        "in-interface",
        INTERFACE,
        "Interface the packet came in by. Traffic out of an IPsec tunnel keeps the interface of the encrypted packet; "
        f"use O(ipsec_policy) to tell it apart. {NEGATES}",
    ),
    OfInterface("out-interface", INTERFACE, f"Interface the packet leaves by. {NEGATES}"),
    OfInterfaceList(
        "in-interface-list", LIST_NAME, f"Interface list the packet came in by, such as V(WAN) or V(!LAN). {NEGATES}"
    ),
    OfInterfaceList("out-interface-list", LIST_NAME, f"Interface list the packet leaves by. {NEGATES}"),
    OfInterface("in-bridge-port", INTERFACE, f"Bridge port the packet came in by. {NEGATES}"),
    OfInterface("out-bridge-port", INTERFACE, f"Bridge port the packet leaves by. {NEGATES}"),
    OfInterfaceList(
        "in-bridge-port-list", LIST_NAME, f"Interface list of the bridge port the packet came in by. {NEGATES}"
    ),
    OfInterfaceList(
        "out-bridge-port-list", LIST_NAME, f"Interface list of the bridge port the packet leaves by. {NEGATES}"
    ),
)
PACKET = (
    Matcher(
        "ipsec-policy",
        IPSEC_POLICY,
        "Whether IPsec decrypted the packet (V(in,ipsec), in prerouting, input and forward) or is going to encrypt it "
        "(V(out,ipsec), in postrouting, output and forward); V(none) instead of V(ipsec) for neither.",
    ),
    Matcher("packet-mark", MARK, f"Mark that mangle gave the packet, or V(no-mark). {NEGATES}"),
    Matcher("packet-size", SIZES, f"Length of the packet in bytes, or a range such as V(1000-1500). {NEGATES}"),
    Matcher("dscp", negatable(number(0, 63)), f"DSCP value of the IP header, 0 to 63. {NEGATES}"),
    # The form of the value is unverified: the router's console names the argument and nothing else.
    Matcher("tos", negatable(number(0, 255)), f"Whole TOS byte of the IP header, 0 to 255. {NEGATES}", since="7.21"),
    Matcher("priority", negatable(number(0, 63)), f"Priority of the packet, from VLAN, WMM, DSCP or mangle. {NEGATES}"),
    Matcher("ingress-priority", negatable(number(0, 63)), f"Priority the packet arrived with. {NEGATES}"),
    Matcher("tcp-mss", SIZES, f"TCP maximum segment size in bytes, or a range such as V(1361-65535). {NEGATES}"),
    Matcher("src-mac-address", negatable(MAC), f"MAC address of the sender. {NEGATES}"),
    Matcher("content", GLOB, f"Text that the packet contains. {NEGATES}"),
)
RATES = (
    Matcher(
        "limit",
        negatable(LIMIT),
        "True while the rule stays within C(rate[/time],burst[:packet or :bit]), such as V(10,5:packet): 10 packets a "
        "second after a burst of 5. It counts all senders together and limits nothing unless a rule below drops the "
        f"same traffic. {NEGATES}",
    ),
    Matcher(
        "dst-limit",
        DST_LIMIT,
        "As O(limit), counted per address: C(rate[/time],burst,mode[/expire]), such as V(1/1m,5,src-address/1m40s).",
    ),
    Matcher(
        "time", negatable(DAY_TIME), f"Time of day and days such as V(8h-18h,mon,tue), by the router's clock. {NEGATES}"
    ),
    Matcher("nth", negatable(NTH), f"Every nth packet: C(every,packet) such as V(2,1). {NEGATES}"),
    Matcher("random", number(1, 99), "Matches this share of all packets, in percent."),
    Matcher(
        "per-connection-classifier",
        negatable(CLASSIFIER),
        f"Spreads traffic by a hash: C(field:denominator/remainder) such as V(both-addresses:2/0). {NEGATES}",
    ),
)
IPV4_ONLY = (
    Matcher("ttl", TTL, "Time to live, as an operator and a number from 0 to 255 such as V(less-than:5)."),
    Matcher("fragment", SWITCH, "Whether the packet is a fragment other than the first."),
    Matcher("ipv4-options", IPV4_OPTIONS, "Options of the IPv4 header."),
    Matcher(
        "hotspot", HOTSPOT, f"HotSpot states: V(auth), V(from-client), V(http), V(local-dst), V(to-client). {NEGATES}"
    ),
    Matcher("psd", PORT_SCAN, "Port scan: C(weight,delay,low-port-weight,high-port-weight) such as V(21,3s,3,1)."),
)
# The form of the words behind the headers is unverified.
IPV6_ONLY = (
    Matcher("hop-limit", TTL, "Hop limit, as an operator and a number from 0 to 255 such as V(less-than:5)."),
    Matcher(
        "headers",
        negatable(IPV6_HEADERS),
        "Extension headers: V(hop), V(dst), V(route), V(frag), V(ah), V(esp), V(none), V(proto), which V(:contains) or "
        f"V(:exact) may follow. {NEGATES}",
    ),
)
TCP = (
    Matcher(
        "tcp-flags",
        TCP_FLAGS,
        "TCP flags that must be set or, with V(!), must not: V(syn,!ack).",
        only_with={"protocol": ("tcp",)},
    ),
)
TLS = "Glob for the name in a TLS client hello, such as V(*.example.com); needs protocol tcp."
TLS_HOST = (Matcher("tls-host", GLOB, f"{TLS} {NEGATES}"),)
# Routers of 7.16 and later refuse it in nat.
TLS_HOST_OF_OLD = (Matcher("tls-host", GLOB, f"{TLS} {NEGATES}", until="7.15"),)
IPV4_CONNECTION = (
    Matcher(
        "layer7-protocol",
        PATTERN_NAME,
        f"Name of a pattern that M(vpnops.mikrotik.firewall_layer7) manages; costs a lot of CPU. {NEGATES}",
        refers=LAYER7.path,
    ),
    Matcher("realm", negatable(number(0, 4294967295)), f"Realm of the route. {NEGATES}"),
)
PEER_TO_PEER = (Matcher("p2p", P2P, f"Peer-to-peer program; RouterOS 7 still accepts the word. {NEGATES}"),)


def connection(family: Family) -> tuple[Field, ...]:
    """Matchers for what is known of the connection that a packet belongs to."""
    return (
        Matcher("connection-mark", MARK, f"Mark that mangle gave the connection, or V(no-mark). {NEGATES}"),
        Matcher(
            "connection-type",
            HELPERS,
            f"Connection that a helper found to belong to another: V(ftp), V(sip) and so on. {NEGATES}",
        ),
        Matcher(
            "connection-bytes", AMOUNT, "Bytes the connection has carried, C(from-to); an upper bound of 0 is none."
        ),
        Matcher("connection-rate", negatable(AMOUNT), f"Speed of the connection in bit/s, C(from-to). {NEGATES}"),
        Matcher("routing-mark", MARK, f"Routing table that mangle chose for the packet. {NEGATES}"),
        Matcher(
            "connection-limit",
            negatable(family.connection_limit),
            f"More connections than this from one prefix: C(count,netmask) such as V(100,{family.longest}). {NEGATES}",
        ),
    )


STATES = (
    Matcher(
        "connection-state",
        negatable(set_of(*CONNECTION_STATES)),
        f"States: V(established), V(related), V(new), V(invalid), V(untracked), in any order. {NEGATES}",
    ),
)


def tracked(*nat_states: str) -> tuple[Field, ...]:
    """Matchers for the state of a connection; the words for its translation differ between tables."""
    # A connection can be translated both ways, so two of these words do not exclude each other.
    translation = set_of(*nat_states)
    nat = Kind("NAT states", translation.normal, {"type": "list", "elements": "str"}, apart=never)
    words = ", ".join(f"V({word})" for word in nat_states)
    return (
        *STATES,
        Matcher("connection-nat-state", negatable(nat), f"Translations: {words}. {NEGATES}"),
    )


def every_table(family: Family) -> tuple[Field, ...]:
    """What the rules of all tables of a family can ask for."""
    own = {4: IPV4_ONLY, 6: IPV6_ONLY}[family.version]
    return (*addresses(family), *protocols(family), *INTERFACES, *PACKET, *own, *RATES)
