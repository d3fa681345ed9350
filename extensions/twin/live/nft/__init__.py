# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RouterOS firewall rules in the words of nftables."""

from __future__ import annotations

from .ruleset import Ruleset
from .translate import Rule, translate
from .world import Unmapped, World

__all__ = ("Rule", "Ruleset", "Unmapped", "World", "translate")
