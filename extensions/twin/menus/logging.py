# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/system/logging` and its actions: stored and printed; the twin's log holds everything."""

from __future__ import annotations

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.basic import SWITCH, listed, negatable, number, one_of
from .interfaces import LIST

TOPICS = (
    "account", "acme-client", "amt", "async", "backup", "bfd", "bgp", "bridge", "calc", "caps", "certificate", "clock",
    "cmr", "container", "critical", "ddns", "debug", "dhcp", "disk", "dns", "dot1x", "dude", "e-mail", "error", "event",
    "evpn", "fetch", "firewall", "gps", "gsm", "health", "hotspot", "igmp-proxy", "info", "interface", "ipsec", "iscsi",
    "isdn", "isis", "kvm", "l2tp", "ldp", "lora", "lte", "manager", "mme", "mpls", "mqtt", "mvrp", "natpmp", "netwatch",
    "ntp", "ospf", "ovpn", "packet", "pim", "poe-out", "ppp", "pppoe", "pptp", "ptp", "queue", "radius", "radvd", "raw",
    "read", "rip", "route", "rpki", "rsvp", "script", "sertcp", "simulator", "smb", "snmp", "socksify", "ssh", "sstp",
    "state", "store", "stp", "system", "telephony", "tftp", "timer", "tr069", "update", "upnp", "ups", "vpls", "vrrp",
    "warning", "watchdog", "web-proxy", "wireguard", "wireless", "write", "zerotier",
)  # fmt: skip

_ACTIONS = (("memory", "memory"), ("disk", "disk"), ("echo", "echo"), ("remote", "remote"))
ACTION = Menu(
    "/system/logging/action",
    (
        Field("name", mandatory=True),
        Field("target", one_of("disk", "echo", "email", "memory", "remote", "script"), mandatory=True),
        Field("memory-lines", number(1, 65535), default="1000"),
        Field("memory-stop-on-full", SWITCH, default="false"),
        Field("remote", default="0.0.0.0"),
        Field("remote-port", number(1, 65535), default="514"),
        COMMENT,
        read_only("default", "false"),
    ),
    ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit", "comment"),
    noun="action",
    unique="name",
    rows_at_start=tuple(
        (f"*{index:X}", {"name": name, "target": target, "default": "true"})
        for index, (name, target) in enumerate(_ACTIONS)
    ),
    keep_used=True,
    print_lacks=("brief",),
)

LOGGING = Menu(
    "/system/logging",
    (
        Field("topics", listed(negatable(one_of(*TOPICS))), default="", negatable=True),
        Field("action", refers=Reference("/system/logging/action"), default="memory"),
        Field("prefix", default=""),
        Field("regex", default="", since="7.17"),
        Field("comment", default="", shown=False, since="7.22"),
        DISABLED,
        read_only("default", "false"),
        read_only("invalid", "false"),
    ),
    (*LIST, "enable", "disable"),
    late={"comment": "7.22"},
    noun="rule",
    rows_at_start=tuple(
        (f"*{index:X}", {"topics": topic, "action": action, "default": "true"})
        for index, (topic, action) in enumerate(
            (("info", "memory"), ("error", "memory"), ("warning", "memory"), ("critical", "echo"))
        )
    ),
)

MENUS = (ACTION, LOGGING)
