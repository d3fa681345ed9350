# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule asks of a packet, as conditions of nftables.

Each matcher gives the ways in which it can be true: none for never, one empty text for always. What is not in the table
is refused, not passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...values.basic import parse_duration
from ...values.matchers import protocol_number
from .world import Unmapped, World

Ways = list[str]
Matcher = Callable[[World, str, bool], Ways]

ALWAYS: Ways = [""]
NEVER: Ways = []


def _among(words: str, kind: str) -> Matcher:
    """A value, span or comma separated list of them."""

    def match(world: World, text: str, negated: bool) -> Ways:
        if negated or "," in text:
            return [f"{words} {'!= ' if negated else ''}{world.constant(kind, text.split(','))}"]
        return [f"{words} {text}"]

    return match


def _port(world: World, text: str, negated: bool) -> Ways:
    """Either side."""
    sides = [_among(f"th {side}", "inet_service")(world, text, negated)[0] for side in ("dport", "sport")]
    return [" ".join(sides)] if negated else sides


def _protocol(_world: World, text: str, negated: bool) -> Ways:
    return [f"meta l4proto {'!= ' if negated else ''}{protocol_number(text)}"]


def _listed(words: str) -> Matcher:
    def match(world: World, text: str, negated: bool) -> Ways:
        sets = world.listed(text)
        if negated:
            return [" ".join(f"{words} != {each}" for each in sets)]
        return [f"{words} {each}" for each in sets]

    return match


def _device(words: str, *, of_list: bool) -> Matcher:
    def match(world: World, text: str, negated: bool) -> Ways:
        if of_list and text == "all":
            return NEVER if negated else ALWAYS
        if text.startswith("all-"):
            raise Unmapped(f"{text} as an interface")
        devices = (world.lists if of_list else world.devices).get(text, ())
        if not devices:
            return ALWAYS if negated else NEVER
        among = world.constant("ifname", [f'"{each}"' for each in devices])
        return [f"{words} {'!= ' if negated else ''}{among}"]

    return match


def _kind(words: str) -> Matcher:
    def match(_world: World, text: str, negated: bool) -> Ways:
        return [f"fib {words} type {'!= ' if negated else ''}{{ {', '.join(text.split(','))} }}"]

    return match


def _states(_world: World, text: str, negated: bool) -> Ways:
    return [f"ct state & ({' | '.join(text.split(','))}) {'==' if negated else '!='} 0"]


def _translated(_world: World, text: str, negated: bool) -> Ways:
    if "ein-" in text:
        raise Unmapped(f"connection-nat-state={text}")
    words = " | ".join({"srcnat": "snat", "dstnat": "dnat"}[word] for word in text.split(","))
    return [f"ct status & ({words}) {'==' if negated else '!='} 0"]


def _ipsec(world: World, text: str, _negated: bool) -> Ways:
    direction, policy = text.split(",")
    if world.tunnel:
        return [f'{direction[0]}ifname {"" if policy == "ipsec" else "!= "}"{world.tunnel}"']
    words = {"in": "meta secpath", "out": "rt ipsec"}[direction]
    return [f"{words} {'exists' if policy == 'ipsec' else 'missing'}"]


def _icmp(_world: World, text: str, negated: bool) -> Ways:
    """Type and code are one number of 16 bits, so that a span of codes is one of numbers."""
    kind, _colon, codes = text.partition(":")
    first, _dash, last = (codes or "0-255").partition("-")
    span = f"{int(kind) * 256 + int(first)}-{int(kind) * 256 + int(last or first)}"
    return [f"meta l4proto 1 @th,0,16 {'!= ' if negated else ''}{span}"]


def _flags(_world: World, text: str, negated: bool) -> Ways:
    """A leading `!` belongs to the first flag alone (unverified)."""
    given = f"{'!' * negated}{text}".replace("ece", "ecn").split(",")
    asked = " | ".join(flag.removeprefix("!") for flag in given)
    on = " | ".join(flag for flag in given if not flag.startswith("!"))
    return [f"tcp flags & ({asked}) == {f'({on})' if on else '0'}"]


