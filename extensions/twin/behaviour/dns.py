# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static names: whoever asked for one hears of its change."""

from __future__ import annotations

from ..model import Row
from .base import Behaviour
from .lists import AddressLists


class StaticNames(Behaviour):
    """An entry answers for its name while it is enabled."""

    def placed(self, _row: Row, _new: bool) -> None:
        self._tell()

    def dropped(self, _row: Row) -> None:
        self._tell()

    def _tell(self) -> None:
        for behaviour in self.router.behaviours.values():
            if isinstance(behaviour, AddressLists):
                behaviour.resolve_again()
