# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules of a live twin do to packets: order, lists, limits, translation, and every matcher both ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.survey import READ, gate_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from twin.live import Lab

from tests.live.bench import LAN, OUTSIDE, ROUTER, SERVER, Bench, plan
from tests.live.conftest import able
from tests.live.sites import until


@pytest.fixture(scope="module")
def lab() -> Iterator[Bench]:
    able()
    with Lab(plan()) as running, closing(Bench(running)) as found:
        yield found


@pytest.fixture
def bench(lab: Bench) -> Bench:
    lab.clear()
    return lab


def test_the_first_nat_rule_that_fits_translates(bench: Bench) -> None:
    bench.add("nat", "srcnat", "masquerade", out_interface_list="WAN")
    assert bench.connect(SERVER, 80) == OUTSIDE
    bypass = bench.add("nat", "srcnat", src_address="192.168.10.0/24", dst_address=f"{SERVER}/32")
    assert bench.connect(SERVER, 80) == OUTSIDE
    first = next(iter(bench.path("/ip/firewall/nat")))[".id"]
    bench.call("nat", "move", numbers=bypass, destination=first)
    assert bench.connect(SERVER, 80) == LAN
    assert bench.counted("nat") == [1, 2]


def test_a_nat_rule_counts_although_no_rule_asks_for_connections(bench: Bench) -> None:
    bench.add("nat", "srcnat", src_address=LAN)
    assert bench.connect(SERVER, 80) == LAN
    assert bench.counted("nat") == [1]


def test_raw_comes_before_the_filter(bench: Bench) -> None:
    bench.add("filter", "input", "passthrough", protocol="icmp")
    bench.add("raw", "prerouting", "drop", protocol="icmp", in_interface="ether2")
    assert bench.ping() == 0
    assert (bench.counted("raw"), bench.counted()) == ([1], [0])
    assert bench.ping(OUTSIDE, "server") == 1


def test_what_is_not_tracked_is_untracked(bench: Bench) -> None:
    bench.add("raw", "prerouting", "notrack", protocol="icmp")
    for state in ("untracked", "!untracked", "new", "new,untracked"):
        bench.add("filter", "input", "passthrough", protocol="icmp", connection_state=state)
    assert bench.ping() == 1
    assert bench.counted() == [1, 0, 0, 1]


def test_an_entry_of_a_list_has_its_time(bench: Bench) -> None:
    bench.add("filter", "input", "drop", protocol="icmp", src_address_list="enemies")
    assert bench.ping() == 1
    bench.enlist("enemies", "192.168.10.0-192.168.10.20", timeout="2s")
    assert bench.ping() == 0
    assert until(lambda: bench.ping() == 1, 5)
    assert bench.listed("enemies") == []


def test_rules_list_who_sends(bench: Bench) -> None:
    bench.add("filter", "input", "drop", protocol="icmp", src_address_list="seen")
    bench.add("filter", "input", "add-src-to-address-list", protocol="icmp", address_list="seen",
              address_list_timeout="1m")  # fmt: skip
    assert bench.ping() == 1
    (entry,) = bench.listed("seen")
    assert (entry["address"], entry["dynamic"]) == (LAN, True)
    assert bench.ping() == 0
    # Whoever is taken off the list is off it for the kernel as well.
    bench.path("/ip/firewall/address-list").remove(entry[".id"])
    assert bench.ping() == 1
    assert bench.counted() == [1, 2]


def test_rules_list_whom_is_sent_to_for_good(bench: Bench) -> None:
    bench.add("filter", "forward", "add-dst-to-address-list", address_list="called")
    assert bench.ping(SERVER) == 1
    assert {row["address"] for row in bench.listed("called")} == {SERVER, LAN}
    assert not any("timeout" in row for row in bench.listed("called"))


def test_a_limit_takes_what_it_has_tokens_for(bench: Bench) -> None:
    bench.add("filter", "input", "passthrough", protocol="icmp", limit="!1/1m,3")
    bench.add("filter", "input", protocol="icmp", limit="1/1m,3")
    bench.add("filter", "input", "drop", protocol="icmp")
    assert bench.ping(count=8) == 3
    assert bench.counted() == [5, 3, 5]


