# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lab is drawn of routers that were read, and what is told of what it lacks; nothing runs here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from twin.live.cli.record import variables
from twin.live.rehearsal.drawing import PLACEHOLDER, Drawing, draw, flows, places
from twin.live.topology import INTERNET, Host

ACCOUNT = ("rehearsal", "a-password")
Found = dict[str, Any]


def address(text: str, interface: str, **more: Any) -> Found:
    return {"address": text, "interface": interface, "disabled": False, "dynamic": False, "invalid": False, **more}


def route(destination: str, gateway: str, immediate: str = "", **more: Any) -> Found:
    found = {"dst_address": destination, "gateway": gateway, "immediate_gw": immediate, "distance": "1"}
    return {**found, "routing_table": "main", "active": True, "disabled": False, "dynamic": False, **more}


def interface(name: str, type_: str = "ether") -> Found:
    return {"name": name, "type": type_, "disabled": False, "dynamic": False}


def router(outside: str = "198.51.100.7/24", gateway: str = "198.51.100.1", inside: str = "192.168.10.1/24") -> Found:
    return {
        "version": "7.22.3",
        "client": "192.168.10.5",
        "interfaces": [interface("ether1"), interface("bridge", "bridge"), interface("lo", "loopback")],
        "interface_lists": [],
        "interface_list_members": [],
        "addresses": [address(outside, "ether1"), address(inside, "bridge")],
        "routes": [route("0.0.0.0/0", gateway, f"{gateway}%ether1")],
        "pools": [],
        "certificates": [],
        "gathered": {},
    }


def branch() -> Found:
    return router("203.0.113.50/24", "203.0.113.1", "192.168.20.1/24")


def drawn(routers: Mapping[str, Found], *asked: str) -> Drawing:
    return draw(routers, ACCOUNT, asked)


def test_two_sites() -> None:
    found = drawn({"hq": router(), "branch": branch()})
    assert found.notes == []
    plan = found.plan
    assert plan.routers["hq"].ports == {"bridge": "net-1-2", "ether1": INTERNET}
    assert plan.routers["hq"].client == "192.168.10.5"
    assert plan.hosts["net-1-2"] == Host("192.168.10.10/24", "192.168.10.1")
    assert plan.internet
    assert plan.internet.addresses == {"hq": "198.51.100.1/24", "branch": "203.0.113.1/24"}
    seed = plan.routers["hq"].seed
    assert [row["name"] for row in seed["/interface"]] == ["ether1", "bridge"]
    assert seed["/ip/route"] == [{"dst-address": "0.0.0.0/0", "gateway": "198.51.100.1"}]
    assert [(each.source, each.address) for each in flows(found, [])] == [
        ("net-1-2", "192.168.20.10"),
        ("net-2-2", "192.168.10.10"),
    ]


def test_names_that_no_node_can_have() -> None:
    names = ("hq.example.com", "a-very-long-name-of-a-router", "internet", "net-9-9")
    routers = {}
    for number, name in enumerate(names, 1):
        routers[name] = router(f"198.51.{number}.7/24", f"198.51.{number}.1", f"192.168.{number}.1/24")
    found = drawn(routers)
    assert found.nodes == {name: f"router-{number}" for number, name in enumerate(names, 1)}
    assert len(found.plan.hosts) == 4


@pytest.mark.parametrize(
    ("outside", "immediate", "played", "gateway"),
    [
        ("203.0.113.50/32", "pppoe-out1", "203.0.113.50/30", "203.0.113.49"),
        ("203.0.113.51/32", "pppoe-out1", "203.0.113.51/29", "203.0.113.49"),
        ("203.0.113.50/24", "192.0.2.1%pppoe-out1", "203.0.113.50/30", "203.0.113.49"),
    ],
)
def test_a_line_without_a_gateway_in_its_network(outside: str, immediate: str, played: str, gateway: str) -> None:
    site = router()
    site["addresses"][0] = address(outside, "pppoe-out1", dynamic=True)
    site["routes"] = [route("0.0.0.0/0", "pppoe-out1", immediate, dynamic=True)]
    found = drawn({"hq": site})
    assert found.notes == [
        f"hq: its address 203.0.113.50 on pppoe-out1 is played as {played}, with a gateway {gateway}".replace(
            "203.0.113.50 on", f"{outside.partition('/')[0]} on"
        )
    ]
    seed = found.plan.routers["hq"].seed
    assert {"address": played, "interface": "pppoe-out1"} in seed["/ip/address"]
    assert seed["/ip/route"] == [{"dst-address": "0.0.0.0/0", "gateway": gateway}]


