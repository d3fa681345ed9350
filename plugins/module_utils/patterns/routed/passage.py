# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets tunnel interfaces pass a router's firewall, and nothing pass in clear that should have been encrypted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Place, plain
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.passage import listed_for, peer_rules
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.settings import Settings

TALK: Mapping[str, Entry] = {
    # RFC 5881
    "BFD": {"protocol": "udp", "dst_port": "3784,3785"},
    "OSPF": {"protocol": "ospf"},
    "BGP": {"protocol": "tcp", "dst_port": "179"},
    "ping": {"protocol": "icmp"},
}
"""What the other end says to the router itself through the tunnel."""
NAMES = {"gre": "GRE", "ipencap": "IPIP"}


def address_lists(links: Iterable[Link], others: Mapping[Place, set[str]], settings: Settings) -> list[Entry]:
    """Both ends; `others` are what tunnels need that are not spoken of."""
    needs = defaultdict[Place, set[str]](set)
    for link in links if settings.firewall else ():
        # Behind a translation, IKE comes from the one and what is decrypted from the other.
        for address in dict.fromkeys((link.calls, link.remote_address)):
            needs[settings.peers, plain(address)].add(link.name)
        needs[settings.local, plain(link.local_address)].add(link.name)
    return listed_for(needs, others, settings)


def filter_rules(protocols: Collection[str], settings: Settings) -> Iterator[Entry]:
    """The accepts for all peers, and for all that goes in or out of a tunnel; drops for what leaves in clear."""
    yield from peer_rules(settings)
    for protocol in protocols:
        yield {
            "chain": "input",
            "action": "accept",
            "protocol": protocol,
            "ipsec_policy": "in,ipsec",
            "src_address_list": settings.peers,
            "comment": f"{settings.prefix}: {NAMES[protocol]} out of IPsec",
        }
    for protocol in protocols:
        # The policy's level keeps it from that already, while the policy is there and enabled.
        yield {
            "chain": "output",
            "action": "drop",
            "protocol": protocol,
            "ipsec_policy": "out,none",
            "dst_address_list": settings.peers,
            "comment": f"{settings.prefix}: no {NAMES[protocol]} in clear",
        }
    for word, side in (("in", "out of"), ("out", "into")):
        yield {
            "chain": "forward",
            "action": "accept",
            f"{word}_interface_list": settings.tunnels,
            "comment": f"{settings.prefix}: {side} the tunnels",
        }


def raw_rules(protocols: Collection[str], settings: Settings) -> Iterator[Entry]:
    """Drops for what comes in clear: before connection tracking, which would take it for a part of what is known."""
    for protocol in protocols:
        yield {
            "chain": "prerouting",
            "action": "drop",
            "protocol": protocol,
            "ipsec_policy": "in,none",
            "src_address_list": settings.peers,
            "comment": f"{settings.prefix}: no {NAMES[protocol]} in clear",
        }


def talk(link: Link, mark: str) -> Iterator[Entry]:
    """What the other end's router says to this one: routes, and answers to whether it is there."""
    said = ({"ospf": "OSPF", "bgp": "BGP"}.get(link.routing), {"ping": "ping", "bfd": "BFD"}.get(link.check_gateway))
    for word in filter(None, said):
        yield {
            "chain": "input",
            "action": "accept",
            **TALK[word],
            "in_interface": mark,
            "comment": f"{mark}: {word}",
        }
