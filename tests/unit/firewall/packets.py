# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets, lists and a short way to ask what becomes of a packet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Decision, Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide

from tests.unit.engine.router import LISTS, entries

SSH = Packet(
    "input",
    src="192.0.2.7",
    dst="203.0.113.1",
    protocol="tcp",
    src_port=50000,
    dst_port=22,
    in_interface="ether1",
    connection_state="new",
    tcp_flags=frozenset({"syn"}),
)
IKE = replace(SSH, protocol="udp", src_port=500, dst_port=500, tcp_flags=None)
PING = replace(SSH, protocol="icmp", src_port=None, dst_port=None, tcp_flags=None, icmp=(8, 0))
ESP = replace(SSH, protocol="50", src_port=None, dst_port=None, tcp_flags=None)
INVALID = replace(SSH, connection_state="invalid")
TRANSIT = replace(SSH, chain="forward", dst="10.0.0.9", out_interface="bridge")
MEMBERS = (
    {"list": "WAN", "interface": "ether1", "disabled": "false", "dynamic": "false"},
    {"list": "LAN", "interface": "bridge", "disabled": "false", "dynamic": "false"},
    {"list": "LAN", "interface": "ether1", "disabled": "true", "dynamic": "false"},
)
LISTED = read_entries(
    LISTS,
    (
        {".id": "*1", "list": "mgmt", "address": "192.0.2.0/28", "dynamic": "false", "disabled": "false"},
        {".id": "*2", "list": "off", "address": "192.0.2.0/24", "dynamic": "false", "disabled": "true"},
        {".id": "*3", "list": "span", "address": "192.0.2.6-192.0.2.8", "dynamic": "false", "disabled": "false"},
        {".id": "*4", "list": "named", "address": "vpn.example.com", "dynamic": "false", "disabled": "false"},
        {".id": "*5", "list": "solved", "address": "vpn.example.com", "dynamic": "false", "disabled": "false"},
        {
            ".id": "*6",
            "list": "solved",
            "address": "198.51.100.9",
            "dynamic": "true",
            "disabled": "false",
            "comment": "vpn.example.com",
        },
        {".id": "*7", "list": "banned", "address": "192.0.2.7", "dynamic": "true", "timeout": "9m", "disabled": "no"},
    ),
)


def decided(packet: Packet, *lines: str | Mapping[str, str], **tables: tuple[Entry, ...]) -> Decision:
    """Decide about a packet, on filter rules in short form; other tables by name."""
    return decide(Firewall(filter=entries(*lines), address_list=LISTED, members=MEMBERS, **tables), packet)


def short(decision: Decision) -> str:
    """`drop *2`: the verdict and the ids of the rules that may decide; `end` is the end of the chain."""
    return " ".join([decision.verdict.value, *(each.rule.id if each.rule else "end" for each in decision.endings)])
