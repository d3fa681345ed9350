# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduler entries by the router's clock: when they run, what they may do, what a reboot means to them."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from twin import Router, Server, SteppedClock, Trap
from twin.actor import Actor
from twin.pytest_plugin import MakeTwin
from twin.wire import encode_sentence

SCHEDULER = "/system/scheduler"
FILTER = "/ip/firewall/filter"
NOW = "2026-01-02 03:04:05"


@pytest.fixture
def router() -> Router:
    return Router("7.22.3", clock=SteppedClock())


def add(router: Router, **words: str) -> str:
    """An entry that logs its name when it runs, unless it is told something else."""
    name = words.pop("name", "job")
    return router.add(SCHEDULER, name=name, **{"on_event": f":log info {name}", **words})


def ran(router: Router) -> list[str]:
    """Time of day and message of what scripts logged."""
    return [f"{row['time'][11:]} {row['message']}" for row in router.rows("/log") if row["topics"] == "script,info"]


def entry(router: Router, name: str = "job") -> dict[str, str]:
    return next(row for row in router.rows(SCHEDULER) if row["name"] == name)


@pytest.mark.parametrize(
    ("words", "next_run", "runs"),
    [
        pytest.param({"start_time": "03:05:00"}, "2026-01-02 03:05:00", ["03:05:00 job"], id="once"),
        pytest.param({"start_time": "03:04:00"}, None, [], id="past"),
        pytest.param({}, None, [], id="now-once"),
        pytest.param({"start_date": "2026-01-03", "start_time": "00:00:00"}, "2026-01-03 00:00:00", [], id="tomorrow"),
        pytest.param(
            {"interval": "1m"}, "2026-01-02 03:05:05", ["03:05:05 job", "03:06:05 job"], id="interval-from-now"
        ),
        pytest.param(
            {"start_date": "2025-12-31", "start_time": "23:00:30", "interval": "1m"},
            "2026-01-02 03:04:30",
            ["03:04:30 job", "03:05:30 job", "03:06:30 job"],
            id="interval-from-the-past",
        ),
        pytest.param(
            {"start_time": "03:05:00", "interval": "1m30s"},
            "2026-01-02 03:05:00",
            ["03:05:00 job", "03:06:30 job"],
            id="interval-from-later",
        ),
        pytest.param({"start_time": "startup"}, None, [], id="startup"),
        pytest.param({"start_time": "03:05:00", "disabled": "yes"}, None, [], id="disabled"),
    ],
)
def test_entry_runs_when_it_is_due(
    router: Router, words: dict[str, str], next_run: str | None, runs: list[str]
) -> None:
    add(router, **words)
    assert entry(router).get("next-run") == next_run
    router.advance(150)
    assert ran(router) == runs
    assert entry(router)["run-count"] == str(len(runs))


def test_entry_that_ran_once_stays_without_next_run(router: Router) -> None:
    add(router, start_time="03:05:00")
    router.advance(3600)
    assert (entry(router)["run-count"], "next-run" in entry(router)) == ("1", False)


def test_nothing_runs_before_its_moment(router: Router) -> None:
    add(router, start_time="03:05:00")
    router.advance(54.999)
    assert ran(router) == []
    router.advance(0.001)
    assert ran(router) == ["03:05:00 job"]


def test_change_of_timing_plans_anew_and_other_changes_do_not(router: Router) -> None:
    id_ = add(router, interval="10m")
    router.advance(60)
    router.call(f"{SCHEDULER}/set", {"numbers": id_, "comment": "x", "on-event": ":log info other"})
    assert entry(router)["next-run"] == "2026-01-02 03:14:05"
    router.call(f"{SCHEDULER}/set", {"numbers": id_, "start-time": "03:06:00"})
    assert entry(router)["next-run"] == "2026-01-02 03:06:00"
    router.call(f"{SCHEDULER}/disable", {"numbers": id_})
    assert "next-run" not in entry(router)
    router.call(f"{SCHEDULER}/enable", {"numbers": id_})
    router.advance(60)
    assert ran(router) == ["03:06:00 other"]


