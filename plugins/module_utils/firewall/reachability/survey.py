# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what, from a router's entries: makes them ready, and asks about a change beside what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...engine.entry import Entry
from ...schema.addresses import ADDRESS
from ...schema.elsewhere import INTERFACE
from ...schema.family import IPV4, IPV6, Family
from ...schema.firewall import (
    ADDRESS_LIST,
    ADDRESS_LIST6,
    FILTER,
    FILTER6,
    NAT,
    RAW,
)
from ...schema.interfaces import LIST, LIST_MEMBER
from ...schema.menus import BY_PATH
from ...schema.model import Menu
from ..tables import firewall_of
from .reach import Gate, Row, reach
from .services import SETTINGS, Service, settings_of
from .sources import (
    Asked,
    Landscape,
    NoSuchSource,
    Source,
    asked_source,
    default_sources,
    networks_of,
)

Tables = Mapping[Menu, Sequence[Entry]]
RULES = {IPV4: FILTER, IPV6: FILTER6}
READ: tuple[Menu, ...] = (
    *(INTERFACE, LIST, LIST_MEMBER, ADDRESS, ADDRESS_LIST, FILTER, NAT, RAW, ADDRESS_LIST6, FILTER6),
    *(menu for path, menu in BY_PATH.items() if path in SETTINGS),
)
"""What has to be read, dynamic entries included."""


def survey(
    tables: Tables,
    outside: frozenset[str],
    members: Mapping[str, frozenset[str]],
    services: Sequence[Service],
    asked: Sequence[Asked] = (),
    before: Tables | None = None,
) -> list[Row]:
    """Rows for the sources asked about, or all there are, strangers from outside first; raises NoSuchSource.

    `outside` names the interface lists among `members` that face the outside; `before` are the tables of today, where
    `tables` are those of a change. An IPv6 filter without rules is left out, since IPv6 may be off.
    """
    ruled = {menu for each in (tables, before or {}) for menu, entries in each.items() if entries}
    families = [family for family in RULES if family is IPV4 or RULES[family] in ruled]
    interfaces = frozenset(entry.values.get("name", "") for entry in tables.get(INTERFACE, ()))
    lands, gates = {}, {}
    for family in families:
        gate = gate_of(tables, family)
        today = gate_of(before, family) if before is not None else None
        gates[family] = (gate, today)
        firewalls = tuple(each.firewall for each in (gate, today) if each)
        lands[family] = Landscape(firewalls, gate.networks, interfaces, outside, members)
    sources = _asked(lands, asked) if asked else {family: default_sources(land) for family, land in lands.items()}
    rows = (row for family, (gate, today) in gates.items() for row in reach(gate, sources[family], services, today))
    return sorted(rows, key=lambda row: row.origin)


def _asked(lands: Mapping[Family, Landscape], asked: Sequence[Asked]) -> dict[Family, list[Source]]:
    """The sources asked about, each in the families that know it; raises NoSuchSource for one that none does."""
    found: dict[Family, list[Source]] = {family: [] for family in lands}
    for index, each in enumerate(asked):
        refusals = []
        for family, land in lands.items():
            try:
                found[family].append(asked_source(land, each, f"reach.sources[{index}]"))
            except NoSuchSource as refusal:
                refusals.append(refusal)
        if len(refusals) == len(lands):
            raise refusals[0]
    return found


def gate_of(tables: Tables, family: Family = IPV4) -> Gate:
    """What of a router decides who can reach it, from its entries; the addresses it has in IPv6 are not known."""
    networks = networks_of(entry.values for entry in tables.get(ADDRESS, ())) if family is IPV4 else {}
    own = frozenset(str(net.ip) for nets in networks.values() for net in nets)
    known = family is IPV4 and ADDRESS in tables
    return Gate(firewall_of(tables, family, own if known else None), networks, settings_of(tables))
