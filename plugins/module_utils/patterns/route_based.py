# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles tunnel interfaces to the entries one router needs: interface, IPsec, addresses, routes, firewall.

RouterOS has no interface of IPsec itself, so each is one of GRE, IPIP or EoIP whose packets IPsec encrypts in transport
mode. What belongs to a tunnel carries its mark, `PREFIX-NAME`, in name or comment; what all share carries `PREFIX`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns import ipsec, performance
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.compiled import Compiled, Entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.intake import Options, known_and_not
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import (
    Found,
    needs,
    standing,
    still_needed,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.passage import own_traffic
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed import interfaces, passage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.intake import link_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import PROTOCOLS, Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.settings import Settings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.soundness import apart, weak, wrong
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import wrong_prefix

INTERFACES = {kind: f"interface_{kind}" for kind in PROTOCOLS}
NEIGHBOURS = (*INTERFACES.values(), "firewall_address_list", "ip_route")
"""The menus of which is to be known what stands in them."""


def route_based(
    links: Sequence[Options], settings: Settings, profile: Options, proposal: Options, found: Found
) -> Compiled:
    """What a router needs for these tunnel interfaces.

    `profile` and `proposal` are options for all of them; `found` is what stands under the prefix in NEIGHBOURS, for
    the sake of tunnels that are not spoken of.
    """
    known, problems = known_and_not(
        links, lambda given: link_from(given, profile, proposal), lambda link: _problems(link, settings)
    )
    problems = [*wrong_prefix("route_based", settings), *problems]
    problems += [] if problems else [*apart(known), *_changed(known, settings, found)]
    if problems or not known:
        return Compiled({}, (), tuple(problems))
    marks = [settings.mark(link) for link in known]
    return Compiled(
        entries([link for link in known if link.present], marks, settings, found), (settings.shared, *marks)
    )


def _problems(link: Link, settings: Settings) -> Iterator[str]:
    yield from wrong(link)
    if not settings.allow_weak:
        yield from (f"{text}, or set route_based_allow_weak: true" for text in weak(link))


def _changed(links: Sequence[Link], settings: Settings, found: Found) -> Iterator[str]:
    """Names of interfaces are unique over all kinds, so one cannot be made before the other one is gone."""
    kinds = {str(row.get("name")): kind for kind, menu in INTERFACES.items() for row in found.get(menu, ())}
    for link in links:
        kind = kinds.get(settings.mark(link), link.type)
        if link.present and kind != link.type:
            yield (
                f"tunnel {link.name}: type: {settings.mark(link)} stands as {kind}, and an interface cannot become "
                f"{link.type}; take the tunnel away first, by state absent, or give it another name"
            )


def entries(links: Sequence[Link], marks: Collection[str], settings: Settings, found: Found) -> Entries:
    """What sound tunnel interfaces need; `marks` are those of all that are spoken of, also of what is to go."""
    own = [(link, settings.mark(link)) for link in links]
    others = standing(found, INTERFACES.values(), marks)
    return {
        **_interfaces(own, bool(links or others), settings),
        **_ipsec([(link, mark) for link, mark in own if link.encryption == "policy"]),
        "ip_route": [
            *(route for link, mark in own for route in interfaces.routes(link, mark)),
            *interfaces.blackholes(links, _blackholed(found, settings, others), settings),
        ],
        **_firewall(own, others, settings, found),
        "queue_type": performance.queue_types(own),
        "queue_tree": performance.queues(own, interfaces=True),
    }


def _interfaces(own: Sequence[tuple[Link, str]], some: bool, settings: Settings) -> Entries:
    made: Entries = {
        menu: [interfaces.interface(link, mark) for link, mark in own if link.type == kind]
        for kind, menu in INTERFACES.items()
    }
    return {
        **made,
        "interface_list": [{"name": settings.tunnels, "comment": f"{settings.shared} all tunnels"}] if some else [],
        "interface_list_member": [interfaces.member(mark, settings) for _link, mark in own],
        "ip_address": [interfaces.address(link, mark) for link, mark in own],
    }


def _ipsec(own: Sequence[tuple[Link, str]]) -> Entries:
    return {
        "ipsec_profile": [ipsec.profile(link, mark) for link, mark in own],
        "ipsec_proposal": [ipsec.proposal(link, mark) for link, mark in own],
        "ipsec_peer": [ipsec.peer(link, mark) for link, mark in own],
        "ipsec_identity": [ipsec.identity(link, mark) for link, mark in own],
        "ipsec_policy": [interfaces.policy(link, mark) for link, mark in own],
    }


def _blackholed(found: Found, settings: Settings, others: Collection[str]) -> dict[str, set[str]]:
    """The networks of tunnels that are not spoken of, with their names."""
    return needs(found.get("ip_route", ()), lambda row: str(row.get("dst_address")), settings, others)


def _firewall(own: Sequence[tuple[Link, str]], others: Collection[str], settings: Settings, found: Found) -> Entries:
    links = [link for link, _mark in own]
    lists = passage.address_lists(links, still_needed(found, settings, others), settings)
    kinds = {link.type for link in links} | {
        kind for kind, menu in INTERFACES.items() if standing({menu: found.get(menu, ())}, (menu,), ()) & set(others)
    }
    protocols = sorted({PROTOCOLS[kind] for kind in kinds})
    own_rules = [rule for link, mark in own for rule in passage.talk(link, mark)] if settings.firewall else []
    return {
        "firewall_address_list": lists,
        "firewall_nat": list(own_traffic(lists, settings, protocols)),
        "firewall_raw": list(passage.raw_rules(protocols, settings)) if lists else [],
        "firewall_filter": [*(passage.filter_rules(protocols, settings) if lists else ()), *own_rules],
    }
