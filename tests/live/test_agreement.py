# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel of live twins and the collection's simulation decide alike about real packets, by the same rules."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.packet import Decision, Packet, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.survey import READ, gate_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.walk import decide, decide_chain
from twin.live import Lab

from tests.integration.playing import PASSWORD, play_on
from tests.live.conftest import able
from tests.live.flows import Ends, Flow
from tests.live.grounds import COMMON, FAR, PEER, ROLES, SITES, Site, options, plan
from tests.live.sites import until
from tests.live.walks import Rule, Senders, Watched, forget, silence

DECIDING = frozenset({"accept", "drop", "reject", "fasttrack-connection"})
TRANSLATING = frozenset({"accept", "masquerade", "dst-nat"})
Ending = tuple[str, str] | None
"""Table and id of the rule that decided; None: the end of a chain."""


@dataclass
class Grounds:
    """The lab with the roles' rules on its routers."""

    lab: Lab
    senders: Senders
    watched: dict[str, Watched]
    tally: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    able()
    folder = tmp_path_factory.mktemp("walks")
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(plan()))
        senders = stack.enter_context(closing(Senders(lab, folder)))
        _play(lab, folder)
        silence(
            lab, [*(node for node in lab.nodes if node.startswith(("lan-", "admin-"))), "stranger", "internet", FAR]
        )
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


@dataclass(frozen=True)
class Case:
    """What became of one flow on a router, and what the simulation says of it."""

    flow: Flow
    number: int
    counted: Counter[Rule]
    rules: Firewall

    @property
    def decision(self) -> Decision:
        return decide(self.rules, self.flow.simulated)

    def deciding(self, table: str, actions: frozenset[str], chain: str = "") -> list[Ending]:
        """Rules of a table that counted the packet and let it go no further."""
        rows = {entry.id: entry.values for entry in getattr(self.rules, table)}
        counted = [id_ for where, id_ in self.counted.elements() if where == table and id_ in rows]
        return [
            (table, id_)
            for id_ in counted
            if rows[id_].get("action", "accept") in actions and chain in ("", rows[id_].get("chain"))
        ]

    def seen(self) -> list[Ending]:
        """By which rules the packet ended on the router: one, or None for the end of the chain."""
        return self.deciding("raw", frozenset({"drop"})) + self.deciding("filter", DECIDING) or [None]

    def accepted(self, ending: Ending) -> bool:
        """Whether an ending lets packets past."""
        if ending is None:
            return True
        (values,) = (entry.values for entry in getattr(self.rules, ending[0]) if entry.id == ending[1])
        return values.get("action", "accept") in ("accept", "fasttrack-connection")


def differences(case: Case, come: set[int], past: set[int]) -> Iterator[str]:
    """In what the router and the simulation differ; nothing if they agree."""
    decision, seen, passed = case.decision, case.seen(), case.number in past
    if case.number not in come:
        yield "the packet did not arrive"
    if len(seen) > 1:
        yield f"several rules decided: {seen}"
    allowed = {(each.table, each.rule.id) if each.rule else None for each in decision.endings}
    if seen[0] not in allowed:
        yield f"{seen[0]} decided"
    if passed != case.accepted(seen[0]):
        yield f"{seen[0]} decided, yet the packet {'passed' if passed else 'did not pass'}"
    if decision.verdict in (Verdict.ACCEPT, Verdict.DROP) and passed != (decision.verdict is Verdict.ACCEPT):
        yield f"the packet {'passed' if passed else 'did not pass'}"
    # Of what is dropped, the simulation does not say in which lists it is.
    listed = {entry.values["address-list"] for entry in _listing(case)}
    sure, possible = ({name for name, _side in each} for each in (decision.surely, decision.listed))
    if passed and not sure <= listed <= possible:
        yield f"it was added to {listed}"
    yield from _translations(case, passed)


def _listing(case: Case) -> Iterator[Entry]:
    for table in ("raw", "filter"):
        for entry in getattr(case.rules, table):
            if (table, entry.id) in case.counted and entry.values.get("action", "").startswith("add-"):
                yield entry


def _translations(case: Case, passed: bool) -> Iterator[str]:
    """Whether the nat rules that counted are those that the simulation expects."""
    flow = case.flow
    begins = flow.simulated.connection_state == "new"
    arriving = "output" if flow.simulated.chain == "output" else "dstnat"
    in_raw = case.seen()[0] is not None and case.seen()[0][0] == "raw"
    questions = [(arriving, flow.simulated, begins and not in_raw)]
    behind = flow.translated or flow.simulated
    questions.append(("srcnat", behind, begins and passed and behind.chain != "input"))
    for chain, packet, asked in questions:
        found = case.deciding("nat", TRANSLATING, chain) or [None]
        endings = decide_chain(case.rules, "nat", chain, packet).endings if asked else ()
        allowed = {("nat", each.rule.id) if each.rule else None for each in endings} or {None}
        if len(found) > 1 or found[0] not in allowed:
            yield f"{found} of {chain} counted, expected {allowed}"


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
        if flow.tunnelled:
            # What encrypts is a program, which needs its time.
            time.sleep(0.03)
        case = Case(flow, number, watched.since(), rules)
        if flow.simulated.ipsec_in:
            case.counted.subtract(_outer(site, rules))
        yield case
        if any(_listing(case)):
            rules = _rules(watched)


def _outer(site: Site, rules: Firewall) -> list[Rule]:
    """The rule that counts the encrypted packet around the one that was sent."""
    packet = Packet("input", PEER, site.wan, "udp", 4500, 4500, "ether1", connection_state="established")
    return [(each.table, each.rule.id) for each in decide(rules, packet).endings if each.rule]


def _rules(watched: Watched) -> Firewall:
    _dummy, tables = read(watched.session, watched.name, READ, with_dynamic=True)
    return gate_of(tables).firewall


@dataclass(frozen=True)
class Walk:
    """All flows of a site, and the numbers of those that came and of those that got past its filter."""

    cases: list[Case]
    come: set[int]
    past: set[int]

    def wrong(self) -> list[str]:
        """What the router and the simulation do not agree on, with the simulation's reasons."""
        found = [(case, [*differences(case, self.come, self.past)]) for case in self.cases]
        return [f"{case.flow.name}: {'; '.join(why)}\n  simulation: {case.decision}" for case, why in found if why]


@pytest.fixture(scope="module")
def walks(grounds: Grounds) -> dict[str, Walk]:
    """Sites side by side, since most of the time is spent on asking routers for their counters."""

    def walk(site: Site) -> Walk:
        cases = [*walked(grounds, site)]
        come, past = (grounds.watched[site.name].witnessed(what) for what in ("come", "past"))
        return Walk(cases, come, past)

    with ThreadPoolExecutor(4) as pool:
        return dict(zip((site.name for site in SITES), pool.map(walk, SITES), strict=True))


@pytest.mark.parametrize("name", [site.name for site in SITES])
def test_the_kernel_and_the_simulation_agree(
    walks: dict[str, Walk], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    walk = walks[name]
    wrong, total = walk.wrong(), len(walk.cases)
    tally = Counter(case.decision.verdict.value for case in walk.cases)
    with capsys.disabled():
        print(f"\n{name}: {total - len(wrong)} of {total} flows agree, {dict(sorted(tally.items()))}")
    assert not wrong, f"{len(wrong)} flows differ:\n" + "\n".join(wrong)
    unsure = [
        f"{case.flow.name}: {case.decision}" for case in walk.cases if case.decision.verdict is Verdict.CANNOT_TELL
    ]
    assert not unsure
    # Only limits lead either way.
    assert tally["either"] < total / 5
