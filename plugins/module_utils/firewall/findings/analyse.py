# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a router's firewall and IPsec policies and tells what in them does not do what it says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...engine.entry import Entry
from ...schema.elsewhere import INTERFACE
from ...schema.firewall import ADDRESS_LIST, ADDRESS_LIST6, FILTER, FILTER6, MANGLE, NAT, RAW
from ...schema.interfaces import LIST, LIST_MEMBER
from ...schema.ipsec import POLICY
from ...schema.model import Menu, Version
from ..coverage import Dead, dead_lines, walked
from ..index import Index
from ..lines import Line, Table, table_of
from ..placement import closed_chains
from ..redundancy import redundant
from ..tables import joined
from . import chains, management, tunnels
from .finding import SEVERITIES, Finding, Unjudged, named
from .management import Outside

TABLES = (FILTER, NAT, RAW, MANGLE, FILTER6)
JUDGED: tuple[Menu, ...] = (*TABLES, POLICY)
"""What findings are about."""
READ: tuple[Menu, ...] = (INTERFACE, LIST, LIST_MEMBER, ADDRESS_LIST, ADDRESS_LIST6, *JUDGED)
"""What has to be read for them, dynamic entries included."""
NO_RAW = Table(RAW, {}, frozenset())
"""What is before the filter of IPv6, as far as we know."""
TOO_MANY_WAYS = "too many rules above or below it match parts of its traffic"


@dataclass(frozen=True)
class Analysis:
    """What was found, the worst first, and the rules that could not be judged in every respect."""

    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...] = field(default=())


@dataclass(frozen=True)
class Situation:
    """What findings come from, made ready."""

    tables: Mapping[Menu, Table]
    entries: Mapping[Menu, Sequence[Entry]]
    version: Version
    wan: Collection[str]


def analyse(entries: Mapping[Menu, Sequence[Entry]], version: Version, wan: Collection[str] = ("WAN",)) -> Analysis:
    """Judge the entries of the menus in READ; interface lists in `wan` face the outside."""
    tables = {menu: table_of(menu, entries.get(menu, ()), version) for menu in TABLES}
    situation = Situation(tables, entries, version, wan)
    findings, unjudged = [*_overall(situation), *_overall6(situation)], list[Unjudged]()
    for table in tables.values():
        told = list(_rules(table))
        findings += [each for each in told if isinstance(each, Finding)]
        unjudged += [each for each in told if isinstance(each, Unjudged)]
        findings += _names(situation, table)
        unjudged += _opaque(table)
    order = [menu.path for menu in JUDGED]
    findings.sort(key=lambda each: (SEVERITIES.index(each.severity), order.index(each.menu)))
    return Analysis(tuple(findings), tuple(unjudged))


def _lists_for(menu: Menu) -> Menu:
    """The address lists that the rules of a table name."""
    return ADDRESS_LIST6 if menu is FILTER6 else ADDRESS_LIST


def outside_of(entries: Mapping[Menu, Sequence[Entry]], table: Table, wan: Collection[str]) -> Outside:
    """Where the outside is: behind the lists named, else behind whatever a rule of `input` drops all of."""
    members = defaultdict[str, set[str]](set)
    for entry in entries.get(LIST_MEMBER, ()):
        if not entry.disabled:
            members[entry.values.get("list", "")].add(entry.values.get("interface", ""))
    lists = set(wan) & {entry.values.get("name", "") for entry in entries.get(LIST, ())}
    for line in table.chains.get("input", ()) if not lists else ():
        for each in line.rule.conditions if line.denies and len(line.rule.conditions) == 1 else ():
            if each.name == "in-interface" and not each.negated:
                members["the outside"].add(each.text)
                lists.add("the outside")
            if each.name == "in-interface-list" and not each.negated:
                lists.add(each.text)
    everything = {
        entry.values.get("list", "")
        for entry in entries.get(_lists_for(table.menu), ())
        if not entry.disabled and entry.values.get("address") in ("0.0.0.0/0", "::/0")
    }
    known = joined(members, (entry.values for entry in entries.get(LIST, ())))
    return Outside(frozenset(lists), known, frozenset(everything))


def _overall(situation: Situation) -> Iterator[Finding]:
    """What concerns the filter and the tunnels as a whole."""
    tables, version = situation.tables, situation.version
    policies = tunnels.policies_of(POLICY, situation.entries.get(POLICY, ()), version)
    four = [policy for policy in policies if not tunnels.is_for_ipv6(policy[2])]
    closed = closed_chains(FILTER, _static(situation, FILTER), version)
    yield from chains.ends(tables[FILTER], closed)
    yield from management.management_open(
        tables[FILTER], tables[RAW], outside_of(situation.entries, tables[FILTER], situation.wan)
    )
    yield from management.management_cut(tables[FILTER])
    yield from tunnels.fasttrack(tables[FILTER], tables[RAW], four)
    yield from tunnels.source_nat(tables[NAT], tables[RAW], four)
    yield from tunnels.policies_in_the_way(POLICY, policies)


