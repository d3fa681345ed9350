# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sorts of values RouterOS has: how each is spelled, checked and compared."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Kind, same

STRING: Mapping[str, object] = {"type": "str"}
STRINGS: Mapping[str, object] = {"type": "list", "elements": "str"}
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})

UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
SPAN = re.compile(r"(\d+)(ms|[wdhms])")
CLOCK = re.compile(r"(?:(\d+)d)?\s*(\d+):(\d\d):(\d\d)(?:\.(\d{1,3}))?")
DURATIONS = "a time such as 30s, 1h30m, 1d or 00:30:00"


def never(_one: str, _other: str) -> bool:
    """Nothing is known of how two values relate."""
    return False


TEXT = Kind("text", empty=True)
WORD = Kind("word", exact=True)


def switch(text: str) -> str:
    """`yes` or `no`, however it is spelled."""
    if text.lower() in YES:
        return "yes"
    if text.lower() in NO:
        return "no"
    raise ValueError("yes or no")


SWITCH = Kind("switch", switch, {"type": "bool"})


def number(low: int, high: int, *words: str) -> Kind:
    """A whole number from low to high; words may stand for one."""

    def normal(text: str) -> str:
        if text in words:
            return text
        try:
            value = int(text, 0) if text.lower().startswith("0x") else int(text)
        except ValueError:
            value = low - 1
        if low <= value <= high:
            return str(value)
        raise ValueError(" or ".join([f"a whole number from {low} to {high}", *words]))

    return Kind("number", normal, STRING if words else {"type": "int"})


def milliseconds(text: str) -> int:
    """Length of a time as RouterOS spells it; raises ValueError for other text."""
    if text.isdigit():
        return int(text) * 1_000
    if clock := CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups()[:4])
        return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000 + int((clock[5] or "0").ljust(3, "0"))
    if not text or SPAN.sub("", text):
        raise ValueError(DURATIONS)
    return sum(int(count) * UNITS[unit] for count, unit in SPAN.findall(text))


def spell_duration(length: int) -> str:
    """Milliseconds in RouterOS's shortest form: 90000 is `1m30s`."""
    words = []
    for unit, size in UNITS.items():
        count, length = divmod(length, size)
        if count:
            words.append(f"{count}{unit}")
    return "".join(words) or "0s"


def duration(*words: str, most: str = "") -> Kind:
    """A time, at most so long; words may stand for one."""
    allowed = " or ".join([DURATIONS + (f", at most {most}" if most else ""), *words])

    def normal(text: str) -> str:
        if text in words:
            return text
        try:
            length = milliseconds(text.strip())
        except ValueError:
            raise ValueError(allowed) from None
        if most and length > milliseconds(most):
            raise ValueError(allowed)
        return spell_duration(length)

    return Kind("duration", normal)


DURATION = duration()


def one_of(*words: str, since: Mapping[str, str] | None = None) -> Kind:
    """One word of a closed set."""

    def normal(text: str) -> str:
        if text in words:
            return text
        raise ValueError("one of " + ", ".join(words))

    return Kind("choice", normal, {"type": "str", "choices": list(words)}, since or {}, exact=True)


def either(*words: str) -> Kind:
    """One word of a few, of which the router itself lists none."""
    return Kind("word", one_of(*words).normal, exact=True)


def split(text: str) -> list[str]:
    """The parts of a comma separated value, without blanks."""
    return [part.strip() for part in text.split(",") if part.strip()]


def subset(one: str, other: str) -> bool:
    """Every word of one list is in the other."""
    return set(split(one)) <= set(split(other))


def disjoint(one: str, other: str) -> bool:
    """Two lists share no word."""
    return not set(split(one)) & set(split(other))


def set_of(*words: str, since: Mapping[str, str] | None = None, empty: bool = False) -> Kind:
    """Some words of a closed set, in whatever order; `empty`: none of them is a value as well."""

    def normal(text: str) -> str:
        given = set(split(text))
        if given - set(words):
            raise ValueError("a list of " + ", ".join(words))
        return ",".join(word for word in words if word in given)

    option = {"type": "list", "elements": "str", "choices": list(words)}
    return Kind("words", normal, option, since or {}, subset, disjoint, empty=empty)


