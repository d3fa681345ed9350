# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What findings come from: a router's entries, parsed once, and where its outside is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ...engine.entry import Entry
from ...schema.addresses import ADDRESS
from ...schema.elsewhere import INTERFACE, IPV6_SETTINGS
from ...schema.family import Family
from ...schema.firewall import (
    ADDRESS_LIST,
    ADDRESS_LIST6,
    FILTER,
    FILTER6,
    MANGLE,
    MANGLE6,
    NAT,
    NAT6,
    RAW,
    RAW6,
)
from ...schema.interfaces import EOIP, GRE, IPIP, LIST, LIST_MEMBER, VRRP
from ...schema.ipsec import PEER, POLICY
from ...schema.menus import BY_PATH
from ...schema.model import Menu, Version
from ...schema.service import SERVICE
from ..lines import Spot, Table, table_of
from ..placement import closed_chains
from ..reachability.reach import Gate
from ..reachability.sources import Landscape, Probe
from ..reachability.survey import gate_of
from ..tables import FILTERS, joined, members_of
from .finding import Edit, Finding, Unjudged

TABLES = (FILTER, NAT, RAW, MANGLE, FILTER6, NAT6, RAW6, MANGLE6)
MAC_PATHS = ("/tool/mac-server", "/tool/mac-server/mac-winbox", "/ip/neighbor/discovery-settings", "/tool/romon")
OFFER_PATHS = ("/ip/dns", "/snmp", "/snmp/community", "/ip/proxy", "/ip/socks", "/ip/upnp", "/tool/bandwidth-server")


def menus_at(paths: Collection[str]) -> tuple[Menu, ...]:
    """The menus with these paths, as far as the schema knows them."""
    return tuple(menu for path in paths if (menu := BY_PATH.get(path)))


JUDGED: tuple[Menu, ...] = (*TABLES, POLICY, *menus_at(MAC_PATHS))
"""What findings are about."""
READ: tuple[Menu, ...] = (
    *(INTERFACE, LIST, LIST_MEMBER, ADDRESS, ADDRESS_LIST, ADDRESS_LIST6, SERVICE, PEER, GRE, IPIP, EOIP, VRRP),
    *(IPV6_SETTINGS, *menus_at(OFFER_PATHS), *JUDGED),
)
"""What has to be read for them, dynamic entries included."""
OUTSIDE = "the outside"


@dataclass(frozen=True)
class Outside:
    """Where strangers come from, as far as the router says."""

    lists: frozenset[str]
    """Interface lists that face the outside."""
    members: Mapping[str, frozenset[str]]
    """The interfaces of every interface list."""

    @property
    def interfaces(self) -> frozenset[str]:
        """Interfaces that face the outside."""
        return frozenset[str]().union(*(self.members.get(name, ()) for name in self.lists))


