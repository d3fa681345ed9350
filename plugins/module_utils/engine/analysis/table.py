# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a table that count, by chain, each with the region it matches and what it does with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.analysis.finding import Spot
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.analysis.matching import Region, region_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.eclipse import DENY, Rule, rule_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, held, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version

# That these end a packet's way is certain. Not so fasttrack-connection, which most packets of a connection only pass
# once, and notrack, of which the manual and Linux say different things.
ENDING = frozenset({"accept", "drop", "reject", "masquerade", "src-nat", "dst-nat", "netmap", "redirect", "same"})
# In mangle these end it with passthrough=no.
CHANGING = frozenset(
    {"mark-connection", "mark-packet", "mark-routing", "change-dscp", "change-mss", "change-ttl", "set-priority"}
)
TO_LIST = {"add-src-to-address-list": "src-address-list", "add-dst-to-address-list": "dst-address-list"}
# What rules of mangle may change while a packet passes them.
CHANGEABLE = frozenset(
    {"packet-mark", "connection-mark", "routing-mark", "dscp", "tos", "ttl", "priority", "tcp-mss", "packet-size"}
    | {"ipv4-options"}
)
NO_OUTCOME = frozenset({"chain", "comment", "disabled", "log", "log-prefix", "address-list-timeout"})


@dataclass(frozen=True, eq=False)
class Line:
    """One rule that counts."""

    place: int
    """Among the lines of its chain, beginning with 0."""
    position: int
    """As people count, disabled rules included, beginning with 1; 0 for a rule that the router made itself."""
    entry: Entry
    rule: Rule
    region: Region
    ends: bool
    """Whether it surely ends the way of what it matches."""
    logs: bool
    target: str
    outcome: tuple[str, frozenset[tuple[str, str]]]
    """What happens to what it matches, matchers aside."""
    spot: Spot

    @property
    def action(self) -> str:
        """RouterOS's word for what it does."""
        return self.rule.action

    @property
    def denies(self) -> bool:
        """Whether it stops packets."""
        return self.rule.action in DENY


@dataclass(frozen=True, eq=False)
class Table:
    """One ordered menu with chains."""

    menu: Menu
    chains: Mapping[str, Sequence[Line]]
    builtin: frozenset[str]

    def lines(self) -> Iterable[Line]:
        """All lines, chain by chain."""
        return (line for chain in self.chains.values() for line in chain)


BUILTIN = {
    "/ip/firewall/filter": frozenset({"input", "forward", "output"}),
    "/ipv6/firewall/filter": frozenset({"input", "forward", "output"}),
    "/ip/firewall/nat": frozenset({"srcnat", "dstnat", "input", "output"}),
    "/ip/firewall/raw": frozenset({"prerouting", "output"}),
    "/ip/firewall/mangle": frozenset({"prerouting", "input", "forward", "output", "postrouting"}),
}


def table_of(menu: Menu, entries: Iterable[Entry], version: Version) -> Table:
    """The lines of a table; rules that are disabled, or invalid for the router, do nothing and are left out."""
    rows = tuple(entries)
    unstable = _unstable(menu, rows)
    chains = defaultdict[str, list[Line]](list)
    positions = defaultdict[str, int](int)
    for entry in rows:
        name = entry.values.get("chain", "")
        positions[name] += not entry.dynamic
        if not entry.disabled and not entry.invalid:
            place = 0 if entry.dynamic else positions[name]
            chains[name].append(_line(menu, entry, version, unstable, len(chains[name]), place))
    return Table(menu, dict(chains), BUILTIN[menu.path])


def _unstable(menu: Menu, rows: Iterable[Entry]) -> frozenset[str]:
    """Matchers whose answer may change between two rules of the table."""
    lists = {row.values["address-list"] for row in rows if not row.disabled and row.values.get("address-list")}
    found = {f"{field}={name}" for name in lists for field in TO_LIST.values()}
    return frozenset(found | (CHANGEABLE if menu.path == "/ip/firewall/mangle" else set()))


def _line(menu: Menu, entry: Entry, version: Version, unstable: frozenset[str], place: int, position: int) -> Line:
    rule = rule_of(menu, entry.values, version)
    region = region_of(rule, unstable)
    if entry.strange:
        region = Region(region.boxes, False, region.metered, (*region.opaque, *sorted(entry.strange)))
    held_ = {name: held(entry.values, item, version) for name, item in menu.by_name.items() if not item.matches}
    outcome = frozenset((name, text) for name, text in held_.items() if text and name not in NO_OUTCOME)
    return Line(
        place=place,
        position=position,
        entry=entry,
        rule=rule,
        region=region,
        ends=_ends(rule, held_.get("passthrough")),
        logs=held_.get("log") == "yes",
        target=entry.values.get("jump-target", ""),
        outcome=(rule.action, outcome),
        spot=Spot(entry.id, label(menu, entry.values), position),
    )


def _ends(rule: Rule, passthrough: str | None) -> bool:
    if rule.action == "tarpit":
        return any(item.name == "protocol" and text == "tcp" for item, text in rule.matchers.items())
    return rule.action in ENDING or (rule.action in CHANGING and passthrough == "no")
