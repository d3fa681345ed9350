# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps nftables in a router's namespace as its firewall menus say, and the menus as packets have made them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..behaviour.firewall import DUMMY
from ..model import Row, Values
from ..table import Table
from ..values.basic import spell_duration
from . import netns
from .nft import Rule, Ruleset, Unmapped, World, translate
from .nft.ruleset import TABLE, Guards
from .nft.world import grown_set
from .state import address_lists, devices, enabled, members, shown

if TYPE_CHECKING:
    from ..router import Router

PATHS = {f"/ip/firewall/{name}": name for name in ("raw", "filter", "nat")}
# Not put into effect, so that a rule in them is refused instead of passed over.
UNPLAYED = ("/ip/firewall/mangle", *(f"/ipv6/firewall/{name}" for name in ("raw", "mangle", "nat")))
TRACKING = "/ip/firewall/connection/tracking"
LISTS = "/ip/firewall/address-list"
INTERFACES = ("/interface", "/interface/list", "/interface/list/member")
# Whatever is changed in these menus may change what nftables has to do.
WATCHED = frozenset((*PATHS, LISTS, *INTERFACES))


class Firewall:
    """One router's packet filter. `tunnel` is the device of IPsec in user space, or empty."""

    def __init__(self, router: Router, node: str, tunnel: str) -> None:
        self.router = router
        self.node = node
        self.tunnel = tunnel
        self.standing = Ruleset()
        # Entries that rules have made, by list and address.
        self.grown: dict[tuple[str, str], str] = {}

    def check(self, table: Table, values: Values) -> None:
        """Raise Unmapped for a rule that cannot be put into effect."""
        path = table.menu.path
        if values.get("disabled") == "true" or values.get("comment") == DUMMY:
            return
        if path in UNPLAYED:
            raise Unmapped(path)
        if path == TRACKING and values.get("enabled") == "no":
            raise Unmapped(f"enabled=no of {path}")
        if path in PATHS and (found := shown(self.router, table, values)) is not None:
            translate(World(tunnel=self.tunnel), Rule(PATHS[path], "*0", found))

    def rules(self) -> list[Rule]:
        """Enabled rules in their order; one that names what is gone applies to nothing."""
        found = []
        for path, name in PATHS.items():
            table = self.router.tables[path]
            for row in enabled(table):
                values = shown(self.router, table, row.values)
                if values is not None and not row.dynamic:
                    found.append(Rule(name, row.id, values))
        return found

    def world(self, rules: Sequence[Rule], behind: str) -> World:
        """`behind` is the device that tunnelled packets come in by."""
        known = {
            name: (found, self.tunnel) if found == behind and self.tunnel else (found,)
            for name, found in devices(self.router).items()
        }
        lists = {
            name: tuple(each for one in those for each in known[one]) for name, those in members(self.router).items()
        }
        growing = frozenset(
            rule.values.get("address-list", "") for rule in rules if rule.values["action"].startswith("add-")
        )
        return World(known, lists, address_lists(self.router), growing, self.tunnel)

    def settle(self, guards: Guards, behind: str) -> None:
        """Load what has changed, all of it at one moment; a rate limit begins with a full bucket then."""
        self._forget_removed()
        rules = self.rules()
        wanted = Ruleset.of(self.world(rules, behind), rules, guards)
        if wanted != self.standing:
            netns.run(["nft", "-f", "-"], node=self.node, text=wanted.script(self.standing))
            self.standing = wanted

    def refresh(self, path: str) -> None:
        """Bring the counters of a table, or the address lists, up to what the kernel knows."""
        if path in PATHS:
            self._count(path)
        elif path == LISTS:
            self._grow()

    def _count(self, path: str) -> None:
        counted = {each["name"]: each for each in self._told("counters", "counter")}
        for row in self.router.tables[path]:
            if found := counted.get(Rule(PATHS[path], row.id, {}).key):
                row.values["bytes"], row.values["packets"] = str(found["bytes"]), str(found["packets"])

    def reset(self, path: str, rows: Sequence[Row]) -> None:
        """Let counters begin anew."""
        for row in rows:
            key = Rule(PATHS[path], row.id, {}).key
            if key in self.standing.counters:
                netns.run(["nft", "reset", "counter", *TABLE.split(), key], node=self.node)
            row.values["bytes"] = row.values["packets"] = "0"

    def _told(self, kind: str, word: str) -> Iterator[dict[str, Any]]:
        text = netns.run(["nft", "-j", "list", kind, "table", *TABLE.split()], node=self.node)
        return (each[word] for each in json.loads(text)["nftables"] if word in each)

    def _elements(self) -> dict[tuple[str, str], int | None]:
        """What rules have put in lists, and in how many seconds each goes."""
        names = {grown_set(rule.values.get("address-list", "")): rule.values.get("address-list", "")
                 for rule in self.rules() if rule.values["action"].startswith("add-")}  # fmt: skip
        found: dict[tuple[str, str], int | None] = {}
        for each in self._told("sets", "set") if names else ():
            for element in each.get("elem", ()) if each["name"] in names else ():
                one = element["elem"] if isinstance(element, dict) else {"val": element}
                found[names[each["name"]], one["val"]] = one.get("expires")
        return found

    def _grow(self) -> None:
        """Make an entry for each address that rules have listed, and take away those whose time is over."""
        elements, table = self._elements(), self.router.tables[LISTS]
        for key in [key for key in self.grown if key not in elements]:
            if row := table.by_id(self.grown.pop(key)):
                table.discard(row)
                self.router.behaviours[LISTS].dropped(row)
                self.router.removed(table, row.id)
        for key, expires in elements.items():
            if key not in self.grown:
                self._enter(table, key, expires)

    def _enter(self, table: Table, key: tuple[str, str], expires: int | None) -> None:
        row = Row(table.new_id(), {}, dynamic=True)
        values = {"list": key[0], "address": key[1], "disabled": "false", "dynamic": "true"}
        if expires is not None:
            values["timeout"] = spell_duration(max(1, expires) * 1000)
        table.store(row, values)
        table.insert(row)
        self.grown[key] = row.id
        self.router.behaviours[LISTS].placed(row, True)
        self.router.changed(table, row)

    def _forget_removed(self) -> None:
        """Somebody removed an entry that a rule had made: its address goes from the kernel's list as well."""
        table = self.router.tables[LISTS]
        for key in [key for key, id_ in self.grown.items() if table.by_id(id_) is None]:
            del self.grown[key]
            name = grown_set(key[0])
            if name in self.standing.sets and key in self._elements():
                element = f"delete element {TABLE} {name} {{ {key[1]} }}\n"
                netns.run(["nft", "-f", "-"], node=self.node, text=element)
