# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reboot takes away: everything the router had made itself or kept in memory only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .behaviour.scheduler import Schedulers

if TYPE_CHECKING:
    from .router import Router

IN_MEMORY = ("/log", "/user/active")


def restart(router: Router) -> None:
    """Lose dynamic entries, the log, logins, global variables and running scripts; then plan for the start."""
    router.jobs.forget()
    router.agenda.clear()
    router.globals.clear()
    for path, table in router.tables.items():
        for row in [row for row in table.rows if row.dynamic or path in IN_MEMORY]:
            if table.by_id(row.id) is row:
                table.discard(row)
                router.behaviours[path].dropped(row)
                router.removed(table, row.id)
    for behaviour in router.behaviours.values():
        behaviour.booted()
    router.note("system,info", "router rebooted")


def schedulers(router: Router) -> Schedulers:
    found = router.behaviours["/system/scheduler"]
    assert isinstance(found, Schedulers)
    return found
