# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes may be under way at the same time: a stage begins when the one before it is known to have worked."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.eclipse import DENY
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values


def stages(changes: Iterable[Change]) -> list[list[Change]]:
    """Cut a plan where a change could hurt if one before it had been refused.

    A drop must not arrive when the accept above it did not, and nothing is removed before its replacement stands.
    """
    result: list[list[Change]] = []
    for change in changes:
        if not result or (hurts(change) and not all(hurts(earlier) for earlier in result[-1])):
            result.append([])
        result[-1].append(change)
    return result


def hurts(change: Change) -> bool:
    """Whether a change takes something away or denies traffic."""
    match change:
        case Remove():
            return True
        case Move():
            return change.entry.values.get("action") in DENY
        case Add():
            return change.values.get("action") in DENY
        case Set():
            return changed_values(change).get("action") in DENY