def test_a_limit_loses_tokens_only_to_what_fits_the_rest(bench: Bench) -> None:
    bench.add("filter", "input", protocol="icmp", src_address=SERVER, limit="1/1m,2")
    bench.add("filter", "input", "drop", protocol="icmp", src_address=SERVER)
    assert bench.ping(count=5) == 5
    assert bench.ping(OUTSIDE, "server", 5) == 2


def test_a_limit_for_each_sender(bench: Bench) -> None:
    bench.add("filter", "input", protocol="icmp", dst_limit="1/1m,2,src-address/1m")
    bench.add("filter", "input", "drop", protocol="icmp")
    assert bench.ping(count=4) == 2
    assert bench.ping(OUTSIDE, "server", 4) == 2


def test_the_simulation_knows_that_a_limit_leads_either_way(bench: Bench) -> None:
    rules = [bench.add("filter", "input", protocol="icmp", limit="1/1m,3"), bench.add("filter", "input", "drop")]
    place = bench.lab.routers["r"]
    with closing(open_session(Target(place.host, "admin", "", place.port, "api"))) as session:
        _dummy, tables = read(session, "r", READ, with_dynamic=True)
    decision = decide(gate_of(tables).firewall, Packet("input", LAN, ROUTER, "icmp", icmp=(8, 0)))
    assert decision.verdict is Verdict.EITHER
    assert [each.rule.id for each in decision.endings if each.rule] == rules
    bench.ping(count=8)
    assert bench.counted() == [3, 5]


REFUSALS = {
    "tcp-reset": "ECONNREFUSED",
    "icmp-network-unreachable": "ENETUNREACH",
    "icmp-host-unreachable": "EHOSTUNREACH",
    "icmp-port-unreachable": "ECONNREFUSED",
    "icmp-protocol-unreachable": "ENOPROTOOPT",
    "icmp-net-prohibited": "ENETUNREACH",
    "icmp-host-prohibited": "EHOSTUNREACH",
    "icmp-admin-prohibited": "EHOSTUNREACH",
}


@pytest.mark.parametrize("target", [ROUTER, SERVER])
def test_who_is_refused_is_told_how(bench: Bench, target: str) -> None:
    ports = {8000 + number: word for number, word in enumerate(REFUSALS)}
    for port, word in ports.items():
        for chain in ("input", "forward"):
            bench.add("filter", chain, "reject", protocol="tcp", dst_port=str(port), reject_with=word)
    found = {word: bench.connect(target, port) for port, word in ports.items()}
    assert found == REFUSALS
    assert sum(bench.counted()) == len(REFUSALS)


def test_what_is_dropped_is_not_told(bench: Bench) -> None:
    bench.add("filter", "forward", "drop", protocol="tcp", dst_port="80")
    assert bench.connect(SERVER, 80, patience=0.4) == "silence"
    assert bench.connect(SERVER, 81) == LAN


def test_counters_begin_anew(bench: Bench) -> None:
    first, _second = (bench.add("filter", "input", "passthrough", protocol="icmp") for _number in range(2))
    bench.ping(count=3)
    assert bench.counted() == [3, 3]
    bench.call("filter", "reset-counters", numbers=first)
    assert bench.counted() == [0, 3]
    bench.ping()
    assert bench.counted() == [1, 4]
    bench.call("filter", "reset-counters-all")
    assert bench.counted() == [0, 0]


def test_counters_outlive_changes_of_other_rules(bench: Bench) -> None:
    bench.add("filter", "input", "passthrough", protocol="icmp")
    bench.ping(count=2)
    other = bench.add("filter", "input", "drop", protocol="gre")
    assert bench.counted() == [2, 0]
    bench.path("/ip/firewall/filter").remove(other)
    assert bench.counted() == [2]


def test_a_disabled_rule_does_nothing(bench: Bench) -> None:
    rule = bench.add("filter", "input", "drop", protocol="icmp", disabled="yes")
    assert (bench.ping(), bench.counted()) == (1, [0])
    bench.path("/ip/firewall/filter").update(**{".id": rule, "disabled": "no"})
    assert (bench.ping(), bench.counted()) == (0, [1])
    bench.path("/ip/firewall/filter").update(**{".id": rule, "disabled": "yes"})
    assert bench.ping() == 1


