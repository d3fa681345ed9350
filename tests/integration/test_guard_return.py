# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that breaks at any sentence and comes back with the timeout, and services that go elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from itertools import count
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils import lookout
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import RouterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Prospect
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Undone, Watch
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import LockedOut
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import TIMEOUT, ask, guarded_twin, snapshot, stay_away
from tests.integration.test_guard import SEED, WISH, held, nothing_left

SECRETS = ("an-old-secret", "a-new-secret", "router-password")
HOW = {"close": 5.0, "hang": 0.1}
"""How a router is away, and how long somebody waits for an answer."""


def back_in_time(server: Server, seconds: float) -> Watch:
    """The network is there again when so much time is over."""
    end = server.router.clock() + seconds

    def pause(span: float) -> None:
        server.router.advance(span)
        if server.router.clock() >= end:
            server.faults.refuse_connections = ""

    return Watch(server.router.clock, pause)


def broken(make_twin: MakeTwin, nth: int, how: str) -> tuple[Server, str]:
    """A router that was away from the nth sentence on until its timer had run out, and what the operator heard."""
    server = guarded_twin(make_twin, SEED)
    server.faults.drop_when, server.faults.drop_after = "after", nth
    stay_away(server, how)
    timeout = TIMEOUT if how == "close" else 5
    wish = {**WISH, "guard": {"when": "auto", "timeout": timeout}}
    try:
        ask(server, "config", wish, watch=back_in_time(server, timeout), patience=HOW[how])
    except RouterError as error:
        return server, f"{type(error).__name__}: {error}"
    return server, "done"


@pytest.mark.parametrize(("how", "step"), [("close", 1), ("hang", 7)])
def test_a_network_that_comes_back_with_the_timeout(
    make_twin: MakeTwin, capsys: pytest.CaptureFixture[str], how: str, step: int
) -> None:
    peaceful = guarded_twin(make_twin, SEED)
    before = snapshot(peaceful)
    ask(peaceful, "config", WISH)
    undisturbed = held(peaceful)
    ends = Counter[str]()
    for nth in count(1, step):
        server, told = broken(make_twin, nth, how)
        if not server.faults.dropped:
            break
        end = told.partition(":")[0]
        server.faults.refuse_connections = ""
        server.router.advance(TIMEOUT + 1)
        after = snapshot(server)
        ends[f"{end}, {'as before' if after == before else 'changed'}"] += 1
        assert nothing_left(server), f"{nth}: {told}"
        assert "\n" not in told
        assert "Traceback" not in told
        assert not [secret for secret in SECRETS if secret in told]
        if end == "Undone":
            assert "the change was undone, and the router is as it was before" in told
            assert after == {**before, "/system/script": after["/system/script"]}, f"{nth}: {told}"
        ask(server, "config", WISH)
        assert held(server) == undisturbed, f"{nth}: {told}"
        server.stop()
    assert {"Undone, as before"} <= {*ends}
    with capsys.disabled():
        print(f"\n  away ({how}) until the timeout, from every {step}. of {nth - 1} sentences on: {dict(ends)}")


def test_what_is_told_of_a_cut_is_one_sentence_with_cause_and_end(make_twin: MakeTwin) -> None:
    told = {re.sub(r"127\.0\.0\.1\S*|\d+", "#", broken(make_twin, nth, "close")[1]) for nth in range(34, 50)}
    assert all(each == "done" or each.startswith(("Undone", "Interrupted", "Unreachable", "Lost")) for each in told)
    assert any(each.endswith("the change was undone, and the router is as it was before") for each in told)


SERVICES = [
    ({"port": 8999}, "the service api would listen on port 8999"),
    ({"disabled": True}, "the service api would be off"),
    ({"address": ["192.168.99.0/24"]}, "the service api would serve 192.168.99.0/24 only"),
]


@pytest.mark.parametrize(("wish", "why"), SERVICES)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_service_that_goes_elsewhere_is_refused(
    make_twin: MakeTwin, wish: dict[str, Any], why: str, check_mode: bool
) -> None:
    server = guarded_twin(make_twin, {})
    before = snapshot(server)
    with pytest.raises(LockedOut, match=why):
        ask(server, "ip_service", {"config": [{"name": "api", **wish}]}, check_mode=check_mode)
    assert snapshot(server) == before


@pytest.mark.parametrize(("wish", "_why"), SERVICES)
def test_a_service_that_went_elsewhere_comes_back(
    make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch, wish: dict[str, Any], _why: str
) -> None:
    monkeypatch.setattr(lookout, "look", lambda *_given, **_named: Prospect())
    server = guarded_twin(make_twin, {})
    before = snapshot(server)
    with pytest.raises(Undone, match="the change was undone, and the router is as it was before"):
        ask(server, "ip_service", {"config": [{"name": "api", **wish}]})
    assert snapshot(server) == before


def test_a_service_for_more_than_us_is_guarded_and_stays(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, {})
    wish = {"config": [{"name": "api", "address": ["192.168.88.0/24", "192.168.99.0/24"]}]}
    assert ask(server, "ip_service", wish)["guarded"] is True
    assert ask(server, "ip_service", wish)["changed"] is False


WITHOUT_IP = {
    "tool_mac_server": {"allowed_interface_list": "none"},
    "tool_mac_server_winbox": {"allowed_interface_list": "none"},
    "tool_mac_server_ping": {"enabled": False},
    "tool_romon": {"enabled": False},
    "ip_neighbor_discovery": {"discover_interface_list": "none"},
    "ip_socks": {"enabled": False},
    "ip_proxy": {"enabled": False},
    "snmp_community": [{"name": "public", "addresses": ["192.168.88.0/28"]}],
}
OPEN = {"/tool/romon": [{"enabled": "yes"}], "/ip/socks": [{"enabled": "yes"}], "/ip/proxy": [{"enabled": "yes"}]}


def test_access_without_ip_stays_if_no_new_login_works(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, OPEN)
    before = snapshot(server)
    closed: list[str] = []

    def refuse(path: str, _row: Any, _gone: bool) -> None:
        closed.append(path)
        if path == "/tool/mac-server":
            server.faults.refuse_connections = "close"

    server.router.watchers.append(refuse)
    with pytest.raises(RouterError):
        ask(server, "config", {"config": WITHOUT_IP})
    server.faults.refuse_connections = ""
    server.router.advance(TIMEOUT + 1)
    assert {"/tool/mac-server", "/tool/romon", "/ip/socks", "/snmp/community"} <= {*closed}
    assert snapshot(server) == before
    server.router.watchers.clear()
    assert ask(server, "config", {"config": WITHOUT_IP})["guarded"] is True
    assert ask(server, "config", {"config": WITHOUT_IP})["changed"] is False


@pytest.mark.parametrize("module", ["tool_mac_server", "tool_mac_server_winbox", "tool_romon", "ip_socks", "ip_proxy"])
def test_access_that_a_session_may_need_is_guarded_by_itself(make_twin: MakeTwin, module: str) -> None:
    server = guarded_twin(make_twin, OPEN)
    assert ask(server, module, {"config": WITHOUT_IP[module]})["guarded"] is True
