# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote networks that a router has itself: a policy would take the packets to its own hosts.

That matters where a local network is wide, as 0.0.0.0/0 at the hub of sites that send everything there: such a policy
holds the router's own answers to these hosts, too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Found
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import net_apart, net_within


def reads(tunnels: Iterable[Tunnel]) -> dict[str, list[Entry]]:
    """What has to be read of the router to know, as state `gathered` takes it; nothing where no network is wide."""
    return {"ip_address": []} if any(_inside(tunnel) for tunnel in tunnels) else {}


def wrong_networks(tunnel: Tunnel, found: Found) -> Iterator[str]:
    """A sentence for every remote network that lies in a local one and is the router's own."""
    for row in found.get("ip_address", ()) if _inside(tunnel) else ():
        try:
            own = ipaddress.ip_interface(str(row.get("address"))).network
        except ValueError:
            continue
        for remote in _inside(tunnel):
            # A single address has no hosts around it.
            if own.num_addresses > 1 and not row.get("disabled") and not net_apart(str(own), remote):
                yield (
                    f"remote subnet {remote} shares addresses with {own} on {row.get('interface')} of this router, so "
                    "packets to its hosts there would be sent into the tunnel"
                )


def _inside(tunnel: Tunnel) -> list[str]:
    """The remote networks that lie in local ones."""
    pairs = ((local, remote) for local, remote in tunnel.pairs if net_within(remote, local))
    return list(dict.fromkeys(remote for _local, remote in pairs))
