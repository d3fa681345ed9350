# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of a router, as packets that ask for them, and the settings that switch, move and limit them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...engine.entry import Entry
from ...schema.kinds import split
from ...schema.model import Menu

FORM = re.compile(r"(tcp|udp)/(\d{1,5})")
HIGHEST = 65535


@dataclass(frozen=True)
class Service:
    """Something that a router offers: a port of TCP or UDP, or a protocol without ports."""

    name: str
    protocol: str
    port: int | None = None


SERVICES = (
    Service("ssh", "tcp", 22),
    Service("telnet", "tcp", 23),
    Service("ftp", "tcp", 21),
    Service("www", "tcp", 80),
    Service("www-ssl", "tcp", 443),
    Service("winbox", "tcp", 8291),
    Service("api", "tcp", 8728),
    Service("api-ssl", "tcp", 8729),
    Service("dns", "udp", 53),
    Service("dns-tcp", "tcp", 53),
    Service("ntp", "udp", 123),
    Service("snmp", "udp", 161),
    Service("proxy", "tcp", 8080),
    Service("socks", "tcp", 1080),
    Service("upnp", "tcp", 2828),
    Service("ssdp", "udp", 1900),
    Service("btest", "tcp", 2000),
    Service("btest-udp", "udp", 2000),
    Service("mndp", "udp", 5678),
    Service("capsman", "udp", 5246),
    Service("capsman-data", "udp", 5247),
    Service("l2tp", "udp", 1701),
    Service("pptp", "tcp", 1723),
    Service("sstp", "tcp", 443),
    Service("ike", "udp", 500),
    Service("nat-t", "udp", 4500),
    Service("esp", "ipsec-esp"),
    Service("ah", "ipsec-ah"),
    Service("gre", "gre"),
    Service("ping", "icmp"),
)
"""What is asked about unless somebody says otherwise."""
KNOWN: Mapping[str, Service] = {each.name: each for each in SERVICES}


@dataclass(frozen=True)
class Listening:
    """How a service is set on the router, whatever VRF it listens in."""

    ports: tuple[int, ...] = ()
    """None: the usual one."""
    disabled: bool = False
    allowed: tuple[str, ...] = ()
    """Prefixes that it answers; of a family that has none here: everybody."""
    place: str = ""
    """The setting, as people find it: `/ip/service ssh`."""

    def refusal(self, address: str) -> str:
        """Why it answers nobody at this address; empty if it does."""
        if self.disabled:
            return f"{self.place}: it is off"
        nets = self.nets(ipaddress.ip_address(address).version)
        refused = nets and not any(ipaddress.ip_address(address) in net for net in nets)
        return f"{self.place}: it answers {', '.join(self.allowed)} only" if refused else ""

    def gap(self, address: str) -> str:
        """A note for an address whose family is not limited, where the other one is."""
        version = ipaddress.ip_address(address).version
        return f"{self.place}: it limits no IPv{version}" if self.allowed and not self.nets(version) else ""

    def nets(self, version: int) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """The prefixes of a version of IP that it answers; none: everybody of that version."""
        nets = (ipaddress.ip_network(text, strict=False) for text in self.allowed)
        return [net for net in nets if net.version == version]


@dataclass(frozen=True)
class Switch:
    """A menu with one set of properties, which switches services on and off."""

    path: str
    services: tuple[str, ...]
    enabled: str = "enabled"
    allowed: tuple[str, ...] = ()
    """Properties that hold the prefixes it answers."""


SERVICE_MENU = "/ip/service"
LIVE = frozenset({"connection", "remote"})
"""Properties that rows of live connections have (RouterOS 7.22)."""
SWITCHES = (
    Switch("/ip/dns", ("dns", "dns-tcp"), "allow-remote-requests"),
    Switch("/snmp", ("snmp",)),
    Switch("/ip/proxy", ("proxy",)),
    Switch("/ip/socks", ("socks",)),
    Switch("/ip/upnp", ("ssdp", "upnp")),
    Switch(
        "/tool/bandwidth-server",
        ("btest", "btest-udp"),
        allowed=("allowed-addresses4", "allowed-addresses6"),
    ),
)
SETTINGS = (SERVICE_MENU, *(each.path for each in SWITCHES))
"""Paths of the menus that say how services are set."""


def service_of(text: str) -> Service:
    """The service that a name such as `ssh`, or a form such as `tcp/8443`, stands for; raises ValueError."""
    if text in KNOWN:
        return KNOWN[text]
    found = FORM.fullmatch(text)
    if not found or not 0 < int(found[2]) <= HIGHEST:
        names = ", ".join(KNOWN)
        raise ValueError(f"{text!r} was given, allowed is one of {names}, or a protocol and port such as tcp/8443")
    return Service(text, found[1], int(found[2]))


def listening(rows: Iterable[Entry]) -> dict[str, Listening]:
    """The settings in `/ip/service`, by name; dynamic rows are connections and sockets, not settings."""
    found = {}
    for row in rows:
        if not row.dynamic and not row.strange & LIVE:
            name, allowed = row.values.get("name", ""), tuple(split(row.values.get("address", "")))
            found[name] = Listening(_read_ports(row), row.disabled, allowed, f"{SERVICE_MENU} {name}")
    return found


def settings_of(tables: Mapping[Menu, Sequence[Entry]]) -> dict[str, Listening]:
    """How services are set, by name, as far as the menus that say so were read."""
    rows = {menu.path: entries for menu, entries in tables.items()}
    return {**listening(rows.get(SERVICE_MENU, ())), **dict(_read_switches(rows))}


def _read_switches(rows: Mapping[str, Sequence[Entry]]) -> Iterator[tuple[str, Listening]]:
    for switch in SWITCHES:
        for entry in rows.get(switch.path, ())[:1]:
            off = entry.values.get(switch.enabled) in ("false", "no")
            allowed = tuple(net for name in switch.allowed for net in split(entry.values.get(name, "")))
            place = switch.path if switch.enabled == "enabled" else f"{switch.path} {switch.enabled}"
            yield from ((name, Listening(_read_ports(entry), off, allowed, place)) for name in switch.services)


def _read_ports(row: Entry) -> tuple[int, ...]:
    return tuple(int(text) for text in split(row.values.get("port", "")) if text.isdigit())
