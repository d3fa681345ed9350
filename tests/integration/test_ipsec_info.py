# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules ipsec_info and ipsec_verify through ansible-playbook, and how the latter waits."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.choose import Wanted
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.pings import Ping
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Watch
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import StatusQuestion
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from ansible_collections.vpnops.mikrotik.plugins.module_utils.verify import verify
from twin import Server
from twin.model import Row
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play

SA = {"spi": "0x6D2E8F1", "src-address": "203.0.113.50", "dst-address": "198.51.100.7", "state": "mature",
      "enc-algorithm": "aes-cbc", "enc-key-size": "256", "auth-algorithm": "sha256", "seen-traffic": "true",
      "auth-key": "00c0ffee", "enc-key": "00facade", "current-bytes": "18244", "current-packets": "212"}  # fmt: skip
SEED = {
    "/ip/ipsec/peer": [
        {"name": "site-b", "address": "203.0.113.50", "exchange-mode": "ike2"},
        {"name": "site-c", "address": "203.0.113.60", "exchange-mode": "ike2"},
    ],
    "/ip/ipsec/policy": [
        {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "peer": "site-b", "tunnel": "yes",
         "ph2-state": "established"},
        {"src-address": "192.168.10.0/24", "dst-address": "192.168.30.0/24", "peer": "site-c", "tunnel": "yes",
         "comment": "s2s-c: 192.168.10.0/24 to 192.168.30.0/24"},
    ],
    "/ip/ipsec/active-peers": [{"state": "established", "side": "initiator", "remote-address": "203.0.113.50"}],
    "/ip/address": [{"address": "192.168.10.1/24", "interface": "ether2"}],
}  # fmt: skip


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    server = make_twin(users={"admin": PASSWORD}, seed=SEED, tls=True)
    server.router.seed({"/ip/ipsec/installed-sa": [SA]})
    return server


def ask(play: Play, router: Server, *flags: str, **options: Any) -> Any:
    return play(router, [{"name": "ask", "vpnops.mikrotik.ipsec_info": options}], *flags)


def test_tunnels_are_told_one_by_one(router: Server, play: Play) -> None:
    run = ask(play, router, "--check")
    found = {each["peer"]: each for each in run["ask"].result["tunnels"]}
    assert run["ask"].result["changed"] is False
    assert found["site-b"]["stands"] is True
    assert found["site-b"]["associations"][0]["bytes"] == 18244
    assert (found["site-c"]["stands"], found["site-c"]["phase1"]) == (False, "none")
    assert run["ask"].result["statistics"]["in_errors"] == 0


def test_keys_are_neither_asked_for_nor_told(router: Server, play: Play) -> None:
    run = ask(play, router, "-vvvv")
    assert run.status == 0
    assert "00c0ffee" not in run.output
    asked = next(words for words in router.sentences if words[0] == "/ip/ipsec/installed-sa/print")
    assert "-key," not in asked[1] + ","


def test_one_of_them_can_be_asked_for(router: Server, play: Play) -> None:
    assert [each["peer"] for each in ask(play, router, tunnels=["site-c"])["ask"].result["tunnels"]] == ["site-c"]
    told = ask(play, router, tunnels=["site-x"]).failure.message
    assert told == "127.0.0.1: /ip/ipsec/peer: there is no peer site-x; there are: site-b, site-c"


def test_they_can_be_asked_for_by_mark_and_by_what_lies_beyond(router: Server, play: Play) -> None:
    assert [each["peer"] for each in ask(play, router, owner=["s2s-*"])["ask"].result["tunnels"]] == ["site-c"]
    both = ask(play, router, destinations=["192.168.30.7", "192.168.20.0/25"])["ask"].result["tunnels"]
    assert [each["peer"] for each in both] == ["site-c", "site-b"]
    told = ask(play, router, destinations=["192.168.40.0/24"]).failure.message
    assert told == "127.0.0.1: /ip/ipsec/policy: no policy of a peer leads to 192.168.40.0/24"


def test_one_round_trip_is_enough(router: Server, play: Play) -> None:
    ask(play, router)
    assert router.round_trips == 2


def test_what_stands_is_verified_at_once(router: Server, play: Play) -> None:
    run = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": {"tunnels": ["site-b"]}}])
    found = run["wait"].result
    assert (run.status, found["changed"], found["waited"]) == (0, False, 0)
    assert found["observed"] == [{"after": 0, "peer": "site-b", "phase1": "established", "phase2": "established"}]