def _size(_world: World, text: str, negated: bool) -> Ways:
    return [f"meta length {'!= ' if negated else ''}{text}"]


def _ttl(_world: World, text: str, _negated: bool) -> Ways:
    word, _colon, number = text.partition(":")
    sign = {"equal": "==", "not-equal": "!=", "less-than": "<", "greater-than": ">"}[word]
    return [f"ip ttl {sign} {number}"]


def _random(_world: World, text: str, _negated: bool) -> Ways:
    return [f"numgen random mod 100 < {text}"]


def _unmarked(name: str) -> Matcher:
    """Nothing marks packets here, since mangle is not played."""

    def match(_world: World, text: str, negated: bool) -> Ways:
        if text != "no-mark":
            raise Unmapped(f"{name}={text}")
        return NEVER if negated else ALWAYS

    return match


_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def rate(text: str) -> str:
    """`30/1m` as nftables has it; a time that is no unit of its own is brought to one, or refused."""
    number, _slash, time = text.partition("/")
    seconds = (parse_duration(time) or 0) / 1000 if time else 1
    for unit, size in _UNITS.items():
        scaled = int(number) * size / seconds
        if scaled >= 1 and scaled == int(scaled):
            return f"{int(scaled)}/{unit}"
    raise Unmapped(f"a rate of {text}")


def _limit(_world: World, text: str, negated: bool) -> Ways:
    speed, rest = text.split(",")
    burst, _colon, mode = rest.partition(":")
    if mode == "bit":
        raise Unmapped(f"limit={text} in bits")
    return [f"limit rate {'over ' if negated else ''}{rate(speed)} burst {max(1, int(burst))} packets"]


_KEYS = {
    "src-address": ("ip saddr", "ipv4_addr"),
    "dst-address": ("ip daddr", "ipv4_addr"),
    "src-and-dst-addresses": ("ip saddr . ip daddr", "ipv4_addr . ipv4_addr"),
    "dst-address-and-port": ("ip daddr . th dport", "ipv4_addr . inet_service"),
    "addresses-and-dst-port": ("ip saddr . ip daddr . th dport", "ipv4_addr . ipv4_addr . inet_service"),
}


def dst_limit(world: World, text: str, rule: str) -> Ways:
    """A rate for each sender, or whatever the mode says; `rule` tells the counts of two rules apart."""
    speed, burst, rest = text.split(",")
    mode, _slash, expire = rest.partition("/")
    key, kinds = _KEYS[mode]
    name = world.counting(f"{rule} {text}", kinds, max(1, (parse_duration(expire) or 0) // 1000))
    return [f"update {name} {{ {key} limit rate {rate(speed)} burst {max(1, int(burst))} packets }}"]


MATCHERS: dict[str, Matcher] = {
    "protocol": _protocol,
    "src-address": _among("ip saddr", "ipv4_addr"),
    "dst-address": _among("ip daddr", "ipv4_addr"),
    "src-address-list": _listed("ip saddr"),
    "dst-address-list": _listed("ip daddr"),
    "src-address-type": _kind("saddr"),
    "dst-address-type": _kind("daddr"),
    "src-port": _among("th sport", "inet_service"),
    "dst-port": _among("th dport", "inet_service"),
    "port": _port,
    "in-interface": _device("iifname", of_list=False),
    "out-interface": _device("oifname", of_list=False),
    "in-interface-list": _device("iifname", of_list=True),
    "out-interface-list": _device("oifname", of_list=True),
    "ipsec-policy": _ipsec,
    "connection-state": _states,
    "connection-nat-state": _translated,
    "icmp-options": _icmp,
    "tcp-flags": _flags,
    "packet-size": _size,
    "dscp": _among("ip dscp", "dscp"),
    "ttl": _ttl,
    "src-mac-address": _among("ether saddr", "ether_addr"),
    "random": _random,
    "connection-mark": _unmarked("connection-mark"),
    "packet-mark": _unmarked("packet-mark"),
    "limit": _limit,
}
# Ports and flags need the protocol in front of them; what draws on a rate comes last, as on the router.
_LAST = ("dst-limit", "limit")


def in_order(names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: (name != "protocol", _LAST.index(name) + 1 if name in _LAST else 0, name))
