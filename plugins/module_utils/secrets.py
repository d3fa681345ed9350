# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task must not show, in whatever goes wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.mask import Mask
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

LONG = 8
"""Characters from which on a text is hardly part of a name by chance."""


class Secrets:
    """Grows while a task learns of secrets: its arguments, the login, what the router already holds."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._read: set[str] = set()

    def learn(self, values: Iterable[str]) -> None:
        """Remember these values."""
        self._known.update(values)

    def learn_from(self, tables: Mapping[Menu, Sequence[Entry]]) -> None:
        """Remember every secret that a router showed."""
        for menu, entries in tables.items():
            names = [item.name for item in menu.fields if item.secret]
            self._read.update(entry.values[name] for entry in entries for name in names if name in entry.values)

    def deep_mask(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """A result without any of them, however deep; short ones of the router would take innocent words along."""
        mask = Mask(self._known | {secret for secret in self._read if len(secret) >= LONG})
        return {key: mask.deep(value) for key, value in result.items()}

    def mask(self, text: str) -> str:
        """The text without any of them."""
        return Mask(self._known | self._read).text(text)

    def defect(self, error: Exception) -> str:
        """What to say of an exception that nobody foresaw: in the worker nobody masks it for us."""
        return self.mask(f"an unexpected defect of vpnops.mikrotik ({type(error).__name__}: {error})")
