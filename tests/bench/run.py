# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Round trips and CPU of converged runs, and of planning long firewalls; seconds are of this machine, ratios travel."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".collections"), str(ROOT / "extensions"), str(ROOT / "tools")]

from ansible_collections.vpnops.mikrotik.plugins.filter.site_to_site import compiled  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import (  # noqa: E402
    request_from,
    spec_of,
    validate,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Target  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Move  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import perform  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.firewall import FILTER  # noqa: E402
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets  # noqa: E402
from twin import Server  # noqa: E402

VERSION = (7, 22, 3)
TUNNELS = (1, 100, 1000)
RULES = (1250, 5000)


def tunnels(number: int) -> list[dict[str, Any]]:
    """That many tunnels from one site."""
    return [
        {
            "name": f"site{n}",
            "remote_address": f"198.18.{n // 250}.{n % 250 + 1}",
            "local_subnets": ["192.168.10.0/24"],
            "remote_subnets": [f"10.{n // 250}.{n % 250}.0/24"],
            "psk": "a-secret-for-the-benchmark",
        }
        for n in range(number)
    ]


def converge(server: Server, number: int) -> dict[str, Any]:
    """One run of the module `config`, arguments and all."""
    found = compiled(tunnels(number))
    arguments = {"config": found["config"], "state": "overridden", "scope": {"owner": found["owners"]}}
    request = request_from("config", validate(spec_of("config"), arguments))
    return perform(request, Target("127.0.0.1", port=server.port, transport="api"), Secrets())


def measure_converged() -> Iterator[tuple[int, int, float]]:
    """Number of tunnels, round trips after the TCP handshake, and CPU seconds of ours in a run that changes nothing."""
    for number in TUNNELS:
        with Server() as server:
            converge(server, number)
            answering = _cpu_of_the_twin(server)
            server.reset_counters()
            started = process_time()
            assert not converge(server, number)["changed"]
            yield number, server.round_trips, process_time() - started - answering


def _cpu_of_the_twin(server: Server) -> float:
    """CPU seconds that the twin, a thread of this process, takes to answer the same read."""
    paths = ("ipsec/profile", "ipsec/proposal", "ipsec/peer", "ipsec/identity", "ipsec/policy")
    tables = ("firewall/address-list", "firewall/nat", "firewall/filter")
    started = process_time()
    for path in (*paths, *tables):
        server.router.call(f"/ip/{path}/print")
    return process_time() - started


def rules(number: int) -> list[dict[str, str]]:
    """Rules as people write them: half for single hosts, half for ports."""
    return [
        {"chain": "forward", "action": "accept", "src-address": f"10.{n // 65536}.{n // 256 % 256}.{n % 256}"}
        if n % 2
        else {"chain": "input", "action": "accept", "protocol": "tcp", "dst-port": str(n + 1), "comment": f"rule {n}"}
        for n in range(number)
    ]


def entries(rows: list[dict[str, str]]) -> tuple[Entry, ...]:
    """The rows as a router has them."""
    return tuple(Entry(f"*{n:X}", row) for n, row in enumerate(rows, 1))


def foreign(number: int) -> tuple[Entry, ...]:
    """Drops of somebody else that could each concern any rule."""
    row = {"chain": "forward", "action": "drop"}
    return entries(
        [{**row, "in-interface-list": f"list{n}", "dst-address": f"172.16.0.0/{n % 16 + 16}"} for n in range(number)]
    )


def varied(number: int, seed: int) -> list[dict[str, str]]:
    """Any of ten matchers each, so that nearly every rule has a shape of its own."""
    dice = Random(seed)
    return [
        {"chain": "forward", "action": dice.choice(["accept", "drop"]), "comment": f"{seed}-{n}", **_some(dice, n)}
        for n in range(number)
    ]


def _some(dice: Random, n: int) -> dict[str, str]:
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


SHAPES: dict[str, Callable[[int], tuple[tuple[Entry, ...], list[dict[str, str]]]]] = {
    "converged": lambda n: (entries(rules(n)), rules(n)),
    "all new": lambda n: ((), rules(n)),
    "first to the end": lambda n: (entries(rules(n)), [*rules(n)[1:], rules(n)[0]]),
    "reversed": lambda n: (entries(rules(n)), rules(n)[::-1]),
    "above as many of others": lambda n: (foreign(n), rules(n)),
    "as varied as can be": lambda n: (entries(varied(n // 2, 1)), varied(n - n // 2, 2)),
}


def measure_plans() -> Iterator[tuple[str, list[float], int]]:
    """Shape of the change, CPU seconds for each size in RULES, and moves of the largest."""
    for name, shape in SHAPES.items():
        seconds: list[float] = []
        moves = 0
        for number in RULES:
            have, want = shape(number)
            started = process_time()
            found = plan({FILTER: have}, Intent({FILTER: want}, effective=False), VERSION)
            seconds.append(process_time() - started)
            moves = sum(isinstance(change, Move) for change in found)
        yield name, seconds, moves


def measure_session() -> float:
    """CPU seconds to log in and read one line: what every task pays."""
    with Server() as server:
        started = process_time()
        session = open_session(Target("127.0.0.1", port=server.port, transport="api"))
        session.run([Command("/system/resource", "print")])
        session.close()
        return process_time() - started


def main() -> None:
    """Print all figures."""
    print("One run of `config` that changes nothing (plain API):")
    print(f"  {'tunnels':>8} {'round trips':>12} {'CPU ms':>8} {'ms per tunnel':>14}")
    measure_session()
    for number, trips, seconds in measure_converged():
        print(f"  {number:>8} {trips:>12} {seconds * 1000:>8.0f} {seconds * 1000 / number:>14.2f}")
    print(f"\nPlanning {RULES[0]} and {RULES[1]} rules (n log n would be a ratio of 4.8):")
    print(f"  {'change':<24} {'CPU s':>7} {'CPU s':>7} {'ratio':>6} {'moves':>6}")
    for name, (small, large), moves in measure_plans():
        print(f"  {name:<24} {small:>7.3f} {large:>7.3f} {large / small:>6.1f} {moves:>6}")


if __name__ == "__main__":
    main()
