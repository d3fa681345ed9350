# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets tunnels pass a router's firewall and NAT.

All tunnels share a handful of rules over two address lists, so that the chains which every packet passes do not grow
with their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Place, needed_by, plain
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Names, Settings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel

TITLES = {"ipsec-esp": "ESP", "gre": "GRE", "ipencap": "IPIP"}
"""What protocols are called, by the firewall's names."""


def address_lists(tunnels: Iterable[Tunnel], others: Mapping[Place, set[str]], settings: Settings) -> list[Entry]:
    """Both ends and the networks behind the other one; `others` are what tunnels need that are not spoken of."""
    return listed_for(needed(tunnels, settings), others, settings)


def needed(tunnels: Iterable[Tunnel], settings: Settings) -> dict[Place, set[str]]:
    """For each address that belongs into a list the names of the tunnels that need it there."""
    needs = defaultdict[Place, set[str]](set)
    for tunnel in tunnels:
        if settings.passes(tunnel):
            needs[settings.peers, plain(tunnel.remote_address)].add(tunnel.name)
            for subnet in tunnel.remote_subnets:
                needs[settings.remote, plain(subnet)].add(tunnel.name)
        if settings.exempts(tunnel):
            needs[settings.local, plain(tunnel.local_address)].add(tunnel.name)
    return needs


def listed_for(needs: Mapping[Place, set[str]], others: Mapping[Place, set[str]], settings: Names) -> list[Entry]:
    """Entries of address lists, each with the names of all tunnels that need it."""
    together = {place: needs.get(place, set()) | others.get(place, set()) for place in {**needs, **others}}
    return [
        {"list": where, "address": address, "comment": needed_by(settings, names)}
        for (where, address), names in together.items()
    ]


def has_entries(lists: Iterable[Entry], name: str) -> bool:
    """Whether there is anything in the address list of this name."""
    return any(entry["list"] == name for entry in lists)


def shared_rules(settings: Settings) -> Iterator[Entry]:
    """The accepts for every peer and every network behind them."""
    yield from peer_rules(settings)
    forward = {"chain": "forward", "action": "accept"}
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


def peer_rules(names: Names) -> Iterator[Entry]:
    """The accepts for what the other ends say to the router itself."""
    from_peers = {"chain": "input", "action": "accept", "src_address_list": names.peers}
    yield {**from_peers, "protocol": "udp", "dst_port": "500,4500", "comment": f"{names.prefix}: IKE and NAT-T"}
    yield {**from_peers, "protocol": "ipsec-esp", "comment": f"{names.prefix}: ESP"}


def ah_rules(tunnels: Sequence[Tunnel], settings: Settings) -> Iterator[Entry]:
    """AH cannot cross NAT and is rare, so its accept comes and goes with the tunnels that use it."""
    for tunnel in tunnels:
        if tunnel.ipsec_protocols == "ah" and settings.passes(tunnel):
            yield {
                "chain": "input",
                "action": "accept",
                "protocol": "ipsec-ah",
                "src_address_list": settings.peers,
                "comment": f"{settings.mark(tunnel)}: AH",
            }


def nat_bypass(tunnel: Tunnel, mark: str) -> Iterator[Entry]:
    """By subnets, not by ipsec-policy: a connection that began while the tunnel was down must not be translated."""
    for local, remote in tunnel.pairs:
        yield {
            "chain": "srcnat",
            "action": "accept",
            "src_address": local,
            "dst_address": remote,
            "comment": f"{mark}: no NAT from {local} to {remote}",
        }


def own_traffic(lists: Iterable[Entry], names: Names, protocols: Iterable[str] = ()) -> Iterator[Entry]:
    """Accepts that keep what the router itself sends from its local addresses from being translated.

    IKE and the encrypted packets match no policy, so a masquerade with `ipsec-policy=out,none` takes them as well and
    replaces a secondary, shared or loopback address by the primary one of the port: the other end answers nobody.
    """
    if not has_entries(lists, names.local):
        return
    accept = {"chain": "srcnat", "action": "accept", "src_address_list": names.local}
    # By source port: behind a translation the other end has another one than 4500.
    ports = {"protocol": "udp", "src_port": "500,4500"}
    yield {**accept, **ports, "comment": f"{names.prefix}: no NAT of own IKE and NAT-T"}
    for protocol in ("ipsec-esp", *protocols):
        yield {**accept, "protocol": protocol, "comment": f"{names.prefix}: no NAT of own {TITLES[protocol]}"}


def own_ah(own: Iterable[tuple[Tunnel, str]], settings: Settings) -> Iterator[Entry]:
    """The same for AH, which comes and goes with the tunnels, given with their marks, that use it."""
    for tunnel, mark in own:
        if tunnel.ipsec_protocols == "ah" and settings.exempts(tunnel):
            yield {
                "chain": "srcnat",
                "action": "accept",
                "protocol": "ipsec-ah",
                "src_address": tunnel.local_address,
                "comment": f"{mark}: no NAT of own AH",
            }
