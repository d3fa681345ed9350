# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces, interface lists, addresses, pools and routing tables: what IPsec and firewall entries name."""

from __future__ import annotations

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import ADDRESS4, ADDRESS_WITH_MASK, POOL_RANGES
from ..values.basic import number

NAME_TAKEN = "already have interface with such name"
LIST = ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit", "comment")

INTERFACE = Menu(
    "/interface",
    (
        Field("name"),
        read_only("default-name"),
        read_only("type"),
        Field("mtu", number(68, 65535, ("auto",)), default="1500"),
        read_only("actual-mtu"),
        read_only("l2mtu"),
        read_only("mac-address"),
        read_only("running", "true"),
        COMMENT,
        DISABLED,
        read_only("dynamic"),
    ),
    ("set", "print", "find", "get", "export", "reset", "edit", "comment", "enable", "disable", "remove"),
    noun="interface",
    taken=NAME_TAKEN,
    unique="name",
    print_flags=("oid", "stats", "stats-detail"),
)

_LIST_FLAGS = {"builtin": "true"}
INTERFACE_LIST = Menu(
    "/interface/list",
    (
        Field("name", mandatory=True),
        Field("include", refers=Reference("/interface/list", many=True), default=""),
        Field("exclude", refers=Reference("/interface/list", many=True), default=""),
        COMMENT,
        read_only("builtin", "false"),
        read_only("dynamic"),
    ),
    LIST,
    noun="list",
    unique="name",
    rows_at_start=tuple(
        (f"*{0x2000000 + index:X}", {"name": name, **_LIST_FLAGS})
        for index, name in enumerate(("all", "none", "dynamic", "static"))
    ),
)

INTERFACE_LIST_MEMBER = Menu(
    "/interface/list/member",
    (
        Field("list", refers=Reference("/interface/list"), mandatory=True),
        Field("interface", refers=Reference("/interface"), mandatory=True),
        COMMENT,
        DISABLED,
        read_only("dynamic"),
    ),
    (*LIST, "enable", "disable"),
    noun="member",
)

ADDRESS = Menu(
    "/ip/address",
    (
        Field("address", ADDRESS_WITH_MASK, mandatory=True),
        Field("network", ADDRESS4),
        Field("netmask", ADDRESS4, hidden=True),
        Field("broadcast", ADDRESS4, hidden=True),
        Field("interface", refers=Reference("/interface"), mandatory=True),
        COMMENT,
        DISABLED,
        read_only("actual-interface"),
        read_only("dynamic"),
        read_only("invalid", "false"),
        read_only("slave"),
        read_only("vrf"),
    ),
    (*LIST, "enable", "disable"),
    noun="address",
)

POOL = Menu(
    "/ip/pool",
    (
        Field("name"),
        Field("ranges", POOL_RANGES, mandatory=True),
        Field("next-pool", refers=Reference("/ip/pool", keywords=("none",)), default="none", shown=False),
        COMMENT,
    ),
    LIST,
    noun="pool",
    unique="name",
    naming="pool",
    keep_used=True,
)

ROUTING_TABLE = Menu(
    "/routing/table",
    (
        Field("name"),
        Field("fib", unset=True),
        COMMENT,
        DISABLED,
        read_only("dynamic"),
        read_only("invalid", "false"),
        read_only("used"),
    ),
    (*LIST, "enable", "disable", "unset"),
    noun="table",
    unique="name",
    naming="table",
    rows_at_start=(("*0", {"name": "main", "fib": ""}),),
    print_lacks=("brief",),
)

ETHERNET = Menu(
    "/interface/ethernet",
    (Field("name"), read_only("default-name"), read_only("mac-address"), DISABLED),
    ("print",),
    unique="name",
    print_flags=("stats", "stats-detail"),
)

# Behind INTERFACE come the menus of interfaces that users make.
MENUS = (ETHERNET, INTERFACE_LIST, INTERFACE_LIST_MEMBER, ADDRESS, POOL, ROUTING_TABLE)
