# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: connected ones appear by themselves, static ones are active while their gateway is reached."""

from __future__ import annotations

import pytest
from twin import Router, SteppedClock, Trap

ROUTE = "/ip/route"


@pytest.fixture
def router() -> Router:
    """Two networks and a default route."""
    found = Router()
    found.add("/ip/address", address="192.0.2.10/24", interface="ether1")
    found.add("/ip/address", address="192.168.88.1/24", interface="ether2")
    found.add(ROUTE, gateway="192.0.2.1", comment="uplink")
    return found


def told(router: Router) -> list[tuple[str, str, str]]:
    return [(row["dst-address"], row.get("immediate-gw", ""), row["active"]) for row in router.rows(ROUTE)]


UPLINK = ("0.0.0.0/0", "192.0.2.1%ether1", "true")
LAN = ("192.168.88.0/24", "ether2", "true")
WAN = ("192.0.2.0/24", "ether1", "true")


def test_connected_routes_follow_addresses(router: Router) -> None:
    assert told(router) == [UPLINK, WAN, LAN]
    router.call("/ip/address/disable", {".id": "*2"})
    assert told(router) == [UPLINK, WAN]
    router.call("/ip/address/set", {".id": "*2", "disabled": "no", "address": "198.51.100.1/25"})
    assert told(router) == [UPLINK, WAN, ("198.51.100.0/25", "ether2", "true")]
    router.call("/interface/disable", {".id": "ether1"})
    assert told(router)[0] == ("0.0.0.0/0", "", "false")


def test_rows_say_where_they_come_from(router: Router) -> None:
    static, connected, _lan = router.rows(ROUTE)
    assert (static["static"], static["dynamic"], static["distance"], static["routing-table"]) == (
        "true", "false", "1", "main",
    )  # fmt: skip
    assert (connected["connect"], connected["dynamic"], connected["distance"]) == ("true", "true", "0")
    assert "connect" not in static
    assert "static" not in connected


def test_nearer_route_wins_while_its_gateway_is_reached(router: Router) -> None:
    router.add(ROUTE, gateway="ether3", distance="5")
    assert told(router)[1] == ("0.0.0.0/0", "ether3", "false")
    router.call(f"{ROUTE}/set", {".id": "*1", "gateway": "203.0.113.1"})
    assert told(router)[:2] == [("0.0.0.0/0", "", "false"), ("0.0.0.0/0", "ether3", "true")]
    router.call(f"{ROUTE}/set", {".id": "*1", "gateway": "192.0.2.1", "disabled": "yes"})
    assert told(router)[:2] == [("0.0.0.0/0", "", "false"), ("0.0.0.0/0", "ether3", "true")]


def test_queries_combine(router: Router) -> None:
    router.add(ROUTE, dst_address="198.51.100.0/24", gateway="203.0.113.1")
    active = router.call(f"{ROUTE}/print", {}, "active=true")
    assert [row["dst-address"] for row in active] == ["0.0.0.0/0", "192.0.2.0/24", "192.168.88.0/24"]
    either = router.call(f"{ROUTE}/print", {}, "active=true", "dst-address=198.51.100.0/24", "#|")
    assert len(either) == 4
    assert router.call(f"{ROUTE}/print", {}, "dst-address=198.51.100.0/24", "active=true") == []


@pytest.mark.parametrize("gateway", ["ipsec-vpn1", "192.0.2.1%nowhere", "192.0.2.300"])
def test_gateway_must_be_an_address_or_an_interface(router: Router, gateway: str) -> None:
    with pytest.raises(Trap, match="invalid value for argument gateway"):
        router.add(ROUTE, dst_address="198.51.100.0/24", gateway=gateway)


def test_connected_routes_are_not_to_be_changed(router: Router) -> None:
    connected = router.rows(ROUTE)[1][".id"]
    for verb, words in (("set", {"distance": "3"}), ("remove", {})):
        with pytest.raises(Trap, match="builtin"):
            router.call(f"{ROUTE}/{verb}", {".id": connected, **words})
    assert router.add(ROUTE, gateway="ether4", distance="9") == "*2"


def test_equal_routers_have_equal_dumps_whoever_looked() -> None:
    seed = {"/ip/address": [{"address": "192.0.2.10/24", "interface": "ether1"}]}
    looked, alone = Router(clock=lambda: 0.0), Router(clock=lambda: 0.0)
    for each in (looked, alone):
        each.seed(seed)
    looked.rows(ROUTE)
    assert looked.dump() == alone.dump()
    looked.reboot()
    assert looked.rows(ROUTE) == alone.rows(ROUTE)


RECURSIVE = {"gateway": "203.0.113.9", "target_scope": "11", "check_gateway": "ping"}


