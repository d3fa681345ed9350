# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source NAT that rewrites the router's own IKE, ESP, GRE and IPIP (field.md 1).

Only from an address that is not the primary one of the outgoing port: masquerade puts that in its place, and the other
end answers, or identifies, another peer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from ...schema.addresses import ADDRESS
from ...schema.family import IPV4
from ...schema.firewall import NAT
from ...schema.interfaces import EOIP, GRE, IPIP, VRRP
from ...schema.ipsec import PEER
from ..actions import Effect, effect_of
from ..fates import TRANSLATES
from ..packet import Packet, facts
from ..reachability.sources import networks_of
from ..walk import decide_chain
from .finding import Edit, Finding, Mend, named
from .situation import Situation

IKE_PORTS = (500, 4500)


@dataclass(frozen=True)
class Sender:
    """The router as it speaks to another end, with an address that it was told to use."""

    name: str
    address: str
    remote: str | None
    protocols: tuple[tuple[str, int | None], ...]


def masquerade_takes_ike(situation: Situation) -> Iterator[Finding]:
    """Rules of srcnat that translate what the router itself sends from an address it was told to use."""
    found: dict[str, tuple[str, dict[Sender, list[str]]]] = {}
    for sender in _senders(situation):
        for way in _ways_out(situation, sender.address):
            for protocol, port in sender.protocols:
                packet = Packet(
                    "output",
                    src=sender.address,
                    dst=sender.remote,
                    protocol=protocol,
                    src_port=port,
                    dst_port=port,
                    out_interface=way,
                    connection_state="new",
                    facts=facts(src_address_type="local"),
                )
                if rule := _translating(situation, packet):
                    protocols = found.setdefault(rule, (way, {}))[1].setdefault(sender, [])
                    protocols += [protocol] if protocol not in protocols else []
    for rule, (way, senders) in found.items():
        yield _finding(situation, rule, way, senders)


def _finding(situation: Situation, rule: str, way: str, senders: dict[Sender, list[str]]) -> Finding:
    spot = situation.spots[NAT, rule]
    names = ", ".join(f"{sender.name} from {sender.address}" for sender in senders)
    message = (
        f"rule {named([spot])} translates the router's own packets for {names}: the address is not the primary one of "
        f"{way}, so that the other end sees another sender"
    )
    pairs = dict.fromkeys((sender.address, protocol) for sender, protocols in senders.items() for protocol in protocols)
    ports = {"src-port": ",".join(map(str, IKE_PORTS))}
    edits = tuple(
        Edit(
            "add",
            NAT,
            values={
                **{"chain": "srcnat", "action": "accept", "protocol": protocol, "src-address": address},
                **(ports if protocol == "udp" else {}),
            },
            before=rule,
        )
        for address, protocol in pairs
    )
    advice = "accept what the router sends from that address in srcnat, above the rule: " + ", ".join(
        f"protocol={protocol} src-address={address}" for address, protocol in pairs
    )
    address, protocol = next(iter(pairs))
    packets = f"{protocol.upper()} of the router itself from {address} out by {way}"
    mend = Mend(advice, edits, TRANSLATES)
    return Finding(
        "masquerade-takes-ike", NAT.path, "srcnat", spot, message, advice, packets=packets, candidates=(mend,)
    )


def _senders(situation: Situation) -> Iterator[Sender]:
    """Peers and tunnel interfaces with an address of their own."""
    for entry in situation.static(PEER):
        values = entry.values
        own = values.get("local-address", "")
        if not entry.disabled and _is_own(own):
            remote = values.get("address", "").removesuffix("/32")
            known = remote if _is_host(remote) else None
            ike = tuple(("udp", port) for port in IKE_PORTS)
            yield Sender(f"peer {values.get('name', '')}", own, known, (*ike, ("ipsec-esp", None)))
    for menu, protocol in ((GRE, "gre"), (EOIP, "gre"), (IPIP, "ipencap")):
        for entry in situation.static(menu):
            own, remote = entry.values.get("local-address", ""), entry.values.get("remote-address", "")
            if not entry.disabled and _is_own(own):
                known = remote if _is_host(remote) else None
                yield Sender(f"interface {entry.values.get('name', '')}", own, known, ((protocol, None),))


def _is_own(text: str) -> bool:
    return _is_host(text) and text != "0.0.0.0"


def _is_host(text: str) -> bool:
    try:
        return ip_network(text).version == 4 and ip_network(text).prefixlen == 32
    except ValueError:
        return False


def _ways_out(situation: Situation, address: str) -> list[str]:
    """Interfaces by which packets from an address leave without it being the primary one there."""
    networks = networks_of(entry.values for entry in situation.entries.get(ADDRESS, ()))
    mine = next((name for name, nets in networks.items() if any(str(net.ip) == address for net in nets)), None)
    if mine is None:
        return []
    outside = situation.outside.interfaces
    parents = {entry.values.get("name", ""): entry.values.get("interface", "") for entry in situation.static(VRRP)}
    if mine in parents:
        return [parents[mine]]
    if str(networks[mine][0].ip) != address:
        return [mine]
    return [] if mine in outside else sorted(outside - {mine, *parents})


def _translating(situation: Situation, packet: Packet) -> str:
    """The id of the rule that surely gives a packet another source."""
    endings = decide_chain(situation.gates[IPV4].firewall, "nat", "srcnat", packet).endings
    rules = [each.rule for each in endings if effect_of(each.action) is Effect.TRANSLATE and each.rule]
    if len(endings) != 1 or not rules:
        return ""
    kept = endings[0].action == "src-nat" and rules[0].values.get("to-addresses", "") == packet.src
    return "" if kept else rules[0].id
