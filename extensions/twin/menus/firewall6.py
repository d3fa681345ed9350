# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ipv6/settings`, and rule tables and address lists of `/ipv6/firewall`, by how they differ from IPv4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..model import Field, Menu
from ..values.addresses import LIST_ADDRESS6, PREFIX6, RANGE6
from ..values.basic import SWITCH, duration, number, one_of, some_of
from ..values.matchers import FLAGS, HEADERS, NEW_TTL, TTL
from .firewall import ADDRESS_LIST as ADDRESS_LIST4
from .firewall import FILTER as FILTER4
from .firewall import MANGLE as MANGLE4
from .firewall import NAT as NAT4
from .firewall import RAW as RAW4
from .firewall import STATES, matcher, plain

ADDRESS_TYPES = some_of("unicast", "local", "anycast", "multicast", "unreachable")
REJECTIONS = one_of(
    "icmp-address-unreachable", "icmp-admin-prohibited", "icmp-err-src-routing-header", "icmp-headers-too-long",
    "icmp-no-route", "icmp-not-neighbour", "icmp-port-unreachable", "tcp-reset",
)  # fmt: skip
_FLOW = ("accept", "add-dst-to-address-list", "add-src-to-address-list", "jump", "log", "passthrough", "return")
_ABSENT = (
    "fragment", "hotspot", "hw-offload", "layer7-protocol", "p2p", "psd", "randomise-ports", "realm", "route-dst",
    "same-not-by-dst", "socks5-port", "socks5-server", "socksify-service",
)  # fmt: skip
_INSTEAD: dict[str, tuple[Field, ...]] = {
    "src-address": (matcher("src-address", RANGE6),),
    "dst-address": (matcher("dst-address", RANGE6),),
    "src-address-type": (matcher("src-address-type", ADDRESS_TYPES),),
    "dst-address-type": (matcher("dst-address-type", ADDRESS_TYPES),),
    "ipv4-options": (matcher("headers", HEADERS),),
    "ttl": (plain("hop-limit", TTL),),
    "connection-nat-state": (matcher("connection-nat-state", some_of("srcnat", "dstnat")),),
    # That this is the default is documented; reading back is unverified.
    "reject-with": (Field("reject-with", REJECTIONS, default="icmp-no-route"),),
    # Unlike those of IPv4, rules of nat ask for states and flags as well.
    "to-addresses": (plain("to-address", PREFIX6), matcher("connection-state", STATES), matcher("tcp-flags", FLAGS)),
    "new-dscp": (Field("new-dscp", number(0, 63)),),
    "new-ttl": (Field("new-hop-limit", NEW_TTL), Field("src-prefix", PREFIX6), Field("dst-prefix", PREFIX6)),
}


def _action(*own: str, since: str = "", until: str = "") -> Field:
    return Field("action", one_of(*sorted((*_FLOW, *own))), default="accept", since=since, until=until)


def _fields(menu: Menu, instead: Mapping[str, tuple[Field, ...]]) -> Iterator[Field]:
    for each in menu.fields:
        if each.name not in _ABSENT:
            yield from instead.get(each.name, (each,))


def _rules(menu: Menu, *actions: Field, print_flags: tuple[str, ...] = ()) -> Menu:
    """The table of this family for one of IPv4."""
    return replace(
        menu,
        path=f"/ipv6{menu.path.removeprefix('/ip')}",
        fields=tuple(_fields(menu, {**_INSTEAD, "action": actions})),
        print_flags=(*print_flags, "stats"),
    )


FILTER = replace(
    # 7.18 taught it to take IPv6 on the fast path.
    _rules(
        FILTER4,
        _action("drop", "reject", until="7.18"),
        _action("drop", "reject", "fasttrack-connection", since="7.18"),
        print_flags=("chain",),
    ),
    late={"print chain": "7.16"},
)

RAW = _rules(RAW4, _action("drop", "notrack"))

# Actions of nat and mangle as routers of 7.21 and 7.22 complete them; whether older ones have the same is unverified.
NAT = _rules(
    NAT4,
    _action("dst-nat", "masquerade", "netmap", "redirect", "src-nat"),
    print_flags=("dynamic", "static"),
)

MANGLE = _rules(
    MANGLE4,
    _action(
        "change-dscp",
        "change-hop-limit",
        "change-mss",
        "dnpt",
        "mark-connection",
        "mark-packet",
        "mark-routing",
        "set-priority",
        "sniff-pc",
        "sniff-tzsp",
        "snpt",
    ),
)

ADDRESS_LIST = replace(
    ADDRESS_LIST4,
    path="/ipv6/firewall/address-list",
    fields=tuple(
        replace(each, kind={"address": LIST_ADDRESS6, "timeout": duration()}.get(each.name, each.kind))
        for each in ADDRESS_LIST4.fields
    ),
)

# What the router does with IPv6 besides is left out.
IPV6_SETTINGS = Menu(
    "/ipv6/settings",
    (Field("disable-ipv6", SWITCH, default="false"),),
    ("set", "print", "get", "export", "edit"),
    singleton=True,
)

MENUS = (ADDRESS_LIST, FILTER, NAT, RAW, MANGLE, IPV6_SETTINGS)