def test_jumps_come_back(bench: Bench) -> None:
    bench.add("filter", "input", "jump", protocol="icmp", jump_target="one")
    bench.add("filter", "one", "jump", jump_target="two")
    bench.add("filter", "two", "return", src_address=LAN)
    bench.add("filter", "two", "drop")
    bench.add("filter", "one", "passthrough")
    bench.add("filter", "one", "return")
    bench.add("filter", "one", "drop")
    bench.add("filter", "input", "passthrough", protocol="icmp")
    assert bench.ping() == 1
    assert bench.counted() == [1, 1, 1, 0, 1, 1, 0, 1]
    assert bench.ping(OUTSIDE, "server") == 0
    assert bench.counted() == [2, 2, 1, 1, 1, 1, 0, 1]


def test_return_in_a_builtin_chain_accepts(bench: Bench) -> None:
    bench.add("filter", "input", "return", protocol="icmp")
    bench.add("filter", "input", "drop", protocol="icmp")
    assert (bench.ping(), bench.counted()) == (1, [1, 0])


def test_a_mapped_port_comes_past_what_drops_the_rest(bench: Bench) -> None:
    bench.add("nat", "dstnat", "dst-nat", protocol="tcp", dst_port="8080", in_interface_list="LAN",
              to_addresses=SERVER, to_ports="80")  # fmt: skip
    bench.add("filter", "forward", connection_state="established,related")
    bench.add("filter", "forward", "drop", connection_state="new", connection_nat_state="!dstnat")
    bench.add("filter", "forward", "passthrough", connection_state="new", connection_nat_state="dstnat", dst_port="80",
              protocol="tcp", dst_address=SERVER)  # fmt: skip
    assert bench.connect(ROUTER, 8080) == LAN
    assert bench.connect(SERVER, 80, patience=0.4) == "silence"
    assert bench.counted("nat") == [1]
    # The rule for established connections counts all that came after.
    assert bench.counted()[1:] == [1, 1]


def test_redirected_packets_come_to_the_router(bench: Bench) -> None:
    bench.add("nat", "dstnat", "redirect", protocol="tcp", dst_port="7000", to_ports="8728")
    bench.add("filter", "input", "passthrough", protocol="tcp", dst_port="8728")
    bench.add("filter", "forward", "drop", protocol="tcp")
    bench.add("filter", "input", "reject", protocol="tcp", reject_with="tcp-reset", dst_port="8728")
    assert bench.connect(SERVER, 7000) == "ECONNREFUSED"
    assert bench.counted() == [1, 0, 1]


def test_the_router_obeys_its_own_output_chain(bench: Bench) -> None:
    assert bench.ping(SERVER, "r") == 1
    bench.add("filter", "output", "drop", protocol="icmp", out_interface_list="WAN", dst_address=SERVER)
    assert bench.ping(SERVER, "r") == 0
    assert bench.ping(LAN, "r") == 1


def test_what_a_tunnel_is_for_does_not_come_in_clear(bench: Bench) -> None:
    """The system's IPsec drops it before the filter sees it, and so does what stands for it here."""
    bench.lab.run("server", "ip", "address", "add", "192.168.20.5/32", "dev", "lo")
    bench.add("filter", "forward", "passthrough", src_address="192.168.20.5")
    ping = ("ping", "-c", "1", "-W", "0.2", "-I", "192.168.20.5", LAN)
    bench.lab.run("server", *ping)
    assert bench.counted() == [1]
    peer = {"peer": "far"}
    policy = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "tunnel": "yes"}
    made = {
        "peer": bench.path("/ip/ipsec/peer").add(name="far", address=SERVER, passive="yes"),
        "identity": bench.path("/ip/ipsec/identity").add(**peer, secret="a-secret-for-nobody"),
        "policy": bench.path("/ip/ipsec/policy").add(**peer, **policy),
    }
    bench.lab.run("server", *ping)
    assert bench.counted() == [1]
    for menu in reversed(made):
        bench.path(f"/ip/ipsec/{menu}").remove(made[menu])
    bench.lab.run("server", *ping)
    assert bench.counted() == [2]
