# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which choices are too weak for a tunnel, and why: AES-256, SHA-256, group 14 or better, keys younger than a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import PROFILE, PROPOSAL
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import milliseconds, split

MENUS = (PROFILE, PROPOSAL)
DAY = 86_400_000
SHORTEST_PSK = 12
AEAD = frozenset({"aes-128-gcm", "aes-192-gcm", "aes-256-gcm", "chacha20poly1305"})

SMALL_KEY = "it has less than the 256 bits of key that a tunnel should have"
SWEET32 = "its 64-bit blocks give data away on long sessions (Sweet32)"
BROKEN_HASH = "collisions of it can be computed"
SMALL_GROUP = "groups below 14 (modp2048) are within reach of precomputation"
NO_CIPHER = "it does not encrypt at all"

STRONG: Mapping[str, tuple[str, ...]] = {
    "enc_algorithm": ("aes-256",),
    "hash_algorithm": ("sha256", "sha384", "sha512"),
    "prf_algorithm": ("auto", "sha256", "sha384", "sha512"),
    "dh_group": ("x25519", "ecp256", "ecp384", "ecp521", "modp2048", "modp3072", "modp4096", "modp6144", "modp8192"),
    "enc_algorithms": ("aes-256-cbc", "aes-256-ctr", "aes-256-gcm", "camellia-256", "chacha20poly1305"),
    "auth_algorithms": ("sha256", "sha512"),
    "pfs_group": ("ecp256", "ecp384", "ecp521", "modp2048", "modp3072", "modp4096", "modp6144", "modp8192"),
}
"""What is strong enough, by option of ipsec_profile and ipsec_proposal."""
REASONS: Mapping[str, str] = {
    "des": "its 56-bit key can be tried out in a day",
    "3des": SWEET32,
    "blowfish": SWEET32,
    "md5": BROKEN_HASH,
    "sha1": BROKEN_HASH,
    "modp768": SMALL_GROUP,
    "modp1024": SMALL_GROUP,
    "modp1536": SMALL_GROUP,
    "none": "without perfect forward secrecy one stolen key opens all recorded traffic",
}
"""Why a word is weak; a cipher that is not listed has too short a key."""


def listed(value: object) -> list[str]:
    """The words of an option, given as a list or as RouterOS writes it."""
    return [str(word) for word in value] if isinstance(value, list | tuple) else split(str(value))


def weak_profile(options: Mapping[str, object]) -> Iterator[str]:
    """A sentence for every weak choice among options of ipsec_profile."""
    for name in ("enc_algorithm", "hash_algorithm", "prf_algorithm", "dh_group"):
        if name in options:
            yield from _weak_words(f"profile.{name}", name, listed(options[name]))


def weak_proposal(options: Mapping[str, object], protocol: str) -> Iterator[str]:
    """A sentence for every weak choice among options of ipsec_proposal; `protocol` is esp or ah."""
    ciphers = listed(options.get("enc_algorithms", ""))
    offered = listed(options.get("auth_algorithms", ""))
    hashes = [word for word in offered if word != "null"]
    if protocol == "esp":
        yield from _weak_words("proposal.enc_algorithms", "enc_algorithms", ciphers)
    if hashes:
        yield from _weak_words("proposal.auth_algorithms", "auth_algorithms", hashes)
    if (not hashes or "null" in offered) and (protocol == "ah" or set(ciphers) - AEAD):
        yield "proposal.auth_algorithms: without a hash packets can be forged, unless all ciphers are GCM or ChaCha20"
    yield from _weak_words("proposal.pfs_group", "pfs_group", listed(options.get("pfs_group", "none")))
    yield from _long_lived(str(options.get("lifetime", "30m")))


def _weak_words(where: str, option: str, words: list[str]) -> Iterator[str]:
    allowed = ", ".join(STRONG[option])
    if not words:
        yield f"{where}: it is empty, and RouterOS would fill in its own weak default; strong enough is {allowed}"
    for word in words:
        # What RouterOS does not know either is for the module to refuse.
        if word in _known(option) and word not in STRONG[option]:
            reason = NO_CIPHER if word == "null" else REASONS.get(word, SMALL_KEY)
            yield f"{where}: {word} is weak: {reason}; strong enough is {allowed}"


def _known(option: str) -> frozenset[str]:
    choices = next(menu.by_option[option].kind.option["choices"] for menu in MENUS if option in menu.by_option)
    return frozenset(choices) if isinstance(choices, list) else frozenset()


def _long_lived(lifetime: str) -> Iterator[str]:
    try:
        length = milliseconds(lifetime.strip())
    except ValueError:
        # No time at all: the module says so, and what it allows.
        return
    if not 0 < length < DAY:
        yield f"proposal.lifetime: {lifetime} keeps a key for a day or more; strong enough is less than 24h, such as 1h"


def weak_psk(psk: str) -> Iterator[str]:
    """A sentence when a pre-shared key is short; it never quotes the key."""
    text = psk.strip()
    # A leading 0x makes it hexadecimal, two digits a character.
    length = (len(text) - 2) // 2 if text.lower().startswith("0x") else len(text)
    if length < SHORTEST_PSK:
        yield f"psk: so short a key can be guessed from a recorded handshake; enough is {SHORTEST_PSK} characters"


def weak_mode(mode: str) -> Iterator[str]:
    """A sentence when an IKE mode shows too much to listeners."""
    if mode in ("aggressive", "base"):
        yield (
            f"exchange_mode: {mode} shows the identities and a hash of the key to every listener; strong enough is "
            "ike2, or main for old peers"
        )
