# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every pair of choices of cryptography, in tunnels that have to stand and carry: a covering array, not a sample."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeAlias

import pytest
from twin.menus import ipsec as menus

from tests.live.sites import Side, Sites, until

Case: TypeAlias = Mapping[str, str]
# Everything that the router's menus take, less what the daemon does not know: twofish, and ciphers of their own for
# which a hash of nobody's choice would have to be made up.
SHOWN = {
    f"{stem}-{size}{end}": f"{stem}{end}"
    for stem, end in (("aes", "-cbc"), ("aes", "-ctr"), ("aes", "-gcm"), ("camellia", ""))
    for size in (128, 192, 256)
}
AEAD = ("chacha20poly1305", "aes-256-gcm", "aes-192-gcm", "aes-128-gcm")
CHOICES: Mapping[str, Sequence[str]] = {
    "mode": ("ike2", "main", "aggressive"),
    "enc-algorithm": menus.PHASE1_CIPHERS,
    "hash-algorithm": ("md5", "sha1", "sha256", "sha384", "sha512"),
    "prf-algorithm": ("auto", "sha1", "sha256", "sha384", "sha512"),
    "dh-group": menus.GROUPS,
    "enc-algorithms": tuple(cipher for cipher in menus.PHASE2_CIPHERS if cipher != "twofish"),
    "auth-algorithms": ("md5", "sha1", "sha256", "sha512"),
    "pfs-group": menus.PFS_GROUPS,
}
Pair: TypeAlias = tuple[str, str, str, str]
# IKEv1 has no number for this cipher; a live twin refuses it there.
APART: set[Pair] = {("mode", mode, "enc-algorithms", "chacha20poly1305") for mode in ("main", "aggressive")}


def pairs(case: Case) -> set[Pair]:
    """Every two choices that a case brings together."""
    return {(one, case[one], other, case[other]) for one, other in itertools.combinations(CHOICES, 2)}


def covering() -> list[Case]:
    """Cases that bring every two choices together at least once, made greedily and always the same."""
    missing = {
        (one, first, other, second)
        for one, other in itertools.combinations(CHOICES, 2)
        for first in CHOICES[one]
        for second in CHOICES[other]
    } - APART
    found: list[Case] = []
    while missing:
        one, first, other, second = min(missing)
        case = {one: first, other: second}
        for name, words in CHOICES.items():
            if name not in case:
                case[name] = max(words, key=lambda word: (_gain(case, name, word, missing), word))
        missing -= pairs(case)
        found.append(case)
    return found


def _gain(case: Case, name: str, word: str, missing: set[Pair]) -> int:
    """How many missing pairs a choice would bring to what is chosen so far; less than none where two keep apart."""
    order = list(CHOICES)
    made = {
        (other, value, name, word) if order.index(other) < order.index(name) else (name, word, other, value)
        for other, value in case.items()
    }
    return -1 if made & APART else len(made & missing)


CASES = covering()
BATCH = 24


def test_the_table_brings_every_two_choices_together() -> None:
    met = set().union(*map(pairs, CASES))
    wanted = sum(len(CHOICES[one]) * len(CHOICES[other]) for one, other in itertools.combinations(CHOICES, 2))
    assert len(met) == wanted - len(APART)
    assert not met & APART


def side(case: Case) -> Side:
    hashes = "" if case["enc-algorithms"] in AEAD else case["auth-algorithms"]
    profile = {name: case[name] for name in ("enc-algorithm", "hash-algorithm", "prf-algorithm", "dh-group")}
    if case["mode"] != "ike2":
        profile["prf-algorithm"] = "auto"
    proposal = {name: case[name] for name in ("enc-algorithms", "pfs-group")} | {"auth-algorithms": hashes}
    return Side(case["mode"], profile=profile, proposal=proposal)


@pytest.mark.parametrize("first", range(0, len(CASES), BATCH))
def test_tunnels_stand_and_carry_with_every_pair_of_choices(sites: Sites, first: int) -> None:
    failed = []
    for case in CASES[first : first + BATCH]:
        sites.configure(side(case))
        if not until(partial(carries, sites, case), 8):
            told = (*unlike(sites, case), sites.errors("a")[-1:], sites.errors("b")[-1:])
            failed.append(f"{' '.join(case.values())}: {told}")
    assert failed == []


def carries(sites: Sites, case: Case) -> bool:
    """Whether packets cross by associations as asked for; at first there may be others, of sessions that go again."""
    return sites.ping() and not unlike(sites, case) and sites.ping()


def unlike(sites: Sites, case: Case) -> list[str]:
    """In what the associations that stand are not what was asked for."""
    cipher, hashed = SHOWN.get(case["enc-algorithms"], case["enc-algorithms"]), case["auth-algorithms"]
    wanted = (cipher, None if case["enc-algorithms"] in AEAD else hashed)
    seen = {(row["enc-algorithm"], row.get("auth-algorithm")) for row in sites.rows("a", "/ip/ipsec/installed-sa")}
    return [] if seen == {wanted} else [f"{seen} instead of {wanted}"]


@pytest.mark.parametrize("mode", ["main", "aggressive"])
def test_what_a_version_of_ike_does_not_have_is_refused(sites: Sites, mode: str) -> None:
    sites.configure(Side(mode, proposal={"enc-algorithms": "chacha20poly1305", "auth-algorithms": ""}))
    (*_others, told) = [str(row["message"]) for row in sites.rows("a", "/log") if "error" in str(row["topics"])]
    assert told == "a live twin does not play enc-algorithms=chacha20poly1305 with IKEv1"
