# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gives a command, and what the policies of that user's group allow."""

from __future__ import annotations

from dataclasses import dataclass

from .menus.users import POLICIES


@dataclass(frozen=True)
class Actor:
    """A logged-in user; `address` is empty for the in-process caller."""

    name: str = "admin"
    policies: frozenset[str] = frozenset(POLICIES)
    address: str = ""

    def may(self, policy: str) -> bool:
        return policy in self.policies


LOCAL = Actor()
# cli.md, 11: scripts of netwatch run as a system user with these rights alone; its global variables are nobody else's.
SYSTEM = Actor("*sys", frozenset(("read", "write", "test", "reboot")))
