# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret survives masking, and nothing else suffers from it."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.mask import Mask
from hypothesis import given
from hypothesis import strategies as st


def plainly(text: str, secrets: list[str]) -> str:
    """The same, one secret after the other."""
    for secret in sorted(filter(None, secrets), key=lambda each: (-len(each), each)):
        if secret in text:
            text = text.replace(secret, "********")
    return text


@given(st.lists(st.text("ab", max_size=6), max_size=6), st.text("abc ", max_size=30))
def test_no_secret_is_left(secrets: list[str], text: str) -> None:
    masked = Mask(secrets).text(text)
    assert [secret for secret in secrets if secret and secret in masked] == []
    if not any(secret and secret in text for secret in secrets):
        assert masked == text


@given(st.lists(st.text("ab", min_size=1, max_size=6), max_size=6), st.text("abc ", max_size=30))
def test_masking_at_once_is_masking_one_by_one(secrets: list[str], text: str) -> None:
    assert Mask(secrets).text(text) == plainly(text, secrets)


@pytest.mark.parametrize(
    ("secrets", "text", "masked"),
    [
        pytest.param(["abc", "abcdef"], "x abcdef", "x ********", id="the-longest-first"),
        pytest.param(["s"], "a s b", "a ******** b", id="a-short-one"),
        pytest.param(["", "xyz"], "abc", "abc", id="the-empty-text-is-none"),
        pytest.param(["größe"], "die größe", "die ********", id="letters-of-every-kind"),
    ],
)
def test_masking_text(secrets: list[str], text: str, masked: str) -> None:
    assert Mask(secrets).text(text) == masked


def test_masking_goes_deep_and_keeps_types() -> None:
    value = {"a": ["secret", 1, None, ("x secret",)], "b": {"c": True}}
    assert Mask(["secret"]).deep(value) == {"a": ["********", 1, None, ["x ********"]], "b": {"c": True}}
