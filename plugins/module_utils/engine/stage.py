# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes may be under way at the same time: a stage begins when the one before it is known to have worked."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Row, spell, switched_off
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall import actions
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field


def stages(changes: Iterable[Change]) -> list[list[Change]]:
    """Cut a plan where a change could hurt if one before it had been refused.

    A drop must not arrive when the accept above it did not, nothing is removed before its replacement stands, and
    what others name stays until they are known to be gone: the router would keep them with a name that leads nowhere.
    """
    result: list[list[Change]] = []
    harmless = True
    named: set[str] = set()
    for change in changes:
        cut = hurts(change)
        if not result or (cut and harmless) or (isinstance(change, Remove) and change.menu.places & named):
            result.append([])
            harmless, named = False, set()
        result[-1].append(change)
        harmless = not cut
        named |= change.menu.refers if isinstance(change, Remove) else set()
    return result


def denies(values: Row) -> bool:
    """Whether an entry denies traffic."""
    return actions.denies(values.get("action")) and not switched_off(values)


def permits(values: Row) -> bool:
    """Whether an entry lets traffic pass."""
    return "action" in values and actions.permits(values["action"]) and not switched_off(values)


def hurts(change: Change) -> bool:
    """Whether a change takes something away or denies traffic."""
    match change:
        case Remove():
            return True
        case Move():
            return denies(change.entry.values)
        case Add():
            return denies(change.values)
        case Set() if change.menu.cuts:
            return True
        case Set():
            before, after = change.entry.values, changed_values(change)
            if not denies(before) and switched_off(after) and not switched_off(before):
                return True
            return denies(after) or (permits(before) and not (permits(after) and _keeps(change)))


def _keeps(change: Set) -> bool:
    """Whether a rule goes on to match all that it matched."""
    old = change.entry.values
    for name, text in change.values.items():
        item = change.menu.by_name[name]
        if item.matches and not (name in old and _within(item, spell(item, old[name]), spell(item, text))):
            return False
    return True


def _within(item: Field, text: str, other: str) -> bool:
    """Whether a matcher's value lies in another; of values that the schema does not understand nothing is known."""
    try:
        return item.kind.within(text, other)
    except ValueError:
        return text == other
