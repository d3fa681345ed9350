# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses the tunnels need that stand on a router already and are not spoken of now.

Address lists hold an address once, whoever needs it. So an entry stays as long as one tunnel needs it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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
    """For each entry of the lists the standing tunnels, other than `marks`, that it was made for.

    Its comment names them: `s2s: berlin, rome`.
    """
    others = {str(row.get("name")) for row in found.get("ipsec_peer", ())} - set(marks)
    needs: dict[Place, set[str]] = {}
    for row in found.get("firewall_address_list", ()):
        names = str(row.get("comment", "")).removeprefix(f"{settings.prefix}: ").split(", ")
        standing = {name for name in names if f"{settings.prefix}-{name}" in others}
        if standing:
            needs[str(row.get("list")), plain(row.get("address"))] = standing
    return needs
