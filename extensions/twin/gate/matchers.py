# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matchers of a rule against one packet: true, false, or said by the seat's knobs; none is passed over.

Packets here are plain TCP without NAT, marks, IPsec or connection helpers; mangle and nat are not played.
"""

from __future__ import annotations

from collections.abc import Callable

from .packet import Address, Packet, in_ports, within
from .seat import Unplayed
from .world import World

Holds = Callable[[World, Packet, str], bool]

# True while there are tokens; connection-limit is the reverse, as it matches once the count is reached.
_RATES = {"limit": True, "dst-limit": True, "connection-limit": False}
_OTHERS = frozenset(
    ("in-bridge-port", "out-bridge-port", "in-bridge-port-list", "out-bridge-port-list", "packet-size", "content",
     "dscp", "priority", "ingress-priority", "hotspot", "icmp-options", "ipv4-options", "src-mac-address", "tcp-mss",
     "time", "tos", "ttl", "psd", "random", "nth", "per-connection-classifier", "connection-bytes", "connection-rate",
     "layer7-protocol", "realm", "routing-mark", "p2p", "tls-host", "headers", "hop-limit")
)  # fmt: skip


def holds(world: World, packet: Packet, name: str, value: str) -> bool:
    """Whether one matcher lets the rule apply; raises Unplayed for a matcher that is not known here.

    What `seat.others` says of a condition it says of it as written, a leading `!` included.
    """
    if name in _OTHERS:
        return world.seat.others
    if name == "tcp-flags":
        return _flags(packet, value)
    if name == "ipsec-policy":
        return _ipsec(world, packet, value)
    negated, plain = value.startswith("!"), value.removeprefix("!")
    if name in _RATES:
        return (world.seat.tokens is _RATES[name]) is not negated
    if name not in _EXACT:
        raise Unplayed(f"{name}={value}")
    return _EXACT[name](world, packet, plain) is not negated


def _flags(packet: Packet, value: str) -> bool:
    """Each flag set, or with its own `!` not set; that a leading `!` belongs to the first flag is unverified."""
    return all((part.removeprefix("!") in packet.flags) is not part.startswith("!") for part in value.split(","))


def _ipsec(world: World, packet: Packet, value: str) -> bool:
    """What a policy of the other direction means in a chain is unverified, so the seat says it."""
    direction, _dummy, policy = value.partition(",")
    if (direction == "in") is not packet.entering:
        return world.seat.others
    return policy == "none"


def _kind(world: World, address: Address, value: str) -> bool:
    """The router's own addresses are local and nothing else, as Linux tells them apart (unverified)."""
    return ("local" if world.is_own(address) else "unicast") in value.split(",")


def _interface(world: World, interface: str, value: str) -> bool:
    """A side that the chain does not have is none of the interfaces."""
    if value.startswith("all-"):
        return bool(interface) and world.of_sort(interface, value)
    return interface == value


def _state(world: World, packet: Packet, value: str) -> bool:
    tracking = world.router.tables["/ip/firewall/connection/tracking"]
    if tracking.rows[0].values["enabled"] == "no":
        raise Unplayed(f"connection-state={value} without connection tracking")
    return packet.state in value.split(",")


def _unmarked(_world: World, _packet: Packet, value: str) -> bool:
    return value == "no-mark"


def _never(_world: World, _packet: Packet, _value: str) -> bool:
    return False


_EXACT: dict[str, Holds] = {
    "src-address": lambda _world, packet, value: within(packet.source, value),
    "dst-address": lambda _world, packet, value: within(packet.target, value),
    "src-address-list": lambda world, packet, value: world.listed(packet.source, value),
    "dst-address-list": lambda world, packet, value: world.listed(packet.target, value),
    "src-address-type": lambda world, packet, value: _kind(world, packet.source, value),
    "dst-address-type": lambda world, packet, value: _kind(world, packet.target, value),
    "protocol": lambda _world, _packet, value: value in ("tcp", "6"),
    "src-port": lambda _world, packet, value: in_ports(packet.source_port, value),
    "dst-port": lambda _world, packet, value: in_ports(packet.target_port, value),
    "port": lambda _world, packet, value: in_ports(packet.source_port, value) or in_ports(packet.target_port, value),
    "in-interface": lambda world, packet, value: _interface(world, packet.in_interface, value),
    "out-interface": lambda world, packet, value: _interface(world, packet.out_interface, value),
    "in-interface-list": lambda world, packet, value: world.member(packet.in_interface, value),
    "out-interface-list": lambda world, packet, value: world.member(packet.out_interface, value),
    "connection-state": _state,
    "connection-nat-state": _never,
    "connection-type": _never,
    "connection-mark": _unmarked,
    "packet-mark": _unmarked,
    "fragment": lambda _world, _packet, value: value == "false",
}
