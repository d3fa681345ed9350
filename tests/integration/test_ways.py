# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules behave in the ways of Ansible that its users rely on."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from twin import Faults, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, place

PEER = {"name": "site-b", "address": "203.0.113.50", "exchange_mode": "ike2"}
PEERS = "/ip/ipsec/peer"


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin(users={"admin": PASSWORD})


def peer(**more: Any) -> dict[str, Any]:
    """A task that wants one peer."""
    return {"name": "peer", "vpnops.mikrotik.ipsec_peer": {"config": [PEER]}, **more}


def provider(server: Server) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": server.port, "password": PASSWORD, "transport": "api"}


def test_a_change_is_made_once(router: Server, play: Play) -> None:
    first, second = play(router, [peer()]), play(router, [peer()])
    assert (first.status, first.changed, second.status, second.changed) == (0, 1, 0, 0)
    assert [row["name"] for row in router.router.rows(PEERS)] == ["site-b"]
    assert first["peer"].result["before"] == []
    assert first["peer"].result["after"][0]["address"] == "203.0.113.50/32"
    assert second["peer"].result["commands"] == []


@pytest.mark.parametrize("version", ["7.12.2", "7.24"])
def test_services_are_changed_once_and_the_others_left_alone(make_twin: MakeTwin, play: Play, version: str) -> None:
    router = make_twin(version, users={"admin": PASSWORD})
    config = [{"name": "telnet", "disabled": True}, {"name": "ssh", "address": ["192.0.2.0/24", "2001:db8::/64"]}]
    wish = {"name": "services", "vpnops.mikrotik.config": {"config": {"ip_service": config}, "state": "overridden"}}
    first, second = play(router, [wish]), play(router, [wish])
    assert (first.status, first.changed, second.status, second.changed) == (0, 1, 0, 0), first.output
    rows = {row["name"]: row for row in router.router.rows("/ip/service") if row["dynamic"] == "false"}
    assert rows["telnet"]["disabled"] == "true"
    assert rows["ssh"]["address"] == "192.0.2.0/24,2001:db8::/64"
    assert rows["www"]["disabled"] == "false"


def test_check_mode_tells_and_changes_nothing(router: Server, play: Play) -> None:
    before = router.router.dump()
    run = play(router, [peer()], "--check")
    assert run["peer"].result["changed"] is True
    assert run["peer"].result["commands"] == ["/ip ipsec peer add name=site-b address=203.0.113.50 exchange-mode=ike2"]
    assert router.router.dump() == before


def test_a_task_can_ask_for_check_mode_itself(router: Server, play: Play) -> None:
    run = play(router, [peer(check_mode=True)])
    assert run.changed == 1
    assert router.router.rows(PEERS) == []


def test_the_diff_is_an_export_before_and_after(router: Server, play: Play) -> None:
    run = play(router, [peer()], "--diff", "--check")
    (diff,) = run["peer"].result["diff"]
    assert diff["before"] == "/ip ipsec peer\n"
    assert diff["after"] == "/ip ipsec peer\nadd name=site-b address=203.0.113.50 exchange-mode=ike2\n"
    assert "+add name=site-b address=203.0.113.50 exchange-mode=ike2" in run.output


def test_without_diff_mode_there_is_none(router: Server, play: Play) -> None:
    assert "diff" not in play(router, [peer()])["peer"].result


def test_a_loop_runs_the_module_for_each_item(router: Server, play: Play) -> None:
    entry = {"name": "{{ item }}", "address": "203.0.113.{{ index }}"}
    task = {
        "name": "peers",
        "vpnops.mikrotik.ipsec_peer": {"config": [entry]},
        "loop": ["a", "b", "c"],
        "loop_control": {"index_var": "index"},
    }
    assert play(router, [task]).status == 0
    assert [row["name"] for row in router.router.rows(PEERS)] == ["a", "b", "c"]
    assert play(router, [task]).changed == 0


def test_until_retries_a_task_whose_session_broke(router: Server, play: Play) -> None:
    # Only reads repeat themselves.
    router.faults.drop_when, router.faults.drop_of, router.faults.drop_after = "before", f"{PEERS}/add", 1
    run = play(router, [peer(register="found", until="found is success", retries=2, delay=0)])
    assert [outcome.status for outcome in run.outcomes] == ["retry", "ok"]
    assert [row["name"] for row in router.router.rows(PEERS)] == ["site-b"]


