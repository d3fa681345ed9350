# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules may have listed of a session while a change stood, and that the way back takes it away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.deadman import undo_script
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import NEW, stage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.traces import Trace, traces
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE

FILTER, RAW, LISTS = (BY_MODULE[name] for name in ("firewall_filter", "firewall_raw", "firewall_address_list"))
FILTER6, LISTS6 = BY_MODULE["ipv6_firewall_filter"], BY_MODULE["ipv6_firewall_address_list"]
CLIENT, ROUTER, CLIENT6 = "192.168.88.10", "192.168.88.1", "2001:db8::10"
BLOCK = {"chain": "input", "action": "add-src-to-address-list", "address-list": "blocked"}


def test_both_ends_of_the_session_are_taken_out_of_what_a_new_rule_fills() -> None:
    found = traces([Add(FILTER, BLOCK)], {}, [CLIENT, ROUTER])
    assert found == (Trace(LISTS, "blocked", ROUTER), Trace(LISTS, "blocked", CLIENT))


def test_rules_that_are_there_may_be_met_only_now() -> None:
    tables = {RAW: [Entry("*1", {**BLOCK, "chain": "aside", "action": "add-dst-to-address-list"})]}
    assert traces([], tables, [CLIENT]) == (Trace(LISTS, "blocked", CLIENT),)


def test_a_rule_that_is_off_lists_nobody_but_one_that_comes_is_off_at_first_only() -> None:
    off = {**BLOCK, "disabled": "yes"}
    assert traces([], {FILTER: [Entry("*1", off)]}, [CLIENT]) == ()
    assert traces([Add(FILTER, off)], {}, [CLIENT]) == (Trace(LISTS, "blocked", CLIENT),)


@pytest.mark.parametrize("written", [CLIENT, f"{CLIENT}/32"])
def test_what_was_listed_before_stays(written: str) -> None:
    listed = {LISTS: [Entry("*1", {"list": "blocked", "address": written})]}
    assert traces([Add(FILTER, BLOCK)], listed, [CLIENT]) == ()
    assert traces([Add(FILTER, {**BLOCK, "address-list": "others"})], listed, [CLIENT]) != ()


def test_each_family_has_lists_of_its_own() -> None:
    assert traces([Add(FILTER6, BLOCK)], {}, [CLIENT, CLIENT6]) == (Trace(LISTS6, "blocked", f"{CLIENT6}/128"),)
    assert traces([Add(FILTER, BLOCK)], {}, [CLIENT6]) == ()


@pytest.mark.parametrize("values", [{"chain": "input", "action": "drop"}, {**BLOCK, "address-list": ""}])
def test_other_rules_leave_no_traces(values: dict[str, str]) -> None:
    assert traces([Add(FILTER, values)], {}, [CLIENT]) == ()


def test_the_way_back_forgets_them_when_nothing_lists_any_more() -> None:
    staged = replace(stage([Add(FILTER, BLOCK)], {FILTER: []}), traces=(Trace(LISTS, 'a "b"', CLIENT),))
    lines = undo_script(staged, (7, 24)).split("\n")
    forgets = next(number for number, line in enumerate(lines) if "address-list" in line)
    removes = next(number for number, line in enumerate(lines) if f'comment~"^{NEW}"' in line)
    assert removes < forgets
    assert f'remove [/ip firewall address-list find where list="a \\"b\\"" and address="{CLIENT}"]' in lines[forgets]
