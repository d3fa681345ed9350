# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be broken in a lab: what the routers show of it, what packets do, and that it can be mended."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing

import librouteros
import pytest
from librouteros.exceptions import LibRouterosError
from twin.live import Lab, Trouble
from twin.live.cli.options import parser

from tests.live.conftest import able
from tests.live.sites import Sites, plan, until
from tests.live.test_topology import PLAN, pings


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    able()
    with Lab(PLAN) as found:
        yield found


def running(lab: Lab, router: str, port: str) -> bool:
    return next(row for row in lab.rows(router, "/interface") if row["name"] == port)["running"] == "true"


def active(lab: Lab, router: str) -> set[str]:
    return {row["dst-address"] for row in lab.rows(router, "/ip/route") if row["active"] == "true"}


def test_a_port_without_a_cable_does_not_run(lab: Lab) -> None:
    assert running(lab, "r2", "ether1")
    assert not running(lab, "r2", "ether2")


def test_a_cut_cable_shows_at_once_and_mends(lab: Lab) -> None:
    assert active(lab, "r1") == {"192.0.2.0/30", "192.168.10.0/24", "0.0.0.0/0"}
    lab.cut("modem", "r1")
    assert not running(lab, "r1", "ether1")
    assert active(lab, "r1") == {"192.168.10.0/24"}
    assert "NO-CARRIER" in lab.run("modem", "ip", "link", "show", "to-r1").out
    assert not pings(lab, "pc", "203.0.113.9")
    assert pings(lab, "pc", "192.168.10.2")
    lab.mend("r1", "modem")
    assert running(lab, "r1", "ether1")
    assert until(lambda: pings(lab, "pc", "203.0.113.9"), 3)
    assert active(lab, "r1") == {"192.0.2.0/30", "192.168.10.0/24", "0.0.0.0/0"}


def test_a_path_breaks_behind_a_living_modem_and_comes_back_with_its_routes(lab: Lab) -> None:
    for one, other in (("modem", "isp"), ("internet", "isp"), ("user", "internet")):
        lab.cut(one, other)
        assert not pings(lab, "pc", "203.0.113.9")
        assert running(lab, "r1", "ether1")
        assert pings(lab, "r1", "192.0.2.1")
        lab.mend(one, other)
        assert until(lambda: pings(lab, "pc", "203.0.113.9"), 3), (one, other)


@pytest.mark.parametrize(("one", "other"), [("modem", "isp"), ("r1", "modem"), ("r1", "lan"), ("pc", "lan")])
def test_a_black_hole_keeps_the_carrier(lab: Lab, one: str, other: str) -> None:
    lab.blackhole(one, other)
    lab.blackhole(one, other)
    assert not pings(lab, "pc", "203.0.113.9")
    assert running(lab, "r1", "ether1")
    assert running(lab, "r1", "ether2")
    lab.mend(one, other)
    assert until(lambda: pings(lab, "pc", "203.0.113.9"), 3)


def test_carrier_that_goes_at_the_far_end_is_seen_without_being_asked(lab: Lab) -> None:
    assert pings(lab, "pc", "192.168.10.2")
    port = next(cable.far for cable in PLAN.links() if cable.joins("r1", "lan"))
    lab.run("lan", "ip", "link", "set", port, "down")
    # Nothing is read of the router: its address is gone because it noticed.
    assert until(lambda: "192.168.10.2" not in lab.run("r1", "ip", "address").out, 0.8)
    assert not running(lab, "r1", "ether2")
    lab.run("lan", "ip", "link", "set", port, "up")
    assert until(lambda: "192.168.10.2" in lab.run("r1", "ip", "address").out, 0.8)


def test_what_is_not_there_cannot_be_broken(lab: Lab) -> None:
    for verb, names, words in (
        ("cut", ("r1", "isp"), "there is no cable between r1 and isp"),
        ("kill", ("r1", "bgp"), "no daemon is called bgp"),
        ("kill", ("modem", "ike"), "there is no router modem"),
        ("power_off", ("pc",), "there is no router pc"),
    ):
        with pytest.raises(Trouble, match=words):
            getattr(lab, verb)(*names)


def test_a_router_loses_its_power_and_starts_again(lab: Lab) -> None:
    port = lab.routers["r1"].port
    api = librouteros.connect("127.0.0.1", "admin", "", port=port)
    api.path("ip", "firewall", "address-list").add(list="kept", address="192.0.2.77")
    api.path("ip", "firewall", "address-list").add(list="lost", address="192.0.2.78", timeout="1h")
    api.path("system", "scheduler").add(name="t", interval="1s", **{"on-event": "/log info alive"})
    lab.power_off("r1")
    with closing(api), pytest.raises((LibRouterosError, OSError)):
        list(api.path("interface"))
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        assert client.recv(1) == b""
    assert not pings(lab, "pc", "192.168.10.2")
    assert "NO-CARRIER" in lab.run("modem", "ip", "link", "show", "to-r1").out
    lines = len(lab.rows("r1", "/log"))
    time.sleep(1.5)
    assert len(lab.rows("r1", "/log")) == lines
    lab.power_on("r1")
    assert until(lambda: pings(lab, "pc", "203.0.113.9"), 3)
    with closing(librouteros.connect("127.0.0.1", "admin", "", port=port)) as api:
        assert [row["list"] for row in api.path("ip", "firewall", "address-list")] == ["kept"]
        assert until(lambda: any(row["message"] == "alive" for row in lab.rows("r1", "/log")), 4)


def test_an_ike_daemon_is_killed_and_revived() -> None:
    able()
    with Lab(plan()) as lab, closing(Sites(lab)) as sites:
        sites.configure()
        assert sites.stands()
        assert sites.crosses()
        before = sites.errors("a")
        lab.kill("a", "ike")
        assert not sites.rows("a", "/ip/ipsec/active-peers")
        # Nobody told the other end.
        assert sites.rows("b", "/ip/ipsec/active-peers")
        time.sleep(1)
        assert sites.errors("a") == before
        lab.revive("a", "ike")
        assert sites.stands()
        assert sites.crosses()
        lab.power_off("a")
        lab.power_on("a")
        assert sites.crosses()


def test_the_command_line_knows_the_verbs() -> None:
    assert parser().parse_args(["cut", "hq", "internet"]).names == ["hq", "internet"]
    assert parser().parse_args(["power-off", "hq"]).names == ["hq"]
