# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry belongs to the owner whose mark it begins with."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope, bears
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text("a-:/ *", max_size=6)


@pytest.mark.parametrize(
    ("text", "mark", "borne"),
    [
        ("s2s-a", "s2s-a", True),
        ("s2s-a: IKE", "s2s-a", True),
        ("s2s-ab", "s2s-a", False),
        ("s2s-a-b: IKE", "s2s-a", False),
        ("my s2s-a", "s2s-a", False),
        ("s2s-ab", "s2s-*", True),
        ("s2s", "s2s-*", False),
        ("site b: IKE", "site b", True),
        ("site bc", "site b", False),
        ("s2s-a office printers", "s2s-a", False),
        ("s2s (old)", "s2s", False),
        ("s2s-a/first", "s2s-a", True),
        ("s2s-a/first: by fibre", "s2s-a/first", True),
        ("s2s: IKE", "s2s:", True),
        ("s2s", "s2s:", False),
        ("s2s-a: IKE", "s2s:", False),
        ("s2s: a: IKE", "s2s: a", True),
        ("", "s2s", False),
    ],
)
def test_a_mark_is_borne_as_a_whole_word(text: str, mark: str, borne: bool) -> None:
    assert bears(text, mark) is borne


@given(TEXTS, st.lists(TEXTS, max_size=5))
def test_many_marks_are_looked_up_as_one_is(text: str, marks: list[str]) -> None:
    assert Scope(tuple(marks)).bears_mark(text) == any(bears(text, mark) for mark in marks)
