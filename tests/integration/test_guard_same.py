# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change under the guard comes to the same as one without it."""

from __future__ import annotations

from random import Random
from typing import Any

from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import ask, guarded_twin
from tests.integration.playing import content

CASES = 60
Rows = list[dict[str, Any]]
TABLES = {
    "firewall_filter": ("forward", "forward", "mine", "input"),
    "firewall_nat": ("srcnat", "dstnat"),
    "firewall_mangle": ("forward", "prerouting"),
    "firewall_raw": ("prerouting",),
    "ipv6_firewall_filter": ("forward", "input"),
}
OWN = {"owner": ["own"]}


def rule(dice: Random, module: str, name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"chain": dice.choice(TABLES[module]), "action": "accept", "comment": name}
    if dice.random() < 0.7:
        made |= {"protocol": "udp", "dst_port": str(dice.choice((53, 123, 500)))}
    if dice.random() < 0.3 and module in ("firewall_filter", "firewall_raw"):
        made |= {"protocol": "udp", "action": "drop"}
    if dice.random() < 0.2:
        made["disabled"] = True
    if dice.random() < 0.2:
        made["log"] = True
    if made["chain"] == "forward" and dice.random() < 0.2 and module == "firewall_filter":
        made |= {"action": "jump", "jump_target": "mine"}
    return made


def rules(dice: Random, module: str, owner: str, most: int) -> Rows:
    names = dice.sample(range(8), dice.randint(0, most))
    return [rule(dice, module, f"{owner}: {name}") for name in names]


def wish(dice: Random) -> dict[str, Any]:
    found: dict[str, Any] = {module: rules(dice, module, "own", 6) for module in TABLES}
    addresses = dice.sample(range(1, 9), dice.randint(0, 4))
    found["firewall_address_list"] = [
        {"list": "office", "address": f"192.0.2.{n}", "comment": f"own: {n}", "disabled": dice.random() < 0.2}
        for n in addresses
    ]
    if dice.random() < 0.5:
        found["ip_service"] = [{"name": "telnet", "disabled": dice.random() < 0.5}]
    return found


def settled(server: Server, guard: str, foreign: dict[str, Any], wishes: list[dict[str, Any]]) -> dict[str, Any]:
    """What stands after one wish upon the other, and that a second run changes nothing."""
    free = {"effective": False}
    ask(server, "config", {"config": foreign, "guard": "never", **free})
    for each in wishes:
        ask(server, "config", {"config": each, "state": "overridden", "scope": OWN, "guard": guard, **free})
        told = ask(server, "config", {"config": each, "state": "overridden", "scope": OWN, "guard": guard, **free})
        assert told["changed"] is False, told["commands"]
    return {path: _plain(rows) for path, rows in content(server).items() if "firewall" in path or path == "/ip/service"}


def _plain(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows that are on, in their order, then those that are off, whose place has no meaning."""
    kept = [{name: text for name, text in row.items() if name not in ("bytes", "packets")} for row in rows]
    off = sorted((row for row in kept if row.get("disabled") == "true"), key=lambda row: sorted(row.items()))
    return [row for row in kept if row.get("disabled") != "true"] + off


def test_it_comes_to_the_same(make_twin: MakeTwin) -> None:
    for number in range(CASES):
        dice = Random(number)
        foreign = {module: rules(dice, module, "theirs", 4) for module in TABLES}
        wishes = [wish(dice) for _dummy in range(3)]
        ends = []
        for guard in ("never", "always"):
            server = guarded_twin(make_twin, {}, defconf=number % 2 == 0)
            ends.append(settled(server, guard, foreign, wishes))
            server.stop()
        assert ends[0] == ends[1], f"case {number}"
