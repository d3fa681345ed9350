# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall does to a packet: walks the chains, and collects every way in which the walk may end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .actions import LISTED_SIDE, Effect
from .outcomes import End, Outcomes, certain, chance, follow, gathered, then, turned, unknown, verdict
from .packet import Decision, Doubt, Ending, Packet, State, Verdict
from .rules import BUILTIN, Rule
from .tables import Firewall
from .translation import UNROUTED, before_translation, resumed, translated
from .truth import Fit, fit

DEEPEST = 32
"""Jumps within jumps that are followed."""
ENTRY = {"input": "prerouting", "forward": "prerouting", "output": "output"}
ROUTED = frozenset(ENTRY)
NAT_ENTRY = {"input": "dstnat", "forward": "dstnat", "output": "output"}
MARKS = {"mark-packet": "packet-mark", "mark-connection": "connection-mark", "mark-routing": "routing-mark"}


@dataclass
class Walk:
    """One packet's walk through one firewall, and what was met on it."""

    firewall: Firewall
    endings: dict[int, Ending] = field(default_factory=dict)
    doubts: dict[tuple[int, str], Doubt] = field(default_factory=dict)
    known: dict[tuple[str, str, State], Outcomes] = field(default_factory=dict)
    """What chains that were jumped to came to."""

    def table(self, table: str, chain: str, state: State) -> Outcomes:
        """Walk a built-in chain; whoever gets through is accepted."""
        return self.chain(table, chain, replace(state, hook=chain), (chain,))

    def chain(self, table: str, chain: str, state: State, path: tuple[str, ...]) -> Outcomes:
        """Try the rules of a chain from the top; `path` names the chains on the way here, this one included."""
        outcomes = certain(End.THROUGH, state)
        for rule in self.firewall.chains[table].get(chain, ()):
            live = next((state for exits in outcomes for end, state in exits if end is End.THROUGH), None)
            if live is None:
                break
            found = fit(rule, live, self.firewall)
            if found.possible and (rule.effect is not Effect.NOTHING):
                outcomes = gathered(then(outcomes, End.THROUGH, self.rule(_Here(table, path, rule, live, found))))
        return gathered(turned(outcomes, End.RETURN, End.THROUGH))

    def mangle(self, state: State) -> Outcomes:
        """Let a packet be marked where it comes in, as far as the table was read; other changes decide nothing."""
        if self.firewall.mangle is None:
            return certain(End.THROUGH, state)
        unmarked = {"packet-mark": "no-mark", "routing-mark": "no-mark"}
        if state.packet.connection_state == "new":
            unmarked["connection-mark"] = "no-mark"
        facts = frozenset({**unmarked, **dict(state.packet.facts)}.items())
        state = replace(state, packet=replace(state.packet, facts=facts))
        return self.table("mangle", ENTRY[state.packet.chain], state)

    def nat(self, state: State) -> Outcomes:
        """Let a packet that may open a connection have its destination translated."""
        plain = certain(End.THROUGH, replace(state, hook=state.packet.chain))
        # A related packet may open a connection, or be an ICMP error that belongs to one.
        if state.packet.connection_state not in ("new", "related", None):
            return plain
        outcomes = self.table("nat", NAT_ENTRY[state.packet.chain], state)
        return outcomes if state.packet.connection_state == "new" else unknown(outcomes, plain)

    def filter(self, state: State) -> Outcomes:
        """Let the filter decide, in the chain that the packet comes to now."""
        if state.hook == UNROUTED:
            return unknown(*(self.table("filter", chain, state) for chain in ("input", "forward")))
        return self.table("filter", state.hook if state.hook in ROUTED else state.packet.chain, state)

    def rule(self, here: _Here) -> Outcomes:
        """What a rule that may match comes to."""
        past = certain(End.THROUGH, here.state)
        outcomes = self.action(here)
        if here.fit.chance:
            outcomes = chance(outcomes, past)
        if here.fit.unknown:
            outcomes = unknown(outcomes, past)
        if outcomes != past and here.rule.effect not in (Effect.LIST, Effect.CHANGE):
            self.doubt(here, here.fit.chance, by_chance=True)
            self.doubt(here, here.fit.unknown)
        return outcomes

    def action(self, here: _Here) -> Outcomes:
        """What a rule does to a packet that it matches."""
        effect, state = here.rule.effect, here.state
        match effect:
            case Effect.DENY:
                return self.end(here, Verdict.DROP, certain(End.DROP))
            case Effect.ACCEPT | Effect.FASTTRACK:
                # A fasttracked packet is accepted, and most of those after it are not even looked at.
                return self.end(here, Verdict.ACCEPT, certain(End.ACCEPT, state))
            case Effect.RETURN:
                return certain(End.RETURN, state)
            case Effect.JUMP:
                return self.jump(here)
            case Effect.LIST:
                return certain(End.THROUGH, _listed(here))
            case Effect.CHANGE:
                return self.changed(here)
            case Effect.UNTRACK:
                packet = replace(state.packet, connection_state="untracked", connection_nat_state=frozenset())
                return self.end(here, Verdict.ACCEPT, certain(End.ACCEPT, replace(state, packet=packet)))
            case Effect.TRANSLATE:
                after = translated(here.rule, state, self.firewall.local)
                if after.hook == UNROUTED:
                    self.doubt(here, ("where the packet goes after its translation is not known",))
                return self.end(here, Verdict.ACCEPT, certain(End.ACCEPT, after))
        return self.lost(here, f"nothing is known of action={here.rule.action}")

    def changed(self, here: _Here) -> Outcomes:
        """Note the mark that a rule of mangle gives; with passthrough the next rule is tried."""
        values, state = here.rule.entry.values, here.state
        name = MARKS.get(here.rule.action)
        if name:
            facts = {**dict(state.packet.facts), name: values.get(f"new-{name}", "")}
            state = replace(state, packet=replace(state.packet, facts=frozenset(facts.items())))
        goes_on = values.get("passthrough") in ("yes", "true", None)
        return certain(End.THROUGH, state) if goes_on else certain(End.ACCEPT, state)

    def jump(self, here: _Here) -> Outcomes:
        """Walk the chain that a rule jumps to, and come back behind the rule."""
        target = here.rule.target
        if not self.firewall.chains[here.table].get(target):
            # A chain without enabled rules gives the packet back at once.
            return certain(End.THROUGH, here.state)
        # What RouterOS does in the next three cases is unverified.
        if target in here.path:
            return self.lost(here, f"chain {target} jumps back to itself: {' > '.join((*here.path, target))}")
        if target in BUILTIN[here.table]:
            return self.lost(here, f"it jumps to the built-in chain {target}")
        if len(here.path) > DEEPEST:
            return self.lost(here, f"more than {DEEPEST} jumps within each other")
        key = (here.table, target, here.state)
        if key not in self.known:
            self.known[key] = self.chain(here.table, target, here.state, (*here.path, target))
        return self.known[key]

    def end(self, here: _Here, verdict: Verdict, outcomes: Outcomes) -> Outcomes:
        """Note that a rule may decide."""
        ending = Ending(here.table, here.path[-1], here.rule.entry, here.rule.action, verdict)
        self.endings.setdefault(id(here.rule), ending)
        return outcomes

    def lost(self, here: _Here, why: str) -> Outcomes:
        """Note that nobody knows what a rule does: the packet may be accepted, dropped, or none of it."""
        self.doubt(here, (why,))
        state = here.state
        outcomes = unknown(certain(End.ACCEPT, state), certain(End.DROP), certain(End.THROUGH, state))
        return self.end(here, Verdict.CANNOT_TELL, outcomes)

    def doubt(self, here: _Here, why: tuple[str, ...], *, by_chance: bool = False) -> None:
        """Note why a rule is not certain."""
        for each in why:
            doubt = Doubt(here.table, here.path[-1], here.rule.entry, each, by_chance)
            self.doubts.setdefault((id(here.rule), each), doubt)

    def decision(self, table: str, chain: str, outcomes: Outcomes) -> Decision:
        """Sum up a walk that ended in a built-in chain."""
        endings = list(self.endings.values())
        # What dst-nat sent elsewhere ends in another chain than it would have come to.
        through = [state for exits in outcomes for end, state in exits if end is End.THROUGH]
        ends = {state.hook if state and state.hook in BUILTIN[table] else chain for state in through}
        endings += (Ending(table, each, None, "accept", Verdict.ACCEPT) for each in BUILTIN[table] if each in ends)
        states = [state for exits in outcomes for _end, state in exits if state]
        listed = frozenset[tuple[str, str]]().union(*(state.joined for state in states))
        surely = listed.intersection(*(state.surely for state in states))
        return Decision(verdict(outcomes), tuple(endings), tuple(self.doubts.values()), listed, surely)


