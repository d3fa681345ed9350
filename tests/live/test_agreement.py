# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel of live twins and the collection's simulation decide alike about real packets, by the same rules."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.survey import READ, gate_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from twin.live import Lab

from tests.integration.playing import PASSWORD, play_on
from tests.live.comparison import Case, Walk, listing
from tests.live.conftest import able
from tests.live.flows import Ends
from tests.live.grounds import COMMON, PEER, ROLES, SITES, Site, options, plan
from tests.live.sites import until
from tests.live.walks import Rule, Senders, Watched, forget, silence


@dataclass
class Grounds:
    """The lab with the roles' rules on its routers."""

    lab: Lab
    senders: Senders
    watched: dict[str, Watched]


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    able()
    folder = tmp_path_factory.mktemp("walks")
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(plan()))
        senders = stack.enter_context(closing(Senders(lab, folder)))
        _play(lab, folder)
        silence(lab, [node for node in lab.nodes if node not in {site.name for site in SITES}])
        watched = {site.name: stack.enter_context(closing(Watched(lab, site.name))) for site in SITES}
        assert until(lambda: all(_stands(watched[site.name]) for site in SITES if site.tunnel), 20)
        _connect(lab, senders)
        yield Grounds(lab, senders, watched)


def _play(lab: Lab, folder: Path) -> None:
    """Put the roles' rules on all routers at once."""
    told = options()
    hosts = {
        name: {
            "ansible_connection": "vpnops.mikrotik.routeros",
            "ansible_host": place.host,
            "ansible_port": place.port,
            "ansible_user": "admin",
            "ansible_password": PASSWORD,
            "routeros_transport": "api",
            **told[name],
        }
        for name, place in lab.routers.items()
    }
    run = play_on(folder, hosts, roles=ROLES, variables=COMMON)
    assert run.status == 0, run.output


def _stands(watched: Watched) -> bool:
    """Whether the policy of a router's tunnel has its associations."""
    (reply,) = watched.session.run([Command("/ip/ipsec/policy", "print", {".proplist": "ph2-state,template"})])
    states = [row.get("ph2-state") for row in reply.rows if row.get("template") != "true"]
    return states == ["established"]


def _connect(lab: Lab, senders: Senders) -> None:
    """Lead packets from the internet to the networks behind the routers, and let neighbours find each other."""
    for site in SITES:
        forget(lab, site.name)
        for network in (site.lan, site.admin):
            done = lab.run("internet", "ip", "route", "add", f"{network}.0/24", "via", site.wan)
            assert done.status == 0, done.err
        for flow in Ends(site).through_the_router():
            senders.send(flow.node, flow.wire)
    time.sleep(0.5)


def walked(grounds: Grounds, site: Site) -> Iterator[Case]:
    """Send every flow of a site, one after the other."""
    watched = grounds.watched[site.name]
    rules = _rules(watched)
    watched.since()
    for flow in Ends(site).flows():
        for node, packet in flow.opening:
            grounds.senders.send(node, packet)
        if flow.opening:
            watched.since()
        number = grounds.senders.send(flow.node, flow.wire)
        if flow.simulated.ipsec_in:
            # What encrypts is a program, which needs its time.
            watched.await_arrival(number)
        case = Case(flow, number, watched.since(), rules)
        if flow.simulated.ipsec_in:
            case.counted.subtract(_outer(site, rules))
        yield case
        if any(listing(case)):
            rules = _rules(watched)


def _outer(site: Site, rules: Firewall) -> list[Rule]:
    """The rule that counts the encrypted packet around the one that was sent."""
    packet = Packet("input", PEER, site.wan, "udp", 4500, 4500, "ether1", connection_state="established")
    return [(each.table, each.rule.id) for each in decide(rules, packet).endings if each.rule]


def _rules(watched: Watched) -> Firewall:
    _dummy, tables = read(watched.session, watched.name, READ, with_dynamic=True)
    return gate_of(tables).firewall


def walk(grounds: Grounds, site: Site) -> Walk:
    cases = [*walked(grounds, site)]
    come, past = (grounds.watched[site.name].witnessed(what) for what in ("come", "past"))
    return Walk(cases, come, past)


def test_the_kernel_and_the_simulation_agree(grounds: Grounds, capsys: pytest.CaptureFixture[str]) -> None:
    # Side by side, since most of the time is spent on asking routers for their counters.
    with ThreadPoolExecutor(4) as pool:
        walks = dict(zip((site.name for site in SITES), pool.map(lambda site: walk(grounds, site), SITES), strict=True))
    wrong = {name: walk.wrong() for name, walk in walks.items()}
    lines = [
        f"{name}: {len(walk.cases) - len(wrong[name])} of {len(walk.cases)} flows agree, "
        + ", ".join(f"{len(walk.of(verdict))} {verdict.value}" for verdict in Verdict)
        for name, walk in walks.items()
    ]
    with capsys.disabled():
        print("", *lines, sep="\n")
    assert not any(wrong.values()), "\n".join(f"{name}: {each}" for name, found in wrong.items() for each in found)
    for found in walks.values():
        assert len(found.cases) > 200
        # Only limits lead either way.
        assert len(found.of(Verdict.EITHER)) < len(found.cases) / 5
        # Of an answer to a masqueraded connection, the simulation is not told what the raw table saw.
        assert len(unsure := found.of(Verdict.CANNOT_TELL)) <= 1
        assert all(case.flow.simulated.connection_nat_state == frozenset({"srcnat"}) for case in unsure)
