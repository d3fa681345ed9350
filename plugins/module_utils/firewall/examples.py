# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples of packets, in the words in which people speak of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from ..schema.matchers import CONNECTION_STATES
from .rules import NUMBERS, YES
from .sets import TOPS, Box, holds


def describe(box: Box) -> str:
    """One packet of the box as people would say it: an example."""
    sides = (f"{word} {text}" for side, word in (("src", "from"), ("dst", "to")) if (text := _address_text(box, side)))
    ways = (
        f"{word} {text}" for side, word in (("in", "by"), ("out", "out by")) if (text := _interface_text(box, side))
    )
    more = (text for dim, text in TEXTS.items() if box.get(dim) == YES)
    return " ".join([_protocol_text(box), *_port_texts(box), *sides, *ways, *more, *_state_text(box)])


TEXTS = {
    "ipsec-policy:in": "out of an IPsec tunnel",
    "ipsec-policy:out": "into an IPsec tunnel",
    "nat-state:dstnat": "with a translated destination",
    "fragment": "as a fragment",
}
STATE_TEXTS = {"invalid": "that is invalid", "untracked": "that is not tracked", "new": "that opens a connection"}
LIKELY = {
    "src-address": ("203.0.113.9", "192.168.88.9", "10.0.0.9"),
    "dst-address": ("192.168.88.9", "203.0.113.9", "10.0.0.9"),
    **dict.fromkeys(("src-address6", "dst-address6"), ("2001:db8::9", "fe80::9")),
}
USUAL_PORTS = (161, 53, 22, 443, 80, 50000)


def _protocol_text(box: Box) -> str:
    found = box.get("protocol")
    if not found:
        return "any packet"
    names = {number: name for name, number in NUMBERS.items()}
    number = next((each for each in (6, 17, 1) if holds(found, each)), found[0][0])
    name = names.get(number, str(number)).removeprefix("ipsec-")
    return name.upper() if name in ("tcp", "udp", "icmp", "esp", "ah", "gre") else f"protocol {name}"


def _port_texts(box: Box) -> list[str]:
    texts = []
    for dim, word in (("dst-port", "to port"), ("src-port", "from port")):
        # Senders choose ports of no meaning, unless rules ask for theirs.
        if dim in box and not (dim == "src-port" and holds(box[dim], USUAL_PORTS[-1])):
            wide = sum(high - low for low, high in box[dim]) > TOPS[dim] // 2
            usual = [each for each in USUAL_PORTS if wide and holds(box[dim], each)]
            texts.append(f"{word} {usual[0] if usual else box[dim][0][0]}")
    kinds = box.get("icmp-options")
    return [*texts, *([f"type {kinds[0][0] // 256}"] if kinds else [])]


def _address_text(box: Box, side: str) -> str:
    for dim, make in ((f"{side}-address", IPv4Address), (f"{side}-address6", IPv6Address)):
        if dim in box:
            likely = [each for each in LIKELY[dim] if holds(box[dim], int(make(each)))]
            low, high = max(box[dim], key=lambda span: span[1] - span[0])
            return likely[0] if likely else str(make(min(low + 1, high) if high - low > 1 else low))
    return _list_text(box, f"{side}-address-list", "an address")


def _interface_text(box: Box, side: str) -> str:
    found = box.get(f"{side}-interface")
    if not found:
        return _list_text(box, f"{side}-interface-list", "an interface")
    name = found[0][0].to_bytes((found[0][0].bit_length() + 7) // 8, "big")[1:].decode(errors="replace")
    return name if found[0][0] == found[-1][1] else "another interface"


def _list_text(box: Box, name: str, what: str) -> str:
    lists = {dim.partition("=")[2]: found == YES for dim, found in box.items() if dim.startswith(f"{name}=")}
    inside = [each for each, yes in lists.items() if yes]
    return (
        f"{what} in list {' and '.join(inside)}" if inside else " and ".join(f"{what} not in list {x}" for x in lists)
    )


def _state_text(box: Box) -> list[str]:
    states = box.get("connection-state")
    if not states:
        return []
    # Of several states the one that most packets have.
    state = next(
        each for each in ("established", "new", *CONNECTION_STATES) if holds(states, CONNECTION_STATES.index(each))
    )
    return [STATE_TEXTS.get(state, f"of a{'n' if state[0] == 'e' else ''} {state} connection")]
