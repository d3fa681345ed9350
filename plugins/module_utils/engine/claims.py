# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands on what only one enabled entry may have: nobody asks for it before its holder has let go.

What has to make room is switched off, never removed early: so it keeps its id, and all that names it still does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.match import claim
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version


def handed_on(
    menu: Menu, sets: Sequence[Set], made: Iterable[Change], leaving: Iterable[Entry], version: Version
) -> list[Set]:
    """The Sets of an exclusive menu in an order that works, and before them what has to be switched off for it.

    `made` are changes that come after, `leaving` the entries that will be removed after those.
    """
    claims = {claim(menu, changed_values(change), version) for change in sets}
    claims |= {claim(menu, change.values, version) for change in made if isinstance(change, Add)}
    blocking = (entry for entry in leaving if claim(menu, entry.values, version) in claims - {None})
    return [*(_off(menu, entry) for entry in blocking), *_Exchange(menu, sets, version).run()]


def _off(menu: Menu, entry: Entry) -> Set:
    return Set(menu, entry, {"disabled": "yes"})


class _Exchange:
    """Sets that wait for one another, because the one wants what the other still has."""

    def __init__(self, menu: Menu, sets: Sequence[Set], version: Version) -> None:
        self.menu, self.sets = menu, list(sets)
        has = [claim(menu, change.entry.values, version) for change in sets]
        wants = [claim(menu, changed_values(change), version) for change in sets]
        holders: dict[object, list[int]] = {}
        for n, key in enumerate(has):
            if key is not None and key != wants[n]:
                holders.setdefault(key, []).append(n)
        self.waits = {n: set(holders.get(key, ())) for n, key in enumerate(wants) if key is None or key != has[n]}
        self.waiting: dict[int, list[int]] = {}
        for n, others in self.waits.items():
            for other in others:
                self.waiting.setdefault(other, []).append(n)

    def run(self) -> Iterator[Set]:
        """One after the other; where they wait in a circle, one is switched off first and on again by its own Set."""
        ready = [n for n in range(len(self.sets)) if not self.waits.get(n)]
        left = dict.fromkeys(n for n in range(len(self.sets)) if self.waits.get(n))
        while ready or left:
            for n in ready:
                yield self.sets[n]
                left.pop(n, None)
                # Appending to a list that is being gone through is well defined, and what a queue is for.
                ready += self._released(n)
            ready = []
            if left:
                n = self._in_a_circle(min(left))
                yield _off(self.menu, self.sets[n].entry)
                on = Set(self.menu, self.sets[n].entry, {"disabled": "no", **self.sets[n].values}, self.sets[n].clear)
                self.sets[n] = on
                ready = self._released(n)

    def _released(self, holder: int) -> list[int]:
        """Those that waited for this one alone."""
        waiting = self.waiting.pop(holder, [])
        for n in waiting:
            self.waits[n].discard(holder)
        return [n for n in waiting if not self.waits[n]]

    def _in_a_circle(self, n: int) -> int:
        """One of those that, going from each to one that it waits for, come round to themselves."""
        passed: set[int] = set()
        while n not in passed:
            passed.add(n)
            n = min(self.waits[n])
        return n
