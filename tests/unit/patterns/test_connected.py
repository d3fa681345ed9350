# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local networks that hold remote ones are sound, unless the remote ones are the router's own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.filter.ha_backup_peer import compiled as backed_up
from ansible_collections.vpnops.mikrotik.plugins.filter.site_to_site import compiled as joined

from tests.unit.patterns.routers import CONNECTION, TUNNEL, applied, router

HUB = {**TUNNEL, "local_subnets": ["0.0.0.0/0"]}
LAN = {"address": "192.168.10.1/24", "interface": "bridge"}
BRANCHES = {"address": "192.168.20.1/24", "interface": "guests"}


def problems(remote: str, *addresses: dict[str, Any], local: str = "0.0.0.0/0") -> list[str]:
    tunnel = {**HUB, "local_subnets": [local], "remote_subnets": [remote]}
    found: Any = joined([tunnel], existing={"ip_address": list(addresses)})
    return list(found["problems"])


@pytest.mark.parametrize("local", ["0.0.0.0/0", "192.168.0.0/16"])
def test_hub_takes_a_local_network_that_holds_the_remote_one(local: str) -> None:
    assert problems("192.168.20.0/24", LAN, local=local) == []


def test_hub_policy_takes_any_source_and_no_packet_is_translated() -> None:
    found: Any = joined([HUB])
    tables, _changes = applied(router(), found, {"owner": found["owners"]})
    assert applied(tables, found, {"owner": found["owners"]})[1] == 0
    (policy,) = found["config"]["ipsec_policy"]
    assert (policy["src_address"], policy["dst_address"]) == ("0.0.0.0/0", "192.168.20.0/24")


def test_hub_with_several_branches() -> None:
    other = {**HUB, "name": "other", "remote_address": "203.0.113.60", "remote_subnets": ["192.168.30.0/24"]}
    assert joined([HUB, other])["problems"] == []


def test_backup_peers_take_any_local_network() -> None:
    found: Any = backed_up([{**CONNECTION, "local_subnets": ["0.0.0.0/0"]}])
    assert (found["problems"], found["reads"]) == ([], {"ip_address": []})


@pytest.mark.parametrize(
    "remote", ["192.168.20.0/24", "192.168.20.128/25", "192.168.0.0/19"], ids=["same", "part", "wider"]
)
def test_remote_network_that_the_router_has_itself_is_refused(remote: str) -> None:
    (text,) = problems(remote, LAN | {"disabled": True}, BRANCHES)
    assert text == (
        f"tunnel branch: remote subnet {remote} shares addresses with 192.168.20.0/24 on guests of this router, so "
        "packets to its hosts there would be sent into the tunnel"
    )


def test_backup_peers_refuse_a_network_that_the_router_has_itself() -> None:
    connection = {**CONNECTION, "local_subnets": ["0.0.0.0/0"]}
    found: Any = backed_up([connection], existing={"ip_address": [BRANCHES]})
    assert "shares addresses with 192.168.20.0/24 on guests" in found["problems"][0]


@pytest.mark.parametrize(
    "row", [{**BRANCHES, "disabled": True}, {"address": "192.168.20.9/32", "interface": "lo"}], ids=["disabled", "host"]
)
def test_addresses_without_hosts_are_no_network(row: dict[str, Any]) -> None:
    assert problems("192.168.20.0/24", row) == []


@pytest.mark.parametrize("tunnel", [TUNNEL, {"name": "branch", "state": "absent"}], ids=["narrow", "absent"])
def test_nothing_is_read_without_need(tunnel: dict[str, Any]) -> None:
    assert joined([dict(tunnel)])["reads"] == {}
