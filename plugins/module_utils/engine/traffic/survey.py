# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what, from a router's entries: makes them ready, and asks about a change beside what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.reach import Gate, Row, reach
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.services import Service, listening
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.sources import (
    Asked,
    Landscape,
    asked_sources,
    default_sources,
    networks_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import (
    ADDRESS,
    INTERFACE,
    INTERFACE_LIST_MEMBER,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.firewall import ADDRESS_LIST, FILTER, NAT, RAW
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_PATH
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

Tables = Mapping[Menu, Sequence[Entry]]
SERVICE = "/ip/service"
READ: tuple[Menu, ...] = (
    *(INTERFACE, INTERFACE_LIST_MEMBER, ADDRESS, ADDRESS_LIST, FILTER, NAT, RAW),
    *(menu for path, menu in BY_PATH.items() if path == SERVICE),
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
    """Rows for the sources asked about, or all there are; raises NoSuchSource.

    `outside` names the interface lists among `members` that face the outside; `before` are the tables of today, where
    `tables` are those of a change.
    """
    gate = gate_of(tables)
    today = gate_of(before) if before is not None else None
    land = Landscape(
        tuple(each.firewall for each in (gate, today) if each),
        gate.networks,
        frozenset(entry.values.get("name", "") for entry in tables.get(INTERFACE, ())),
        outside,
        members,
    )
    sources = asked_sources(land, asked) if asked else default_sources(land)
    return list(reach(gate, sources, services, today))


def gate_of(tables: Tables) -> Gate:
    """What of a router decides who can reach it, from its entries."""
    networks = networks_of(entry.values for entry in tables.get(ADDRESS, ()))
    firewall = Firewall(
        filter=tuple(tables.get(FILTER, ())),
        raw=tuple(tables.get(RAW, ())),
        nat=tuple(tables.get(NAT, ())),
        address_list=tuple(tables.get(ADDRESS_LIST, ())),
        members=tuple(entry.values for entry in tables.get(INTERFACE_LIST_MEMBER, ())),
        local=frozenset(str(net.ip) for nets in networks.values() for net in nets) if ADDRESS in tables else None,
    )
    set_ = [entry for menu, entries in tables.items() if menu.path == SERVICE for entry in entries]
    return Gate(firewall, networks, listening(set_))