def test_entries_due_together_run_in_the_order_of_the_list_and_may_disable_each_other(router: Router) -> None:
    add(router, name="a", start_time="03:05:00", on_event=":log info a; /system scheduler disable c")
    add(router, name="b", start_time="03:05:00")
    add(router, name="c", start_time="03:05:00")
    router.advance(60)
    assert ran(router) == ["03:05:00 a", "03:05:00 b"]


def test_entry_that_removes_itself_first_runs_to_its_end_and_never_again(router: Router) -> None:
    router.seed({FILTER: [{"chain": "input", "comment": "vpnops: new"}, {"chain": "input", "comment": "other"}]})
    undo = '/system scheduler remove [find name=job]; /ip firewall filter remove [find comment~"^vpnops"]'
    add(router, start_time="03:05:00", interval="1m", on_event=f"{undo}; :log info undone")
    router.advance(600)
    assert ran(router) == ["03:05:00 undone"]
    assert [row["comment"] for row in router.rows(FILTER)] == ["other"]
    assert (router.rows(SCHEDULER), router.failures, router.next_due()) == ([], [], None)


def test_entry_that_was_removed_in_time_does_not_run(router: Router) -> None:
    id_ = add(router, start_time="03:05:00")
    router.advance(30)
    router.call(f"{SCHEDULER}/remove", {"numbers": id_})
    router.advance(600)
    assert ran(router) == []


def test_error_ends_that_run_only_and_is_logged_and_kept(router: Router) -> None:
    add(router, interval="1m", on_event=":log info start; /ip firewall filter remove *77; :log info never")
    add(router, name="other", interval="1m")
    router.advance(120)
    assert ran(router) == ["03:05:05 start", "03:05:05 other", "03:06:05 start", "03:06:05 other"]
    text = "no such item (4) (/ip/firewall/filter/remove; line 1)"
    assert [(failure.origin, failure.text) for failure in router.failures] == [("job", text)] * 2
    errors = [row["message"] for row in router.rows("/log") if row["topics"] == "script,error"]
    told = "executing script job from scheduler (job) failed, please check it manually"
    assert errors == [text, told, text, told]


def test_unknown_word_runs_nothing_of_the_entry(router: Router) -> None:
    add(router, start_time="03:05:00", on_event=":log info start; :frobnicate")
    router.advance(60)
    assert ran(router) == []
    assert router.failures[0].text == "bad command name frobnicate (line 1 column 19)"


def test_event_may_be_the_name_of_a_script(router: Router) -> None:
    router.add("/system/script", name="undo", source=":log info undone")
    add(router, start_time="03:05:00", on_event="undo")
    router.advance(60)
    assert ran(router) == ["03:05:00 undone"]
    assert router.rows("/system/script")[0]["run-count"] == "1"


def test_script_needs_rights_that_the_entry_has(router: Router) -> None:
    router.add("/system/script", name="undo", source=":log info undone", policy="read,write,reboot")
    add(router, start_time="03:05:00", on_event="undo", policy="read,write")
    router.advance(60)
    messages = [row["message"] for row in router.rows("/log")]
    told = "executing script undo from scheduler (job) failed, please check it manually"
    assert messages == ["not enough permissions (9)", told]


