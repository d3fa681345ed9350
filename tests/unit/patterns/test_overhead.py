# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The largest inner packet fits on the way, and one that is a byte larger does not."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.overhead import (
    FALLBACK,
    HASHES,
    Way,
    cipher,
    inner_mtu,
    segment,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import PROPOSAL
from hypothesis import given
from hypothesis import strategies as st

GCM = {"enc_algorithms": ["aes-256-gcm"], "auth_algorithms": []}
CBC = {"enc_algorithms": "aes-256-cbc", "auth_algorithms": "sha256"}
CIPHERS = tuple(PROPOSAL.by_option["enc_algorithms"].kind.option["choices"])  # type: ignore[arg-type]
# What stands before the data and after it, as the RFCs print it: 4106, 7634, 3602, 2451, 3686, 2410.
VECTORS = {"gcm": 8, "poly1305": 8, "ctr": 8, "cbc": 16, "camellia": 16, "twofish": 16, "des": 8, "blowfish": 8}
BLOCKS = {"cbc": 16, "camellia": 16, "twofish": 16, "des": 8, "blowfish": 8}


def of(table: dict[str, int], word: str, otherwise: int) -> int:
    return next((size for part, size in table.items() if part in word), otherwise)


def on_the_wire(inner: int, way: Way, word: str, hashed: str) -> int:
    """The length of the packet that carries an inner one, built from the outside in."""
    carried = bytes(inner)
    if way.link == "gre":
        carried = bytes(4) + carried
    if way.link == "eoip":
        carried = bytes(8) + bytes(14) + carried
    while (len(carried) + 2) % of(BLOCKS, word, 4):
        carried += b"\0"
    aead = "gcm" in word or "poly1305" in word
    proof = 16 if aead else {"md5": 12, "sha1": 12, "sha256": 16, "sha512": 32, "null": 0}[hashed]
    esp = 4 + 4 + of(VECTORS, word, 0) + len(carried) + 2 + proof
    return (40 if way.version == 6 else 20) + (8 if way.nat else 0) + esp


WAYS = st.builds(
    Way,
    mtu=st.integers(576, 9000),
    version=st.sampled_from([4, 6]),
    nat=st.booleans(),
    link=st.sampled_from(["", "gre", "ipip", "eoip"]),
)


@given(WAYS, st.sampled_from(CIPHERS), st.sampled_from(sorted(HASHES)))
def test_it_fits_and_a_byte_more_does_not(way: Way, word: str, hashed: str) -> None:
    inner = inner_mtu(way, {"enc_algorithms": [word], "auth_algorithms": [hashed]})
    assert on_the_wire(inner, way, word, hashed) <= way.mtu < on_the_wire(inner + 1, way, word, hashed)


@given(WAYS, st.sets(st.sampled_from(CIPHERS), min_size=1), st.sets(st.sampled_from(sorted(HASHES)), min_size=1))
def test_it_fits_whatever_the_ends_agree_on(way: Way, words: set[str], hashes: set[str]) -> None:
    inner = inner_mtu(way, {"enc_algorithms": sorted(words), "auth_algorithms": sorted(hashes)})
    sizes = [on_the_wire(inner, way, word, hashed) for word in words for hashed in hashes]
    larger = [on_the_wire(inner + 1, way, word, hashed) for word in words for hashed in hashes]
    assert max(sizes) <= way.mtu < max(larger)


@pytest.mark.parametrize(
    ("proposal", "link", "plain", "natted"),
    [
        (GCM, "", 1446, 1438),
        (CBC, "", 1438, 1422),
        (GCM, "gre", 1442, 1434),
        (CBC, "gre", 1434, 1418),
        (GCM, "ipip", 1446, 1438),
        (GCM, "eoip", 1424, 1416),
    ],
)
def test_what_is_known_of_1500_bytes(proposal: dict[str, object], link: str, plain: int, natted: int) -> None:
    assert (inner_mtu(Way(link=link), proposal), inner_mtu(Way(link=link, nat=True), proposal)) == (plain, natted)


def test_every_cipher_that_a_proposal_may_name_is_known() -> None:
    assert [word for word in CIPHERS if cipher(word) is None] == []


@pytest.mark.parametrize(
    ("proposal", "protocol"),
    [
        (CBC, "ah"),
        ({**CBC, "enc_algorithms": ["aes-256-cbc", "kuznyechik"]}, "esp"),
        ({**CBC, "auth_algorithms": "sha3"}, "esp"),
        ({}, "esp"),
    ],
)
def test_what_is_not_known_gets_a_size_that_fits_anything(proposal: dict[str, object], protocol: str) -> None:
    assert inner_mtu(Way(), proposal, protocol) == FALLBACK
    assert inner_mtu(Way(mtu=1492, link="gre"), proposal, protocol) == FALLBACK - 8 - 4


def test_a_segment_is_what_ip_and_tcp_leave() -> None:
    assert (segment(1442), segment(1442, 6)) == (1402, 1382)
