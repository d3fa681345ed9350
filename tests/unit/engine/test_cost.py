# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan costs, counted in comparisons of values and rules: never more than n log n of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from math import log2
from random import Random

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine import match, plan, stage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall import placement
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.index import Index
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

from tests.unit.engine.router import FILTER, NAT, PEER, POLICY, entries, planned

Case = tuple[Menu, list[Entry], list[dict[str, str]]]
N = 128


def address(n: int) -> str:
    return f"10.{n // 256}.{n % 256}.1"


def own(n: int, **more: str) -> list[dict[str, str]]:
    return [
        {"chain": "input", "action": "accept", "src-address": address(i), "comment": f"own {i}", **more}
        for i in range(n)
    ]


def theirs(rows: Iterator[dict[str, str]]) -> list[Entry]:
    return [Entry(f"*F{n}", {"chain": "input", "action": "drop", **row}) for n, row in enumerate(rows)]


def addresses(n: int) -> Case:
    return FILTER, theirs({"src-address": address(i + 30000)} for i in range(n)), own(n)


def spans(n: int) -> Case:
    rows = ({"src-address": f"11.0.{i // 16}.{i % 16 * 16}-11.0.{i // 16}.{i % 16 * 16 + 9}"} for i in range(n))
    return FILTER, theirs(rows), own(n)


def ports(n: int) -> Case:
    rows = ({"protocol": "tcp", "dst-port": f"{i + 30000}-{i + 30040}"} for i in range(n))
    wanted = [{**row, "protocol": "tcp", "dst-port": str(i)} for i, row in enumerate(own(n))]
    return FILTER, theirs(rows), wanted


def interfaces(n: int) -> Case:
    rows = ({"in-interface": f"vlan{i}"} for i in range(n))
    return FILTER, theirs(rows), [{**row, "in-interface": f"other{i}"} for i, row in enumerate(own(n))]


def translated(n: int) -> Case:
    rows = ({"chain": "srcnat", "action": "src-nat", "src-address": address(i + 30000)} for i in range(n))
    return NAT, theirs(rows), own(n, chain="srcnat")


def forwarded(n: int) -> Case:
    rows = ({"action": "dst-nat", "dst-address": "192.0.2.1", "dst-port": str(i), "protocol": "tcp"} for i in range(n))
    wanted = [{**row, "dst-address": row["src-address"]} for row in own(n)]
    return NAT, theirs(rows), wanted


def rotated(n: int) -> Case:
    return FILTER, list(entries(*own(n))), [*own(n)[1:], own(n)[0]]


def reversed_(n: int) -> Case:
    return FILTER, list(entries(*own(n))), own(n)[::-1]


def alike(n: int) -> Case:
    return (
        FILTER,
        list(entries(*[{"chain": "input", "protocol": "udp"}] * n)),
        [{"chain": "input", "protocol": "udp"}] * n,
    )


def changed(n: int) -> Case:
    return FILTER, list(entries(*own(n))), own(n, action="drop")


def renamed(n: int) -> Case:
    have = entries(*({"name": f"old{i}", "address": address(i)} for i in range(n)))
    return PEER, list(have), [{"name": f"new{i}", "address": address(i)} for i in range(n)]


def some_matchers(dice: Random, n: int) -> dict[str, str]:
    """Any of ten matchers, so that nearly every rule has a shape of its own."""
    known = {
        "src-address": f"10.{dice.randrange(256)}.0.0/{dice.choice([8, 12, 16])}",
        "dst-address": f"10.{dice.randrange(256)}.{dice.randrange(256)}.0/24",
        "src-address-list": f"list{dice.randrange(100)}",
        "in-interface-list": f"list{dice.randrange(6)}",
        "connection-state": dice.choice(["new", "established", "invalid"]),
        "protocol": dice.choice(["tcp", "udp"]),
        "limit": "10,5:packet",
        "content": f"text{n}",
        "packet-mark": f"mark{dice.randrange(50)}",
        "src-mac-address": "48:8F:5A:00:00:01",
    }
    return {name: text for name, text in known.items() if dice.random() < 0.4}


def varied(n: int) -> Case:
    dice = Random(n)
    foreign = theirs({"action": dice.choice(["accept", "drop"]), **some_matchers(dice, i)} for i in range(n))
    return FILTER, foreign, [{**row, **some_matchers(dice, i)} for i, row in enumerate(own(n))]


def varied_and_harmless(n: int) -> Case:
    """Nothing stands in the way, so no search ends early."""
    dice = Random(n)
    foreign = theirs({**some_matchers(dice, i), "content": f"other{i}", "protocol": "tcp"} for i in range(n))
    wanted = ({**row, **some_matchers(dice, i), "protocol": "tcp"} for i, row in enumerate(own(n)))
    return FILTER, foreign, list(wanted)


def varied_translations(n: int) -> Case:
    dice = Random(n)

    def row(i: int, at: int, **more: str) -> dict[str, str]:
        found = {**some_matchers(dice, i), "chain": "srcnat", "dst-address": address(at), **more}
        return {name: text for name, text in found.items() if name != "connection-state"}

    foreign = theirs(row(i, i + 30000, action="src-nat") for i in range(n))
    return NAT, foreign, [row(i, i, action="accept", comment=f"own {i}") for i in range(n)]


def policies(n: int) -> Case:
    rows = [
        {"peer": "b", "src-address": f"10.{i // 256}.{i % 256}.0/24", "dst-address": "172.16.0.0/12"} for i in range(n)
    ]
    have = entries(*({**row, "dst-address": "192.168.0.0/16"} for row in rows))
    return POLICY, list(have), rows


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the planner looks at a value or at a pair of rules."""
    count: Counter[str] = Counter()

    def wrap(module: object, name: str) -> None:
        original: Callable[..., object] = getattr(module, name)

        def counting(*arguments: object) -> object:
            count[name] += 1
            return original(*arguments)

        monkeypatch.setattr(module, name, counting)

    for module, name in (
        (match, "held"),
        (plan, "held"),
        (placement, "order"),
        (stage, "spell"),
    ):
        wrap(module, name)
    return count


@pytest.mark.parametrize("state", ["merged", "overridden"])
@pytest.mark.parametrize(
    "shape",
    [
        *(addresses, spans, ports, interfaces, translated, forwarded),
        *(rotated, reversed_, alike, changed, renamed, policies),
        *(varied, varied_and_harmless, varied_translations),
    ],
)
def test_looking_at_rules_grows_no_faster_than_n_log_n(
    shape: Callable[[int], Case], state: str, counted: Counter[str]
) -> None:
    totals = []
    for n in (N, 4 * N):
        counted.clear()
        menu, have, want = shape(n)
        planned(menu, have, want, state)
        totals.append(counted.total())
    assert totals[0] > N
    assert totals[1] / totals[0] <= 1.05 * 4 * log2(4 * N) / log2(N)


def test_the_count_notices_a_plan_that_compares_everything(
    counted: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Index, "near", lambda _self, _box, bits: bits)
    monkeypatch.setattr(Index, "around", lambda _self, _box, bits: bits)
    totals = []
    for n in (N // 4, N):
        counted.clear()
        planned(*addresses(n))
        totals.append(counted.total())
    assert totals[1] / totals[0] > 4 * log2(N) / log2(N // 4)
