# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes: connected ones appear by themselves, static ones are active while their gateway is reached."""

from __future__ import annotations

import pytest
from twin import Router, Trap

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
