# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variable a name means: of this block, of the blocks around it, or the user's global one."""

from __future__ import annotations

from .data import NOTHING, Value


class Scope:
    """The names of one block. A global variable is seen where `:global` names it, and in the blocks within."""

    def __init__(self, parent: Scope | None = None, shared: dict[str, Value] | None = None) -> None:
        self.parent = parent
        self.shared: dict[str, Value] = shared if shared is not None else parent.shared if parent else {}
        self.names: dict[str, Value] = {}
        self.named_global: set[str] = set()

    def get(self, name: str) -> Value:
        """Nothing if there is no such variable, as on the router."""
        if name in self.names:
            return self.names[name]
        if name in self.named_global:
            return self.shared.get(name, NOTHING)
        return self.parent.get(name) if self.parent else NOTHING

    def make_local(self, name: str, value: Value) -> None:
        self.named_global.discard(name)
        self.names[name] = value

    def make_global(self, name: str) -> None:
        self.names.pop(name, None)
        self.named_global.add(name)

    def set(self, name: str, value: Value) -> bool:
        """False if nobody declared the name."""
        if name in self.names:
            self.names[name] = value
        elif name in self.named_global:
            if value is NOTHING:
                self.shared.pop(name, None)
            else:
                self.shared[name] = value
        elif self.parent:
            return self.parent.set(name, value)
        else:
            return False
        return True
