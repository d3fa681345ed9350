# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of firewall rules that consist of several parts: limits, times of day, flags, operators."""

from __future__ import annotations

import re

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    DURATION,
    STRINGS,
    address,
    never,
    span,
    spans_apart,
    spans_within,
    split,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Kind

RATE = re.compile(r"(\d+[kMG]?)(?:/([\w:]+))?(?:,(\d+)(?::(packet|bit))?)?")
DST_RATE = re.compile(r"(\d+)(?:/([\w:]+))?,(\d+),([a-z-]+)(?:/([\w:]+))?")
DST_MODES = ("dst-address", "dst-address-and-port", "src-address", "src-and-dst-addresses", "addresses-and-dst-port")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FLAGS = ("ack", "cwr", "ece", "fin", "psh", "rst", "syn", "urg")
FACTORS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
PCC_FIELDS = (
    *("both-addresses", "both-ports", "both-addresses-and-ports", "src-address", "src-port", "src-address-and-port"),
    *("dst-address", "dst-port", "dst-address-and-port"),
)
# IANA's numbers for the words that the router prints instead of them.
PROTOCOLS = {
    "1": "icmp", "2": "igmp", "3": "ggp", "4": "ipencap", "5": "st", "6": "tcp", "8": "egp", "12": "pup", "17": "udp",
    "20": "hmp", "22": "xns-idp", "27": "rdp", "29": "iso-tp4", "33": "dccp", "36": "xtp", "37": "ddp",
    "38": "idpr-cmtp", "41": "ipv6-encap", "43": "ipv6-route", "44": "ipv6-frag", "46": "rsvp", "47": "gre",
    "50": "ipsec-esp", "51": "ipsec-ah", "58": "icmpv6", "59": "ipv6-nonxt", "60": "ipv6-opts", "73": "rspf",
    "81": "vmtp", "89": "ospf", "94": "ipip", "97": "etherip", "98": "encap", "103": "pim", "112": "vrrp",
    "115": "l2tp", "132": "sctp", "136": "udp-lite",
}  # fmt: skip


def protocol(*words: str) -> Kind:
    """An IP protocol by name or number 0 to 255; a number that has a name becomes the name."""
    allowed = "a protocol such as tcp, udp, icmp, gre or ipsec-esp, or a number from 0 to 255"

    def normal(text: str) -> str:
        if text in words or text in PROTOCOLS.values():
            return text
        if text.isdigit() and int(text) <= 255:
            return PROTOCOLS.get(str(int(text)), str(int(text)))
        raise ValueError(" or ".join([allowed, *words]))

    return Kind("protocol", normal, exact=True)


def limit(text: str) -> str:
    """`10,5` and `10/1s,5:packet` are the same limit; the canonical form says all parts."""
    found = RATE.fullmatch(text.replace(" ", ""))
    if not found:
        raise ValueError("a limit such as 10,5:packet or 1/1m,5")
    count, per, burst, mode = found.groups()
    return f"{count}/{DURATION.normal(per or '1s')},{burst or '5'}:{mode or 'packet'}"


def dst_limit(text: str) -> str:
    """A limit per source or destination, `1/1m,5,src-address/1m40s`, with all parts said."""
    found = DST_RATE.fullmatch(text.replace(" ", ""))
    if not found or found[4] not in DST_MODES:
        raise ValueError("a limit such as 1/1m,5,src-address/1m40s, by one of " + ", ".join(DST_MODES))
    count, per, burst, mode, expire = found.groups()
    return f"{count}/{DURATION.normal(per or '1s')},{burst},{mode}/{DURATION.normal(expire or '1m40s')}"


LIMIT = Kind("limit", limit, apart=never)
DST_LIMIT = Kind("limit per address", dst_limit, apart=never)


