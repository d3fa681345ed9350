# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which RouterOS the twin is: its version and what follows from it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Versions whose whole menu tree was compared with a real router's own.
COMPARED = ("7.10.2", "7.12.2", "7.16.2", "7.20.8", "7.22.3", "7.24")
DEFAULT_VERSION = "7.22.3"

Version = tuple[int, ...]


def version_key(text: str) -> Version:
    """Numbers of a version for comparing; raises ValueError with a sentence if it is no RouterOS version."""
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}", text):
        raise ValueError(f"{text!r} is not a RouterOS version such as {DEFAULT_VERSION}")
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True)
class Persona:
    """A version and the switches that do not follow from it alone."""

    version: str = DEFAULT_VERSION
    old_login: bool = False
    # Whether a user without `sensitive` sees a mask or nothing is not established: both can be played.
    mask_secrets: bool = False

    def __post_init__(self) -> None:
        key = version_key(self.version)
        if not (7, 10) <= key < (7, 25):
            raise ValueError(f"RouterOS {self.version} is outside what the twin knows (7.10 to 7.24)")

    @property
    def key(self) -> Version:
        return version_key(self.version)

    def since(self, version: str) -> bool:
        """True for this version and later ones."""
        return self.key >= version_key(version)

    def within(self, since: str, until: str) -> bool:
        """True from `since` (included) to `until` (excluded); empty text means no bound."""
        return (not since or self.since(since)) and (not until or not self.since(until))

    @property
    def release(self) -> str:
        """As `/system/resource` prints it."""
        return f"{self.version} (stable)"

    @property
    def says_empty(self) -> bool:
        return self.since("7.18")

    @property
    def no_such_item(self) -> str:
        # Newer builds append the result code; from which version on is unverified.
        return "no such item (4)" if self.since("7.16") else "no such item"

    @property
    def no_such_place(self) -> str:
        # Older builds began with `failure:` and had no result code; the version of the change is unverified.
        text = "item referred by 'place-before' does not exist"
        return f"{text} (11)" if self.since("7.16") else f"failure: {text}"
