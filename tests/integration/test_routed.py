# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces, lists, addresses and routes as tasks want them: made together, made once, and taken away again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import BadArguments
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import ask, guarded_twin, snapshot

PATHS = {
    "interface_gre": "/interface/gre",
    "interface_ipip": "/interface/ipip",
    "interface_eoip": "/interface/eoip",
    "interface_vrrp": "/interface/vrrp",
    "interface_list": "/interface/list",
    "interface_list_member": "/interface/list/member",
    "ip_address": "/ip/address",
    "ip_route": "/ip/route",
}
FAR = "203.0.113.50"
WISH: dict[str, Any] = {
    "interface_gre": [{"name": "gre-b", "remote_address": FAR, "keepalive": "none", "comment": "own: b"}],
    "interface_ipip": [{"name": "ipip-b", "remote_address": "b.example.com", "comment": "own: b"}],
    "interface_eoip": [{"name": "eoip-b", "remote_address": FAR, "tunnel_id": 7, "comment": "own: b"}],
    "interface_vrrp": [{"name": "vrrp-lan", "interface": "ether3", "vrid": 10, "comment": "own: lan"}],
    "interface_list": [
        {"name": "TUNNELS", "comment": "own: all"},
        {"name": "INSIDE", "include": ["TUNNELS", "LAN"], "comment": "own: all"},
    ],
    "interface_list_member": [
        {"list": "TUNNELS", "interface": name, "comment": "own: b"} for name in ("gre-b", "ipip-b", "eoip-b")
    ],
    "ip_address": [
        {"address": "10.255.0.1/30", "interface": "gre-b", "comment": "own: b"},
        {"address": "192.168.30.254/32", "interface": "vrrp-lan", "comment": "own: lan"},
    ],
    "ip_route": [
        {"dst_address": "192.168.20.0/24", "gateway": ["10.255.0.2"], "check_gateway": "ping", "comment": "own: near"},
        {"dst_address": "192.168.20.0/24", "gateway": ["ipip-b"], "distance": 10, "comment": "own: far"},
        {"dst_address": "192.168.20.0/24", "blackhole": True, "distance": 250, "comment": "own: none"},
        {"dst_address": "192.168.21.0/24", "gateway": ["10.255.0.2%gre-b", "ipip-b"], "comment": "own: both"},
    ],
    "firewall_filter": [{"chain": "forward", "in_interface": "gre-b", "action": "accept", "comment": "own: b"}],
}  # fmt: skip


def wish(server: Server, state: str = "merged", config: Any = None, **more: Any) -> dict[str, Any]:
    given = {"config": WISH if config is None else config, "state": state, "guard": {"when": "never"}}
    return ask(server, "config", given | more)


@pytest.fixture(params=["7.12.2", "7.22.3"])
def router(request: pytest.FixtureRequest, make_twin: MakeTwin) -> Server:
    """A router from the factory."""
    return guarded_twin(make_twin, {}, version=request.param)


@pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
def test_all_of_it_is_one_transaction_and_made_once(router: Server, state: str) -> None:
    more = {"scope": {"owner": ["own"]}} if state == "overridden" else {}
    made = wish(router, state, **more)
    assert (made["changed"], made["warnings"]) == (True, [])
    again = wish(router, state, **more)
    assert (again["commands"], again["changed"]) == ([], False)


def test_a_tunnel_is_there_before_what_names_it(router: Server) -> None:
    added = [line.split(" add ")[0] for line in wish(router)["commands"]]
    assert list(dict.fromkeys(added)) == [
        "/interface gre", "/interface ipip", "/interface eoip", "/interface vrrp", "/interface list",
        "/interface list member", "/ip address", "/ip route", "/ip firewall filter",
    ]  # fmt: skip


def test_check_mode_foretells_what_is_made(router: Server) -> None:
    before = snapshot(router)
    task = {"config": WISH, "guard": "never"}
    told = ask(router, "config", task, check_mode=True, with_diff=True)
    assert snapshot(router) == before
    made = ask(router, "config", task, with_diff=True)
    assert told["commands"] == made["commands"]
    assert [each["after"] for each in told["diff"]]


