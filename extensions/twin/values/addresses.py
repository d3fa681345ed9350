# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, prefixes and ranges in the spelling each menu reads them back in."""

from __future__ import annotations

import ipaddress
import re
import socket

from ..errors import ARGUMENT, Trap, invalid_value
from .basic import Kind, whole

_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)


def is_name(text: str) -> bool:
    """A DNS name: a letter somewhere, so that a range or a mistyped address is none."""
    return bool(_NAME.fullmatch(text) and re.search("[A-Za-z]", text))


def _address(name: str, value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise invalid_value(name) from None


def _address4(name: str, value: str) -> str:
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError:
        raise invalid_value(name) from None


def _interface(name: str, value: str) -> str:
    """An address with its mask, host bits kept, as `/ip/address` has it."""
    try:
        return str(ipaddress.IPv4Interface(value))
    except ValueError:
        raise invalid_value(name) from None


def _prefix(name: str, value: str) -> str:
    """IPsec prefixes always carry a mask: a host reads back with /32 or /128; host bits are cut (unverified)."""
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise invalid_value(name) from None


def _prefix4(name: str, value: str) -> str:
    try:
        return str(ipaddress.IPv4Network(value, strict=False))
    except ValueError:
        raise invalid_value(name) from None


def _peer_address(name: str, value: str) -> str:
    return value if is_name(value) else _prefix(name, value)


def _far_end(name: str, value: str) -> str:
    return value if is_name(value) else _address4(name, value)


def _range_error(text: str) -> Trap:
    return Trap(f"value of range {text}", ARGUMENT)


def _netmask(value: str) -> None:
    mask = value.partition("/")[2]
    if (whole(mask) or 0) > 32:
        raise Trap("value of netmask out of range (0..32)", ARGUMENT)


def spell_range(value: str) -> str:
    """Firewall form: a host without mask, host bits cut, a range that is exactly a prefix becomes one."""
    first, dash, last = value.partition("-")
    if dash and not first:
        raise _range_error("must have ip address before '-'")
    _netmask(value)
    try:
        if dash:
            return _spell_pair(ipaddress.IPv4Address(first), ipaddress.IPv4Address(last))
        network = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        raise _range_error("expects range of ip addresses") from None
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def _spell_pair(first: ipaddress.IPv4Address, last: ipaddress.IPv4Address) -> str:
    if first == last:
        return str(first)
    found = list(ipaddress.summarize_address_range(first, last))
    return str(found[0]) if len(found) == 1 else f"{first}-{last}"


def _range(_name: str, value: str) -> str:
    return spell_range(value)


def _list_address(_name: str, value: str) -> str:
    """Address lists also take DNS names, which stay as typed."""
    return value if is_name(value) else spell_range(value)


def spell6(address: ipaddress.IPv6Address) -> str:
    """With dots where IPv4 is mapped or embedded, as the C library writes it and exports show it."""
    return socket.inet_ntop(socket.AF_INET6, address.packed)


def _prefix6(name: str, value: str) -> str:
    """Always with a mask, so that a host is /128; host bits are cut (unverified)."""
    try:
        network = ipaddress.IPv6Network(value, strict=False)
    except ValueError:
        raise invalid_value(name) from None
    return f"{spell6(network.network_address)}/{network.prefixlen}"


def _range6(name: str, value: str) -> str:
    """A prefix, or a range of two addresses, which stays one (unverified)."""
    first, dash, last = value.partition("-")
    if not dash:
        return _prefix6(name, value)
    try:
        return f"{spell6(ipaddress.IPv6Address(first))}-{spell6(ipaddress.IPv6Address(last))}"
    except ValueError:
        raise invalid_value(name) from None


def _list_address6(name: str, value: str) -> str:
    """The router's hint knows prefixes only; names as in the other family."""
    return value if is_name(value) else _prefix6(name, value)


def _pool_ranges(_name: str, value: str) -> str:
    return ",".join(spell_range(part.strip()) for part in value.split(","))


def unspecified(value: str) -> bool:
    """`0.0.0.0`, `::` or nothing: how an address is written back to `any`."""
    return value in ("", "0.0.0.0", "::")


ADDRESS = Kind(_address, help="A.B.C.D    (IP address)")
ADDRESS4 = Kind(_address4, help="A.B.C.D    (IP address)")
ADDRESS_WITH_MASK = Kind(_interface, help="A.B.C.D    (IP address)")
PREFIX = Kind(_prefix, help="IPv6/0..128    (IPv6 prefix)")
PREFIX4 = Kind(_prefix4, help="A.B.C.D/M    (IP prefix)")
FAR_END = Kind(_far_end)
PEER_ADDRESS = Kind(_peer_address, help="IPv6/0..128    (IPv6 prefix)")
RANGE = Kind(_range, help="A.B.C.D[-A.B.C.D |0..32 |/A.B.C.D ]    (IP address range)")
LIST_ADDRESS = Kind(_list_address, help="A.B.C.D[-A.B.C.D |0..32 |/A.B.C.D ]    (IP address range)")
PREFIX6 = Kind(_prefix6, help="IPv6/0..128    (IPv6 prefix)")
RANGE6 = Kind(_range6, help="IPv6/0..128    (IPv6 prefix)")
LIST_ADDRESS6 = Kind(_list_address6, help="IPv6/0..128    (IPv6 prefix)")
POOL_RANGES = Kind(_pool_ranges, help="A.B.C.D[-A.B.C.D |0..32 |/A.B.C.D ]    (IP address range)")
