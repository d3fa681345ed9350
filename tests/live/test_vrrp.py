# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual routers: two live twins in one LAN with hosts, of which one has the virtual address at a time."""

from __future__ import annotations

import itertools
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from librouteros.exceptions import TrapError
from twin.live import Host, Internet, Lab, Plan, Router

from tests.live.conftest import able
from tests.live.sites import Sites, until

VIRTUAL, SECOND = "192.168.10.1", "192.168.10.4"
OWN = {"one": "192.168.10.2", "two": "192.168.10.3"}
WAN = {"one": "198.51.100.2", "two": "203.0.113.2"}
GATEWAY = {"one": "198.51.100.1", "two": "203.0.113.1"}
PRIORITY = {"one": "200", "two": "100"}
# 0.2 s: a backup takes over after three of them and (256 - 100) / 256 of one, 0.72 s.
INTERVAL, TAKEOVER = "200ms", 0.2 * (3 + 156 / 256)
SLACK = 0.8
SCRIPTS = {f"on-{state}": f"/log info was-{state}" for state in ("master", "backup", "fail")}
VRRP = "/interface/vrrp"
ROW = {"name": "v1", "interface": "ether1", "vrid": "49", "interval": INTERVAL, **SCRIPTS}


def router(name: str, **more: str) -> Router:
    seed = {
        VRRP: [{**ROW, "priority": PRIORITY[name], **more}],
        "/ip/address": [
            {"address": f"{OWN[name]}/24", "interface": "ether1"},
            {"address": OWN[name].replace("192.168.10", "10.8.0") + "/24", "interface": "ether1"},
            {"address": f"{VIRTUAL}/32", "interface": "v1"},
            {"address": f"{WAN[name]}/24", "interface": "ether2"},
        ],
        "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": GATEWAY[name]}],
        "/ip/firewall/nat": [{"chain": "srcnat", "out-interface": "ether2", "action": "masquerade"}],
    }
    return Router({"ether1": "lan", "ether2": "internet"}, seed=seed)


# The other end of a tunnel to the virtual address.
HUB = Router(
    {"ether1": "lan"},
    seed={
        "/ip/address": [
            {"address": "192.168.10.20/24", "interface": "ether1"},
            {"address": "10.9.0.1/24", "interface": "ether1"},
        ]
    },
)


def plan(**more: str) -> Plan:
    return Plan(
        {**{name: router(name, **more) for name in OWN}, "hub": HUB},
        {
            "pc": Host("192.168.10.10/24", VIRTUAL, "lan"),
            "printer": Host("192.168.10.11/24", VIRTUAL, "lan"),
            "far": Host("192.0.2.9/24", "192.0.2.1"),
        },
        Internet({**{name: f"{GATEWAY[name]}/24" for name in OWN}, "far": "192.0.2.1/24"}),
        switches=("lan",),
    )


class Pair(Sites):
    """Both routers, by the API, and what is seen of them in the LAN."""

    def row(self, name: str) -> dict[str, Any]:
        return next(row for row in self.lab.rows(name, VRRP) if row["name"] == "v1")

    def state(self, name: str) -> str:
        row = self.row(name)
        return "".join(flag for flag in ("master", "backup", "failure") if row.get(flag) == "true")

    @property
    def states(self) -> tuple[str, str]:
        return self.state("one"), self.state("two")

    def change(self, name: str, **values: str) -> None:
        row = next(row for row in self.rows(name, VRRP) if row["name"] == "v1")
        self.path(name, VRRP).update(**{".id": row[".id"], **{k.replace("_", "-"): v for k, v in values.items()}})

    def becomes(self, one: str, two: str, patience: float = 4.0) -> bool:
        return until(lambda: self.states == (one, two), patience)

    def scripts(self, name: str) -> list[str]:
        lines = (row["message"] for row in self.lab.rows(name, "/log"))
        return [line.removeprefix("was-") for line in lines if line.startswith("was-")]

    def mac(self, address: str = VIRTUAL) -> str:
        """Who answers for an address; empty if nobody does."""
        self.lab.run("pc", "ip", "neigh", "flush", "all")
        self.lab.run("pc", "ping", "-n", "-c", "1", "-W", "1", address)
        found = re.search(r"lladdr (\S+)", self.lab.run("pc", "ip", "neigh", "show", address).out)
        return found[1] if found else ""

    def outage(self, do: Any) -> float:
        """How long a flow from the LAN to the far host is interrupted by something that is done meanwhile."""
        script = "while :; do ping -n -q -c 1 -W 0.1 192.0.2.9 >/dev/null && date +%s.%N; sleep 0.02; done"
        number = self.lab.start("pc", "sh", "-c", script)
        time.sleep(0.5)
        do()
        time.sleep(TAKEOVER + SLACK + 0.6)
        times = [float(line) for line in self.lab.stop_command(number).out.split()]
        assert time.time() - times[-1] < 0.5
        return max(later - earlier for earlier, later in itertools.pairwise(times))