def list_of(kind: Kind, *, ordered: bool = False) -> Kind:
    """A comma separated list of values of one kind."""

    def normal(text: str) -> str:
        parts = [kind.normal(part) for part in split(text)]
        return ",".join(parts if ordered else sorted(set(parts)))

    return Kind(f"list of {kind.name}", normal, STRINGS, kind.since, subset, disjoint, ordered)


def span(text: str, low: int, high: int) -> tuple[int, int]:
    """First and last of `7` or `7-9`; raises ValueError outside low..high."""
    first, _dummy, last = text.partition("-")
    start, end = int(first), int(last or first)
    if not low <= start <= end <= high:
        raise ValueError
    return start, end


def spans(text: str) -> list[tuple[int, int]]:
    """The spans of a canonical list of numbers and ranges."""
    return [span(part, 0, 2**64) for part in split(text)]


def spans_within(one: str, other: str) -> bool:
    """Every number of one list of spans is in the other."""
    return all(any(low <= start and end <= high for low, high in spans(other)) for start, end in spans(one))


def spans_apart(one: str, other: str) -> bool:
    """Two lists of spans share no number."""
    return all(end < low or high < start for start, end in spans(one) for low, high in spans(other))


def ranges(low: int, high: int) -> Kind:
    """A list of numbers and ranges, such as ports: `500,4500,33434-33600`."""

    def normal(text: str) -> str:
        try:
            found = sorted({span(part, low, high) for part in split(text)})
        except ValueError:
            raise ValueError(f"numbers and ranges from {low} to {high}, such as 500,4500 or 1000-2000") from None
        return ",".join(str(start) if start == end else f"{start}-{end}" for start, end in found)

    return Kind("ranges", normal, STRINGS, {}, spans_within, spans_apart)


PORTS = ranges(0, 65535)
Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")


def network(text: str) -> Network:
    """The network of a prefix or a host; bits behind the mask do not count."""
    return ipaddress.ip_network(text, strict=False)


def address(text: str) -> str:
    """One IPv4 or IPv6 address in its shortest form."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("an IPv4 or IPv6 address") from None


def prefix(text: str) -> str:
    """A prefix with its length: a host is `/32` or `/128`."""
    try:
        return str(network(text))
    except ValueError:
        raise ValueError("an address or a prefix such as 192.168.10.0/24") from None


def net_within(one: str, other: str) -> bool:
    """One prefix lies in the other."""
    inner, outer = network(one), network(other)
    return inner.version == outer.version and (inner.network_address in outer and inner.prefixlen >= outer.prefixlen)


def net_apart(one: str, other: str) -> bool:
    """Two prefixes share no address."""
    mine, yours = network(one), network(other)
    return mine.version != yours.version or not (mine.network_address in yours or yours.network_address in mine)


def address4(text: str) -> str:
    """One IPv4 address."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError("an IPv4 address") from None


ADDRESS = Kind("address", address)
ADDRESS4 = Kind("IPv4 address", address4)
PREFIX = Kind("prefix", prefix, within=net_within, apart=net_apart)


def or_name(kind: Kind, allowed: str) -> Kind:
    """Addresses as the kind spells them, or a DNS name in small letters."""

    def normal(text: str) -> str:
        try:
            return kind.normal(text)
        except ValueError:
            if HOST_NAME.fullmatch(text) and not re.fullmatch(r"[\d.-]+", text):
                return text.lower()
            raise ValueError(allowed) from None

    return Kind(f"{kind.name} or name", normal)


PREFIX_OR_NAME = or_name(PREFIX, "an address, a prefix or a DNS name")


@lru_cache(maxsize=65536)
def bounds(text: str) -> tuple[Address, Address]:
    """First and last address of a host, a prefix or a range `a-b`."""
    first, dash, last = text.partition("-")
    if not dash:
        whole = network(text)
        return whole[0], whole[-1]
    start, end = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
    if start.version != end.version or int(start) > int(end):
        raise ValueError
    return start, end


SPANS = {4: "192.0.2.1-192.0.2.9", 6: "2001:db8::1-2001:db8::9"}


