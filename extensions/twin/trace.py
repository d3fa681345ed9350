# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went over the wire, for tests and benchmarks: counts in memory, lines in a file with secrets masked."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from .menus import EVERY

MASK = "*****"
# Scripts and files may hold anything.
SECRETS = frozenset(
    (*(field.name for menu in EVERY for field in menu.fields if field.secret),
     "response", "passphrase", "export-passphrase", "contents", "source", "on-event", "script")
)  # fmt: skip


def masked(sentence: Sequence[str], *, ret: bool = False) -> list[str]:
    """The words with the values of secret attributes, of queries on them and, if wanted, of `ret` replaced."""
    secret = SECRETS | {"ret"} if ret else SECRETS
    return [_masked(word, secret) for word in sentence]


def _masked(word: str, secret: frozenset[str]) -> str:
    for lead in ("=", "?=", "?<", "?>", "?"):
        if word.startswith(lead):
            name, equals, value = word[len(lead) :].partition("=")
            return f"{lead}{name}={MASK}" if name in secret and equals and value else word
    return word


class Trace:
    """Counts round trips and keeps the last 100,000 sentences, as received."""

    def __init__(self, file: Path | None = None) -> None:
        self.round_trips = 0
        self.sentences: deque[tuple[str, ...]] = deque(maxlen=100_000)
        self._file: TextIO | None = file.open("a", encoding="utf-8", errors="backslashreplace") if file else None

    def round_trip(self, connection: int) -> None:
        self.round_trips += 1
        self._line({"event": "round-trip", "connection": connection, "number": self.round_trips})

    def sentence(self, connection: int, words: Sequence[str], replies: Sequence[Sequence[str]]) -> None:
        self.sentences.append(tuple(words))
        if self._file:
            # What `get` returns may be a secret or hold one.
            hide = words[0].endswith("/get")
            ends = [masked(reply, ret=hide) for reply in replies if reply[0] != "!re"]
            rows = len(replies) - len(ends)
            entry = {"event": "sentence", "connection": connection, "words": masked(words), "rows": rows, "ends": ends}
            self._line(entry)

    def event(self, connection: int, name: str) -> None:
        self._line({"event": name, "connection": connection})

    def reset(self) -> None:
        """Start counting anew."""
        self.round_trips = 0
        self.sentences.clear()

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _line(self, entry: dict[str, object]) -> None:
        if self._file:
            self._file.write(json.dumps({"time": round(time.time(), 6), **entry}) + "\n")
            self._file.flush()
