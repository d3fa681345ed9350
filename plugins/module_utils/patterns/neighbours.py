# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses the tunnels need that stand on a router already and are not spoken of now.

Address lists hold an address once, whoever needs it. So an entry stays as long as one tunnel needs it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import RANGE_OR_NAME

Rows = Sequence[Mapping[str, object]]
Found = Mapping[str, Rows]
"""Entries of a router by module name, as state `gathered` returns them."""
Place = tuple[str, str]
"""An address list and an address in it."""


def plain(address: object) -> str:
    """An address as an address list spells it: a host has no mask."""
    try:
        return RANGE_OR_NAME.normal(str(address))
    except ValueError:
        return str(address)


def still_needed(found: Found, settings: Settings, marks: Collection[str]) -> dict[Place, set[str]]:
    """For each entry of the lists that stands, the names of the tunnels that need it and are not among the marks."""
    needs = defaultdict[Place, set[str]](set)
    for mark, place in _needs(found, settings):
        if mark.startswith(f"{settings.prefix}-") and mark not in marks:
            needs[place].add(mark.removeprefix(f"{settings.prefix}-"))
    standing = {(str(row.get("list")), plain(row.get("address"))) for row in found.get("firewall_address_list", ())}
    return {place: names for place, names in needs.items() if place in standing}


def _needs(found: Found, settings: Settings) -> Iterator[tuple[str, Place]]:
    """Marks of tunnels with an address list and an address in it that they need."""
    for row in found.get("ipsec_peer", ()):
        yield str(row.get("name")), (settings.peers, plain(row.get("address")))
    for row in found.get("ipsec_policy", ()):
        peers = row.get("peer")
        for mark in peers if isinstance(peers, list | tuple) else ():
            yield str(mark), (settings.remote, plain(row.get("dst_address")))
