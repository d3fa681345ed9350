# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that close what no rule of the chain input closes, and what the router need not serve.

A menu that the router lacks gets no settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.intent import Entry, Intent
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.vocabulary import MANAGEMENT, SERVICES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.strength import listed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import PORTS, net_within, spans_apart

Settings = Mapping[str, object]
"""What a router has, or is to have, by module name: a mapping where the menu has one set of properties."""
NOBODY = "none"
"""RouterOS's interface list without members."""
COMMUNITY = "public"
OFF = ("tool_mac_server_ping", "tool_bandwidth_server", "tool_romon", "ip_proxy", "ip_socks")
LISTS = {
    "tool_mac_server": "allowed_interface_list",
    "tool_mac_server_winbox": "allowed_interface_list",
    "ip_neighbor_discovery": "discover_interface_list",
}
READ = (*OFF, *LISTS, "ip_upnp", "ip_dns", "snmp", "snmp_community")
"""Modules of the menus that have to be known."""


def device_settings(intent: Intent, found: Settings) -> dict[str, object]:
    """The settings by module name, for a router that has `found`."""
    wanted: dict[str, object] = {
        **{name: {option: intent.lan or NOBODY} for name, option in LISTS.items()},
        **{name: {"enabled": False} for name in OFF},
    }
    if not offers(intent, "upnp"):
        wanted["ip_upnp"] = {"enabled": False}
    if not offers(intent, "dns"):
        wanted["ip_dns"] = {"allow_remote_requests": False}
    wanted |= _community(intent, found)
    return {name: settings for name, settings in wanted.items() if found.get(name)}


def offers(intent: Intent, service: str) -> bool:
    """Whether the LAN, networks behind tunnels or rules of the user's own may use a service of the router."""
    named = (*intent.lan_services, *(intent.tunnel_services if intent.tunnel_networks else ()))
    ports = SERVICES[service]
    return service in named or any(
        _overlaps(ports.get(protocol), given) for protocol, given in (*_spelled(named), *_extra(intent))
    )


def _spelled(services: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those services that are a protocol and ports."""
    for each in services:
        protocol, slash, ports = each.partition("/")
        if slash:
            yield protocol, ports


def _extra(intent: Intent) -> Iterator[tuple[str, str]]:
    """Protocol and ports of the user's own rules that accept some."""
    for each in (*intent.extra, *intent.extra_ipv6):
        if each.get("action", "accept") == "accept" and each.get("dst_port"):
            yield str(each.get("protocol")), ",".join(listed(each["dst_port"]))


def _overlaps(ports: str | None, given: str) -> bool:
    try:
        return ports is not None and not spans_apart(ports, PORTS.normal(given))
    except ValueError:
        # Ports that are no ports are refused with the rule itself.
        return False


def _community(intent: Intent, found: Settings) -> dict[str, object]:
    """The community that everybody knows, for the management networks alone; nothing while SNMP is off.

    Where it answers fewer already, it stays so.
    """
    agent, rows = found.get("snmp"), found.get("snmp_community")
    if not isinstance(agent, Mapping) or not agent.get("enabled") or not isinstance(rows, list):
        return {}
    public = next((row for row in rows if row.get("name") == COMMUNITY and not row.get("disabled")), None)
    allowed = _monitors(intent)
    if public is None or _within(listed(public.get("addresses")), allowed):
        return {}
    limited: Entry = {"addresses": allowed} if allowed else {"disabled": True}
    return {"snmp_community": [{"name": COMMUNITY, **limited}]}


def _monitors(intent: Intent) -> list[str]:
    """The networks that may ask over SNMP."""
    through = intent.tunnel_networks if {MANAGEMENT, "snmp"} & {*intent.tunnel_services} else ()
    return list(dict.fromkeys((*intent.management, *through)))


def _within(addresses: list[str], allowed: list[str]) -> bool:
    """Whether all addresses lie in networks that are allowed; an empty list may mean everybody."""
    try:
        return bool(addresses) and all(any(net_within(each, net) for net in allowed) for each in addresses)
    except ValueError:
        return False
