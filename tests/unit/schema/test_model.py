# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions: which menus and fields there are, and what a field holds when nobody set it."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import TEXT
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import (
    Field,
    Menu,
    Version,
    exists,
    parse_version,
)


@pytest.mark.parametrize(
    ("text", "version"),
    [("7.22.3 (stable)", (7, 22, 3)), ("7.24", (7, 24)), ("7.25beta3", (7, 25)), ("6.49.10", (6, 49, 10))],
)
def test_a_version_is_read_as_the_router_prints_it(text: str, version: Version) -> None:
    assert parse_version(text) == version


def test_a_text_without_numbers_is_no_version() -> None:
    with pytest.raises(ValueError, match="'stable' is not a RouterOS version"):
        parse_version("stable")


@pytest.mark.parametrize(
    ("since", "until", "version", "there"),
    [
        pytest.param(None, None, "7.10", True, id="always"),
        pytest.param("7.21", None, "7.20.8", False, id="not-yet"),
        pytest.param("7.21", None, "7.21", True, id="from-its-first-version"),
        pytest.param(None, "7.15", "7.15.3", True, id="still-in-a-patch-of-the-last-version"),
        pytest.param(None, "7.15", "7.16", False, id="gone"),
        pytest.param("7.23.2", None, "7.23.1", False, id="a-patch-before"),
    ],
)
def test_things_come_and_go_with_versions(since: str | None, until: str | None, version: str, there: bool) -> None:
    assert exists(since, until, parse_version(version)) is there
    assert Field("x", TEXT, "", since=since, until=until).on(parse_version(version)) is there
    assert Menu("/x", "", (), since=since, until=until).on(parse_version(version)) is there


@pytest.mark.parametrize(("version", "default"), [("6.49", "2m"), ("7.15.3", "2m"), ("7.16", "8s"), ("7.24", "8s")])
def test_a_default_can_change_with_the_version(version: str, default: str) -> None:
    assert Field("x", TEXT, "", {"7.10": "2m", "7.16": "8s"}).default_on(parse_version(version)) == default


@pytest.mark.parametrize(
    ("names", "mark"), [(("name", "comment"), "comment"), (("name",), "name"), (("peer", "id"), None)]
)
def test_an_owner_marks_the_comment_else_the_name(names: tuple[str, ...], mark: str | None) -> None:
    assert Menu("/x", "", tuple(Field(name, TEXT, "") for name in names)).mark == mark
