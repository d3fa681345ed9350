# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large a packet may be that is to leave encrypted and in one piece.

ESP (RFC 4303) puts 8 bytes and an initialisation vector in front, fills up with 2 bytes of trailer to whole blocks (of
4 bytes at least), and adds what proves it to be genuine. In tunnel mode the inner packet is what is filled up, in
transport mode whatever the outer IP header carries, such as GRE with the inner packet. NAT traversal adds a UDP header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.strength import AEAD, listed

FALLBACK = 1400
"""A size that fits whatever is in use, for what is not known here, such as AH."""
ETHERNET = 1500
IP_HEADER = {4: 20, 6: 40}
TCP_HEADER = 20
NAT_TRAVERSAL = 8
ESP_HEADER, ESP_TRAILER, ALIGNMENT = 8, 2, 4
LINK = {"gre": 4, "ipip": 0, "eoip": 22}
"""What a tunnel interface puts between the outer IP header and the packet; of EoIP 8 bytes, and the Ethernet header."""
BLOCKS_OF_16 = frozenset({"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "twofish"}) | {
    f"camellia-{bits}" for bits in (128, 192, 256)
}
BLOCKS_OF_8 = frozenset({"des", "3des", "blowfish"})
COUNTERS = frozenset({"aes-128-ctr", "aes-192-ctr", "aes-256-ctr"})
HASHES: Mapping[str, int] = {"md5": 12, "sha1": 12, "sha256": 16, "sha512": 32, "null": 0}
"""Bytes of a hash that are sent (RFC 2403, 2404, 4868)."""


@dataclass(frozen=True)
class Cipher:
    """What an algorithm costs: the vector it begins with, the blocks it fills, the proof it has itself."""

    vector: int
    block: int
    proof: int = 0


def cipher(word: str) -> Cipher | None:
    """What the algorithm of that name in a proposal costs; None: it is not known here."""
    if word in AEAD:
        return Cipher(8, ALIGNMENT, 16)
    if word in BLOCKS_OF_16:
        return Cipher(16, 16)
    if word in BLOCKS_OF_8:
        return Cipher(8, 8)
    if word in COUNTERS:
        return Cipher(8, ALIGNMENT)
    return Cipher(0, ALIGNMENT) if word == "null" else None


@dataclass(frozen=True)
class Way:
    """What lies around a packet besides ESP."""

    mtu: int = ETHERNET
    """Largest packet on the way between the routers."""
    version: int = 4
    """IP version of the packets between the routers."""
    nat: bool = False
    """Whether ESP travels in UDP, as it does where an address is translated on the way."""
    link: str = ""
    """gre, ipip or eoip in transport mode; empty: none, in tunnel mode."""


def largest_inner(way: Way, chosen: Cipher, proof: int) -> int:
    """Bytes of the largest packet that fits; `proof` are those of a hash, which AEAD ciphers do without."""
    space = way.mtu - IP_HEADER[way.version] - (NAT_TRAVERSAL if way.nat else 0)
    space -= ESP_HEADER + chosen.vector + (chosen.proof or proof)
    return space // chosen.block * chosen.block - ESP_TRAILER - (LINK[way.link] if way.link else 0)


def inner_mtu(way: Way, proposal: Mapping[str, object], protocol: str = "esp") -> int:
    """The size that fits whichever of the proposal's algorithms the ends agree on; FALLBACK if one is not known."""
    ciphers = [cipher(word) for word in listed(proposal.get("enc_algorithms", ""))]
    proofs = [HASHES.get(word) for word in listed(proposal.get("auth_algorithms", ""))] or [0]
    known = [each for each in ciphers if each]
    if protocol != "esp" or not known or None in ciphers or None in proofs:
        return FALLBACK - (ETHERNET - way.mtu) - (LINK[way.link] if way.link else 0)
    return min(largest_inner(way, each, proof or 0) for each in known for proof in proofs)


def segment(mtu: int, version: int = 4) -> int:
    """The largest TCP segment in packets of that size."""
    return mtu - IP_HEADER[version] - TCP_HEADER
