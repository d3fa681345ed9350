# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What another controller left of a guarded change: its end is awaited or brought about, its traces are taken away."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Refused, Session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.deadman import FINISH, NAME, cleaning_script
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import (
    ASK_BOOT,
    ASK_SCRIPT,
    ASK_TIMER,
    BREATH,
    GRACE,
    POLICY,
    SCHEDULER,
    SCRIPT,
    Watch,
    run_script,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import LONGEST

LOOKS = 3
"""How often a script has to be seen without a timer to be taken for one that never was armed."""


def settle(session: Session, router: str, watch: Watch) -> str:
    """See the end of a guarded change that another controller left; returns a sentence on what became of it.

    While the router would still undo it, somebody may be at work: then wait.
    """
    began = watch.now()
    looks = LOOKS
    while True:
        script, timer, boot = session.run([ASK_SCRIPT, ASK_TIMER, ASK_BOOT])
        if not script.rows:
            return "another guarded change was under way; it has ended, and this one began after it"
        if not timer.rows and (looks := looks - 1):
            # Whoever arms it sends both at once, but one comes after the other.
            watch.pause(BREATH)
            continue
        if not timer.rows:
            # It never was armed: nothing was changed, and what it would bring back may be out of date by now.
            rest = [(SCRIPT, row) for row in script.rows] + [(SCHEDULER, row) for row in boot.rows]
            session.run([Command(path, "remove", {".id": row.get(".id", "")}) for path, row in rest])
            return "another controller had prepared a guarded change and not begun it; what it had left was removed"
        if not timer.rows[0].get("next-run"):
            finished = script.rows[0].get("source", "").startswith(FINISH)
            run_script(session)
            return f"an earlier change was left half done; it was {'finished' if finished else 'undone'} first"
        if watch.now() - began > LONGEST + GRACE:
            when = timer.rows[0]["next-run"]
            raise Refused(router, f"another guarded change is under way until {when}; nothing was changed")
        watch.pause(BREATH)


def clean(session: Session, menus: Sequence[Menu]) -> None:
    """Take away what a guarded change left whose script is gone."""
    source = cleaning_script([menu for menu in menus if "comment" in menu.by_name])
    session.run([Command(SCRIPT, "add", {"name": NAME, "source": source, "policy": POLICY})])
    run_script(session)
