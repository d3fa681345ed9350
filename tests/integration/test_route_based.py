# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role route_based in the life of a router: what changes, what stays, what is left behind."""

from __future__ import annotations

from typing import Any

import pytest
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Join, Play, content, converged, joining

SECRET = "a-secret-of-good-length"
TUNNEL = {
    "name": "branch",
    "local_address": "198.51.100.7",
    "remote_address": "203.0.113.50",
    "tunnel_address": "10.255.0.1/30",
    "remote_subnets": ["192.168.20.0/24"],
    "psk": SECRET,
}
OTHER = {
    **TUNNEL,
    "name": "other",
    "type": "eoip",
    "tunnel_id": 7,
    "remote_address": "203.0.113.60",
    "tunnel_address": "10.255.0.4/31",
    "remote_subnets": ["192.168.30.0/24"],
}
GONE = {"name": "branch", "state": "absent"}
FILTER, ROUTES = "/ip/firewall/filter", "/ip/route"
VERSIONS = ("7.10.2", "7.16.2", "7.24")


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin(users={"admin": PASSWORD}, defconf=True)


@pytest.fixture
def join(play: Play) -> Join:
    return joining(play, "route_based")


def comments(server: Server, menu: str) -> list[str]:
    return [row.get("comment", "") for row in server.router.rows(menu)]


@pytest.mark.parametrize("version", VERSIONS)
def test_tunnels_stand_on_every_version_and_leave_nothing_behind(make_twin: MakeTwin, join: Join, version: str) -> None:
    server = make_twin(version, users={"admin": PASSWORD}, defconf=True)
    before = server.router.dump()
    assert converged(join, server, TUNNEL, OTHER) == 1
    assert [row["name"] for row in server.router.rows("/interface/gre")] == ["rb-branch"]
    assert [row["tunnel-id"] for row in server.router.rows("/interface/eoip")] == ["7"]
    assert "rb-tunnels" in {row["name"] for row in server.router.rows("/interface/list")}
    assert converged(join, server, GONE, {"name": "other", "state": "absent"}) == 1
    assert server.router.dump() == before


def test_both_ends_mirror_each_other(make_twin: MakeTwin, play: Play) -> None:
    ends = {name: make_twin(users={"admin": PASSWORD}, defconf=True) for name in ("hq", "branch")}
    turned = {
        **TUNNEL,
        "name": "hq",
        "local_address": TUNNEL["remote_address"],
        "remote_address": TUNNEL["local_address"],
        "tunnel_address": "10.255.0.2/30",
        "remote_subnets": ["192.168.10.0/24"],
    }
    variables = {
        "route_based_tunnels": "{{ [tunnel_here[inventory_hostname]] }}",
        "tunnel_here": {"hq": TUNNEL, "branch": turned},
        "route_based_verify": False,
    }
    run = play(ends, roles=[{"role": "vpnops.mikrotik.route_based"}], variables=variables)
    assert run.status == 0, run.output
    here, there = (
        next(row for row in ends[name].router.rows("/ip/ipsec/policy") if "peer" in row) for name in ("hq", "branch")
    )
    assert (here["src-address"], here["dst-address"]) == (there["dst-address"], there["src-address"])
    assert {row["tunnel"] for row in (here, there)} == {"false"}
    assert [
        row["gateway"] for row in ends["branch"].router.rows(ROUTES) if row.get("comment", "").startswith("rb-")
    ] == ["10.255.0.1"]


def test_check_mode_tells_what_the_run_then_does(router: Server, join: Join) -> None:
    before = router.router.dump()
    checked = join(router, TUNNEL, flags=("--check",), report_offload=True, verify=True)
    assert (checked.status, router.router.dump()) == (0, before), checked.output
    done = join(router, TUNNEL)
    (told,), (made,) = ([each for each in run.outcomes if "commands" in each.result] for run in (checked, done))
    assert told.result["commands"] == made.result["commands"] != []


