# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/firewall`: four ordered rule tables that share their matchers, and the address lists."""

from __future__ import annotations

from dataclasses import replace

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import ADDRESS4, LIST_ADDRESS, RANGE
from ..values.basic import LONGEST, SWITCH, TEXT, Kind, duration, negatable, number, one_of, some_of, text_up_to
from ..values.matchers import (
    CLASSIFIER,
    COUNT_AND_MASK,
    DST_LIMIT,
    FLAGS,
    FROM_TO,
    ICMP_OPTIONS,
    IPSEC_POLICY,
    LIMIT,
    MAC,
    NEW_TTL,
    NTH,
    PORTS,
    PROTOCOL,
    PSD,
    SOME_TEXT,
    TIME,
    TTL,
)

INTERFACE = Reference("/interface", ("all-ethernet", "all-ppp", "all-vlan", "all-wireless"))
INTERFACE_LIST = Reference("/interface/list")
ROUTING_TABLE = Reference("/routing/table")

ADDRESS_TYPES = some_of("unicast", "local", "broadcast", "multicast", "blackhole")
HOTSPOT = some_of("auth", "from-client", "http", "local-dst", "to-client")
STATES = some_of("invalid", "established", "related", "new", "untracked")
IPV4_OPTIONS = one_of(
    "any", "loose-source-routing", "no-record-route", "no-router-alert", "no-source-routing", "no-timestamp", "none",
    "record-route", "router-alert", "strict-source-routing", "timestamp",
)  # fmt: skip
P2P = one_of(
    "all-p2p", "bit-torrent", "blubster", "direct-connect", "edonkey", "fasttrack", "gnutella", "soulseek", "warez",
    "winmx",
)  # fmt: skip
HELPERS = one_of("ftp", "h323", "irc", "pptp", "quake3", "sip", "tftp")
REJECTIONS = one_of(
    "icmp-admin-prohibited", "icmp-host-prohibited", "icmp-host-unreachable", "icmp-net-prohibited",
    "icmp-network-unreachable", "icmp-port-unreachable", "icmp-protocol-unreachable", "tcp-reset",
)  # fmt: skip


def matcher(name: str, kind: Kind = TEXT, refers: Reference | None = None, since: str = "", until: str = "") -> Field:
    """A matcher whose value may be negated; it has no default and `unset` takes it away."""
    spelled = kind if refers else negatable(kind)
    return Field(name, spelled, unset=True, negatable=True, refers=refers, since=since, until=until)


def plain(name: str, kind: Kind = TEXT) -> Field:
    """A matcher that cannot be negated."""
    return Field(name, kind, unset=True)


_COMMON = (
    matcher("src-address", RANGE),
    matcher("dst-address", RANGE),
    matcher("src-address-list", SOME_TEXT),
    matcher("dst-address-list", SOME_TEXT),
    matcher("src-address-type", ADDRESS_TYPES),
    matcher("dst-address-type", ADDRESS_TYPES),
    matcher("protocol", PROTOCOL),
    matcher("src-port", PORTS),
    matcher("dst-port", PORTS),
    matcher("port", PORTS),
    matcher("in-interface", refers=INTERFACE),
    matcher("out-interface", refers=INTERFACE),
    matcher("in-interface-list", refers=INTERFACE_LIST),
    matcher("out-interface-list", refers=INTERFACE_LIST),
    matcher("in-bridge-port", refers=INTERFACE),
    matcher("out-bridge-port", refers=INTERFACE),
    matcher("in-bridge-port-list", refers=INTERFACE_LIST),
    matcher("out-bridge-port-list", refers=INTERFACE_LIST),
    plain("ipsec-policy", IPSEC_POLICY),
    matcher("packet-mark", SOME_TEXT),
    matcher("packet-size", FROM_TO),
    matcher("content", SOME_TEXT),
    matcher("dscp", number(0, 63)),
    matcher("priority", number(0, 63)),
    matcher("ingress-priority", number(0, 63)),
    matcher("hotspot", HOTSPOT),
    matcher("icmp-options", ICMP_OPTIONS),
    plain("ipv4-options", IPV4_OPTIONS),
    plain("fragment", SWITCH),
    matcher("src-mac-address", MAC),
    matcher("tcp-mss", FROM_TO),
    matcher("time", TIME),
    matcher("tos", SOME_TEXT, since="7.21"),
    plain("ttl", TTL),
    plain("psd", PSD),
    plain("random", number(1, 99)),
    matcher("nth", NTH),
    matcher("per-connection-classifier", CLASSIFIER),
    plain("dst-limit", DST_LIMIT),
    matcher("limit", LIMIT),
)

