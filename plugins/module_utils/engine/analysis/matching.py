# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a rule's matchers to the region of packets that they match."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.analysis.region import (
    TOPS,
    Box,
    Spans,
    full,
    meets,
    others,
    spans_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.eclipse import Rule
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import FLAGS, PROTOCOLS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import bounds, spans, split
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field

STATES = ("invalid", "established", "related", "new", "untracked")
NUMBERS = {name: int(number) for number, name in PROTOCOLS.items()}
ICMP = ("icmp", "icmpv6")
WITH_PORTS = frozenset({"tcp", "udp", "udp-lite", "sctp", "dccp"})
# Of two such matchers, even equal ones, each counts for itself: that one matched says nothing of the other.
METERS = frozenset({"limit", "dst-limit", "connection-limit", "connection-rate", "nth", "random", "psd"})
# A fragment other than the first has no ports, no flags and no ICMP type, and no rule that asks for them matches it.
HEADER: Mapping[str, Spans] = {"header": ((1, 1),)}


@dataclass(frozen=True)
class Region:
    """The packets that a rule can match, and whether it surely matches all of them."""

    boxes: tuple[Box, ...] = ({},)
    exact: bool = True
    metered: bool = False
    opaque: tuple[str, ...] = field(default=())
    """Matchers whose meaning is unknown."""


def region_of(rule: Rule, unstable: frozenset[str] = frozenset()) -> Region:
    """The region of a rule; of matchers that are `unstable` nothing is concluded, as rules on the way change them."""
    boxes: tuple[Box, ...] = ({},)
    opaque: list[str] = []
    metered = vague = False
    for item, text in rule.matchers.items():
        if item.name in METERS:
            metered = True
        elif item.name in unstable or f"{item.name}={text.removeprefix('!')}" in unstable:
            vague = True
        elif (found := _boxes(item, text)) is None:
            opaque.append(item.name)
        else:
            boxes = meets(boxes, found)
            vague = vague or not _fits(item.name, rule)
    return Region(boxes, not (metered or vague or opaque), metered, tuple(opaque))


def _fits(name: str, rule: Rule) -> bool:
    """Whether the matcher stands beside the protocol it needs; without it we do not know what it does."""
    protocol = next((text for item, text in rule.matchers.items() if item.name == "protocol"), "")
    if name in ("port", "src-port", "dst-port"):
        return protocol in WITH_PORTS
    return protocol in {"tcp-flags": ("tcp",), "icmp-options": ICMP}.get(name, (protocol,))


def _boxes(item: Field, text: str) -> tuple[Box, ...] | None:
    """The boxes of one matcher; None where the schema does not understand its value."""
    negated, plain = text.startswith("!"), text.removeprefix("!")
    try:
        item.kind.normal(text)
        if item.name == "tcp-flags":
            return (
                {**HEADER, **{f"tcp-flag:{flag}": _bit(flag in split(text)) for flag in FLAGS if _names(text, flag)}},
            )
        if item.name == "port":
            return _either_port(spans_of(spans(plain)), negated)
        return _single(item.name, plain, negated)
    except ValueError:
        return None


def _names(text: str, flag: str) -> bool:
    return bool({flag, f"!{flag}"} & {*split(text)})


def _single(name: str, plain: str, negated: bool) -> tuple[Box, ...]:
    if name == "ipsec-policy":
        direction, _dummy, policy = plain.partition(",")
        return ({f"ipsec-policy:{direction}": _bit(policy == "ipsec")},)
    if name == "fragment":
        return ({name: _bit(plain == "yes")},)
    if name not in READERS or plain.startswith("all-"):
        return ({f"{name}={plain}": _bit(not negated)},)
    found = READERS[name](plain)
    dim = f"{name}6" if name in ("src-address", "dst-address") and ":" in plain else name
    box = {dim: others(found, dim) if negated else found}
    if name in ("src-port", "dst-port", "icmp-options"):
        box |= HEADER
    return (box,) if full(box) else ()


def _either_port(ports: Spans, negated: bool) -> tuple[Box, ...]:
    """`port` matches a packet of which either side is in the list."""
    no_source, no_destination = others(ports, "src-port"), others(ports, "dst-port")
    if negated:
        neither = {**HEADER, "src-port": no_source, "dst-port": no_destination}
        return (neither,) if full(neither) else ()
    replies = {**HEADER, "src-port": ports, "dst-port": no_destination}
    return ({**HEADER, "dst-port": ports}, *((replies,) if full(replies) else ()))


def _bit(yes: bool) -> Spans:
    return ((1, 1),) if yes else ((0, 0),)


def name_number(name: str) -> Spans:
    """A name as a number of its own."""
    number = int.from_bytes(b"\1" + name.encode(), "big")
    if number > TOPS["in-interface"]:
        raise ValueError
    return ((number, number),)


def _addresses(text: str) -> Spans:
    start, end = bounds(text)
    return ((int(start), int(end)),)


IPV6_FROM = 1 << 40


def addresses(text: str) -> Spans:
    """Addresses as numbers; those of IPv6 lie above those of IPv4."""
    start, end = bounds(text)
    base = 0 if start.version == 4 else IPV6_FROM
    return ((base + int(start), base + int(end)),)


def _protocol(text: str) -> Spans:
    number = NUMBERS[text] if text in NUMBERS else int(text)
    return ((number, number),)


def _icmp(text: str) -> Spans:
    kind, _dummy, codes = text.partition(":")
    # 255 stands for any type in Linux; what RouterOS makes of it is unknown.
    if int(kind) == 255:
        raise ValueError
    return spans_of((int(kind) * 256 + low, int(kind) * 256 + high) for low, high in spans(codes))


def _states(text: str) -> Spans:
    return spans_of((STATES.index(word), STATES.index(word)) for word in split(text))


def _numbers(text: str) -> Spans:
    return spans_of(spans(text))


READERS: Mapping[str, Callable[[str], Spans]] = {
    **dict.fromkeys(("src-address", "dst-address"), _addresses),
    **dict.fromkeys(("src-port", "dst-port", "packet-size", "dscp"), _numbers),
    **dict.fromkeys(("in-interface", "out-interface", "in-bridge-port", "out-bridge-port"), name_number),
    **dict.fromkeys(("packet-mark", "connection-mark"), name_number),
    **{"protocol": _protocol, "icmp-options": _icmp, "connection-state": _states},
}
