# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Composite values of firewall rules: ports, limits, flags, protocol names."""

from __future__ import annotations

import re

from ..errors import ARGUMENT, Trap, invalid_value, no_match, out_of_range
from .basic import Kind, parse_duration, pattern, spell_duration, whole

PROTOCOLS = {
    1: "icmp", 2: "igmp", 3: "ggp", 4: "ipencap", 5: "st", 6: "tcp", 8: "egp", 12: "pup", 17: "udp", 20: "hmp",
    22: "xns-idp", 27: "rdp", 29: "iso-tp4", 33: "dccp", 36: "xtp", 37: "ddp", 38: "idpr-cmtp", 41: "ipv6-encap",
    43: "ipv6-route", 44: "ipv6-frag", 46: "rsvp", 47: "gre", 50: "ipsec-esp", 51: "ipsec-ah", 58: "icmpv6",
    59: "ipv6-nonxt", 60: "ipv6-opts", 73: "rspf", 81: "vmtp", 89: "ospf", 94: "ipip", 97: "etherip", 98: "encap",
    103: "pim", 112: "vrrp", 115: "l2tp", 132: "sctp", 136: "udp-lite",
}  # fmt: skip
_NUMBERS = {word: str(number) for number, word in PROTOCOLS.items()}


def protocol_number(text: str) -> str:
    """The number of a protocol that is stored by its name, or by its number where it has none."""
    return _NUMBERS.get(text, text)


def _protocol(name: str, value: str) -> str:
    if value in PROTOCOLS.values():
        return value
    if (number := whole(value)) is not None and number <= 255:
        return PROTOCOLS.get(number, str(number))
    raise no_match(name)


PROTOCOL = Kind(_protocol, words=tuple(sorted(PROTOCOLS.values())))


def _policy_protocol(name: str, value: str) -> str:
    return "all" if value in ("all", "0", "255") else _protocol(name, value)


POLICY_PROTOCOL = Kind(_policy_protocol, words=("all", *PROTOCOL.words))


def _port(name: str, text: str) -> str:
    number = whole(text)
    if number is None:
        raise invalid_value(name)
    if number > 65535:
        raise Trap("value of range out of range (0..65535)", ARGUMENT)
    return str(number)


def _ports(name: str, value: str) -> str:
    """A list of ports and ranges in the order written; merging of odd lists is unverified and not done."""
    parts = []
    for part in value.split(","):
        first, dash, last = part.strip().partition("-")
        if not first or (dash and not last):
            raise invalid_value(name)
        parts.append(_port(name, first) + (f"-{_port(name, last)}" if dash else ""))
    return ",".join(parts)


PORTS = Kind(_ports)

_RATE = re.compile(r"([0-9]{1,18})([kMG]?)(?:/([0-9a-z:]+))?")


def _rate(name: str, value: str) -> str:
    """`rate[/time]`; one second is left out, other times are printed in full."""
    if not (found := _RATE.fullmatch(value)):
        raise invalid_value(name)
    amount, scale, time = found.groups()
    rate = int(amount) * {"": 1, "k": 1000, "M": 1_000_000, "G": 1_000_000_000}[scale]
    if not 1 <= rate <= 32_000_000_000:
        raise out_of_range("rate", 1, 32_000_000_000)
    span = parse_duration(f"1{time}" if time and time[0].isalpha() else time or "1s")
    if span is None or span == 0:
        raise invalid_value(name)
    return str(rate) if span == 1000 else f"{rate}/{spell_duration(span)}"


def _burst(name: str, value: str) -> str:
    found = whole(value)
    if found is None:
        raise invalid_value(name)
    if found > 2_000_000_000:
        raise out_of_range("burst", 0, 2_000_000_000)
    return str(found)


def _limit(name: str, value: str) -> str:
    """`10,5` reads back `10,5:packet`."""
    rate, comma, rest = value.partition(",")
    burst, _dummy, mode = rest.partition(":")
    mode = mode or "packet"
    if mode not in ("packet", "bit"):
        raise no_match(name)
    # A rate without burst takes 5; unverified.
    return f"{_rate(name, rate)},{_burst(name, burst) if comma else '5'}:{mode}"


