# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPv6 raw, NAT and mangle, layer 7 patterns and connection tracking: written once, read back, put back."""

from __future__ import annotations

from typing import Any

import pytest
from twin import Seat, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play

TRACKING, PATTERNS = "/ip/firewall/connection/tracking", "/ip/firewall/layer7-protocol"
MENUS: dict[str, Any] = {
    "firewall_layer7": [{"name": "rdp", "regexp": r'^rdpdr.*\xff"$', "comment": "own: rdp"}],
    "firewall_connection_tracking": {"enabled": "yes", "udp_timeout": "00:00:10", "loose_tcp_tracking": False},
    "ipv6_firewall_raw": [
        {"chain": "prerouting", "action": "drop", "src_address_list": "blocked", "tcp_flags": ["syn", "!ack"],
         "protocol": "tcp", "comment": "own: blocked"},
    ],
    "ipv6_firewall_mangle": [
        {"chain": "postrouting", "action": "snpt", "src_address": "2001:db8:a::/64", "src_prefix": "2001:db8:a::1/64",
         "dst_prefix": "2001:db8:b::/64", "comment": "own: out"},
        {"chain": "forward", "action": "change-hop-limit", "new_hop_limit": "set:64", "hop_limit": "less-than:5"},
    ],
    "ipv6_firewall_nat": [
        {"chain": "srcnat", "action": "src-nat", "to_address": "2001:db8:1::1", "out_interface": "ether1",
         "connection_state": ["new"], "comment": "own: out"},
        {"chain": "dstnat", "action": "redirect", "protocol": "udp", "dst_port": ["53"], "to_ports": "5353"},
    ],
    "firewall_filter": [{"chain": "forward", "action": "drop", "protocol": "tcp", "layer7_protocol": "!rdp"}],
}  # fmt: skip


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin("7.24", users={"admin": PASSWORD}, seat=Seat("192.168.88.10", "192.168.88.1", "ether2"))


def task(name: str, module: str = "config", **arguments: Any) -> dict[str, Any]:
    return {"name": name, f"vpnops.mikrotik.{module}": arguments, "register": name}


def test_menus_are_written_once_and_read_back(router: Server, play: Play) -> None:
    before = router.router.dump()
    tried = play(router, [task("made", config=MENUS)], "--check", "--diff")
    assert (tried.status, tried.changed, router.router.dump() == before) == (0, 1, True), tried.output
    tasks = [
        task("made", config=MENUS),
        task("again", config=MENUS, state="replaced"),
        task("read", state="gathered"),
        task("replayed", config="{{ read.gathered }}", state="overridden"),
        task("reset", "firewall_connection_tracking", config={"enabled": "auto"}, state="replaced"),
    ]
    run = play(router, tasks)
    assert run.status == 0, run.output
    changed = {outcome.task for outcome in run.outcomes if outcome.result.get("changed")}
    assert changed == {"made", "reset"}, run.output
    assert run["reset"].result["commands"] == [
        "/ip firewall connection tracking set enabled=auto loose-tcp-tracking=yes udp-timeout=30s"
    ]
    assert router.router.rows(PATTERNS)[0]["regexp"] == MENUS["firewall_layer7"][0]["regexp"]


def test_pattern_that_rules_name_stays(router: Server, play: Play) -> None:
    rule = {"chain": "forward", "action": "drop", "layer7_protocol": "rdp", "comment": "no rdp"}
    router.router.add(PATTERNS, name="rdp", regexp="rdpdr")
    router.router.add("/ip/firewall/filter", chain="forward", action="drop", layer7_protocol="rdp", comment="no rdp")
    run = play(router, [task("gone", "firewall_layer7", config=[{"name": "rdp"}], state="deleted")])
    assert "name=rdp: cannot be removed, /ip/firewall/filter comment=no rdp still uses it" in run.failure.message
    both = {"firewall_layer7": [{"name": "rdp"}], "firewall_filter": [rule]}
    assert play(router, [task("gone", config=both, state="deleted")]).changed == 1
    assert router.router.rows(PATTERNS) == []


def test_change_of_connection_tracking_is_guarded(router: Server, play: Play) -> None:
    """It is written with a way back that the router would take by itself, and nothing of that stays."""
    run = play(router, [task("made", "firewall_connection_tracking", config={"tcp_established_timeout": "1h"})])
    assert (run.status, run.changed) == (0, 1), run.output
    assert router.router.rows(TRACKING)[0]["tcp-established-timeout"] == "1h"
    assert router.router.rows("/system/script") == router.router.rows("/system/scheduler") == []
    assert any("vpnops-guard" in line["message"] for line in router.router.rows("/log")), router.router.rows("/log")
