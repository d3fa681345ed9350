# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guarded changes in situations that are out of the ordinary, and what the operator is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Refused, RouterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Undone
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import LockedOut
from twin import Refusal, Seat, Server
from twin.command import Command
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import FILTER, TELNET, TIMEOUT, add, ask, guarded_twin, snapshot, watch
from tests.integration.playing import PASSWORD

ALWAYS = {"guard": "always"}
# The simulation cannot tell, and the twin's seat decides: with `others` such a rule takes every packet.
TTL = {"chain": "input", "action": "drop", "protocol": "tcp", "ttl": "less-than:64", "comment": "own: far away"}


def comments(server: Server) -> list[str]:
    return [row.get("comment", "") for row in server.router.rows(FILTER)]


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return guarded_twin(make_twin, {})


@pytest.mark.parametrize("version", ["7.10.2", "7.16.2", "7.24"])
def test_a_change_that_shuts_us_out_is_undone_by_every_version(make_twin: MakeTwin, version: str) -> None:
    server = guarded_twin(make_twin, {}, Seat(denied="close", others=True), version=version)
    before = snapshot(server)
    pauses: list[float] = []
    with pytest.raises(Undone) as told:
        add(server, TTL, watch=watch(server, pauses))
    assert "the change was made, but then no new session could be" in str(told.value)
    assert "the change was undone, and the router is as it was before" in str(told.value)
    assert snapshot(server) == before
    # The old session lives on, so nobody has to wait for the router's own timer.
    assert TIMEOUT / 2 - 2 <= sum(pauses) <= TIMEOUT / 2 + 2


def test_a_change_that_cuts_even_the_session_there_is_ends_with_the_timer(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, {}, Seat(denied="close", others=True))
    before = snapshot(server)
    pauses: list[float] = []
    raw = {name: value for name, value in TTL.items() if name != "chain"}
    with pytest.raises(Undone, match="the router is as it was before"):
        ask(server, "firewall_raw", {"config": [{**raw, "chain": "prerouting"}]}, watch=watch(server, pauses))
    assert snapshot(server) == before
    assert TIMEOUT - 2 <= sum(pauses) <= TIMEOUT + 5


def test_the_log_of_the_router_tells_it(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, {}, Seat(denied="close", others=True))
    with pytest.raises(Undone):
        add(server, TTL)
    messages = [row["message"] for row in server.router.rows("/log")]
    assert "vpnops-guard: a change that nobody confirmed is undone" in messages


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_change_that_would_cut_the_session_is_refused(router: Server, check_mode: bool) -> None:
    before = snapshot(router)
    with pytest.raises(LockedOut) as told:
        add(router, {**TELNET, "dst_port": "1-65535"}, check_mode=check_mode)
    assert str(told.value) == (
        "127.0.0.1: it would cut the session that makes it (api, TCP 8728, from 192.168.88.10 on ether2) once the new "
        "entries of /ip/firewall/filter are on: /ip/firewall/filter chain=input action=drop protocol=tcp "
        'dst-port=1-65535 comment="own: telnet"; nothing was changed; leave that way open, or set guard to never to do '
        "it all the same"
    )
    assert snapshot(router) == before
    assert not [words for words in router.sentences if words[0].rpartition("/")[2] in ("add", "set", "remove")]


def test_never_asks_no_questions(router: Server) -> None:
    add(router, {**TELNET, "dst_port": "1-65535"}, guard="never")
    assert "own: telnet" in comments(router)
    assert not [words for words in router.sentences if words[0].startswith(("/system/script/add", "/user/active"))]


def test_check_mode_says_that_a_change_would_be_guarded(router: Server) -> None:
    before = snapshot(router)
    assert add(router, check_mode=True)["guarded"] is True
    assert snapshot(router) == before


def test_an_accept_needs_no_guard(router: Server) -> None:
    assert "guarded" not in add(router, {**TELNET, "action": "accept"})
    assert add(router, {**TELNET, "action": "accept", "comment": "b"}, guard="always")["guarded"] is True


