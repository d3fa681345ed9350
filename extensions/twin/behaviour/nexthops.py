# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which interface and neighbour a gateway is reached: on a connected network, or through other routes."""

from __future__ import annotations

import functools
import ipaddress

from ..model import Row
from ..table import Table


@functools.lru_cache(maxsize=4096)
def network(text: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(text)


def is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def leading_to(table: Table, address: str, target_scope: int) -> list[Row]:
    """Routes by which a gateway may be looked for, longest first: those whose scope its target scope allows.

    MikroTik's text has it that a scope up to the target scope will do; its example for 7, and users who came from 6,
    have a target scope above that of a static route. What works here works either way.
    """
    wanted = ipaddress.IPv4Address(address)

    def fits(row: Row) -> bool:
        above = target_scope - int(row.values["scope"])
        return (above >= 0 if row.builtin else above > 0) and wanted in network(row.values["dst-address"])

    def rank(row: Row) -> tuple[int, int]:
        return -network(row.values["dst-address"]).prefixlen, int(row.values["distance"])

    return sorted(filter(fits, table), key=rank)
