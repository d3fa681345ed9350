# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes traffic through tunnels fast, as far as a configuration can.

That is segments that fit, an even share of a rate, and knowing what does the work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.overhead import Way, inner_mtu, segment
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering, Tunnel

Row = Mapping[str, object]
Own = Sequence[tuple[Peering, str]]
"""Tunnels and their marks."""
UNMARKED = "no-mark"
LARGEST_SEGMENT = 65535


def mangled(tunnel: Tunnel, mark: str, settings: Settings) -> Iterator[Entry]:
    """What the packets of a tunnel are changed or marked by."""
    if settings.mss_clamp:
        yield from mss_clamp(tunnel, mark, settings.outer_mtu)
    yield from packet_marks(tunnel, mark)


def mss_clamp(tunnel: Tunnel, mark: str, outer_mtu: int) -> Iterator[Entry]:
    """Lower what the ends of TCP connections offer each other; there is no interface whose MTU would do it.

    Whether an address is translated on the way shows only when the tunnel stands, so room for that is left.
    """
    if tunnel.carries_ipv6:
        return
    way = Way(outer_mtu, version=6 if ":" in tunnel.remote_address else 4, nat=True)
    largest = segment(inner_mtu(way, tunnel.proposal, tunnel.ipsec_protocols))
    for local, remote in tunnel.pairs:
        for word, source, destination in (("out", local, remote), ("in", remote, local)):
            yield {
                "chain": "forward",
                "action": "change-mss",
                "new_mss": str(largest),
                "protocol": "tcp",
                "tcp_flags": "syn",
                "tcp_mss": f"{largest + 1}-{LARGEST_SEGMENT}",
                "ipsec_policy": f"{word},ipsec",
                "src_address": source,
                "dst_address": destination,
                "comment": f"{mark}: MSS from {source} to {destination}",
            }


def queue_types(own: Own) -> list[Entry]:
    """Streams are pairs of inner addresses, and wait for their turn."""
    streams = ["src-address", "dst-address"]
    return [{"name": mark, "kind": "pcq", "pcq_classifier": streams} for tunnel, mark in own if tunnel.pcq]


def queues(own: Own, *, interfaces: bool) -> list[Entry]:
    """What is sent into the tunnels, while its inner addresses can still be told: by interface, or by mark."""
    return [
        {
            "name": mark,
            "parent": mark if interfaces else "global",
            "packet_mark": UNMARKED if interfaces else mark,
            "queue": mark,
            "max_limit": tunnel.pcq,
            "comment": mark,
        }
        for tunnel, mark in own
        if tunnel.pcq
    ]


def packet_marks(tunnel: Tunnel, mark: str) -> Iterator[Entry]:
    """Tell the queue what goes into the tunnel; encrypted, the same packet is not to be queued once more."""
    if not tunnel.pcq or tunnel.carries_ipv6:
        return
    marked = {"action": "mark-packet", "new_packet_mark": mark}
    for local, remote in tunnel.pairs:
        yield {
            "chain": "forward",
            **marked,
            "ipsec_policy": "out,ipsec",
            "src_address": local,
            "dst_address": remote,
            "comment": f"{mark}: queue from {local} to {remote}",
        }
    yield {
        "chain": "postrouting",
        **marked,
        "new_packet_mark": UNMARKED,
        "packet_mark": mark,
        "ipsec_policy": "out,none",
        "comment": f"{mark}: encrypted, queue no more",
    }


def offload(tunnels: Sequence[Mapping[str, object]]) -> list[str]:
    """A sentence for each tunnel, as `ipsec_info` tells of them, on its ciphers and on what does the work."""
    return [f"{tunnel.get('peer')}: {'; '.join(_worked(tunnel)) or 'no associations stand'}" for tunnel in tunnels]


def _worked(tunnel: Mapping[str, object]) -> list[str]:
    rows = tunnel.get("associations")
    return list(dict.fromkeys(map(_association, rows))) if isinstance(rows, list) else []


def _association(row: Row) -> str:
    proof = f" with {row['auth_algorithm']}" if row.get("auth_algorithm") else ""
    worker = "hardware" if row.get("hardware") else "the CPU"
    return f"{row.get('enc_algorithm')} of {row.get('enc_key_size')} bits{proof} by {worker}"