_CONNECTION = (
    plain("connection-bytes", FROM_TO),
    matcher("connection-limit", COUNT_AND_MASK),
    matcher("connection-mark", SOME_TEXT),
    matcher("connection-rate", FROM_TO),
    matcher("connection-type", HELPERS),
    matcher("layer7-protocol", refers=Reference("/ip/firewall/layer7-protocol")),
    matcher("realm", SOME_TEXT),
    matcher("routing-mark", refers=ROUTING_TABLE),
)

_TRACKED = (matcher("connection-state", STATES), matcher("p2p", P2P))
_TCP = (matcher("tcp-flags", FLAGS), matcher("tls-host", SOME_TEXT))
_NAT_STATES_FILTER = matcher("connection-nat-state", some_of("srcnat", "dstnat", "ein-snat", "ein-dnat"))
_NAT_STATES_MANGLE = matcher("connection-nat-state", some_of("srcnat", "dstnat"))

_ACTIONS = (
    Field("address-list"),
    Field("address-list-timeout", duration(0, LONGEST, ("none-dynamic", "none-static")), default="none-dynamic"),
    Field("jump-target"),
)

_TAIL = (
    Field("log", SWITCH, default="false"),
    Field("log-prefix", text_up_to(31), default=""),
    COMMENT,
    DISABLED,
    read_only("bytes", "0"),
    read_only("packets", "0"),
    read_only("invalid"),
    read_only("dynamic"),
)

COMMANDS = (
    "add", "set", "remove", "enable", "disable", "move", "unset", "comment", "print", "find", "get", "export", "reset",
    "edit",
)  # fmt: skip
_EXTRA = {"reset-counters": ("numbers",), "reset-counters-all": ()}
_LISTING = ("add-dst-to-address-list", "add-src-to-address-list")
_FLOW = ("accept", "jump", "log", "passthrough", "return", *_LISTING)


def _rules(table: str, actions: tuple[str, ...], fields: tuple[Field, ...]) -> Menu:
    head = (
        Field("chain", SOME_TEXT, mandatory=True),
        Field("action", one_of(*sorted(actions)), default="accept"),
    )
    menu = Menu(
        f"/ip/firewall/{table}",
        (*head, *fields, *_ACTIONS, *_TAIL),
        COMMANDS,
        noun="rule",
        ordered=True,
        extra=_EXTRA,
        print_flags=("all", "chain", "dynamic", "static", "stats"),
        print_lacks=("brief",),
    )
    return _with_older_log_prefix(menu)


def _with_older_log_prefix(menu: Menu) -> Menu:
    """Before 7.21 the prefix had no limit of 31 characters."""
    fields: list[Field] = []
    for each in menu.fields:
        if each.name == "log-prefix":
            fields += (replace(each, kind=TEXT, until="7.21"), replace(each, since="7.21"))
        else:
            fields.append(each)
    return replace(menu, fields=tuple(fields))


FILTER = _rules(
    "filter",
    (*_FLOW, "drop", "fasttrack-connection", "reject", "tarpit"),
    (
        *_COMMON,
        *_CONNECTION,
        *_TRACKED,
        *_TCP,
        _NAT_STATES_FILTER,
        Field("reject-with", REJECTIONS, default="icmp-network-unreachable"),
        # Virtual routers stopped having it with 7.21; it prints with the fasttrack action only (unverified).
        Field("hw-offload", SWITCH, default="true", until="7.21"),
    ),
)

NAT = _rules(
    "nat",
    (
        *_FLOW,
        "dst-nat",
        "endpoint-independent-nat",
        "masquerade",
        "netmap",
        "redirect",
        "same",
        "socksify",
        "src-nat",
    ),
    (
        *_COMMON,
        *_CONNECTION,
        matcher("tls-host", SOME_TEXT, until="7.16"),
        plain("to-addresses", RANGE),
        plain("to-ports", PORTS),
        Field("randomise-ports", SWITCH, default="false", shown=False),
        Field("same-not-by-dst", SWITCH, default="false", shown=False),
        Field("socks5-port", number(0, 65535), since="7.20"),
        Field("socks5-server", ADDRESS4, since="7.20"),
        Field("socksify-service", since="7.20"),
    ),
)

RAW = _rules("raw", (*_FLOW, "drop", "notrack"), (*_COMMON, *_TCP))