def test_script_runs_with_the_rights_of_the_entry(router: Router) -> None:
    add(router, start_time="03:05:00", on_event="/system identity set name=new", policy="read")
    router.advance(60)
    assert router.failures[0].text == "not enough permissions (9) (/system/identity/set; line 1)"
    assert router.rows("/system/identity") == [{"name": "MikroTik"}]


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        pytest.param({"start_time": "startup"}, ["03:10:03 job"], id="startup"),
        pytest.param({"start_time": "startup", "disabled": "yes"}, [], id="disabled"),
        pytest.param({"start_time": "startup", "interval": "4m"}, ["03:14:00 job"], id="startup-with-interval"),
        pytest.param({"start_time": "03:05:00"}, [], id="past-moment"),
        pytest.param({"start_time": "03:12:00"}, ["03:12:00 job"], id="future-moment"),
        pytest.param({"start_time": "03:05:00", "interval": "4m"}, ["03:13:00 job"], id="interval-goes-on"),
    ],
)
def test_reboot(router: Router, words: dict[str, str], runs: list[str]) -> None:
    """The router is off from before 03:05 until 03:10."""
    add(router, **words)
    assert isinstance(router.clock, SteppedClock)
    router.clock.now += 355
    router.reboot()
    assert entry(router)["run-count"] == "0"
    router.advance(300)
    assert ran(router) == runs
    assert entry(router)["run-count"] == str(len(runs))


def test_reboot_forgets_what_was_in_memory_only(router: Router) -> None:
    lists = "/ip/firewall/address-list"
    router.add("/ip/dns/static", name="vpn.example.com", address="203.0.113.5")
    router.add(lists, list="a", address="192.0.2.1", timeout="1d")
    router.add(lists, list="a", address="192.0.2.2")
    router.add(lists, list="a", address="vpn.example.com")
    router.call("/execute", {"script": ":global token 1; :delay 1h; :log info late"})
    router.advance(1)
    before = router.call("/ip/firewall/filter/print")
    router.reboot()
    shown = [(row["address"], row["dynamic"]) for row in router.rows(lists)]
    assert shown == [("192.0.2.2", "false"), ("vpn.example.com", "false"), ("203.0.113.5", "true")]
    assert router.call("/ip/firewall/filter/print") == before
    assert (router.globals, router.rows("/system/script/job")) == ({}, [])
    assert router.rows("/system/resource")[0]["uptime"] == "0s"
    router.advance(7200)
    assert ran(router) == []


def test_script_that_reboots_goes_no_further(router: Router) -> None:
    add(router, start_time="03:05:00", on_event="/system reboot; /system identity set name=late")
    add(router, name="boot", start_time="startup")
    router.advance(60)
    assert router.rows("/system/identity") == [{"name": "MikroTik"}]
    assert (ran(router), router.failures, router.boots) == (["03:05:03 boot"], [], 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"start-date": "2026-02-30"}, "invalid value for argument start-date"),
        ({"start-date": "tomorrow"}, "invalid value for argument start-date"),
        ({"start-time": "25:00:00"}, "invalid value for argument start-time"),
        ({"start-time": "soon"}, "invalid value for argument start-time"),
        ({"interval": "often"}, "invalid value for argument interval"),
        ({"days": "mon"}, "failure: the twin does not play days"),
    ],
)
def test_timing_that_makes_no_sense_is_refused(words: dict[str, str], message: str) -> None:
    with pytest.raises(Trap) as refused:
        Router("7.24").call(f"{SCHEDULER}/add", {"name": "x", **words})
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ({"start_date": "jan/09/2026"}, ("2026-01-09", "03:04:05")),
        ({"start_time": "4h5m"}, ("2026-01-02", "04:05:00")),
        ({}, ("2026-01-02", "03:04:05")),
    ],
)
def test_start_reads_back(router: Router, words: dict[str, str], shown: tuple[str, str]) -> None:
    add(router, **words)
    assert (entry(router)["start-date"], entry(router)["start-time"]) == shown


@pytest.mark.parametrize(
    ("version", "words", "runs"),
    [
        ("7.24", {"interval": "1m"}, 0),
        ("7.24.4", {"interval": "1m"}, 0),
        ("7.24.5", {"interval": "1m"}, 1),
        ("7.23.3", {"interval": "1m"}, 1),
        ("7.24", {"interval": "1m", "start_time": "03:04:05"}, 1),
        ("7.24", {"interval": "1m", "start_date": "2026-01-02"}, 1),
    ],
)
def test_7_24_does_not_fire_entries_without_explicit_start(version: str, words: dict[str, str], runs: int) -> None:
    router = Router(version, clock=SteppedClock())
    add(router, **words)
    router.advance(60)
    assert len(ran(router)) == runs


