# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands: from a command to its replies."""

from __future__ import annotations

from .dispatch import execute
from .reading import only_listed

__all__ = ("execute", "only_listed")
