# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router's whole firewall as one transaction of nftables, which keeps what packets have counted and listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .translate import BUILTIN, Rule, chain_of, chains, translate
from .world import World

TABLE = "ip twin"
_HOOKS = {
    "raw": {"prerouting": "filter hook prerouting priority -300", "output": "filter hook output priority -300"},
    "filter": {
        "input": "filter hook input priority 0",
        "forward": "filter hook forward priority 0",
        "output": "filter hook output priority 0",
    },
    "nat": {
        "dstnat": "nat hook prerouting priority -100",
        "output": "nat hook output priority -100",
        "input": "nat hook input priority 100",
        "srcnat": "nat hook postrouting priority 100",
    },
}


@dataclass(frozen=True)
class Guards:
    """Lines that keep what policies protect from travelling in clear.

    `leaving` sees packets before source NAT, `entering` those that came in, by input or forward.
    """

    leaving: Sequence[str] = ()
    entering: Sequence[str] = ()

    def chains(self) -> dict[str, tuple[str, Sequence[str]]]:
        return {
            "guard_leaving": ("filter hook postrouting priority 50", self.leaving),
            "guard_input": ("filter hook input priority -10", self.entering),
            "guard_forward": ("filter hook forward priority -10", self.entering),
        }


@dataclass
class Ruleset:
    """What shall stand: chains with their lines, sets, counters. Two that are equal need no change."""

    chains: dict[str, list[str]] = field(default_factory=dict)
    bases: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    sets: dict[str, list[str]] = field(default_factory=dict)
    constant: dict[str, bool] = field(default_factory=dict)
    counters: list[str] = field(default_factory=list)

    @staticmethod
    def of(world: World, rules: Sequence[Rule], guards: Guards) -> Ruleset:
        """Translate enabled rules, in their order; raises Unmapped."""
        found = Ruleset(chains={name: [] for name in chains(rules)})
        for rule in rules:
            for chain, lines in translate(world, rule).items():
                found.chains.setdefault(chain, []).extend(lines)
            found.counters.append(rule.key)
        for table, hooks in _HOOKS.items():
            for name in BUILTIN[table]:
                found.bases[f"hook_{table}_{name}"] = (hooks[name], [f"jump {chain_of(table, name)}"])
        # A chain of NAT by itself does not make the kernel track connections, and sees no packet without that.
        asking = ["ct state new"] if any(rule.table == "nat" for rule in rules) else []
        found.bases["tracking"] = ("filter hook prerouting priority -150", asking)
        for name, (hook, guarding) in guards.chains().items():
            found.bases[name] = (hook, list(guarding))
        found.sets = {name: each.lines(name) for name, each in world.sets.items()}
        found.constant = {name: not each.grows for name, each in world.sets.items()}
        return found

    def script(self, before: Ruleset) -> str:
        """Text that leads from what stands to this, in one transaction."""
        lines = [f"table {TABLE}", f"flush table {TABLE}"]
        lines += _deleted("chain", before.chains, self.chains)
        lines += _deleted("counter", before.counters, self.counters)
        lines += _deleted("set", before.sets, self.sets)
        lines += [f"flush set {TABLE} {name}" for name in before.sets if name in self.sets and self.constant[name]]
        return "\n".join([*lines, f"table {TABLE} {{", *self._body(), "}"]) + "\n"

    def _body(self) -> Iterator[str]:
        for name in self.counters:
            yield f"counter {name} {{ }}"
        for each in self.sets.values():
            yield from each
        # Empty first, so that they may jump to each other.
        for name in self.chains:
            yield f"chain {name} {{ }}"
        for name, body in self.chains.items():
            yield from (f"chain {name} {{", *body, "}")
        for name, (hook, body) in self.bases.items():
            yield from (f"chain {name} {{", f"type {hook}; policy accept;", *body, "}")


def _deleted(kind: str, before: Iterable[str], after: Iterable[str]) -> list[str]:
    kept = set(after)
    return [f"delete {kind} {TABLE} {name}" for name in before if name not in kept]
