# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for all tunnel interfaces of a router."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Names


@dataclass(frozen=True)
class Settings(Names):
    """Names and switches for the tunnel interfaces of one router."""

    prefix: str = "rb"

    @property
    def tunnels(self) -> str:
        """Name of the interface list with all of them, for firewall, OSPF and BGP."""
        return f"{self.prefix}-tunnels"
