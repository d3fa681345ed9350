# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard as people meet it: ansible-playbook, a router whose firewall acts on them, and a clock that runs."""

from __future__ import annotations

import pytest
from twin import Seat, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, Task

FAR = {"chain": "prerouting", "action": "drop", "protocol": "tcp", "ttl": "less-than:64", "comment": "far away"}
OFFICE = {"chain": "input", "action": "drop", "protocol": "tcp", "src_address": "192.168.88.0/24", "comment": "office"}


def task(module: str, rule: dict[str, str], **more: object) -> Task:
    return {"name": "change", f"vpnops.mikrotik.{module}": {"config": [rule], **more}}


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    """`others`: whatever no fact decides holds, so that rules take what the simulation cannot know."""
    seat = Seat(denied="close", others=True)
    return make_twin("7.16.2", users={"admin": PASSWORD}, defconf=True, tls=True, seat=seat)


def test_a_change_that_shuts_everybody_out_is_taken_back_by_the_router(router: Server, play: Play) -> None:
    before = router.router.rows("/ip/firewall/raw")
    run = play(router, [task("firewall_raw", FAR, guard={"timeout": 5})])
    told = run.failure.message
    assert told.startswith("127.0.0.1: ")
    assert told.endswith("the change was undone, and the router is as it was before")
    assert "Traceback" not in run.output
    assert router.router.rows("/ip/firewall/raw") == before
    assert play(router, [task("firewall_raw", FAR, state="gathered")]).status == 0


@pytest.mark.parametrize("flags", [(), ("--check",)])
def test_a_change_that_would_cut_us_off_is_refused(router: Server, play: Play, flags: tuple[str, ...]) -> None:
    run = play(router, [task("firewall_filter", OFFICE)], *flags)
    assert (
        "it would cut the session that makes it (api-ssl, TCP 8729, from 192.168.88.10 on ether2)"
        in run.failure.message
    )
    assert "src-address=192.168.88.0/24" in run.failure.message
    assert "office" not in str(router.router.rows("/ip/firewall/filter"))


def test_a_change_under_the_guard_says_so(router: Server, play: Play) -> None:
    rule = {**OFFICE, "dst_port": "23", "comment": "telnet"}
    run = play(router, [task("firewall_filter", rule), task("firewall_filter", rule)])
    assert [outcome.result.get("guarded") for outcome in run.outcomes] == [True, None]
    assert [outcome.result["changed"] for outcome in run.outcomes] == [True, False]


def test_management_networks_without_us_are_refused_before_anything_happens(router: Server, play: Play) -> None:
    before = router.router.dump()
    options = {"hardened_input_management": ["192.168.77.0/24"]}
    run = play(router, [], roles=[{"role": "vpnops.mikrotik.hardened_input"}], variables=options)
    assert "it would cut the session that makes it" in run.failure.message
    assert router.router.dump() == before
