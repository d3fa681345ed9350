# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that run scripts by name."""

from __future__ import annotations

from collections.abc import Generator

from ..verbs.scripts import admit, count_run
from .data import Value
from .errors import NotCode, ScriptError, unplayed
from .evaluator import DEEPEST_RUN, Machine
from .parser import read
from .tree import RouterTree

Steps = Generator[float, None, Value]


def run_by_name(machine: Machine, name: str) -> Steps:
    """Run an entry of /system/script within a script that runs already."""
    row = machine.router.tables["/system/script"].need(name)
    if machine.depth >= DEEPEST_RUN:
        raise unplayed(f"scripts that run scripts {DEEPEST_RUN} deep")
    admit(machine.actor, row)
    count_run(machine.router, row)
    inner = Machine(machine.router, machine.actor, depth=machine.depth + 1)
    inner.output = machine.output
    try:
        code = read(row.values["source"], RouterTree(machine.router))
    except NotCode as error:
        # For the script that runs it this is an error like any other.
        raise ScriptError(error.text) from None
    return (yield from inner.start(code))
