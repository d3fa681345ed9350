# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of the router's own addresses, and of its static routes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import INTERFACE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import COMMENT, DISABLED
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS4,
    REFERENCE,
    STRINGS,
    SWITCH,
    WORD,
    number,
    one_of,
    split,
    switch,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Kind, Menu

NUMBERS = re.compile(r"[\d.]+")
GATEWAYS = "addresses, interfaces, or both as 192.0.2.1%ether1"


def bare(text: str) -> str:
    """As a switch; the router prints the name alone for yes."""
    return switch(text or "yes")


def own_address(text: str) -> str:
    """An address of the router's own with the length of its network; alone it is a host."""
    try:
        return str(ipaddress.IPv4Interface(text))
    except ValueError:
        raise ValueError("an IPv4 address with the length of its network, such as 192.168.10.1/24") from None


def destination(text: str) -> str:
    """An IPv4 prefix with its length; bits behind it do not count."""
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError:
        raise ValueError("an IPv4 prefix such as 192.168.20.0/24") from None


def gateways(text: str) -> str:
    """Where a route leads; of several their order has no meaning."""
    return ",".join(sorted(map(_gateway, split(text))))


def _gateway(text: str) -> str:
    """`192.0.2.1`, `gre-b`, `192.0.2.1%ether1`, any of them with `@table` behind it."""
    place, at, table = text.partition("@")
    address, percent, interface = place.partition("%")
    if percent or NUMBERS.fullmatch(address) or ":" in address:
        try:
            address = str(ipaddress.ip_address(address))
        except ValueError:
            raise ValueError(GATEWAYS) from None
    if not address or (percent and not interface):
        raise ValueError(GATEWAYS)
    return f"{address}{percent}{interface}{at}{table}"


def through(text: str) -> list[str]:
    """The interfaces that gateways name; what an `@` is in may be named otherwise."""
    return [name for name in _interfaces(text) if "@" not in name]


def _interfaces(text: str) -> Iterator[str]:
    for part in split(text):
        address, percent, interface = part.partition("%")
        if percent:
            yield interface
        elif not (NUMBERS.fullmatch(address) or ":" in address):
            yield address


BARE = Kind("switch without a value", bare, {"type": "bool"}, empty=True)

# {".id": "*1", "address": "192.168.10.1/24", "network": "192.168.10.0", "interface": "bridge",
#  "actual-interface": "bridge", "invalid": "false", "dynamic": "false", "slave": "false", "disabled": "false"}
ADDRESS = Menu(
    path="/ip/address",
    help="The router's own addresses.",
    module="ip_address",
    key=("address", "interface"),
    scopes=("interface",),
    cuts=True,
    fields=(
        Field(
            "address",
            Kind("own address", own_address),
            "Address, and the length of its network behind a V(/).",
            required=True,
        ),
        Field("interface", REFERENCE, "Interface that has it.", required=True, refers=INTERFACE.path),
        Field(
            "network",
            ADDRESS4,
            "Address of the network, or with a length of 32 that of the other end; the router works it out where it "
            "is not given.",
            stays=True,
        ),
        DISABLED,
        COMMENT,
    ),
)

# {".id": "*80000001", "dst-address": "192.168.20.0/24", "routing-table": "main", "pref-src": "",
#  "gateway": "192.0.2.1", "immediate-gw": "192.0.2.1%ether1", "distance": "1", "scope": "30",
#  "target-scope": "10", "suppress-hw-offload": "false", "active": "true", "inactive": "false",
#  "dynamic": "false", "static": "true", "disabled": "false"}
ROUTE = Menu(
    path="/ip/route",
    help="Static routes.",
    module="ip_route",
    key=("dst-address", "routing-table", "gateway"),
    # Two ways to one place are two routes; what a comment marks goes on to be the same one with another gateway.
    key_yields=("gateway",),
    yields_with=("comment",),
    unsets=True,
    cuts=True,
    fields=(
        Field("dst-address", Kind("IPv4 prefix", destination), "Where to.", "0.0.0.0/0"),
        Field(
            "gateway",
            Kind("gateways", gateways, STRINGS, named=through),
            "Next routers: addresses, interfaces, or V(192.0.2.1%ether1) for an address behind an interface. Several "
            "share the traffic.",
            refers=INTERFACE.path,
            needed_with={"blackhole": ("no",)},
        ),
        Field("routing-table", WORD, "Table that the route is in.", "main"),
        Field("distance", number(1, 255), "Of routes to the same place the nearest that can be used is.", "1"),
        Field(
            "check-gateway",
            one_of("arp", "bfd", "none", "ping"),
            "How the router sees whether the gateway is there; without an answer the route is not used. V(arp) does "
            "not work on GRE.",
        ),
        Field("blackhole", BARE, "Drop what the route is for, without a word.", "no", absent="no"),
        Field("pref-src", ADDRESS4, "Address that packets of the router itself come from."),
        Field("scope", number(0, 255), "Reach of the route, for others that look for their gateways.", "30"),
        Field("target-scope", number(0, 255), "Reach of the routes among which it looks for its gateway.", "10"),
        Field("vrf-interface", REFERENCE, "Interface of a VRF that the route belongs to.", refers=INTERFACE.path),
        # Since 7.21 only where the hardware has it.
        Field("suppress-hw-offload", SWITCH, "Keep the route out of the switch chip.", "no"),
        DISABLED,
        COMMENT,
    ),
)
