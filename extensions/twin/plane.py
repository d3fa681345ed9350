# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a router's configuration takes effect: nowhere, unless something with packets is plugged in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .model import Row, Values
from .table import Table


class Plane(Protocol):
    """What a router tells whoever moves its packets; all of it is called while the router is locked."""

    def check(self, table: Table, values: Values) -> None:
        """Raise Trap for an entry, in stored form, that cannot be put into effect."""

    def settle(self) -> None:
        """Put into effect what commands have changed; called at the end of each."""

    def refresh(self, path: str) -> None:
        """Bring a menu's rows up to what packets have done; called before somebody reads them."""

    def reset_counters(self, table: Table, rows: Sequence[Row]) -> None:
        """Let the counters of rules begin anew."""


class NoPlane:
    """A router whose configuration moves no packets."""

    def check(self, table: Table, values: Values) -> None:
        pass

    def settle(self) -> None:
        pass

    def refresh(self, path: str) -> None:
        pass

    def reset_counters(self, table: Table, rows: Sequence[Row]) -> None:
        pass
