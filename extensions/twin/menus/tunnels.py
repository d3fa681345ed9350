# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/interface/gre`, `/interface/ipip`, `/interface/eoip` and `/interface/vrrp`: interfaces that users make."""

from __future__ import annotations

import re

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import ADDRESS4, FAR_END
from ..values.basic import SWITCH, Kind, duration, number, one_of, pattern, some_of, text_up_to
from .interfaces import LIST, NAME_TAKEN

# 1s..7101w3d6h28m15s, as the router's hint has it
_INTERVAL = duration(1000, 4_294_967_295_000)
_RETRIES = number()


def _keepalive(name: str, value: str) -> str:
    """Interval and retries; that an interval alone means ten retries is unverified."""
    interval, _comma, retries = value.partition(",")
    return f"{_INTERVAL.canon(name, interval)},{_RETRIES.canon(name, retries or '10')}"


_ARP = Field("arp", one_of("disabled", "enabled", "local-proxy-arp", "proxy-arp", "reply-only"), default="enabled")
_ARP_TIMEOUT = Field("arp-timeout", duration(keywords=("auto",)), default="auto")
_COMMANDS = (*LIST, "enable", "disable")
_TUNNEL = (
    Field("name"),
    Field("mtu", number(68, 65535, ("auto",)), default="auto"),
    read_only("actual-mtu"),
    Field("local-address", ADDRESS4, default="0.0.0.0"),
    Field("remote-address", FAR_END, mandatory=True),
    read_only("current-remote-address"),
    Field("keepalive", Kind(_keepalive, help=_INTERVAL.help), default="10s,10", unset=True, cleared=""),
    Field("dscp", number(0, 63, ("inherit",)), default="inherit"),
    Field("clamp-tcp-mss", SWITCH, default="true"),
    Field("dont-fragment", one_of("inherit", "no"), default="no"),
    Field("ipsec-secret", secret=True, unset=True),
    Field("allow-fast-path", SWITCH, default="true"),
    COMMENT,
    DISABLED,
    read_only("running"),
)

GRE = Menu(
    "/interface/gre",
    _TUNNEL,
    (*_COMMANDS, "unset"),
    noun="interface",
    taken=NAME_TAKEN,
    unique="name",
    naming="gre-tunnel",
    sensitive_print=True,
)

IPIP = Menu(
    "/interface/ipip",
    (*_TUNNEL, read_only("dynamic")),
    (*_COMMANDS, "unset"),
    noun="interface",
    taken=NAME_TAKEN,
    unique="name",
    naming="ipip-tunnel",
    sensitive_print=True,
)

# Written with colons, hyphens or dots; that it reads back with colons is unverified.
_MAC = pattern(
    r"[0-9A-Fa-f]{2}([:.-])[0-9A-Fa-f]{2}(\1[0-9A-Fa-f]{2}){4}",
    lambda text: re.sub("[.-]", ":", text).upper(),
    "AB[:|-|.]CD[:|-|.]EF[:|-|.]GH[:|-|.]IJ[:|-|.]KL (MAC address)",
)

EOIP = Menu(
    "/interface/eoip",
    (
        *_TUNNEL,
        read_only("l2mtu", "65535"),
        Field("mac-address", _MAC),
        _ARP,
        _ARP_TIMEOUT,
        Field("loop-protect", one_of("default", "off", "on"), default="default"),
        read_only("loop-protect-status", "off"),
        Field("loop-protect-send-interval", _INTERVAL, default="5s"),
        Field("loop-protect-disable-time", duration(), default="5m"),
        Field("tunnel-id", number(0, 65535), mandatory=True),
    ),
    (*_COMMANDS, "unset"),
    noun="interface",
    taken=NAME_TAKEN,
    unique="name",
    naming="eoip-tunnel",
    sensitive_print=True,
)

# Where the router prints nothing, `none` was written (observed on 7.5).
_GROUP = Reference("/interface/vrrp", keywords=("self",))

VRRP = Menu(
    "/interface/vrrp",
    (
        Field("name"),
        Field("mtu", number(68, 65535), default="1500", until="7.20"),
        Field("mtu", default="1500", read_only=True, since="7.20"),
        read_only("mac-address"),
        _ARP,
        _ARP_TIMEOUT,
        Field("interface", refers=Reference("/interface"), mandatory=True),
        Field("vrid", number(1, 255), default="1"),
        Field("priority", number(1, 254), default="100"),
        Field("interval", duration(10, 255_000), default="1s"),
        Field("preemption-mode", SWITCH, default="true"),
        Field("authentication", some_of("ah", "none", "simple"), default="none"),
        Field("password", text_up_to(16), default="", secret=True),
        Field("on-backup", default=""),
        Field("on-fail", default=""),
        Field("on-master", default=""),
        Field("version", one_of("2", "3"), default="3"),
        Field("v3-protocol", one_of("ipv4", "ipv6"), default="ipv4"),
        Field("v3-checksum-as-v2", SWITCH, default="false", since="7.24"),
        Field("group-authority", refers=_GROUP, default="", clears=("none",)),
        Field("group-master", refers=_GROUP, default="", clears=("none",)),
        Field("sync-connection-tracking", SWITCH, default="false"),
        Field("remote-address", ADDRESS4),
        Field(
            "connection-tracking-mode",
            one_of("active-active", "passive-active"),
            default="passive-active",
            since="7.20",
        ),
        Field("connection-tracking-port", number(1, 65535), default="8275", since="7.20"),
        COMMENT,
        DISABLED,
        read_only("invalid", "false"),
        read_only("running"),
        read_only("master"),
        read_only("backup"),
        read_only("failure"),
        read_only("grp-authority"),
        read_only("grp-member"),
    ),
    _COMMANDS,
    noun="interface",
    taken=NAME_TAKEN,
    unique="name",
    naming="vrrp",
    sensitive_print=True,
)

MENUS = (GRE, IPIP, EOIP, VRRP)
