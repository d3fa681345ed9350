# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a tunnel, and what is weak about it, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns import strength
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering, Tunnel
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS,
    PREFIX_OR_NAME,
    network,
)

RATE = re.compile(r"[1-9]\d*[kMG]?")
STATES = ("present", "absent")
ANYBODY = ("", "auto", "ignore")
"""Values of remote_id that take whatever the other end says it is."""
UNSPECIFIED = ("0.0.0.0", "::")
NO_IPV6_RULES = "IPv6 needs rules in /ipv6/firewall; they are not made here, so make them and set its firewall to false"


def wrong(tunnel: Tunnel) -> Iterator[str]:
    """A sentence for everything that keeps a tunnel from working."""
    yield from wrong_state(tunnel)
    if not tunnel.present:
        return
    for name in ("remote_address", "local_subnets", "remote_subnets"):
        if not getattr(tunnel, name):
            yield f"{name} is missing"
    yield from wrong_proof(tunnel)
    yield from wrong_rate(tunnel)
    yield from wrong_addresses(tunnel)
    if tunnel.pcq and tunnel.carries_ipv6:
        yield "pcq: packets of IPv6 networks are not marked here"
    for local, remote in tunnel.pairs:
        yield from _wrong_pair(local, remote)


def wrong_state(tunnel: Peering) -> Iterator[str]:
    """A sentence for a state that is none."""
    if tunnel.state not in STATES:
        yield f"state: {tunnel.state!r} was given, allowed is present or absent"


def wrong_rate(tunnel: Peering) -> Iterator[str]:
    """A sentence for a rate that is none."""
    if tunnel.pcq and not RATE.fullmatch(tunnel.pcq):
        yield f"pcq: {tunnel.pcq!r} was given, allowed are bits per second such as 20M or 512k"


def wrong_proof(tunnel: Peering) -> Iterator[str]:
    """A sentence where the ends could not tell each other from strangers, or not know how."""
    if tunnel.psk and tunnel.certificate:
        yield "certificate and psk are given, but a tunnel has one of them"
    if not tunnel.psk and not tunnel.certificate:
        yield "certificate (better) or psk is missing, so the ends could not tell each other from strangers"


def wrong_addresses(tunnel: Peering) -> Iterator[str]:
    """A sentence for every address of an end that is none."""
    checks = (("remote_address", PREFIX_OR_NAME), ("local_address", ADDRESS))
    sound = True
    for name, kind in checks:
        text = getattr(tunnel, name)
        try:
            kind.normal(text or "192.0.2.1")
        except ValueError as allowed:
            sound = False
            yield f"{name}: {text!r} was given, allowed is {allowed}"
    for name in ("remote_address", "local_address"):
        if getattr(tunnel, name) in UNSPECIFIED:
            yield f"{name}: {getattr(tunnel, name)} is no router's address"
    both = [address for address in tunnel.ends if address and not is_name(address)]
    if sound and len({network(address).version for address in both}) > 1:
        yield f"remote_address {both[0]} and local_address {both[1]} are not of the same IP version"


def _wrong_pair(local: str, remote: str) -> Iterator[str]:
    if network(local).version != network(remote).version:
        yield f"local subnet {local} and remote subnet {remote} are not of the same IP version"
    elif local == remote:
        # A wider local network is sound, such as 0.0.0.0/0 at the hub of sites that send everything there.
        yield f"{local} is a local and a remote subnet, so packets between local hosts would be sent into the tunnel"


def is_name(address: str) -> bool:
    """Whether it is no address, and so a DNS name."""
    try:
        network(address)
    except ValueError:
        return True
    return False


def weak(tunnel: Tunnel) -> Iterator[str]:
    """A sentence for every choice that is weaker than it should be."""
    if not tunnel.present:
        return
    if not is_name(tunnel.remote_address) and network(tunnel.remote_address).num_addresses > 1:
        yield (
            f"remote_address: {tunnel.remote_address} lets everybody in that range try to connect; strong enough is "
            "one address or DNS name"
        )
    if tunnel.ipsec_protocols == "ah":
        yield "ipsec_protocols: ah signs packets and does not encrypt them; strong enough is esp"
    yield from weak_peering(tunnel, tunnel.ipsec_protocols)


def weak_peering(tunnel: Peering, protocol: str) -> Iterator[str]:
    """A sentence for every weak choice of what proves and hides; `protocol` is esp or ah."""
    if tunnel.psk:
        yield from strength.weak_psk(tunnel.psk)
    if tunnel.certificate and not tunnel.remote_certificate and tunnel.remote_id in ANYBODY:
        yield (
            "certificate: without remote_id or remote_certificate the other end may show any certificate of any "
            "authority in the router's store, such as one that is there for DNS over HTTPS; strong enough is remote_id "
            "with a name that its certificate has, such as fqdn:branch.example.com, or remote_certificate"
        )
    yield from strength.weak_mode(tunnel.exchange_mode)
    yield from strength.weak_profile(tunnel.profile)
    yield from strength.weak_proposal(tunnel.proposal, protocol)
