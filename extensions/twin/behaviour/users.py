# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts and groups: the last full user stays, fixed groups stay."""

from __future__ import annotations

from ..errors import failure
from ..model import Row, Values
from .base import Behaviour

FULL = "*3"


class Users(Behaviour):
    """The router keeps one enabled user of group full, or nobody could ever get in again (wording unverified)."""

    def check(self, values: Values, row: Row | None) -> None:
        if row is not None and self._last_full(row) and (values["group"] != FULL or values["disabled"] == "true"):
            raise failure("at least one user with full permissions must remain")

    def check_removal(self, row: Row) -> None:
        if self._last_full(row):
            raise failure("at least one user with full permissions must remain")

    def _last_full(self, row: Row) -> bool:
        full = [each for each in self.table if each.values["group"] == FULL and each.values["disabled"] == "false"]
        return full == [row]


class Groups(Behaviour):
    """A group needs a name."""

    def prepare(self, values: Values) -> None:
        if not values.get("name"):
            raise failure("invalid group name")
