# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the analysis of a large firewall costs, counted in rules that are compared one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall import index

from tests.unit.firewall.firewalls import judged

MANY = 5000
PER_RULE = 60
Firewall = Callable[[int], Iterator[str]]


def hosts(n: int) -> Iterator[str]:
    for i in range(n - 1):
        yield f"input accept protocol=tcp dst-port={i % 1000 + 1} src-address=10.{i // 256}.{i % 256}.1"
    yield "input drop"


def blocked(n: int) -> Iterator[str]:
    yield from (f"input drop src-address=10.{i // 256}.{i % 256}.0/24" for i in range(n - 1))
    yield "input drop src-address=10.0.0.0/8"


def lists(n: int) -> Iterator[str]:
    yield from (f"forward accept src-address-list=a{i} dst-address-list=b{i % 7}" for i in range(n))


def alike(n: int) -> Iterator[str]:
    yield from ("input accept protocol=udp dst-port=500" for _dummy in range(n))


def mixed(n: int) -> Iterator[str]:
    dice = Random(1)
    for _dummy in range(n):
        words = [dice.choice(["input", "forward", "x", "y"]), dice.choice(["accept", "drop", "log"])]
        if words[0] in ("input", "forward") and dice.random() < 0.05:
            words = [words[0], "jump", f"jump-target={dice.choice('xy')}"] if dice.random() < 0.02 else words
        if dice.random() < 0.6:
            words.append(f"src-address=10.{dice.randrange(256)}.{dice.randrange(256)}.0/{dice.choice([16, 24, 32])}")
        if dice.random() < 0.7:
            words += ["protocol=tcp", f"dst-port={dice.randrange(60000)}-{60000 + dice.randrange(5000)}"]
        if dice.random() < 0.3:
            words.append(f"src-address-list=l{dice.randrange(1000)}")
        yield " ".join(words)


@pytest.mark.parametrize("firewall", [hosts, blocked, lists, alike, mixed])
def test_each_rule_is_compared_with_few_others(firewall: Firewall, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = counted(monkeypatch)
    judged(*firewall(MANY))
    assert looks() < PER_RULE * MANY


def test_the_count_notices_an_index_that_does_not_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = counted(monkeypatch)
    monkeypatch.setattr(index.Dimension, "misses", lambda _self, _low, _high: 0)
    judged(*hosts(500))
    assert looks() > PER_RULE * 500


def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many boxes all indexes made from now on have looked at."""
    made: list[index.Index] = []
    original = index.Index.__init__

    def making(self: index.Index, *arguments: object) -> None:
        made.append(self)
        original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(index.Index, "__init__", making)
    return lambda: sum(each.looks for each in made)