def test_networks_and_routes_that_a_lab_does_not_have_are_told() -> None:
    site = router()
    site["addresses"] += [
        address("192.168.11.1/24", "bridge"),
        address("10.0.0.1/32", "loop"),
        address("192.168.12.1/24", "off", disabled=True),
        address("192.168.13.1/24", "a name with blanks"),
    ]
    site["routes"] += [
        route("10.1.0.0/16", "192.168.10.2"),
        route("10.2.0.0/16", "192.168.10.2", routing_table="other"),
        route("192.168.10.0/24", "bridge", dynamic=True),
        route("0.0.0.0/0", "192.0.2.1", active=False, distance="2"),
    ]
    found = drawn({"hq": site})
    assert found.notes == [
        "hq: nothing is plugged in for 192.168.11.1/24 on bridge",
        "hq: nothing is plugged in for 10.0.0.1/32 on loop",
        "hq: nothing is plugged in for 192.168.13.1/24 on a name with blanks",
        "hq: its route to 10.2.0.0/16 in table other is left out",
    ]
    routes = found.plan.routers["hq"].seed["/ip/route"]
    assert routes[1:] == [{"dst-address": "10.1.0.0/16", "gateway": "192.168.10.2", "distance": "1"}]


def test_secrets_that_are_not_read_are_told() -> None:
    peers = {"a": "pre-shared-key", "b": "digital-signature"}
    identities = [{"peer": peer, "auth_method": method} for peer, method in peers.items()]
    identities[1]["certificate"] = "own"
    gathered = {"ipsec_key_psk": [{"name": "once"}], "ipsec_identity": identities}
    found = drawn({"hq": {**router(), "gathered": gathered}})
    assert found.notes == [
        "hq: its one-time keys are left out, since keys are not read",
        "hq: its secret for a is not read; before the change the twins agree on another",
        "hq: its certificate for b is there by name only, so that tunnel does not stand",
    ]
    first, second = found.configs["hq"]["ipsec_identity"]
    assert (first["secret"], "secret" in second, "ipsec_key_psk" in found.configs["hq"]) == (PLACEHOLDER, False, False)


def test_a_router_without_a_way_out_stands_for_itself() -> None:
    found = drawn({"hq": {**router(), "routes": []}})
    assert found.plan.internet is None
    assert found.notes == ["hq: it has no active default route, so it is not plugged into the internet"]


def test_two_routers_in_one_public_network_are_refused() -> None:
    with pytest.raises(ValueError, match=r"hq and branch are both in 198\.51\.100\.0/24, which a lab cannot have"):
        drawn({"hq": router(), "branch": router("198.51.100.8/24")})


def test_a_network_that_two_routers_have_is_no_default_flow() -> None:
    both = {"hq": router(), "branch": branch()}
    for site in both.values():
        site["addresses"].append(address("192.168.88.1/24", "ether2"))
    assert len(flows(drawn(both), [])) == 2


