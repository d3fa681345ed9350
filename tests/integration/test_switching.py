# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts of ha_backup_peer on a router's own interpreter, netwatch and scheduler, in a time that tests advance.

At every moment, and not just at the end, at most one of the policies for the same traffic is enabled.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.filter.ha_backup_peer import compiled
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import to_words
from twin import Router, SteppedClock
from twin.model import Row

POLICY, PEER, SESSION = "/ip/ipsec/policy", "/ip/ipsec/peer", "/ip/ipsec/active-peers"
TRACKED, ROUTE, VRRP = "/ip/firewall/connection", "/ip/route", "/interface/vrrp"
ADDRESSES = {"first": "203.0.113.1", "second": "203.0.113.129", "third": "203.0.113.200"}
NAMES = {f"ha-hq/{name}": address for name, address in ADDRESSES.items()}
TUNNEL: Mapping[str, Any] = {
    "name": "hq",
    "local_subnets": ["192.168.20.0/24"],
    "remote_subnets": ["192.168.10.0/24", "192.168.11.0/24"],
    "psk": "a-secret-of-good-length",
    "peers": [{"name": name, "remote_address": address} for name, address in ADDRESSES.items()],
}
VRRP_OPTIONS: Mapping[str, Any] = {
    "method": "vrrp",
    "host": "gw1",
    "vrrp": {
        "members": {"gw1": {"priority": 200}, "gw2": {"priority": 100}},
        "addresses": [{"name": "wan", "interface": "ether1", "vrid": 1, "address": "198.51.100.7"}],
    },
}