def day_time(text: str) -> str:
    """`8h-18h,mon,tue`: a span of the day and the days in the router's order; no day means every day."""
    hours, *days = split(text) or [""]
    start, dash, end = hours.partition("-")
    try:
        if not dash or set(days) - set(DAYS):
            raise ValueError
        whole = f"{DURATION.normal(start)}-{DURATION.normal(end)}"
    except ValueError:
        raise ValueError("a time of day and days such as 8h-18h,mon,tue,wed") from None
    return ",".join([whole, *(day for day in DAYS if day in days or not days)])


DAY_TIME = Kind("time of day", day_time, apart=never)


def tcp_flags(text: str) -> str:
    """Flags that must be set and, with `!`, must not; in the router's order."""
    given = split(text)
    if not given or {flag.removeprefix("!") for flag in given} - set(FLAGS):
        raise ValueError("a list of " + ", ".join(FLAGS) + ", each of which may be negated by !")
    return ",".join(sign + flag for flag in FLAGS for sign in ("", "!") if sign + flag in given)


def flags_within(one: str, other: str) -> bool:
    """Whoever has all flags of the first has those of the second."""
    return set(split(one)) >= set(split(other))


def flags_apart(one: str, other: str) -> bool:
    """A flag must be set here and must not be set there."""
    mine, yours = set(split(one)), set(split(other))
    return any(f"!{flag}" in yours for flag in mine) or any(f"!{flag}" in mine for flag in yours)


TCP_FLAGS = Kind("TCP flags", tcp_flags, STRINGS, within=flags_within, apart=flags_apart)


def direction_apart(one: str, other: str) -> bool:
    """`in,ipsec` excludes `in,none`; a packet in transit may well match one of each direction."""
    return one != other and one.partition(",")[0] == other.partition(",")[0]


IPSEC_POLICIES = ("in,ipsec", "in,none", "out,ipsec", "out,none")


def ipsec_policy(text: str) -> str:
    """Direction and policy without blanks."""
    plain = text.replace(" ", "")
    if plain not in IPSEC_POLICIES:
        raise ValueError("one of " + " ".join(IPSEC_POLICIES))
    return plain


IPSEC_POLICY = Kind(
    "IPsec policy", ipsec_policy, {"type": "str", "choices": list(IPSEC_POLICIES)}, apart=direction_apart, exact=True
)


def operator(*operators: str) -> Kind:
    """An operator and a number from 0 to 255: `less-than:5`."""

    def normal(text: str) -> str:
        name, _dummy, value = text.partition(":")
        if name in operators and value.isdigit() and int(value) <= 255:
            return f"{name}:{int(value)}"
        raise ValueError("one of " + ", ".join(f"{each}:0..255" for each in operators))

    return Kind("operator and number", normal, apart=never)


def one_span(low: int, high: int) -> Kind:
    """One number or one range of numbers: `1000` or `1000-1500`."""

    def normal(text: str) -> str:
        try:
            start, end = span(text, low, high)
        except ValueError:
            raise ValueError(f"a number or a range from {low} to {high}, such as 1000-1500") from None
        return str(start) if start == end else f"{start}-{end}"

    return Kind("number or range", normal, within=spans_within, apart=spans_apart)


def amount(text: str) -> str:
    """`0-100k` in plain numbers: 0-100000; an upper bound of 0 means none."""
    found = re.fullmatch(r"(\d+)([kMG]?)-(\d+)([kMG]?)", text)
    if not found:
        raise ValueError("a range such as 0-1000000, where 0 as upper bound means no bound")
    return f"{int(found[1]) * FACTORS[found[2]]}-{int(found[3]) * FACTORS[found[4]]}"


AMOUNT = Kind("amount", amount, apart=never)


def nth(text: str) -> str:
    """`every` or `every,packet` without leading zeros."""
    if not re.fullmatch(r"\d+(,\d+)?", text):
        raise ValueError("every,packet such as 2,1")
    return ",".join(str(int(part)) for part in text.split(","))