def test_flows_in_the_words_of_an_inventory() -> None:
    wanted = [
        {"from": "192.168.10.0/24", "to": "192.168.20.80", "protocol": "tcp", "port": 443, "name": "shop"},
        {"from": "hq", "to": "branch"},
        {"from": "192.168.20.80", "to": "192.168.20.1", "protocol": "tcp", "port": 22},
    ]
    found = drawn({"hq": router(), "branch": branch()}, *places(wanted))
    assert [dataclasses.astuple(each) for each in flows(found, wanted)] == [
        ("net-1-2", "192.168.20.80", "tcp", 443, "net-2-2", "shop"),
        ("hq", "203.0.113.50", "icmp", 0, "", "hq to branch"),
        ("net-2-2", "192.168.20.1", "tcp", 22, "", "192.168.20.80 to 192.168.20.1"),
    ]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"from": "hq", "to": "nowhere"}, "a flow names nowhere, which is not in the lab; there are: hq, 192.168.10.0"),
        ({"from": "hq"}, "a flow has from and to"),
        ({"from": "hq", "to": "hq", "protocol": "gre"}, "protocol of a flow cannot be gre"),
        ({"from": "hq", "to": "hq", "protocol": "tcp"}, "a flow by tcp has a port"),
        ({"from": "hq", "to": "hq", "colour": "red"}, "a flow has from and to"),
    ],
)
def test_a_flow_that_cannot_be(wanted: Found, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        flows(drawn({"hq": router()}), [wanted])


def test_several_hosts_of_a_network_are_refused() -> None:
    with pytest.raises(ValueError, match=r"flows name several hosts of 192\.168\.10\.0/24"):
        drawn({"hq": router()}, "192.168.10.20", "192.168.10.21")


def test_nothing_that_leads_to_a_router_is_left_to_an_inventory() -> None:
    found = variables({"hq": {"ansible_host": "127.0.0.1"}})
    assert set(found) == {
        *("rehearse_twins", "ansible_host", "ansible_port", "ansible_user", "ansible_password"),
        *("routeros_transport", "routeros_ca_file", "routeros_fingerprint", "routeros_validate_certs"),
        "routeros_anonymous",
    }
    assert found["ansible_host"] == "{{ rehearse_twins[inventory_hostname].ansible_host | default('127.0.0.1') }}"


def tunnelled() -> Found:
    """A router with a tunnel that is an interface, in a list, with an address and a route through it."""
    found = router()
    found["interfaces"].append(interface("to-branch", "gre-tunnel"))
    found["interface_lists"] = [{"name": "tunnels", "include": "", "exclude": "", "builtin": False, "dynamic": False}]
    found["interface_list_members"] = [
        {"list": "tunnels", "interface": name, "disabled": False, "dynamic": False} for name in ("bridge", "to-branch")
    ]
    found["addresses"].append(address("10.255.0.1/30", "to-branch"))
    found["routes"].append(route("192.168.20.0/24", "10.255.0.2", "10.255.0.2%to-branch"))
    found["routes"].append(route("192.168.30.0/24", "192.168.10.9", "192.168.10.9%bridge"))
    found["gathered"] = {
        "interface_gre": [{"name": "to-branch", "remote_address": "203.0.113.50"}],
        "interface_list_member": [{"list": "tunnels", "interface": name} for name in ("bridge", "to-branch")],
        "ip_address": [
            {"address": "198.51.100.7/24", "interface": "ether1"},
            {"address": "10.255.0.1/30", "interface": "to-branch"},
        ],
        "ip_route": [
            {"dst_address": "0.0.0.0/0", "gateway": ["198.51.100.1"]},
            {"dst_address": "192.168.20.0/24", "gateway": ["10.255.0.2"], "check_gateway": "ping"},
        ],
    }
    return found


def test_interfaces_that_people_made_are_made_again_where_the_lab_can() -> None:
    found = draw({"hq": tunnelled()}, ACCOUNT, kinds=["gre"])
    assert found.notes == []
    seed, config = found.plan.routers["hq"].seed, found.configs["hq"]
    assert [row["name"] for row in seed["/interface"]] == ["ether1", "bridge"]
    assert [row["address"] for row in seed["/ip/address"]] == ["198.51.100.7/24", "192.168.10.1/24"]
    assert [row["dst-address"] for row in seed["/ip/route"]] == ["0.0.0.0/0", "192.168.30.0/24"]
    assert [each["name"] for each in config["interface_gre"]] == ["to-branch"]
    # With what is there already, lest it go.
    assert [each["interface"] for each in config["ip_address"]] == ["ether1", "bridge", "to-branch"]
    assert [each["interface"] for each in config["interface_list_member"]] == ["bridge", "to-branch"]
    assert [each["dst_address"] for each in config["ip_route"]] == ["0.0.0.0/0", "192.168.30.0/24", "192.168.20.0/24"]


def test_interfaces_that_a_lab_cannot_have_stay_names() -> None:
    found = drawn({"hq": tunnelled()})
    assert found.notes[0] == "hq: its interface to-branch is there by name only, so nothing goes through it"
    assert [row["name"] for row in found.plan.routers["hq"].seed["/interface"]] == ["ether1", "bridge", "to-branch"]
    assert not any(menu.startswith(("interface_", "ip_")) for menu in found.configs["hq"])
