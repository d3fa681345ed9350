# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queue types: of what they can say, each prints what is of its own kind."""

from __future__ import annotations

from collections.abc import Collection

from ..menus.queues import OF_KIND
from ..model import Row
from .base import Behaviour


class QueueTypes(Behaviour):
    """An entry keeps what it was told of other kinds, but does not show it."""

    def hides(self, row: Row) -> Collection[str]:
        return {field.name for kind, fields in OF_KIND.items() if kind != row.values["kind"] for field in fields}
