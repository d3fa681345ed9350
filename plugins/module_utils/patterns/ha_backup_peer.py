# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles connections that survive the loss of a way to the entries one router needs.

What belongs to a connection carries its mark, `PREFIX-NAME`, and what belongs to one of its peers `PREFIX-NAME/PEER`;
what all share carries `PREFIX`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns import connected, ipsec, passage, performance
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.compiled import Entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover import (
    cluster,
    policies,
    scripts,
    timers,
    uplinks,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intake import intent_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import (
    Connection,
    Intent,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.soundness import problems
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.intake import Options
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import (
    Found,
    Place,
    standing,
    still_needed,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.route_based import INTERFACES, entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed import settings as routed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings, wrong_prefix
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel

KEPT: Mapping[str, tuple[str, ...]] = {"policy_switch": ("ipsec_policy",), "vrrp": ("ipsec_peer",)}
"""Where the router switches `disabled` by itself, by method."""


@dataclass(frozen=True)
class Survival:
    """Entries, the marks of their owners, what is the router's to change, and sentences on what is wrong.

    With problems there are no entries.
    """

    config: Entries = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Options by module, as the option `keep` of the module `config` takes them."""
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of peers by connection; it is enough that one of them stands."""
    problems: tuple[str, ...] = ()
    reads: Entries = field(default_factory=dict)
    """What has to be read of a router first, as state `gathered` takes it."""


def ha_backup_peer(options: Options, settings: Settings, found: Found) -> Survival:
    """What a router needs for these options of the role.

    `found` is what stands of peers and address lists under the prefix, for the sake of what is not spoken of.
    """
    intent, wrong = intent_from(options)
    wrong += wrong_prefix("ha_backup_peer", settings)
    wrong = wrong or list(problems(intent, settings)) or list(_connected(intent, found))
    if wrong or not intent.connections:
        return Survival(problems=tuple(wrong))
    intent = replace(intent, connections=tuple(_placed(each, intent) for each in intent.connections))
    present = [each for each in intent.connections if each.present]
    marks = [f"{settings.prefix}-{each.name}" for each in intent.connections]
    ahead = _interfaces(settings)
    # Both sorts, for a connection may have been of the other one.
    routed_marks = [f"{ahead.prefix}-{each.name}" for each in intent.connections]
    # What a cluster shares goes on with a slash.
    owners = (settings.shared, f"{settings.prefix}/", *marks, ahead.shared, *routed_marks)
    kept = {module: ("disabled",) for each in present for module in KEPT.get(each.method, ())}
    # Of a cluster only one member has tunnels, and which one it is is not for the others to say.
    names = {each.name: tuple(_names(each, settings)) for each in present if each.method != "vrrp"}
    entries = _joined(_policied(intent, marks, settings, found), _routed(intent, settings, found))
    policied = [each.tunnel for each in present if each.method != "routed"]
    return Survival(entries, owners, kept, names, reads=connected.reads(policied))


def _connected(intent: Intent, found: Found) -> Iterator[str]:
    """Sentences on networks of others that are the router's own."""
    for each in intent.connections:
        if each.present and each.method != "routed":
            texts = connected.wrong_networks(each.tunnel, found)
            yield from (f"tunnel {each.name}: {text}" for text in texts)


def _placed(connection: Connection, intent: Intent) -> Connection:
    """With its own end at the address that moves, where one does."""
    if connection.method != "vrrp" or not connection.present:
        return connection
    shared = intent.cluster.addresses[0].address
    ways = (
        replace(way, tunnel=replace(way.tunnel, local_address=way.tunnel.local_address or shared))
        for way in connection.ways
    )
    return replace(connection, ways=tuple(ways))


def _interfaces(settings: Settings) -> routed.Settings:
    """Tunnel interfaces go by a prefix of their own, since their rules and lists are others than those of policies."""
    return routed.Settings(f"{settings.prefix}_routed", settings.allow_weak, settings.firewall)


def _mark(connection: Connection, settings: Settings) -> str:
    names = _interfaces(settings) if connection.method == "routed" else settings
    return f"{names.prefix}-{connection.name}"


def _names(connection: Connection, settings: Settings) -> list[str]:
    return [f"{_mark(connection, settings)}/{way.name}" for way in connection.ways]


def _joined(*parts: Entries) -> Entries:
    return {menu: [entry for part in parts for entry in part.get(menu, ())] for part in parts for menu in part}


def _routed(intent: Intent, settings: Settings, found: Found) -> Entries:
    """What the connections need whose ways are interfaces."""
    links = [link for each in intent.connections for link in each.links]
    names = _interfaces(settings)
    spoken = [f"{names.prefix}-{each.name}" for each in intent.connections]
    gone = [mark for mark in standing(found, INTERFACES.values(), ()) if mark.partition("/")[0] in spoken]
    return entries(links, gone, names, found)


def _policied(intent: Intent, marks: Sequence[str], settings: Settings, found: Found) -> Entries:
    """What the others need, and what all share."""
    present = [each for each in intent.connections if each.present and each.method != "routed"]
    pinned = [each for each in intent.connections if each.present]
    shared, shared_timers = uplinks.forgetting(intent, settings.prefix)
    clustered = [each for each in present if each.method == "vrrp"]
    moved = [_mark(each, settings) for each in clustered]
    return {
        "interface_vrrp": list(cluster.interfaces(intent, settings.prefix, moved)) if clustered else [],
        "ip_address": list(cluster.addresses(intent, settings.prefix)) if clustered else [],
        "ip_route": [*uplinks.routes(intent, settings.prefix), *_pins(intent, pinned, settings)],
        **_ipsec(present, settings),
        **_passage(intent, present, marks, settings, found),
        "system_script": [*shared, *_scripts(intent, present, settings)],
        "system_scheduler": [*shared_timers, *_timers(intent, present, settings)],
        "tool_netwatch": [
            entry
            for each in present
            if each.method == "policy_switch"
            for entry in timers.watches(each, _mark(each, settings), intent.detection)
        ],
    }


def _pins(intent: Intent, present: Sequence[Connection], settings: Settings) -> Iterator[ipsec.Entry]:
    for each in present:
        for way, name in zip(each.ways, _names(each, settings), strict=True):
            yield from uplinks.pins(intent, way, name)


def _ipsec(present: Sequence[Connection], settings: Settings) -> Entries:
    own = [(each, _mark(each, settings)) for each in present]
    ways = [(each, mark, way, f"{mark}/{way.name}") for each, mark in own for way in each.ways]
    return {
        "ipsec_profile": [ipsec.profile(each.tunnel, mark) for each, mark in own],
        "ipsec_proposal": [ipsec.proposal(each.tunnel, mark) for each, mark in own],
        "ipsec_peer": [
            # Whoever has the shared address enables them.
            {**ipsec.peer(way.tunnel, name), "profile": mark, "disabled": each.method == "vrrp"}
            for each, mark, way, name in ways
        ],
        "ipsec_identity": [ipsec.identity(way.tunnel, name) for _each, _mark, way, name in ways],
        "ipsec_policy": [
            entry
            for each, mark in own
            for entry in (policies.switched if each.method == "policy_switch" else policies.several_peers)(each, mark)
        ],
    }


def _passage(
    intent: Intent, present: Sequence[Connection], marks: Sequence[str], settings: Settings, found: Found
) -> Entries:
    own = [(each.tunnel, _mark(each, settings)) for each in present]
    ends = list(_ends(present, settings))
    needs = passage.needed([tunnel for tunnel, _mark in ends], settings) | timers.checked(present, settings)
    lists = passage.listed_for(needs, _needed_by_others(marks, settings, found), settings)
    clustered = settings.firewall and any(each.method == "vrrp" for each in present)
    heard = cluster.rules(intent, settings.prefix) if clustered else ()
    return {
        "firewall_address_list": lists,
        "firewall_nat": [
            *passage.own_traffic(lists, settings),
            *passage.own_ah(ends, settings),
            *timers.own_checks(lists, settings),
            *(rule for tunnel, mark in own if settings.bypasses(tunnel) for rule in passage.nat_bypass(tunnel, mark)),
        ],
        "firewall_mangle": [rule for tunnel, mark in own for rule in performance.mangled(tunnel, mark, settings)],
        "queue_type": performance.queue_types(own),
        "queue_tree": performance.queues(own, interfaces=False),
        "firewall_filter": [
            *heard,
            *(passage.shared_rules(settings) if passage.has_entries(lists, settings.peers) else ()),
            *passage.ah_rules([tunnel for tunnel, _mark in own], settings),
        ],
    }


def _ends(present: Sequence[Connection], settings: Settings) -> Iterator[tuple[Tunnel, str]]:
    """The tunnel to each peer, with the peer's mark."""
    for each in present:
        for way in each.ways:
            if isinstance(way.tunnel, Tunnel):
                yield way.tunnel, f"{_mark(each, settings)}/{way.name}"


def _needed_by_others(marks: Sequence[str], settings: Settings, found: Found) -> Mapping[Place, set[str]]:
    """What the address lists hold for connections that are not spoken of."""
    others = {name for name in standing(found, ("ipsec_peer",), ()) if name.partition("/")[0] not in marks}
    # The lists name connections, not each of their peers.
    others |= {name.partition("/")[0] for name in others}
    return still_needed(found, settings, others)


def _scripts(intent: Intent, present: Sequence[Connection], settings: Settings) -> Iterator[ipsec.Entry]:
    for each in present:
        mark = _mark(each, settings)
        if each.method == "policy_switch":
            yield timers.script(mark, scripts.policy_switch(mark, each, intent))
        elif each.method == "vrrp":
            yield timers.script(mark, scripts.cluster(mark, cluster.leader(settings.prefix, intent)))


def _timers(intent: Intent, present: Sequence[Connection], settings: Settings) -> Iterator[ipsec.Entry]:
    """They put right what an event that nobody saw has left."""
    for each in present:
        if each.method in KEPT:
            yield timers.timer(_mark(each, settings), intent.detection.interval)
