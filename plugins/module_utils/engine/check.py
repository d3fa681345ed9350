# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds wanted entries against the schema before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import HIDDEN, Entry, Row, held, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version, exists, parts

MARKS = ("vpnops-guard-new: ", "vpnops-guard-old: ", "vpnops-guard-off: ")
"""What the comments of entries begin with until a guarded change is confirmed: of those that come, of those that go,
and of those that go and were off before; all of the same length."""


class Problem(ValueError):
    """What was asked for cannot be: one sentence with menu, entry, field, what was given and what is allowed."""

    def __init__(self, menu: Menu, entry: str, sentence: str) -> None:
        super().__init__(f"{menu.path} {entry}: {sentence}" if entry else f"{menu.path}: {sentence}")


def show_version(version: Version) -> str:
    """`(7, 16, 2)` as people write it."""
    return ".".join(map(str, version))


def check_menu(menu: Menu, version: Version) -> None:
    """Raise Problem when routers of this version lack the menu."""
    if not menu.on(version):
        raise Problem(menu, "", f"RouterOS {show_version(version)} does not have this menu{_when(menu)}")


def check_entry(menu: Menu, row: Row) -> None:
    """Raise Problem for the first field whose value is not of its kind; needs no router."""
    if row.get("comment", "").startswith(MARKS):
        sentence = "comment: it begins like the marks of unfinished guarded changes, so the next task would undo it"
        raise Problem(menu, label(menu, row), f"{sentence}; choose another")
    if row.get("name") in menu.reserved:
        raise Problem(menu, label(menu, row), "name: it is kept for guarded changes; choose another")
    for name, text in row.items():
        item = menu.by_name[name]
        _check_proof(menu, row, item)
        if item.secret and text and not text.strip("*"):
            sentence = f"{name}: asterisks stand for a secret that is not shown; give the secret, or leave it out"
            raise Problem(menu, label(menu, row), sentence)
        if text == "" or (item.refers and item.kind.named is parts):
            continue
        try:
            item.kind.normal(text)
        except ValueError as allowed:
            given = HIDDEN if item.secret else repr(text)
            raise Problem(menu, label(menu, row), f"{name}: {given} was given, allowed is {allowed}") from None
        if item.follows and row.get(item.follows):
            sentence = f"{name}: the router takes it from {item.follows}, so only one of the two can be given"
            raise Problem(menu, label(menu, row), sentence)


def _check_proof(menu: Menu, row: Row, item: Field) -> None:
    """Raise Problem when a secret is given that the entry does not use, or an empty one that it needs."""
    for other, words in item.shown_while.items():
        used = row.get(other, words[0]) in words
        if row[item.name] and not used:
            sentence = f"{item.name}: the router keeps it only with {other}={' or '.join(words)}"
            raise Problem(menu, label(menu, row), sentence)
        if used and not row[item.name]:
            sentence = f"{item.name}: it is empty; leave it out to keep the one that is there"
            raise Problem(menu, label(menu, row), sentence)


def check_removal(menu: Menu, row: Row) -> None:
    """Raise Problem when a row says nothing by which an entry to be removed could be found."""
    if menu.key and not any(row.get(name) for name in menu.key):
        keys = ", ".join(menu.key)
        sentence = f"nothing is given of what tells entries apart ({keys}); by a mark, scope.owner removes them"
        raise Problem(menu, label(menu, row), sentence)


def check_deletable(menu: Menu) -> None:
    """Raise Problem when nothing of the menu can be deleted."""
    if menu.single:
        raise Problem(menu, "", "it is one set of properties and cannot be deleted")
    if not menu.adds:
        off = "; disabled switches one off" if "disabled" in menu.by_name else ""
        raise Problem(menu, "", f"its entries are the router's own and cannot be deleted{off}")


def check_addable(menu: Menu, row: Row, have: Iterable[Entry]) -> None:
    """Raise Problem when an entry that the router does not have is one that nobody can add."""
    if not menu.adds:
        names = ", ".join(entry.values.get(menu.key[0], "") for entry in have if not entry.dynamic)
        sentence = f"the router has no such entry, and none can be added; it has {names or 'none'}"
        raise Problem(menu, label(menu, row), sentence)


def check_removable(menu: Menu, entry: Entry) -> None:
    """Raise Problem when the router made an entry itself and keeps it."""
    if entry.builtin:
        raise Problem(menu, label(menu, entry.values), "is built in and cannot be removed")


def check_version(menu: Menu, row: Row, version: Version) -> None:
    """Raise Problem for the first field, or word of a field, that routers of this version lack."""
    for name, text in row.items():
        item = menu.by_name[name]
        if not item.on(version):
            sentence = f"{name}: RouterOS {show_version(version)} does not have it{_when(item)}"
            raise Problem(menu, label(menu, row), sentence)
        for word in text.removeprefix("!").split(","):
            since = item.kind.since.get(word)
            if since and not exists(since, None, version):
                sentence = f"{name}: {word} needs RouterOS {since} or newer, this is {show_version(version)}"
                raise Problem(menu, label(menu, row), sentence)


def check_given(menu: Menu, row: Row, names: Iterable[str]) -> None:
    """Raise Problem when one of these fields is missing."""
    for name in names:
        if not row.get(name):
            tells_apart = name in menu.key or name in (menu.chain, "name")
            why = "no entry can be told apart without it" if tells_apart else "the router adds no entry without it"
            raise Problem(menu, label(menu, row), f"{name} is missing, and {why}")


def check_together(menu: Menu, values: Row, version: Version) -> None:
    """Raise Problem when fields of an entry, as it is to be, do not go together."""
    for item in menu.tied:
        given = held(values, item, version)
        # What a field holds by itself was not given.
        said = given if given != held({}, item, version) else None
        if said and item.only_with and not _all_hold(menu, item.only_with, values, version):
            others = " and ".join(f"{other}={' or '.join(words)}" for other, words in item.only_with.items())
            raise Problem(menu, label(menu, values), f"{item.name}: it can be given only with {others}")
        if not given and item.needed_with and _all_hold(menu, item.needed_with, values, version):
            others = " and ".join(f"{other}={' or '.join(words)}" for other, words in item.needed_with.items())
            raise Problem(menu, label(menu, values), f"{item.name} is missing, and {others} needs it")


def _all_hold(menu: Menu, wanted: Mapping[str, tuple[str, ...]], values: Row, version: Version) -> bool:
    return all(held(values, menu.by_name[other], version) in words for other, words in wanted.items())


def check_once(menu: Menu, rows: Sequence[Row], keys: Sequence[tuple[str | None, ...]]) -> None:
    """Raise Problem when two wanted entries have the same key."""
    seen: set[tuple[str | None, ...]] = set()
    for row, key in zip(rows, keys, strict=True):
        if key in seen:
            raise Problem(menu, label(menu, row), f"is given twice (same {', '.join(menu.key)})")
        seen.add(key)


def _when(thing: Menu | Field) -> str:
    if thing.since and thing.until:
        return f"; {thing.since} to {thing.until} have it"
    if thing.until:
        return f"; {thing.until} was the last that had it"
    return f"; it came with {thing.since}" if thing.since else ""