def test_an_account_without_the_rights_is_told_which(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, {})
    before = snapshot(server)
    server.faults.refuse = Refusal(path="/system/script", verb="add", message="not enough permissions (9)")
    with pytest.raises(Refused) as told:
        add(server)
    assert "the guard could not be armed, so nothing was changed: not enough permissions (9)" in str(told.value)
    assert "needs the policies read,write,policy,test, or set guard to never" in str(told.value)
    assert snapshot(server) == before


def test_an_account_that_may_run_no_script_leaves_it_to_the_timer(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, {})
    server.router.set_user("admin", PASSWORD, ("api", "read", "write", "sensitive"))
    pauses: list[float] = []
    assert add(server, watch=watch(server, pauses))["guarded"] is True
    assert "own: telnet" in comments(server)
    assert TIMEOUT - 2 <= sum(pauses) <= TIMEOUT + 2
    assert "vpnops-guard" not in str(snapshot(server))


@pytest.mark.parametrize("path", ["/system/scheduler", "/system/script"])
def test_a_router_that_takes_no_timer_changes_nothing(router: Server, path: str) -> None:
    before = snapshot(router)
    router.faults.refuse = Refusal(path=path, verb="add", message="failure: not allowed by device-mode")
    with pytest.raises(
        Refused, match="could not be armed, so nothing was changed: failure: not allowed by device-mode"
    ):
        add(router)
    assert snapshot(router) == before


def test_a_refusal_on_the_way_is_undone_at_once(router: Server) -> None:
    before = snapshot(router)
    router.faults.refuse = Refusal(path=FILTER, verb="enable", message="failure: refused")
    pauses: list[float] = []
    with pytest.raises(Refused, match="failure: refused; the changes made were undone"):
        add(router, watch=watch(router, pauses))
    assert snapshot(router) == before
    assert pauses == []


def test_a_refusal_for_an_account_that_may_run_no_script_is_undone_by_the_timer(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, {})
    server.router.set_user("admin", PASSWORD, ("api", "read", "write", "sensitive"))
    before = snapshot(server)
    server.faults.refuse = Refusal(path=FILTER, verb="enable", message="failure: refused")
    pauses: list[float] = []
    with pytest.raises(Undone, match="failure: refused; the change was undone, and the router is as it was before"):
        add(server, watch=watch(server, pauses))
    assert snapshot(server) == before
    assert TIMEOUT - 2 <= sum(pauses) <= TIMEOUT + 2


def test_whoever_is_cut_off_when_all_is_done_hears_that_it_is_done(make_twin: MakeTwin) -> None:
    """A rule that only comes leaves nothing gone and nothing different to tell it by."""
    ends = []
    for nth in range(1, 30):
        server = guarded_twin(make_twin, {})
        server.faults.drop_when, server.faults.drop_after = "after", nth
        try:
            add(server)
            ends.append(("done", "own: telnet" in comments(server)))
        except RouterError as error:
            ends.append((type(error).__name__, "own: telnet" in comments(server)))
        dropped = server.faults.dropped
        server.stop()
        if not dropped:
            break
    assert {("Undone", False), ("done", True)} <= set(ends)
    assert not {("Undone", True), ("done", False)} & set(ends)


def test_marks_whose_script_was_never_armed_are_taken_away(router: Server) -> None:
    router.router.add(FILTER, chain="input", protocol="icmp", comment="vpnops-guard-old: own: y", disabled="yes")
    router.router.add("/system/script", name="vpnops-guard", source="/log info x")
    assert add(router)["warnings"] == ["what an earlier guarded change had left was taken away first"]
    assert "own: y" in comments(router)
    assert "vpnops-guard" not in str(snapshot(router))


def test_marks_that_stay_stop_the_next_change(router: Server) -> None:
    router.router.add(FILTER, chain="input", protocol="icmp", comment="vpnops-guard-old: own: y", disabled="yes")
    before = snapshot(router)
    router.faults.refuse = Refusal(path="/system/script", verb="add", message="not enough permissions (9)")
    with pytest.raises(Refused, match="could not be taken away, so nothing was changed"):
        add(router)
    assert snapshot(router) == before