def address_range(text: str, version: int = 4) -> str:
    """A host without mask, a prefix, or a range that is no prefix: as IPv4 firewall rules read back."""
    try:
        start, end = bounds(text)
        if start.version != version:
            raise ValueError
    except ValueError:
        raise ValueError(f"an IPv{version} address, a prefix or a range such as {SPANS[version]}") from None
    if start == end:
        return str(start)
    nets = list(ipaddress.summarize_address_range(start, end))
    return str(nets[0]) if len(nets) == 1 else f"{start}-{end}"


def range_within(one: str, other: str) -> bool:
    """Every address of one range is in the other."""
    (start, end), (low, high) = bounds(one), bounds(other)
    return start.version == low.version and int(low) <= int(start) and int(end) <= int(high)


def range_apart(one: str, other: str) -> bool:
    """Two ranges share no address."""
    (start, end), (low, high) = bounds(one), bounds(other)
    return start.version != low.version or int(end) < int(low) or int(high) < int(start)


RANGE = Kind("addresses", address_range, within=range_within, apart=range_apart)


RANGE6 = Kind("IPv6 addresses", partial(address_range, version=6), within=range_within, apart=range_apart)


def prefix6(text: str) -> str:
    """An IPv6 host without mask, or a prefix."""
    if "-" in text:
        raise ValueError("an IPv6 address or a prefix")
    return address_range(text, 6)


RANGE_OR_NAME = or_name(RANGE, "an IPv4 address, a prefix, a range or a DNS name")
PREFIX6 = Kind("IPv6 prefix", prefix6)
PREFIX6_OR_NAME = or_name(PREFIX6, "an IPv6 address, a prefix or a DNS name")


def mac(text: str) -> str:
    """A MAC address in capital letters, as the router prints it."""
    if re.fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", text):
        return text.upper()
    raise ValueError("a MAC address such as 48:8F:5A:00:00:01")


MAC = Kind("MAC", mac, exact=True)


def long_text(shortest: int) -> Kind:
    """Text of at least that many characters."""

    def normal(text: str) -> str:
        if len(text) < shortest:
            raise ValueError(f"a text of at least {shortest} characters")
        return text

    return Kind("text", normal)


def hexadecimal(shortest: int) -> Kind:
    """At least that many hexadecimal digits; capitals and small letters are the same."""

    def normal(text: str) -> str:
        if len(text) < shortest or not re.fullmatch(r"[0-9A-Fa-f]+", text):
            raise ValueError(f"at least {shortest} hexadecimal digits")
        return text.lower()

    return Kind("hexadecimal", normal)


def negatable(kind: Kind) -> Kind:
    """The same values, each of which may be negated by a leading `!`."""

    def normal(text: str) -> str:
        return "!" + kind.normal(text[1:].strip()) if text.startswith("!") else kind.normal(text)

    def within(one: str, other: str) -> bool:
        if other.startswith("!"):
            return kind.within(other[1:], one[1:]) if one.startswith("!") else kind.apart(one, other[1:])
        return not one.startswith("!") and kind.within(one, other)

    def apart(one: str, other: str) -> bool:
        if one.startswith("!"):
            return not other.startswith("!") and kind.within(other, one[1:])
        return kind.within(one, other[1:]) if other.startswith("!") else kind.apart(one, other)

    # The choices stay with the kind: an option's own list could not hold the negated words.
    option = {name: value for name, value in kind.option.items() if name != "choices"}
    if option["type"] == "int":
        option = dict(STRING)
    exact = kind.exact or kind.within is same
    return Kind(f"{kind.name}, ! negates", normal, option, kind.since, within, apart, kind.ordered, exact)


REFERENCE = Kind("name of an entry", exact=True)


def spelled(kind: Kind, aliases: Mapping[str, str]) -> Kind:
    """The same kind, where some values have a second spelling: {given: canonical}."""
    return Kind(
        kind.name,
        lambda text: kind.normal(aliases.get(text, text)),
        kind.option,
        kind.since,
        kind.within,
        kind.apart,
        kind.ordered,
        kind.exact,
        kind.empty,
        kind.named,
    )
