# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns of scripts: POSIX's extended expressions, and none that only one of POSIX and Python knows."""

from __future__ import annotations

import pytest
from twin.script.errors import Unplayed
from twin.script.operators import pattern


@pytest.mark.parametrize(
    ("text", "found"),
    [("203[.]0[.]113[.]2(:|$)", "203.0.113.2:500"), ("^[.]a", ".a"), ("a[b]c[.]", "abc."), ("[:a]", ":")],
)
def test_dots_and_colons_within_brackets_are_themselves(text: str, found: str) -> None:
    assert pattern(text).search(found)
    assert not pattern(text).search("203x0x113x2")


@pytest.mark.parametrize("text", ["[[:digit:]]", "[a[.-.]]", r"\d", "(?:a)", "a+?"])
def test_what_only_one_of_them_knows_is_refused(text: str) -> None:
    with pytest.raises(Unplayed):
        pattern(text)
