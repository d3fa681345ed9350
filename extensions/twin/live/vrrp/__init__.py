# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router's `/interface/vrrp`, played by an implementation of the protocol of the twin's own (RFC 5798, RFC 3768).

No daemon for it is needed, so any lab can have it, and what the router shows is what is spoken.
"""

from __future__ import annotations

from .routers import WATCHED, VirtualRouters, refuse

__all__ = ("WATCHED", "VirtualRouters", "refuse")
