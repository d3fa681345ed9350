# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live twins: routers whose firewall and IPsec move real packets, in network namespaces of their own.

Nothing of the ordinary twin imports this. See the README for what a machine must have, and for what is not played.
"""

from __future__ import annotations

from .lab import Done, Lab, Place, Trouble
from .needs import missing
from .topology import Gateway, Host, Internet, Plan, Router

__all__ = ("Done", "Gateway", "Host", "Internet", "Lab", "Place", "Plan", "Router", "Trouble", "missing")