MANGLE = _rules(
    "mangle",
    (
        *_FLOW,
        "change-dscp",
        "change-mss",
        "change-ttl",
        "clear-df",
        "fasttrack-connection",
        "mark-connection",
        "mark-packet",
        "mark-routing",
        "route",
        "set-priority",
        "sniff-pc",
        "sniff-tzsp",
        "strip-ipv4-options",
    ),
    (
        *_COMMON,
        *_CONNECTION,
        *_TRACKED,
        *_TCP,
        _NAT_STATES_MANGLE,
        Field("new-connection-mark", SOME_TEXT),
        Field("new-dscp", number(0, 63, ("from-priority", "from-priority-to-high-3-bits"))),
        Field("new-mss", number(0, 65535, ("clamp-to-pmtu",))),
        Field("new-packet-mark", SOME_TEXT),
        Field("new-priority", number(0, 63, ("from-dscp", "from-dscp-high-3-bits", "from-ingress"))),
        Field("new-routing-mark", refers=ROUTING_TABLE),
        Field("new-ttl", NEW_TTL),
        Field("passthrough", SWITCH, default="true"),
        Field("route-dst", ADDRESS4),
        Field("sniff-id", number(0, 65535)),
        Field("sniff-target", ADDRESS4),
        Field("sniff-target-port", number(0, 65535)),
    ),
)

ADDRESS_LIST = Menu(
    "/ip/firewall/address-list",
    (
        Field("list", SOME_TEXT, mandatory=True),
        Field("address", LIST_ADDRESS),
        Field("timeout", duration(0, LONGEST)),
        COMMENT,
        DISABLED,
        Field("dynamic", SWITCH, default="false"),
        read_only("creation-time"),
    ),
    ("add", "set", "remove", "enable", "disable", "comment", "print", "find", "get", "export", "reset", "edit"),
    noun="entry",
    edits_dynamic=True,
)

LAYER7 = Menu(
    "/ip/firewall/layer7-protocol",
    (Field("name"), Field("regexp", default=""), COMMENT),
    ("add", "set", "remove", "comment", "print", "find", "get", "export", "reset", "edit"),
    noun="layer7-protocol",
    unique="name",
    naming="l7p",
)

# The menu trees do not name what is only printed.
_CONNECTION_TELLS = (
    "protocol", "src-address", "dst-address", "reply-src-address", "reply-dst-address", "icmp-id", "icmp-type",
    "icmp-code", "timeout", "tcp-state", "orig-packets", "orig-bytes", "repl-packets", "repl-bytes", "expected",
    "seen-reply", "assured", "confirmed", "dying", "srcnat", "dstnat",
)  # fmt: skip

CONNECTION = Menu(
    "/ip/firewall/connection",
    tuple(read_only(name) for name in _CONNECTION_TELLS),
    ("print", "find", "get", "remove", "export"),
    print_lacks=("follow", "follow-only"),
    edits_dynamic=True,
)

# firewall.md section 12; single values are unverified.
_TIMEOUTS = {
    "generic": "10m",
    "icmp": "10s",
    "tcp-close": "10s",
    "tcp-close-wait": "10s",
    "tcp-established": "1d",
    "tcp-fin-wait": "10s",
    "tcp-last-ack": "10s",
    "tcp-max-retrans": "5m",
    "tcp-syn-received": "5s",
    "tcp-syn-sent": "5s",
    "tcp-time-wait": "10s",
    "tcp-unacked": "5m",
    "udp": "30s",
    "udp-stream": "3m",
}

TRACKING = Menu(
    "/ip/firewall/connection/tracking",
    (
        Field("enabled", one_of("auto", "no", "yes"), default="auto"),
        *(Field(f"{name}-timeout", duration(), default=value) for name, value in _TIMEOUTS.items()),
        Field("loose-tcp-tracking", SWITCH, default="true"),
        Field("liberal-tcp-tracking", SWITCH, default="false", since="7.20"),
        # The size depends on the memory. Whether tracking runs with `auto` and no rules is unverified; here it does.
        *(read_only(name, "true", SWITCH) for name in ("active-ipv4", "active-ipv6")),
        read_only("max-entries", "1048576"),
        *(read_only(f"total-{what}", "0") for what in ("entries", "ip4-entries", "ip6-entries")),
    ),
    ("set", "print", "get", "export", "edit"),
    singleton=True,
    print_flags=("oid",),
    late={"print oid": "7.20"},
)

MENUS = (LAYER7, ADDRESS_LIST, FILTER, NAT, RAW, MANGLE, CONNECTION, TRACKING)