def test_until_retries_while_the_router_is_away(router: Server, play: Play) -> None:
    nowhere = {**place(router), "ansible_port": 1}
    run = play({"router": nowhere}, [peer(register="found", until="found is success", retries=2, delay=0)])
    assert [outcome.status for outcome in run.outcomes][:2] == ["retry", "retry"]
    assert run.status != 0


def test_delegation_changes_the_delegate(make_twin: MakeTwin, play: Play) -> None:
    one, other = make_twin(users={"admin": PASSWORD}), make_twin(users={"admin": PASSWORD})
    run = play({"one": one, "other": other}, [peer(delegate_to="other", run_once=True)])
    assert run.status == 0
    assert (one.router.rows(PEERS), len(other.router.rows(PEERS))) == ([], 1)


def test_become_is_harmless(router: Server, play: Play) -> None:
    run = play(router, [peer()], become=True)
    assert (run.status, run.changed) == (0, 1)


def test_the_group_sets_defaults_for_every_module(router: Server, play: Play) -> None:
    away = {"routeros_transport": "api", "ansible_connection": "local"}
    defaults = {"group/vpnops.mikrotik.routeros": {"provider": provider(router)}}
    profile = {"name": "profile", "vpnops.mikrotik.ipsec_profile": {"config": [{"name": "s2s"}]}}
    run = play({"somewhere": away}, [peer(), profile], module_defaults=defaults)
    assert (run.status, run.changed) == (0, 2)


@pytest.mark.parametrize("python", [sys.executable])
def test_a_provider_works_from_another_host(router: Server, play: Play, python: str) -> None:
    """As on a jump host: the module is copied there and runs as a program of its own."""
    host = {"ansible_connection": "ansible.builtin.local", "ansible_python_interpreter": python}
    task = {"name": "peer", "vpnops.mikrotik.ipsec_peer": {"config": [PEER], "provider": provider(router)}}
    first, second = play({"jump": host}, [{**task, "async": 30, "poll": 1}]), play({"jump": host}, [task])
    assert (first.status, first.changed, second.changed) == (0, 1, 0), first.output
    assert len(router.router.rows(PEERS)) == 1


def test_async_is_refused_in_one_sentence(router: Server, play: Play) -> None:
    run = play(router, [peer(**{"async": 30, "poll": 5})])
    assert "async does not work over the connection vpnops.mikrotik.routeros" in run.failure.message
    assert router.router.rows(PEERS) == []


def test_rendering_needs_no_router(play: Play) -> None:
    task = {"name": "script", "vpnops.mikrotik.ipsec_peer": {"config": [PEER], "state": "rendered"}}
    run = play({"nowhere": {"ansible_connection": "local"}}, [task])
    assert run["script"].result["rendered"] == [
        "/ip ipsec peer add name=site-b address=203.0.113.50 exchange-mode=ike2"
    ]


def test_what_was_gathered_can_be_given_back(router: Server, play: Play) -> None:
    policy = {"peer": ["site-b"], "tunnel": True, "src_address": "192.168.10.0/24", "dst_address": "192.168.20.0/24"}
    tasks = [
        peer(),
        {"name": "policy", "vpnops.mikrotik.ipsec_policy": {"config": [policy]}},
        {"name": "gather", "vpnops.mikrotik.config": {"state": "gathered"}, "register": "all"},
        {"name": "back", "vpnops.mikrotik.config": {"state": "replaced", "config": "{{ all.gathered }}"}},
    ]
    run = play(router, tasks)
    assert (run.status, run["back"].result["changed"]) == (0, False), run.output


def test_one_task_is_one_login_and_one_read(router: Server, play: Play) -> None:
    play(router, [peer()])
    router.reset_counters()
    connections = router.connections
    assert play(router, [peer()]).changed == 0
    assert router.connections == connections + 1
    assert router.round_trips == 2, "one for the login, one for all reads"


def test_many_routers_are_worked_on_at_once(make_twin: MakeTwin, play: Play) -> None:
    slow = [make_twin(users={"admin": PASSWORD}, faults=Faults(latency=0.05)) for _dummy in range(5)]
    run = play({f"router{number}": server for number, server in enumerate(slow)}, [peer()], "--forks", "5")
    assert (run.status, run.changed) == (0, 5)
