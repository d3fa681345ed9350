# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles tunnels between sites to the entries one router needs: IPsec, NAT bypass, firewall.

What belongs to a tunnel carries its mark, `PREFIX-NAME`, in name or comment; what all tunnels share carries `PREFIX`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns import connected, ipsec, passage, performance
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.compiled import (
    Compiled,
    Entries,
    conflicts,
    twice,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.intake import (
    Options,
    known_and_not,
    tunnel_from,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Found, standing, still_needed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings, wrong_prefix
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.soundness import NO_IPV6_RULES, weak, wrong
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel


def site_to_site(
    tunnels: Sequence[Options], settings: Settings, profile: Options, proposal: Options, found: Found
) -> Compiled:
    """What a router needs for these tunnels.

    `profile` and `proposal` are options for all of them; `found` is what stands of peers and address lists
    under the prefix, for the sake of tunnels that are not spoken of, and what was read of `reads`.
    """
    known, problems = _read(tunnels, settings, profile, proposal)
    problems += [
        f"tunnel {tunnel.name}: {text}"
        for tunnel in known
        if tunnel.present and not problems
        for text in connected.wrong_networks(tunnel, found)
    ]
    if problems or not known:
        return Compiled({}, (), tuple(problems))
    marks = [settings.mark(tunnel) for tunnel in known]
    present = [tunnel for tunnel in known if tunnel.present]
    entries = _entries(present, marks, settings, found)
    return Compiled(entries, (settings.shared, *marks), reads=connected.reads(present))


def _read(
    tunnels: Sequence[Options], settings: Settings, profile: Options, proposal: Options
) -> tuple[list[Tunnel], list[str]]:
    known, problems = known_and_not(
        tunnels, lambda given: tunnel_from(given, profile, proposal), lambda tunnel: _problems(tunnel, settings)
    )
    return known, [*wrong_prefix("site_to_site", settings), *problems, *_conflicts(known)]


def _problems(tunnel: Tunnel, settings: Settings) -> Iterator[str]:
    yield from wrong(tunnel)
    if not settings.allow_weak:
        yield from (f"{text}, or set site_to_site_allow_weak: true" for text in weak(tunnel))
    if tunnel.present and settings.passes(tunnel) and tunnel.needs_ipv6_firewall:
        yield NO_IPV6_RULES


def _conflicts(tunnels: Sequence[Tunnel]) -> Iterator[str]:
    """Sentences for tunnels that cannot stand beside each other."""
    present = [tunnel for tunnel in tunnels if tunnel.present]
    yield from conflicts(tunnels)
    for pair in twice(pair for tunnel in present for pair in (*tunnel.pairs, *tunnel.inner_pairs)):
        names = ", ".join(tunnel.name for tunnel in present if pair in (*tunnel.pairs, *tunnel.inner_pairs))
        yield f"tunnels {names}: only one of them can have a policy for {pair[0]} to {pair[1]}"


def _entries(tunnels: Sequence[Tunnel], marks: Sequence[str], settings: Settings, found: Found) -> Entries:
    own = [(tunnel, settings.mark(tunnel)) for tunnel in tunnels]
    others = still_needed(found, settings, standing(found, ("ipsec_peer",), marks))
    lists = passage.address_lists(tunnels, others, settings)
    return {
        "ipsec_profile": [ipsec.profile(tunnel, mark) for tunnel, mark in own],
        "ipsec_proposal": [ipsec.proposal(tunnel, mark) for tunnel, mark in own],
        "ipsec_peer": [ipsec.peer(tunnel, mark) for tunnel, mark in own],
        "ipsec_identity": [ipsec.identity(tunnel, mark) for tunnel, mark in own],
        "ipsec_policy": [entry for tunnel, mark in own for entry in ipsec.policies(tunnel, mark)],
        "firewall_address_list": lists,
        "firewall_nat": [
            *passage.own_traffic(lists, settings),
            *passage.own_ah(own, settings),
            *(rule for tunnel, mark in own if settings.bypasses(tunnel) for rule in passage.nat_bypass(tunnel, mark)),
        ],
        "firewall_mangle": [rule for tunnel, mark in own for rule in performance.mangled(tunnel, mark, settings)],
        "firewall_filter": [
            *(passage.shared_rules(settings) if passage.has_entries(lists, settings.peers) else ()),
            *passage.ah_rules(tunnels, settings),
        ],
        "queue_type": performance.queue_types(own),
        "queue_tree": performance.queues(own, interfaces=False),
    }
