# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin that enforces its own firewall on the clients that manage it."""

from __future__ import annotations

from .chains import ACCEPTED, DROPPED, REFUSED
from .passage import Gate, Passage
from .seat import DENIED, Seat, Unplayed

__all__ = ("ACCEPTED", "DENIED", "DROPPED", "REFUSED", "Gate", "Passage", "Seat", "Unplayed")
