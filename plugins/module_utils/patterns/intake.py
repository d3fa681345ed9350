# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes tunnels as people write them down, and fills in the best practice where they say nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.readers import taken, truth
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.strength import listed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering, Tunnel
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import PREFIX_OR_NAME, prefix

Made = TypeVar("Made", bound=Peering)
Options = Mapping[str, object]
Readers = Mapping[str, Callable[[str, object], object]]
"""How options are read that are more than a text: from name and value."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
MADE = ("name", "comment")
"""Options of a profile or proposal that are not for the user to choose."""
PROFILE: Options = {
    "enc_algorithm": ["aes-256"],
    "hash_algorithm": "sha256",
    "dh_group": ["ecp256", "modp2048"],
    "lifetime": "8h",
    "dpd_interval": "10s",
}
PROPOSAL: Options = {
    "enc_algorithms": ["aes-256-cbc"],
    "auth_algorithms": ["sha256"],
    "pfs_group": "ecp256",
    "lifetime": "1h",
}


def tunnel_from(given: Options, profile: Options, proposal: Options) -> Tunnel:
    """The tunnel that a mapping describes; raises ValueError with a sentence for what cannot be read."""
    return made_of(given, Tunnel, READERS, profile, proposal)


def made_of(given: Options, kind: type[Made], readers: Readers, profile: Options, proposal: Options) -> Made:
    """What a mapping describes; raises ValueError with a sentence for what cannot be read."""
    _check(given, tuple(each.name for each in fields(kind)))
    values: dict[str, object] = {
        key: readers[key](key, value) if key in readers else str(value)
        for key, value in given.items()
        if value is not None
    }
    values["profile"] = {**PROFILE, **_options("profile", profile), **_options("profile", given.get("profile"))}
    values["proposal"] = {**PROPOSAL, **_options("proposal", proposal), **_options("proposal", given.get("proposal"))}
    return kind(**values)  # type: ignore[arg-type]


def known_and_not(
    tunnels: Sequence[Options], read: Callable[[Options], Made], judge: Callable[[Made], Iterator[str]]
) -> tuple[list[Made], list[str]]:
    """The tunnels that can be read, and sentences on those that cannot or are not as they should be."""
    known: list[Made] = []
    problems: list[str] = []
    for number, given in enumerate(tunnels, start=1):
        try:
            known.append(read(given))
        except ValueError as problem:
            problems.append(f"tunnel {given.get('name') or number}: {problem}")
    return known, [*problems, *(f"tunnel {tunnel.name}: {text}" for tunnel in known for text in judge(tunnel))]


def _check(given: Options, known: tuple[str, ...]) -> None:
    name = str(given.get("name") or "")
    if not NAME.fullmatch(name):
        raise ValueError(f"name: {name!r} was given, allowed are letters, digits and . _ - after a letter or digit")
    for option in sorted(map(str, given.keys() - set(known))):
        raise ValueError(f"{option}: there is no such option; allowed is {', '.join(known)}")
    if not isinstance(given.get("psk") or "", str):
        # As a number it would lose leading zeros, and 0x... its form.
        raise ValueError("psk: it is not a text; put quotes around it")


def _options(what: str, options: object) -> dict[str, object]:
    if not isinstance(options or {}, Mapping):
        raise ValueError(f"{what}: options by name are expected, such as lifetime")
    known = {str(key): value for key, value in dict(options or {}).items() if value is not None}  # type: ignore[call-overload]
    for key in MADE:
        if key in known:
            raise ValueError(f"{what}.{key}: it is made of the tunnel's name and cannot be chosen")
    return known


def subnets(key: str, value: object) -> tuple[str, ...]:
    """Networks as RouterOS spells them, each once."""
    try:
        return tuple(dict.fromkeys(map(prefix, listed(value))))
    except ValueError as allowed:
        raise ValueError(f"{key}: {', '.join(listed(value))} was given, allowed is {allowed}") from None


def flag(key: str, value: object) -> bool:
    """A switch, however it is spelled."""
    return taken(key, value, truth)


def words(_key: str, value: object) -> tuple[str, ...]:
    """Words in the order given."""
    return tuple(listed(value))


def host(_key: str, value: object) -> str:
    """A host without its mask; what is no address at all is judged later."""
    address = str(value)
    try:
        return PREFIX_OR_NAME.normal(address).removesuffix("/32").removesuffix("/128")
    except ValueError:
        return address


READERS: Readers = {
    "remote_address": host,
    "local_subnets": subnets,
    "remote_subnets": subnets,
    "certificate": words,
    "passive": flag,
    "firewall": flag,
    "nat_bypass": flag,
}