def _listed(here: _Here) -> State:
    """The packet after an address of it has joined a list."""
    entry = (here.rule.entry.values.get("address-list", ""), LISTED_SIDE[here.rule.action])
    return replace(here.state, joined=here.state.joined | {entry}, surely=here.state.surely | {entry})


@dataclass(frozen=True)
class _Here:
    """A packet in front of a rule that it matches or may match."""

    table: str
    path: tuple[str, ...]
    rule: Rule
    state: State
    fit: Fit


def _walk(firewall: Firewall, packet: Packet) -> Walk:
    if packet.version not in (None, firewall.family.version):
        raise ValueError(f"the firewall of {firewall.family.name} does not meet packets of IPv{packet.version}")
    return Walk(firewall)


def decide(firewall: Firewall, packet: Packet) -> Decision:
    """Say what becomes of a packet on its way through raw, dst-nat and filter, and by which rules.

    Packets that belong to a fasttracked connection already are not looked at by RouterOS, nor by this.
    """
    walk = _walk(firewall, packet)
    start = State(before_translation(packet), packet.chain)
    outcomes = walk.table("raw", ENTRY[packet.chain], start)
    outcomes = follow(outcomes, walk.mangle)
    outcomes = follow(outcomes, lambda state: walk.nat(replace(state, packet=resumed(state.packet, packet))))
    outcomes = follow(outcomes, walk.filter)
    # What raw and nat accept goes on to the next table; only what they keep back ends there.
    walk.endings = {
        key: each for key, each in walk.endings.items() if each.table == "filter" or each.verdict is not Verdict.ACCEPT
    }
    return walk.decision("filter", packet.chain, outcomes)


def decide_chain(firewall: Firewall, table: str, chain: str, packet: Packet) -> Decision:
    """Say which rule of one built-in chain decides about a packet, such as which of nat's srcnat translates it."""
    if chain not in BUILTIN[table]:
        raise ValueError(f"{chain!r} is not a built-in chain of {table}: {', '.join(BUILTIN[table])}")
    walk = _walk(firewall, packet)
    return walk.decision(table, chain, walk.table(table, chain, State(packet, chain)))
