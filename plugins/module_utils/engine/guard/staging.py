# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rearranges a plan so that a router can undo it alone: what comes is put in place switched off, what goes is switched
off and stays, and both carry a mark in the comment until the change is confirmed.

A rule that moves, or changes what it does, is replaced by a copy: so the traffic sees two moments only, the new rules
on and the old ones off. What has no effect on traffic is left out, and so are secrets, which must not stand in a
script: a second plan makes that up when the first is confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import MARKS, Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, label, own_values, switched_off
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import acts
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.traces import Trace
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.stage import denies
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

Tables = Mapping[Menu, Sequence[Entry]]
NEW, OLD, OFF = MARKS


@dataclass(frozen=True)
class Enable:
    """Switch entries on that were added switched off, by their numbers among the staged ones."""

    menu: Menu
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Disable:
    """Switch entries off that are to go."""

    menu: Menu
    entries: tuple[Entry, ...]


Step: TypeAlias = "Enable | Disable | Set | Add"


@dataclass(frozen=True)
class Staged:
    """A plan for two phases: `adds` and `marks` do nothing to traffic, `steps` do, one command each."""

    adds: tuple[Add, ...] = ()
    marks: tuple[Set, ...] = ()
    steps: tuple[Step, ...] = ()
    traces: tuple[Trace, ...] = ()
    """What may be listed of the session meanwhile, and would outlive the plan."""

    def __bool__(self) -> bool:
        return bool(self.steps)


def stage(changes: Iterable[Change], before: Tables) -> Staged:
    """Stage a plan; raises Problem for a rule that nobody here could copy."""
    every = list(changes)
    draft = _Draft(every, before)
    for number, change in enumerate(every):
        if change.menu.ordered and change.menu.chain:
            draft.rule(number, change)
        else:
            draft.entry(change)
    return Staged(tuple(draft.adds), tuple(draft.marks), tuple(_joined(draft.steps)))


class _Draft:
    """What is staged so far."""

    def __init__(self, changes: Sequence[Change], before: Tables) -> None:
        self.adds: list[Add] = []
        self.marks: list[Set] = []
        self.steps: list[Step] = []
        self._changes, self._before = changes, before
        self._last = {change.menu: number for number, change in enumerate(changes)}
        """Where each menu's changes end."""
        self._built = {change.menu: number for number, change in enumerate(changes) if not isinstance(change, Remove)}
        """Where each menu's changes end, removals aside."""

    def rule(self, number: int, change: Change) -> None:
        """The new rules of a table come on together when the last of them would, the old ones go with the last."""
        menu = change.menu
        if self._built.get(menu) == number:
            self.enable(menu, newcomers(menu, self._before.get(menu, ()), self._of(menu)))
        if self._last[menu] == number:
            self.disable(menu, leavers(self._of(menu)))

    def _of(self, menu: Menu) -> list[Change]:
        return [change for change in self._changes if change.menu is menu]

    def entry(self, change: Change) -> None:
        """Other entries come and go in the order of the plan."""
        if not change.menu.sets:
            # What is replaced has to go before its successor comes, and could not come back: its key is a secret.
            return
        match change:
            case Add() if not markable(change.menu):
                # Nothing uses it yet.
                self.adds.append(change)
            case Add() if any(change.menu.by_name[name].fleeting for name in change.values):
                self.steps.append(replace(change, values=_marked(change.values)))
            case Add():
                self.enable(change.menu, [change])
            case Remove() if markable(change.menu):
                # What is off acts on nothing, but may name what goes after it.
                self.disable(change.menu, [change.entry])
            case Set() if acts(change):
                plain = {item.name for item in change.menu.fields if not item.secret}
                values = {name: text for name, text in change.values.items() if name in plain}
                clear = tuple(name for name in change.clear if name in plain)
                if values or clear:
                    self.steps.append(replace(change, values=values, clear=clear))

    def enable(self, menu: Menu, adds: Sequence[Add]) -> None:
        """Add entries switched off, and switch on together those that are to be on, what permits first."""
        first = len(self.adds)
        self.adds += [replace(add, values={**_marked(add.values), "disabled": "yes"}) for add in adds]
        on = [number for number, add in enumerate(adds) if not switched_off(add.values)]
        on.sort(key=lambda number: denies(adds[number].values))
        if on:
            self.steps.append(Enable(menu, tuple(first + number for number in on)))

    def disable(self, menu: Menu, entries: Sequence[Entry]) -> None:
        """Mark entries as going, and switch them off together, what denies first."""
        for each in entries:
            mark = OFF if each.disabled else OLD
            self.marks.append(Set(menu, each, {"comment": mark + each.values.get("comment", "")}))
        on = sorted((each for each in entries if not each.disabled), key=lambda each: not denies(each.values))
        if on:
            self.steps.append(Disable(menu, tuple(on)))


