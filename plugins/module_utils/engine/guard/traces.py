# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traces that the packets of a session leave in address lists, which outlive the rules that made them.

A rule that comes, or one that packets come to only now, may list who makes the change among those to be blocked. When
the rule is gone again the entry is not, so the way back has to take it away, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row, switched_off
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import LISTS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.actions import LISTED_SIDE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_PATH
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

Tables = Mapping[Menu, Sequence[Entry]]
VERSIONS = {"/ip/firewall/": 4, "/ipv6/firewall/": 6}


@dataclass(frozen=True)
class Trace:
    """An entry that rules may make of an address of the session, and that was not there before."""

    menu: Menu
    list: str
    address: str
    """As the router writes it."""


def traces(adds: Iterable[Add], tables: Tables, addresses: Iterable[str]) -> tuple[Trace, ...]:
    """What may be listed of these addresses, the session's both ends, while a staged plan stands."""
    ends = sorted(set(addresses))
    return tuple(_traces(adds, tables, ends))


def _traces(adds: Iterable[Add], tables: Tables, ends: Sequence[str]) -> Iterator[Trace]:
    every = list(adds)
    for path, root in LISTS.items():
        menu = BY_PATH[path]
        names = {_filled(values) for values in _rules(root, every, tables)} - {""}
        entries = (each.values for each in tables.get(menu, ()) if each.values.get("list") in names)
        there = {(values["list"], _plain(values.get("address", ""))) for values in entries}
        for name in sorted(names):
            for end in ends:
                version = ip_address(end).version
                if version == VERSIONS[root] and (name, end) not in there:
                    yield Trace(menu, name, end if version == 4 else f"{end}/128")


def _rules(root: str, adds: Iterable[Add], tables: Tables) -> Iterator[Row]:
    """The rules of one family that are there, and those that come, which are off until they are switched on."""
    for menu, entries in tables.items():
        if menu.path.startswith(root):
            yield from (each.values for each in entries if not switched_off(each.values))
    yield from (add.values for add in adds if add.menu.path.startswith(root))


def _filled(values: Row) -> str:
    return values.get("address-list", "") if values.get("action") in LISTED_SIDE else ""


def _plain(text: str) -> str:
    return text.removesuffix("/32").removesuffix("/128")
