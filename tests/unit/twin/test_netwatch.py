# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netwatch by the router's clock: when hosts are asked, what is made of the answers, and which scripts run."""

from __future__ import annotations

import pytest
from twin import Router, SteppedClock

NETWATCH, SCRIPT, POLICY = "/tool/netwatch", "/system/script", "/ip/ipsec/policy"
HOST = "192.0.2.1"


class World:
    """A router and the hosts that answer it, which a test switches on and off."""

    def __init__(self) -> None:
        self.router = Router("7.22.3", clock=SteppedClock())
        self.up = True
        self.asked: list[tuple[str, str]] = []
        self.router.echo = self._echo
        self.router.connects = lambda _address, port, _source: self.up and port == 443
        self.router.add("/ip/address", address="198.51.100.2/24", interface="ether1")

    def _echo(self, address: str, source: str) -> bool:
        self.asked.append((address, source))
        return self.up

    def watch(self, **words: str) -> None:
        self.router.add(NETWATCH, **{"host": HOST, "name": "w", "start_delay": "0s", **words})

    def row(self) -> dict[str, str]:
        return self.router.rows(NETWATCH)[0]

    def log(self, topics: str = "netwatch,info") -> list[str]:
        found = [row for row in self.router.rows("/log") if row["topics"] == topics]
        return [f"{row['time'][11:]} {row['message']}" for row in found]


@pytest.fixture
def world() -> World:
    return World()


def test_a_host_is_unknown_until_it_was_asked(world: World) -> None:
    world.watch(start_delay="3s")
    assert (world.row()["status"], world.row()["done-tests"]) == ("unknown", "0")
    world.router.advance(2.9)
    assert world.asked == []
    world.router.advance(0.2)
    row = world.row()
    assert (row["status"], row["since"], row["done-tests"], row["failed-tests"]) == (
        "up",
        "2026-01-02 03:04:08",
        "1",
        "0",
    )


def test_what_nobody_set_holds_and_is_not_printed(world: World) -> None:
    world.router.add(NETWATCH, host=HOST)
    assert "interval" not in world.row()
    world.router.advance(23.5)
    assert len(world.asked) == 3


def test_silence_is_a_host_that_is_down_when_patience_ends(world: World) -> None:
    world.watch(interval="10s", timeout="1s")
    world.router.advance(5)
    world.up = False
    world.router.advance(5.9)
    assert world.row()["status"] == "up"
    world.router.advance(0.2)
    row = world.row()
    assert (row["status"], row["since"], row["failed-tests"]) == ("down", "2026-01-02 03:04:16", "1")
    assert world.log() == [
        "03:04:05 event up [ type: simple, host: 192.0.2.1 ]",
        "03:04:16 event down [ type: simple, host: 192.0.2.1 ]",
    ]


@pytest.mark.parametrize(
    ("answered", "words", "status"),
    [
        (10, {}, "up"),
        (2, {}, "up"),
        (1, {}, "down"),
        (5, {"thr_loss_percent": "50"}, "up"),
        (4, {"thr_loss_percent": "50"}, "down"),
        (8, {"thr_loss_count": "1"}, "down"),
        (9, {"thr_loss_count": "1"}, "up"),
    ],
)
def test_pings_that_are_lost_count_against_the_thresholds(
    world: World, answered: int, words: dict[str, str], status: str
) -> None:
    world.router.echo = lambda _address, _source: world.asked.append(("", "")) is None and len(world.asked) <= answered
    world.watch(type="icmp", timeout="500ms", **words)
    world.router.advance(2)
    row = world.row()
    assert (row["status"], row["sent-count"], row["response-count"]) == (status, "10", str(answered))
    assert row["loss-percent"] == f"{100 - answered * 10}%"


def test_slow_answers_count_against_the_thresholds(world: World) -> None:
    world.router.ask = lambda _probe, told: told(True, 0.2)
    world.watch(type="icmp")
    world.router.advance(1)
    assert (world.row()["status"], world.row()["rtt-avg"]) == ("down", "200ms")
    world.router.call(f"{NETWATCH}/set", {".id": world.row()[".id"], "thr-avg": "200ms"})
    world.router.advance(1)
    assert world.row()["status"] == "up"


def test_connections_are_tried_where_a_port_is_watched(world: World) -> None:
    world.watch(type="tcp-conn", port="443", interval="1s", timeout="100ms")
    world.router.advance(0.5)
    assert (world.row()["status"], world.row()["tcp-connect-time"]) == ("up", "1ms")
    world.router.call(f"{NETWATCH}/set", {".id": world.row()[".id"], "port": "80"})
    world.router.advance(0.5)
    assert world.row()["status"] == "down"
    assert world.asked == []