def connection_limit(longest: int) -> Kind:
    """Number of connections and the length of the prefix they are counted by."""

    def normal(text: str) -> str:
        found = re.fullmatch(r"(\d+),(\d+)", text.replace(" ", ""))
        if not found or int(found[2]) > longest:
            raise ValueError(f"count,netmask such as 100,{longest}")
        return f"{int(found[1])},{int(found[2])}"

    return Kind("connection limit", normal, apart=never)


def port_scan(text: str) -> str:
    """Weight, delay and the weights of low and high ports: `21,3s,3,1`."""
    found = re.fullmatch(r"(\d+),([\w:]+),(\d+),(\d+)", text.replace(" ", ""))
    try:
        if not found:
            raise ValueError
        return f"{int(found[1])},{DURATION.normal(found[2])},{int(found[3])},{int(found[4])}"
    except ValueError:
        raise ValueError("weight,delay,low-port-weight,high-port-weight such as 21,3s,3,1") from None


def classifier(text: str) -> str:
    """Fields to hash, denominator and remainder: `both-addresses:2/0`."""
    found = re.fullmatch(r"([a-z-]+):(\d+)/(\d+)", text)
    if not found or found[1] not in PCC_FIELDS or int(found[3]) >= int(found[2]):
        raise ValueError("field:denominator/remainder such as both-addresses:2/0, field being " + ", ".join(PCC_FIELDS))
    return f"{found[1]}:{int(found[2])}/{int(found[3])}"


HEADERS = ("hop", "dst", "route", "frag", "ah", "esp", "none", "proto")


def headers(text: str) -> str:
    """IPv6 extension headers in the router's order, and whether there may be others: `hop,frag:contains`."""
    words, colon, how = text.partition(":")
    given = set(split(words))
    if not given or given - set(HEADERS) or (colon and how not in ("contains", "exact")):
        raise ValueError("a list of " + ", ".join(HEADERS) + ", which :contains or :exact may follow")
    return ",".join(word for word in HEADERS if word in given) + colon + how


def icmp_options(text: str) -> str:
    """ICMP type with its code or range of codes; no code means all of them."""
    kind, _dummy, codes = text.partition(":")
    try:
        start, end = span(codes or "0-255", 0, 255)
        if span(kind, 0, 255) != (int(kind), int(kind)):
            raise ValueError
    except ValueError:
        raise ValueError("type:code such as 8:0, 3:0-15 or 8") from None
    return f"{int(kind)}:{start}" if start == end else f"{int(kind)}:{start}-{end}"


def icmp_within(one: str, other: str) -> bool:
    """The same type, and every code of the first is in the other."""
    (kind, _dummy, codes), (wider, _dummy, all_codes) = one.partition(":"), other.partition(":")
    return kind == wider and spans_within(codes, all_codes)


def icmp_apart(one: str, other: str) -> bool:
    """Another type, or no common code."""
    (kind, _dummy, codes), (wider, _dummy, all_codes) = one.partition(":"), other.partition(":")
    return kind != wider or spans_apart(codes, all_codes)


def identity(*words: str) -> Kind:
    """An IKE identity: a word, or `address:`, `fqdn:`, `user-fqdn:` or `key-id:` with its value."""
    forms = ("address", "fqdn", "user-fqdn", "key-id")
    allowed = "one of " + ", ".join([*words, *(f"{form}:VALUE" for form in forms)])

    def normal(text: str) -> str:
        form, colon, value = text.partition(":")
        if text in words:
            return text
        if not colon or form not in forms or not value:
            raise ValueError(allowed)
        return f"{form}:{address(value)}" if form == "address" else text

    return Kind("identity", normal)


NTH = Kind("nth", nth, apart=never)
CONNECTION_LIMIT = connection_limit(32)
CONNECTION_LIMIT6 = connection_limit(128)
IPV6_HEADERS = Kind("IPv6 headers", headers, apart=never)
PORT_SCAN = Kind("port scan", port_scan, apart=never)
CLASSIFIER = Kind("classifier", classifier, apart=never)
ICMP_OPTIONS = Kind("ICMP type", icmp_options, within=icmp_within, apart=icmp_apart)
