# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sign, issued-revoke, import and export-certificate of `/certificate`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import pki
from ..actor import Actor
from ..certificates import CERTIFICATE, KEY, NO_EXPORT, PATH, is_signed
from ..command import Command, Reply
from ..errors import failure, missing, no_match, no_permission
from ..model import Row, Values
from ..references import resolve
from ..table import Table
from ..values.basic import SWITCH
from ..values.moments import spell_moment
from .writing import DONE, change, chosen, create, put

if TYPE_CHECKING:
    from ..router import Router


def sign(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """Give a template a key and a certificate; the entry keeps its id. Answers when all is done, as the manual shows.

    All wordings of refusals are unverified.
    """
    wanted = command.get("number") or command.get(".id")
    if not wanted:
        raise missing("number")
    row = table.need(wanted)
    if is_signed(row.values):
        raise failure("certificate is already signed")
    if name := command.get("name") or "":
        table.refuse_same_name(name, row)
    authority = _authority(router, table, command.get("ca") or "")
    values = {**row.values, "name": name or row.values["name"]}
    if authority:
        values |= {"ca": authority.id, "issued": "true"}
    else:
        # The manual's listing has T for those nobody else signed, without a set between.
        values["trusted"] = "true"
    if host := command.get("ca-crl-host"):
        values["ca-crl-host"] = host
    table.store(row, {**values, **_made(router, values, authority)})
    router.behaviours[PATH].placed(row, False)
    router.changed(table, row)
    return [Reply("!re", {"progress": "done"}), *DONE]


def _authority(router: Router, table: Table, text: str) -> Row | None:
    if not text:
        return None
    found = table.need(resolve(router.tables, table.fields["ca"], text))
    if found.values.get("authority") != "true":
        raise failure("ca is not an authority with a private key")
    return found


def _made(router: Router, values: Values, authority: Row | None) -> Values:
    above = pki.Pair(authority.values[CERTIFICATE], authority.values[KEY]) if authority else None
    try:
        made = pki.issue(values, router.clock(), above)
    except ValueError as error:
        raise failure(f"cannot sign: {error}") from None
    return {CERTIFICATE: made.certificate, KEY: made.key}


def revoke(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """Take back what an authority here has signed; the entry stays, with the time of it in `revoked`."""
    rows = chosen(table, command)
    if any("issued" not in row.values for row in rows):
        # Unverified, as are its words.
        raise failure("only issued certificates can be revoked")
    for row in rows:
        kept = {name: value for name, value in row.values.items() if name != "issued"}
        table.store(row, {**kept, "revoked": spell_moment(router.clock())})
        router.changed(table, row)
    return DONE


def import_(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """Certificates and keys of a PEM text in `/file`; keys go to the certificates they belong to."""
    if table.menu.path != PATH:
        raise failure("import is not possible on this router")
    wanted = command.get("file-name")
    if not wanted:
        raise missing("file-name")
    file = router.tables["/file"].by_name(wanted)
    if file is None:
        # The wording is unverified.
        raise no_match("file-name")
    certificates, keys = pki.blocks(file.values["contents"])
    new = _import_certificates(router, table, command, certificates)
    counts = _import_keys(router, table, command, keys)
    done = {"certificates-imported": len(new), "private-keys-imported": counts[0], "files-imported": 0}
    done["files-imported"] = int(bool(new) or counts[0] > 0)
    done |= {"decryption-failures": counts[1], "keys-with-no-certificate": counts[2]}
    return [Reply("!re", {name: str(count) for name, count in done.items()}), *DONE]


def _import_certificates(router: Router, table: Table, command: Command, pems: Iterable[str]) -> list[Row]:
    """Those that are new; that others are passed over, and what is unreadable too, is unverified."""
    known = {row.values.get("fingerprint") for row in table}
    given: Values = {"trusted": SWITCH.canon("trusted", command.get("trusted") or "yes")}
    if store := command.get("trust-store"):
        put(router, table, given, "trust-store", store)
    made: list[Row] = []
    for pem in pems:
        try:
            fingerprint = pki.describe(pem)["fingerprint"]
        except ValueError:
            continue
        if fingerprint not in known:
            known.add(fingerprint)
            name = _imported_name(table, command, len(made))
            made.append(create(router, table, {**given, "name": name, CERTIFICATE: pem}))
    return made


def _imported_name(table: Table, command: Command, number: int) -> str:
    """`FILE_0`, `FILE_1`, ..., or the given name, `NAME_1`, ...; taken ones are passed over, which is unverified."""
    given = command.get("name")
    name = given if given and not number else f"{given or command.get('file-name')}_{number}"
    while table.by_name(name):
        number += 1
        name = f"{given or command.get('file-name')}_{number}"
    return name


def _import_keys(router: Router, table: Table, command: Command, pems: Iterable[str]) -> tuple[int, int, int]:
    """How many keys found their certificate, stayed closed, or belong to none here."""
    imported = closed = homeless = 0
    for pem in pems:
        try:
            key = pki.load_key(pem, command.get("passphrase") or "")
        except ValueError:
            closed += 1
            continue
        keyless = [row for row in table if is_signed(row.values) and KEY not in row.values]
        owner = next((row for row in keyless if pki.belongs(row.values[CERTIFICATE], key)), None)
        if owner is None:
            homeless += 1
            continue
        kept = {NO_EXPORT: "true"} if command.get("no-key-export") in ("yes", "true") else {}
        table.store(owner, {**owner.values, KEY: pki.key_pem(key), **kept})
        router.behaviours[PATH].placed(owner, False)
        router.changed(table, owner)
        imported += 1
    return imported, closed, homeless


def export(router: Router, table: Table, command: Command, actor: Actor) -> list[Reply]:
    """`NAME.crt` in `/file`, and `NAME.key` where a passphrase locks it; manual, "Export Certificate"."""
    if not actor.may("sensitive"):
        raise no_permission()
    if (command.get("type") or "pem") != "pem":
        raise failure("only type=pem is possible on this router")
    for row in chosen(table, command):
        if not is_signed(row.values):
            raise failure("certificate is not signed")
        name = command.get("file-name") or f"cert_export_{row.values['name']}"
        _write(router, f"{name}.crt", row.values[CERTIFICATE])
        passphrase = command.get("export-passphrase")
        if passphrase and KEY in row.values and NO_EXPORT not in row.values:
            _write(router, f"{name}.key", pki.key_pem(pki.load_key(row.values[KEY]), passphrase))
    return DONE


def _write(router: Router, name: str, contents: str) -> None:
    files = router.tables["/file"]
    if found := files.by_name(name):
        change(router, files, [found], [("contents", contents)])
    else:
        create(router, files, {"name": name, "contents": contents})
