# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/dns`, of which the twin keeps the settings only: it asks no server, and answers nobody.

The names of `/ip/dns/static` that have an address are the only ones it can resolve.
"""

from __future__ import annotations

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import ADDRESS
from ..values.basic import SWITCH, duration, listed, number, pattern
from .mac_access import SETTINGS

DNS = Menu(
    "/ip/dns",
    (
        # An address, or one with a VRF.
        Field("servers", listed(pattern(r"[0-9A-Fa-f.:]+(@\S+)?")), default=""),
        read_only("dynamic-servers", ""),
        Field("use-doh-server", default=""),
        Field("verify-doh-cert", SWITCH, default="false"),
        Field("doh-max-server-connections", number(1), default="5"),
        Field("doh-max-concurrent-queries", number(1), default="50"),
        Field("doh-timeout", duration(), default="5s"),
        Field("allow-remote-requests", SWITCH, default="false"),
        Field("max-udp-packet-size", number(50, 65507), default="4096"),
        Field("query-server-timeout", duration(), default="2s"),
        Field("query-total-timeout", duration(), default="10s"),
        Field("max-concurrent-queries", number(1), default="100"),
        Field("max-concurrent-tcp-sessions", number(1), default="20"),
        Field("cache-size", pattern(r"\d+(KiB)?", lambda text: text.removesuffix("KiB") + "KiB"), default="2048KiB"),
        Field("cache-max-ttl", duration(), default="1w"),
        Field("address-list-extra-time", duration(), default="0s"),
        Field("vrf", default="main", since="7.15"),
        Field("mdns-repeat-ifaces", refers=Reference("/interface", many=True), default="", since="7.16"),
        read_only("cache-used", "25KiB"),
    ),
    SETTINGS,
    singleton=True,
)

STATIC = Menu(
    "/ip/dns/static",
    (
        Field("name", pattern(r"[A-Za-z0-9_.-]{1,253}"), mandatory=True),
        Field("address", ADDRESS, mandatory=True),
        Field("ttl", duration(), default="1d"),
        COMMENT,
        DISABLED,
        read_only("dynamic"),
    ),
    ("add", "set", "remove", "enable", "disable", "comment", "print", "find", "get", "export"),
    noun="entry",
)

MENUS = (DNS, STATIC)
