# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/tool/mac-server`, `/tool/romon`, `/ip/neighbor/discovery-settings` and `/tool/bandwidth-server`: settings only.

What they do to packets is not played.
"""

from __future__ import annotations

from ..model import Field, Menu, Reference, read_only
from ..values.addresses import PREFIX4, RANGE6
from ..values.basic import SWITCH, duration, listed, number, one_of, pattern, some_of, text_up_to

SETTINGS = ("set", "print", "get", "export", "edit", "reset")
_INTERFACE_LIST = Reference("/interface/list")
# 5s..9h6m8s, as the router's hint has it
_SHORTEST, _LONGEST = 5_000, 32_768_000
# Also written with `-` or `.` between the pairs, and read back with `:`.
_MAC = pattern(r"([0-9A-Fa-f]{2}[:.-]){5}[0-9A-Fa-f]{2}", lambda text: text.upper().replace("-", ":").replace(".", ":"))

MAC_SERVER = Menu(
    "/tool/mac-server",
    (Field("allowed-interface-list", refers=_INTERFACE_LIST, default="all"),),
    SETTINGS,
    singleton=True,
)

MAC_WINBOX = Menu(
    "/tool/mac-server/mac-winbox",
    (Field("allowed-interface-list", refers=_INTERFACE_LIST, default="all"),),
    SETTINGS,
    singleton=True,
)

MAC_PING = Menu("/tool/mac-server/ping", (Field("enabled", SWITCH, default="true"),), SETTINGS, singleton=True)

DISCOVERY = Menu(
    "/ip/neighbor/discovery-settings",
    (
        Field("discover-interface-list", refers=_INTERFACE_LIST, negatable=True, default="static"),
        Field("discover-interval", duration(_SHORTEST, _LONGEST), default="30s", since="7.16"),
        Field("lldp-mac-phy-config", SWITCH, default="false", since="7.15"),
        Field("lldp-max-frame-size", SWITCH, default="false", since="7.15"),
        # The default is the manual's.
        Field("lldp-med", SWITCH, default="true", since="7.23"),
        Field("lldp-med-net-policy-vlan", number(0, 4094, ("disabled",)), default="disabled"),
        Field("lldp-vlan-info", SWITCH, default="false", since="7.16"),
        Field("mode", one_of("rx-only", "tx-and-rx", "tx-only"), default="tx-and-rx"),
        # Whether the empty set is taken is unverified.
        Field("protocol", some_of("cdp", "lldp", "mndp", empty=True), default="cdp,lldp,mndp"),
        # The defaults of these two are unverified.
        Field("add-dns-entries", SWITCH, default="false", since="7.23"),
        Field("add-dns-entries-suffix", text_up_to(64), default="", since="7.23"),
        Field("dying-gasp", SWITCH, default="false", since="7.24"),
    ),
    # No version has `reset` here.
    SETTINGS[:-1],
    singleton=True,
)

BANDWIDTH_SERVER = Menu(
    "/tool/bandwidth-server",
    (
        Field("enabled", SWITCH, default="true"),
        Field("authenticate", SWITCH, default="true"),
        Field("allocate-udp-ports-from", number(1000, 64000), default="2000"),
        Field("max-sessions", number(1, 1000), default="100"),
        Field("allowed-addresses4", listed(PREFIX4), default="", since="7.18"),
        Field("allowed-addresses6", listed(RANGE6), default="", since="7.18"),
    ),
    SETTINGS,
    singleton=True,
)

ROMON = Menu(
    "/tool/romon",
    (
        Field("enabled", SWITCH, default="false"),
        Field("id", _MAC, default="00:00:00:00:00:00"),
        Field("secrets", default="", secret=True),
        # Whether it prints while RoMON is off is unverified.
        read_only("current-id", "02:00:00:00:00:01"),
    ),
    SETTINGS,
    singleton=True,
    sensitive_print=True,
)

MENUS = (MAC_SERVER, MAC_WINBOX, MAC_PING, DISCOVERY, BANDWIDTH_SERVER, ROMON)
