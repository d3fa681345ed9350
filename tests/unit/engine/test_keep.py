# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that only new entries are given."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan

from tests.unit.engine.router import PEER, POLICY, V7, Row, entries

ROAD = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "tunnel": "yes"}
WAYS = [{**ROAD, "peer": "hq-a", "comment": "ha-a"}, {**ROAD, "peer": "hq-b", "disabled": "yes", "comment": "ha-b"}]
SWITCHED = [{**WAYS[0], "disabled": "true"}, {**WAYS[1], "disabled": "false"}]


@pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
@pytest.mark.parametrize("have", [WAYS, SWITCHED], ids=["as-made", "switched-over"])
def test_what_the_router_changes_by_itself_stays(state: str, have: list[Row]) -> None:
    peers = {PEER: entries({"name": "hq-a"}, {"name": "hq-b"})}
    keep = {POLICY: frozenset({"disabled"})}
    tables = {**peers, POLICY: entries(*have)}
    assert not plan(tables, Intent({POLICY: WAYS}, state, keep=keep), V7).changes
    other = [{**row, "level": "unique"} for row in WAYS]
    changes = plan(tables, Intent({POLICY: other}, state, keep=keep), V7).changes
    assert [change.values for change in changes if isinstance(change, Set)] == [{"level": "unique"}] * 2
    assert len(changes) == 2


def test_new_entries_are_given_what_the_router_changes_later() -> None:
    changes = plan(
        {POLICY: ()}, Intent({POLICY: WAYS}, "overridden", keep={POLICY: frozenset({"disabled"})}), V7
    ).changes
    assert [change.values.get("disabled") for change in changes if isinstance(change, Add)] == [None, "yes"]
