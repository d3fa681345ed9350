# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tunnel interface needs besides IPsec and firewall: itself, addresses, lists, routes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import needed_by
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.settings import Settings

LAST = 254
"""Distance of the route that drops what no tunnel takes; 255 is never used."""


def interface(link: Link, mark: str) -> Entry:
    """The interface, of a size that leaves in one piece."""
    entry: Entry = {
        "name": mark,
        "local_address": link.local_address,
        "remote_address": link.remote_address,
        "mtu": str(link.size),
        "keepalive": link.keepalive,
        "clamp_tcp_mss": link.clamp_tcp_mss,
        # What takes the fast path would leave without IPsec.
        "allow_fast_path": False,
        "comment": mark,
    }
    if link.type == "eoip":
        entry["tunnel_id"] = int(link.tunnel_id)
    return {**entry, "ipsec_secret": link.psk} if link.encryption == "ipsec-secret" else entry


def policy(link: Link, mark: str) -> Entry:
    """Everything that the interface sends is encrypted or not sent at all."""
    return {
        "peer": [mark],
        "tunnel": False,
        "protocol": link.protocol,
        "src_address": f"{link.local_address}/32",
        "dst_address": f"{link.remote_address}/32",
        "level": "require",
        "ipsec_protocols": "esp",
        "proposal": mark,
        "comment": mark,
    }


def address(link: Link, mark: str) -> Entry:
    """The own address on the interface."""
    if link.own.network.prefixlen == 30:
        return {"address": str(link.own), "interface": mark, "comment": mark}
    # A pair without a network around it is how every version writes down a /31.
    return {"address": f"{link.own.ip}/32", "network": link.far, "interface": mark, "comment": mark}


def member(mark: str, settings: Settings) -> Entry:
    """The interface among those of all tunnels."""
    return {"list": settings.tunnels, "interface": mark, "comment": mark}


def routes(link: Link, mark: str) -> Iterator[Entry]:
    """Ways to the networks behind the other end."""
    if link.routing != "static":
        return
    for subnet in link.remote_subnets:
        entry: Entry = {
            "dst_address": subnet,
            "gateway": [link.far],
            "distance": int(link.distance),
            "comment": f"{mark}: {subnet}",
        }
        yield {**entry, "check_gateway": link.check_gateway} if link.check_gateway != "none" else entry


def blackholes(links: Iterable[Link], others: Mapping[str, set[str]], settings: Settings) -> list[Entry]:
    """Drops for what goes to these networks while no tunnel takes it, or it would leave in clear by another route."""
    needing = defaultdict[str, set[str]](set)
    for link in links:
        for subnet in link.remote_subnets if link.routing == "static" and link.blackhole else ():
            needing[subnet].add(link.name)
    for subnet, names in others.items():
        needing[subnet] |= names
    return [
        {"dst_address": subnet, "blackhole": True, "distance": LAST, "comment": needed_by(settings, names)}
        for subnet, names in needing.items()
    ]