LIMIT = Kind(_limit)

DST_LIMIT_MODES = (
    "dst-address",
    "dst-address-and-port",
    "src-address",
    "src-and-dst-addresses",
    "addresses-and-dst-port",
)


def _dst_limit(name: str, value: str) -> str:
    """`rate[/time],burst,mode[/expire]`; the expiry that is not given prints as 1m40s (unverified)."""
    parts = value.split(",")
    if len(parts) != 3:
        raise invalid_value(name)
    mode, _dummy, expire = parts[2].partition("/")
    span = parse_duration(expire or "1m40s")
    if mode not in DST_LIMIT_MODES:
        raise no_match(name)
    if span is None:
        raise invalid_value(name)
    return f"{_rate(name, parts[0])},{_burst(name, parts[1])},{mode}/{spell_duration(span)}"


DST_LIMIT = Kind(_dst_limit)

TCP_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")


def _tcp_flags(name: str, value: str) -> str:
    given = [part.strip() for part in value.split(",")]
    if any(part.removeprefix("!") not in TCP_FLAGS for part in given):
        raise no_match(name)
    return ",".join(given)


FLAGS = Kind(_tcp_flags, words=TCP_FLAGS, several=True)

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def _time(name: str, value: str) -> str:
    """`8h-18h,mon,tue`, days in the order of the week."""
    span, *days = (part.strip() for part in value.split(","))
    first, _dummy, last = span.partition("-")
    start, end = parse_duration(first), parse_duration(last)
    if start is None or end is None or not days:
        raise invalid_value(name)
    if any(day not in DAYS for day in days):
        raise no_match(name)
    chosen = ",".join(day for day in DAYS if day in days)
    return f"{spell_duration(start)}-{spell_duration(end)},{chosen}"


TIME = Kind(_time)


def bytes_in(expression: str) -> Kind:
    """A pattern whose numbers are 0 to 255."""
    form = pattern(expression)

    def canon(name: str, value: str) -> str:
        spelled = form.canon(name, value)
        if any(int(found) > 255 for found in re.findall("[0-9]+", spelled)):
            raise out_of_range(name, 0, 255)
        return spelled

    return Kind(canon)


_CLASSIFIERS = (
    "src-address|dst-address|both-addresses|src-port|src-address-and-port|dst-port|dst-address-and-port|both-ports"
    "|both-addresses-and-ports"
)


def _mac(value: str) -> str:
    return value.upper()


def _ipsec_policy(name: str, value: str) -> str:
    direction, _dummy, policy = value.partition(",")
    if direction not in ("in", "out") or policy.strip() not in ("ipsec", "none"):
        raise no_match(name)
    return f"{direction},{policy.strip()}"


IPSEC_POLICY = Kind(_ipsec_policy, words=("in,ipsec", "in,none", "out,ipsec", "out,none"))
MAC = pattern(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}(/[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5})?", _mac)
FROM_TO = pattern(r"\d+[kMG]?(-\d+[kMG]?)?")
COUNT_AND_MASK = pattern(r"\d+,\d+")
NTH = pattern(r"\d+(,\d+)?")
PSD = pattern(r"\d+,[\w:]+,\d+,\d+")
CLASSIFIER = pattern(rf"({_CLASSIFIERS}):\d+/\d+")
TTL = bytes_in(r"(equal|not-equal|less-than|greater-than):\d{1,9}")
NEW_TTL = bytes_in(r"(set|increment|decrement):\d{1,9}")
ICMP_OPTIONS = bytes_in(r"\d{1,9}(:\d{1,9}(-\d{1,9})?)?")
SOME_TEXT = pattern(r"(?s).+")

HEADER_WORDS = ("hop", "dst", "route", "frag", "ah", "esp", "none", "proto")


def _headers(name: str, value: str) -> str:
    """Extension headers of IPv6, `hop,dst:exact`; how more than one reads back is unverified."""
    words, _colon, mode = value.partition(":")
    if any(word not in HEADER_WORDS for word in words.split(",")) or mode not in ("", "contains", "exact"):
        raise no_match(name)
    return value


HEADERS = Kind(_headers, words=HEADER_WORDS)
