# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands on what only one enabled entry may have: nobody asks for it before its holder has let go.

What has to make room is switched off, never removed early: so it keeps its id, and all that names it still does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.match import claim
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version


def handed_on(
    menu: Menu, sets: Sequence[Set], made: Iterable[Change], leaving: Iterable[Entry], version: Version
) -> list[Set]:
    """The Sets of an exclusive menu, and before them what has to be switched off for them.

    `made` are changes that come after, `leaving` the entries that will be removed after those.
    """
    claims = {claim(menu, changed_values(change), version) for change in sets}
    claims |= {claim(menu, change.values, version) for change in made if isinstance(change, Add)}
    blocking = (entry for entry in leaving if claim(menu, entry.values, version) in claims - {None})
    return [*(_off(menu, entry) for entry in blocking), *sets]


def _off(menu: Menu, entry: Entry) -> Set:
    return Set(menu, entry, {"disabled": "yes"})
