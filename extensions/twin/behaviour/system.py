# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time, version and services."""

from __future__ import annotations

import time

from ..model import Row, Values
from ..values.basic import spell_duration
from .base import Behaviour


class Resource(Behaviour):
    """The version that clients branch on."""

    def derived(self, _row: Row) -> Values:
        seconds = int(self.router.clock() - self.router.started)
        return {"uptime": spell_duration(seconds * 1000), "version": self.router.persona.release}


class Clock(Behaviour):
    """The twin's clock runs in UTC; setting it changes what is stored and nothing else."""

    def derived(self, _row: Row) -> Values:
        now = time.gmtime(self.router.clock())
        return {"time": time.strftime("%H:%M:%S", now), "date": time.strftime("%Y-%m-%d", now)}


class Services(Behaviour):
    """7.24 exports `address` under the name `available-from` and takes both."""

    def check(self, values: Values, _row: Row | None) -> None:
        if "available-from" in values:
            values["address"] = values.pop("available-from")


class Scripts(Behaviour):
    """Scripts belong to whoever made them."""

    def prepare(self, values: Values) -> None:
        super().prepare(values)
        values.setdefault("owner", "admin")


class ScriptJobs(Behaviour):
    """Removing a job stops it."""

    def dropped(self, row: Row) -> None:
        self.router.jobs.kill(row)
