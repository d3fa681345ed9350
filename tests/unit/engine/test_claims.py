# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that peers hand on: never two initiators for one, in no state of the plan and of the way back."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.invert import invert
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.router import PEER, Router, entries, planned, told

Addresses = dict[str, str]
V7 = (7, 24)


def peers(text: str) -> list[dict[str, str]]:
    """`a=1 b=2` are two peers, `a=1-` is one that is off."""
    pairs = (word.split("=") for word in text.split())
    return [
        {"name": name, "address": f"192.0.2.{number.rstrip('-')}", "disabled": "yes" if "-" in number else "no"}
        for name, number in pairs
    ]


@pytest.mark.parametrize(
    ("have", "want", "changes"),
    [
        pytest.param("a=1 b=2", "a=2 b=3", "set *1 3, set *0 2", id="handed-on"),
        pytest.param("a=1 b=2 c=3", "a=2 b=3 c=4", "set *2 4, set *1 3, set *0 2", id="a-row"),
        pytest.param("a=1 b=2", "a=2 b=1", "set *0 off, set *1 1, set *0 on 2", id="a-swap"),
        pytest.param("a=1 b=2 c=3", "a=2 b=3 c=1", "set *0 off, set *2 1, set *1 3, set *0 on 2", id="in-a-circle"),
        pytest.param("a=1 b=2", "a=2 b=2-", "set *1 off, set *0 2", id="from-one-that-goes-off"),
        pytest.param("a=1- b=2", "a=2 b=3", "set *1 3, set *0 on 2", id="to-one-that-goes-on"),
        pytest.param("a=1 b=2-", "a=2 b=2-", "set *0 2", id="what-is-off-has-nothing"),
        pytest.param("a=1 b=2", "a=2", "set *1 off, set *0 2, remove *1", id="from-one-that-leaves"),
        pytest.param("a=1", "n=1 a=2", "set *0 2, add n", id="to-a-new-one"),
        pytest.param("a=1 b=2", "a=1 b=2", "", id="nothing"),
    ],
)
def test_who_lets_go_first(have: str, want: str, changes: str) -> None:
    found = told(planned(PEER, entries(*peers(have)), peers(want), "overridden"))
    words = {"disabled=yes": "off", "disabled=no": "on"}
    short = [
        " ".join(words.get(word, word).removeprefix("address=192.0.2.") for word in text.split()) for text in found
    ]
    assert ", ".join(" ".join(sorted(text.split(), key=lambda word: word in "0123456789")) for text in short) == changes


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Peers before and after, each state without two enabled ones for an address."""

    def some() -> list[dict[str, str]]:
        names = draw(st.lists(st.sampled_from("abcdef"), unique=True))
        numbers = draw(st.permutations(range(1, 8)))
        return peers(
            " ".join(f"{n}={at}{draw(st.sampled_from(['', '', '-']))}" for n, at in zip(names, numbers, strict=False))
        )

    return some(), some()


@settings(deadline=None)
@given(exchanges(), st.sampled_from(["merged", "overridden"]), st.integers(0, 12))
def test_any_exchange_is_accepted_and_so_is_the_way_back(
    case: tuple[list[dict[str, str]], list[dict[str, str]]], state: str, sent: int
) -> None:
    before, after = case
    if state == "merged":
        before = [row for row in before if row["name"] in {each["name"] for each in after}]
    have = {PEER: entries(*before)}
    changes = planned(PEER, have[PEER], after, state, scope=Scope()).changes
    assert held(Router(have).run(changes)) == sorted(map(str, after))
    router = Router(have).run(changes[:sent])
    assert held(router.run(invert(have, router.tables(), {PEER: router.made}, V7))) == sorted(map(str, before))


def held(router: Router) -> list[str]:
    return sorted(str(row) for _dummy, row in router.rows[PEER])


def test_thousands_that_hand_on_are_no_matter() -> None:
    n = 3000
    have = entries(*({"name": f"p{i}", "address": f"10.0.{i // 256}.{i % 256}"} for i in range(n)))
    want = [{"name": f"p{i}", "address": f"10.0.{(i + 1) % n // 256}.{(i + 1) % n % 256}"} for i in range(n)]
    changes = planned(PEER, have, want).changes
    assert len(changes) == n + 1
    assert told(changes[:2]) == ["set *0 disabled=yes", f"set *{n - 1} address=10.0.0.0"]
