# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router with two uplinks: what goes over to the second, when, and what stays behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from librouteros.exceptions import TrapError
from twin.live import Host, Internet, Lab, Plan, Router

from tests.live.conftest import able
from tests.live.sites import Sites, until

UPLINK = {"one": "198.51.100.2", "two": "203.0.113.2"}
BEHIND, SERVER, LAN = "192.0.2.1", "192.0.2.10", "192.168.10"
ROUTE, NAT, CONNECTION = "/ip/route", "/ip/firewall/nat", "/ip/firewall/connection"


def plan() -> Plan:
    """`a` has a provider at each uplink, and both lead to one internet, in which a server is."""
    ports = {"ether1": "one", "ether2": "two", "ether3": "lan"}
    addresses = {"ether1": "198.51.100.2/24", "ether2": "203.0.113.2/24", "ether3": f"{LAN}.1/24"}
    site = {
        "/ip/address": [{"address": address, "interface": port} for port, address in addresses.items()],
        ROUTE: [
            {"dst-address": BEHIND, "gateway": "198.51.100.1", "scope": "10"},
            {"gateway": BEHIND, "target-scope": "11", "check-gateway": "ping"},
            {"gateway": "203.0.113.1", "distance": "2"},
        ],
        # Of what it masqueraded, the kernel forgets by itself what leaves by another interface.
        NAT: [
            {"chain": "srcnat", "action": "src-nat", "out-interface": port, "to-addresses": UPLINK[name]}
            for port, name in (("ether1", "one"), ("ether2", "two"))
        ],
    }
    return Plan(
        {"a": Router(ports, seed=site), "one": _provider("198.51.100.1", 1), "two": _provider("203.0.113.1", 2)},
        {"lan": Host(f"{LAN}.10/24", f"{LAN}.1"), "server": Host(f"{SERVER}/24", BEHIND)},
        Internet({"one": "172.16.1.1/30", "two": "172.16.2.1/30", "server": f"{BEHIND}/24"}),
    )


def _provider(near: str, number: int) -> Router:
    """It translates what it sends on, so that answers find their way back by the same provider."""
    seed = {
        "/ip/address": [
            {"address": f"{near}/24", "interface": "ether1"},
            {"address": f"172.16.{number}.2/30", "interface": "ether2"},
        ],
        ROUTE: [{"gateway": f"172.16.{number}.1"}],
        NAT: [{"chain": "srcnat", "action": "masquerade", "out-interface": "ether2"}],
    }
    return Router({"ether1": "a", "ether2": "internet"}, seed=seed)


@pytest.fixture(scope="module")
def uplinks() -> Iterator[Sites]:
    able()
    with Lab(plan()) as lab, closing(Sites(lab)) as found:
        # As users do; the kernel's name stays.
        found.path("a", "/interface").update(**{".id": "*1", "name": "first-uplink"})
        yield found


def say(uplinks: Sites, words: str = "hello") -> None:
    """A datagram of one flow, whenever it is sent."""
    script = f"import socket; s=socket.socket(2,2); s.bind(('',5000)); s.sendto({words.encode()!r},('{SERVER}',6000))"
    assert uplinks.lab.run("lan", "python3", "-c", script).status == 0


def flow(uplinks: Sites) -> list[str]:
    """The addresses to which answers of the flow would come."""
    rows = (row for row in uplinks.rows("a", CONNECTION) if row["dst-address"] == f"{SERVER}:6000")
    return [row["reply-dst-address"].partition(":")[0] for row in rows]


def default(uplinks: Sites) -> str:
    """The uplink that the kernel takes."""
    return uplinks.lab.run("a", "ip", "route", "get", SERVER).out.partition(" dev ")[2].split()[0]


def test_connections_are_the_kernels(uplinks: Sites) -> None:
    say(uplinks)
    (row,) = [row for row in uplinks.rows("a", CONNECTION) if row["dst-address"] == f"{SERVER}:6000"]
    assert (row["protocol"], row["src-address"], row["srcnat"], row["dstnat"]) == (
        "udp", f"{LAN}.10:5000", True, False,
    )  # fmt: skip
    assert (row["orig-packets"], row["orig-bytes"], row["repl-packets"]) == (1, 33, 0)
    assert row["reply-src-address"] == f"{SERVER}:6000"
    say(uplinks)
    (again,) = [row for row in uplinks.rows("a", CONNECTION) if row["dst-address"] == f"{SERVER}:6000"]
    assert (again[".id"], again["orig-packets"]) == (row[".id"], 2)
    assert uplinks.ping("lan", SERVER)
    (icmp,) = [row for row in uplinks.rows("a", CONNECTION) if row["protocol"] == "icmp" and row["srcnat"]]
    assert (icmp["icmp-type"], icmp["seen-reply"], icmp["repl-packets"]) == (8, True, 1)


