# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ha_backup_peer in the life of a router: what changes, what stays, what is left behind."""

from __future__ import annotations

from typing import Any

import pytest
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Join, Play, converged, joining

SECRET = "a-secret-of-good-length"
PEERS = [{"name": "first", "remote_address": "203.0.113.1"}, {"name": "second", "remote_address": "203.0.113.129"}]
HQ = {
    "name": "hq",
    "local_subnets": ["192.168.20.0/24"],
    "remote_subnets": ["192.168.10.0/24"],
    "psk": SECRET,
    "peers": PEERS,
}
LINKS = {
    "name": "hq",
    "remote_subnets": ["192.168.10.0/24"],
    "local_address": "198.51.100.7",
    "psk": SECRET,
    "peers": [{**PEERS[0], "tunnel_address": "10.255.0.2/30"}, {**PEERS[1], "tunnel_address": "10.255.0.6/30"}],
}
UPLINKS = [
    {"name": "isp1", "gateway": "198.51.100.1", "check": "192.0.2.1", "local_address": "198.51.100.2"},
    {"name": "isp2", "gateway": "203.0.113.65", "local_address": "203.0.113.66"},
]
GONE = {"name": "hq", "state": "absent"}
POLICIES, FILTER = "/ip/ipsec/policy", "/ip/firewall/filter"
VERSIONS = ("7.10.2", "7.16.2", "7.24")


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin(users={"admin": PASSWORD}, defconf=True)


@pytest.fixture
def join(play: Play) -> Join:
    return joining(play, "ha_backup_peer")


def standing(server: Server) -> dict[str, list[dict[str, str]]]:
    """What is configured, without what netwatch and the scheduler count meanwhile."""
    found = server.router.dump()
    for path, names in (
        ("/tool/netwatch", {"name", "host", "type", "comment", "down-script"}),
        ("/system/script", {"name", "source", "policy", "comment"}),
        ("/system/scheduler", {"name", "on-event", "interval", "comment"}),
    ):
        found[path] = [{name: row.get(name, "") for name in names} for row in found.get(path, ())]
    return found


def enabled(server: Server) -> list[str]:
    """The peers whose policies are in use."""
    rows = server.router.rows(POLICIES)
    return sorted({row["peer"] for row in rows if row.get("peer") and row["disabled"] == "false"})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("tunnel", "variables"),
    [
        (HQ, {}),
        (HQ, {"method": "multi_peer"}),
        (HQ, {"uplinks": UPLINKS, "detect": {"by": "dpd"}}),
        (LINKS, {"method": "routed"}),
    ],
    ids=["policy-switch", "multi-peer", "uplinks", "routed"],
)
def test_a_connection_stands_on_every_version_and_leaves_nothing_behind(
    make_twin: MakeTwin, join: Join, version: str, tunnel: dict[str, Any], variables: dict[str, Any]
) -> None:
    server = make_twin(version, users={"admin": PASSWORD}, defconf=True)
    before = server.router.dump()
    assert converged(join, server, tunnel, **variables) == 1
    assert converged(join, server, GONE) == 1
    assert server.router.dump() == before


def test_a_run_during_an_outage_switches_nothing_back_and_reports_no_change(router: Server, join: Join) -> None:
    assert converged(join, router, HQ) == 1
    assert enabled(router) == ["ha-hq/first"]
    for row in router.router.rows(POLICIES):
        if row.get("peer"):
            verb = "enable" if row["peer"] == "ha-hq/second" else "disable"
            router.router.call(f"{POLICIES}/{verb}", {"numbers": row[".id"]})
    again = join(router, HQ)
    assert (again.status, again.changed) == (0, 0), again.output
    assert enabled(router) == ["ha-hq/second"]
    # A change that somebody wants is made all the same, to both.
    changed = join(router, {**HQ, "level": "unique"})
    assert (changed.status, changed.changed) == (0, 1), changed.output
    assert enabled(router) == ["ha-hq/second"]
    assert [row["level"] for row in router.router.rows(POLICIES) if row.get("peer")] == ["unique", "unique"]


def test_another_method_takes_the_place_of_the_first(router: Server, join: Join) -> None:
    before = router.router.dump()
    converged(join, router, HQ)
    converged(join, router, LINKS, method="routed")
    assert not router.router.rows("/tool/netwatch")
    assert len(router.router.rows("/interface/gre")) == 2
    converged(join, router, HQ, method="multi_peer")
    assert [row["peer"] for row in router.router.rows(POLICIES) if row.get("peer")] == ["ha-hq/first,ha-hq/second"]
    converged(join, router, GONE)
    assert router.router.dump() == before


def test_a_peer_more_and_a_peer_less(router: Server, join: Join) -> None:
    converged(join, router, HQ)
    third = {"name": "third", "remote_address": "203.0.113.200"}
    converged(join, router, {**HQ, "peers": [*PEERS, third]})
    assert len(router.router.rows("/tool/netwatch")) == 3
    converged(join, router, {**HQ, "peers": [third, PEERS[0]]})
    assert [row["name"] for row in router.router.rows("/ip/ipsec/peer")] == ["ha-hq/first", "ha-hq/third"]


def test_other_connections_are_left_alone(router: Server, join: Join) -> None:
    dc = {
        **HQ,
        "name": "dc",
        "local_subnets": ["192.168.21.0/24"],
        "peers": [{**PEERS[0], "local_address": "192.0.2.9"}],
    }
    dc["peers"] = [{**each, "remote_address": f"198.51.100.{at}"} for at, each in enumerate(PEERS, 50)]
    converged(join, router, HQ)
    alone = standing(router)
    converged(join, router, dc)
    converged(join, router, {"name": "dc", "state": "absent"})
    assert standing(router) == alone


def test_check_mode_tells_what_the_run_then_does(router: Server, join: Join) -> None:
    before = router.router.dump()
    checked = join(router, HQ, flags=("--check",))
    assert (checked.status, checked.changed) == (0, 1), checked.output
    assert router.router.dump() == before


def test_nobody_is_shown_a_secret(router: Server, join: Join) -> None:
    run = join(router, HQ, flags=("-vvvv", "--diff"))
    assert run.status == 0
    assert SECRET not in run.output


def test_what_is_wrong_is_one_sentence_and_changes_nothing(router: Server, join: Join) -> None:
    before = router.router.dump()
    run = join(router, {**HQ, "peers": PEERS[:1]})
    assert run.status != 0
    assert "peers: 1 given; policy_switch needs a backup, so give two or more" in run.output
    assert "Traceback" not in run.output
    assert router.router.dump() == before