def test_a_new_mtu_changes_the_interface_and_nothing_else(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    before = content(router)
    [old] = router.router.rows("/interface/gre")
    assert old["mtu"] == "1434"
    assert converged(join, router, {**TUNNEL, "nat": True}) == 1
    [new] = router.router.rows("/interface/gre")
    assert (new[".id"], new["mtu"]) == (old[".id"], "1418")
    assert content(router) == before


def test_tunnels_that_are_not_named_stay_as_they_are(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    alone = router.router.dump()
    two = {**OTHER, "remote_subnets": TUNNEL["remote_subnets"], "distance": 2}
    assert converged(join, router, two) == 1
    assert "rb: branch, other" in comments(router, ROUTES)
    assert converged(join, router, TUNNEL) == 0, "whichever of them is spoken of"
    assert converged(join, router, {"name": "other", "state": "absent"}) == 1
    assert router.router.dump() == alone, "what both shared is still needed by the first"


def test_from_one_kind_of_interface_to_another_is_two_steps(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    before = router.router.dump()
    refused = join(router, {**TUNNEL, "type": "ipip"})
    assert refused.failure.message == (
        "router: tunnel branch: type: rb-branch stands as gre, and an interface cannot become ipip; take the tunnel "
        "away first, by state absent, or give it another name"
    )
    assert router.router.dump() == before
    assert converged(join, router, GONE) == 1
    assert converged(join, router, {**TUNNEL, "type": "ipip"}) == 1
    assert [row["protocol"] for row in router.router.rows("/ip/ipsec/policy") if "peer" in row] == ["ipencap"]


def test_routes_by_ospf_leave_a_list_of_interfaces_to_name(router: Server, join: Join) -> None:
    assert converged(join, router, {**TUNNEL, "routing": "ospf", "remote_subnets": []}) == 1
    found = comments(router, FILTER)
    assert found.index("rb-branch: OSPF") < found.index("defconf: drop all not coming from LAN")
    members = [row["interface"] for row in router.router.rows("/interface/list/member") if row["list"] == "rb-tunnels"]
    assert members == ["rb-branch"]
    assert not any(comment.startswith("rb") for comment in comments(router, ROUTES))


def test_rules_land_above_what_would_stop_them(router: Server, join: Join) -> None:
    before = comments(router, FILTER)
    assert converged(join, router, TUNNEL) == 1
    found = comments(router, FILTER)
    drop = found.index("defconf: drop all not coming from LAN")
    assert max(map(found.index, ("rb: IKE and NAT-T", "rb: ESP", "rb: GRE out of IPsec"))) < drop
    assert [comment for comment in found if "rb" not in comment.partition(":")[0]] == before
    assert comments(router, "/ip/firewall/raw")[-1] == "rb: no GRE in clear"


def test_the_router_s_own_secret_is_weak_and_shown_nowhere(router: Server, join: Join) -> None:
    simple = {**TUNNEL, "encryption": "ipsec-secret"}
    before = router.router.dump()
    refused = join(router, simple)
    assert "router: tunnel branch: encryption: ipsec-secret is weak" in refused.failure.message
    assert router.router.dump() == before
    assert converged(join, router, simple, allow_weak=True) == 1
    assert [row["ipsec-secret"] for row in router.router.rows("/interface/gre")] == [SECRET]
    assert converged(join, router, GONE) == 1
    assert router.router.rows("/interface/gre") == []


@pytest.mark.parametrize("encryption", ["policy", "ipsec-secret"])
def test_secrets_are_shown_nowhere(router: Server, join: Join, encryption: str) -> None:
    one = {**TUNNEL, "encryption": encryption}
    for run in (
        join(router, one, flags=("-vvvv", "--diff"), allow_weak=True),
        join(router, {**one, "psk": "quite-another-secret"}, flags=("-vvvv", "--diff"), allow_weak=True),
    ):
        assert (run.status, run.changed) == (0, 1), run.output
        assert SECRET not in run.output
        assert "quite-another-secret" not in run.output


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tunnel_address": "10.255.0.1/24"}, "router: tunnel branch: tunnel_address: '10.255.0.1/24' was given"),
        ({"remote_address": "b.example.com"}, "router: tunnel branch: remote_address: 'b.example.com' was given"),
        ({"type": "eoip"}, "router: tunnel branch: tunnel_id is missing"),
        ({"psk": "short"}, "router: tunnel branch: psk: so short a key can be guessed"),
        ({"keepalive": "often"}, "keepalive"),
    ],
)
def test_bad_input_is_one_sentence_and_no_change(
    router: Server, join: Join, change: dict[str, Any], sentence: str
) -> None:
    before = router.router.dump()
    run = join(router, {**TUNNEL, **change})
    assert run.failure.message.startswith(sentence) or change.keys() == {"keepalive"}
    assert sentence in run.failure.message
    assert "Traceback" not in run.output
    assert router.router.dump() == before


def test_a_tunnel_that_does_not_stand_fails_the_role_with_the_reason(router: Server, join: Join) -> None:
    run = join(router, TUNNEL, verify=True, verify_timeout=0)
    assert "tunnel rb-branch does not stand" in run.failure.message


def test_what_does_the_work_is_told_if_somebody_asks(router: Server, join: Join) -> None:
    told = "vpnops.mikrotik.route_based : Show which ciphers the device offloads"
    assert join(router, TUNNEL)[told].status == "skipped"
    assert join(router, TUNNEL, report_offload=True)[told].result["msg"] == ["rb-branch: no associations stand"]


def test_no_tunnels_at_all_is_no_error(router: Server, join: Join) -> None:
    assert converged(join, router) == 0


def test_an_even_share_of_a_rate_comes_and_goes(router: Server, join: Join) -> None:
    assert converged(join, router, {**TUNNEL, "pcq": "20M"}) == 1
    [queue] = router.router.rows("/queue/tree")
    assert (queue["parent"], queue["max-limit"], queue["queue"]) == ("rb-branch", "20000000", "rb-branch")
    assert converged(join, router, TUNNEL) == 1
    assert router.router.rows("/queue/tree") == []
    assert "rb-branch" not in {row["name"] for row in router.router.rows("/queue/type")}