@pytest.mark.parametrize("module", PATHS)
def test_what_was_gathered_can_be_given_back(router: Server, module: str) -> None:
    wish(router)
    own = ["own: b", "own: lan", "own: all", "own: near", "own: far", "own: none", "own: both"]
    gathered = ask(router, module, {"state": "gathered", "scope": {"owner": ["own"]}})["gathered"]
    assert {row["comment"] for row in gathered} <= set(own)
    assert len(gathered) == len(WISH[module])
    again = ask(router, module, {"config": gathered, "state": "replaced", "guard": "never"})
    assert again["commands"] == []


def test_what_an_owner_no_longer_wants_goes_and_nothing_else(router: Server) -> None:
    before = {path: router.router.rows(path) for path in PATHS.values()}
    wish(router)
    empty: dict[str, Any] = {name: [] for name in WISH}
    gone = wish(router, "overridden", empty, scope={"owner": ["own"]})
    assert gone["changed"] is True
    assert {path: router.router.rows(path) for path in PATHS.values()} == before


def test_lists_of_the_router_s_own_stay(router: Server) -> None:
    told = ask(router, "interface_list", {"state": "gathered"})["gathered"]
    kept = [{"name": row["name"]} for row in told if row["name"] in ("LAN", "WAN")]
    assert ask(router, "interface_list", {"config": kept, "state": "merged"})["changed"] is False
    ask(router, "interface_list", {"config": [{"name": "NEW"}]})
    gone = ask(router, "interface_list", {"config": [*kept, {"name": "X"}], "state": "overridden", "guard": "never"})
    assert gone["commands"][-1].split()[2] == "remove"
    names = {row["name"] for row in router.router.rows("/interface/list")}
    assert names == {"all", "none", "dynamic", "static", "LAN", "WAN", "X"}


def test_a_tunnel_that_others_name_stays(router: Server) -> None:
    wish(router)
    with pytest.raises(BadArguments, match=r"name=gre-b: cannot be removed, /i.* still uses it"):
        ask(router, "interface_gre", {"config": [{"name": "gre-b"}], "state": "deleted", "guard": "never"})