def test_entry_of_7_24_fires_once_its_start_is_set(router: Router) -> None:
    router = Router("7.24", clock=SteppedClock())
    id_ = add(router, interval="1m")
    router.call(f"{SCHEDULER}/set", {"numbers": id_, "start-time": "03:04:30"})
    router.advance(60)
    assert ran(router) == ["03:04:30 job"]


def test_clock_that_jumps_makes_up_for_one_run_only(router: Router) -> None:
    add(router, interval="1m")
    assert isinstance(router.clock, SteppedClock)
    router.clock.now += 600
    router.run_due()
    assert (entry(router)["run-count"], entry(router)["next-run"]) == ("1", "2026-01-02 03:15:05")


def test_only_a_stepped_clock_can_be_advanced() -> None:
    with pytest.raises(TypeError, match="SteppedClock"):
        Router().advance(1)


def done(server: Server) -> threading.Event:
    """Set as soon as an entry of the firewall filter changes."""
    found = threading.Event()
    server.router.watchers.append(lambda path, _row, _gone: found.set() if path == FILTER else None)
    return found


def test_server_runs_what_is_due_by_itself(make_twin: MakeTwin) -> None:
    """The event tells; the wait is only how long a broken twin may take to be found out."""
    server = make_twin()
    changed = done(server)
    server.router.add(SCHEDULER, name="x", interval="10ms", on_event="/ip firewall filter add chain=input")
    assert changed.wait(20)


def test_server_looks_at_a_clock_that_was_set(make_twin: MakeTwin) -> None:
    clock = SteppedClock()
    server = make_twin(clock=clock)
    changed = done(server)
    server.router.add(SCHEDULER, name="x", start_time="12:00:00", on_event="/ip firewall filter add chain=input")
    assert not changed.is_set()
    clock.now += 43_200
    assert changed.wait(20)


def test_reboot_cuts_connections_and_what_was_sent_behind_it_is_lost(make_twin: MakeTwin) -> None:
    server = make_twin(clock=SteppedClock())
    server.router.add(SCHEDULER, name="x", start_time="startup", on_event=":log info booted")
    sentences = [["/login", "=name=admin", "=password="], ["/system/reboot"], ["/system/identity/set", "=name=late"]]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"".join(map(encode_sentence, sentences)))
        with contextlib.suppress(ConnectionResetError):
            while client.recv(4096):
                pass
    assert server.router.boots == 1
    assert server.router.rows("/system/identity") == [{"name": "MikroTik"}]
    server.router.advance(3)
    assert [row["message"] for row in server.router.rows("/log")][-1] == "booted"


def test_server_that_reboots_is_there_again(make_twin: MakeTwin) -> None:
    server = make_twin()
    server.reboot()
    socket.create_connection(("127.0.0.1", server.port), timeout=20).close()
    assert server.router.boots == 1


def test_seeded_entries_run(router: Router) -> None:
    router.seed({SCHEDULER: [{"name": "a", "interval": "1m", "on-event": ":log info a"}]})
    router.advance(60)
    assert ran(router) == ["03:05:05 a"]


def test_reboot_needs_its_right(router: Router) -> None:
    with pytest.raises(Trap, match="not enough permissions"):
        router.call("/system/reboot", actor=Actor("x", frozenset(("read", "write"))))
    router.call("/system/reboot", actor=Actor("x", frozenset(("reboot",))))
    assert router.boots == 1


def test_router_that_is_served_no_more_tells_the_server_nothing(make_twin: MakeTwin) -> None:
    server = make_twin()
    assert (len(server.router.wakers), len(server.router.at_reboot)) == (1, 1)
    server.stop()
    assert (server.router.wakers, server.router.at_reboot) == ([], [])
