# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router in a few lines, independent of the engine's own simulation, to try plans on one change at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Plan, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.order import Place
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

Row = Mapping[str, str]

FILTER, NAT, RAW, PEER, IDENTITY, POLICY, PROFILE, PSK, SETTINGS, LISTS, FILTER6, RAW6 = (
    BY_MODULE[name]
    for name in (
        *("firewall_filter", "firewall_nat", "firewall_raw", "ipsec_peer", "ipsec_identity", "ipsec_policy"),
        *("ipsec_profile", "ipsec_key_psk", "ipsec_settings", "firewall_address_list", "ipv6_firewall_filter"),
        "ipv6_firewall_raw",
    )
)
V7 = (7, 24)


class Router:
    """Lists of rows; refuses what RouterOS refuses: unknown ids, a second initiator, and touching what it made."""

    def __init__(self, tables: Mapping[Menu, Iterable[Entry]]) -> None:
        self.rows = {menu: [(each.id, dict(each.values)) for each in entries] for menu, entries in tables.items()}
        self.locked = {each.id: each for entries in tables.values() for each in entries if each.dynamic or each.builtin}
        self.made: list[str] = []

    def run(self, changes: Iterable[Change]) -> Router:
        for change in changes:
            self.do(change)
        return self

    def do(self, change: Change) -> None:
        rows = self.rows.setdefault(change.menu, [])
        match change:
            case Add():
                new = f"*N{len(self.made)}"
                self.made.append(new)
                rows.insert(self._at(change.menu, change.before), (new, dict(change.values)))
                self._check_initiator(change.menu, new)
            case Set():
                values = rows[self._at(change.menu, change.entry.id)][1]
                for name in change.clear:
                    del values[name]
                values.update(change.values)
                self._check_initiator(change.menu, change.entry.id)
                assert not self.locked.get(change.entry.id, change.entry).dynamic
            case Move():
                assert change.entry.id not in self.locked
                row = rows.pop(self._at(change.menu, change.entry.id))
                rows.insert(self._at(change.menu, change.before), row)
            case Remove():
                assert change.entry.id not in self.locked
                del rows[self._at(change.menu, change.entry.id)]

    def _at(self, menu: Menu, id_: str | None) -> int:
        ids = [each for each, _dummy in self.rows[menu]]
        assert id_ is None or id_ not in self.locked or not self.locked[id_].dynamic
        return len(ids) if id_ is None else ids.index(id_)

    def _check_initiator(self, menu: Menu, id_: str) -> None:
        """Of the enabled peers that call one host from one local address there is one."""
        calling = {each: _way(values) for each, values in self.rows[menu] if menu is PEER}
        way = calling.pop(id_, None)
        assert way is None or way not in calling.values(), "Multiple initiator peers for the same address"

    def ids(self, menu: Menu) -> list[str]:
        return [each for each, _dummy in self.rows[menu]]

    def entries(self, menu: Menu) -> tuple[Entry, ...]:
        return tuple(self._entry(id_, values) for id_, values in self.rows.get(menu, []))

    def _entry(self, id_: str, values: Row) -> Entry:
        made = self.locked.get(id_)
        return Entry(id_, values, dynamic=bool(made and made.dynamic), builtin=bool(made and made.builtin))

    def tables(self) -> dict[Menu, tuple[Entry, ...]]:
        return {menu: self.entries(menu) for menu in self.rows}


def _way(values: Row) -> tuple[str, str] | None:
    address = values.get("address", "::/0")
    idle = values.get("disabled") in ("yes", "true") or values.get("passive") in ("yes", "true")
    host = "/" not in address or address.endswith("/32")
    return None if idle or not host else (address.removesuffix("/32"), values.get("local-address", "0.0.0.0"))


def rule(text: str) -> dict[str, str]:
    """`drop protocol=udp "some words"`: an input rule by its action, its matchers and its comment."""
    line, _dummy, comment = text.partition(" #")
    action, *pairs = line.split()
    row = {"chain": "input", "action": action}
    row |= dict(pair.split("=", 1) for pair in pairs)
    return {**row, "comment": comment} if comment else row


def entries(*rows: Row | str) -> tuple[Entry, ...]:
    """Rows as a router's entries, with ids *0, *1 and so on."""
    return tuple(Entry(f"*{n}", rule(row) if isinstance(row, str) else row) for n, row in enumerate(rows))


def planned(
    menu: Menu,
    have: Iterable[Entry],
    want: Iterable[Row | str],
    state: str = "merged",
    *,
    scope: Scope | None = None,
    version: tuple[int, ...] = V7,
    places: Sequence[Place | None] = (),
    effective: bool = False,
) -> Plan:
    rows = [rule(row) if isinstance(row, str) else row for row in want]
    intent = Intent({menu: rows}, state, scope or Scope(), places={menu: places}, effective=effective)
    return plan({menu: tuple(have)}, intent, version)


def told(changes: Iterable[Change]) -> list[str]:
    """Changes in short: `add NAME <ID` (before ID), `set ID field=value -cleared`, `move ID <ID`, `remove ID`."""
    return [_told(change) for change in changes]


def _told(change: Change) -> str:
    match change:
        case Add():
            name = change.values.get("comment") or change.values.get("name") or change.values.get("action", "")
            return f"add {name}" + (f" <{change.before}" if change.before else "")
        case Set():
            words = [f"{name}={text}" for name, text in change.values.items()] + [f"-{name}" for name in change.clear]
            return " ".join(["set", change.entry.id, *words]).replace("set  ", "set ")
        case Move():
            return f"move {change.entry.id}" + (f" <{change.before}" if change.before else "")
        case Remove():
            return f"remove {change.entry.id}"
