# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ipv6/settings`, and filter and address lists of `/ipv6/firewall`, by how they differ from those of IPv4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..model import Field, Menu
from ..values.addresses import LIST_ADDRESS6, RANGE6
from ..values.basic import SWITCH, duration, one_of, some_of
from ..values.matchers import HEADERS, TTL
from .firewall import ADDRESS_LIST as ADDRESS_LIST4
from .firewall import FILTER as FILTER4
from .firewall import matcher, plain

ADDRESS_TYPES = some_of("unicast", "local", "anycast", "multicast", "unreachable")
REJECTIONS = one_of(
    "icmp-address-unreachable", "icmp-admin-prohibited", "icmp-err-src-routing-header", "icmp-headers-too-long",
    "icmp-no-route", "icmp-not-neighbour", "icmp-port-unreachable", "tcp-reset",
)  # fmt: skip
_ACTIONS = (
    "accept", "add-dst-to-address-list", "add-src-to-address-list", "drop", "jump", "log", "passthrough", "reject",
    "return",
)  # fmt: skip
_ABSENT = ("fragment", "hotspot", "hw-offload", "layer7-protocol", "p2p", "psd", "realm")
_INSTEAD: dict[str, tuple[Field, ...]] = {
    # 7.18 taught it to take IPv6 on the fast path.
    "action": (
        Field("action", one_of(*_ACTIONS), default="accept", until="7.18"),
        Field("action", one_of(*sorted((*_ACTIONS, "fasttrack-connection"))), default="accept", since="7.18"),
    ),
    "src-address": (matcher("src-address", RANGE6),),
    "dst-address": (matcher("dst-address", RANGE6),),
    "src-address-type": (matcher("src-address-type", ADDRESS_TYPES),),
    "dst-address-type": (matcher("dst-address-type", ADDRESS_TYPES),),
    "ipv4-options": (matcher("headers", HEADERS),),
    "ttl": (plain("hop-limit", TTL),),
    "connection-nat-state": (matcher("connection-nat-state", some_of("srcnat", "dstnat")),),
    # That this is the default is documented; reading back is unverified.
    "reject-with": (Field("reject-with", REJECTIONS, default="icmp-no-route"),),
}


def _fields() -> Iterator[Field]:
    for each in FILTER4.fields:
        if each.name not in _ABSENT:
            yield from _INSTEAD.get(each.name, (each,))


FILTER = replace(
    FILTER4,
    path="/ipv6/firewall/filter",
    fields=tuple(_fields()),
    print_flags=("chain", "stats"),
    late={"print chain": "7.16"},
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

MENUS = (ADDRESS_LIST, FILTER, IPV6_SETTINGS)
