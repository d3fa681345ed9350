# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused for where it claims to come from, and the lists of who is who."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.input_chain import (
    LINK_LOCAL,
    from_outside,
    limited,
    listing,
    ping,
    ping_chain,
    rule,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.intent import Entry, Intent, of_version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.vocabulary import (
    BOGONS,
    BOGONS6,
    DOCUMENTATION,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import net_apart, net_within


def raw_rules(intent: Intent) -> Iterator[Entry]:
    """The raw table, which is the cheap place: before connection tracking.

    Here the limit for UDP 500 holds for peers that another role accepts as well, whoever's rule stands higher in input.
    """
    if not intent.raw:
        return
    ike = intent.named("ike")
    yield rule(intent, "within the limit", chain=ike, action="return", **limited(intent, "port_500"))
    yield from listing(intent, "ike", "floods of UDP 500", "ike-excess", "1h")
    yield from ping_chain(intent)
    yield from source_rules(intent, 4)
    # Only what is for the router: clients behind it may talk to other gateways as much as they like.
    own: Entry = {"chain": "prerouting", "dst_address_type": "local"}
    yield rule(intent, "limit UDP 500", **own, action="jump", protocol="udp", dst_port="500", jump_target=ike)
    yield rule(intent, "limit ping", **own, **ping(intent, 4))
    yield rule(intent, "sources that cannot be", chain="prerouting", **from_outside(intent))


def source_rules(intent: Intent, version: int) -> Iterator[Entry]:
    """A chain that drops what claims to come from where nothing comes from, unless it is of those who are known.

    The management networks are not exempt: a private one is in the LAN or in `wan_networks`, and everybody on the side
    of the internet can write its addresses into packets.
    """
    back: Entry = {"chain": intent.named("sources"), "action": "return"}
    if version == 4:
        yield rule(intent, "DHCP servers", **back, protocol="udp", src_port="67", dst_port="68")
        # Routers that share an address are on the link itself, where private addresses are as good as any.
        yield rule(intent, "routers that share addresses", **back, protocol="vrrp", dst_address="224.0.0.18")
        # Routers on the way often have private addresses; without this word of theirs large packets vanish.
        yield rule(intent, "path MTU", **back, protocol="icmp", icmp_options="3:4")
    if version == 6 and _manages_by_link(intent):
        ports: Entry = {"protocol": "tcp", "dst_port": intent.management_ports, "src_address": LINK_LOCAL}
        yield rule(intent, "management by link-local addresses", **back | {"action": "drop"}, **ports)
    for network in _public_management(intent, version):
        yield rule(intent, f"management from {network}", **back, src_address=network)
    for known in _known_lists(intent, version):
        yield rule(intent, f"not {known}", **back, src_address_list=known)
    bogons = intent.named("bogons")
    yield rule(intent, "bogons and forged sources", **back | {"action": "drop"}, src_address_list=bogons)


def _known_lists(intent: Intent, version: int) -> Iterator[str]:
    yield from (intent.ipsec_list, *intent.other_lists)
    if of_version(intent.wan_networks, version):
        yield intent.named("wan")


def _public_management(intent: Intent, version: int) -> list[str]:
    """The management networks that are bogons and may come in by the WAN all the same: those of documentation.

    In examples these stand for public ones, which are no bogons.
    """
    bogons = BOGONS if version == 4 else BOGONS6
    examples = [each for each, why in bogons.items() if why == DOCUMENTATION]
    own = of_version(intent.own_networks, version)
    return [
        each
        for each in of_version(intent.management, version)
        if any(net_within(each, network) for network in examples) and all(net_apart(each, network) for network in own)
    ]


def _manages_by_link(intent: Intent) -> bool:
    """Whether link-local addresses may manage the router, which all neighbours have, those on the WAN included."""
    links = [each for each in of_version(intent.management, 6) if not net_apart(each, LINK_LOCAL)]
    return any(not any(net_within(each, wan) for wan in of_version(intent.wan_networks, 6)) for each in links)


def address_lists(intent: Intent, version: int) -> Iterator[Entry]:
    """The lists that the rules name."""
    yield from _list(intent, intent.named("management"), of_version(intent.management, version), "management")
    yield from _list(intent, intent.ipsec_list, of_version(intent.ipsec_peers, version), "trusted peer")
    yield from _list(intent, intent.named("tunnels"), of_version(intent.tunnel_networks, version), "through tunnels")
    if not (intent.raw if version == 4 else intent.wan):
        return
    bogons = BOGONS if version == 4 else BOGONS6
    yield from _list(intent, intent.named("wan"), of_version(intent.wan_networks, version), "on the side of the WAN")
    for address, why in bogons.items():
        yield from _list(intent, intent.named("bogons"), [address], why)
    own = [each for each in of_version(intent.own_networks, version) if each not in bogons]
    yield from _list(intent, intent.named("bogons"), own, "own network")


def _list(intent: Intent, name: str, addresses: Iterable[str], why: str) -> Iterator[Entry]:
    for address in addresses:
        yield {"list": name, "address": address, "comment": intent.says(why)}
