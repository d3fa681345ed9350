# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tunnel between two sites as people write it down, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import product

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns import strength
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    PREFIX_OR_NAME,
    net_apart,
    network,
    prefix,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
STATES = ("present", "absent")

PROFILE: Mapping[str, object] = {
    "enc_algorithm": ["aes-256"],
    "hash_algorithm": "sha256",
    "dh_group": ["ecp256", "modp2048"],
    "lifetime": "8h",
    "dpd_interval": "10s",
}
PROPOSAL: Mapping[str, object] = {
    "enc_algorithms": ["aes-256-cbc"],
    "auth_algorithms": ["sha256"],
    "pfs_group": "ecp256",
    "lifetime": "1h",
}


@dataclass(frozen=True)
class Tunnel:
    """What one router needs to know of a tunnel; algorithms and switches in RouterOS's words."""

    name: str
    state: str = "present"
    remote_address: str = ""
    """Address or DNS name of the other end."""
    local_address: str = ""
    local_subnets: tuple[str, ...] = ()
    remote_subnets: tuple[str, ...] = ()
    psk: str = field(default="", repr=False)
    certificate: tuple[str, ...] = ()
    remote_certificate: str = ""
    my_id: str = "auto"
    remote_id: str = "auto"
    exchange_mode: str = "ike2"
    ipsec_protocols: str = "esp"
    passive: bool = False
    level: str = ""
    """Empty: `unique` where there are several pairs of subnets, else `require`."""
    profile: Mapping[str, object] = field(default_factory=dict)
    """Options of ipsec_profile, defaults included."""
    proposal: Mapping[str, object] = field(default_factory=dict)

    @property
    def present(self) -> bool:
        """Whether the tunnel is to stand."""
        return self.state == "present"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every local with every remote subnet."""
        return list(product(self.local_subnets, self.remote_subnets))


LISTS = frozenset({"local_subnets", "remote_subnets", "certificate"})
KNOWN = tuple(each.name for each in fields(Tunnel))


def tunnel_from(given: Mapping[str, object], profile: Mapping[str, object], proposal: Mapping[str, object]) -> Tunnel:
    """The tunnel that a mapping describes; raises ValueError with a sentence for a name or an option that cannot be."""
    name = str(given.get("name", ""))
    if not NAME.fullmatch(name):
        raise ValueError(f"name: {name!r} was given, allowed are letters, digits and . _ - after a letter or digit")
    for option in sorted(given.keys() - set(KNOWN)):
        raise ValueError(f"{option}: there is no such option; allowed is {', '.join(KNOWN)}")
    values: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    for key in LISTS & values.keys():
        values[key] = tuple(
            map(_spelled, strength.listed(values[key])) if key != "certificate" else strength.listed(values[key])
        )
    for key, defaults in (("profile", {**PROFILE, **profile}), ("proposal", {**PROPOSAL, **proposal})):
        own = values.get(key) or {}
        values[key] = {**defaults, **_given(own)}
    return Tunnel(**values)  # type: ignore[arg-type]


def _given(options: object) -> dict[str, object]:
    if not isinstance(options, Mapping):
        raise ValueError(f"profile and proposal take options by name, {options!r} was given")
    return {key: value for key, value in options.items() if value is not None}


def _spelled(subnet: str) -> str:
    try:
        return prefix(subnet)
    except ValueError as allowed:
        raise ValueError(f"a subnet cannot be {subnet!r}, allowed is {allowed}") from None


def wrong(tunnel: Tunnel) -> Iterator[str]:
    """A sentence for everything that keeps a tunnel from working."""
    if tunnel.state not in STATES:
        yield f"state: {tunnel.state!r} was given, allowed is present or absent"
    if not tunnel.present:
        return
    for name in ("remote_address", "local_subnets", "remote_subnets"):
        if not getattr(tunnel, name):
            yield f"{name} is missing"
    if tunnel.remote_address:
        yield from _wrong_address(tunnel.remote_address)
    if bool(tunnel.psk) == bool(tunnel.certificate):
        yield "give either certificate (better) or psk, and not both"
    for local, remote in tunnel.pairs:
        if not net_apart(local, remote):
            yield f"local subnet {local} and remote subnet {remote} overlap, so no packet would know its way"
        elif network(local).version != network(remote).version:
            yield f"local subnet {local} and remote subnet {remote} are not of the same IP version"


def _wrong_address(address: str) -> Iterator[str]:
    try:
        PREFIX_OR_NAME.normal(address)
    except ValueError as allowed:
        yield f"remote_address: {address!r} was given, allowed is {allowed}"


def is_host(address: str) -> bool:
    """Whether an address is one host or a DNS name, and not a prefix that many fit."""
    try:
        return network(address).num_addresses == 1
    except ValueError:
        return True


def weak(tunnel: Tunnel) -> Iterator[str]:
    """A sentence for every choice that is weaker than it should be."""
    if not tunnel.present:
        return
    if not is_host(tunnel.remote_address):
        yield (
            f"remote_address: {tunnel.remote_address} lets everybody in that range try to connect; strong enough is "
            "one address or DNS name"
        )
    if tunnel.psk:
        yield from strength.weak_psk(tunnel.psk)
    if tunnel.ipsec_protocols == "ah":
        yield "ipsec_protocols: ah signs packets and does not encrypt them; strong enough is esp"
    yield from strength.weak_mode(tunnel.exchange_mode)
    yield from strength.weak_profile(tunnel.profile)
    yield from strength.weak_proposal(tunnel.proposal, tunnel.ipsec_protocols)
