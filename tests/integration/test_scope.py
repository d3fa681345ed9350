# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an owner has goes by its mark alone, and nothing else does."""

from __future__ import annotations

from typing import Any

from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, content

SEED = {
    "/ip/ipsec/profile": [{"name": "s2s-a"}, {"name": "other"}],
    "/ip/ipsec/peer": [{"name": "s2s-a", "address": "203.0.113.50", "profile": "s2s-a", "comment": "s2s-a"}],
    "/ip/ipsec/identity": [{"peer": "s2s-a", "secret": "a-secret-of-old", "comment": "s2s-a"}],
    "/ip/firewall/filter": [
        {"chain": "input", "protocol": "udp", "comment": "s2s-a: IKE"},
        {"chain": "forward", "comment": "s2s-a: to a"},
        {"chain": "input", "protocol": "udp", "comment": "s2s-ab: IKE"},
        {"chain": "input", "action": "drop"},
    ],
    "/ip/firewall/nat": [{"chain": "srcnat", "comment": "s2s-a"}],
}


def router(make_twin: MakeTwin) -> Server:
    return make_twin("7.22.3", users={"admin": PASSWORD}, seed=SEED)


def deleted(module: str, **arguments: Any) -> dict[str, Any]:
    return {"name": module, f"vpnops.mikrotik.{module}": {"state": "deleted", **arguments}}


def comments(server: Server, path: str) -> list[str]:
    return [row.get("comment", "") for row in content(server).get(path, [])]


def test_everything_of_an_owner_goes_from_all_menus(make_twin: MakeTwin, play: Play) -> None:
    server = router(make_twin)
    task = deleted("config", scope={"owner": ["s2s-a"]})
    checked, first, second = play(server, [task], "--check"), play(server, [task]), play(server, [task])
    assert (first.status, checked.changed, first.changed, second.changed) == (0, 1, 1, 0), first.output
    assert checked["config"].result["commands"] == first["config"].result["commands"]
    assert comments(server, "/ip/firewall/filter") == ["s2s-ab: IKE", ""]
    assert [row["name"] for row in content(server)["/ip/ipsec/profile"]] == ["default", "other"]
    assert not any(content(server).get(path) for path in ("/ip/ipsec/peer", "/ip/ipsec/identity", "/ip/firewall/nat"))


def test_a_menu_and_a_chain_narrow_it(make_twin: MakeTwin, play: Play) -> None:
    server = router(make_twin)
    assert play(server, [deleted("config", config={"firewall_nat": []}, scope={"owner": ["s2s-a"]})]).changed == 1
    assert (len(comments(server, "/ip/firewall/filter")), comments(server, "/ip/firewall/nat")) == (4, [])
    assert play(server, [deleted("firewall_filter", scope={"owner": ["s2s-*"], "chain": ["input"]})]).changed == 1
    assert comments(server, "/ip/firewall/filter") == ["s2s-a: to a", ""]


def test_what_others_have_is_not_deleted_by_mistake(make_twin: MakeTwin, play: Play) -> None:
    server = router(make_twin)
    before = content(server)
    run = play(server, [deleted("ipsec_profile", config=[{"name": "other"}], scope={"owner": ["s2s-a"]})])
    assert run.failure.message == (
        "127.0.0.1: /ip/ipsec/profile name=other: it lies outside the task's own scope; "
        "name has to be one of these marks, or begin with one and a colon: s2s-a"
    )
    assert content(server) == before


def test_a_proposal_can_be_to_delete(make_twin: MakeTwin, play: Play) -> None:
    server = router(make_twin)
    proposal = {"state": "deleted", "scope": {"owner": ["s2s-a"]}}
    task = {"name": "asked", "vpnops.mikrotik.firewall_analyse": {"proposal": proposal, "reach": {"services": ["ike"]}}}
    result = play(server, [task])["asked"].result
    assert len(result["commands"]) == 6
    assert len(comments(server, "/ip/firewall/filter")) == 4
    assert "a-secret-of-old" not in str(result)
