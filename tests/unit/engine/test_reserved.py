# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guarded change has armed a router with is nobody else's to see, to have or to remove."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.deadman import AT_BOOT, NAME
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, check, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

SCRIPT, SCHEDULER = BY_MODULE["system_script"], BY_MODULE["system_scheduler"]
ROWS = [{".id": f"*{n}", "name": name, "comment": "ha: x"} for n, name in enumerate((NAME, AT_BOOT, "other"))]
both = pytest.mark.parametrize("menu", [SCRIPT, SCHEDULER], ids=lambda menu: menu.path)


@both
@pytest.mark.parametrize(
    ("state", "scope"), [("overridden", Scope()), ("overridden", Scope(("ha",))), ("deleted", Scope(("ha",)))]
)
def test_a_standing_guard_outlives_every_sweep(menu: Menu, state: str, scope: Scope) -> None:
    entries = read_entries(menu, ROWS)
    made = plan({menu: entries}, Intent({menu: []}, state, scope), (7, 22, 3))
    assert [change.entry.values["name"] for change in made.changes] == ["other"]


@both
@pytest.mark.parametrize("name", [NAME, AT_BOOT])
@pytest.mark.parametrize("state", ["merged", "replaced", "overridden", "deleted"])
def test_its_names_are_nobody_s_to_give(menu: Menu, name: str, state: str) -> None:
    with pytest.raises(Problem, match=f"{menu.path} name={name}: name: it is kept for guarded changes"):
        check(Intent({menu: [{"name": name}]}, state))
