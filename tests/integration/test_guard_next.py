# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes next: the same task right after its controller died, or after a timer that did half of it."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

import pytest
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import (
    TIMEOUT,
    Killing,
    ask,
    drained,
    guarded_twin,
    in_a_process,
    snapshot,
    watch,
)
from tests.integration.test_guard import SEED, change, held

FILTER = "/ip/firewall/filter"
RULE = {"chain": "input", "action": "drop", "protocol": "tcp"}
HALF_DONE = "an earlier change was left half done; it was {} first"


@pytest.fixture
def undisturbed(make_twin: MakeTwin) -> dict[str, Any]:
    """What a router holds that was changed in peace."""
    server = guarded_twin(make_twin, SEED)
    change(server)
    found = held(server)
    server.stop()
    return found


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_next_run_comes_at_once(
    make_twin: MakeTwin, undisturbed: dict[str, Any], moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does not wait longer than the router would, and then does what is to be done."""
    notes = Counter[str]()
    for nth in count(1):
        faults = Killing(nth=nth, moment=moment)
        server = guarded_twin(make_twin, SEED, faults=faults)
        in_a_process(faults, lambda server=server: change(server))  # type: ignore[misc]
        if not faults.killed:
            break
        drained(server)
        pauses: list[float] = []
        told = change(server, watch=watch(server, pauses))
        notes["; ".join(told["warnings"]) or "nothing to tell"] += 1
        where = f"killed {moment} sentence {nth}"
        assert sum(pauses) <= TIMEOUT + 2, where
        assert held(server) == undisturbed, where
        assert change(server)["changed"] is False, where
        assert "vpnops-guard" not in str(snapshot(server)), where
        server.stop()
    assert len(notes) >= 3
    with capsys.disabled():
        print(f"\n  next run at once, killed {moment} each of {nth - 1} sentences: {dict(notes)}")


def left_behind(make_twin: MakeTwin, source: str) -> Server:
    """A router whose scheduler has run the script, which was not through with it."""
    server = guarded_twin(make_twin, {})
    server.router.add(FILTER, chain="input", protocol="icmp", comment="vpnops-guard-new: own: x", disabled="yes")
    server.router.add("/system/script", name="vpnops-guard", source=source)
    moment = {"start_date": "2026-01-01", "start_time": "03:05:00"}
    server.router.add("/system/scheduler", name="vpnops-guard", interval="0s", on_event="vpnops-guard", **moment)
    return server


AWAY = "/system script remove [find]\n/system scheduler remove [find]"


@pytest.mark.parametrize(
    ("source", "end", "there"),
    [
        (f'# undoes\n/ip firewall filter remove [find where comment~"^vpnops-guard-new"]\n{AWAY}', "undone", False),
        (
            "# finishes a change that was confirmed\n/ip firewall filter set "
            f'[find where comment~"^vpnops-guard-new"] comment="own: x" disabled=no\n{AWAY}',
            "finished",
            True,
        ),
    ],
)
def test_what_the_timer_left_half_done_is_done_first(make_twin: MakeTwin, source: str, end: str, there: bool) -> None:
    server = left_behind(make_twin, source)
    told = ask(server, "firewall_filter", {"config": [{**RULE, "dst_port": "23", "comment": "own: telnet"}]})
    assert told["warnings"] == [HALF_DONE.format(end)]
    comments = [row.get("comment") for row in server.router.rows(FILTER)]
    assert "own: telnet" in comments
    assert ("own: x" in comments) is there
    assert "vpnops-guard" not in str(snapshot(server))