def test_what_is_switched_off_need_not_stand_unless_it_is_named(router: Server, play: Play) -> None:
    router.router.seed({"/ip/ipsec/peer": [{"name": "site-c", "disabled": "yes"}]})
    run = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": {"timeout": 0}}])
    assert [each["peer"] for each in run["wait"].result["tunnels"]] == ["site-b"]
    told = play(
        router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": {"timeout": 0, "tunnels": ["site-c"]}}]
    ).failure
    assert [each["kind"] for each in told.result["reasons"]] == ["off"]


def test_what_does_not_is_told_with_the_reason(router: Server, play: Play) -> None:
    router.router.note("ipsec,error", "203.0.113.60 no suitable proposal found")
    told = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": {"timeout": 1, "interval": 1}}]).failure
    assert told.message == (
        "127.0.0.1: after 1 s: tunnel site-c does not stand: phase 1 is none, phase 2 is no-phase2; the log says "
        '"203.0.113.60 no suitable proposal found"; the two ends have no algorithms in common: compare the profiles '
        "(phase 1), then the proposals and pfs_group (phase 2), of both ends"
    )
    (reason,) = told.result["reasons"]
    assert (reason["peer"], reason["kind"], reason["phase"], reason["side"]) == ("site-c", "proposal", 1, "")


def test_a_tunnel_that_comes_up_ends_the_waiting(router: Server) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            table = router.router.tables["/ip/ipsec/active-peers"]
            table.insert(Row(table.new_id(), {"state": "established", "remote-address": "203.0.113.60"}))
            (row,) = [each for each in router.router.tables["/ip/ipsec/policy"] if "30.0" in each.values["dst-address"]]
            row.values["ph2-state"] = "established"

    target = Target("127.0.0.1", password=PASSWORD, port=router.port, transport="api")
    watch = Watch(lambda: sum(pauses), pause)
    found = verify(StatusQuestion(Wanted(("site-c",)), (60, 2)), target, Secrets(), watch)
    assert (found.get("failed"), found["waited"], pauses) == (None, 6, [2, 2, 2])
    assert [(each["after"], each["phase1"]) for each in found["observed"]] == [(0, "none"), (6, "established")]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"timeout": -1}, "timeout cannot be -1; give 0 to 3600 seconds"),
        ({"interval": 0}, "interval cannot be 0; give 1 to 3600 seconds"),
        ({"ping": [{"address": "site-b"}]}, "ping: address cannot be site-b; give an address"),
        ({"ping": [{"address": "192.168.20.1", "src_address": "x"}]}, "ping: src_address cannot be x; give an address"),
        ({"ping": [{"address": "192.168.20.1", "count": 0}]}, "ping: count cannot be 0; give 1 to 10"),
        (
            {"ping": [{"address": "192.168.99.1"}]},
            "127.0.0.1: ping 192.168.99.1: no policy of the tunnels asked for leads there",
        ),
        (
            {"tunnels": ["site-b"], "other_end": {"peer": "hq"}},
            "other_end: give config or tunnels of the other router, or both",
        ),
        ({"tunnels": ["site-x"]}, "127.0.0.1: /ip/ipsec/peer: there is no peer site-x; there are: site-b, site-c"),
    ],
)
def test_what_cannot_be_waited_for_is_told(router: Server, play: Play, options: dict[str, Any], told: str) -> None:
    assert play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": options}]).failure.message == told


def test_both_ends_are_compared_when_the_other_one_was_read(make_twin: MakeTwin, play: Play, router: Server) -> None:
    there = {"name": "hq", "address": "198.51.100.7", "exchange-mode": "main"}
    other = make_twin(users={"admin": PASSWORD}, seed={"/ip/ipsec/peer": [there]}, tls=True)
    read = {"name": "read", "vpnops.mikrotik.config": {"state": "gathered"}}
    config = play(other, [read])["read"].result["gathered"]
    end = {"config": config, "peer": "hq"}
    wish = {"tunnels": ["site-c"], "timeout": 0, "other_end": end}
    told = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": wish}]).failure
    assert "exchange_mode: ike2 here, main there" in told.result["differences"]
    assert "The ends differ: exchange_mode: ike2 here, main there; " in told.message
    wrong = {**wish, "other_end": {**end, "peer": "hg"}}
    told = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": wrong}]).failure
    assert told.message == "127.0.0.1: other_end.peer: the other end has no peer hg; there are: hq"
    several = {**wish, "tunnels": []}
    told = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": several}]).failure
    assert told.message == "other_end is the end of one tunnel; name that one, and nothing else, in tunnels"


