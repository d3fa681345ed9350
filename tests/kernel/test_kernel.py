# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation against the Linux kernel: random firewalls in nftables, random packets, the same rule must decide.

Each batch has a network namespace of its own, which ends with its process. `KERNEL_CASES` says how many packets
(1,000 of IPv4 and 500 of IPv6 unless given) and `KERNEL_SEED` which ones.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Decision, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet as Simulated
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV4, IPV6

from tests.kernel.cases import Case, random_case
from tests.kernel.nft import ABOVE, TABLES, Ruleset, named_sets, script
from tests.kernel.wire import ROUTER, Packet

ROOT = Path(__file__).parents[2]
SEED = "4711"
"""The same packets each time, so that whoever changes nothing breaks nothing."""
PACKETS = 5
"""Packets for each firewall."""
BATCH = 20
"""Firewalls for each namespace."""
WAYS = (["unshare", "-n", "-f", "--kill-child"], ["unshare", "-Urn", "-f", "--kill-child"])
NEEDED = (
    "table ip t {",
    "chain c { type nat hook prerouting priority -100;",
    "ct state new meta ipsec missing",
    "}",
    "}",
)
# What RouterOS calls a translation where no connection is or where nothing changes, and where a packet leaves that is
# sent elsewhere.
UNKNOWN = {"connection-nat-state", "out-interface", "out-interface-list", "ipsec-policy"}

Told = tuple[str, int]
"""What the kernel did, and the number of the rule that did it; 0: the end of the chain."""


def possible(way: list[str]) -> bool:
    """Whether namespaces may be made this way, and nftables works in them."""
    if not all(shutil.which(command) for command in ("unshare", "nft", "ip")):
        return False
    command = [*way, "nft", "-f", "-"]
    try:
        asked = subprocess.run(
            command, check=False, input="\n".join(NEEDED), text=True, capture_output=True, timeout=30
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


@pytest.fixture(scope="module")
def way() -> list[str]:
    """How to make a network namespace here."""
    for each in WAYS:
        if possible(each):
            return each
    pytest.skip("NOT compared with the kernel: this needs nftables, iproute2 and the right to make network namespaces")


def firewall(case: Case) -> Firewall:
    """A case as a router would have it."""

    def entries(rows: list[dict[str, str]]) -> tuple[Entry, ...]:
        return tuple(Entry(f"*{n}", row) for n, row in enumerate(rows, 1))

    tables = {name: entries(rows) for name, rows in case.rows.items()}
    lists = [{"list": name, "address": each} for name, found in case.addresses.items() for each in found]
    members = tuple({"list": name, "interface": each} for name, found in case.members.items() for each in found)
    return Firewall(
        **tables,
        address_list=entries(lists),
        members=members,
        local=frozenset({ROUTER[case.version]}),
        family={4: IPV4, 6: IPV6}[case.version],
    )


def simulated(packet: Packet) -> Simulated:
    """A packet as the simulation wants it."""
    known = {each.name: packet[each.name] for each in fields(Simulated) if each.name in packet}
    known["protocol"] = str(packet["protocol"])
    if "tcp_flags" in packet:
        known["tcp_flags"] = frozenset(packet["tcp_flags"])
    return Simulated(**known)


def kernel(way: list[str], cases: list[Case]) -> dict[int, list[Told]]:
    """What the kernel did to each packet of a batch, by the packet's number."""
    version = cases[0].version
    rulesets = [Ruleset(n, case.rows) for n, case in enumerate(cases)]
    ids = {packet["id"]: rulesets[n] for n, case in enumerate(cases) for packet in case.packets}
    sets = [named_sets(n, case.addresses, case.members) for n, case in enumerate(cases)]
    packets = [each for case in cases for each in case.packets]
    job = {"table": TABLES[version], "nft": script(rulesets, sets, ids, version), "packets": packets}
    asked = subprocess.run(
        [*way, sys.executable, str(ROOT / "tests/kernel/wire.py")],
        check=False,
        input=json.dumps(job),
        text=True,
        capture_output=True,
        timeout=120,
        cwd=ROOT,
    )
    assert asked.returncode == 0, asked.stderr[-4000:]
    found: dict[int, list[Told]] = {}
    for done, noted in json.loads(asked.stdout).items():
        for number, rule in noted:
            found.setdefault(number, []).append((done, rule))
    return found


def allowed(decision: Decision) -> set[Told]:
    """What may be seen of a packet when the simulation is right."""
    done = {Verdict.ACCEPT: "accepted", Verdict.DROP: "dropped"}
    return {
        (done[each.verdict], ABOVE[each.table] + int(each.rule.id[1:]) if each.rule else 0) for each in decision.endings
    }


def differences(case: Case, seen: dict[int, list[Told]], tally: Counter[str]) -> Iterator[str]:
    """Packets of which the kernel thinks otherwise."""
    rules = firewall(case)
    for packet in case.packets:
        decision = decide(rules, simulated(packet))
        found = seen.get(packet["id"], [])
        tally[decision.verdict.value] += 1
        tally["with dst-nat"] += bool(case.rows.get("nat"))
        verdicts = {"accepted": Verdict.ACCEPT, "dropped": Verdict.DROP}
        certain = decision.verdict in verdicts.values()
        right = len(found) == 1 and found[0] in allowed(decision)
        if not right or (certain and verdicts[found[0][0]] is not decision.verdict):
            yield f"{packet}\nsimulation: {decision}\nkernel: {found}\n{json.dumps(case.rows, indent=1)}"
        # These rules leave little unknown besides chance.
        doubts = {each.why.partition("=")[0] for each in decision.doubts if not each.chance}
        if decision.verdict is Verdict.CANNOT_TELL and not doubts <= UNKNOWN:
            yield f"{packet}\ncannot tell: {decision}"


@pytest.mark.parametrize(("version", "usual"), [(4, "1000"), (6, "500")])
def test_the_kernel_agrees(way: list[str], capsys: pytest.CaptureFixture[str], version: int, usual: str) -> None:
    wanted = int(os.environ.get("KERNEL_CASES", usual))
    seed = int(os.environ.get("KERNEL_SEED", SEED))
    dice, tally, wrong, started = Random(seed), Counter[str](), [], time.monotonic()
    for begin in range(0, wanted, PACKETS * BATCH):
        size = min(BATCH, -(-(wanted - begin) // PACKETS))
        numbers = (range(1 + n * PACKETS, 1 + (n + 1) * PACKETS) for n in range(size))
        cases = [random_case(dice, each, version) for each in numbers]
        seen = kernel(way, cases)
        wrong += [each for case in cases for each in differences(case, seen, tally)]
    with capsys.disabled():
        took = time.monotonic() - started
        what = f"IPv{version}, seed {seed}, {took:.1f} s, {len(wrong)} differences"
        print(f"\nkernel: {what}, {dict(sorted(tally.items()))}")
    assert not wrong, f"KERNEL_SEED={seed}: {len(wrong)} differ, such as\n" + "\n\n".join(wrong[:5])
    # Most answers have to be certain, or the comparison says little.
    assert min(tally["accept"], tally["drop"]) > wanted / 10
    assert tally["cannot tell"] < wanted / 20
