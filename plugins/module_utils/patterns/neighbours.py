# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses the tunnels need that stand on a router already and are not spoken of now.

Address lists hold an address once, whoever needs it. So an entry stays as long as one tunnel needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Names
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import RANGE_OR_NAME

Key = TypeVar("Key")
Row = Mapping[str, object]
Rows = Sequence[Row]
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


def standing(found: Found, modules: Iterable[str], marks: Collection[str]) -> set[str]:
    """Names of entries that stand in these menus, other than `marks`: the tunnels that are not spoken of."""
    return {str(row.get("name")) for module in modules for row in found.get(module, ())} - set(marks)


def still_needed(found: Found, names: Names, others: Collection[str]) -> dict[Place, set[str]]:
    """For each entry of the address lists the tunnels of `others`, by mark, that it was made for."""

    def place(row: Row) -> Place:
        return str(row.get("list")), plain(row.get("address"))

    return needs(found.get("firewall_address_list", ()), place, names, others)


def needs(rows: Rows, key: Callable[[Row], Key], names: Names, others: Collection[str]) -> dict[Key, set[str]]:
    """For each row by its key the tunnels of `others` that its comment names: `s2s: berlin, rome`."""
    found: dict[Key, set[str]] = {}
    for row in rows:
        named = str(row.get("comment", "")).removeprefix(f"{names.prefix}: ").split(", ")
        needing = {name for name in named if f"{names.prefix}-{name}" in others}
        if needing:
            found[key(row)] = needing
    return found


def needed_by(names: Names, tunnels: Iterable[str]) -> str:
    """The comment that names them."""
    return f"{names.prefix}: {', '.join(sorted(tunnels))}"