def markable(menu: Menu) -> bool:
    """Whether an entry of a menu can wait switched off, with a mark; what cannot is found again by its name."""
    return {"comment", "disabled"} <= {*menu.by_name}


def unmarked(values: Mapping[str, str]) -> dict[str, str]:
    """The values of an entry, or of a change of its comment, without the guard's mark."""
    comment = values.get("comment", "")
    mark = next((mark for mark in MARKS if comment.startswith(mark)), "")
    return {**values, "comment": comment.removeprefix(mark)}


def _marked(values: Mapping[str, str]) -> dict[str, str]:
    return {**values, "comment": NEW + values.get("comment", "")}


def _joined(steps: Iterable[Step]) -> Iterator[Step]:
    """Neighbours that switch entries of the same menu the same way become one command."""
    waiting: Step | None = None
    for step in steps:
        if isinstance(waiting, Enable) and isinstance(step, Enable) and step.menu is waiting.menu:
            waiting = replace(waiting, numbers=(*waiting.numbers, *step.numbers))
        elif isinstance(waiting, Disable) and isinstance(step, Disable) and step.menu is waiting.menu:
            waiting = replace(waiting, entries=(*waiting.entries, *step.entries))
        else:
            if waiting:
                yield waiting
            waiting = step
    if waiting:
        yield waiting


def unstaged(change: Change) -> bool:
    """Whether a change of secrets, at least in part, waits for the confirmation and so has no way back."""
    secret = {item.name for item in change.menu.fields if item.secret}
    match change:
        case Set():
            return bool(secret & {*change.values, *change.clear})
        case Add() | Remove():
            return bool(secret) and not change.menu.sets
        case Move():
            return False


def leavers(changes: Iterable[Change]) -> list[Entry]:
    """The rules that a table's changes take away or replace, as far as they act, each once."""
    found = {change.entry.id: change.entry for change in changes if not isinstance(change, Add) and acts(change)}
    return list(found.values())


def newcomers(menu: Menu, have: Sequence[Entry], changes: Sequence[Change]) -> list[Add]:
    """The rules that come into a table, copies of those that move or change included, each before one that stays.

    They are given in their final order: of two before the same rule the first one stands first.
    """
    replaced = {change.entry.id: change.entry for change in changes if isinstance(change, Move | Set) and acts(change)}
    _check_copies(menu, replaced.values())
    # Of a rule that is off the place has no meaning yet: it moves when all is confirmed, and is no landmark until then.
    idle = {change.entry.id for change in changes if isinstance(change, Move)} - {*replaced}
    stay = {entry.id for entry in have if entry.id not in {*replaced, *idle} and not entry.dynamic}
    wanted = simulate({menu: have}, (change for change in changes if not isinstance(change, Remove)))[menu]
    found: list[Add] = []
    anchor: str | None = None
    for entry in reversed(wanted):
        if entry.id in stay:
            anchor = entry.id
        elif not entry.dynamic and entry.id not in idle:
            found.append(Add(menu, own_values(menu, entry.values), anchor))
    return found[::-1]


def _check_copies(menu: Menu, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if entry.strange:
            names = ", ".join(sorted(entry.strange))
            why = f"it has properties that are not known here ({names}), so no copy could be staged under the guard"
            raise Problem(menu, label(menu, entry.values), f"{why}; change it by hand, or with guard: never")
