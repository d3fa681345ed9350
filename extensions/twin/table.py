# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live entries of one menu: ids, order, and finding entries by id or name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .errors import Trap, cannot, failure
from .model import Field, Menu, Row, Values
from .persona import Persona

_ID = re.compile(r"\*[0-9A-Fa-f]{1,16}")


class Table:
    """Rows in the order the router evaluates and prints them; ids are given once and never again."""

    def __init__(self, menu: Menu, persona: Persona) -> None:
        self.menu = menu
        self.persona = persona
        self.rows: list[Row] = []
        self.fields: dict[str, Field] = {each.name: each for each in menu.fields}
        self._rank = {name: rank for rank, name in enumerate(self.fields)}
        self._by_id: dict[str, Row] = {}
        self._names: dict[str, str] = {}
        self._name_of: dict[str, str] = {}
        self._next = menu.first_id
        self._numbered = 0

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def new_id(self) -> str:
        """`*` and upper-case hexadecimal without padding."""
        while (found := f"*{self._next:X}") in self._by_id:
            self._next += 1
        self._next += 1
        return found

    def insert(self, row: Row, before: Row | None = None) -> None:
        """Put a row in front of another, or at the end."""
        self.rows.insert(len(self.rows) if before is None else self.rows.index(before), row)
        self._by_id[row.id] = row
        if (number := int(row.id[1:], 16)) >= self._next and not row.builtin:
            self._next = number + 1
        self.reindex(row)

    def discard(self, row: Row) -> None:
        self.rows.remove(row)
        del self._by_id[row.id]
        self._forget_name(row)

    def move(self, rows: list[Row], before: Row | None) -> None:
        """Put rows in front of another, keeping their relative order; None is the end."""
        for row in rows:
            self.rows.remove(row)
        at = len(self.rows) if before is None else self.rows.index(before)
        self.rows[at:at] = rows

    def store(self, row: Row, values: Values) -> None:
        """Replace a row's values, kept in field order so that equal states print equally."""
        row.values = {name: values[name] for name in sorted(values, key=lambda name: self._rank.get(name, 999))}
        self.reindex(row)

    def reindex(self, row: Row) -> None:
        name = row.values.get(self.menu.unique, "") if self.menu.unique else ""
        if name == self._name_of.get(row.id, ""):
            return
        self._forget_name(row)
        if name:
            self._names[name] = row.id
            self._name_of[row.id] = name

    def _forget_name(self, row: Row) -> None:
        if name := self._name_of.pop(row.id, ""):
            self._names.pop(name, None)
            self._numbered = 0

    def by_id(self, id_: str) -> Row | None:
        return self._by_id.get(spell_id(id_))

    def by_name(self, name: str) -> Row | None:
        found = self._names.get(name)
        return self._by_id[found] if found else None

    def free_name(self, stem: str) -> str:
        """The stem with the lowest number that is free; where the last search ended counts until a name goes."""
        number = self._numbered + 1
        while self.by_name(f"{stem}{number}"):
            number += 1
        self._numbered = number - 1
        return f"{stem}{number}"

    def find(self, text: str) -> Row | None:
        """The entry an id or, where the menu has a unique column, a name stands for."""
        return self.by_id(text) if text.startswith("*") else self.by_name(text)

    def need(self, text: str) -> Row:
        """As find, but an unknown entry is the router's `no such item`."""
        if found := self.find(text):
            return found
        raise Trap(self.persona.no_such_item, 0)

    def each(self, text: str) -> list[Row]:
        """The entries a comma separated list of ids and names stands for, each once, in the order written."""
        if "," in text and (whole := self.find(text)):
            return [whole]
        found = [self.need(part.strip()) for part in text.split(",") if part.strip()]
        return list(dict.fromkeys(found))

    def refuse_foreign(self, rows: Iterable[Row], verb: str) -> None:
        """Dynamic rows cannot be changed, moved or removed; built-in rows can only be changed."""
        for row in rows:
            if row.dynamic and not self.menu.edits_dynamic:
                raise cannot(verb)
            if row.builtin and verb == "remove":
                raise cannot(verb)

    def refuse_same_name(self, name: str, except_for: Row | None = None) -> None:
        found = self.by_name(name)
        if found is not None and found is not except_for:
            # The wording per menu is unverified; this family of texts is the one met in the field.
            raise failure(self.menu.taken or f"{self.menu.noun} with the same name already exists")


def is_id(text: str) -> bool:
    return bool(_ID.fullmatch(text))


def spell_id(text: str) -> str:
    """An id in the router's own spelling, so that `*1a` and `*01A` find `*1A`; other text as it is."""
    return f"*{int(text[1:], 16):X}" if is_id(text) else text
