# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In what the two ends of a tunnel do not fit: what each is configured to say, side by side.

Entries are in the form in which `gathered` returns them. Secrets are not among them, so they are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Options = Mapping[str, object]
Config = Mapping[str, Sequence[Options]]
# What both ends have to agree in, what they need one word in common of, and what that is for people.
SAME = (("hash_algorithm", "hash of phase 1"),)
SHARED = (("enc_algorithm", "ciphers of phase 1"), ("dh_group", "groups of phase 1"))
SAME2 = (("pfs_group", "group of phase 2 (pfs_group)"),)
SHARED2 = (("enc_algorithms", "ciphers of phase 2"), ("auth_algorithms", "hashes of phase 2"))
AUTO = ("", "auto")
NO_ADDRESS = ("fqdn:", "user-fqdn:", "key-id:", "dn")
"""Identities that no address is."""


@dataclass(frozen=True)
class End:
    """One end's entries that belong to a tunnel."""

    peer: Options
    profile: Options
    identity: Options
    policies: tuple[Options, ...]
    proposals: tuple[Options, ...]


def end_of(config: Config, name: str) -> End | None:
    """The entries behind a peer; None where there is none of that name."""
    peer = _named(config, "ipsec_peer", name)
    if peer is None:
        return None
    policies = tuple(row for row in config.get("ipsec_policy", ()) if name in _words(row.get("peer")))
    policies = tuple(row for row in policies if not row.get("template") and not row.get("disabled"))
    used = dict.fromkeys(str(row.get("proposal", "default")) for row in policies)
    proposals = (_named(config, "ipsec_proposal", each) for each in used)
    identities = (row for row in config.get("ipsec_identity", ()) if row.get("peer") == name)
    return End(
        peer,
        _named(config, "ipsec_profile", str(peer.get("profile", "default"))) or {},
        next(identities, {}),
        policies,
        tuple(each for each in proposals if each),
    )


def _named(config: Config, module: str, name: str) -> Options | None:
    return next((row for row in config.get(module, ()) if row.get("name") == name), None)


def _words(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else str(value or "").split(",")


def differences(here: End, there: End) -> list[str]:
    """A sentence for each thing in which the ends do not fit, phase 1 first."""
    return [*_phase1(here, there), *_identities(here, there), *_phase2(here, there)]


def _phase1(here: End, there: End) -> Iterator[str]:
    if here.peer.get("exchange_mode") != there.peer.get("exchange_mode"):
        yield _told("exchange_mode", here.peer.get("exchange_mode"), there.peer.get("exchange_mode"))
    if here.peer.get("passive") and there.peer.get("passive"):
        yield "both ends are passive, so that neither calls"
    yield from _compared(here.profile, there.profile, SAME, SHARED)


def _phase2(here: End, there: End) -> Iterator[str]:
    for ours, theirs in zip(here.proposals[:1], there.proposals[:1], strict=False):
        yield from _compared(ours, theirs, SAME2, SHARED2)
    wanted = [_selectors(row) for row in here.policies]
    mirrored = [_selectors(row)[::-1] for row in there.policies]
    for src, dst in (pair for pair in wanted if pair not in mirrored):
        yield f"policies: {src} to {dst} here has no mirror image there"
    for src, dst in (pair for pair in mirrored if pair not in wanted):
        yield f"policies: {dst} to {src} there has no mirror image here"


def _selectors(row: Options) -> tuple[str, str]:
    return str(row.get("src_address", "")), str(row.get("dst_address", ""))


def _compared(
    ours: Options, theirs: Options, same: Sequence[tuple[str, str]], shared: Sequence[tuple[str, str]]
) -> Iterator[str]:
    for name, what in shared:
        if ours.get(name) and theirs.get(name) and not {*_words(ours[name])} & {*_words(theirs[name])}:
            yield _told(what, ours[name], theirs[name])
    for name, what in same:
        if name in ours and name in theirs and ours[name] != theirs[name]:
            yield _told(what, ours[name], theirs[name])


def _identities(here: End, there: End) -> Iterator[str]:
    if here.identity.get("auth_method") != there.identity.get("auth_method"):
        yield _told("auth_method", here.identity.get("auth_method"), there.identity.get("auth_method"))
    yield from _identity(here, there, ("here", "there"))
    yield from _identity(there, here, ("there", "here"))


def _identity(mine: End, yours: End, where: tuple[str, str]) -> Iterator[str]:
    """Whether what one end shows is what the other one asks for."""
    shown, wanted = str(mine.identity.get("my_id", "")), str(yours.identity.get("remote_id", ""))
    ikev2 = mine.peer.get("exchange_mode") == "ike2"
    by_address = mine.identity.get("auth_method") == "pre-shared-key"
    if wanted == "ignore" or shown == wanted:
        return
    if shown not in AUTO and wanted not in AUTO:
        yield f"my_id {where[0]} is {shown}, but remote_id {where[1]} is {wanted}"
    elif shown not in AUTO and ikev2:
        # The end that calls names whom it expects (manual, IPsec, Identities).
        yield f"my_id {where[0]} is {shown}, but remote_id {where[1]} is auto; with IKEv2 it has to be the same"
    elif wanted.startswith(NO_ADDRESS) and ikev2 and by_address:
        yield f"remote_id {where[1]} is {wanted}, but my_id {where[0]} is auto, which shows an address"


def _told(what: str, ours: object, theirs: object) -> str:
    return f"{what}: {_spelled(ours)} here, {_spelled(theirs)} there"


def _spelled(value: object) -> str:
    return ", ".join(_words(value)) or "none"
