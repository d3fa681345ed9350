# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of interfaces, lists, addresses and routes that take away the way to whoever makes them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Undone
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import LockedOut
from twin import Seat, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import TIMEOUT, ask, guarded_twin, snapshot

HOME = Seat("192.168.88.10", "192.168.88.1", "ether2", denied="close", routed=True)
FAR = Seat("203.0.113.10", "198.51.100.1", "ether1", denied="close", routed=True)
WAN = {"address": "198.51.100.1/24", "interface": "ether1"}
OPEN = {"chain": "input", "protocol": "tcp", "dst-port": "8728", "comment": "own: management"}
DEFAULT = {"gateway": "198.51.100.254", "comment": "own: default"}
SEED: dict[str, list[dict[str, str]]] = {
    "/ip/address": [WAN],
    "/ip/route": [DEFAULT],
    "/interface/gre": [{"name": "gre-b", "remote-address": "203.0.113.50", "comment": "own: b"}],
}


def far_away(make_twin: MakeTwin) -> Server:
    """A router that is managed from the internet; its firewall is none, so that ways alone decide."""
    return guarded_twin(make_twin, SEED, FAR, defconf=False)


def near(make_twin: MakeTwin) -> Server:
    """A router from the factory that is managed from its own network."""
    return guarded_twin(make_twin, {}, HOME)


@pytest.mark.parametrize(
    ("module", "wish"),
    [
        pytest.param("ip_route", {"config": [{"gateway": ["198.51.100.254"]}], "state": "deleted"}, id="gone"),
        pytest.param(
            "ip_route",
            {"config": [{"gateway": ["gre-b"], "comment": "own: default"}]},
            id="by-another-gateway",
        ),
        pytest.param(
            "ip_route",
            {"config": [{"dst_address": "203.0.113.0/24", "gateway": ["gre-b"]}]},
            id="a-nearer-route-leads-elsewhere",
        ),
        pytest.param(
            "ip_route",
            {"config": [{"dst_address": "203.0.113.0/24", "blackhole": True}, {"gateway": ["gre-b"]}],
             "state": "overridden"},
            id="nothing-is-left",
        ),
        pytest.param(
            "ip_address", {"config": [{"address": "203.0.113.1/28", "interface": "ether3"}]}, id="a-network-of-its-own"
        ),
    ],
)  # fmt: skip
def test_a_change_that_takes_the_way_back_is_undone(make_twin: MakeTwin, module: str, wish: dict[str, Any]) -> None:
    server = far_away(make_twin)
    before = snapshot(server)
    with pytest.raises(Undone, match="the change was undone, and the router is as it was before"):
        ask(server, module, wish)
    server.router.advance(TIMEOUT)
    assert snapshot(server) == before


def test_the_address_that_is_dialled_is_not_given_up(make_twin: MakeTwin) -> None:
    server = far_away(make_twin)
    before = snapshot(server)
    task = {"config": [{"address": "198.51.100.1/24", "interface": "ether1"}], "state": "deleted"}
    with pytest.raises(LockedOut, match=r"once the old entries of /ip/address are off: .* not have 198.51.100.1 any"):
        ask(server, "ip_address", task, check_mode=True)
    with pytest.raises(LockedOut):
        ask(server, "ip_address", task)
    assert snapshot(server) == before


def test_one_of_several_addresses_is_tried_and_comes_back(make_twin: MakeTwin) -> None:
    server = far_away(make_twin)
    server.router.add("/ip/address", address="10.0.0.1/24", interface="ether3")
    before = snapshot(server)
    with pytest.raises(Undone):
        ask(
            server,
            "ip_address",
            {"config": [{"address": "198.51.100.1/24", "interface": "ether1"}], "state": "deleted"},
        )
    server.router.advance(TIMEOUT)
    assert snapshot(server) == before


def test_an_address_moves_to_another_length_of_its_network(make_twin: MakeTwin) -> None:
    server = far_away(make_twin)
    wish = {"config": [{"address": "198.51.100.1/25", "interface": "ether1"}], "state": "overridden"}
    server.router.call("/ip/route/set", {".id": server.router.rows("/ip/route")[0][".id"], "gateway": "198.51.100.2"})
    assert ask(server, "ip_address", wish | {"scope": {"interface": ["ether1"]}})["guarded"] is True
    assert [row["address"] for row in server.router.rows("/ip/address")] == ["198.51.100.1/25"]