def _overall6(situation: Situation) -> Iterator[Finding]:
    """What concerns the filter of IPv6 as a whole.

    Without any rule nothing is said: whether the router has IPv6 at all is not known. Who cannot be managed over IPv6
    may be managed over IPv4; and the factory's own filter fasttracks above its accept for tunnels, which does no harm
    as long as no policy is for IPv6.
    """
    table, static = situation.tables[FILTER6], _static(situation, FILTER6)
    if static:
        yield from chains.ends(table, closed_chains(FILTER6, static, situation.version))
        yield from management.management_open(table, NO_RAW, outside_of(situation.entries, table, situation.wan))
        entries = situation.entries.get(POLICY, ())
        policies = tunnels.policies_of(POLICY, entries, situation.version)
        six = [policy for policy in policies if policy[1] and tunnels.is_for_ipv6(policy[2])]
        yield from tunnels.fasttrack(table, NO_RAW, six) if six else ()


def _static(situation: Situation, menu: Menu) -> list[Entry]:
    return [entry for entry in situation.entries.get(menu, ()) if not entry.dynamic]


def _names(situation: Situation, table: Table) -> Iterator[Finding]:
    """What a table's chains and rules name."""
    entries = situation.entries
    yield from chains.jumps(table)
    if INTERFACE in entries:
        names = {entry.values.get("name", "") for entry in entries[INTERFACE]}
        yield from chains.unknown_interfaces(table, names)
    lists = _lists_for(table.menu)
    if lists in entries:
        filled = Counter(entry.values.get("list", "") for entry in entries[lists] if not entry.disabled)
        tables = (each for each in situation.tables.values() if _lists_for(each.menu) is lists)
        lines = (line for each in tables for line in each.lines())
        yield from chains.empty_lists(table, filled, {line.entry.values.get("address-list", "") for line in lines})


def _rules(table: Table) -> Iterator[Finding | Unjudged]:
    """What concerns single rules of a table: those that never match, those that can go, those in the wrong place."""
    walk = walked(table)
    dead: dict[Line, Dead] = {}
    for found in dead_lines(walk, Index(walk.boxes)):
        if isinstance(found, Dead):
            dead[found.line] = found
            yield _never(table, found)
        else:
            yield _unjudged(table, found, TOO_MANY_WAYS)
    for chain in table.chains.values():
        for each in redundant(chain, dead.keys()):
            if isinstance(each, Line):
                yield _unjudged(table, each, TOO_MANY_WAYS)
            else:
                yield _redundant(table, *each)
    if table.menu in (FILTER, FILTER6):
        yield from chains.late_drops(table, dead.keys())


def _never(table: Table, dead: Dead) -> Finding:
    line, takers = dead.line, dead.takers
    spots = tuple(each.spot for each in takers)
    what = f"rule {named([line.spot])}"
    by = f"rule {named(spots)} above takes all of its packets"
    kind, advice = "never-matches", "move it above, or remove it"
    if not takers:
        by = f"no packet that rule {named(each.spot for each in dead.jumps)} sends there fits it"
        by = by if dead.jumps else "its matchers exclude each other"
        advice = "correct its matchers, or remove it"
    elif line.region.metered and all(each.action == "accept" for each in takers):
        kind, advice = "limit-after-accept", "restrict the accept above, and drop below the limit what exceeds it"
        by = f"rule {named(spots)} above accepts the same traffic without a limit"
    elif line.action == "accept" and all(each.denies for each in takers):
        kind, advice = "accept-after-drop", "move it above the drop"
    elif line.ends and all(each.outcome == line.outcome for each in takers):
        kind, advice = "duplicate-rule", "remove it"
    return Finding(kind, table.menu.path, _chain(line), line.spot, f"{what} never matches: {by}", advice, spots)


def _redundant(table: Table, line: Line, by: Iterable[Line]) -> Finding:
    spots = tuple(each.spot for each in by)
    message = f"rule {named([line.spot])} changes nothing: rule {named(spots)} below does the same with all its packets"
    advice = "remove it, unless you keep it for its counters"
    if line.region.metered:
        advice = "put a drop for what exceeds the limit right below it, or remove it: as it stands it limits nothing"
    return Finding("redundant", table.menu.path, _chain(line), line.spot, message, advice, spots)


def _opaque(table: Table) -> Iterator[Unjudged]:
    for line in table.lines():
        if line.region.opaque and line.position:
            yield _unjudged(table, line, "; ".join(line.region.opaque))


def _unjudged(table: Table, line: Line, why: str) -> Unjudged:
    return Unjudged(table.menu.path, _chain(line), line.spot, why)


def _chain(line: Line) -> str:
    return line.entry.values.get("chain", "")
