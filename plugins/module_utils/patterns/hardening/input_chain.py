# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain input, from the top: what is known, what is limited, who may what, and that nobody else may anything.

A limit limits only if what is beyond it is dropped before anything below accepts it, so each is a pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.intent import Entry, Intent, of_version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.vocabulary import (
    IPV6_PORTS,
    PER_SOURCE,
    SERVICES,
)

IKE: Entry = {"protocol": "udp", "dst_port": "500,4500"}
LINK_LOCAL = "fe80::/10"
# What neighbours send each other arrives with this hop limit or not at all (RFC 4861).
ON_LINK = "equal:255"
NEIGHBOURS = {"router solicitation": 133, "neighbour solicitation": 135, "neighbour advertisement": 136}
"""Types of ICMPv6 whose senders may have other addresses than those of the link, or none yet."""
TRACEROUTE = "33434-33534"
FORGOTTEN = "10m"
"""How long the router remembers what a sender has sent, where it counts by the minute."""


def input_rules(intent: Intent, version: int) -> Iterator[Entry]:
    """The rules of the filter for one IP version; a chain comes before the jump to it, which so never leads nowhere."""
    yield from _excess(intent)
    if _guarded(intent):
        yield from _guessing(intent)
    if intent.log:
        yield from _log_chain(intent)
    if version == 6:
        yield from ping_chain(intent)
        # IPv6 has no raw table here.
        yield rule(intent, "limit ping", **ping(intent, 6))
    yield from _known(intent)
    yield from _icmp(intent) if version == 4 else _icmp6(intent)
    yield from _ipsec(intent)
    yield from _management(intent, version)
    yield from _public(intent)
    yield from _neighbours(intent, version)
    yield from _tunnels(intent, version)
    yield from _extras(intent, version)
    yield from _rest(intent)


def limited(intent: Intent, *names: str) -> Entry:
    """Matchers that are true within these limits."""
    found: Entry = {}
    for name in names:
        rate = intent.limits[name]
        if name in PER_SOURCE:
            expire = f"/{FORGOTTEN}" if "/" in rate else "/1m"
            found["dst_limit"] = f"{rate},src-address{expire}"
        else:
            found["limit"] = rate
    return found


def rule(intent: Intent, what: str, **says: object) -> Entry:
    """One rule, which accepts and is of chain input unless it says otherwise."""
    return {"chain": "input", "action": "accept", **says, "comment": intent.says(what)}


def from_outside(intent: Intent) -> Entry:
    """The jump that has the sources of packets from outside looked at.

    What a tunnel carries comes in by the same interface, and its addresses are private as a rule (firewall.md 3).
    """
    outside: Entry = {"in_interface_list": intent.wan, "ipsec_policy": "in,none"}
    return {"action": "jump", **outside, "jump_target": intent.named("sources")}


def listing(intent: Intent, chain: str, what: str, where: str, timeout: str) -> Iterator[Entry]:
    """A chain that lists the sender and drops the packet.

    Senders can be forged by the million, and every entry costs memory: so listing has a limit of its own.
    """
    to_list: Entry = {
        "action": "add-src-to-address-list",
        "address_list": intent.named(where),
        "address_list_timeout": timeout,
    }
    yield rule(intent, f"list {what}", chain=intent.named(chain), **to_list, **limited(intent, "listing"))
    yield rule(intent, f"drop {what}", chain=intent.named(chain), action="drop")


def _excess(intent: Intent) -> Iterator[Entry]:
    # For people to look at, and for no rule: who forges a peer's address must not be able to lock that peer out.
    yield from listing(intent, "excess", "IKE of strangers and beyond the limit", "ike-excess", "1h")


def _guarded(intent: Intent) -> bool:
    return bool(intent.public_ports) and intent.brute_force


def _guessing(intent: Intent) -> Iterator[Entry]:
    yield from listing(intent, "guessing", "who guesses passwords", "blocked", intent.block_time)


