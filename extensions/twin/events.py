# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that run because something happened: a moment came, or a host went down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .actor import Actor
from .errors import Trap
from .script import ScriptError
from .verbs.scripts import admit, count_run

if TYPE_CHECKING:
    from .router import Router


def launch(
    router: Router, event: str, actor: Actor, origin: str, told: str, given: Mapping[str, str] | None = None
) -> None:
    """The event is a script's name or, if there is none of that name, the script itself.

    `told` is what the log says besides the error if it fails, `{}` in it the name of what runs; `given` are variables
    that it finds.
    """
    script = router.tables["/system/script"].by_name(event)
    told = told.format(event if script else origin)
    if script is not None:
        try:
            admit(actor, script)
        except Trap as refusal:
            router.jobs.failed(origin, ScriptError(refusal.message, refusal.category), told)
            return
        count_run(router, script)
    router.jobs.start(script.values["source"] if script else event, actor, origin, told, given=given)
