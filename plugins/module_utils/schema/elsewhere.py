# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Menus that are not managed here; the names in them are read, so that a wrong one is told before anything is sent."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import SWITCH, WORD
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

NAMES = (Field("name", WORD, "Name that other entries refer to."),)

CERTIFICATE = Menu("/certificate", "Certificates and their keys.", NAMES, adds=False)
POOL = Menu("/ip/pool", "Ranges of addresses to hand out.", NAMES, adds=False)
INTERFACE = Menu("/interface", "Interfaces of every sort.", NAMES, adds=False)
LOGGING_ACTION = Menu("/system/logging/action", "What becomes of log lines.", NAMES, adds=False)
# {"disable-ipv6": "false", "forward": "true", "accept-redirects": "yes-if-forwarding-disabled", ...}
IPV6_SETTINGS = Menu(
    "/ipv6/settings",
    "Whether the router speaks IPv6.",
    (Field("disable-ipv6", SWITCH, "Do not use IPv6 at all.", "no"),),
    key=(),
    single=True,
    adds=False,
    optional=True,
)

ELSEWHERE = (CERTIFICATE, POOL, INTERFACE, LOGGING_ACTION, IPV6_SETTINGS)

NO_INTERFACES = ("all-ethernet", "all-ppp", "all-vlan", "all-wireless")
NO_INTERFACE_LISTS = ("all", "dynamic", "none", "static")
