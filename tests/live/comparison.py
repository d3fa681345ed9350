# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router did with a packet, by its counters and by a witness, beside what the simulation says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Decision, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide, decide_chain

from tests.live.flows import Flow
from tests.live.walks import Rule

DECIDING = frozenset({"accept", "drop", "reject", "fasttrack-connection"})
TRANSLATING = frozenset({"accept", "masquerade", "dst-nat"})
LIMITS = ("limit", "dst-limit")
Ending = tuple[str, str] | None
"""Table and id of the rule that decided; None: the end of a chain."""


def endings(decision: Decision) -> set[Ending]:
    return {(each.table, each.rule.id) if each.rule else None for each in decision.endings}


def unlimited(rules: Firewall) -> Firewall:
    """The same rules while no limit is used up."""

    def without(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        kept = ({name: text for name, text in entry.values.items() if name not in LIMITS} for entry in entries)
        return tuple(replace(entry, values=values) for entry, values in zip(entries, kept, strict=True))

    return replace(rules, filter=without(rules.filter), raw=without(rules.raw))


@dataclass(frozen=True)
class Case:
    """What became of one flow on a router, and what the simulation says of it."""

    flow: Flow
    number: int
    counted: Counter[Rule]
    rules: Firewall

    @cached_property
    def decision(self) -> Decision:
        return decide(self.rules, self.flow.simulated)

    @cached_property
    def expected(self) -> set[Ending]:
        """By which rules it may end; the flows are too few to use up a limit, so that does not leave two."""
        limited = self.decision.verdict is Verdict.EITHER
        return endings(decide(unlimited(self.rules), self.flow.simulated) if limited else self.decision)

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
    if seen[0] not in case.expected:
        yield f"{seen[0]} decided"
    if passed != case.accepted(seen[0]):
        yield f"{seen[0]} decided, yet the packet {'passed' if passed else 'did not pass'}"
    if decision.verdict in (Verdict.ACCEPT, Verdict.DROP) and passed != (decision.verdict is Verdict.ACCEPT):
        yield f"the packet {'passed' if passed else 'did not pass'}"
    # Of what is dropped, the simulation does not say in which lists it is.
    listed = {entry.values["address-list"] for entry in listing(case)}
    sure, possible = ({name for name, _side in each} for each in (decision.surely, decision.listed))
    if passed and not sure <= listed <= possible:
        yield f"it was added to {listed}"
    yield from _translations(case, passed)


def listing(case: Case) -> Iterator[Entry]:
    """Rules that counted the packet and add addresses to lists."""
    for table in ("raw", "filter"):
        for entry in getattr(case.rules, table):
            if (table, entry.id) in case.counted and entry.values.get("action", "").startswith("add-"):
                yield entry


def _translations(case: Case, passed: bool) -> Iterator[str]:
    """Whether the nat rules that counted are those that the simulation expects."""
    flow = case.flow
    begins = flow.simulated.connection_state == "new"
    arriving = "output" if flow.simulated.chain == "output" else "dstnat"
    in_raw = bool(case.deciding("raw", frozenset({"drop"})))
    questions = [(arriving, flow.simulated, begins and not in_raw)]
    behind = flow.translated or flow.simulated
    questions.append(("srcnat", behind, begins and passed and behind.chain != "input"))
    for chain, packet, asked in questions:
        found = case.deciding("nat", TRANSLATING, chain) or [None]
        allowed = endings(decide_chain(case.rules, "nat", chain, packet)) if asked else {None}
        if len(found) > 1 or found[0] not in allowed:
            yield f"{found} of {chain} counted, expected {allowed}"


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

    def of(self, verdict: Verdict) -> list[Case]:
        """The flows of which the simulation says this."""
        return [case for case in self.cases if case.decision.verdict is verdict]