def test_pings_go_through_the_tunnel_and_are_told(router: Server, play: Play) -> None:
    asked: list[tuple[str, str]] = []
    router.router.echo = lambda address, source: asked.append((address, source)) is None
    wish = {"tunnels": ["site-b"], "ping": [{"address": "192.168.20.1", "count": 2}]}
    run = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": wish}])
    assert run.status == 0, run.output
    assert run["wait"].result["pings"] == [
        {"peer": "site-b", "address": "192.168.20.1", "src_address": "192.168.10.1", "sent": 2, "received": 2}
    ]
    assert asked == [("192.168.20.1", "192.168.10.1")]


def test_a_ping_without_an_answer_is_told_with_the_reason(router: Server, play: Play) -> None:
    wish = {"tunnels": ["site-b"], "timeout": 0, "ping": [{"address": "192.168.20.1"}]}
    told = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": wish}]).failure
    assert told.message.startswith(
        "127.0.0.1: after 0 s: tunnel site-b stands, but 192.168.20.1 answered none of 3 pings from 192.168.10.1 "
        "(timeout); no packet ever left by the association that is there for it: "
    )
    (reason,) = told.result["reasons"]
    assert (reason["kind"], reason["phase"], reason["side"]) == ("not-sent", 2, "initiator")


def test_pings_make_the_router_call(router: Server) -> None:
    """What a daemon does for traffic that a policy is for, the twin does here; the first look finds the tunnel up."""

    def called(_address: str, source: str) -> bool:
        (row,) = [each for each in router.router.tables["/ip/ipsec/policy"] if "30.0" in each.values["dst-address"]]
        up = row.values["ph2-state"] == "established"
        row.values["ph2-state"] = "established"
        session = {"state": "established", "remote-address": "203.0.113.60"}
        router.router.seed({"/ip/ipsec/active-peers": [] if up else [session]})
        return up and source == "192.168.10.1"

    router.router.echo = called
    pauses: list[float] = []
    watch = Watch(lambda: sum(pauses), pauses.append)
    target = Target("127.0.0.1", password=PASSWORD, port=router.port, transport="api")
    question = StatusQuestion(Wanted(destinations=("192.168.30.0/24",)), (60, 2), (Ping("192.168.30.1"),))
    found = verify(question, target, Secrets(), watch)
    assert (found.get("failed"), found["waited"], pauses) == (None, 2, [2])
    assert [(each["after"], each["phase1"]) for each in found["observed"]] == [(0, "established")]


def test_without_the_right_to_test_nothing_is_pinged(make_twin: MakeTwin, play: Play) -> None:
    users = {"admin": PASSWORD}
    server = make_twin(users=users, seed=SEED, tls=True)
    server.router.set_user("admin", PASSWORD, ("api", "read"))
    wish = {"tunnels": ["site-b"], "ping": [{"address": "192.168.20.1"}]}
    told = play(server, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": wish}]).failure.message
    assert told == "127.0.0.1: /tool/ping: not enough permissions (9)"


def test_the_other_end_s_log_explains(router: Server, play: Play) -> None:
    """This end got no answer; that one knows why it gave none."""
    router.router.note("ipsec,error", "phase1 negotiation failed due to time up 198.51.100.7[500]<=>203.0.113.60[500]")
    there = {"peer": "hq", "tunnels": [{"peer": "hq", "last_error": "198.51.100.7 no suitable proposal found"}]}
    wish = {"tunnels": ["site-c"], "timeout": 0, "other_end": there}
    told = play(router, [{"name": "wait", "vpnops.mikrotik.ipsec_verify": wish}]).failure
    (reason,) = told.result["reasons"]
    assert (reason["kind"], reason["log_there"]) == ("proposal", "198.51.100.7 no suitable proposal found")
    assert 'the log of the other end says "198.51.100.7 no suitable proposal found"' in told.message
    assert "differences" not in told.result
