# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `/certificate` shows of the keys and certificates it keeps, and which entries go together; and `/file`."""

from __future__ import annotations

from .. import pki
from ..certificates import CERTIFICATE, KEY, is_signed
from ..errors import Trap, failure
from ..model import Row, Values
from ..values.basic import spell_duration
from ..values.moments import spell_moment
from .base import Behaviour

_NAMING = ("name", "common-name", "country", "state", "locality", "organization", "unit")
# What a signed certificate still lets change; manual, "Certificate properties".
_FREE = ("name", "trusted", "trust-store")


class Certificates(Behaviour):
    """A template has words only; a signed entry says what its certificate says."""

    def prepare(self, values: Values) -> None:
        if is_signed(values):
            values.update(described(values))
            if not values.get("ca"):
                # Those signed here print `ca` or, signed by themselves, neither; imported ones print their issuer.
                values.setdefault("issuer", pki.issuer(values[CERTIFICATE]))
        if not any(values.get(name) for name in _NAMING):
            raise failure("At least one field specifying certificate name must be set!")
        if not values.get("name"):
            values["name"] = self.table.free_name("cert")

    def check(self, values: Values, row: Row | None) -> None:
        if row is None or not is_signed(row.values):
            return
        fixed = (each.name for each in self.table.menu.fields if not each.read_only and each.name not in _FREE)
        if any(values.get(name) != row.values.get(name) for name in fixed):
            # The manual calls them read-only; the words are unverified.
            raise failure("cannot change signed certificate")

    def placed(self, row: Row, new: bool) -> None:
        if is_signed(row.values) and not new:
            self.table.store(row, {**row.values, **described(row.values)})

    def dropped(self, row: Row) -> None:
        """With an authority goes the whole chain below it; manual, "Certificate properties"."""
        for below in [each for each in self.table if each.values.get("ca") in (row.id, row.values["name"])]:
            if self.table.by_id(below.id) is below:
                self.table.discard(below)
                self.dropped(below)
                self.router.removed(self.table, below.id)

    def derived(self, row: Row) -> Values:
        if not is_signed(row.values):
            size = row.values.get("key-size", "")
            return {"key-type": "rsa" if size in pki.RSA_SIZES else "ec"} if size else {}
        left = int(pki.ends(row.values[CERTIFICATE]) - self.router.clock())
        # That an expired one prints no `expires-after` is unverified.
        return {"expires-after": spell_duration(left * 1000)} if left > 0 else {"expired": "true"}


def described(values: Values) -> Values:
    """What follows from an entry's certificate and key; raises Trap where they are none or do not belong together."""
    pem, key = values[CERTIFICATE], values.get(KEY, "")
    try:
        found = pki.describe(pem)
        fits = not key or pki.belongs(pem, pki.load_key(key))
    except ValueError as error:
        raise Trap(f"{CERTIFICATE} or {KEY} cannot be read: {error}") from None
    if not fits:
        raise Trap(f"{KEY} does not belong to {CERTIFICATE}")
    # Which flags print as false, and which not at all, follows one published row of a self-signed authority.
    found |= {"private-key": "true" if key else "false", "crl": "false", "smart-card-key": "false"}
    if values.get("ca-crl-host"):
        found["crl"] = "true"
    if key and pki.is_authority(pem):
        found["authority"] = "true"
    return found


class Files(Behaviour):
    """Texts by name."""

    def placed(self, row: Row, _new: bool) -> None:
        name, contents = row.values["name"], row.values["contents"]
        stamp = spell_moment(self.router.clock())
        dot = name.rpartition("/")[2].rpartition(".")
        kind = f".{dot[2]} file" if dot[1] else "file"
        self.table.store(row, {**row.values, "type": kind, "size": str(len(contents.encode())), "last-modified": stamp})
