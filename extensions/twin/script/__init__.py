# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RouterOS's scripting language, as far as the twin speaks it; README.md says how far that is.

`read` makes commands of a text, a Machine runs them. An unknown word is an error and never skipped.
"""

from __future__ import annotations

from .data import spell
from .errors import Halted, NotCode, ScriptError, Unplayed
from .evaluator import Machine, Steps
from .parser import read
from .quoting import quote
from .tree import RouterTree

__all__ = (
    "Halted",
    "Machine",
    "NotCode",
    "RouterTree",
    "ScriptError",
    "Steps",
    "Unplayed",
    "quote",
    "read",
    "spell",
)
