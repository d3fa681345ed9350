# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ping, and the rows that only a daemon makes, planted by a test."""

from __future__ import annotations

import pytest
from twin import Router, Trap
from twin.actor import Actor


@pytest.fixture
def router() -> Router:
    found = Router("7.22.3")
    found.add("/ip/address", address="192.168.10.1/24", interface="ether2")
    return found


@pytest.mark.parametrize("full", ["/ping", "/tool/ping"])
def test_the_router_answers_itself_and_nobody_else_does(router: Router, full: str) -> None:
    own = router.call(full, {"address": "192.168.10.1", "count": "2"})
    assert [(row["seq"], row["received"], row["packet-loss"], row["time"]) for row in own] == [
        ("0", "1", "0", "1ms"),
        ("1", "2", "0", "1ms"),
    ]
    away = router.call(full, {"address": "192.168.20.1", "count": "2"})
    assert [(row["sent"], row["received"], row["status"]) for row in away] == [
        ("1", "0", "timeout"),
        ("2", "0", "timeout"),
    ]
    assert not any("time" in row for row in away)


def test_a_test_says_who_answers_to_whom(router: Router) -> None:
    router.echo = lambda address, source: (address, source) == ("192.168.20.1", "192.168.10.1")
    words = {"address": "192.168.20.1", "count": "1"}
    assert router.call("/tool/ping", words)[0]["received"] == "0"
    assert router.call("/tool/ping", {**words, "src-address": "192.168.10.1"})[0]["received"] == "1"


def test_a_name_is_looked_up(router: Router) -> None:
    router.add("/ip/dns/static", name="hq.example.com", address="192.168.10.1")
    assert router.call("/tool/ping", {"address": "hq.example.com", "count": "1"})[0]["host"] == "192.168.10.1"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"count": "1"}, "missing value(s) of argument(s) address"),
        ({"address": "192.168.10.1"}, "failure: the twin does not play ping without count"),
        ({"address": "192.168.10.1/24", "count": "1"}, "invalid value for argument address"),
        ({"address": "192.168.10.1", "count": "1", "src-address": "x"}, "invalid value for argument src-address"),
        ({"address": "nobody.example.com", "count": "1"}, "failure: dns name does not exist"),
        ({"address": "192.168.10.1", "count": "1", "from": "x"}, "unknown parameter from"),
    ],
)
def test_what_is_no_ping_is_refused(router: Router, words: dict[str, str], message: str) -> None:
    with pytest.raises(Trap) as refusal:
        router.call("/ping", words)
    assert refusal.value.message == message


def test_it_takes_the_right_to_test(router: Router) -> None:
    words = {"address": "192.168.10.1", "count": "1"}
    assert router.call("/ping", words, actor=Actor("a", frozenset(("api", "read", "test"))))
    with pytest.raises(Trap, match="not enough permissions"):
        router.call("/ping", words, actor=Actor("a", frozenset(("api", "read", "write"))))


def test_what_a_daemon_would_fill_in_can_be_planted(router: Router) -> None:
    router.seed({
        "/ip/ipsec/active-peers": [{"remote-address": "203.0.113.50", "state": "established", "side": "initiator"}],
        "/ip/ipsec/installed-sa": [{"spi": "0x1", "src-address": "203.0.113.50", "state": "mature"}],
        "/ip/ipsec/statistics": [{"in-no-states": "7"}],
        "/log": [{"topics": "ipsec,error", "message": "203.0.113.50 no suitable proposal found"}],
    })  # fmt: skip
    assert [row["state"] for row in router.rows("/ip/ipsec/active-peers")] == ["established"]
    assert [row["spi"] for row in router.rows("/ip/ipsec/installed-sa")] == ["0x1"]
    assert router.rows("/ip/ipsec/statistics")[0]["in-no-states"] == "7"
    assert [row["topics"] for row in router.rows("/log")][-1:] == ["ipsec,error"]
    with pytest.raises(Trap, match="contact MikroTik support"):
        router.call("/ip/ipsec/active-peers/add")
    with pytest.raises(Trap, match="unknown parameter remote-address"):
        router.call("/ip/ipsec/active-peers/add", {"remote-address": "203.0.113.50"})
