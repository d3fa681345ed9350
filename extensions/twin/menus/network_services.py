# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/upnp`, `/ip/proxy`, `/ip/socks` and `/snmp`: settings only, nobody answers."""

from __future__ import annotations

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import ADDRESS, PREFIX
from ..values.basic import SWITCH, duration, listed, number, one_of, pattern, some_of
from .mac_access import SETTINGS

_PORT = number(1, 65535)
_KIBIBYTES = pattern(r"\d+(KiB)?", lambda text: text.removesuffix("KiB") + "KiB")

UPNP = Menu(
    "/ip/upnp",
    (
        Field("enabled", SWITCH, default="false"),
        # As exports have it; the manual says yes.
        Field("allow-disable-external-interface", SWITCH, default="false"),
        Field("show-dummy-rule", SWITCH, default="true"),
    ),
    SETTINGS,
    singleton=True,
)

PROXY = Menu(
    "/ip/proxy",
    (
        Field("enabled", SWITCH, default="false"),
        Field("src-address", ADDRESS, default="::"),
        Field("port", listed(_PORT), default="8080"),
        Field("anonymous", SWITCH, default="false"),
        Field("parent-proxy", ADDRESS, default="::"),
        Field("parent-proxy-port", number(0, 65535), default="0"),
        Field("cache-administrator", default="webmaster"),
        Field("max-cache-size", pattern(r"none|unlimited|\d+(KiB)?"), default="unlimited"),
        Field("max-cache-object-size", _KIBIBYTES, default="2048KiB"),
        Field("cache-on-disk", SWITCH, default="false"),
        # What follows depends on the memory of the board.
        Field("max-client-connections", number(1), default="600"),
        Field("max-server-connections", number(1), default="600"),
        Field("max-fresh-time", duration(), default="3d"),
        Field("serialize-connections", SWITCH, default="false"),
        Field("always-from-cache", SWITCH, default="false"),
        Field("cache-hit-dscp", number(0, 63), default="4"),
        Field("cache-path", default="web-proxy"),
    ),
    SETTINGS,
    singleton=True,
)

SOCKS = Menu(
    "/ip/socks",
    (
        Field("enabled", SWITCH, default="false"),
        Field("port", _PORT, default="1080"),
        Field("connection-idle-timeout", duration(), default="2m"),
        Field("max-connections", number(1, 500), default="200"),
        Field("version", one_of("4", "5"), default="4"),
        Field("auth-method", one_of("none", "password"), default="none"),
        Field("vrf", default="main"),
    ),
    SETTINGS,
    singleton=True,
)

COMMUNITY = Menu(
    "/snmp/community",
    (
        Field("name", mandatory=True),
        Field("addresses", listed(PREFIX), default="::/0"),
        Field("security", one_of("none", "authorized", "private"), default="none"),
        Field("read-access", SWITCH, default="true"),
        Field("write-access", SWITCH, default="false"),
        Field("authentication-protocol", one_of("MD5", "SHA1"), default="MD5"),
        Field("encryption-protocol", one_of("DES", "AES"), default="DES"),
        Field("authentication-password", default="", secret=True),
        Field("encryption-password", default="", secret=True),
        COMMENT,
        DISABLED,
        read_only("default"),
    ),
    ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit", "comment", "enable", "disable"),
    noun="community",
    unique="name",
    rows_at_start=(("*0", {"name": "public", "default": "true"}),),
    sensitive_print=True,
)

SNMP = Menu(
    "/snmp",
    (
        Field("enabled", SWITCH, default="false"),
        Field("contact", default=""),
        Field("location", default=""),
        read_only("engine-id", "80003a8c04"),
        Field("engine-id-suffix", default=""),
        Field("src-address", ADDRESS, default="::"),
        Field("trap-target", listed(ADDRESS), default=""),
        Field("trap-community", refers=Reference("/snmp/community"), default="public"),
        Field("trap-version", one_of("1", "2", "3"), default="1"),
        Field("trap-generators", some_of("interfaces", "start-trap", "temp-exception", empty=True),
              default="temp-exception"),
        Field("trap-interfaces", refers=Reference("/interface", keywords=("all",), many=True), default=""),
        Field("vrf", default="main"),
    ),
    SETTINGS,
    singleton=True,
)  # fmt: skip

MENUS = (UPNP, PROXY, SOCKS, COMMUNITY, SNMP)
