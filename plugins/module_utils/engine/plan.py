# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what a router has to be told so that it holds what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Plan, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import (
    check_addable,
    check_deletable,
    check_entry,
    check_given,
    check_menu,
    check_once,
    check_removable,
    check_removal,
    check_together,
    check_version,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.claims import handed_on
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.effect import check_effect
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import (
    Entry,
    Row,
    held,
    is_hidden,
    label,
    spell,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.match import key_of, match, match_all
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.order import Course, Place, Step, Wish, course
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import (
    Scope,
    check_doomed,
    check_scope,
    check_within,
    owns,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.stage import denies, hurts
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version

Tables = Mapping[Menu, Sequence[Entry]]
Wants = Mapping[Menu, Sequence[Row]]
FULL = ("replaced", "overridden")


@dataclass(frozen=True)
class Intent:
    """What a task asks for: rows per menu, in dependency order, and what is to happen with them."""

    wants: Wants
    state: str = "merged"
    scope: Scope = field(default_factory=Scope)
    keep: Mapping[Menu, frozenset[str]] = field(default_factory=dict)
    """Fields that only new entries are given: on those that stand, something on the router changes them."""
    places: Mapping[Menu, Sequence[Place | None]] = field(default_factory=dict)
    """Where the user wants the rows of a menu, one for each."""
    effective: bool = True
    """Refuse rules that would decide no packet."""


@dataclass(frozen=True)
class Draft:
    """The changes one menu needs, by the time at which they may be made."""

    early: tuple[Change, ...] = ()
    """Removals that have to come first: what is to change and cannot, or what has the key of something that comes."""
    build: tuple[Change, ...] = ()
    late: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    """Ids of the entries that stand for wanted rows."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """All of them in their order."""
        return (*self.early, *self.build, *self.late)


def check(intent: Intent) -> None:
    """Raise Problem for anything in the intent that no router could do; needs no router."""
    for menu, rows in intent.wants.items():
        if intent.state == "deleted":
            check_deletable(menu)
        check_scope(menu, intent.scope, rows if intent.state == "overridden" else ())
        if intent.state == "deleted":
            check_doomed(menu, intent.scope, rows)
        for row in rows:
            check_entry(menu, row)
            check_given(menu, row, _essential(menu))
            if intent.state == "deleted":
                check_removal(menu, row)


def _essential(menu: Menu) -> Iterator[str]:
    """Fields without which no entry can be told apart."""
    for item in menu.fields:
        tells_apart = item.name in menu.key or item.name == menu.chain
        if tells_apart and (item.required or item.name == "name"):
            yield item.name


def plan(tables: Tables, intent: Intent, version: Version) -> Plan:
    """Compare what the router has with what is wanted; raises Problem for what this version cannot do.

    Made before what needs it, removed after what needed it, and nothing taken away before its replacement stands.
    """
    drafts = [_draft(menu, tables.get(menu, ()), rows, intent, version) for menu, rows in intent.wants.items()]
    warnings = [text for draft in drafts for text in draft.warnings]
    for menu, draft in zip(intent.wants, drafts, strict=True):
        warnings += check_effect(menu, tables.get(menu, ()), draft.changes, draft.own, version, intent.effective)
    early = [change for draft in reversed(drafts) for change in draft.early]
    build = [change for draft in drafts for change in draft.build]
    late = [change for draft in reversed(drafts) for change in draft.late]
    return Plan((*early, *build, *late), tuple(warnings))


def _draft(menu: Menu, have: Sequence[Entry], want: Sequence[Row], intent: Intent, version: Version) -> Draft:
    if not want and not (_sweeps(intent) and menu.on(version)):
        return Draft()
    check_menu(menu, version)
    for row in want:
        check_version(menu, row, version)
    if menu.key and not menu.single:
        check_once(menu, want, [key_of(menu, row, version) for row in want])
    if intent.state == "deleted":
        return Draft(late=removals(menu, _doomed(menu, have, want, intent.scope, version)))
    found = match(menu, have, want, version, intent.scope)
    leaving = _leaving(menu, have, found, intent)
    if kept := intent.keep.get(menu):
        want = [_keeping(row, entry, kept) if entry else row for row, entry in zip(want, found, strict=True)]
    places = intent.places.get(menu) or [None] * len(want)
    return _build(menu, have, want, found, leaving, places, intent.state in FULL, version)


def _keeping(row: Row, entry: Entry, kept: frozenset[str]) -> Row:
    """The row with what the entry holds in the fields that are the router's to change."""
    rest = {name: text for name, text in row.items() if name not in kept}
    return {**rest, **{name: text for name, text in entry.values.items() if name in kept}}


def _sweeps(intent: Intent) -> bool:
    """Whether a menu of which no entry is given loses what lies in the scope; without a scope, that takes a word."""
    return intent.state == "overridden" or (intent.state == "deleted" and intent.scope.narrows)


def _doomed(menu: Menu, have: Sequence[Entry], want: Sequence[Row], scope: Scope, version: Version) -> list[Entry]:
    """The entries that the rows stand for, or without rows all that the scope holds; raises Problem for others."""
    if not want:
        return [each for each in _own(have) if owns(menu, scope, each.values)]
    found = match_all(menu, have, want, version)
    for entry in found:
        check_removable(menu, entry)
        check_within(menu, scope, entry.values)
    return found


def _own(have: Iterable[Entry]) -> Iterator[Entry]:
    """Entries that the router did not make itself."""
    return (entry for entry in have if not entry.builtin and not entry.dynamic)


def _leaving(menu: Menu, have: Sequence[Entry], found: Sequence[Entry | None], intent: Intent) -> list[Entry]:
    if intent.state != "overridden" or menu.single or not menu.adds:
        return []
    kept = {entry.id for entry in found if entry}
    return [each for each in _own(have) if each.id not in kept and owns(menu, intent.scope, each.values)]


def removals(menu: Menu, entries: Iterable[Entry]) -> tuple[Change, ...]:
    """What denies goes first: an accept that went before it would leave a moment in which nothing is accepted."""
    return tuple(Remove(menu, entry) for entry in sorted(entries, key=lambda entry: not denies(entry.values)))


def _build(
    menu: Menu,
    have: Sequence[Entry],
    want: Sequence[Row],
    found: Sequence[Entry | None],
    leaving: Sequence[Entry],
    places: Sequence[Place | None],
    full: bool,
    version: Version,
) -> Draft:
    updates = [
        _update(menu, row, entry, full, version) if entry else None for row, entry in zip(want, found, strict=True)
    ]
    swapped = [] if menu.sets else [change.entry for change in updates if change]
    gone = {entry.id for entry in swapped}
    found = [None if entry and entry.id in gone else entry for entry in found]
    for row in (row for row, entry in zip(want, found, strict=True) if entry is None):
        check_addable(menu, row, have)
    pairs = zip(want, found, updates, places, strict=True)
    wishes = [_wish(menu, row, entry, change, place, version) for row, entry, change, place in pairs]
    way, warnings = _course(menu, have, wishes, leaving, version)
    sets = [change for change in updates if change and menu.sets]
    made = [_made(menu, step, want, found, version) for step in way.steps]
    return Draft(
        tuple(Remove(menu, entry) for entry in swapped),
        tuple(arranged(menu, sets, made, leaving, version)),
        removals(menu, leaving),
        (*warnings, *_hidden(menu, want, found)),
        frozenset(entry.id for entry in found if entry),
    )


def arranged(
    menu: Menu, sets: Sequence[Set], made: Sequence[Change], leaving: Iterable[Entry], version: Version
) -> Iterator[Change]:
    """What changes entries and what makes or moves them, in the order in which it neither hurts nor is refused."""
    if menu.exclusive:
        yield from (*handed_on(menu, sets, made, leaving, version), *made)
        return
    # A rule that starts to deny, or stops to permit, does so when what it makes room for is in place.
    yield from (change for change in sets if not hurts(change))
    yield from made
    yield from (change for change in sets if hurts(change))


def _made(menu: Menu, step: Step, want: Sequence[Row], found: Sequence[Entry | None], version: Version) -> Add | Move:
    entry = found[step.index]
    if entry:
        return Move(menu, entry, step.before)
    return Add(menu, _initial(menu, want[step.index], version), step.before)


def _wish(menu: Menu, row: Row, entry: Entry | None, change: Set | None, place: Place | None, version: Version) -> Wish:
    """The entry as it is to be; raises Problem when it cannot be so, and believes that what is there can be."""
    if entry and not change:
        return Wish(entry.values, entry, place=place)
    values = changed_values(change) if entry and change else row
    if entry is None:
        check_given(menu, row, (item.name for item in menu.fields if item.required))
    check_together(menu, values, version)
    return Wish(values, entry, change is not None, place)


def _course(
    menu: Menu, have: Sequence[Entry], wishes: Sequence[Wish], leaving: Sequence[Entry], version: Version
) -> tuple[Course, list[str]]:
    """The steps to the wanted order, and a warning where this version cannot be trusted to move entries."""
    if not menu.ordered:
        return Course(tuple(Step(index, None) for index, wish in enumerate(wishes) if not wish.entry)), []
    way = course(menu, have, wishes, frozenset(entry.id for entry in leaving), version)
    if not way.stuck:
        return way, []
    # To remove such an entry and add it elsewhere would let its traffic out in clear meanwhile.
    names = ", ".join(label(menu, wishes[index].values) for index in way.stuck)
    text = f"RouterOS before {menu.moves_since} does not move entries reliably, so these were left in their place"
    return way, [f"{menu.path}: {text}: {names}"]


def _update(menu: Menu, row: Row, entry: Entry, full: bool, version: Version) -> Set | None:
    """The difference between an entry and its wanted row, or None."""
    target = {**_resting(menu, row, entry, version), **row} if full else dict(row)
    values: dict[str, str] = {}
    clear: list[str] = []
    for name, text in target.items():
        item = menu.by_name[name]
        if item.fleeting or is_hidden(entry.values, item):
            continue
        if held({name: text}, item, version) == held(entry.values, item, version):
            continue
        default = item.default_on(version)
        if text or item.kind.empty:
            values[name] = text
        elif default is None and menu.unsets:
            clear.append(name)
        else:
            values[name] = default or ""
    return Set(menu, entry, values, tuple(clear)) if values or clear else None


def _resting(menu: Menu, row: Row, entry: Entry, version: Version) -> dict[str, str]:
    """What the fields nobody gave go back to; secrets stay, so that what `gathered` shows can be replayed.

    What the router's own entries hold without a default, such as the port of a service, has nothing to go back to.
    """
    given = {**entry.values, **row}
    return {
        item.name: item.default_on(version) or ""
        for item in menu.fields
        if not item.secret and item.name not in menu.key and not (item.follows and given.get(item.follows))
        if (menu.adds or item.default is not None) and not item.stays
    }


def _initial(menu: Menu, row: Row, version: Version) -> dict[str, str]:
    """The words of a new entry: what was given, without the wish to clear what is clear anyway."""
    known = ((menu.by_name[name], text) for name, text in row.items())
    said = {item.name: text for item, text in known if text or (item.kind.empty and held({}, item, version))}
    return {name: text for name, text in said.items() if not _idle(menu.by_name[name], text)}


def _idle(item: Field, text: str) -> bool:
    """Whether a new entry would be so by itself, and the router has no value to say it by."""
    return item.absent is not None and spell(item, text) == item.absent == item.default


def _hidden(menu: Menu, want: Sequence[Row], found: Sequence[Entry | None]) -> Iterator[str]:
    for row, entry in zip(want, found, strict=True):
        for name in row if entry else ():
            if is_hidden(entry.values if entry else {}, menu.by_name[name]):
                yield (
                    f"{menu.path} {label(menu, row)}: the router hides {name} from this account, so it was neither "
                    "compared nor changed; give the account's group the policy `sensitive`"
                )
