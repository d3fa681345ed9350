# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with connections that are to survive the loss of a way, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.compiled import twice
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import Connection, Intent, Way
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed import soundness as routed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.soundness import NO_IPV6_RULES, weak, wrong
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import network


def problems(intent: Intent, settings: Settings) -> Iterator[str]:
    """A sentence for everything that keeps the connections from working, or makes them weak."""
    for connection in intent.connections:
        if connection.present:
            said = list(_of_ways(connection, settings))
            yield from (f"tunnel {connection.name}: {text}" for text in (*said, *_of(connection, intent)))
    yield from _together(intent)
    yield from _of_detection(intent)
    yield from _of_uplinks(intent)


def _of_ways(connection: Connection, settings: Settings) -> Iterator[str]:
    """What is wrong with all of them is said once."""
    told = [(way.name, text) for way in connection.ways for text in _of_tunnel(way, settings)]
    often = Counter(text for _name, text in told)
    shared = [text for text in often if often[text] == len(connection.ways)]
    yield from shared
    yield from (f"peer {name}: {text}" for name, text in told if text not in shared)


def _of_tunnel(way: Way, settings: Settings) -> Iterator[str]:
    yield from _wrong(way)
    yield from _closed(way, settings)
    if not settings.allow_weak:
        yield from (f"{text}, or set ha_backup_peer_allow_weak: true" for text in _weak(way))


def _wrong(way: Way) -> Iterator[str]:
    if isinstance(way.tunnel, Link):
        yield from routed.wrong(way.tunnel)
    if isinstance(way.tunnel, Tunnel):
        yield from wrong(way.tunnel)


def _weak(way: Way) -> Iterator[str]:
    if isinstance(way.tunnel, Link):
        yield from routed.weak(way.tunnel)
    if isinstance(way.tunnel, Tunnel):
        yield from weak(way.tunnel)


def _closed(way: Way, settings: Settings) -> Iterator[str]:
    if isinstance(way.tunnel, Tunnel) and settings.passes(way.tunnel) and way.tunnel.needs_ipv6_firewall:
        yield NO_IPV6_RULES


def _of(connection: Connection, intent: Intent) -> Iterator[str]:
    if connection.method != "vrrp" and len(connection.ways) < 2:
        yield f"peers: {len(connection.ways)} given; {connection.method} needs a backup, so give two or more"
    if not connection.ways:
        return
    for name in twice(way.name for way in connection.ways):
        yield f"peer {name}: the name is given twice"
    for way in connection.ways:
        yield from (f"peer {way.name}: {text}" for text in _of_way(way, connection.method, intent))
    if connection.method == "vrrp":
        yield from _of_cluster(connection, intent)
    if connection.method == "routed" and not intent.fail_back:
        yield "fail_back: false was given, but routed goes back as soon as a better tunnel carries"


def _of_way(way: Way, method: str, intent: Intent) -> Iterator[str]:
    address = way.tunnel.remote_address
    if method == "policy_switch":
        if way.tunnel.passive:
            yield "passive: a peer that is waited for cannot be switched to; use method multi_peer at this end"
        if address and not _is_address(address):
            yield f"remote_address: {address} is a name; the scripts of policy_switch need an address"
    if way.uplink and way.uplink not in [uplink.name for uplink in intent.uplinks]:
        named = ", ".join(uplink.name for uplink in intent.uplinks) or "none"
        yield f"uplink: {way.uplink!r} was given, but ha_backup_peer_uplinks has {named}"
    if way.uplink and not _is_address(address, 4):
        yield f"remote_address: {address} was given, but a way by uplink {way.uplink} takes an IPv4 address"
    if way.watch and not _is_address(way.watch):
        yield f"watch: {way.watch!r} was given, allowed is an address"


def _is_address(text: str, version: int = 0) -> bool:
    try:
        found = network(text)
    except ValueError:
        return False
    return found.num_addresses == 1 and version in (0, found.version)