@pytest.fixture
def two_uplinks() -> Router:
    """A default route by way of a host behind the first uplink, which is asked, and one by the second for else."""
    found = Router(clock=SteppedClock())
    found.add("/ip/address", address="192.0.2.10/24", interface="ether1")
    found.add("/ip/address", address="198.51.100.10/24", interface="ether2")
    found.add(ROUTE, dst_address="203.0.113.9", gateway="192.0.2.1", scope="10")
    found.add(ROUTE, **RECURSIVE)
    found.add(ROUTE, gateway="198.51.100.1", distance="2")
    return found


def defaults(router: Router) -> list[tuple[str, str]]:
    rows = (row for row in router.rows(ROUTE) if row["dst-address"] == "0.0.0.0/0")
    return [(row.get("immediate-gw", ""), row["active"]) for row in rows]


FIRST = [("192.0.2.1%ether1", "true"), ("198.51.100.1%ether2", "false")]
SECOND = [("", "false"), ("198.51.100.1%ether2", "true")]


def test_gateways_are_found_behind_other_routes(two_uplinks: Router) -> None:
    assert defaults(two_uplinks) == FIRST
    two_uplinks.call("/interface/disable", {".id": "ether1"})
    assert defaults(two_uplinks) == SECOND


@pytest.mark.parametrize(
    ("scope", "target", "found"), [("10", "10", False), ("10", "11", True), ("30", "30", False), ("30", "31", True)]
)
def test_scopes_say_behind_which_routes(two_uplinks: Router, scope: str, target: str, found: bool) -> None:
    two_uplinks.call(f"{ROUTE}/set", {".id": "*1", "scope": scope})
    two_uplinks.call(f"{ROUTE}/set", {".id": "*2", "target-scope": target})
    assert defaults(two_uplinks) == (FIRST if found else SECOND)


def test_connected_networks_need_a_target_scope_of_theirs(router: Router) -> None:
    router.call(f"{ROUTE}/set", {".id": "*1", "target-scope": "9"})
    assert told(router)[0] == ("0.0.0.0/0", "", "false")


def test_routes_behind_each_other_reach_nothing(router: Router) -> None:
    for one, other in (("198.51.100.1", "198.51.100.2"), ("198.51.100.2", "198.51.100.1")):
        router.add(ROUTE, dst_address=one, gateway=other, scope="10", target_scope="11")
    assert [active for place, _hop, active in told(router) if place.startswith("198.51.100")] == ["false", "false"]


def test_silent_gateways_are_given_up_after_two_requests(two_uplinks: Router) -> None:
    """It is asked at 0, 10, 20 s and so on; a request has run out when the next one is due."""
    answering = True
    two_uplinks.echo = lambda address, _source: answering and address == "203.0.113.9"
    two_uplinks.advance(9)
    answering = False
    two_uplinks.advance(20)
    assert defaults(two_uplinks) == FIRST
    two_uplinks.advance(1)
    assert defaults(two_uplinks) == SECOND
    answering = True
    # An answer takes a moment.
    two_uplinks.advance(10.1)
    assert defaults(two_uplinks) == FIRST


def test_one_request_that_runs_out_is_nothing(two_uplinks: Router) -> None:
    answers = iter([True, False, True, False, True])
    two_uplinks.echo = lambda _address, _source: next(answers)
    two_uplinks.advance(45)
    assert defaults(two_uplinks) == FIRST


def test_only_routes_that_check_go(two_uplinks: Router) -> None:
    two_uplinks.echo = lambda _address, _source: False
    two_uplinks.add(ROUTE, dst_address="10.0.0.0/8", gateway="203.0.113.9", target_scope="11")
    two_uplinks.add(ROUTE, dst_address="10.1.0.0/16", **RECURSIVE)
    changed: list[str] = []
    two_uplinks.watchers.append(lambda _path, row, _gone: changed.append(row.get("dst-address", "")))
    two_uplinks.advance(20)
    active = {row["dst-address"] for row in two_uplinks.rows(ROUTE) if row["active"] == "true"}
    assert "10.0.0.0/8" in active
    assert "10.1.0.0/16" not in active
    assert {"0.0.0.0/0", "10.1.0.0/16"} <= set(changed)
    two_uplinks.reboot()
    assert defaults(two_uplinks) == FIRST


def test_gateways_answer_where_nobody_says_who_does(two_uplinks: Router) -> None:
    two_uplinks.advance(60)
    assert defaults(two_uplinks) == FIRST