@dataclass(frozen=True, eq=False)
class Situation:
    """A router's entries by the menus in READ; interface lists in `wan` face the outside."""

    entries: Mapping[Menu, Sequence[Entry]]
    version: Version
    wan: Collection[str]
    reports: dict[Menu, tuple[Finding | Unjudged, ...]] = field(default_factory=dict)
    """What was found of single rules, by table."""

    @cached_property
    def tables(self) -> Mapping[Menu, Table]:
        """The tables of rules."""
        return {menu: table_of(menu, self.entries.get(menu, ()), self.version) for menu in TABLES}

    @cached_property
    def spots(self) -> Mapping[tuple[Menu, str], Spot]:
        """Where each rule is, by its id."""
        return {(menu, line.entry.id): line.spot for menu, table in self.tables.items() for line in table.lines()}

    @cached_property
    def outside(self) -> Outside:
        """Where the outside is."""
        return outside_of(self.entries, self.tables[FILTER], self.wan)

    @cached_property
    def closed(self) -> Mapping[Menu, Collection[str]]:
        """The chains of each filter that deny the bulk of what enters them."""
        return {menu: closed_chains(menu, self.static(menu), self.version) for menu in FILTERS.values()}

    @cached_property
    def gates(self) -> Mapping[Family, Gate]:
        """What of the router decides about strangers from outside, who call the addresses that it has there."""
        exposed = self.outside.interfaces
        found = {}
        for family in FILTERS:
            gate = gate_of({**self.entries, LIST_MEMBER: self._members}, family)
            networks = {name: nets for name, nets in gate.networks.items() if name in exposed or not exposed}
            found[family] = replace(gate, networks=networks)
        return found

    @cached_property
    def _members(self) -> list[Entry]:
        """Members of interface lists; an outside without any has one that nobody knows."""
        unknown = [name for name in sorted(self.outside.lists) if not self.outside.members.get(name)]
        made = [Entry("", {"list": name, "interface": f"{OUTSIDE} {name}"}) for name in unknown]
        return [*self.entries.get(LIST_MEMBER, ()), *made]

    @cached_property
    def strangers(self) -> Mapping[Family, Sequence[Probe]]:
        """Senders from outside whose addresses no rule names, one of each wide range that rules ask for."""
        return {family: self._strangers(family) for family in FILTERS}

    def _strangers(self, family: Family) -> Sequence[Probe]:
        firewall, networks = self.gates[family].firewall, self.gates[family].networks
        land = Landscape((firewall,), networks, outside=self.outside.lists)
        ways: list[str | None] = [*sorted(self.outside.interfaces | land.exposed)] or [None]
        return [Probe("", address, way) for way in ways for address in land.strangers]

    def static(self, menu: Menu) -> list[Entry]:
        """The entries of a menu that the router did not make itself."""
        return [entry for entry in self.entries.get(menu, ()) if not entry.dynamic]

    def setting(self, path: str, name: str) -> str | None:
        """A property of a menu with one set of properties; None: the router has no such menu."""
        menu = BY_PATH.get(path)
        rows = self.entries.get(menu, ()) if menu else ()
        return rows[0].values.get(name, menu.by_name[name].default_on(self.version) or "") if menu and rows else None

    def edited(self, edits: Collection[Edit]) -> Situation:
        """The situation after edits."""
        touched = {edit.menu for edit in edits}
        entries = {**self.entries, **{menu: apply_edits(menu, self.entries.get(menu, ()), edits) for menu in touched}}
        kept = {menu: report for menu, report in self.reports.items() if menu not in touched}
        return Situation(entries, self.version, self.wan, kept)


def apply_edits(menu: Menu, entries: Sequence[Entry], edits: Collection[Edit]) -> list[Entry]:
    """The entries of one menu after the edits that concern it."""
    found = list(entries)
    for number, edit in enumerate(edits):
        if edit.menu is not menu:
            continue
        at = next((place for place, each in enumerate(found) if each.id == edit.id), 0)
        if edit.verb == "set":
            values = {**found[at].values, **edit.values}
            found[at] = replace(found[at], values={name: text for name, text in values.items() if text})
            continue
        moved = Entry(f"+{number}", edit.values) if edit.verb == "add" else found.pop(at)
        if edit.verb != "remove":
            found.insert(next((place for place, each in enumerate(found) if each.id == edit.before), len(found)), moved)
    return found


def outside_of(entries: Mapping[Menu, Sequence[Entry]], table: Table, wan: Collection[str]) -> Outside:
    """Where the outside is: behind the lists named, else behind whatever a rule of `input` drops all of."""
    members = members_of(entry.values for entry in entries.get(LIST_MEMBER, ()))
    lists = set(wan) & {entry.values.get("name", "") for entry in entries.get(LIST, ())}
    for line in table.chains.get("input", ()) if not lists else ():
        for each in line.rule.conditions if line.denies and len(line.rule.conditions) == 1 else ():
            if each.name == "in-interface" and not each.negated:
                members[OUTSIDE].add(each.text)
                lists.add(OUTSIDE)
            if each.name == "in-interface-list" and not each.negated:
                lists.add(each.text)
    return Outside(frozenset(lists), joined(members, (entry.values for entry in entries.get(LIST, ()))))
