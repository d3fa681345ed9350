# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts, the scheduler, log rules, netwatch and queues: made once, found again, read back, left to their owners."""

from __future__ import annotations

from typing import Any

import pytest
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play

SCRIPT, SCHEDULER, NETWATCH = "/system/script", "/system/scheduler", "/tool/netwatch"
SOURCE = ':log warning message="a $b"\n/ip/ipsec/policy/disable [find where comment~"^x"]\r\n\t# end\n'
Entries = list[dict[str, Any]]
CASES: dict[str, tuple[Entries, Entries]] = {
    "system_script": (
        [{"name": "s", "source": SOURCE, "policy": ["test", "read", "write"], "comment": "ha: s"}, {"name": "t"}],
        [{"name": "s", "source": SOURCE + " ", "policy": []}],
    ),
    "system_scheduler": (
        [
            {"name": "a", "on_event": "s", "interval": "00:00:10", "policy": ["read"], "comment": "ha: a"},
            {"name": "b", "start_date": "jan/31/2026", "start_time": "3:30:00", "interval": "1d"},
            {"name": "c", "start_time": "startup", "on_event": ":log info x", "disabled": True},
        ],
        [{"name": "a", "interval": "20s"}, {"name": "b", "start_time": "04:00:00"}],
    ),
    "system_logging": (
        [{"topics": ["ipsec", "!debug"], "prefix": "vpn", "comment": "ha: x"}, {"topics": ["error"], "action": "disk"}],
        [{"topics": ["!debug", "ipsec"], "prefix": "tunnel"}],
    ),
    "tool_netwatch": (
        [
            {"name": "w", "host": "192.0.2.1", "interval": "00:00:05", "timeout": "1s", "down_script": "s",
             "disabled": True, "comment": "ha: w"},
            {"name": "i", "host": "192.0.2.2", "type": "icmp", "thr_loss_percent": "20.0", "packet_count": 5},
            {"name": "p", "host": "192.0.2.3", "type": "tcp-conn", "port": 443, "thr_tcp_conn_time": "500ms"},
        ],
        [{"name": "w", "host": "192.0.2.1"}, {"name": "i", "host": "192.0.2.2", "type": "icmp"}],
    ),
    "queue_type": (
        [
            {"name": "q", "kind": "pcq", "pcq_rate": "10M", "pcq_limit": "50KiB", "pcq_classifier": ["dst-address"]},
            {"name": "f", "kind": "fq-codel", "fq_codel_memlimit": "16MiB"},
        ],
        [{"name": "q", "kind": "sfq", "sfq_perturb": 10}],
    ),
    "queue_tree": (
        [{"name": "t", "parent": "ether1", "packet_mark": "m", "queue": "pcq-download-default", "max_limit": "20M",
          "bucket_size": "0.10", "comment": "ha: t"}],
        [{"name": "t", "parent": "global", "limit_at": "2M"}],
    ),
}  # fmt: skip


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin("7.24.5", users={"admin": PASSWORD}, seed={SCRIPT: [{"name": "other"}]})


def task(name: str, module: str, config: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, f"vpnops.mikrotik.{module}": {**({} if config is None else {"config": config}), **more}}


@pytest.mark.parametrize("module", CASES)
def test_entries_are_made_once_and_read_back(router: Server, play: Play, module: str) -> None:
    first, then = CASES[module]
    before = router.router.dump()
    rehearsed = play(router, [task("made", module, first)], "--check", "--diff")
    assert (rehearsed.status, rehearsed.changed, router.router.dump() == before) == (0, 1, True), rehearsed.output
    tasks = [
        task("made", module, first),
        task("again", module, first, state="replaced"),
        {"name": "read", "register": "found", f"vpnops.mikrotik.{module}": {"state": "gathered"}},
        task("replayed", module, "{{ found.gathered }}", state="overridden"),
        task("changed", module, then, state="replaced"),
        task("found", module, then, state="replaced"),
        task("gone", module, [{k: each[k] for k in ("name", "topics") if k in each} for each in then], state="deleted"),
        task("typed", module, first, state="rendered"),
    ]
    run = play(router, tasks, "--diff")
    assert run.status == 0, run.output
    came = {outcome.task: bool(outcome.result.get("changed")) for outcome in run.outcomes}
    changing = ("made", "changed", "gone")
    assert came == {name: name in changing for name in came}, run.output
    assert rehearsed["made"].result["commands"] == run["made"].result["commands"]
    assert len(run["typed"].result["rendered"]) == len(first)


def test_a_script_is_kept_letter_by_letter(router: Server, play: Play) -> None:
    run = play(router, [task("made", "system_script", [{"name": "s", "source": SOURCE}])])
    assert run.status == 0, run.output
    (found,) = [row for row in router.router.rows(SCRIPT) if row["name"] == "s"]
    assert found["source"] == SOURCE


def test_a_moment_that_nobody_gave_stays(router: Server, play: Play) -> None:
    router.router.add(SCHEDULER, name="a", start_date="2025-05-05", start_time="01:02:03", interval="1h")
    run = play(router, [task("same", "system_scheduler", [{"name": "a", "interval": "1h"}], state="replaced")])
    assert (run.status, run.changed) == (0, 0), run.output


def test_only_what_an_owner_has_goes(router: Server, play: Play) -> None:
    for module, path in (("system_script", SCRIPT), ("system_scheduler", SCHEDULER)):
        router.router.add(path, name="mine", comment="ha: old")
        router.router.add(path, name="yours", comment="hb: old")
        run = play(router, [task("own", module, [], scope={"owner": ["ha"]}, state="overridden")])
        assert (run.status, run.changed) == (0, 1), run.output
        assert "yours" in [row["name"] for row in router.router.rows(path)]
        assert "mine" not in [row["name"] for row in router.router.rows(path)]
