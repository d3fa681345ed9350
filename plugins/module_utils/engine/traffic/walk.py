# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall does to a packet: walks the chains, and collects every way in which the walk may end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.matching import Fit, fit
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.packet import (
    Decision,
    Doubt,
    Ending,
    Packet,
    State,
    Verdict,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.tables import BUILTIN, Firewall, Rule
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.translate import (
    TRANSLATE,
    UNROUTED,
    before_translation,
    resumed,
    translated,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.ways import (
    End,
    Ways,
    certain,
    chance,
    follow,
    gathered,
    then,
    turned,
    unknown,
    verdict,
)

DENY = frozenset({"drop", "reject", "tarpit"})
# A fasttracked packet is accepted, and most of those after it are not even looked at (firewall.md 3).
PERMIT = frozenset({"accept", "fasttrack-connection"})
GOES_ON = frozenset({"passthrough", "log"})
JOIN = {"add-src-to-address-list": "src", "add-dst-to-address-list": "dst"}
DEEPEST = 32
"""Jumps within jumps that are followed."""
ENTRY = {"input": "prerouting", "forward": "prerouting", "output": "output"}
ROUTED = frozenset(ENTRY)
NAT_ENTRY = {"input": "dstnat", "forward": "dstnat", "output": "output"}


@dataclass
class Walk:
    """One packet's walk through one firewall, and what was met on it."""

    firewall: Firewall
    endings: dict[int, Ending] = field(default_factory=dict)
    doubts: dict[tuple[int, str], Doubt] = field(default_factory=dict)
    known: dict[tuple[str, str, State], Ways] = field(default_factory=dict)
    """What chains that were jumped to came to."""

    def table(self, table: str, chain: str, state: State) -> Ways:
        """Walk a built-in chain; whoever gets through is accepted."""
        return self.chain(table, chain, replace(state, hook=chain), (chain,))

    def chain(self, table: str, chain: str, state: State, path: tuple[str, ...]) -> Ways:
        """Try the rules of a chain from the top; `path` names the chains on the way here, this one included."""
        ways = certain(End.THROUGH, state)
        for rule in self.firewall.chains[table].get(chain, ()):
            live = next((state for exits in ways for end, state in exits if end is End.THROUGH), None)
            if live is None:
                break
            found = fit(rule, live, self.firewall)
            if found.possible and rule.action not in GOES_ON:
                ways = gathered(then(ways, End.THROUGH, self.rule(_Here(table, path, rule, live, found))))
        return gathered(turned(ways, End.RETURN, End.THROUGH))

    def nat(self, state: State) -> Ways:
        """Let a packet that may open a connection have its destination translated."""
        plain = certain(End.THROUGH, replace(state, hook=state.packet.chain))
        # A related packet may open a connection, or be an ICMP error that belongs to one.
        if state.packet.connection_state not in ("new", "related", None):
            return plain
        ways = self.table("nat", NAT_ENTRY[state.packet.chain], state)
        return ways if state.packet.connection_state == "new" else unknown(ways, plain)

    def filter(self, state: State) -> Ways:
        """Let the filter decide, in the chain that the packet comes to now."""
        if state.hook == UNROUTED:
            return unknown(*(self.table("filter", chain, state) for chain in ("input", "forward")))
        return self.table("filter", state.hook if state.hook in ROUTED else state.packet.chain, state)

    def rule(self, here: _Here) -> Ways:
        """What a rule that may match comes to."""
        past = certain(End.THROUGH, here.state)
        ways = self.action(here)
        if here.fit.chance:
            ways = chance(ways, past)
        if here.fit.unknown:
            ways = unknown(ways, past)
        if ways != past and here.rule.action not in JOIN:
            self.doubt(here, here.fit.chance, by_chance=True)
            self.doubt(here, here.fit.unknown)
        return ways

    def action(self, here: _Here) -> Ways:
        """What a rule does to a packet that it matches."""
        action, state = here.rule.action, here.state
        if action in DENY:
            return self.end(here, Verdict.DROP, certain(End.DROP))
        if action in PERMIT:
            return self.end(here, Verdict.ACCEPT, certain(End.ACCEPT, state))
        if action == "return":
            return certain(End.RETURN, state)
        if action == "jump":
            return self.jump(here)
        if action in JOIN:
            entry = (here.rule.entry.values.get("address-list", ""), JOIN[action])
            return certain(End.THROUGH, replace(state, joined=state.joined | {entry}, surely=state.surely | {entry}))
        if action == "notrack" and here.table == "raw":
            packet = replace(state.packet, connection_state="untracked", connection_nat_state=frozenset())
            return self.end(here, Verdict.ACCEPT, certain(End.ACCEPT, replace(state, packet=packet)))
        if action in TRANSLATE and here.table == "nat":
            after = translated(here.rule, state, self.firewall.local)
            if after.hook == UNROUTED:
                self.doubt(here, ("where the packet goes after its translation is not known",))
            return self.end(here, Verdict.ACCEPT, certain(End.ACCEPT, after))
        return self.lost(here, f"nothing is known of action={action}")

    def jump(self, here: _Here) -> Ways:
        """Walk the chain that a rule jumps to, and come back behind the rule."""
        target = here.rule.entry.values.get("jump-target", "")
        # What RouterOS does in the first four cases is unverified.
        if target not in self.firewall.chains[here.table]:
            return self.lost(here, f"it jumps to chain {target}, which has no rules")
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

    def end(self, here: _Here, verdict: Verdict, ways: Ways) -> Ways:
        """Note that a rule may decide."""
        ending = Ending(here.table, here.path[-1], here.rule.entry, here.rule.action, verdict)
        self.endings.setdefault(id(here.rule), ending)
        return ways

    def lost(self, here: _Here, why: str) -> Ways:
        """Note that nobody knows what a rule does: the packet may be accepted, dropped, or none of it."""
        self.doubt(here, (why,))
        state = here.state
        ways = unknown(certain(End.ACCEPT, state), certain(End.DROP), certain(End.THROUGH, state))
        return self.end(here, Verdict.CANNOT_TELL, ways)

    def doubt(self, here: _Here, why: tuple[str, ...], *, by_chance: bool = False) -> None:
        """Note why a rule is not certain."""
        for each in why:
            doubt = Doubt(here.table, here.path[-1], here.rule.entry, each, by_chance)
            self.doubts.setdefault((id(here.rule), each), doubt)

    def decision(self, table: str, chain: str, ways: Ways) -> Decision:
        """Sum up a walk that ended in a built-in chain."""
        endings = list(self.endings.values())
        if any(end is End.THROUGH for exits in ways for end, _dummy in exits):
            endings.append(Ending(table, chain, None, "accept", Verdict.ACCEPT))
        states = [state for exits in ways for _end, state in exits if state]
        listed = frozenset[tuple[str, str]]().union(*(state.joined for state in states))
        surely = listed.intersection(*(state.surely for state in states))
        return Decision(verdict(ways), tuple(endings), tuple(self.doubts.values()), listed, surely)


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
    ways = walk.table("raw", ENTRY[packet.chain], start)
    ways = follow(ways, lambda state: walk.nat(replace(state, packet=resumed(state.packet, packet))))
    ways = follow(ways, walk.filter)
    # What raw and nat accept goes on to the next table; only what they keep back ends there.
    walk.endings = {
        key: each for key, each in walk.endings.items() if each.table == "filter" or each.verdict is not Verdict.ACCEPT
    }
    return walk.decision("filter", packet.chain, ways)


def decide_chain(firewall: Firewall, table: str, chain: str, packet: Packet) -> Decision:
    """Say which rule of one built-in chain decides about a packet, such as which of nat's srcnat translates it."""
    if chain not in BUILTIN[table]:
        raise ValueError(f"{chain!r} is not a built-in chain of {table}: {', '.join(BUILTIN[table])}")
    walk = _walk(firewall, packet)
    return walk.decision(table, chain, walk.table(table, chain, State(packet, chain)))
