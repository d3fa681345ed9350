# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of a connection: which peers they name, and which of them begin enabled."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns import ipsec
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import Connection
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry


def several_peers(connection: Connection, mark: str) -> Iterator[Entry]:
    """One policy for each pair of networks; the router goes from peer to peer itself."""
    peers = [f"{mark}/{way.name}" for way in connection.ways]
    for entry in ipsec.policies(connection.tunnel, mark):
        yield {**entry, "peer": peers} if "peer" in entry else entry


def switched(connection: Connection, mark: str) -> Iterator[Entry]:
    """A policy for each pair of networks and each peer; only those of the first peer begin enabled."""
    for number, way in enumerate(connection.ways):
        name = f"{mark}/{way.name}"
        for entry in ipsec.policies(connection.tunnel, mark):
            if "peer" in entry:
                comment = f"{name}: {entry['src_address']} to {entry['dst_address']}"
                yield {**entry, "peer": [name], "disabled": number > 0, "comment": comment}
            elif number == 0:
                yield entry
