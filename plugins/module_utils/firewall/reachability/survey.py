# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what, from a router's entries: makes them ready, and asks about a change beside what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...engine.entry import Entry
from ...schema.addresses import ADDRESS
from ...schema.elsewhere import INTERFACE
from ...schema.family import IPV4, Family
from ...schema.interfaces import LIST, LIST_MEMBER
from ...schema.menus import BY_PATH
from ...schema.model import Menu
from ..tables import FILTERS, LISTS, TABLES, firewall_of
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
READ: tuple[Menu, ...] = (
    *(INTERFACE, LIST, LIST_MEMBER, ADDRESS, *TABLES, *LISTS.values()),
    *(menu for path, menu in BY_PATH.items() if path in SETTINGS),
)
"""What has to be read, dynamic entries included."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One version of IP of a router: what decides who reaches it, now or after a change, and what is around it."""

    gate: Gate
    today: Gate | None
    """What decides now, where `gate` is that of a change."""
    land: Landscape


def survey(
    tables: Tables,
    outside: frozenset[str],
    members: Mapping[str, frozenset[str]],
    services: Sequence[Service],
    asked: Sequence[Asked] = (),
    before: Tables | None = None,
) -> list[Row]:
    """Rows for the sources asked about, or all there are, strangers from outside first; raises NoSuchSource."""
    return rows_of(scenes_of(tables, outside, members, before), services, asked)


def scenes_of(
    tables: Tables, outside: frozenset[str], members: Mapping[str, frozenset[str]], before: Tables | None = None
) -> list[Scene]:
    """IPv4, and IPv6 if its filter has rules: IPv6 may be off.

    `outside` names the interface lists among `members` that face the outside; `before` are the tables of today, where
    `tables` are those of a change.
    """
    ruled = {menu for each in (tables, before or {}) for menu, entries in each.items() if entries}
    interfaces = frozenset(entry.values.get("name", "") for entry in tables.get(INTERFACE, ()))
    scenes = []
    for family in (each for each in FILTERS if each is IPV4 or FILTERS[each] in ruled):
        gate = gate_of(tables, family)
        today = gate_of(before, family) if before is not None else None
        firewalls = tuple(each.firewall for each in (gate, today) if each)
        land = Landscape(firewalls, gate.networks, interfaces, outside, members)
        scenes.append(Scene(gate, today, land))
    return scenes


def rows_of(scenes: Sequence[Scene], services: Sequence[Service], asked: Sequence[Asked] = ()) -> list[Row]:
    """As `survey` gives them."""
    sources = _asked(scenes, asked) if asked else [default_sources(scene.land) for scene in scenes]
    pairs = zip(scenes, sources, strict=True)
    rows = (row for scene, some in pairs for row in reach(scene.gate, some, services, scene.today))
    return sorted(rows, key=lambda row: row.origin)


def _asked(scenes: Sequence[Scene], asked: Sequence[Asked]) -> list[list[Source]]:
    """The sources asked about, each in the scenes that know it; raises NoSuchSource for one that none does."""
    found: list[list[Source]] = [[] for _scene in scenes]
    for index, each in enumerate(asked):
        refusals = []
        for scene, sources in zip(scenes, found, strict=True):
            try:
                sources.append(asked_source(scene.land, each, f"reach.sources[{index}]"))
            except NoSuchSource as refusal:
                refusals.append(refusal)
        if len(refusals) == len(scenes):
            raise refusals[0]
    return found


def gate_of(tables: Tables, family: Family = IPV4) -> Gate:
    """What of a router decides who can reach it, from its entries; the addresses it has in IPv6 are not known."""
    networks = networks_of(entry.values for entry in tables.get(ADDRESS, ())) if family is IPV4 else {}
    own = frozenset(str(net.ip) for nets in networks.values() for net in nets)
    known = family is IPV4 and ADDRESS in tables
    return Gate(firewall_of(tables, family, own if known else None), networks, settings_of(tables))
