# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds, for every wanted entry, the entry the router already has for it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row, held
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version

Key = tuple[str | None, ...]


def key_of(menu: Menu, values: Row, version: Version) -> Key:
    """What tells this entry from others: the menu's key fields in canonical spelling."""
    names = [*menu.key, *(name for name in menu.key_if if _counts(menu, name, values, version))]
    return tuple(held(values, menu.by_name[name], version) for name in names)


def _counts(menu: Menu, name: str, values: Row, version: Version) -> bool:
    return all(held(values, menu.by_name[other], version) == word for other, word in menu.key_if[name].items())


def content_of(menu: Menu, values: Row, version: Version) -> Key:
    """Everything an entry says, in canonical spelling, without the fields that only dress it."""
    names = sorted(name for name in values if name not in menu.loose and name in menu.by_name)
    pairs = ((name, held(values, menu.by_name[name], version)) for name in names)
    plain = ((name, value) for name, value in pairs if value not in (None, menu.by_name[name].default_on(version)))
    return tuple(part for pair in plain for part in pair)


def match(menu: Menu, have: Sequence[Entry], want: Sequence[Row], version: Version) -> list[Entry | None]:
    """For each wanted row the entry that stands for it, or None; no entry is given twice."""
    fleeting = {item.name for item in menu.fields if item.fleeting}
    takes_dynamic = any(fleeting & set(row) for row in want)
    mine = [entry for entry in have if takes_dynamic or not entry.dynamic]
    if menu.single:
        return [next(iter(mine), None) for _ in want]
    if menu.key:
        present = {key_of(menu, entry.values, version): entry for entry in reversed(mine)}
        return [present.get(key_of(menu, row, version)) for row in want]
    return _match_content(menu, mine, want, version)


def _match_content(menu: Menu, have: Sequence[Entry], want: Sequence[Row], version: Version) -> list[Entry | None]:
    """Same content and comment first, then same content, then a comment that is unique on both sides."""
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

    def marks(rows: Iterable[Row]) -> list[tuple[str, str]]:
        return [(row.get(menu.chain or "", ""), row.get("comment", "")) for row in rows]

    theirs, ours = marks(entry.values for entry in have), marks(want)
    often, asked = Counter(theirs), Counter(ours)
    at = {mark: entry for mark, entry in zip(theirs, have, strict=True) if mark[1] and often[mark] == 1}
    for index, mark in enumerate(ours):
        if asked[mark] == 1 and mark in at:
            yield index, at[mark]