@pytest.fixture(scope="module")
def running() -> Iterator[Pair]:
    able()
    with Lab(plan()) as lab, closing(Pair(lab)) as found:
        yield found


@pytest.fixture
def pair(running: Pair) -> Pair:
    """The first is master, the second backup, both for the reasons they are seeded with."""
    assert running.becomes("master", "backup", 6)
    return running


def test_one_is_master_and_shows_it(pair: Pair) -> None:
    one, two = pair.row("one"), pair.row("two")
    assert (one["running"], two["running"], one["mac-address"]) == ("true", "false", "00:00:5E:00:01:31")
    assert {row["name"]: row["running"] for row in pair.lab.rows("two", "/interface")}["v1"] == "false"
    active = [row["active"] for name in OWN for row in pair.lab.rows(name, "/ip/route")
              if row["dst-address"] == f"{VIRTUAL}/32"]  # fmt: skip
    assert active == ["true", "false"]


def test_the_address_is_answered_by_the_master_alone_from_the_virtual_mac(pair: Pair) -> None:
    assert pair.mac() == "00:00:5e:00:01:31"
    assert pair.mac(OWN["one"]) not in ("", "00:00:5e:00:01:31")
    assert VIRTUAL in pair.lab.run("one", "ip", "route", "show", "table", "local").out
    assert VIRTUAL not in pair.lab.run("two", "ip", "route", "show", "table", "local").out


def test_adverts_come_as_the_protocol_says(pair: Pair) -> None:
    with pair.lab.capture("lan") as lines:
        time.sleep(1.1)
    seen = [line for line in lines if "VRRP" in line]
    assert 4 <= len(seen) <= 7
    assert all(line.startswith(f"{OWN['one']} > 224.0.0.18: VRRP") for line in seen)


def test_a_router_that_is_lost_is_replaced_within_three_intervals_and_takes_over_again(pair: Pair) -> None:
    assert pair.ping("pc", "192.0.2.9")
    outage = pair.outage(lambda: pair.lab.blackhole("one", "lan"))
    assert 0.2 < outage < TAKEOVER + SLACK
    # It hears nobody, so it takes itself for the master.
    assert pair.states == ("master", "master")
    pair.lab.mend("one", "lan")
    assert pair.becomes("master", "backup")
    assert pair.ping("pc", "192.0.2.9")


# Prints the sender's and the target's address of each ARP packet that comes.
ARP = """
import socket
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0806)) as sock:
    while packet := sock.recv(4096):
        print(packet[8:14].hex(":"), *map(socket.inet_ntoa, (packet[14:18], packet[24:28])), flush=True)
"""


def test_a_new_master_tells_the_segment_where_the_address_is(pair: Pair) -> None:
    number = pair.lab.start("printer", sys.executable, "-c", ARP)
    time.sleep(0.5)
    pair.change("two", priority="201")
    assert pair.becomes("backup", "master")
    time.sleep(0.2)
    assert f"00:00:5e:00:01:31 {VIRTUAL} {VIRTUAL}" in pair.lab.stop_command(number).out
    pair.change("two", priority="100")


def test_a_router_without_power_is_replaced(pair: Pair) -> None:
    pair.lab.power_off("one")
    assert until(lambda: pair.state("two") == "master", TAKEOVER + SLACK)
    assert pair.mac() == "00:00:5e:00:01:31"
    pair.lab.power_on("one")
    assert pair.becomes("master", "backup")
    pair.close()
    pair.__init__(pair.lab)  # type: ignore[misc]


def test_a_daemon_that_is_killed_is_replaced(pair: Pair) -> None:
    pair.lab.kill("one", "vrrp")
    assert until(lambda: pair.state("two") == "master", TAKEOVER + SLACK)
    pair.lab.revive("one", "vrrp")
    assert pair.becomes("master", "backup")


