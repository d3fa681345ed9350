# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pattern comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering

Thing = TypeVar("Thing", bound=Hashable)
Entries = dict[str, list[Entry]]
"""Entries by module name, in the form that the module `config` takes."""


@dataclass(frozen=True)
class Compiled:
    """Entries, the marks of their owners, and sentences on what is wrong; with problems there are no entries."""

    config: Entries
    owners: tuple[str, ...]
    problems: tuple[str, ...] = ()
    reads: Entries = field(default_factory=dict)
    """What has to be read of a router first, as state `gathered` takes it."""


def twice(things: Iterable[Thing]) -> list[Thing]:
    """What is there more than once."""
    return [thing for thing, often in Counter(things).items() if often > 1]


def conflicts(tunnels: Sequence[Peering]) -> Iterator[str]:
    """Sentences for tunnels whose names or ends do not differ."""
    present = [tunnel for tunnel in tunnels if tunnel.present]
    for name in twice(tunnel.name for tunnel in tunnels):
        yield f"tunnel {name}: the name is given twice"
    for ends in twice(tunnel.ends for tunnel in present):
        names = ", ".join(tunnel.name for tunnel in present if tunnel.ends == ends)
        yield f"tunnels {names}: RouterOS takes one peer per remote_address ({ends[0]}), unless local_address differs"
