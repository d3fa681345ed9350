# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who from outside can begin to manage the router, and whether anybody can at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...schema.kinds import bounds, range_within, spans, split
from ..lines import Line, Table
from ..rules import NUMBERS, STATES
from ..sets import contains, overlap
from .finding import Finding, named

PORTS = {22: "SSH", 23: "telnet", 80: "WWW", 443: "WWW over TLS", 8291: "WinBox", 8728: "API", 8729: "API over TLS"}
WIDE = {4: 2**24, 6: 2**104}
"""More addresses than this are hardly a restriction."""
# A packet from outside is not for these, and one of IPv6 is not from these.
INSIDE = ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7", "fe80::/10", "ff00::/8")
NEW_TCP = {
    "protocol": ((NUMBERS["tcp"], NUMBERS["tcp"]),),
    "connection-state": ((STATES.index("new"), STATES.index("new")),),
}


@dataclass(frozen=True)
class Outside:
    """Where strangers come from, as far as the router says."""

    lists: frozenset[str]
    """Interface lists that face the outside."""
    members: Mapping[str, frozenset[str]]
    """The interfaces of every interface list."""
    open_lists: frozenset[str]
    """Address lists that hold all addresses."""

    def strangers(self, port: int) -> list[Stranger]:
        """A sender for every interface that faces the outside."""
        interfaces = sorted({each for name in self.lists for each in self.members.get(name, ())})
        return [Stranger(self, port, interface) for interface in interfaces or [""]]


@dataclass(frozen=True)
class Stranger:
    """Somebody outside, with an address that no rule names, who opens a TCP connection to the router."""

    outside: Outside
    port: int
    interface: str

    def matches(self, name: str, text: str) -> bool | None:
        """Whether a matcher takes the first packet; None when that depends."""
        if text.startswith("!") and name != "tcp-flags":
            found = self._plain(name, text[1:])
            return None if found is None else not found
        return self._plain(name, text)

    def _plain(self, name: str, text: str) -> bool | None:
        match name:
            case "protocol":
                return text == "tcp"
            case "dst-port" | "port":
                inside = any(low <= self.port <= high for low, high in spans(text))
                return inside or (None if name == "port" else False)
            case "connection-state":
                return "new" in split(text)
            case "in-interface":
                # Where the outside is unknown, a rule for one interface is a restriction, too.
                return None if text.startswith("all-") else text == self.interface
            case "in-interface-list":
                return self._in_list(text)
            case "src-address-list":
                return text in self.outside.open_lists
            case "src-address" | "dst-address":
                return _address(name, text)
            case "tcp-flags":
                return {"syn", "!ack"} >= {*split(text)} or (False if "ack" in split(text) else None)
            case "src-address-type" | "dst-address-type":
                return True if {"src": "unicast", "dst": "local"}[name[:3]] in split(text) else None
            case "ipsec-policy":
                return {"in,none": True, "in,ipsec": False}.get(text)
        return None

    def _in_list(self, name: str) -> bool | None:
        if name in self.outside.lists or name == "all":
            return True
        if name in ("static", "dynamic"):
            return None
        return self.interface in self.outside.members.get(name, ())

    def takes(self, line: Line) -> bool | None:
        """Whether a rule matches: for certain, never, or perhaps."""
        answers = [None if each.boxes is None else self.matches(each.name, each.text) for each in line.rule.conditions]
        if False in answers:
            return False
        return None if None in answers or line.entry.invalid else True


def _address(name: str, text: str) -> bool | None:
    start, end = bounds(text)
    more = int(end) - int(start)
    if more == 2**start.max_prefixlen - 1:
        return True
    if (name == "dst-address" or start.version == 6) and any(range_within(text, net) for net in INSIDE):
        return False
    return None if name == "dst-address" or more >= WIDE[start.version] else False


def decider(table: Table, name: str, stranger: Stranger, above: tuple[str, ...] = ()) -> Line | None:
    """The rule that lets the stranger in or keeps him out; None when the chain ends without one."""
    for line in table.chains.get(name, ()):
        takes = stranger.takes(line)
        if takes is False:
            continue
        if line.action == "jump" and line.target not in (*above, name):
            found = decider(table, line.target, stranger, (*above, name))
            if found and (takes or not found.denies):
                return found
        if line.action == "return" and takes:
            return None
        if line.action == "accept" or (line.denies and takes):
            return line
    return None


def management_open(filter_: Table, raw: Table, outside: Outside) -> Iterator[Finding]:
    """Ports of management that anybody can reach from outside, one finding for each rule that lets them in."""
    doors: dict[Line | None, list[int]] = {}
    for port in PORTS:
        for stranger in outside.strangers(port):
            early = decider(raw, "prerouting", stranger)
            rule = decider(filter_, "input", stranger)
            if not (early and early.denies) and not (rule and rule.denies) and port not in doors.get(rule, []):
                doors.setdefault(rule, []).append(port)
    for rule, ports in doors.items():
        shown = ", ".join(f"{port} ({PORTS[port]})" for port in ports)
        how = f"rule {named([rule.spot])} accepts it" if rule else "no rule stops it"
        yield Finding(
            "management-open",
            filter_.menu.path,
            "input",
            rule.spot if rule else None,
            f"from outside, anybody can reach TCP {shown} of the router: {how}",
            "accept management from named addresses only, with src-address-list, and drop the rest; "
            "a service that nobody uses is best turned off in /ip/service",
        )


def management_cut(table: Table) -> Iterator[Finding]:
    """A drop for everything in `input` above which nothing accepts a connection that could manage the router."""
    chain = table.chains.get("input", ())
    drop = next((line for line in chain if line.denies and line.position and _takes_all(line)), None)
    if drop and not any(_lets_in(table, line, ("input",)) for line in chain[: drop.place]):
        yield Finding(
            "management-cut",
            table.menu.path,
            "input",
            drop.spot,
            f"rule {named([drop.spot])} drops all that comes to the router, and no rule above it accepts a new TCP "
            "connection: nobody can manage the router any more",
            "put above it an accept for established connections and one for SSH, WinBox or the API from the addresses "
            "that manage the router",
        )


def _takes_all(line: Line) -> bool:
    return line.region.exact and any(contains(box, NEW_TCP) for box in line.region.boxes)


def _lets_in(table: Table, line: Line, above: Sequence[str]) -> bool:
    """Whether the rule, or the chain it jumps to, may accept a new TCP connection."""
    if not any(overlap(box, NEW_TCP) for box in line.region.boxes):
        return False
    if line.action == "jump" and line.target not in above:
        return any(_lets_in(table, each, (*above, line.target)) for each in table.chains.get(line.target, ()))
    return line.action == "accept"