def test_a_flow_keeps_its_translation_until_its_connection_is_removed(uplinks: Sites) -> None:
    say(uplinks)
    assert flow(uplinks) == [UPLINK["one"]]
    (first,) = [row for row in uplinks.rows("a", ROUTE) if row.get("check-gateway")]
    uplinks.path("a", ROUTE).update(**{".id": first[".id"], "disabled": "yes"})
    try:
        assert default(uplinks) == "ether2"
        with uplinks.lab.capture("two") as lines:
            say(uplinks)
        assert flow(uplinks) == [UPLINK["one"]]
        # It leaves by the second uplink, with an address of the first.
        assert any(f"{UPLINK['one']}.5000 " in line for line in lines), lines
        stale = [row[".id"] for row in uplinks.rows("a", CONNECTION) if row["dst-address"] == f"{SERVER}:6000"]
        uplinks.path("a", CONNECTION).remove(*stale)
        assert flow(uplinks) == []
        say(uplinks)
        assert flow(uplinks) == [UPLINK["two"]]
    finally:
        uplinks.path("a", ROUTE).update(**{".id": first[".id"], "disabled": "no"})


def test_what_is_behind_a_provider_decides_over_its_uplink(uplinks: Sites) -> None:
    """The first uplink itself stays; two requests run out before it is given up, which takes 20 to 30 seconds."""
    assert default(uplinks) == "ether1"
    drop = uplinks.path("one", "/ip/firewall/filter").add(chain="forward", protocol="icmp", action="drop")
    began = time.monotonic()
    try:
        assert until(lambda: default(uplinks) == "ether2", 33)
        assert time.monotonic() - began > 9
        active = [row["active"] for row in uplinks.rows("a", ROUTE) if row["dst-address"] == "0.0.0.0/0"]
        assert active == [False, True]
    finally:
        uplinks.path("one", "/ip/firewall/filter").remove(drop)
    assert until(lambda: default(uplinks) == "ether1", 13)


def test_a_router_that_pings_does_other_things_meanwhile(uplinks: Sites) -> None:
    def ping(address: str, **more: str) -> list[str]:
        rows = uplinks.path("a", "/tool")("ping", address=address, count="1", **more)
        return [row.get("status", "answered") for row in rows]

    assert ping(SERVER) == ["answered"]
    assert ping(SERVER, **{"src-address": "192.0.2.99"}) == ["timeout"]
    with ThreadPoolExecutor() as pool:
        told, began = pool.submit(ping, "192.0.2.99"), time.monotonic()
        while not told.done():
            time.sleep(0.1)
            asked = time.monotonic()
            uplinks.lab.rows("a", "/interface")
            assert time.monotonic() - asked < 0.5
        assert told.result() == ["timeout"]
        assert time.monotonic() - began > 0.9


def test_other_ways_to_check_are_refused(uplinks: Sites) -> None:
    with pytest.raises(TrapError, match="a live twin does not play check-gateway=arp"):
        uplinks.path("a", ROUTE).add(gateway="198.51.100.1", **{"check-gateway": "arp"})


def test_routes_of_one_distance_share_and_black_holes_swallow(uplinks: Sites) -> None:
    made = [
        uplinks.path("a", ROUTE).add(**{"dst-address": "10.0.0.0/8", "gateway": gateway})
        for gateway in ("198.51.100.1", "203.0.113.1")
    ]
    made.append(uplinks.path("a", ROUTE).add(**{"dst-address": "10.9.0.0/16", "blackhole": ""}))
    try:
        kernel = uplinks.lab.run("a", "ip", "route").out
        assert kernel.count("nexthop") == 2
        assert "blackhole 10.9.0.0/16" in kernel
        assert default(uplinks) == "ether1"
    finally:
        uplinks.path("a", ROUTE).remove(*made)
