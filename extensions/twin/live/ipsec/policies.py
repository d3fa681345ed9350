# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router's policies say, for whoever turns them into words of the daemon, of nftables or of routing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...model import Row, Values
from ...values.matchers import protocol_number

ANY = "0.0.0.0/0"
# How RouterOS prints a side that is anywhere.
ANYWHERE = ("::/0", ANY)


def in_force(policies: Iterable[Row]) -> Iterator[tuple[int, Row]]:
    """Policies that are on and no templates, each with its place, in the order in which they are asked."""
    for number, row in enumerate(policies):
        if row.values.get("disabled") != "true" and row.values.get("template") != "true":
            yield number, row


def network(values: Values, side: str) -> str:
    """The network of a side, `src` or `dst`; empty for anywhere."""
    found = values.get(f"{side}-address", "::/0")
    return "" if found in ANYWHERE else found


def protocol(values: Values) -> str:
    """The number of the protocol; empty for all."""
    found = values.get("protocol", "all")
    return "" if found in ("all", "255") else protocol_number(found)


def port(values: Values, side: str) -> str:
    """The port of a side; empty for any, and for protocols that are all."""
    found = values.get(f"{side}-port", "any")
    return "" if found in ("any", "0") or not protocol(values) else found