def _together(intent: Intent) -> Iterator[str]:
    """What cannot stand beside each other."""
    present = [each for each in intent.connections if each.present]
    for name in twice(each.name for each in intent.connections):
        yield f"tunnel {name}: the name is given twice"
    yield from routed.apart([link for each in present for link in each.links])
    policied = [each for each in present if each.ways and each.method != "routed"]
    ends = [(way.tunnel.ends, f"{each.name}/{way.name}") for each in policied for way in each.ways]
    for end in twice(where for where, _name in ends):
        names = ", ".join(name for where, name in ends if where == end)
        yield f"peers {names}: RouterOS takes one peer per remote_address ({end[0]}), unless local_address differs"
    pinned = [way.tunnel.remote_address for each in present for way in each.ways if way.uplink]
    for address in twice(pinned):
        yield (
            f"{address} is the remote_address of two peers with an uplink, but a route goes by one; give the other end "
            "an address for each, or make routing rules by local_address yourself and leave uplink out"
        )
    pairs = [(pair, each.name) for each in policied for pair in each.tunnel.pairs]
    for pair in twice(pair for pair, _name in pairs):
        names = ", ".join(name for where, name in pairs if where == pair)
        yield f"tunnels {names}: only one of them can have a policy for {pair[0]} to {pair[1]}"


def _of_detection(intent: Intent) -> Iterator[str]:
    detection = intent.detection
    if detection.by == "tcp" and not detection.port:
        yield "detect: port is missing; tcp has to know which one opens"
    if detection.by != "tcp" and detection.port:
        yield f"detect: port has no meaning with {detection.by}"
    looks = detection.by != "dpd" and any(each.method == "policy_switch" for each in intent.connections)
    if looks and detection.seconds - detection.interval > detection.interval:
        yield (
            f"detect: a look takes up to {detection.seconds - detection.interval:g} s, but the next comes after "
            f"{detection.interval} s; give a longer interval, a shorter timeout or fewer packets"
        )


def _of_uplinks(intent: Intent) -> Iterator[str]:
    for what, values in (
        ("name", [each.name for each in intent.uplinks]),
        ("gateway", [each.gateway for each in intent.uplinks]),
        ("check", [each.check for each in intent.uplinks if each.check]),
    ):
        for value in twice(values):
            yield f"uplinks: {what} {value} is given twice"
    for uplink in intent.uplinks:
        if uplink.check == uplink.gateway:
            yield f"uplinks, {uplink.name}: check is the gateway itself, which answers while what is behind it is dead"


def _of_cluster(connection: Connection, intent: Intent) -> Iterator[str]:
    cluster = intent.cluster
    if len(cluster.members) < 2 or not cluster.addresses:
        yield "method vrrp needs ha_backup_peer_vrrp with two members or more, and addresses"
        return
    try:
        cluster.own(intent.host)
    except ValueError as stranger:
        yield str(stranger)
    yield from _of_members(intent)
    shared = [each.address for each in cluster.addresses]
    for way in connection.ways:
        if way.tunnel.local_address and way.tunnel.local_address not in shared:
            yield (
                f"peer {way.name}: local_address: {way.tunnel.local_address} does not move with the shared addresses; "
                f"allowed is {', '.join(shared)}"
            )


def _of_members(intent: Intent) -> Iterator[str]:
    cluster = intent.cluster
    for priority in twice(member.priority for member in cluster.members):
        names = ", ".join(member.host for member in cluster.members if member.priority == priority)
        yield f"vrrp.members: {names} have the same priority, {priority}; one of them has to be preferred"
    for address in twice(member.address for member in cluster.members if member.address):
        yield f"vrrp.members: address {address} is given twice"
    for place in twice((each.interface, each.vrid) for each in cluster.addresses):
        yield f"vrrp.addresses: vrid {place[1]} is given twice on {place[0]}"
    for value in (*twice(each.name for each in cluster.addresses), *twice(each.address for each in cluster.addresses)):
        yield f"vrrp.addresses: {value} is given twice"
    for shared in cluster.addresses:
        for member in cluster.members:
            if member.address == shared.address:
                yield f"vrrp.addresses: {shared.address} is the own address of {member.host}, which cannot be shared"
    others = [member for member in cluster.members if member.host != intent.host]
    if cluster.sync_connections and (len(others) != 1 or not others[0].address):
        yield "vrrp.sync_connections: it takes two members, both with their address"
