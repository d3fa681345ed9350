# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be made to go wrong, settable while the server runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .command import Command
from .errors import GENERAL, Trap

WHEN = ("before", "after", "midreply")
READS = frozenset(("print", "getall", "find", "get", "export", "listen", "inspect", "cancel", "quit", "login"))
Refuse = Callable[[Command], "Trap | str | None"]


@dataclass
class Refusal:
    """Refuses the `nth` write that fits (counted from 1) and, unless `always`, lets the others pass."""

    nth: int = 1
    path: str = ""
    verb: str = ""
    message: str = "failure: refused"
    category: int | None = GENERAL
    always: bool = False
    seen: int = field(default=0, init=False)

    def __call__(self, command: Command) -> Trap | None:
        if command.verb in READS or (self.path and command.path != self.path):
            return None
        if self.verb and command.verb != self.verb:
            return None
        self.seen += 1
        hit = self.seen >= self.nth if self.always else self.seen == self.nth
        return Trap(self.message, self.category) if hit else None


@dataclass
class Faults:
    """The knobs of one server.

    `latency` seconds pass before each answer. `drop_after` K closes the connection at the K-th sentence received
    after login, counted over all connections from the moment it is set; `drop_when` says whether that sentence is not
    executed, executed without an answer, or answered by half. It happens once, or each K sentences with `drop_again`;
    with `drop_of` (such as /ip/ipsec/peer/add) only sentences of that command are counted.
    While it is `off`, as without power, new connections are closed and nothing that is due runs.
    `refuse_connections` is "", "close" (accepted and closed) or "hang" (accepted and never answered).
    """

    latency: float = 0.0
    drop_when: str = "after"
    drop_again: bool = False
    drop_of: str = ""
    refuse: Refuse | None = None
    refuse_connections: str = ""
    off: bool = False
    dropped: int = 0
    _drop_after: int = 0
    _seen: int = 0

    @property
    def drop_after(self) -> int:
        return self._drop_after

    @drop_after.setter
    def drop_after(self, sentences: int) -> None:
        self._drop_after = sentences
        self._seen = 0

    def strike(self, word: str) -> str:
        """Count one sentence, whose first word is given; gives when to drop it, or empty text."""
        if self.drop_when not in WHEN:
            raise ValueError(f"drop_when is {self.drop_when!r}; it can be {', '.join(WHEN)}")
        if not self._drop_after or (self.drop_of and self.drop_of != word):
            return ""
        self._seen += 1
        if self._seen < self._drop_after:
            return ""
        self.dropped += 1
        self._seen = 0
        if not self.drop_again:
            self._drop_after = 0
        return self.drop_when

    def refusal(self, command: Command) -> Trap | None:
        found = self.refuse(command) if self.refuse else None
        return Trap(found, GENERAL) if isinstance(found, str) else found
