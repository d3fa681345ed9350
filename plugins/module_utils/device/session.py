# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam to a router: what a transport offers, and the errors it may raise.

RouterError            names the router; str() is one sentence for the operator
├── BadSettings        what the inventory says of the router cannot be used; nothing was sent, correct it
├── Unreachable        no session was made; nothing was sent, trying again is safe
├── LoginRefused       wrong user or password, or no API permission; trying again may lock the account
├── Untrusted          the certificate or host key is not the one expected
├── Refused            the router understood and said no; carries its words
├── Lost               the session broke; whether the last commands took effect is unknown
├── LockedOut          (lookout.py) the change would cut the session or what is to stay open; nothing was sent
├── Undone             (guarded.py) a change was not confirmed, and the router has gone back to its old state
└── Interrupted        (apply.py) a plan stopped part-way; carries what was and was not done
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class RouterError(Exception):
    """Something between us and one router went wrong; the text names the router."""

    def __init__(self, router: str, problem: str) -> None:
        super().__init__(f"{router}: {problem}")
        self.router = router
        self.problem = problem


class BadSettings(RouterError):
    """What the inventory says of the router cannot be used; nobody was asked yet."""


class Unreachable(RouterError):
    """No session was made and nothing was sent."""


class LoginRefused(RouterError):
    """The router did not accept the user, the password or the service."""


class Untrusted(RouterError):
    """The router did not prove that it is the one expected."""


class Refused(RouterError):
    """The router understood a command and said no."""


class Lost(RouterError):
    """The session broke while commands were under way; `replies` holds the answers that came."""

    def __init__(self, router: str, problem: str, replies: Sequence[Reply | None] = ()) -> None:
        super().__init__(router, problem)
        self.replies = tuple(replies)


@dataclass(frozen=True)
class Target:
    """Where a router is and how to reach it."""

    host: str
    user: str = "admin"
    password: str = field(default="", repr=False)
    port: int | None = None
    """None: the transport's own port (api 8728, api-ssl 8729, ssh 22)."""
    transport: str = "api-ssl"
    """`api-ssl`, `api` or `ssh`."""
    timeout: float = 30.0
    """Seconds that connecting, or one answer, may take."""
    ca_file: str | None = None
    """PEM file of the authorities to trust; None: the system's."""
    fingerprint: str | None = None
    """SHA-256 of the router's certificate in hexadecimal (colons allowed); replaces the check against authorities."""
    validate_certs: bool = True
    anonymous: bool = False
    """Accept api-ssl without any certificate (anonymous Diffie-Hellman): encrypted, but to nobody in particular."""


@dataclass(frozen=True)
class Command:
    """One sentence to a router: `path` is the menu (`/ip/ipsec/peer`), `verb` what to do there."""

    path: str
    verb: str
    words: Mapping[str, str] = field(default_factory=dict)
    queries: tuple[str, ...] = ()
    """Query words as sent, `?dynamic=true`, `?#!`; only `print` takes them."""


@dataclass(frozen=True)
class Trap:
    """The router's own refusal: its message and, where it gave one, the category 0-7."""

    message: str
    category: int | None = None


@dataclass(frozen=True)
class Reply:
    """The answer to one command; every value is text as the router sent it."""

    rows: tuple[Mapping[str, str], ...] = ()
    ret: str | None = None
    """What `!done` returned, such as the id of a new entry."""
    trap: Trap | None = None

    def wanted(self, router: str, what: str) -> tuple[Mapping[str, str], ...]:
        """Its rows; raises Refused with the router's words where it refused to say `what`, such as a menu's print."""
        if self.trap:
            raise Refused(router, f"{what}: {self.trap.message}")
        return self.rows


class Session(Protocol):
    """One logged-in conversation with a router."""

    warnings: list[str]
    """Sentences the user should see, such as that a certificate was not checked."""

    def run(self, commands: Sequence[Command]) -> list[Reply]:
        """Send all commands in one go and return their answers in the same order; a refusal is a Reply with a trap.

        Raises Lost when the session breaks before the last answer.
        """

    def renew(self) -> None:
        """Connect and log in from scratch, then hang up the old connection, which stays when there is no new one.

        Raises Unreachable, LoginRefused or Untrusted.
        """

    def close(self) -> None:
        """Hang up; calling it twice is harmless."""