def test_a_gateway_that_is_silent_leaves_the_others() -> None:
    clocked = Router(clock=SteppedClock())
    clocked.add("/ip/address", address="192.0.2.10/24", interface="ether1")
    clocked.add(ROUTE, gateway="192.0.2.1,192.0.2.2", check_gateway="ping")
    assert clocked.rows(ROUTE)[0]["ecmp"] == "true"
    clocked.echo = lambda address, _source: address == "192.0.2.2"
    clocked.advance(20)
    row = clocked.rows(ROUTE)[0]
    assert (row["immediate-gw"], row["active"], row.get("ecmp")) == ("192.0.2.2%ether1", "true", None)


@pytest.mark.parametrize("word", ["", "yes"])
def test_blackholes_swallow(router: Router, word: str) -> None:
    router.add(ROUTE, dst_address="10.0.0.0/8", blackhole=word, distance="250")
    row = router.rows(ROUTE)[1]
    assert (row["blackhole"], row["active"], row.get("immediate-gw")) == ("", "true", None)
    router.add(ROUTE, dst_address="10.0.0.0/8", gateway="192.0.2.1")
    assert [active for place, _hop, active in told(router) if place == "10.0.0.0/8"] == ["false", "true"]


def test_routes_through_what_does_not_run_are_inactive(router: Router) -> None:
    router.add(ROUTE, dst_address="10.0.0.0/8", gateway="ether2")
    router.tables["/interface"].by_name("ether2").values["running"] = "false"  # type: ignore[union-attr]
    assert told(router)[1] == ("10.0.0.0/8", "", "false")
    assert LAN not in told(router)


def test_a_route_prints_what_it_is_by_itself(router: Router) -> None:
    router.add("/ip/route", dst_address="10.9.0.0/16", gateway="192.0.2.1")
    (row,) = (row for row in router.rows("/ip/route") if row["dst-address"] == "10.9.0.0/16")
    assert (row["distance"], row["scope"], row["target-scope"], row["pref-src"]) == ("1", "30", "10", "")
    assert {"check-gateway", "blackhole", "vrf-interface"} & set(row) == set()


@pytest.mark.parametrize("given", ["", "yes", "true"])
def test_a_blackhole_is_a_name_without_a_value(router: Router, given: str) -> None:
    id_ = router.add("/ip/route", dst_address="10.9.0.0/16", blackhole=given)

    def printed() -> str | None:
        return next(row for row in router.rows("/ip/route") if row[".id"] == id_).get("blackhole")

    assert printed() == ""
    router.call("/ip/route/unset", {".id": id_, "value-name": "blackhole"})
    assert printed() is None
    with pytest.raises(Trap, match="input does not match any value of blackhole"):
        router.call("/ip/route/set", {".id": id_, "blackhole": "no"})


def test_a_blackhole_is_active_while_no_nearer_route_is(router: Router) -> None:
    place = {"dst_address": "198.51.100.0/24"}
    router.add(ROUTE, gateway="192.0.2.1", **place)
    router.add(ROUTE, blackhole="yes", distance="254", **place)
    assert [active for to, _hop, active in told(router) if to == "198.51.100.0/24"] == ["true", "false"]
    router.call(f"{ROUTE}/set", {".id": "*2", "gateway": "203.0.113.1"})
    assert [active for to, _hop, active in told(router) if to == "198.51.100.0/24"] == ["false", "true"]


def test_a_nearer_blackhole_takes_what_a_route_would(router: Router) -> None:
    router.add(ROUTE, blackhole="yes", distance="1")
    router.call(f"{ROUTE}/set", {".id": "*1", "distance": "5"})
    assert [active for to, _hop, active in told(router) if to == "0.0.0.0/0"] == ["false", "true"]


def test_gateways_without_a_way_are_asked_once_there_is_one(two_uplinks: Router) -> None:
    """Nobody need look at routes meanwhile; what was silent before counts as reached again."""
    asked: list[str] = []
    two_uplinks.echo = lambda address, _source: bool(asked.append(address))
    two_uplinks.call("/interface/disable", {".id": "ether1"})
    two_uplinks.advance(35)
    assert asked == []
    two_uplinks.call("/interface/enable", {".id": "ether1"})
    two_uplinks.advance(20)
    assert asked == ["203.0.113.9"] * 2
    assert defaults(two_uplinks) == FIRST
    two_uplinks.advance(10)
    assert defaults(two_uplinks) == SECOND
    two_uplinks.call("/interface/disable", {".id": "ether1"})
    two_uplinks.advance(10)
    two_uplinks.call("/interface/enable", {".id": "ether1"})
    assert defaults(two_uplinks) == FIRST


def test_a_gateway_that_no_route_checks_any_more_is_left_alone(two_uplinks: Router) -> None:
    asked: list[str] = []
    two_uplinks.echo = lambda address, _source: asked.append(address) is None
    two_uplinks.call(f"{ROUTE}/unset", {".id": "*2", "value-name": "check-gateway"})
    two_uplinks.advance(30)
    assert (asked, two_uplinks.next_due()) == ([], None)
