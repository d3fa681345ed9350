# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topics of log lines, as RouterOS 7.22.3 offers them."""

from __future__ import annotations

TOPICS = (
    *("account", "acme-client", "amt", "async", "backup", "bfd", "bgp", "bridge", "calc", "caps", "certificate"),
    *("clock", "cmr", "container", "critical", "ddns", "debug", "dhcp", "disk", "dns", "dot1x", "dude", "e-mail"),
    *("error", "event", "evpn", "fetch", "firewall", "gps", "gsm", "health", "hotspot", "igmp-proxy", "info"),
    *("interface", "ipsec", "iscsi", "isdn", "isis", "kvm", "l2tp", "ldp", "lora", "lte", "manager", "mme"),
    *("mpls", "mqtt", "mvrp", "natpmp", "netwatch", "ntp", "ospf", "ovpn", "packet", "pim", "poe-out", "ppp"),
    *("pppoe", "pptp", "ptp", "queue", "radius", "radvd", "raw", "read", "rip", "route", "rpki", "rsvp", "script"),
    *("sertcp", "simulator", "smb", "snmp", "socksify", "ssh", "sstp", "state", "store", "stp", "system"),
    *("telephony", "tftp", "timer", "tr069", "update", "upnp", "ups", "vpls", "vrrp", "warning", "watchdog"),
    *("web-proxy", "wireguard", "wireless", "write", "zerotier"),
)
