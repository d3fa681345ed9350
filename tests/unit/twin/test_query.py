# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries: a stack of booleans with endless true below."""

from __future__ import annotations

import pytest
from twin.query import matches

ROW = {"name": "ether1", "type": "ether", "mtu": "1500", "disabled": "false", "comment": "", "up": "1d2h"}


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        pytest.param([], True, id="nothing-asked"),
        pytest.param(["name"], True, id="has"),
        pytest.param(["speed"], False, id="has-not"),
        pytest.param(["-speed"], True, id="lacks"),
        pytest.param(["-name"], False, id="lacks-not"),
        pytest.param(["name=ether1"], True, id="equal"),
        pytest.param(["=name=ether1"], True, id="equal-as-libraries-spell-it"),
        pytest.param(["name=ether"], False, id="no-prefix-matching"),
        pytest.param(["comment="], True, id="empty-value"),
        pytest.param(["speed="], False, id="missing-is-not-empty"),
        pytest.param(["disabled=no"], True, id="no-is-false"),
        pytest.param(["disabled=yes"], False, id="yes-is-not-false"),
        pytest.param([">mtu=200"], True, id="numbers-by-value"),
        pytest.param(["<mtu=200"], False, id="not-by-letters"),
        pytest.param([">up=25h"], True, id="times-by-length"),
        pytest.param(["<up=1d"], False, id="shorter-time"),
        pytest.param([">speed=1"], False, id="missing-is-not-greater"),
        pytest.param(["name=ether1", "type=vlan"], False, id="words-are-anded"),
        pytest.param(["type=vlan", "type=ether", "#|"], True, id="or"),
        pytest.param(["type=vlan", "type=gre", "#|"], False, id="or-of-two-false"),
        pytest.param(["type=vlan", "#!"], True, id="not"),
        pytest.param(["name=ether1", "type=vlan", "#&!"], True, id="not-and"),
        pytest.param(["type=vlan", "name=ether1", "#0"], True, id="number-at-the-end-replaces-the-stack"),
        pytest.param(["type=vlan", "name=ether1", "#1"], False, id="index-counts-from-the-top"),
        pytest.param(["name=ether1", "#.&"], True, id="dot-duplicates"),
        pytest.param(["type=vlan", "name=ether1", "#1|"], False, id="index-pushes-a-copy"),
        pytest.param(["#!"], False, id="endless-true-below"),
        pytest.param(["type=vlan", "#9"], True, id="far-below-is-true"),
    ],
)
def test_query(words: list[str], passes: bool) -> None:
    assert matches(words, ROW) is passes
