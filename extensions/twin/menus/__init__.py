# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu trees the twin plays, one file per part of the tree."""

from __future__ import annotations

from ..model import Menu
from ..persona import Persona
from . import (
    certificates,
    dns,
    firewall,
    firewall6,
    interfaces,
    ipsec,
    ipsec_keys,
    logging,
    mac_access,
    network_services,
    queues,
    routes,
    system,
    tools,
    tunnels,
    users,
)

EVERY: tuple[Menu, ...] = (
    interfaces.INTERFACE,
    *tunnels.MENUS,
    *interfaces.MENUS,
    *routes.MENUS,
    *dns.MENUS,
    *ipsec.MENUS,
    *ipsec_keys.MENUS,
    *firewall.MENUS,
    *firewall6.MENUS,
    *certificates.MENUS,
    *system.MENUS,
    *logging.MENUS,
    *queues.MENUS,
    *tools.MENUS,
    *mac_access.MENUS,
    *network_services.MENUS,
    *users.MENUS,
)


def menus_of(persona: Persona) -> dict[str, Menu]:
    """Every menu this version has, by path; what references need comes before what refers."""
    found = (menu.for_persona(persona) for menu in EVERY)
    return {menu.path: menu for menu in found if menu is not None}
