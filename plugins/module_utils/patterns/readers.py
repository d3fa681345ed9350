# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read single values as people write them; each raises ValueError with what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import switch

Thing = TypeVar("Thing")
Read = Callable[[object], object]
ANSIBLE = {"on": "yes", "y": "yes", "t": "yes", "off": "no", "n": "no", "f": "no"}
"""What Ansible takes for a switch and routers do not print."""


def taken(what: str, value: object, reader: Callable[[object], Thing]) -> Thing:
    """What is read of an option; the ValueError names it, what was given and what is allowed."""
    try:
        return reader(value)
    except ValueError as allowed:
        raise ValueError(f"{what}: {value!r} was given, allowed is {allowed}") from None


def truth(value: object) -> bool:
    """A switch, however it is spelled."""
    word = str(value).lower()
    return switch(ANSIBLE.get(word, word)) == "yes"


def whole(least: int, most: int) -> Callable[[object], int]:
    """A reader of whole numbers."""

    def read(value: object) -> int:
        text = str(value)
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"a number from {least} to {most}")
        return int(text)

    return read


def one_of(*words: str) -> Callable[[object], str]:
    """A reader of these words and no others."""

    def read(value: object) -> str:
        if str(value) not in words:
            raise ValueError(", ".join(words))
        return str(value)

    return read
