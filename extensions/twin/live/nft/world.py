# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules are translated with: the devices behind interface names, and the sets that rules look things up in."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class Unmapped(Exception):
    """Something that a live twin cannot do; says what, to follow `does not play`."""


def slug(name: str) -> str:
    """A name that nftables takes: the text itself where that is plain, else what is plain of it and a checksum."""
    if re.fullmatch(r"[A-Za-z0-9-]{1,60}", name):
        return name.replace("-", "_")
    return f"{re.sub('[^A-Za-z0-9]', '_', name)[:40]}_{zlib.crc32(name.encode()):08x}"


@dataclass(frozen=True)
class Set:
    """A set of the table: its definition, and elements where the rules themselves do not put them in."""

    definition: str
    elements: tuple[str, ...] = ()
    grows: bool = False

    def lines(self, name: str) -> list[str]:
        listed = f" elements = {{ {', '.join(self.elements)} }};" if self.elements else ""
        return [f"set {name} {{ {self.definition}{listed} }}"]


INTERVALS = "flags interval; auto-merge;"


@dataclass
class World:
    """The surroundings of one router's rules.

    `devices` are the kernel's, by interface name: the tunnel device stands beside the one its packets travel through,
    since RouterOS shows decrypted packets with the interface they came in by. `lists` are the devices of interface
    lists. `tunnel` is the device of IPsec in user space, empty where the kernel encrypts.
    """

    devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    address_lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grown: frozenset[str] = frozenset()
    tunnel: str = ""
    sets: dict[str, Set] = field(default_factory=dict)

    def constant(self, kind: str, elements: Iterable[str]) -> str:
        """A set that never changes, by its content.

        nftables 1.0.6 joins `th dport != 1` and `th sport != 2` to one comparison, which is true when either differs;
        it leaves lookups in named sets alone.
        """
        found = tuple(elements)
        flags = INTERVALS if kind != "ifname" else ""
        definition = f"type {kind}; {flags}"
        name = f"k_{zlib.crc32(repr((definition, found)).encode()):08x}"
        self.sets[name] = Set(definition, found)
        return f"@{name}"

    def listed(self, name: str) -> list[str]:
        """The sets that hold an address list: its entries and, where rules add to it, what they added."""
        fixed = f"a_{slug(name)}"
        self.sets[fixed] = Set(f"type ipv4_addr; {INTERVALS}", self.address_lists.get(name, ()))
        return [f"@{fixed}", *([self.growing(name)] if name in self.grown else ())]

    def growing(self, name: str) -> str:
        """The set that rules add addresses to."""
        found = grown_set(name)
        self.sets[found] = Set("type ipv4_addr; flags dynamic,timeout; size 65535;", grows=True)
        return f"@{found}"

    def counting(self, key: str, kinds: str, expire: int) -> str:
        """A set that holds a rate for each key, forgotten after so many seconds without packets."""
        name = f"l_{zlib.crc32(f'{key} {kinds} {expire}'.encode()):08x}"
        self.sets[name] = Set(f"type {kinds}; flags dynamic,timeout; timeout {expire}s; size 65535;", grows=True)
        return f"@{name}"


def grown_set(name: str) -> str:
    """The name of the set that holds what rules added to an address list."""
    return f"d_{slug(name)}"
