# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose traffic the guard looks after: flows that are to stay open, and sessions that come through tunnels."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Undone
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import LockedOut
from twin import Seat, Server
from twin.command import Command
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import add, ask, guarded_twin, snapshot


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return guarded_twin(make_twin, {})


def test_what_is_to_stay_open_is(router: Server) -> None:
    flow = {"name": "files", "chain": "forward", "src": "192.168.88.20", "dst": "198.51.100.9", "dst_port": 445}
    rule = {"chain": "forward", "action": "drop", "protocol": "tcp", "dst_port": "445", "comment": "own: SMB"}
    for chain in ("forward", "input"):
        with pytest.raises(LockedOut, match=f"it would cut files once the new entries .*chain={chain} action=drop"):
            add(router, {**rule, "chain": chain}, guard={"keep_open": [{**flow, "chain": chain}]})
    assert add(router, rule, guard={"keep_open": [{**flow, "dst_port": 80}]})["changed"] is True


THROUGH = {
    "/ip/ipsec/peer": [{"name": "office", "address": "203.0.113.9", "exchange-mode": "ike2", "comment": "own: office"}],
    "/ip/ipsec/policy": [
        {"peer": "office", "tunnel": "yes", "src-address": "192.168.77.0/24", "dst-address": "192.168.99.0/24"}
    ],
}


def joined(make_twin: MakeTwin, client: str) -> Server:
    """A router with a tunnel, on which somebody comes from that address."""
    seed = {**THROUGH, "/ip/address": [{"address": "192.168.77.1/24", "interface": "ether3"}]}
    return guarded_twin(make_twin, seed, Seat(client, "192.168.77.1", "ether1", denied="close"), defconf=False)


@pytest.mark.parametrize(
    ("client", "guarded"), [("192.168.99.10", True), ("192.168.88.10", True), ("192.168.77.10", False)]
)
def test_a_tunnel_is_guarded_for_whoever_comes_through_it(make_twin: MakeTwin, client: str, guarded: bool) -> None:
    server = joined(make_twin, client)
    before = snapshot(server)
    moved = {"config": [{"name": "office", "address": "203.0.113.10"}]}
    assert ask(server, "ipsec_peer", moved, check_mode=True).get("guarded", False) is guarded
    assert snapshot(server) == before
    assert ask(server, "ipsec_peer", moved).get("guarded", False) is guarded
    assert [row["address"] for row in server.router.rows("/ip/ipsec/peer")] == ["203.0.113.10/32"]
    assert "guarded" not in ask(server, "ipsec_peer", {"config": [{"name": "office", "port": 4500}], "guard": "never"})


def test_a_tunnel_that_takes_its_own_session_away_comes_back(make_twin: MakeTwin) -> None:
    seed = {**THROUGH, "/ip/address": [{"address": "192.168.77.1/24", "interface": "ether3"}]}
    server = guarded_twin(
        make_twin, seed, Seat("192.168.99.10", "192.168.77.1", "ether1", denied="close"), defconf=False
    )
    before = snapshot(server)

    def meanwhile(command: Command) -> None:
        if (command.path, command.verb) == ("/ip/ipsec/peer", "set"):
            server.faults.refuse_connections = "close"
            server.drop_all()

    server.faults.refuse = meanwhile
    server.router.watchers.append(lambda path, _row, _gone: _lift(server, path))
    with pytest.raises(Undone, match="the router is as it was before"):
        ask(server, "ipsec_peer", {"config": [{"name": "office", "address": "203.0.113.10"}]})
    assert snapshot(server) == before


def _lift(server: Server, path: str) -> None:
    """The tunnel is as it was, so its packets come through again."""
    if path == "/system/script" and not server.router.tables[path].rows:
        server.faults.refuse_connections = ""


def test_a_policy_that_discards_the_session_is_guarded(make_twin: MakeTwin) -> None:
    server = joined(make_twin, "192.168.77.10")
    wish = {"src_address": "192.168.77.1/32", "dst_address": "192.168.77.10/32", "action": "discard"}
    assert ask(server, "ipsec_policy", {"config": [wish]}, check_mode=True)["guarded"] is True
    elsewhere = {**wish, "dst_address": "192.168.78.10/32"}
    assert "guarded" not in ask(server, "ipsec_policy", {"config": [elsewhere]}, check_mode=True)


@pytest.mark.parametrize(
    ("flow", "told"),
    [
        ({"protocol": "bogus"}, "guard: keep_open .*protocol=bogus.*"),
        ({"dst_port": 99999}, "guard: keep_open .*: dst_port cannot be 99999; a port is 1 to 65535"),
        (
            {"in_interface": "bridgee"},
            "127.0.0.1: guard: keep_open .*: interface bridgee was given; there are: .*ether",
        ),
    ],
)
def test_flows_that_cannot_be_are_told(router: Server, flow: dict[str, Any], told: str) -> None:
    with pytest.raises(BadArguments, match=told):
        add(router, guard={"keep_open": [{"src": "192.168.88.20", **flow}]})


def test_answers_belong_to_a_flow(router: Server) -> None:
    flow = {"name": "shop", "chain": "forward", "src": "192.168.88.20", "dst": "198.51.100.9", "dst_port": 443}
    rule = {"chain": "prerouting", "action": "drop", "src_address": "198.51.100.9", "comment": "own: them"}
    with pytest.raises(LockedOut, match="it would cut shop"):
        ask(router, "firewall_raw", {"config": [rule], "guard": {"keep_open": [flow]}})
