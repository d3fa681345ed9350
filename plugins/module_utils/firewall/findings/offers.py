# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router offers: over IP, where the firewall decides who reaches it, and without IP, where no firewall does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...schema.family import Family
from ...schema.interfaces import LIST
from ...schema.kinds import split
from ...schema.menus import BY_PATH
from ..reachability.reach import Gate
from ..reachability.services import KNOWN, SWITCHES, Service, Switch
from .finding import Edit, Finding, Mend
from .situation import OUTSIDE, Situation

MANAGEMENT = {
    **{"ssh": "SSH", "telnet": "telnet", "www": "WWW", "www-ssl": "WWW over TLS", "winbox": "WinBox"},
    **{"api": "API", "api-ssl": "API over TLS"},
}
CLIENTS = {
    **{"dns": "DNS", "dns-tcp": "DNS", "snmp": "SNMP", "proxy": "web proxy", "socks": "SOCKS"},
    **{"ssdp": "UPnP", "upnp": "UPnP", "btest": "bandwidth test"},
}
EVERYWHERE = ("0.0.0.0/0", "::/0", "")
MAC_ACCESS = {"/tool/mac-server": "MAC-Telnet", "/tool/mac-server/mac-winbox": "WinBox by MAC address"}
DISCOVERY = "/ip/neighbor/discovery-settings"


@dataclass(frozen=True)
class Offer:
    """Something that a router offers over IP."""

    title: str
    service: Service
    on: bool
    setting: str
    """Where it is turned on and off, and how it is set."""


def management_offers(gate: Gate) -> list[Offer]:
    """The services by which the router is managed, with their own ports; what is not known to be off is on."""
    return [_of_service(gate, name, title) for name, title in MANAGEMENT.items()]


def _of_service(gate: Gate, name: str, title: str) -> Offer:
    known = gate.listening.get(name)
    on = not (known and known.disabled)
    return Offer(title, gate.actual(KNOWN[name]), on, f"/ip/service {name} is {'on' if on else 'off'}")


def service_offers(situation: Situation, family: Family) -> list[Offer]:
    """The services for clients that the router is known to have."""
    gate = situation.gates[family]
    found = [_of_service(gate, "ftp", "FTP")]
    for switch in SWITCHES:
        text = situation.setting(switch.path, switch.enabled)
        if text is not None and not ("snmp" in switch.services and _limits_snmp(situation)):
            found += _switched(gate, switch, text in ("yes", "true"))
    return found


def _switched(gate: Gate, switch: Switch, on: bool) -> Iterator[Offer]:
    """What a menu switches, at each port that it has set; what answers some addresses only is left out."""
    setting = f"{switch.path} {switch.enabled}={'yes' if on else 'no'}"
    for name in switch.services:
        if name in CLIENTS and not gate.listening[name].nets(gate.firewall.family.version):
            for each in gate.with_ports(KNOWN[name]):
                yield Offer(CLIENTS[name], replace(each, name=f"{each.protocol}/{each.port}"), on, setting)


def _limits_snmp(situation: Situation) -> bool:
    """Whether all communities of SNMP answer some addresses only."""
    menu = BY_PATH.get("/snmp/community")
    rows = [entry for entry in situation.entries.get(menu, ()) if not entry.disabled] if menu else []
    return bool(rows) and not any(
        {*(split(entry.values.get("addresses", "")) or [""])} & {*EVERYWHERE} for entry in rows
    )


def access_without_ip(situation: Situation) -> Iterator[Finding]:
    """What neighbours from outside reach by MAC address, which no rule of the firewall sees."""
    if not situation.outside.interfaces:
        return
    for path, title in MAC_ACCESS.items():
        name = situation.setting(path, "allowed-interface-list")
        if name is not None and _faces_outside(situation, name):
            message = (
                f"neighbours from outside reach the router by {title}, which the firewall does not see: "
                f"allowed-interface-list is {name}"
            )
            advice = "set allowed-interface-list to a list of inner interfaces, or to none"
            yield _of_setting("mac-access-open", path, message, advice, _inner_list(situation))
    name = situation.setting(DISCOVERY, "discover-interface-list")
    if name is not None and situation.setting(DISCOVERY, "mode") != "rx-only" and _faces_outside(situation, name):
        message = (
            "the router tells its name, model and version to neighbours from outside: "
            f"discover-interface-list is {name}"
        )
        advice = "set discover-interface-list to a list of inner interfaces, or to none"
        yield _of_setting("discovery-open", DISCOVERY, message, advice, _inner_list(situation))
    if situation.setting("/tool/romon", "enabled") in ("yes", "true"):
        message = "RoMON is on, by which neighbours manage the router; the firewall does not see it"
        advice = "turn it off, or forbid it on the outer interfaces in /tool/romon/port and set secrets"
        yield _of_setting("romon-open", "/tool/romon", message, advice, None)


def _faces_outside(situation: Situation, name: str) -> bool:
    """Whether interfaces that face the outside are in an interface list."""
    exposed = situation.outside.interfaces
    if name in ("all", "static"):
        return True
    inside = situation.outside.members.get(name.removeprefix("!"), frozenset())
    return bool(exposed - inside) if name.startswith("!") else bool(exposed & inside)


def _inner_list(situation: Situation) -> str | None:
    """The one interface list with members that has none of those that face the outside."""
    outside = situation.outside
    names = {entry.values.get("name", "") for entry in situation.entries.get(LIST, ())} - {OUTSIDE}
    inner = [
        name for name in sorted(names) if outside.members.get(name) and not outside.members[name] & outside.interfaces
    ]
    return "LAN" if "LAN" in inner else inner[0] if len(inner) == 1 else None


def _of_setting(kind: str, path: str, message: str, advice: str, inner: str | None) -> Finding:
    menu = BY_PATH[path]
    name = next((each.name for each in menu.fields if each.name.endswith("interface-list")), "")
    mends = (Mend(f"set {name}={inner}", (Edit("set", menu, values={name: inner}),)),) if inner else ()
    return Finding(kind, path, "", None, message, advice, candidates=mends)
