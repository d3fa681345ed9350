# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RouterOS's algorithms in strongSwan's words."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Values
from ..nft import Unmapped

_PHASE1_CIPHERS = {
    "aes-256": "aes256",
    "aes-192": "aes192",
    "aes-128": "aes128",
    "3des": "3des",
    "des": "des",
}
_PHASE2_CIPHERS = {
    **{f"aes-{size}-cbc": f"aes{size}" for size in (128, 192, 256)},
    **{f"aes-{size}-ctr": f"aes{size}ctr" for size in (128, 192, 256)},
    **{f"camellia-{size}": f"camellia{size}" for size in (128, 192, 256)},
    "3des": "3des",
    "blowfish": "blowfish256",
    "des": "des",
    "null": "null",
}
_AEAD = {**{f"aes-{size}-gcm": f"aes{size}gcm16" for size in (128, 192, 256)}, "chacha20poly1305": "chacha20poly1305"}


def _words(text: str, known: Mapping[str, str], what: str) -> list[str]:
    found = [part for part in text.split(",") if part]
    if unknown := [part for part in found if part not in known]:
        raise Unmapped(f"{what}={unknown[0]}")
    return [known[part] for part in found]


def ike_proposals(profile: Values) -> list[str]:
    """Phase 1: one proposal with every choice in it; raises Unmapped."""
    parts = _words(profile["enc-algorithm"], _PHASE1_CIPHERS, "enc-algorithm")
    parts.append(profile["hash-algorithm"])
    if profile.get("prf-algorithm", "auto") != "auto":
        parts.append(f"prf{profile['prf-algorithm']}")
    return ["-".join([*parts, *profile["dh-group"].split(",")])]


def esp_proposals(proposal: Values) -> list[str]:
    """Phase 2: ciphers that authenticate by themselves in a proposal of their own; raises Unmapped."""
    given = proposal["enc-algorithms"].split(",")
    hashes = [part for part in proposal.get("auth-algorithms", "").split(",") if part and part != "null"]
    group = [] if proposal["pfs-group"] == "none" else [proposal["pfs-group"]]
    alone = _words(",".join(part for part in given if part in _AEAD), _AEAD, "enc-algorithms")
    others = _words(",".join(part for part in given if part not in _AEAD), _PHASE2_CIPHERS, "enc-algorithms")
    if others and not hashes:
        raise Unmapped(f"enc-algorithms={proposal['enc-algorithms']} without authentication")
    if others == ["null"] and not hashes:
        raise Unmapped("neither encryption nor authentication")
    found = ["-".join([*alone, *group])] if alone else []
    return [*found, *(["-".join([*others, *hashes, *group])] if others else [])]


def ah_proposals(proposal: Values) -> list[str]:
    """The same for authentication alone."""
    hashes = [part for part in proposal.get("auth-algorithms", "").split(",") if part and part != "null"]
    if not hashes:
        raise Unmapped("ipsec-protocols=ah without authentication")
    return ["-".join([*hashes, *([] if proposal["pfs-group"] == "none" else [proposal["pfs-group"]])])]
