# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes at the wrong moment: a timer that runs out, a sentence that was on its way, another controller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils import lookout
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import RouterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Prospect
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Undone, Watch
from twin import Seat, Server
from twin.command import Command
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import TIMEOUT, Killing, ask, drained, guarded_twin, in_a_process, snapshot

FILTER, SCRIPT, SCHEDULER = "/ip/firewall/filter", "/system/script", "/system/scheduler"
TELNET = {"chain": "input", "action": "drop", "protocol": "tcp", "dst_port": "23", "comment": "own: telnet"}
# The simulation cannot tell, and the twin's seat decides: with `others` such a rule takes every packet.
FAR = {"chain": "prerouting", "action": "drop", "protocol": "tcp", "ttl": "less-than:64", "comment": "own: far away"}
CUT = {
    "state": "overridden",
    "scope": {"owner": ["own"]},
    "guard": {"timeout": 5},
    "config": {"firewall_raw": [FAR], "firewall_filter": [], "ip_service": [{"name": "api", "port": 8999}]},
}


def is_shut(server: Server) -> bool:
    """Whether the rule that cuts the session acts."""
    rows = server.router.rows("/ip/firewall/raw")
    return any(row["disabled"] == "false" and row["comment"].endswith(FAR["comment"]) for row in rows)


@pytest.mark.parametrize("killed", [False, True], ids=["waiting", "killed"])
def test_a_sentence_on_its_way_is_not_carried_out_after_the_way_back(
    make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    """A firewall that drops keeps it back, TCP sends it again, and once the rule is gone it would come through."""
    monkeypatch.setattr(lookout, "look", lambda *_given, **_named: Prospect())
    seed = {FILTER: [{"chain": "input", "protocol": "icmp", "comment": "own: ping"}]}
    server = guarded_twin(make_twin, seed, Seat(denied="hang", others=True))
    before = snapshot(server)
    if killed:
        in_a_process(Killing(), lambda: ask(server, "config", CUT), lambda: is_shut(server))
        server.router.advance(TIMEOUT + 1)
        drained(server)
    else:
        with pytest.raises(Undone):
            ask(server, "config", CUT, patience=0.2)
    assert snapshot(server) == before


def test_the_timer_runs_out_while_somebody_logs_in(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, {})
    before = snapshot(server)
    asked: list[str] = []

    def meanwhile(command: Command) -> None:
        if command.path == FILTER and command.verb == "enable":
            asked.append("switched")
        if asked and (command.path, command.verb) == (SCRIPT, "print"):
            server.router.advance(TIMEOUT + 1)

    server.faults.refuse = meanwhile
    with pytest.raises(Undone, match="the router had undone the change before it could be confirmed"):
        ask(server, "firewall_filter", {"config": [TELNET]})
    assert snapshot(server) == before


def test_a_script_whose_timer_follows_is_another_controllers_at_work(make_twin: MakeTwin) -> None:
    """Both are sent together, yet somebody may look in between; the script is the only way back that the other has."""
    server = guarded_twin(make_twin, {})
    server.router.add(SCRIPT, name="vpnops-guard", source="/log info message=undone")
    removed: list[tuple[str, ...]] = []

    def pause(seconds: float) -> None:
        server.router.advance(seconds)
        removed.extend(words for words in server.sentences if words[0] == f"{SCRIPT}/remove")
        if server.router.rows(SCRIPT) and not server.router.rows(SCHEDULER):
            away = f"{SCRIPT.replace('/', ' ')} remove [find]; {SCHEDULER.replace('/', ' ')} remove [find]"
            moment = {"start_date": "2026-01-02", "start_time": "03:05:00"}
            server.router.add(SCHEDULER, name="vpnops-guard", interval="0s", on_event=away.strip(), **moment)

    told = ask(server, "firewall_filter", {"config": [TELNET]}, watch=Watch(server.router.clock, pause))
    assert told["warnings"] == ["another guarded change was under way; it has ended, and this one began after it"]
    assert removed == []


def caught(work: Callable[[], Mapping[str, Any]], ends: list[str]) -> None:
    """How a task ended, as a word or a sentence."""
    try:
        ends.append("changed" if work()["changed"] else "nothing to do")
    except RouterError as error:
        ends.append(f"{type(error).__name__}: {error.problem}")


def patient(server: Server) -> Watch:
    """Time that no pause turns: who waits here waits for the other, not for the timer."""
    return Watch(server.router.clock, lambda _seconds: threading.Event().wait(0.01) and None)


def at_once(server: Server, rules: list[dict[str, str]]) -> list[str]:
    """How tasks ended that were begun together, one for each rule."""
    ends: list[str] = []

    def task(rule: dict[str, str]) -> None:
        caught(lambda: ask(server, "firewall_filter", {"config": [rule]}, watch=patient(server)), ends)

    threads = [threading.Thread(target=task, args=(rule,)) for rule in rules]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    return ends


@pytest.mark.parametrize("same", [True, False], ids=["the-same-wish", "different-wishes"])
def test_two_controllers_at_once(make_twin: MakeTwin, same: bool) -> None:
    """Each makes its change or says that the other was at it; no mark is left, and none is taken for its own."""
    rules = [{**TELNET, "comment": f"own: {1 if same else n}"} for n in (1, 2)]
    for _dummy in range(8):
        server = guarded_twin(make_twin, {})
        ends = at_once(server, rules)
        others = [end for end in ends if end not in ("changed", "nothing to do")]
        assert all("another guarded change of this router is under way" in end for end in others), ends
        assert "changed" in ends, ends
        assert "vpnops-guard" not in str(snapshot(server))
        for rule in rules:
            ask(server, "firewall_filter", {"config": [rule]})
            assert ask(server, "firewall_filter", {"config": [rule]})["changed"] is False
        made = [row["comment"] for row in server.router.rows(FILTER) if "own" in row.get("comment", "")]
        # Who read before the other began, and armed when it was through, makes the same once more, as without a guard.
        assert {*made} == {rule["comment"] for rule in rules}
        server.stop()