def test_an_address_that_the_router_has_not_asks_nobody(world: World) -> None:
    world.watch(src_address="198.51.100.9")
    world.router.advance(5)
    assert (world.row()["status"], world.asked) == ("down", [])
    world.router.call(f"{NETWATCH}/set", {".id": world.row()[".id"], "src-address": "198.51.100.2"})
    world.router.advance(5)
    assert (world.row()["status"], world.asked) == ("up", [(HOST, "198.51.100.2")])


def test_an_entry_that_is_off_asks_nobody_and_begins_anew(world: World) -> None:
    world.watch(interval="1s")
    world.router.advance(3)
    world.router.call(f"{NETWATCH}/disable", {".id": world.row()[".id"]})
    asked = len(world.asked)
    world.router.advance(5)
    assert (world.row()["status"], len(world.asked)) == ("unknown", asked)
    world.router.call(f"{NETWATCH}/enable", {".id": world.row()[".id"]})
    world.router.advance(1.5)
    assert (world.row()["status"], world.row()["done-tests"]) == ("up", "2")


def test_an_entry_that_is_gone_asks_nobody(world: World) -> None:
    world.watch(interval="1s")
    world.router.call(f"{NETWATCH}/remove", {".id": world.row()[".id"]})
    world.router.advance(5)
    assert world.asked == []


def test_after_a_start_nobody_is_asked_for_a_while(world: World) -> None:
    world.watch(startup_delay="1m", interval="10s")
    world.router.advance(15)
    asked = len(world.asked)
    world.router.reboot()
    assert world.row()["status"] == "unknown"
    world.router.advance(59)
    assert len(world.asked) == asked
    world.router.advance(2)
    assert (world.row()["status"], world.row()["done-tests"]) == ("up", "1")


def test_changes_run_scripts_by_name_or_by_their_text(world: World) -> None:
    world.router.add(SCRIPT, name="gone", policy="read,write", source=":log warning gone")
    world.watch(
        interval="1s",
        timeout="100ms",
        up_script=':log warning "$host is $status"',
        down_script="gone",
        test_script=':log info $"done-tests"',
    )
    world.router.advance(1.5)
    world.up = False
    world.router.advance(2)
    assert world.log("script,warning") == ["03:04:05 192.0.2.1 is up", "03:04:07 gone"]
    assert world.router.rows(SCRIPT)[0]["run-count"] == "1"
    assert [line.split()[-1] for line in world.log("script,info")] == ["1", "2", "3", "4"]


def test_the_first_news_can_be_passed_over(world: World) -> None:
    world.watch(interval="1s", timeout="100ms", ignore_initial_up="yes", up_script=":log warning up")
    world.router.advance(0.5)
    assert world.log("script,warning") == []
    for world.up in (False, True):
        world.router.advance(1)
    assert world.log("script,warning") == ["03:04:07 up"]


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        ({"policy": "read,write,test,reboot"}, True),
        ({"policy": "read,write,policy"}, False),
        ({"policy": "read,write,policy", "dont_require_permissions": "yes"}, True),
    ],
)
def test_a_script_that_asks_for_more_than_netwatch_has_does_not_run(
    world: World, words: dict[str, str], runs: bool
) -> None:
    world.router.add(SCRIPT, name="s", source=":log warning ran", **words)
    world.watch(up_script="s")
    world.router.advance(1)
    assert bool(world.log("script,warning")) == runs
    failed = [] if runs else ["not enough permissions (9)", f"executing script s from netwatch ({HOST}) failed"]
    said = [line[9:] for line in world.log("script,error")]
    assert [line.split(", please")[0] for line in said] == failed


@pytest.mark.parametrize("policy", ["read,write", "read,write,policy"])
def test_a_script_within_the_script_is_held_to_the_same_rights(world: World, policy: str) -> None:
    world.router.add(SCRIPT, name="inner", source=":log warning ran", policy=policy)
    world.watch(up_script="/system/script/run inner")
    world.router.advance(1)
    assert bool(world.log("script,warning")) == ("policy" not in policy)


def test_global_variables_of_netwatch_are_its_own(world: World) -> None:
    world.router.add("/system/scheduler", name="j", interval="1s", on_event=":global n; :set n 7")
    first = ':if ([:typeof $n] = "nothing") do={:set n 0}'
    world.watch(interval="1s", test_script=f":global n; {first}; :set n ($n + 1); :log warning $n")
    world.router.advance(3.5)
    assert [line.split()[-1] for line in world.log("script,warning")] == ["1", "2", "3", "4"]
