# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with an intent, and what is weak about it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.intent import Intent, version_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.vocabulary import MANAGEMENT, OFF
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import network, spans

WIDEST = {4: 8, 6: 19}
"""The largest networks that somebody can have, by IP version."""
DRESS = frozenset({"action", "chain", "comment", "disabled", "log", "log_prefix"})
"""What a rule says besides what it matches."""
NETWORKS = ("management", "ipsec_peers", "wan_networks", "own_networks", "tunnel_networks")


def wrong(intent: Intent) -> Iterator[str]:
    """A sentence for everything that cannot be meant so."""
    if intent.prefix == "defconf":
        yield "prefix: defconf is how the factory's own rules begin"
    if not intent.management and not intent.no_management:
        yield "management: no network could manage the router; name those that may, or set no_management: true"
    if intent.management and not intent.management_ports:
        yield "management_ports: without a port nobody could manage the router"
    if MANAGEMENT in intent.lan_services and not intent.management_ports:
        yield "lan_services: management has no ports; set management_ports"
    if intent.lan_services and not intent.lan:
        yield "lan: services are offered to it, but it names no interface list; set it, or lan_services: []"
    if intent.raw and not intent.wan:
        yield "wan: sources are judged by it, but it names no interface list; set it, or raw: false"
    yield from _wrong_names(intent)
    yield from _wrong_versions(intent)
    yield from _wrong_peers(intent)
    yield from _wrong_extras(intent)
    yield from _wrong_services(intent)


def _wrong_names(intent: Intent) -> Iterator[str]:
    """Names under which one thing would be taken for another: trusted peers for managers, another role's for ours."""
    own = f"{intent.prefix}-"
    if intent.ipsec_list.startswith(own):
        yield f"ipsec_list: names that begin with {own} are for the role's own lists"
    for name in intent.other_lists:
        if name.startswith(own):
            yield f"prefix: {intent.prefix} is the prefix of {name} in other_lists, so its rules would count as ours"


def _wrong_versions(intent: Intent) -> Iterator[str]:
    if intent.ipv6:
        return
    for name in NETWORKS:
        for address in getattr(intent, name):
            if version_of(address) == 6:
                yield f"{name}: {address} is IPv6, which ipv6: false leaves alone"


def _wrong_peers(intent: Intent) -> Iterator[str]:
    for address in intent.ipsec_peers:
        if _everybody(address):
            yield f"ipsec_peers: {address} is everybody, which road_warriors: true is for, with stricter limits"
    if intent.ipsec_list in intent.other_lists:
        yield f"other_lists: {intent.ipsec_list} is the list of trusted peers itself"


def _wrong_extras(intent: Intent) -> Iterator[str]:
    for name in ("extra", "extra_ipv6"):
        for number, rule in enumerate(getattr(intent, name), start=1):
            if rule.get("chain") not in (None, "input"):
                yield f"{name}: rule {number} is of chain {rule['chain']}, but only input is hardened here"


USUAL = (22, 8291, 8729)
"""Where the services that are restricted listen, unless somebody moved them."""


def _wrong_services(intent: Intent) -> Iterator[str]:
    if not intent.services:
        return
    if not intent.managers:
        yield "services: they are restricted to the management networks, of which there is none"
    open_too = [str(port) for port in USUAL if _covers(intent.public_ports, port)]
    if open_too:
        ports = ", ".join(open_too)
        yield f"services: they would refuse what public_ports lets in ({ports}); leave one of them out"
    off = [f"{name} ({port})" for name, port in OFF.items() if _covers(intent.management_ports, port)]
    if off:
        why = "these send passwords in clear and would be off; take them out, or leave services off"
        yield f"services: management_ports has the ports of {', '.join(off)}, but {why}"
    if MANAGEMENT in intent.lan_services:
        yield "services: they would refuse what lan_services lets in; name the LAN's network in management instead"


def _covers(ports: str, port: int) -> bool:
    return any(low <= port <= high for low, high in spans(ports))


def weak(intent: Intent) -> Iterator[str]:
    """A sentence for every choice that opens more than it should."""
    for address in intent.management:
        if network(address).prefixlen < WIDEST[version_of(address)]:
            yield f"management: {address} is more than anybody's network; strong enough is what you manage from"
    if intent.public_ports and not intent.brute_force:
        yield "public_ports: without brute_force passwords can be guessed at any speed"
    for name in ("extra", "extra_ipv6"):
        for number, rule in enumerate(getattr(intent, name), start=1):
            if rule.get("action", "accept") == "accept" and not {key for key in rule if rule[key]} - DRESS:
                yield f"{name}: rule {number} accepts everything"


def _everybody(address: str) -> bool:
    try:
        return network(address).prefixlen == 0
    except ValueError:
        return False
