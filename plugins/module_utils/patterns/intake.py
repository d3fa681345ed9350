# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes tunnels as people write them down, and fills in the best practice where they say nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.strength import listed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import PREFIX_OR_NAME, prefix, switch

Options = Mapping[str, object]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
KNOWN = tuple(each.name for each in fields(Tunnel))
SUBNETS = ("local_subnets", "remote_subnets")
SWITCHES = ("passive", "firewall", "nat_bypass")
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
    _check(given)
    values: dict[str, object] = {key: str(value) for key, value in given.items() if value is not None}
    values |= {key: _subnets(key, given[key]) for key in SUBNETS if key in values}
    values |= {key: _switch(key, str(given[key])) for key in SWITCHES if key in values}
    if "certificate" in values:
        values["certificate"] = tuple(listed(given["certificate"]))
    if "remote_address" in values:
        values["remote_address"] = _host(str(values["remote_address"]))
    values["profile"] = {**PROFILE, **_options("profile", profile), **_options("profile", given.get("profile"))}
    values["proposal"] = {**PROPOSAL, **_options("proposal", proposal), **_options("proposal", given.get("proposal"))}
    return Tunnel(**values)  # type: ignore[arg-type]


def _check(given: Options) -> None:
    name = str(given.get("name") or "")
    if not NAME.fullmatch(name):
        raise ValueError(f"name: {name!r} was given, allowed are letters, digits and . _ - after a letter or digit")
    for option in sorted(map(str, given.keys() - set(KNOWN))):
        raise ValueError(f"{option}: there is no such option; allowed is {', '.join(KNOWN)}")
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


def _subnets(key: str, value: object) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(map(prefix, listed(value))))
    except ValueError as allowed:
        raise ValueError(f"{key}: {', '.join(listed(value))} was given, allowed is {allowed}") from None


def _switch(key: str, text: str) -> bool:
    try:
        return switch(text) == "yes"
    except ValueError as allowed:
        raise ValueError(f"{key}: {text!r} was given, allowed is {allowed}") from None


def _host(address: str) -> str:
    """A host without its mask; what is no address at all is judged later."""
    try:
        return PREFIX_OR_NAME.normal(address).removesuffix("/32").removesuffix("/128")
    except ValueError:
        return address
