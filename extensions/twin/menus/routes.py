# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/route`: static routes as written, connected ones as the addresses make them; no routing protocols."""

from __future__ import annotations

from ..errors import no_match
from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import ADDRESS4, PREFIX4
from ..values.basic import SWITCH, Kind, listed, number, one_of, pattern
from .interfaces import LIST

# An address, an interface, or an address behind an interface; which interfaces there are is the behaviour's to say.
GATEWAY = listed(pattern(r"[^,%]+(%[^,%]+)?"))


def _bare(name: str, value: str) -> str:
    """A property that is there or not, without a value; that `yes` is taken for it is unverified."""
    if value in ("", "yes", "true"):
        return ""
    raise no_match(name)


ROUTE = Menu(
    "/ip/route",
    (
        Field("dst-address", PREFIX4, default="0.0.0.0/0"),
        Field("routing-table", refers=Reference("/routing/table"), default="main"),
        Field("gateway", GATEWAY, unset=True),
        read_only("immediate-gw"),
        Field("blackhole", Kind(_bare), unset=True),
        Field("check-gateway", one_of("arp", "bfd", "none", "ping"), unset=True),
        Field("distance", number(1, 255), default="1", unset=True),
        Field("pref-src", ADDRESS4, default="", unset=True),
        Field("scope", number(0, 255), default="30", unset=True),
        Field("target-scope", number(0, 255), default="10", unset=True),
        Field("vrf-interface", refers=Reference("/interface"), unset=True),
        # Later only where the hardware has it.
        Field("suppress-hw-offload", SWITCH, default="false", until="7.21"),
        COMMENT,
        DISABLED,
        read_only("active"),
        read_only("inactive"),
        read_only("dynamic"),
        read_only("connect"),
        read_only("static"),
        read_only("ecmp"),
    ),
    (*LIST, "enable", "disable", "unset"),
    noun="route",
    print_flags=("stats",),
)

MENUS = (ROUTE,)