def test_a_list_without_the_own_interface_is_seen_to_lock_out(make_twin: MakeTwin) -> None:
    server = near(make_twin)
    before = snapshot(server)
    with pytest.raises(LockedOut, match="in-interface-list=!LAN"):
        ask(server, "interface_list_member", {"config": [{"list": "LAN", "interface": "ether2"}], "state": "deleted"})
    assert snapshot(server) == before


def test_a_list_that_keeps_it_by_another_list_does_not(make_twin: MakeTwin) -> None:
    server = near(make_twin)
    config = {
        "interface_list": [{"name": "HOME"}],
        "interface_list_member": [{"list": "HOME", "interface": "ether2"}],
    }
    ask(server, "config", {"config": config})
    ask(server, "interface_list", {"config": [{"name": "LAN", "include": ["HOME"]}]})
    gone = ask(
        server, "interface_list_member", {"config": [{"list": "LAN", "interface": "ether2"}], "state": "deleted"}
    )
    assert (gone["changed"], gone["guarded"]) == (True, True)
    with pytest.raises(LockedOut, match="in-interface-list=!LAN"):
        ask(server, "interface_list", {"config": [{"name": "LAN", "include": []}]})


@pytest.mark.parametrize(
    ("module", "entry", "guarded"),
    [
        ("ip_route", {"dst_address": "192.168.20.0/24", "gateway": ["ether5"]}, False),
        ("ip_route", {"dst_address": "192.168.88.8/29", "gateway": ["ether5"]}, True),
        ("ip_address", {"address": "10.255.0.1/30", "interface": "ether5"}, False),
        ("ip_address", {"address": "192.168.88.9/29", "interface": "ether5"}, True),
        ("interface_gre", {"name": "gre-c", "remote_address": "203.0.113.60"}, False),
        ("interface_list", {"name": "NEW"}, False),
        ("interface_list_member", {"list": "WAN", "interface": "ether5"}, True),
    ],
)
def test_what_could_lead_a_neighbour_astray_is_guarded(
    make_twin: MakeTwin, module: str, entry: dict[str, Any], guarded: bool
) -> None:
    server = near(make_twin)
    told = ask(server, module, {"config": [entry]}, check_mode=True)
    assert told.get("guarded", False) is guarded


def test_a_tunnel_goes_under_the_guard_with_all_that_named_it(make_twin: MakeTwin) -> None:
    server = near(make_twin)
    before = snapshot(server)
    wish: dict[str, Any] = {
        "interface_gre": [{"name": "gre-b", "remote_address": "203.0.113.50", "allow_fast_path": False,
                           "ipsec_secret": "a-first-secret", "comment": "own: b"}],
        "interface_list": [{"name": "TUNNELS", "comment": "own: all"}],
        "interface_list_member": [{"list": "TUNNELS", "interface": "gre-b", "comment": "own: b"}],
        "ip_address": [{"address": "10.255.0.1/30", "interface": "gre-b", "comment": "own: b"}],
        "ip_route": [{"dst_address": "192.168.20.0/24", "gateway": ["10.255.0.2"], "comment": "own: b"}],
    }  # fmt: skip
    more = {"state": "overridden", "scope": {"owner": ["own"]}}
    assert ask(server, "config", {"config": wish, **more})["guarded"] is True
    assert ask(server, "config", {"config": wish, **more})["changed"] is False
    wish["interface_gre"][0] |= {"ipsec_secret": "a-second-secret", "keepalive": "none"}
    assert ask(server, "config", {"config": wish, **more})["guarded"] is True
    (row,) = server.router.rows("/interface/gre")
    assert (row["ipsec-secret"], row.get("keepalive")) == ("a-second-secret", None)
    empty: dict[str, Any] = {name: [] for name in wish}
    assert ask(server, "config", {"config": empty, **more})["guarded"] is True
    assert snapshot(server) == before
