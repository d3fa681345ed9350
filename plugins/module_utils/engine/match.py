# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds, for every wanted entry, the entry the router already has for it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row, held, switched_off
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope, owns
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version

EVERYTHING = Scope()
Key: TypeAlias = "tuple[str | None, ...]"


def key_of(menu: Menu, values: Row, version: Version) -> Key:
    """What tells this entry from others: the menu's key fields in canonical spelling."""
    names = [*menu.key, *(name for name in menu.key_if if _counts(menu, name, values, version))]
    return tuple(held(values, menu.by_name[name], version) for name in names)


def claim(menu: Menu, values: Row, version: Version) -> Key | None:
    """What no two enabled entries of an exclusive menu may have in common; None: this one claims nothing."""
    if not menu.exclusive or switched_off(values):
        return None
    return tuple(held(values, menu.by_name[name], version) for name in menu.exclusive)


def _counts(menu: Menu, name: str, values: Row, version: Version) -> bool:
    return all(held(values, menu.by_name[other], version) == word for other, word in menu.key_if[name].items())


def content_of(menu: Menu, values: Row, version: Version) -> Key:
    """Everything an entry says, in canonical spelling, without the fields that only dress it."""
    names = sorted(name for name in values if name not in menu.loose and name in menu.by_name)
    pairs = ((name, held(values, menu.by_name[name], version)) for name in names)
    plain = ((name, value) for name, value in pairs if value not in (None, menu.by_name[name].default_on(version)))
    return tuple(part for pair in plain for part in pair)


def match(
    menu: Menu, have: Sequence[Entry], want: Sequence[Row], version: Version, scope: Scope = EVERYTHING
) -> list[Entry | None]:
    """For each wanted row the entry that stands for it, or None; no entry is given twice."""
    if menu.single:
        return [next(iter(have), Entry("", {})) for _dummy in want]
    if menu.key:
        present = _by_key(menu, have, version)
        choices = (_lasting(menu, row, present.get(key_of(menu, row, version), ())) for row in want)
        found = [next(iter(some), None) for some in choices]
        return _yielding(menu, have, want, found, version, scope) if menu.key_yields else found
    return _match_content(menu, [entry for entry in have if not entry.dynamic], want, version)


def _yielding(
    menu: Menu,
    have: Sequence[Entry],
    want: Sequence[Row],
    found: Sequence[Entry | None],
    version: Version,
    scope: Scope,
) -> list[Entry | None]:
    """What was found, and for the other rows the task's own entries that differ in the yielding fields alone.

    What is disabled excludes nothing, and so is an entry of its own.
    """
    firm = [name for name in menu.key if name not in menu.key_yields]
    taken = {entry.id for entry in found if entry}
    free = defaultdict[Key, deque[Entry]](deque)
    for entry in have:
        spared = entry.id in taken or entry.dynamic or entry.builtin or entry.disabled
        if not spared and owns(menu, scope, entry.values):
            free[_firm(menu, firm, entry.values, version)].append(entry)
    result = list(found)
    often = Counter(_firm(menu, firm, row, version) for row, entry in zip(want, found, strict=True) if entry is None)
    for index, row in enumerate(want):
        key = _firm(menu, firm, row, version)
        candidates = free[key]
        # Where something else says which is meant, it has to say so for one alone.
        clear = not menu.yields_with or (None not in key and len(candidates) == often[key] == 1)
        if result[index] is None and candidates and clear and not switched_off(row):
            result[index] = candidates.popleft()
    return result


def _firm(menu: Menu, firm: Sequence[str], values: Row, version: Version) -> Key:
    """In what an entry has to agree with the one that it stands for."""
    return tuple(held(values, menu.by_name[name], version) for name in (*firm, *menu.yields_with))


def match_all(menu: Menu, have: Sequence[Entry], want: Sequence[Row], version: Version) -> list[Entry]:
    """All entries that the rows stand for, duplicates too: what is not to exist any more.

    A rule is named by all that it says (with any comment, where the row has none), or by just its chain and comment.
    """
    if menu.key:
        present = _by_key(menu, have, version)
        keys = {key_of(menu, row, version): row for row in want}
        return [entry for key, row in keys.items() for entry in _lasting(menu, row, present.get(key, ()))]
    named = {_mark(menu, row) for row in want if row.get("comment") and set(row) <= {menu.chain, "comment"}}
    dressed = {(content_of(menu, row, version), row.get("comment", "")) for row in want}
    bare = {content for content, comment in dressed if not comment}
    found = []
    for entry in have:
        content, comment = content_of(menu, entry.values, version), entry.values.get("comment", "")
        if not entry.dynamic and (
            content in bare or (content, comment) in dressed or _mark(menu, entry.values) in named
        ):
            found.append(entry)
    return found


def _by_key(menu: Menu, have: Iterable[Entry], version: Version) -> dict[Key, list[Entry]]:
    present = defaultdict[Key, list[Entry]](list)
    for entry in have:
        present[key_of(menu, entry.values, version)].append(entry)
    return present


def _lasting(menu: Menu, row: Row, entries: Iterable[Entry]) -> list[Entry]:
    """Those of the entries that a row may mean: a dynamic one only where the row itself is to pass away."""
    fleeting = any(menu.by_name[name].fleeting for name in row)
    return sorted((entry for entry in entries if fleeting or not entry.dynamic), key=lambda entry: entry.dynamic)


def _match_content(menu: Menu, have: Sequence[Entry], want: Sequence[Row], version: Version) -> list[Entry | None]:
    """Same content and comment first, then same content, then a comment that is unique on both sides.

    A row with a comment never takes an entry with another one: that is somebody else's rule, even if it says the same.
    """
    found: list[Entry | None] = [None] * len(want)
    free: dict[str, Entry] = {entry.id: entry for entry in have}
    same = defaultdict[Key, deque[Entry]](deque)
    dressed = defaultdict[Key, deque[Entry]](deque)
    for entry in have:
        content = content_of(menu, entry.values, version)
        same[content].append(entry)
        dressed[(*content, entry.values.get("comment", ""))].append(entry)
    contents = [content_of(menu, row, version) for row in want]
    for index, row in enumerate(want):
        _take(found, free, index, dressed[(*contents[index], row.get("comment", ""))])
    for index, row in enumerate(want):
        if found[index] is None and not row.get("comment"):
            _take(found, free, index, same[contents[index]])
    for index, entry in _match_comments(menu, have, want):
        if found[index] is None and entry.id in free:
            found[index] = free.pop(entry.id)
    return found


def _take(found: list[Entry | None], free: dict[str, Entry], index: int, candidates: deque[Entry]) -> None:
    while candidates and found[index] is None:
        found[index] = free.pop(candidates.popleft().id, None)


def _match_comments(menu: Menu, have: Sequence[Entry], want: Sequence[Row]) -> Iterator[tuple[int, Entry]]:
    """Pairs whose chain and comment agree and occur once on the router and once among the wanted."""

    theirs, ours = [_mark(menu, entry.values) for entry in have], [_mark(menu, row) for row in want]
    often, asked = Counter(theirs), Counter(ours)
    at = {mark: entry for mark, entry in zip(theirs, have, strict=True) if mark[1] and often[mark] == 1}
    for index, mark in enumerate(ours):
        if asked[mark] == 1 and mark in at:
            yield index, at[mark]


def _mark(menu: Menu, values: Row) -> tuple[str, str]:
    return values.get(menu.chain or "", ""), values.get("comment", "")
