# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys and certificates behind `/certificate`, for code of the twin: what no client can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import pki
from .model import Row, Values
from .table import Table

if TYPE_CHECKING:
    from .router import Router

PATH = "/certificate"
# Fields that no command takes and no print shows; their names are the twin's own, and a seed may use them.
CERTIFICATE = "certificate-pem"
KEY = "key-pem"
NO_EXPORT = "key-stays-here"


@dataclass(frozen=True)
class Material:
    """One entry as PEM texts: its certificate, its private key or "", and its issuers from the nearest upwards."""

    certificate_pem: str
    key_pem: str = field(repr=False)
    chain: tuple[str, ...] = ()
    revoked: bool = False


def material(router: Router, id_: str) -> Material | None:
    """What the entry with this id or name holds, None for a template; raises Trap where there is no such entry."""
    with router.lock:
        table = router.tables[PATH]
        row = table.need(id_)
        if not is_signed(row.values):
            return None
        chain = tuple(each.values[CERTIFICATE] for each in issuers(table, row))
        return Material(row.values[CERTIFICATE], row.values.get(KEY, ""), chain, "revoked" in row.values)


def trusted(router: Router, service: str = "ipsec") -> tuple[str, ...]:
    """The certificates that vouch for others towards a service, as PEM, in the menu's order."""
    with router.lock:
        signed = [row.values for row in router.tables[PATH] if is_signed(row.values)]
        stores = [(values, values.get("trust-store", "all").split(",")) for values in signed]
        return tuple(
            values[CERTIFICATE]
            for values, store in stores
            if values["trusted"] == "true" and ("all" in store or service in store)
        )


def is_signed(values: Values) -> bool:
    """Whether there is a certificate, not a template only."""
    return CERTIFICATE in values


def issuers(table: Table, row: Row) -> list[Row]:
    """Entries that vouch for this one, from the nearest up to where nobody here does."""
    found = [row]
    while (above := _issuer(table, found[-1])) is not None and above not in found:
        found.append(above)
    return found[1:]


def _issuer(table: Table, row: Row) -> Row | None:
    below = row.values[CERTIFICATE]
    candidates = (each for each in table if each is not row and is_signed(each.values))
    return next((each for each in candidates if pki.issued_by(below, each.values[CERTIFICATE])), None)