@pytest.mark.parametrize(
    ("module", "entry", "why"),
    [
        pytest.param("ip_address", {"address": "10.0.0.1/30", "interface": "gre-x"},
                     "interface: 'gre-x' was given, but /interface has no such entry", id="address"),
        pytest.param("ip_route", {"dst_address": "10.9.0.0/16", "gateway": ["10.255.0.2%gre-x"]},
                     "gateway: 'gre-x' was given, but /interface has no such entry", id="route"),
        pytest.param("ip_route", {"dst_address": "10.9.0.0/16", "gateway": ["10.255.0.300"]},
                     "gateway: '10.255.0.300' was given, allowed is addresses, interfaces", id="no-address"),
        pytest.param("ip_route", {"dst_address": "10.9.0.0/16"}, "gateway is missing, and blackhole=no", id="nowhere"),
        pytest.param("interface_gre", {"name": "g", "remote_address": FAR, "ipsec_secret": "s3cret-of-gre"},
                     "ipsec-secret: it can be given only with allow-fast-path=no", id="fast-path"),
        pytest.param("interface_eoip", {"name": "e", "remote_address": FAR}, "tunnel-id is missing", id="no-number"),
        pytest.param("interface_list_member", {"list": "NONE", "interface": "ether1"},
                     "list: 'NONE' was given, but /interface/list has no such entry", id="no-list"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_before_anything_is_sent(
    router: Server, module: str, entry: dict[str, Any], why: str
) -> None:
    before = snapshot(router)
    with pytest.raises(BadArguments) as told:
        ask(router, module, {"config": [entry], "guard": "never"})
    assert why in str(told.value)
    assert "s3cret" not in str(told.value)
    assert snapshot(router) == before


def test_a_marked_route_is_the_same_one_with_another_gateway(router: Server) -> None:
    wish(router)
    (route,) = (row for row in router.router.rows("/ip/route") if row.get("comment") == "own: near")
    moved = {"dst_address": "192.168.20.0/24", "gateway": ["10.255.0.1"], "comment": "own: near"}
    ask(router, "ip_route", {"config": [moved], "guard": "never"})
    (found,) = (row for row in router.router.rows("/ip/route") if row.get("comment") == "own: near")
    assert (found[".id"], found["gateway"], found["check-gateway"]) == (route[".id"], "10.255.0.1", "ping")


def test_two_ways_to_one_place_are_two_routes(router: Server) -> None:
    for gateway in ("192.168.88.2", "192.168.88.3"):
        ask(router, "ip_route", {"config": [{"gateway": [gateway]}], "guard": "never"})
    found = [row["gateway"] for row in router.router.rows("/ip/route") if row["dst-address"] == "0.0.0.0/0"]
    assert found == ["192.168.88.2", "192.168.88.3"]


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({"blackhole": False, "gateway": ["192.168.88.2"], "comment": "own: none"}, None),
        ({"blackhole": True, "comment": "own: none"}, ""),
    ],
)
def test_a_blackhole_can_be_filled(router: Server, given: dict[str, Any], printed: str | None) -> None:
    wish(router)
    ask(router, "ip_route", {"config": [{"dst_address": "192.168.20.0/24", **given}], "guard": "never"})
    (found,) = (row for row in router.router.rows("/ip/route") if row.get("comment") == "own: none")
    assert found.get("blackhole") == printed


def test_keepalives_are_switched_off_and_on(router: Server) -> None:
    wish(router)
    (row,) = router.router.rows("/interface/gre")
    assert "keepalive" not in row
    asked = {"config": [{"name": "gre-b", "keepalive": "5s,3"}], "guard": "never"}
    assert ask(router, "interface_gre", asked)["before"][0]["keepalive"] == "none"
    (row,) = router.router.rows("/interface/gre")
    assert row["keepalive"] == "5s,3"
    off = ask(router, "interface_gre", {"config": [{"name": "gre-b", "keepalive": "none"}], "guard": "never"})
    assert off["commands"] == [f"/interface gre set {row['.id']} !keepalive"]


def test_secrets_of_interfaces_are_set_once_and_never_told(router: Server) -> None:
    tunnel = {"name": "gre-s", "remote_address": FAR, "allow_fast_path": False, "ipsec_secret": "s3cret-of-gre"}
    gateway = {"name": "vrrp-s", "interface": "ether3", "version": "2", "authentication": ["simple"]}
    config = {"interface_gre": [tunnel], "interface_vrrp": [{**gateway, "password": "s3cret-of-vrrp"}]}
    made = wish(router, config=config)
    assert "s3cret" not in str(made)
    assert [row["ipsec-secret"] for row in router.router.rows("/interface/gre")] == ["s3cret-of-gre"]
    assert wish(router, config=config)["changed"] is False
    assert "s3cret" not in str(ask(router, "interface_gre", {"state": "gathered"}))
    ask(router, "interface_gre", {"config": [{"name": "gre-s", "ipsec_secret": ""}], "guard": "never"})
    assert "ipsec-secret" not in router.router.rows("/interface/gre")[0]


def test_rendered_needs_no_router(router: Server) -> None:
    config = {"interface_gre": WISH["interface_gre"], "ip_route": WISH["ip_route"][1:3]}
    server = router.router
    rendered = wish(router, "rendered", config)["rendered"]
    assert rendered == [
        f'/interface gre add name=gre-b remote-address={FAR} !keepalive comment="own: b"',
        '/ip route add dst-address=192.168.20.0/24 gateway=ipip-b distance=10 comment="own: far"',
        '/ip route add dst-address=192.168.20.0/24 distance=250 blackhole=yes comment="own: none"',
    ]
    assert server.rows("/interface/gre") == []
