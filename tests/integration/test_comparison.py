# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/comparison.md says of this collection is what a run finds; the other side is measured by `make bench`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from twin import DEFAULT_VERSION

from tests.bench.sides import Ours, Theirs
from tests.bench.situations import SITUATIONS, TESTED_ELSEWHERE, Situation

PAGE = (Path(__file__).parents[2] / "docs" / "comparison.md").read_text()
LINE = re.compile(r"^\| (?P<situation>.+) \| (?P<theirs>.+) \| (?P<ours>.+) \|$", re.MULTILINE)


def written() -> Mapping[str, str]:
    """Our column of the page; a line that goes on from the one above it is known by both."""
    found, above = {}, ""
    for line in LINE.finditer(PAGE):
        situation = line["situation"]
        above = above if situation.startswith("...") else situation
        found[above + situation.removeprefix(above)] = line["ours"]
    return found


@pytest.mark.parametrize(
    "situation", [each for each in SITUATIONS if each not in TESTED_ELSEWHERE], ids=lambda each: each.__name__
)
def test_the_page_says_what_is_found(situation: Situation) -> None:
    column, above = written(), ""
    for label, found in situation(Ours()):
        above = above if label.startswith("...") else label
        assert column[above + label.removeprefix(above)] == found


def test_the_page_names_the_versions() -> None:
    assert re.search(rf"^\| Situation \| {Theirs.name} [0-9.]+ \| {Ours.name} \|$", PAGE, re.MULTILINE)
    assert f"RouterOS {DEFAULT_VERSION}" in PAGE