def test_who_leaves_in_order_is_replaced_sooner(pair: Pair) -> None:
    for name in OWN:
        pair.change(name, interval="2s")
    assert pair.becomes("master", "backup", 10)
    pair.change("one", disabled="yes")
    # What is left is the skew of the second, 1.2 s; who waits for three intervals waits more than 7.
    assert until(lambda: pair.state("two") == "master", 5)
    assert pair.state("one") == ""
    for name in OWN:
        pair.change(name, interval=INTERVAL)
    pair.change("one", disabled="no")
    assert pair.becomes("master", "backup")


def test_a_port_that_fails_is_a_failure(pair: Pair) -> None:
    before = len(pair.scripts("one"))
    pair.lab.cut("one", "lan")
    assert until(lambda: pair.states == ("failure", "master"), TAKEOVER + SLACK)
    pair.lab.mend("one", "lan")
    assert pair.becomes("master", "backup")
    assert pair.scripts("one")[before:] == ["fail", "backup", "master"]
    ether = next(row for row in pair.rows("one", "/interface") if row["name"] == "ether1")
    pair.path("one", "/interface").update(**{".id": ether[".id"], "disabled": "yes"})
    assert until(lambda: pair.states == ("failure", "master"), TAKEOVER + SLACK)
    pair.path("one", "/interface").update(**{".id": ether[".id"], "disabled": "no"})


def test_scripts_run_on_both(pair: Pair) -> None:
    before = [len(pair.scripts(name)) for name in OWN]
    pair.change("one", priority="50")
    assert pair.becomes("backup", "master")
    pair.change("one", priority="200")
    assert pair.becomes("master", "backup")
    assert until(lambda: pair.scripts("one")[before[0] :] == ["backup", "master"], 1)
    assert until(lambda: pair.scripts("two")[before[1] :] == ["master", "backup"], 1)


def test_without_preemption_the_better_one_waits(pair: Pair) -> None:
    pair.change("one", preemption_mode="no")
    pair.change("one", disabled="yes")
    assert until(lambda: pair.state("two") == "master", 3)
    pair.change("one", disabled="no")
    time.sleep(TAKEOVER + SLACK)
    assert pair.states == ("backup", "master")
    pair.change("one", preemption_mode="yes")
    assert pair.becomes("master", "backup")


def test_two_virtual_routers_share_a_port(pair: Pair) -> None:
    more = {"interface": "ether1", "vrid": "50", "interval": INTERVAL, "name": "v2"}
    made = {}
    for name, priority in (("one", "100"), ("two", "200")):
        row = pair.path(name, VRRP).add(**more, priority=priority)
        made[name] = row, pair.path(name, "/ip/address").add(address=f"{SECOND}/32", interface="v2")
    assert until(lambda: pair.mac(SECOND) == "00:00:5e:00:01:32", 4)
    assert pair.mac() == "00:00:5e:00:01:31"
    assert SECOND in pair.lab.run("two", "ip", "route", "show", "table", "local").out
    assert pair.states == ("master", "backup")
    for name, (row, address) in made.items():
        pair.path(name, "/ip/address").remove(address)
        pair.path(name, VRRP).remove(row)
    assert pair.states == ("master", "backup")


def test_members_of_a_group_are_what_their_authority_is(pair: Pair) -> None:
    more = {"interface": "ether1", "vrid": "50", "interval": INTERVAL, "name": "v2", "group-authority": "v1"}
    made = {}
    # By its own priority the other router would be master.
    for name, priority in (("one", "100"), ("two", "200")):
        row = pair.path(name, VRRP).add(**more, priority=priority)
        made[name] = row, pair.path(name, "/ip/address").add(address=f"{SECOND}/32", interface="v2")

    def holders() -> list[str]:
        shown = ("ip", "route", "show", "table", "local")
        return [name for name in OWN if SECOND in pair.lab.run(name, *shown).out]

    assert until(lambda: holders() == ["one"], 4)
    pair.change("one", disabled="yes")
    assert until(lambda: holders() == ["two"], 4)
    pair.change("one", disabled="no")
    assert until(lambda: holders() == ["one"], 4)
    for name, (row, address) in made.items():
        pair.path(name, "/ip/address").remove(address)
        pair.path(name, VRRP).remove(row)


