# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles tunnels between sites to the entries one router needs: IPsec, NAT bypass, firewall.

What belongs to a tunnel carries its mark, `PREFIX-NAME`, in name or comment. What all tunnels share, a handful of rules
over two address lists, carries the mark `PREFIX`; so the length of the firewall does not grow with their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import (
    NAME,
    Tunnel,
    tunnel_from,
    weak,
    wrong,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import network

Thing = TypeVar("Thing", bound=Hashable)
Entries = dict[str, list[dict[str, object]]]
"""Entries by module name, in the form that the module `config` takes."""


@dataclass(frozen=True)
class Settings:
    """What holds for all tunnels of a router."""

    prefix: str = "s2s"
    allow_weak: bool = False
    firewall: bool = True
    """Make the input and forward accepts and their address lists."""
    nat_bypass: bool = True

    @property
    def peers(self) -> str:
        """Name of the address list with the other ends."""
        return f"{self.prefix}-peers"

    @property
    def remote(self) -> str:
        """Name of the address list with the networks behind them."""
        return f"{self.prefix}-remote"

    def mark(self, tunnel: Tunnel) -> str:
        """What the tunnel's entries are known by."""
        return f"{self.prefix}-{tunnel.name}"


@dataclass(frozen=True)
class Compiled:
    """Entries, the marks of their owners, and sentences on what is wrong; with problems there are no entries."""

    config: Entries
    owners: tuple[str, ...]
    problems: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    """Marks of the tunnels that are to stand."""
    absent: tuple[str, ...] = ()


def site_to_site(
    tunnels: Sequence[Mapping[str, object]],
    settings: Settings,
    profile: Mapping[str, object],
    proposal: Mapping[str, object],
) -> Compiled:
    """What a router needs for these tunnels; `profile` and `proposal` are options for all of them."""
    found, problems = _read(tunnels, settings, profile, proposal)
    if problems:
        return Compiled({}, (), tuple(problems))
    present = [tunnel for tunnel in found if tunnel.present]
    marks = tuple(map(settings.mark, found))
    shared = (settings.prefix,) if present else ()
    return Compiled(
        _entries(present, settings),
        (*shared, *marks),
        present=tuple(map(settings.mark, present)),
        absent=tuple(settings.mark(tunnel) for tunnel in found if not tunnel.present),
    )


def _read(
    tunnels: Sequence[Mapping[str, object]],
    settings: Settings,
    profile: Mapping[str, object],
    proposal: Mapping[str, object],
) -> tuple[list[Tunnel], list[str]]:
    found: list[Tunnel] = []
    problems = [] if NAME.fullmatch(settings.prefix) else [f"the prefix cannot be {settings.prefix!r}"]
    for number, given in enumerate(tunnels, start=1):
        try:
            found.append(tunnel_from(given, profile, proposal))
        except ValueError as problem:
            problems.append(f"tunnel {given.get('name') or number}: {problem}")
    problems += [f"tunnel {tunnel.name}: {text}" for tunnel in found for text in _problems(tunnel, settings)]
    return found, [*problems, *_conflicts(found)]


def _problems(tunnel: Tunnel, settings: Settings) -> Iterator[str]:
    yield from wrong(tunnel)
    if not settings.allow_weak:
        yield from (f"{text}, or set site_to_site_allow_weak: true" for text in weak(tunnel))
    if tunnel.present and (settings.firewall or settings.nat_bypass):
        for address in (tunnel.remote_address, *tunnel.local_subnets, *tunnel.remote_subnets):
            if _is_ipv6(address):
                yield (
                    f"{address} needs rules in /ipv6/firewall, which are not made here; set site_to_site_firewall and "
                    "site_to_site_nat_bypass to false and make them yourself"
                )


def _is_ipv6(address: str) -> bool:
    try:
        return network(address).version == 6
    except ValueError:
        return False


def _conflicts(tunnels: Sequence[Tunnel]) -> Iterator[str]:
    """Sentences for tunnels that cannot stand beside each other."""
    present = [tunnel for tunnel in tunnels if tunnel.present]
    for name in _twice(tunnel.name for tunnel in tunnels):
        yield f"tunnel {name}: the name is given twice"
    for address, local in _twice((tunnel.remote_address, tunnel.local_address) for tunnel in present):
        names = ", ".join(
            each.name for each in present if (each.remote_address, each.local_address) == (address, local)
        )
        yield f"tunnels {names}: RouterOS takes one peer per remote_address ({address}), unless local_address differs"
    for pair in _twice(pair for tunnel in present for pair in tunnel.pairs):
        names = ", ".join(tunnel.name for tunnel in present if pair in tunnel.pairs)
        yield f"tunnels {names}: only one tunnel can carry {pair[0]} to {pair[1]}"


def _twice(things: Iterable[Thing]) -> list[Thing]:
    return [thing for thing, often in Counter(things).items() if often > 1]


def _entries(tunnels: Sequence[Tunnel], settings: Settings) -> Entries:
    entries: Entries = {
        "ipsec_profile": [{**tunnel.profile, "name": settings.mark(tunnel)} for tunnel in tunnels],
        "ipsec_proposal": [
            {**tunnel.proposal, "name": settings.mark(tunnel), "comment": settings.mark(tunnel)} for tunnel in tunnels
        ],
        "ipsec_peer": [_peer(tunnel, settings.mark(tunnel)) for tunnel in tunnels],
        "ipsec_identity": [_identity(tunnel, settings.mark(tunnel)) for tunnel in tunnels],
        "ipsec_policy": [entry for tunnel in tunnels for entry in _policies(tunnel, settings.mark(tunnel))],
        "firewall_address_list": [],
        "firewall_nat": [],
        "firewall_filter": [],
    }
    if settings.nat_bypass:
        entries["firewall_nat"] = [rule for tunnel in tunnels for rule in _bypass(tunnel, settings.mark(tunnel))]
    if settings.firewall and tunnels:
        entries["firewall_address_list"] = list(_lists(tunnels, settings))
        entries["firewall_filter"] = [*_shared_rules(settings), *_ah_rules(tunnels, settings)]
    return entries


def _peer(tunnel: Tunnel, mark: str) -> dict[str, object]:
    peer: dict[str, object] = {
        "name": mark,
        "address": tunnel.remote_address,
        "profile": mark,
        "exchange_mode": tunnel.exchange_mode,
        "passive": tunnel.passive,
        "comment": mark,
    }
    return {**peer, "local_address": tunnel.local_address} if tunnel.local_address else peer


def _identity(tunnel: Tunnel, mark: str) -> dict[str, object]:
    proof: dict[str, object] = {"auth_method": "pre-shared-key", "secret": tunnel.psk}
    if tunnel.certificate:
        proof = {"auth_method": "digital-signature", "certificate": list(tunnel.certificate)}
        if tunnel.remote_certificate:
            proof["remote_certificate"] = tunnel.remote_certificate
    return {"peer": mark, **proof, "my_id": tunnel.my_id, "remote_id": tunnel.remote_id, "comment": mark}


def _policies(tunnel: Tunnel, mark: str) -> Iterator[dict[str, object]]:
    level = tunnel.level or ("unique" if len(tunnel.pairs) > 1 else "require")
    for local, remote in tunnel.pairs:
        yield {
            "peer": [mark],
            "tunnel": True,
            "src_address": local,
            "dst_address": remote,
            "level": level,
            "ipsec_protocols": tunnel.ipsec_protocols,
            "proposal": mark,
            "comment": f"{mark}: {local} to {remote}",
        }


def _bypass(tunnel: Tunnel, mark: str) -> Iterator[dict[str, object]]:
    """By subnets, not by ipsec-policy: a connection that began while the tunnel was down must not be translated."""
    for local, remote in tunnel.pairs:
        yield {
            "chain": "srcnat",
            "action": "accept",
            "src_address": local,
            "dst_address": remote,
            "comment": f"{mark}: no NAT from {local} to {remote}",
        }


def _lists(tunnels: Sequence[Tunnel], settings: Settings) -> Iterator[dict[str, object]]:
    seen: set[tuple[str, str]] = set()
    for tunnel in tunnels:
        wanted = [(settings.peers, tunnel.remote_address), *((settings.remote, net) for net in tunnel.remote_subnets)]
        for pair in wanted:
            if pair not in seen:
                seen.add(pair)
                yield {"list": pair[0], "address": pair[1], "comment": settings.mark(tunnel)}


def _shared_rules(settings: Settings) -> Iterator[dict[str, object]]:
    from_peers = {"chain": "input", "action": "accept", "src_address_list": settings.peers}
    forward = {"chain": "forward", "action": "accept"}
    yield {**from_peers, "protocol": "udp", "dst_port": "500,4500", "comment": f"{settings.prefix}: IKE and NAT-T"}
    yield {**from_peers, "protocol": "ipsec-esp", "comment": f"{settings.prefix}: ESP"}
    yield {
        **forward,
        "ipsec_policy": "in,ipsec",
        "src_address_list": settings.remote,
        "comment": f"{settings.prefix}: out of the tunnels",
    }
    yield {
        **forward,
        "ipsec_policy": "out,ipsec",
        "dst_address_list": settings.remote,
        "comment": f"{settings.prefix}: into the tunnels",
    }


def _ah_rules(tunnels: Sequence[Tunnel], settings: Settings) -> Iterator[dict[str, object]]:
    """AH cannot cross NAT and is rare, so its accept comes and goes with the tunnels that use it."""
    for tunnel in tunnels:
        if tunnel.ipsec_protocols == "ah":
            yield {
                "chain": "input",
                "action": "accept",
                "protocol": "ipsec-ah",
                "src_address_list": settings.peers,
                "comment": f"{settings.mark(tunnel)}: AH",
            }
