# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences with their meaning: commands going in, replies coming out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """One command as sent: `words` are the attributes in order, an unset name keeps its leading `!`.

    Values stay out of the repr, since some are secrets.
    """

    path: str
    verb: str
    words: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    queries: tuple[str, ...] = field(default=(), repr=False)
    tag: str = ""
    api: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The last value given for a name; names of the API itself (`.id`, `.proplist`) are found too."""
        for key, value in reversed(self.words):
            if key == name:
                return value
        return default

    def has(self, name: str) -> bool:
        return any(key == name for key, _dummy in self.words)

    def full(self) -> str:
        return f"{self.path}/{self.verb}"


@dataclass(frozen=True)
class Reply:
    """One reply sentence: `!re`, `!done`, `!trap`, `!empty` or `!fatal` and its attributes."""

    word: str
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    reason: str = ""

    def words(self, tag: str = "") -> list[str]:
        """The words to send; the tag comes back on every reply that belongs to a tagged command."""
        words = [self.word]
        if tag:
            words.append(f".tag={tag}")
        if self.reason:
            words.append(self.reason)
        words += [f"={name}={value}" for name, value in self.attributes.items()]
        return words


def parse(sentence: list[str]) -> Command:
    """A received sentence as a Command; total: words of no known form are kept as attributes without value."""
    head, *rest = sentence
    path, _dummy, verb = head.rpartition("/")
    words: list[tuple[str, str]] = []
    queries: list[str] = []
    api: dict[str, str] = {}
    for word in rest:
        if word.startswith("="):
            name, _dummy, value = word[1:].partition("=")
            words.append((name, value))
        elif word.startswith("?"):
            queries.append(word[1:])
        elif word.startswith("."):
            name, _dummy, value = word[1:].partition("=")
            api[name] = value
        else:
            words.append((word, ""))
    return Command(path, verb, tuple(words), tuple(queries), api.get("tag", ""), api)
