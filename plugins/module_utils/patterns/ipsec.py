# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tunnel needs of /ip/ipsec."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering, Tunnel

Entry = dict[str, object]
"""One entry in the form that the module of its menu takes."""


def profile(tunnel: Peering, mark: str) -> Entry:
    """Algorithms of phase 1."""
    return {**tunnel.profile, "name": mark}


def proposal(tunnel: Peering, mark: str) -> Entry:
    """Algorithms of phase 2."""
    return {**tunnel.proposal, "name": mark, "comment": mark}


def peer(tunnel: Peering, mark: str) -> Entry:
    """Where the other end is."""
    entry: Entry = {
        "name": mark,
        "address": tunnel.calls,
        "profile": mark,
        "exchange_mode": tunnel.exchange_mode,
        "passive": tunnel.passive,
        "comment": mark,
    }
    return {**entry, "local_address": tunnel.local_address} if tunnel.local_address else entry


def identity(tunnel: Peering, mark: str) -> Entry:
    """How both ends prove who they are."""
    proof: Entry = {"auth_method": "pre-shared-key", "secret": tunnel.psk}
    if tunnel.certificate:
        proof = {"auth_method": "digital-signature", "certificate": list(tunnel.certificate)}
        if tunnel.remote_certificate:
            proof["remote_certificate"] = tunnel.remote_certificate
    return {"peer": mark, **proof, "my_id": tunnel.my_id, "remote_id": tunnel.remote_id, "comment": mark}


def policies(tunnel: Tunnel, mark: str) -> Iterator[Entry]:
    """What is encrypted; above it, where the other side's network holds our own, what stays here."""
    for one, other in tunnel.inner_pairs:
        yield {"action": "none", "src_address": one, "dst_address": other, "comment": f"{mark}: {one} to {other}"}
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
