# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a router's tunnels somebody means: by the name of the peer, an owner's mark, or what lies beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import bears
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import Selector, Tunnel


class NoSuchTunnel(ValueError):
    """Nothing on the router is what somebody means; the text says what there is."""


@dataclass(frozen=True)
class Wanted:
    """What somebody says of the tunnels meant; each word adds some, and without any, all are meant."""

    peers: tuple[str, ...] = ()
    """Names of peers."""
    owners: tuple[str, ...] = ()
    """Marks that comments begin with, those of peers or of their policies."""
    destinations: tuple[str, ...] = ()
    """Addresses or networks beyond the tunnel."""

    def __bool__(self) -> bool:
        return bool(self.peers or self.owners or self.destinations)


def choose(found: Sequence[Tunnel], wanted: Wanted) -> list[Tunnel]:
    """The tunnels meant, each once, in the order in which they are asked for; raises NoSuchTunnel."""
    if not wanted:
        return list(found)
    known = {each.peer: each for each in found}
    if missing := [name for name in wanted.peers if name not in known]:
        there = ", ".join(known) or "none"
        raise NoSuchTunnel(f"/ip/ipsec/peer: there is no peer {', '.join(missing)}; there are: {there}")
    meant = [known[name] for name in wanted.peers]
    for mark in wanted.owners:
        meant += _some([each for each in found if _owned(each, mark)], f"/ip/ipsec/peer: no peer is marked {mark}")
    for place in wanted.destinations:
        beyond = [each for each in found if any(leads(policy, place) for policy in each.policies)]
        meant += _some(beyond, f"/ip/ipsec/policy: no policy of a peer leads to {place}")
    return list(dict.fromkeys(meant))


def _some(tunnels: list[Tunnel], otherwise: str) -> list[Tunnel]:
    if not tunnels:
        raise NoSuchTunnel(otherwise)
    return tunnels


def _owned(tunnel: Tunnel, mark: str) -> bool:
    return any(bears(comment, mark) for comment in (tunnel.comment, *(each.comment for each in tunnel.policies)))


def leads(policy: Selector, place: str) -> bool:
    """Whether a policy that is on takes what is sent to an address or a network, as a whole."""
    return not policy.disabled and lies_in(place, policy.dst_address)


def lies_in(inner: str, outer: str) -> bool:
    """Whether an address or network lies in another; what is neither lies nowhere."""
    try:
        small, large = ip_network(inner, strict=False), ip_network(outer, strict=False)
    except ValueError:
        return False
    # `::/0` is how RouterOS spells a selector for any address of either family.
    if large.prefixlen == 0:
        return large.version in (small.version, 6)
    return small.version == large.version and small.network_address in large and small.prefixlen >= large.prefixlen