@dataclass
class Site:
    """A router with a connection, the hosts that answer it, and what of its policies was ever wrong."""

    router: Router = field(default_factory=lambda: Router(clock=SteppedClock()))
    alive: set[str] = field(default_factory=lambda: set(ADDRESSES.values()))
    clashes: list[str] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.router.echo = lambda address, _source: address in self.alive
        self.router.connects = lambda address, _port, _source: address in self.alive

    def make(self, tunnel: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Put onto the router what the role would."""
        found: Any = compiled([tunnel or TUNNEL], **options)
        assert found["problems"] == []
        for menu in MENUS:
            for entry in found["config"].get(menu.module, ()):
                self.router.call(f"{menu.path}/add", to_words(BY_MODULE[menu.module or ""], entry))
        self.router.watchers.append(self._watch)

    def _watch(self, path: str, _row: Mapping[str, str], gone: bool) -> None:
        if path == POLICY and not gone:
            rows = [each.values for each in self.router.tables[POLICY]]
            ours = [each for each in rows if each.get("comment", "").startswith("ha-")]
            on = [each["dst-address"] for each in ours if each["disabled"] == "false"]
            self.clashes += [place for place in set(on) if on.count(place) > 1]

    def after(self, seconds: float) -> list[str]:
        """The peers whose policies are enabled when so much time has passed; some of them all count as one."""
        self.router.advance(seconds)
        rows = [row for row in self.router.rows(POLICY) if row["disabled"] == "false" and row.get("peer")]
        used = sorted({row["peer"].removeprefix("ha-hq/") for row in rows})
        if used != self.switches[-1:]:
            self.switches += used
        return used

    def enabled(self) -> int:
        return sum(row["disabled"] == "false" for row in self.router.rows(POLICY) if row.get("peer"))

    def begin(self, address: str) -> None:
        """A session with a peer stands."""
        table = self.router.tables[SESSION]
        row = Row(table.new_id(), {}, dynamic=True)
        table.insert(row)
        table.store(row, {"remote-address": address, "local-address": "198.51.100.2", "state": "established"})

    def end(self, address: str) -> None:
        table = self.router.tables[SESSION]
        for row in [row for row in table if row.values["remote-address"] == address]:
            table.discard(row)

    def track(self, **values: str) -> None:
        table = self.router.tables[TRACKED]
        row = Row(table.new_id(), {}, dynamic=True)
        table.insert(row)
        table.store(row, {name.replace("_", "-"): value for name, value in values.items()})

    def tracked(self) -> list[str]:
        return sorted(row["dst-address"] for row in self.router.rows(TRACKED))

    def lose(self, name: str) -> None:
        self.alive.discard(ADDRESSES[name])

    def mend(self, name: str) -> None:
        self.alive.add(ADDRESSES[name])


@pytest.fixture
def site() -> Site:
    return Site()


def test_the_next_peer_takes_over_and_the_first_comes_back_after_a_while(site: Site) -> None:
    site.make(fail_back_after=20)
    assert site.after(10) == ["first"]
    site.lose("first")
    assert site.after(4) == ["second"]
    assert site.enabled() == 2
    site.mend("first")
    assert site.after(15) == ["second"]
    assert site.after(15) == ["first"]
    assert site.clashes == []
    assert not site.router.failures


def test_a_short_answer_is_no_reason_to_go_back(site: Site) -> None:
    site.make(fail_back_after=20)
    site.after(10)
    site.lose("first")
    assert site.after(5) == ["second"]
    for _again in range(6):
        site.mend("first")
        assert site.after(12) == ["second"]
        site.lose("first")
        assert site.after(5) == ["second"]


def test_who_does_not_want_to_go_back_stays(site: Site) -> None:
    site.make(fail_back=False)
    site.after(10)
    site.lose("first")
    assert site.after(5) == ["second"]
    site.mend("first")
    assert site.after(600) == ["second"]
    site.lose("second")
    assert site.after(5) == ["first"]


def test_the_third_takes_over_where_the_second_is_lost_as_well(site: Site) -> None:
    site.make(fail_back_after=10)
    site.after(10)
    site.lose("first")
    site.lose("second")
    assert site.after(5) == ["third"]
    site.mend("second")
    assert site.after(20) == ["second"]


def test_where_nobody_answers_nothing_is_switched(site: Site) -> None:
    site.make()
    site.after(10)
    site.alive.clear()
    # Each was up until it was asked, so the last one that was is where it stays.
    left = site.after(20)
    assert len(left) == 1
    assert site.after(600) == left
    assert site.enabled() == 2
    assert site.clashes == []


def test_what_came_of_a_lost_peer_is_forgotten(site: Site) -> None:
    site.make()
    site.after(10)
    for address in ADDRESSES.values():
        site.begin(address)
        site.track(protocol="udp", dst_address=f"{address}:4500")
    site.track(protocol="udp", dst_address="203.0.113.11:4500")
    site.lose("first")
    site.after(5)
    assert [row["remote-address"] for row in site.router.rows(SESSION)] == [*ADDRESSES.values()][1:]
    assert site.tracked() == ["203.0.113.11:4500", "203.0.113.129:4500", "203.0.113.200:4500"]
    assert not site.router.failures


@pytest.mark.parametrize("hand", ["neither", "both", "half"])
def test_whatever_a_hand_or_a_restart_has_left_is_put_right(site: Site, hand: str) -> None:
    site.make()
    site.after(10)
    rows = [row for row in site.router.rows(POLICY) if row.get("peer")]
    for row in rows:
        one = row["comment"].startswith("ha-hq/first")
        wanted = {"neither": False, "both": True, "half": one and row["dst-address"].startswith("192.168.10.")}[hand]
        site.router.call(f"{POLICY}/{'enable' if wanted else 'disable'}", {"numbers": row[".id"]})
    site.router.reboot()
    assert site.after(10) == ["first"]
    assert site.enabled() == 2


def test_a_restart_during_an_outage_does_not_lead_into_it(site: Site) -> None:
    site.make()
    site.after(10)
    site.lose("first")
    assert site.after(5) == ["second"]
    site.router.reboot()
    assert site.after(20) == ["second"]


def test_a_port_that_opens_is_an_answer_too(site: Site) -> None:
    site.make(detect={"by": "tcp", "port": 443})
    assert site.after(10) == ["first"]
    site.lose("first")
    assert site.after(5) == ["second"]


def test_a_peer_without_a_session_is_lost_although_it_answers_pings(site: Site) -> None:
    site.make(detect={"by": "dpd"}, fail_back_after=20)
    for address in ADDRESSES.values():
        site.begin(address)
    assert site.after(10) == ["first"]
    site.end(ADDRESSES["first"])
    assert site.after(2) == ["first"]
    assert site.after(8) == ["second"]
    # It is tried again, and kept if a session comes about.
    site.after(14)
    site.begin(ADDRESSES["first"])
    assert site.after(30) == ["first"]


def test_a_better_peer_that_never_has_a_session_is_tried_more_and_more_rarely(site: Site) -> None:
    """It answers pings, as a router does whose IKE is dead."""
    site.make(detect={"by": "dpd"}, fail_back_after=20)
    site.begin(ADDRESSES["second"])
    tries: list[float] = []
    for second in range(0, 2000, 2):
        used = site.after(2)
        assert len(used) == 1
        if used == ["first"] and (not tries or second - tries[-1] > 15):
            tries.append(second)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 40
    assert pauses[-1] >= 600
    # It lasts, so the next return is quick again.
    site.begin(ADDRESSES["first"])
    assert site.after(1500) == ["first"]
    site.end(ADDRESSES["first"])
    assert site.after(10) == ["second"]
    assert site.after(14) == ["second"]
    site.begin(ADDRESSES["first"])
    assert site.after(20) == ["first"]
    assert site.clashes == []


@pytest.mark.parametrize("seed", range(4))
def test_ways_that_flap_end_with_one_that_carries(site: Site, seed: int) -> None:
    chance = random.Random(seed)
    site.make(fail_back_after=chance.choice([0, 4, 10]))
    site.after(10)
    for _transition in range(150):
        name = chance.choice([*ADDRESSES])
        (site.lose if ADDRESSES[name] in site.alive else site.mend)(name)
        site.after(chance.choice([0.1, 0.5, 1.0, 2.0, 3.5, 7.0, 15.0]))
        assert site.enabled() == 2
    site.mend("first")
    assert site.after(60) == ["first"]
    changes = len(site.switches)
    site.after(600)
    assert len(site.switches) == changes
    assert changes > 10
    assert site.clashes == []
    assert not site.router.failures


def test_only_the_master_has_its_peers_enabled(site: Site) -> None:
    site.make(**VRRP_OPTIONS)

    def on() -> set[str]:
        site.router.advance(5)
        return {row["disabled"] for row in site.router.rows(PEER)}

    assert on() == {"false"}
    site.router.call("/interface/disable", {"numbers": "ether1"})
    assert on() == {"true"}
    site.router.call("/interface/enable", {"numbers": "ether1"})
    assert on() == {"false"}


UPLINKS = [
    {"name": "isp1", "gateway": "198.51.100.1", "check": "192.0.2.1", "local_address": "198.51.100.2"},
    {"name": "isp2", "gateway": "203.0.113.65", "check": "192.0.2.129", "local_address": "203.0.113.66"},
]


def test_a_provider_that_is_dead_behind_a_living_modem_is_left_and_what_was_translated_forgotten(site: Site) -> None:
    site.router.add("/ip/address", address="198.51.100.2/24", interface="ether1")
    site.router.add("/ip/address", address="203.0.113.66/26", interface="ether2")
    site.alive |= {"198.51.100.1", "203.0.113.65", "192.0.2.1", "192.0.2.129"}
    site.make(uplinks=UPLINKS)

    def default() -> list[str]:
        rows = (row for row in site.router.rows(ROUTE) if row["dst-address"] == "0.0.0.0/0")
        return [row["comment"] for row in rows if row["active"] == "true"]

    site.router.advance(30)
    assert default() == ["ha: default by isp1"]
    site.track(protocol="udp", dst_address="192.0.2.50:5060", reply_dst_address="198.51.100.2:5060")
    site.track(protocol="udp", dst_address="192.0.2.51:5060", reply_dst_address="203.0.113.66:5060")
    site.alive.discard("192.0.2.1")
    site.router.advance(40)
    assert default() == ["ha: default by isp2"]
    assert site.tracked() == ["192.0.2.51:5060"]
    # And the other way round, which is what is forgotten in the field.
    site.alive.add("192.0.2.1")
    site.router.advance(40)
    assert default() == ["ha: default by isp1"]
    assert site.tracked() == []


def test_a_port_that_is_down_is_known_before_its_peer_has_not_answered(site: Site) -> None:
    site.router.add("/ip/address", address="198.51.100.2/24", interface="ether1")
    site.router.add("/ip/address", address="203.0.113.66/26", interface="ether2")
    # Netwatch goes on to get its answers: what is seen here is seen by the routes alone.
    site.alive |= {"198.51.100.1", "203.0.113.65", "192.0.2.1", "192.0.2.129"}
    peers = [{**peer, "uplink": uplink} for peer, uplink in zip(TUNNEL["peers"], ("isp1", "isp2"), strict=False)]
    site.make({**TUNNEL, "peers": peers}, uplinks=UPLINKS, fail_back_after=6)
    assert site.after(30) == ["first"]
    site.router.call("/interface/disable", {"numbers": "ether1"})
    assert site.after(2) == ["second"]
    assert site.after(20) == ["second"]
    site.router.call("/interface/enable", {"numbers": "ether1"})
    assert site.after(40) == ["first"]
    assert site.clashes == []
