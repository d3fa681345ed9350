# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a menu does beyond storing values; every hook of the plain menu does nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import cannot, failure
from ..model import Row, Values
from ..references import used
from ..table import Table

if TYPE_CHECKING:
    from ..router import Router


class Behaviour:
    """Hooks of one menu, called by the verbs; subclasses hold what is special about it."""

    # A rule that names an interface or list that is gone prints invalid=true.
    dangling_is_invalid = False

    def __init__(self, router: Router, table: Table) -> None:
        self.router = router
        self.table = table

    def prepare(self, values: Values) -> None:
        """Complete the values of a new entry before its defaults are filled in."""
        menu = self.table.menu
        if menu.naming and not values.get("name"):
            values["name"] = self.table.free_name(menu.naming)

    def new_id(self, _values: Values) -> str:
        """The id of a new entry with these values."""
        return self.table.new_id()

    def check(self, values: Values, row: Row | None) -> None:
        """Refuse values that do not go together; `row` is the entry to change, None for a new one."""

    def check_removal(self, row: Row) -> None:
        """Refuse to remove an entry that others need."""
        if self.table.menu.keep_used and used(self.router.tables, self.table.menu.path, row.id):
            # That it is refused, and the wording, are unverified (observed only that peers can be removed).
            raise failure(f"{self.table.menu.noun} is in use")

    def check_place(self, row: Row) -> None:
        """Refuse a place in front of this entry."""
        if row.dynamic and not self.table.menu.edits_dynamic:
            raise cannot("move")

    def placed(self, row: Row, new: bool) -> None:
        """Called once an entry stands with the values it was given."""

    def dropped(self, row: Row) -> None:
        """Called once an entry is gone."""

    def booted(self) -> None:
        """Called once the router has started again and what it had made itself is gone."""

    def refresh(self) -> None:
        """Called before rows are read."""

    def derived(self, _row: Row) -> Values:
        """Read-only values worked out at the moment of reading."""
        return {}

    def hides(self, _row: Row) -> Collection[str]:
        """Names that are not printed for this entry."""
        return ()
