# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router's IPsec menus, negotiated by a strongSwan of its own."""

from __future__ import annotations

from .negotiator import WATCHED, Negotiator

__all__ = ("WATCHED", "Negotiator")