def test_the_confirmation_comes_too_late(router: Server) -> None:
    """The router's timer runs out between the new login and the word that confirms."""
    before = snapshot(router)

    def meanwhile(command: Command) -> None:
        if (command.path, command.verb) == ("/system/script", "set"):
            router.router.advance(TIMEOUT + 1)

    router.faults.refuse = meanwhile
    with pytest.raises(Undone, match=r"the change could not be confirmed \(no such item"):
        add(router)
    assert snapshot(router) == before


def test_a_password_that_changed_meanwhile_is_tried_once(router: Server) -> None:
    before = snapshot(router)

    def meanwhile(command: Command) -> None:
        if (command.path, command.verb) == (FILTER, "enable"):
            router.router.set_user("admin", "another-password-43")

    router.faults.refuse = meanwhile
    with pytest.raises(Exception, match="the login of user admin was refused"):
        add(router)
    assert len([words for words in router.sentences if words[0] == "/login"]) <= 6
    router.router.advance(TIMEOUT + 1)
    assert snapshot(router)[FILTER] == before[FILTER]


def test_the_next_run_waits_for_what_another_began(router: Server) -> None:
    before = snapshot(router)
    away = "/system script remove [find]; /system scheduler remove [find]"
    router.router.add("/system/script", name="vpnops-guard", source=away)
    moment = {"start_date": "2026-01-02", "start_time": "03:05:00"}
    router.router.add("/system/scheduler", name="vpnops-guard", interval="0s", on_event=away, **moment)
    pauses: list[float] = []
    told = add(router, watch=watch(router, pauses))
    assert 50 < sum(pauses) < 60
    assert told["warnings"] == ["another guarded change was under way; it has ended, and this one began after it"]
    assert "own: telnet" in comments(router)
    assert before != snapshot(router)


def test_a_script_that_never_was_armed_is_removed_and_not_run(router: Server) -> None:
    router.router.add("/system/script", name="vpnops-guard", source='/ip service set [find where name="ssh"] port=2222')
    told = add(router)
    assert told["warnings"] == [
        "another controller had prepared a guarded change and not begun it; what it had left was removed"
    ]
    assert [row["port"] for row in router.router.rows("/ip/service") if row["name"] == "ssh"] == ["22"]
    assert router.router.rows("/system/script") == []


def test_marks_without_a_script_are_taken_away(router: Server) -> None:
    router.router.add(FILTER, chain="input", action="drop", comment="vpnops-guard-new: own: x", disabled="yes")
    router.router.add(FILTER, chain="input", protocol="icmp", comment="vpnops-guard-old: own: y", disabled="yes")
    told = add(router)
    assert told["warnings"] == ["what an earlier guarded change had left was taken away first"]
    rows = {row.get("comment"): row["disabled"] for row in router.router.rows(FILTER)}
    assert rows["own: y"] == "false"
    assert "own: x" not in rows
    assert "vpnops-guard" not in str(snapshot(router))


def test_check_mode_only_tells_what_was_left(router: Server) -> None:
    router.router.add(FILTER, chain="input", action="drop", comment="vpnops-guard-new: own: x", disabled="yes")
    before = snapshot(router)
    (told,) = add(router, {**TELNET, "action": "accept"}, check_mode=True)["warnings"]
    assert told.startswith("a guarded change of the router is under way, or was left half done")
    assert snapshot(router) == before


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ("sometimes", "guard: sometimes was given; it can be auto, always, never, or options"),
        ({"timeout": 1}, "guard: timeout cannot be 1; give 5 to 3600 seconds"),
        ({"timeout": "soon"}, "guard: .*timeout.*soon"),
        ({"keep": []}, "guard: there is no such option: keep"),
        ({"keep_open": [{"src": "here"}]}, "guard: keep_open .*src=here.*here"),
        ([1], "guard: it can be auto, always, never, or options such as timeout"),
    ],
)
def test_a_guard_that_is_none_is_told(router: Server, guard: Any, told: str) -> None:
    with pytest.raises(BadArguments, match=told):
        add(router, guard=guard)