def _known(intent: Intent) -> Iterator[Entry]:
    yield rule(intent, "established, related, untracked", connection_state="established,related,untracked")
    yield rule(intent, "invalid", action="drop", connection_state="invalid")


def ping_chain(intent: Intent) -> Iterator[Entry]:
    """A chain that drops echo requests beyond the limit.

    It has to come before connection tracking, or before what that knows is accepted: after the first answer all further
    requests with the same number are established.
    """
    chain: Entry = {"chain": intent.named("ping")}
    yield rule(intent, "ping within limits", **chain, action="return", **limited(intent, "icmp", "icmp_total"))
    yield rule(intent, "ping beyond them", **chain, action="drop")


def ping(intent: Intent, version: int) -> Entry:
    """The jump that has echo requests counted."""
    protocol, kind = ("icmp", "8:0") if version == 4 else ("icmpv6", "128:0")
    return {"action": "jump", "protocol": protocol, "icmp_options": kind, "jump_target": intent.named("ping")}


def _icmp(intent: Intent) -> Iterator[Entry]:
    yield from _icmp_pair(intent, "ICMP", "icmp")
    # CAPsMAN on its own wireless interfaces.
    yield rule(intent, "the router to itself", src_address="127.0.0.1", dst_address="127.0.0.1")
    yield from _traceroute(intent)


def _icmp_pair(intent: Intent, name: str, protocol: str) -> Iterator[Entry]:
    # What comes so far is new. To say so makes the pair narrower than an accept for all ICMP that others may have made,
    # above which it has to stand.
    new: Entry = {"protocol": protocol, "connection_state": "new"}
    yield rule(intent, f"{name} within limits", **new, **limited(intent, "icmp", "icmp_total"))
    yield rule(intent, f"{name} beyond them", action="drop", **new)


def _icmp6(intent: Intent) -> Iterator[Entry]:
    # Without neighbour discovery there is no IPv6, so it has no limit; nobody beyond the link can send any of this.
    for name, kind in NEIGHBOURS.items():
        yield rule(intent, name, protocol="icmpv6", icmp_options=f"{kind}:0", hop_limit=ON_LINK)
    yield rule(intent, "ICMPv6 of neighbours", protocol="icmpv6", src_address=LINK_LOCAL)
    if intent.wan:
        yield rule(intent, "sources that cannot be", **from_outside(intent))
    yield from _icmp_pair(intent, "ICMPv6", "icmpv6")
    if intent.dhcpv6_client:
        yield rule(intent, "DHCPv6 client", protocol="udp", dst_port="546", src_address=LINK_LOCAL)
    yield from _traceroute(intent)


def _traceroute(intent: Intent) -> Iterator[Entry]:
    if intent.traceroute:
        matchers: Entry = {"protocol": "udp", "dst_port": TRACEROUTE}
        yield rule(intent, "traceroute", **matchers, **limited(intent, "traceroute"))


def _ipsec(intent: Intent) -> Iterator[Entry]:
    peers: Entry = {"src_address_list": intent.ipsec_list}
    # A packet of a new connection only: UDP 4500 carries the tunnel's traffic as well, which is established by then.
    new: Entry = {**IKE, "connection_state": "new"}
    yield rule(intent, "IKE and NAT-T of trusted peers", **new, **peers, **limited(intent, "ike"))
    if not intent.road_warriors:
        yield rule(intent, "ESP of trusted peers", protocol="ipsec-esp", **peers)
    if intent.ah:
        yield rule(intent, "AH of trusted peers", protocol="ipsec-ah", **peers)
    if intent.road_warriors:
        # A forger has as many budgets as senders to pretend to be: so there is one for all of them, too.
        most = limited(intent, "road_warriors", "road_warriors_total")
        yield rule(intent, "IKE and NAT-T of anybody", **new, **most)
        # Without a limit: a one-way stream stays new for ever, and what no key of ours opens is dropped by IPsec.
        yield rule(intent, "ESP of anybody", protocol="ipsec-esp")
    # As with ICMP: new, so that it goes above an accept of IKE from everybody, such as the factory has in IPv6.
    yield rule(intent, "all other IKE and NAT-T", action="jump", **new, jump_target=intent.named("excess"))


