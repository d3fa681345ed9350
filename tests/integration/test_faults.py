# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection breaks at every sentence of a run in turn: a second run converges, nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.filter.site_to_site import compiled
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Interrupted
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Lost, Refused, Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import perform
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from twin import Refusal, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, content

TUNNEL = {
    "name": "branch",
    "remote_address": "203.0.113.50",
    "local_subnets": ["192.168.10.0/24", "192.168.11.0/24"],
    "remote_subnets": ["192.168.20.0/24"],
    "psk": "a-secret-for-the-fault-tests",
}
OTHER = {**TUNNEL, "name": "other", "remote_address": "203.0.113.60", "remote_subnets": ["192.168.30.0/24"]}
CHANGED = {**TUNNEL, "psk": "quite-another-secret-here", "remote_subnets": ["192.168.20.0/24", "192.168.21.0/24"]}
RENAMED = {**TUNNEL, "name": "office"}
NEXT = {"remote_address": "203.0.113.60"}
ABSENT = {"name": "branch", "state": "absent"}
WHEN = ("before", "after", "midreply")
# What happens to a router that has `old` when it is to have `new`.
STORIES = {
    "first-tunnel": ([], [TUNNEL]),
    "another-tunnel": ([TUNNEL], [TUNNEL, OTHER]),
    "new-secret-and-network": ([TUNNEL, OTHER], [CHANGED, OTHER]),
    "tunnel-removed": ([TUNNEL, OTHER], [ABSENT, OTHER]),
    "renamed": ([TUNNEL, OTHER], [RENAMED, ABSENT, OTHER]),
    "addresses-handed-on": ([TUNNEL, OTHER], [{**TUNNEL, **NEXT}, {**OTHER, "remote_address": "203.0.113.70"}]),
    "addresses-swapped": ([TUNNEL, OTHER], [{**TUNNEL, **NEXT}, {**OTHER, "remote_address": "203.0.113.50"}]),
    "renamed-with-another-secret-and-network": ([TUNNEL], [{**CHANGED, "name": "office"}, ABSENT]),
}


def run(server: Server, tunnels: list[dict[str, Any]]) -> Mapping[str, Any]:
    """What the role's main task does, without a process around it."""
    plan = compiled(tunnels, existing=existing(server))
    arguments = {"config": plan["config"], "state": "overridden", "scope": {"owner": plan["owners"]}}
    # What becomes of a guarded run is another test's concern (test_guard.py).
    arguments["guard"] = "never"
    request = request_from("config", validate(spec_of("config"), arguments))
    return perform(request, target(server), Secrets())


def existing(server: Server) -> dict[str, Any]:
    """What the role gathers first."""
    menus: dict[str, list[Any]] = {"ipsec_peer": [], "firewall_address_list": []}
    arguments = {"config": menus, "state": "gathered", "scope": {"owner": ["s2s", "s2s-*"]}}
    request = request_from("config", validate(spec_of("config"), arguments))
    return dict(perform(request, target(server), Secrets())["gathered"])


def target(server: Server) -> Target:
    return Target("127.0.0.1", password=PASSWORD, port=server.port, transport="api")


def prepared(make_twin: MakeTwin, tunnels: list[dict[str, Any]]) -> Server:
    server = make_twin(users={"admin": PASSWORD}, defconf=True)
    if tunnels:
        run(server, tunnels)
    return server


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("story", STORIES)
def test_a_cut_at_every_sentence_is_mended_by_a_second_run(make_twin: MakeTwin, story: str, when: str) -> None:
    old, new = STORIES[story]
    undisturbed = prepared(make_twin, old)
    writes = len(run(undisturbed, new)["commands"])
    cuts = interrupted = 0
    for sentence in count(1):
        server = prepared(make_twin, old)
        server.faults.drop_when, server.faults.drop_after = when, sentence
        try:
            run(server, new)
        except (Interrupted, Lost):
            interrupted += 1
        cuts += server.faults.dropped
        server.faults.drop_after = 0
        run(server, new)
        assert content(server) == content(undisturbed), f"cut {when} sentence {sentence}"
        assert run(server, new)["changed"] is False
        server.stop()
        if not server.faults.dropped:
            break
    assert cuts > interrupted == writes, "reads are repeated by themselves, so only cuts at writes interrupt a run"


def refused(server: Server, tunnels: list[dict[str, Any]]) -> str:
    """What a run says when the router refuses something; the empty text when it does not."""
    try:
        run(server, tunnels)
    except Refused as error:
        return str(error)
    return ""


@pytest.mark.parametrize("story", STORIES)
def test_a_refusal_at_every_write_leaves_the_router_as_it_was(make_twin: MakeTwin, story: str) -> None:
    old, new = STORIES[story]
    for write in count(1):
        server = prepared(make_twin, old)
        before = content(server)
        refusal = Refusal(nth=write)
        server.faults.refuse = refusal
        told = refused(server, new)
        if not told:
            break
        assert "failure: refused" in told
        assert content(server) == before, f"write {write} was refused: {told}"
        server.stop()
    assert refusal.seen == write - 1 > 3, "every write was refused once"


@pytest.mark.parametrize("sentence", [39, 42, 45])
def test_ansible_tells_what_is_known_and_finishes_the_second_time(
    make_twin: MakeTwin, play: Play, sentence: int
) -> None:
    server = prepared(make_twin, [])
    server.faults.drop_when, server.faults.drop_after = "after", sentence
    roles = [{"role": "vpnops.mikrotik.site_to_site"}]
    variables = {"site_to_site_tunnels": [TUNNEL], "site_to_site_verify": False}
    first = play(server, roles=roles, variables=variables)
    assert first.status != 0
    assert "changes are confirmed" in first.failure.message
    assert "run the task again to finish" in first.failure.message
    assert play(server, roles=roles, variables=variables).status == 0
    undisturbed = prepared(make_twin, [TUNNEL])
    assert content(server) == content(undisturbed)
