# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon holds, as `active-peers`, `installed-sa` and the states of policies print it.

Words and forms as in ipsec.md 12 of the facts this twin is written from; what a router tells and charon does not know
(`last-seen`, `replay` windows, keys) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...model import Values
from ...values.basic import spell_duration

Message = Mapping[str, Any]
ESTABLISHED, NOTHING = "established", "no-phase2"
# charon's states of phase 1; RouterOS counts the messages, of which charon tells nothing.
_STATES = {
    "CREATED": "spawning",
    "CONNECTING": "message-1-sent",
    "ESTABLISHED": ESTABLISHED,
    "REKEYING": ESTABLISHED,
    "REKEYED": "expired",
    "DELETING": "expired",
    "DESTROYING": "expired",
    "PASSIVE": ESTABLISHED,
}
_SA_STATES = {"INSTALLED": "mature", "REKEYING": "dying", "REKEYED": "dying", "DELETING": "dead", "DELETED": "dead"}
_CIPHERS = {
    "AES_CBC": "aes-cbc",
    "AES_CTR": "aes-ctr",
    "CAMELLIA_CBC": "camellia",
    "3DES_CBC": "3des",
    "DES_CBC": "des",
    "BLOWFISH_CBC": "blowfish",
    "CHACHA20_POLY1305": "chacha20poly1305",
    "NULL": "null",
}
_HASHES = {"HMAC_MD5_96": "md5", "HMAC_SHA1_96": "sha1", "HMAC_SHA2_256_128": "sha256", "HMAC_SHA2_512_256": "sha512"}


def sessions(sas: Mapping[str, Message]) -> Iterator[tuple[str, Values]]:
    """A row for each that a router would list, with a key that stays its; one that is on its way out is not listed."""
    for key, sa in sas.items():
        state = _STATES.get(sa.get("state", ""), "expired")
        if state != "expired":
            yield key, _session(sa, state)


def _session(sa: Message, state: str) -> Values:
    children = installed(sa)
    far, near = sa.get("remote-host", ""), sa.get("local-host", "")
    found = {
        "id": sa.get("remote-id", ""),
        "local-address": near,
        "remote-address": far,
        "port": sa.get("remote-port", "500"),
        "state": state,
        "side": "initiator" if sa.get("initiator") == "yes" else "responder",
        "uptime": spell_duration(int(sa.get("established", "0")) * 1000),
        "ph2-total": str(len(children)),
        "spii": sa.get("initiator-spi", "") if state == ESTABLISHED else "",
        "spir": sa.get("responder-spi", "") if state == ESTABLISHED else "",
    }
    for way, name in (("in", "rx"), ("out", "tx")):
        for unit in ("bytes", "packets"):
            found[f"{name}-{unit}"] = str(sum(int(each.get(f"{unit}-{way}", "0")) for each in children))
    if sa.get("initiator") != "yes":
        found["responder"] = "true"
    if any(sa.get(f"nat-{side}") == "yes" for side in ("local", "remote")):
        found["natt-peer"] = "true"
    if sa.get("ppk") == "yes":
        found["ppk"] = "true"
    return {name: value for name, value in found.items() if value != ""}


def installed(sa: Message) -> list[Message]:
    """The children of a session that carry packets."""
    return [each for each in sa.get("child-sas", {}).values() if each.get("state") in ("INSTALLED", "REKEYING")]


def associations(sas: Mapping[str, Message]) -> Iterator[tuple[str, Values]]:
    """Two rows for each child, the inbound one first, with a key that stays theirs."""
    for key, sa in sas.items():
        for child in sa.get("child-sas", {}).values():
            if child.get("state") in _SA_STATES:
                for way in ("in", "out"):
                    yield f"{key} {child['uniqueid']} {way}", _association(sa, child, way)


def _association(sa: Message, child: Message, way: str) -> Values:
    ports = child.get("encap") == "yes"
    near, far = (
        f"{sa[f'{side}-host']}{':' + sa[f'{side}-port'] if ports else ''}" for side in ("local", "remote")
    )  # fmt: skip
    cipher, size = child.get("encr-alg", ""), int(child.get("encr-keysize", "0"))
    aead = "GCM" in cipher or "POLY1305" in cipher
    packets = child.get(f"packets-{way}", "0")
    found = {
        "spi": f"0x{int(child[f'spi-{way}'], 16):X}",
        "src-address": far if way == "in" else near,
        "dst-address": near if way == "in" else far,
        "state": _SA_STATES[child["state"]],
        "enc-algorithm": "aes-gcm" if "GCM" in cipher else _CIPHERS.get(cipher, cipher.lower()),
        # With its salt of 32 bits an AES-GCM key of 256 prints as 288.
        "enc-key-size": str(size + 32 if "GCM" in cipher else size),
        "current-bytes": child.get(f"bytes-{way}", "0"),
        "current-packets": packets,
        "seen-traffic": "true" if int(packets) else "false",
        "hw-aead": "false",
        "AH": "true" if child.get("protocol") == "AH" else "false",
        "ESP": "true" if child.get("protocol") == "ESP" else "false",
        "expires-in": spell_duration(max(0, int(child.get("life-time", "0"))) * 1000),
    }
    if not aead:
        found["auth-algorithm"] = _HASHES.get(child.get("integ-alg", ""), child.get("integ-alg", "").lower())
    return found


_STATISTICS = {
    "Hdr": "header",
    "Proto": "protocol",
    "Seq": "sequence",
    "Tmpl": "template",
    "Pols": "policies",
    "Pol": "policy",
    "Mismatch": "mismatches",
    "Error": "errors",
    "BundleGen": "bundle",
    "Block": "blocked",
}


def statistic(name: str) -> str:
    """RouterOS's name for a counter of /proc/net/xfrm_stat: XfrmInStateProtoError is in-state-protocol-errors."""
    words = re.findall(r"BundleGen|[A-Z][a-z]+", name.removeprefix("Xfrm"))
    return "-".join(_STATISTICS.get(word, word.lower()) for word in words)


@dataclass(frozen=True)
class Carried:
    """What a child carries: RouterOS would print it as the state of a policy."""

    key: str
    connection: str
    child: str
    near: str
    far: str
    local: Sequence[str]
    remote: Sequence[str]


def carried(sas: Mapping[str, Message]) -> list[Carried]:
    """Every child that carries packets."""
    return [
        Carried(
            f"{key} {each['uniqueid']}",
            sa["name"],
            each["name"],
            sa["local-host"],
            sa["remote-host"],
            each["local-ts"],
            each["remote-ts"],
        )
        for key, sa in sas.items()
        for each in installed(sa)
    ]


_SELECTOR = re.compile(r"(?P<network>[^\[]+)(?:\[(?P<protocol>[^/\]]+)(?:/(?P<port>[^\]]+))?\])?")


def generated(one: Carried) -> Values:
    """The dynamic policy that a child made from a template stands for."""
    near, far = (_SELECTOR.fullmatch(text[0]) for text in (one.local, one.remote))
    assert near is not None
    assert far is not None
    return {
        "tunnel": "true",
        "src-address": near["network"],
        "src-port": near["port"] or "any",
        "dst-address": far["network"],
        "dst-port": far["port"] or "any",
        "protocol": near["protocol"] or "all",
        "action": "encrypt",
        "level": "unique",
        "ipsec-protocols": "esp",
        "sa-src-address": one.near,
        "sa-dst-address": one.far,
        "disabled": "false",
        "dynamic": "true",
        "active": "true",
        "ph2-count": "1",
        "ph2-state": ESTABLISHED,
    }