def _management(intent: Intent, version: int) -> Iterator[Entry]:
    if of_version(intent.management, version):
        source: Entry = {"src_address_list": intent.named("management")}
        yield rule(intent, "management", protocol="tcp", dst_port=intent.management_ports, **source)


def _public(intent: Intent) -> Iterator[Entry]:
    """Below management, whose networks are so never locked out."""
    if not intent.public_ports:
        return
    ports: Entry = {"protocol": "tcp", "dst_port": intent.public_ports}
    if not _guarded(intent):
        yield rule(intent, "open to the world", **ports)
        return
    yield rule(intent, "who has guessed passwords", action="drop", **ports, src_address_list=intent.named("blocked"))
    yield rule(intent, "open to the world within a limit", **ports, **limited(intent, "public"))
    yield rule(intent, "beyond it", action="jump", **ports, jump_target=intent.named("guessing"))


def _neighbours(intent: Intent, version: int) -> Iterator[Entry]:
    for protocol, ports in _ports(intent, intent.lan_services, version):
        matchers: Entry = {"protocol": protocol, "dst_port": ports, "in_interface_list": intent.lan}
        yield rule(intent, f"services for {intent.lan} ({protocol})", **matchers)


def _tunnels(intent: Intent, version: int) -> Iterator[Entry]:
    if not of_version(intent.tunnel_networks, version):
        return
    # An address alone proves nothing; that the packet was decrypted does.
    source: Entry = {"ipsec_policy": "in,ipsec", "src_address_list": intent.named("tunnels")}
    for protocol, ports in _ports(intent, intent.tunnel_services, version):
        yield rule(intent, f"services for tunnels ({protocol})", protocol=protocol, dst_port=ports, **source)


def _ports(intent: Intent, services: Iterable[str], version: int) -> list[tuple[str, str]]:
    """Protocols and all their ports of these services."""
    found = defaultdict[str, list[str]](list)
    for service in services:
        known = {**SERVICES, **IPV6_PORTS} if version == 6 else SERVICES
        protocol, slash, ports = service.partition("/")
        of_service = {protocol: ports} if slash else known.get(service, {"tcp": intent.management_ports})
        for each, given in of_service.items():
            found[each].append(given)
    return [(protocol, ",".join(dict.fromkeys(found[protocol]))) for protocol in sorted(found)]


def _extras(intent: Intent, version: int) -> Iterator[Entry]:
    """The user's own rules; those that have no comment get a number."""
    for number, given in enumerate(intent.extra if version == 4 else intent.extra_ipv6, start=1):
        what = str(given.get("comment") or f"extra {number}")
        mine = what == intent.prefix or what.startswith(f"{intent.prefix}: ")
        yield {**given, "chain": "input", "comment": what if mine else intent.says(what)}


def _log_chain(intent: Intent) -> Iterator[Entry]:
    chain: Entry = {"chain": intent.named("log")}
    # Those whom another role accepts: its rules stand right above the drop, and so below this.
    for known in intent.other_lists:
        yield rule(intent, f"{known} is not logged", **chain, action="return", src_address_list=known)
    prefix: Entry = {"log_prefix": intent.log_prefix} if intent.log_prefix else {}
    yield rule(intent, "log some of the rest", **chain, action="log", **limited(intent, "log"), **prefix)


def _rest(intent: Intent) -> Iterator[Entry]:
    if intent.log:
        yield rule(intent, "log the rest", action="jump", jump_target=intent.named("log"))
    yield rule(intent, "drop the rest", action="drop")
