# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a table's chains as such: where they are entered, how they end, and what their rules name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from ...schema.addresses import ADDRESS
from ...schema.elsewhere import INTERFACE
from ...schema.firewall import FILTER
from ...schema.interfaces import LIST
from ...schema.model import Menu
from ..actions import Effect
from ..fates import CLOSES
from ..lines import TO_LIST, Line, Table
from ..rules import INTERFACES, NEW, NUMBERS
from ..sets import contains, overlap
from ..tables import LISTS, family_of
from .finding import Edit, Finding, Mend, named, of_line
from .situation import Situation

NEW_TCP = {"protocol": ((NUMBERS["tcp"], NUMBERS["tcp"]),), **NEW}
FACTORY_END = {"connection-state": "new", "connection-nat-state": "!dstnat", "ipsec-policy": "in,none"}
"""What the factory's last rule of `forward` asks for besides the interface, and that no tunnel brought the packet."""


def chain_ends(situation: Situation, menu: Menu) -> Iterator[Finding]:
    """How `input` and `forward` of a filter end, where it has rules at all."""
    table, closed = situation.tables[menu], situation.closed[menu]
    if "input" not in closed and (menu is FILTER or situation.static(menu)):
        message = "chain input has no final drop: what no rule mentions is accepted, whoever sends it"
        advice = "accept what the router is to serve, management first, and end with a drop for all or for !LAN"
        yield Finding("input-without-drop", menu.path, "input", None, message, advice)
    yield from _forward_end(situation, table)
    if menu is FILTER:
        yield from _management_cut(table)


def _forward_end(situation: Situation, table: Table) -> Iterator[Finding]:
    chain = [line for line in table.chains.get("forward", ()) if line.position]
    deciding = [line for line in chain if line.rule.effect not in (Effect.NOTHING, Effect.LIST)]
    if not deciding or "forward" in situation.closed[table.menu]:
        return
    message = "chain forward has no final drop: what no rule mentions is forwarded, whoever sends it"
    advice = "end the chain with a drop of new connections from outside, below accepts for what others may open"
    outside = sorted(
        situation.outside.lists & {entry.values.get("name", "") for entry in situation.entries.get(LIST, ())}
    )
    mends = [
        Mend(
            f"end the chain with a drop of new connections from {name}, dst-nat and tunnels aside",
            (Edit("add", table.menu, values=_factory_end(table.menu, name)),),
            CLOSES,
            keeps_established=True,
        )
        for name in outside
        if len(outside) == 1
    ]
    yield Finding("forward-without-drop", table.menu.path, "forward", None, message, advice, candidates=tuple(mends))
    accepts = [line.spot for line in chain if line.action == "accept"]
    if accepts and not any(line.denies or line.action == "jump" for line in chain):
        message = "chain forward accepts some traffic and drops none, so that its accepts decide nothing"
        advice = "end the chain with a drop, or leave the accepts out"
        more = tuple(accepts[1:])
        yield Finding("accepts-without-drop", table.menu.path, "forward", accepts[0], message, advice, more)


def _factory_end(menu: Menu, outside: str) -> dict[str, str]:
    asked = {name: text for name, text in FACTORY_END.items() if name in menu.by_name}
    return {"chain": "forward", "action": "drop", **asked, "in-interface-list": outside}


def _management_cut(table: Table) -> Iterator[Finding]:
    """A drop for everything in `input` above which nothing accepts a connection that could manage the router."""
    chain = table.chains.get("input", ())
    drop = next((line for line in chain if line.denies and line.position and _takes_all(line)), None)
    if drop and not any(_lets_in(table, line, ("input",)) for line in chain[: drop.place]):
        message = (
            f"rule {named([drop.spot])} drops all that comes to the router, and no rule above it accepts a new TCP "
            "connection: nobody can manage the router any more"
        )
        advice = (
            "put above it an accept for established connections and one for SSH, WinBox or the API from the addresses "
            "that manage the router"
        )
        yield of_line("management-cut", table, drop, message, advice, packets="any TCP packet that opens a connection")


def _takes_all(line: Line) -> bool:
    return line.region.exact and any(contains(box, NEW_TCP) for box in line.region.boxes)


