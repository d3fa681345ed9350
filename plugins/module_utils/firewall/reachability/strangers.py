# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public addresses that stand for strangers: no rule means them in particular."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from itertools import count, islice, pairwise

from ...schema.family import IPV4, IPV6, Family
from ..tables import addresses_in

Span = tuple[int, int]
Spans = tuple[Span, ...]
WIDE = {IPV4: 2**20, IPV6: 2**96}
"""A rule or a list for as many addresses names nobody: strangers are among them."""
PUBLIC = {IPV4: (0, 2**32 - 1), IPV6: (0x2 << 124, (0x4 << 124) - 1)}
"""Where public addresses are."""
RESERVED = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20")]
"""Addresses of protocols and of documentation, which versions of Python take for public ones."""
USUAL = {IPV4: PUBLIC[IPV4], IPV6: (0x26 << 120, (0x27 << 120) - 1)}
"""Where those are that stand for most."""
TRIES, FEW_TRIES = 4096, 64
MOST_SPANS = 64
"""Spans of wide rules and lists in which a stranger is looked for."""
FALLBACK = {IPV4: "198.51.100.1", IPV6: "2001:db8::1"}


def unnamed(spans: Iterable[Span], family: Family) -> str:
    """A public address outside of all spans but the widest."""
    taken = addresses_in((low, high) for low, high in spans if high - low < WIDE[family])
    low, high = USUAL[family]
    some = scatter_public(low, high, family, TRIES)
    return next((spelled(each, family) for each in some if each not in taken), FALLBACK[family])


def pick_in_wide_spans(groups: Iterable[Spans], family: Family) -> Iterator[str]:
    """A public address in each part of the widest spans, and of what is between them, that nothing narrower names."""
    wide: list[Spans] = []
    narrow: list[Spans] = []
    for group in groups:
        (wide if sum(high - low + 1 for low, high in group) >= WIDE[family] else narrow).append(group)
    taken = addresses_in(span for group in narrow for span in group)
    for low, high in _cut(wide, family) if wide else ():
        some = (each for each in scatter_public(low, high, family, FEW_TRIES) if each not in taken)
        yield from (spelled(each, family) for each in islice(some, 1))


def scatter_public(low: int, high: int, family: Family, tries: int) -> Iterator[int]:
    """Public addresses scattered over a span, the same ones each time; of IPv6, host 1 of networks."""
    step, host = (1, 0) if family is IPV4 else (2**88, 1)
    many = max((high - low + 1) // step, 1)
    for index in islice(count(1), tries):
        number = min(low + index * 2654435761 % many * step + host, high)
        address = ipaddress.ip_address(spelled(number, family))
        if address.is_global and not address.is_multicast and not any(address in net for net in RESERVED):
            yield number


def _cut(groups: Iterable[Spans], family: Family) -> Iterator[Span]:
    """The public addresses, cut at the ends of the widest spans of each group."""
    lowest, highest = PUBLIC[family]
    edges = {lowest, highest + 1}
    for group in groups:
        spans = sorted(group, key=lambda span: span[0] - span[1])[:MOST_SPANS]
        edges |= {edge for low, high in spans for edge in (low, high + 1) if lowest <= edge <= highest}
    yield from ((low, high - 1) for low, high in pairwise(sorted(edges)))


def spelled(number: int, family: Family) -> str:
    """The address that a number is."""
    return str(ipaddress.IPv4Address(number) if family is IPV4 else ipaddress.IPv6Address(number))
