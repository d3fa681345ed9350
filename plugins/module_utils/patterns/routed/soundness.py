# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a tunnel interface, and what is weak about it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.compiled import conflicts, twice
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import PROTOCOLS, Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.soundness import (
    UNSPECIFIED,
    is_name,
    weak_peering,
    wrong_addresses,
    wrong_proof,
    wrong_rate,
    wrong_state,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import ADDRESS4, net_within, network, number

WORDS: Mapping[str, tuple[str, ...]] = {
    "type": tuple(PROTOCOLS),
    "encryption": ("policy", "ipsec-secret"),
    "routing": ("static", "ospf", "bgp", "none"),
    "check_gateway": ("none", "ping", "bfd"),
}
NUMBERS = {"outer_mtu": (576, 65535), "distance": (1, 253), "tunnel_id": (0, 65535), "mtu": (68, 65535)}
"""A distance leaves 254 to the route that drops what has no other way."""
LEFT_OUT = {"tunnel_id": "", "mtu": "auto"}


def wrong(link: Link) -> Iterator[str]:
    """A sentence for everything that keeps a tunnel interface from working."""
    yield from wrong_state(link)
    if not link.present:
        return
    for name in ("remote_address", "local_address", "tunnel_address"):
        if not getattr(link, name):
            yield f"{name} is missing"
    yield from _wrong_words(link)
    yield from wrong_proof(link)
    yield from wrong_rate(link)
    yield from wrong_addresses(link)
    yield from _wrong_ends(link)
    yield from _wrong_inside(link)
    yield from _wrong_together(link)


def _wrong_words(link: Link) -> Iterator[str]:
    for name, allowed in WORDS.items():
        if getattr(link, name) not in allowed:
            yield f"{name}: {getattr(link, name)!r} was given, allowed is {' or '.join(allowed)}"
    for name, (low, high) in NUMBERS.items():
        text = getattr(link, name)
        try:
            number(low, high, *(LEFT_OUT[name],) if name in LEFT_OUT else ()).normal(text)
        except ValueError as allowed:
            yield f"{name}: {text!r} was given, allowed is {str(allowed).removesuffix(' or ')}"


def _wrong_ends(link: Link) -> Iterator[str]:
    """The policy is for the packets between two addresses, so both have to be known, and be those of hosts."""
    for name in ("remote_address", "local_address"):
        text = getattr(link, name)
        try:
            ADDRESS4.normal(text or "192.0.2.1")
        except ValueError:
            yield f"{name}: {text!r} was given, allowed is an IPv4 address: the policy is for what goes between two"
    if link.remote_address and link.remote_address == link.local_address:
        yield f"remote_address: {link.remote_address} is local_address as well"
    if link.peer_address in UNSPECIFIED:
        yield f"peer_address: {link.peer_address} is no router's address"
    elif link.peer_address and not is_name(link.peer_address) and network(link.peer_address).version != 4:
        yield f"peer_address: {link.peer_address!r} was given, allowed is an IPv4 address or a DNS name"


def _wrong_inside(link: Link) -> Iterator[str]:
    allowed = "allowed is one of the two addresses of a /30 or /31, such as 10.255.0.1/30"
    if not link.tunnel_address:
        return
    try:
        own = link.own
        two = own.network.prefixlen in (30, 31) and own.ip in own.network.hosts()
    except ValueError:
        two = False
    if not two:
        yield f"tunnel_address: {link.tunnel_address!r} was given, {allowed}"
        return
    for subnet in link.remote_subnets:
        if network(subnet).version != 4:
            yield f"remote_subnets: {subnet} is not IPv4; routes for IPv6 are not made here"
        elif not is_name(link.calls) and net_within(link.calls, subnet):
            yield f"remote_subnets: {subnet} holds {link.calls}, so the tunnel would be sent through itself"


def _wrong_together(link: Link) -> Iterator[str]:
    if link.type == "eoip" and not link.tunnel_id:
        yield "tunnel_id is missing: both ends of an EoIP tunnel have the same number, and no other tunnel has it"
    if link.type != "eoip" and link.tunnel_id:
        yield f"tunnel_id: {link.type} has none"
    if link.routing == "static" and not link.remote_subnets:
        yield "remote_subnets is missing, unless routing is ospf, bgp or none"
    if link.routing != "static" and link.remote_subnets:
        yield f"remote_subnets: with routing {link.routing}, routes come from elsewhere"
    if link.encryption == "ipsec-secret":
        if link.certificate or not link.psk:
            yield "encryption: ipsec-secret takes a psk and nothing else"
        if link.peer_address:
            yield "peer_address: with ipsec-secret, IKE calls remote_address"


def weak(link: Link) -> Iterator[str]:
    """A sentence for every choice that is weaker than it should be."""
    if not link.present:
        return
    if link.encryption == "ipsec-secret":
        yield (
            "encryption: ipsec-secret is weak: the router makes peer and policy itself, with its own default profile "
            "and proposal (AES-128, 3DES, SHA-1, group 2) and IKEv1; strong enough is policy"
        )
    yield from weak_peering(link, "esp")


def apart(links: Sequence[Link]) -> Iterator[str]:
    """Sentences for tunnel interfaces that cannot stand beside each other."""
    present = [link for link in links if link.present]
    yield from conflicts(links)
    for address in twice(link.tunnel_address for link in present):
        names = ", ".join(link.name for link in present if link.tunnel_address == address)
        yield f"tunnels {names}: each needs a tunnel_address of its own, not {address}"
    for number_ in twice(link.tunnel_id for link in present if link.tunnel_id):
        names = ", ".join(link.name for link in present if link.tunnel_id == number_)
        yield f"tunnels {names}: only one of them can have tunnel_id {number_}"
    for route in twice((subnet, link.distance) for link in present for subnet in dict.fromkeys(link.remote_subnets)):
        names = ", ".join(link.name for link in present if route[0] in link.remote_subnets)
        yield f"tunnels {names}: routes to {route[0]} need a distance each, the lowest for the one to be used first"