def _lets_in(table: Table, line: Line, above: Collection[str]) -> bool:
    """Whether the rule, or the chain it jumps to, may accept a new TCP connection."""
    if not any(overlap(box, NEW_TCP) for box in line.region.boxes):
        return False
    if line.action == "jump" and line.target not in above:
        return any(_lets_in(table, each, (*above, line.target)) for each in table.chains.get(line.target, ()))
    return line.action == "accept"


def chain_names(situation: Situation, table: Table) -> Iterator[Finding]:
    """What a table's chains and rules name that is not there."""
    entries = situation.entries
    yield from _jumps(table)
    if INTERFACE in entries:
        yield from _unknown_interfaces(table, {entry.values.get("name", "") for entry in entries[INTERFACE]})
    family = family_of(table.menu)
    lists = LISTS[family]
    if lists in entries:
        filled = Counter(entry.values.get("list", "") for entry in entries[lists] if not entry.disabled)
        tables = (each for each in situation.tables.values() if family_of(each.menu) is family)
        lines = (line for each in tables for line in each.lines())
        yield from _empty_lists(table, filled, {line.entry.values.get("address-list", "") for line in lines})


def _jumps(table: Table) -> Iterator[Finding]:
    """Chains that nobody jumps to, and jumps to chains without rules."""
    targets = {line.target for line in table.lines() if line.action == "jump"}
    for name, chain in table.chains.items():
        owned = [line for line in chain if line.position]
        if name not in table.builtin | targets and owned:
            message = f"no rule jumps to chain {name}, so that its rules ({len(owned)}) do nothing"
            advice = "add a jump to it where it is meant to act, or remove it; a misspelled chain is one of its own"
            yield of_line("chain-unused", table, owned[0], message, advice)
        for line in owned:
            if line.action == "jump" and not table.chains.get(line.target):
                message = f"rule {named([line.spot])} jumps to chain {line.target}, which has no enabled rule"
                advice = "correct the name of the chain, or add its rules; until then packets just come back"
                yield of_line("jump-nowhere", table, line, message, advice)


def _unknown_interfaces(table: Table, interfaces: Collection[str]) -> Iterator[Finding]:
    """Rules that name an interface the router does not have."""
    for line in table.lines():
        for each in line.rule.conditions:
            item, name = each.item, each.plain
            known = not item or item.refers != "/interface" or name in interfaces or name in item.free
            if item and not known and line.position:
                message = f"rule {named([line.spot])} names {item.name}={name}, and the router has no such interface"
                advice = "name an interface that exists; traffic of a tunnel without one is matched by ipsec-policy"
                yield of_line("unknown-interface", table, line, message, advice)


def _empty_lists(table: Table, filled: Mapping[str, int], added: Collection[str]) -> Iterator[Finding]:
    """Rules for addresses of a list that has none and that no rule adds to."""
    for line in table.lines():
        for each in line.rule.conditions:
            known = each.negated or each.text in {*filled, *added}
            if each.name in TO_LIST and line.position and not known:
                message = f"rule {named([line.spot])} is for addresses of list {each.text}, which has none"
                yield of_line(
                    "empty-address-list", table, line, message, "add the addresses, or correct the list's name"
                )


def unlisted_interfaces(situation: Situation) -> Iterator[Finding]:
    """Interfaces with addresses that are in none of the interface lists which rules ask for, and not named alone."""
    conditions = [
        each for table in situation.tables.values() for line in table.lines() for each in line.rule.conditions
    ]
    asked = {each.plain for each in conditions if each.name.endswith("interface-list")} - {"all", "none"}
    members = situation.outside.members
    named_ = {each.plain for each in conditions if each.name in INTERFACES} | {"lo"} | situation.outside.interfaces
    listed = named_.union(*(members.get(name, ()) for name in asked))
    if asked & {"static", "dynamic"} or not any(members.get(name) for name in asked):
        return
    used = (entry.values.get("interface", "") for entry in situation.entries.get(ADDRESS, ()) if not entry.disabled)
    for name in dict.fromkeys(used):
        if name not in listed:
            message = (
                f"interface {name} has an address and is in no interface list that rules name "
                f"({', '.join(sorted(asked))}): its packets match none of them"
            )
            advice = (
                "add it to the list that its packets are meant to match; "
                "packets to a VRRP address come in by the VRRP interface"
            )
            yield Finding("interface-unlisted", FILTER.path, "", None, message, advice)