def test_words_that_yaml_turns_into_switches_work(router: Server) -> None:
    assert "guarded" not in add(router, guard=False)
    assert add(router, {**TELNET, "action": "accept", "comment": "b"}, guard=True)["guarded"] is True


def test_an_address_that_is_to_be_forgotten_is_listed_under_the_guard(router: Server) -> None:
    router.router.add(FILTER, chain="input", action="drop", src_address_list="enemies", comment="enemies")
    enemy = {"list": "enemies", "address": "203.0.113.9", "timeout": "1h", "comment": "for an hour"}
    for end in ("guarded", "changed"):
        told = ask(router, "firewall_address_list", {"config": [enemy]})
        assert told.get(end) is (end == "guarded")
    (row,) = router.router.rows("/ip/firewall/address-list")
    assert (row["comment"], row["address"], row["dynamic"]) == ("for an hour", "203.0.113.9", "true")


@pytest.mark.parametrize(("guard", "trips", "connections"), [("never", 4, 1), ("auto", 16, 3)])
def test_what_the_guard_costs_is_what_the_page_says(router: Server, guard: str, trips: int, connections: int) -> None:
    add(router, guard=guard)
    assert (router.round_trips, router.connections) == (trips, connections)
    page = (Path(__file__).parents[2] / "docs" / "guard.md").read_text()
    assert "costs 4 round trips without the guard, 16 with it, over three connections" in page
    router.reset_counters()
    assert add(router, guard=guard)["changed"] is False
    assert router.round_trips == 2


@pytest.mark.parametrize("comment", ['a "quoted" one', "$dollar \\ [find]", "é, ü; {x}", "", "vpnops-guard", "x" * 200])
def test_comments_come_through_as_they_are(router: Server, comment: str) -> None:
    """New, changed and brought back: the scripts take the marks off whatever stands behind them."""
    before = {**TELNET, "dst_port": "24", "comment": comment}
    assert add(router, before)["guarded"] is True
    assert comment in comments(router)
    add(router, {**before, "dst_port": "25"})
    rows = [row for row in router.router.rows(FILTER) if row.get("comment", "") == comment]
    assert "25" in [row.get("dst-port") for row in rows]
    held = snapshot(router)
    router.faults.refuse = Refusal(path=FILTER, verb="disable", message="failure: refused")
    with pytest.raises(Refused, match="the changes made were undone"):
        ask(router, "firewall_filter", {"config": [{**before, "dst_port": "25"}], "state": "deleted"} | ALWAYS)
    assert snapshot(router) == held


def test_a_timeout_that_was_too_short_is_said_to_be(router: Server) -> None:
    before = snapshot(router)

    def meanwhile(command: Command) -> None:
        if (command.path, command.verb) == (FILTER, "enable"):
            router.router.advance(TIMEOUT + 1)

    router.faults.refuse = meanwhile
    with pytest.raises(Refused, match=f"the timeout of {TIMEOUT} s was over before the change was through"):
        add(router)
    assert snapshot(router) == before


def test_what_the_guard_adds_is_not_in_what_is_told(router: Server) -> None:
    router.faults.refuse = Refusal(path=FILTER, verb="add", message="failure: refused")
    with pytest.raises(Refused) as told:
        add(router)
    assert "vpnops-guard" not in str(told.value)
    assert "disabled" not in str(told.value)


def test_rules_alike_but_for_their_dress_come_to_rest_under_the_guard(router: Server) -> None:
    twin = {"chain": "input", "action": "drop", "protocol": "udp", "dst_port": "53"}
    ask(router, "firewall_filter", {"config": [{**twin, "comment": "own: a", "log": True}, TELNET], "guard": "never"})
    wish = {"config": [{**twin, "comment": "own: b"}, TELNET, {**twin, "comment": "own: a"}], "state": "overridden",
            "scope": {"owner": ["own"]}}  # fmt: skip
    ask(router, "firewall_filter", wish)
    assert ask(router, "firewall_filter", wish)["changed"] is False
    assert [each for each in comments(router) if each.startswith("own")] == ["own: b", "own: telnet", "own: a"]