def test_a_firewall_that_drops_adverts_makes_two_masters(pair: Pair) -> None:
    drop = {"chain": "input", "action": "drop", "in-interface": "ether1"}
    made = pair.path("two", "/ip/firewall/filter").add(**drop)
    assert until(lambda: pair.states == ("master", "master"), TAKEOVER + SLACK)
    accept = {"chain": "input", "action": "accept", "protocol": "vrrp", "dst-address": "224.0.0.18"}
    allowed = pair.path("two", "/ip/firewall/filter").add(**accept, **{"place-before": made})
    assert pair.becomes("master", "backup")
    pair.path("two", "/ip/firewall/filter").remove(made, allowed)


def test_what_comes_to_the_virtual_address_comes_in_by_the_virtual_interface(pair: Pair) -> None:
    made = pair.path("one", "/ip/firewall/filter").add(chain="input", action="drop", **{"in-interface": "v1"})
    assert not pair.ping("pc", VIRTUAL)
    assert pair.ping("pc", OWN["one"])
    pair.path("one", "/ip/firewall/filter").remove(made)
    assert pair.ping("pc", VIRTUAL)


def test_both_have_to_speak_the_same_version(pair: Pair) -> None:
    for name in OWN:
        pair.change(name, version="2", interval="1s")
    assert pair.becomes("master", "backup", 8)
    pair.change("two", version="3", interval=INTERVAL)
    assert pair.becomes("master", "master")
    pair.change("one", version="3", interval=INTERVAL)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"authentication": "simple", "version": "2"}, "authentication of /interface/vrrp"),
        ({"v3-protocol": "ipv6"}, "v3-protocol=ipv6 of /interface/vrrp"),
        ({"version": "2", "interval": "100ms"}, "an interval of parts of seconds with version=2"),
        ({"interval": "1m"}, "an interval of more than 40.95 s"),
        ({"arp": "proxy-arp"}, "arp=proxy-arp of /interface/vrrp"),
    ],
)
def test_what_is_not_played_is_refused(pair: Pair, values: Mapping[str, str], words: str) -> None:
    with pytest.raises(TrapError, match=f"a live twin does not play {words}"):
        pair.path("one", VRRP).add(interface="ether1", vrid="51", **values)


def test_synchronised_connections_are_said_to_be_without_effect(pair: Pair) -> None:
    pair.change("two", sync_connection_tracking="yes")
    lines = [row["message"] for row in pair.lab.rows("two", "/log")]
    assert "v1: sync-connection-tracking has no effect on a live twin" in lines
    pair.change("two", sync_connection_tracking="no")


def test_a_virtual_address_has_no_owner(pair: Pair) -> None:
    made = pair.path("two", "/ip/address").add(address=f"{VIRTUAL}/24", interface="ether3")
    said = f"a live twin does not play a virtual address that the router has on another interface, too: {VIRTUAL}"
    assert said in [row["message"] for row in pair.lab.rows("two", "/log")]
    pair.path("two", "/ip/address").remove(made)


def tunnel(pair: Pair, name: str, near: str, far: str, **peer: str) -> None:
    """One end of a tunnel between the networks 10.8.0.0/24 and 10.9.0.0/24."""
    pair.path(name, "/ip/ipsec/profile").add(name="p", **{"dh-group": "modp2048", "dpd-interval": "2s"})
    pair.path(name, "/ip/ipsec/peer").add(name="far", profile="p", **{"exchange-mode": "ike2"}, **peer)
    pair.path(name, "/ip/ipsec/identity").add(peer="far", secret="a-secret-of-two-ends")
    pair.path(name, "/ip/ipsec/policy").add(
        peer="far", tunnel="yes", **{"src-address": f"{near}.0/24", "dst-address": f"{far}.0/24"}
    )


def test_a_tunnel_ends_at_the_virtual_address_of_whoever_is_master(pair: Pair) -> None:
    for name in OWN:
        own = {"local-address": VIRTUAL, "passive": "yes"}
        tunnel(pair, name, "10.8.0", "10.9.0", address="192.168.10.20", **own)
    tunnel(pair, "hub", "10.9.0", "10.8.0", address=VIRTUAL)

    def local(name: str) -> list[str]:
        return [row["local-address"] for row in pair.rows(name, "/ip/ipsec/active-peers")]

    assert until(lambda: local("one") == [VIRTUAL], 10)
    assert local("two") == []
    pair.lab.blackhole("one", "lan")
    # The other end notices after its retransmissions, 8 s, and calls again.
    assert until(lambda: local("two") == [VIRTUAL], 25)
    pair.lab.mend("one", "lan")
