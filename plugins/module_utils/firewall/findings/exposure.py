# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers from outside reach: the walk of their packets decides, and `/ip/service` and its like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network

from ...engine.entry import Entry
from ...schema.elsewhere import IPV6_SETTINGS
from ...schema.family import IPV6, Family
from ...schema.firewall import FILTER, FILTER6
from ...schema.interfaces import LIST
from ...schema.ipsec import PEER
from ...schema.kinds import spans
from ..fates import CLOSES
from ..lines import Spot
from ..packet import Ending, Verdict
from ..reachability.reach import Outcome
from ..reachability.services import KNOWN, Service
from ..reachability.sources import Probe
from ..rules import INTERFACES
from ..sets import holds
from ..tables import FILTERS, LISTS
from .finding import Edit, Finding, Mend, named
from .offers import Offer, management_offers, service_offers
from .situation import Situation

PASSES = (Verdict.ACCEPT, Verdict.EITHER)
ANY = ("", "0.0.0.0/0", "::/0", "::", "0.0.0.0")
SPARE_PORT = 40123
"""A port that no service has."""
PEERS = "ipsec-peers"


@dataclass(frozen=True)
class Door:
    """A rule, or the end of the chain, that lets strangers in to services."""

    rule: Entry | None
    spot: Spot | None
    offers: tuple[Offer, ...]
    packets: str

    @property
    def how(self) -> str:
        """What lets them in, in words."""
        return f"rule {named([self.spot])} accepts it" if self.spot else "no rule stops it"


def exposures(situation: Situation, family: Family) -> Iterator[Finding]:
    """What strangers reach over one version of IP; of an IPv6 filter without rules see `open_ipv6`."""
    menu = FILTERS[family]
    if family is IPV6 and not situation.static(menu):
        yield from open_ipv6(situation)
        return
    gate = situation.gates[family]
    management, services = management_offers(gate), service_offers(situation, family)
    yield from _management(situation, family, [each for each in management if each.on])
    yield from _services(situation, family, [each for each in services if each.on])
    yield from _idle_ports(situation, family, [each for each in (*management, *services) if not each.on])
    yield from _either_side(situation, family)
    yield from _open_ike(situation, family)


def doors(
    situation: Situation, family: Family, offers: Iterable[Offer], passes: Sequence[Verdict] = PASSES
) -> list[Door]:
    """What lets strangers in to services, each with the services that it lets them in to."""
    gate = situation.gates[family]
    # A service that is off is asked about as if it were on.
    switched_on = replace(gate, listening={})
    found: dict[str, tuple[Ending, list[Offer], str]] = {}
    for offer in offers:
        asked = gate if offer.on else switched_on
        for probe in situation.strangers[family]:
            outcome = asked.outcome(probe, offer.service)
            for ending in _accepting(outcome, passes, offer.service.port):
                key = ending.rule.id if ending.rule else ""
                _ending, mine, _packets = found.setdefault(key, (ending, [], _packet_text(probe, offer)))
                mine += [offer] if offer not in mine else []
    menu = FILTERS[family]
    return [
        Door(ending.rule, situation.spots.get((menu, ending.rule.id)) if ending.rule else None, tuple(mine), packets)
        for ending, mine, packets in found.values()
    ]


def _accepting(outcome: Outcome, passes: Sequence[Verdict], port: int | None) -> list[Ending]:
    """What accepts a request; who is accepted anyway needs no rule that asks for the port he sends from."""
    if outcome.verdict not in passes:
        return []
    # What dst-nat sends on to somebody behind the router is not for the router.
    found = [each for each in outcome.endings if each.verdict is Verdict.ACCEPT and each.chain != "forward"]
    plain = [each for each in found if not _asks_for_sender(each.rule, port)]
    return plain if outcome.verdict is Verdict.ACCEPT and plain else found


def _asks_for_sender(rule: Entry | None, port: int | None) -> bool:
    """Whether a rule takes packets for a port only from senders who send from some port."""
    values = rule.values if rule else {}
    either = values.get("port")
    return "src-port" in values or bool(either and port and not _is_in(port, either))


def _is_in(port: int, text: str) -> bool:
    return holds(tuple(spans(text.removeprefix("!"))), port) is not text.startswith("!")


def _packet_text(probe: Probe, offer: Offer) -> str:
    service = offer.service
    port = f" to port {service.port}" if service.port else ""
    way = f" by {probe.interface}" if probe.interface else ""
    return f"{service.protocol.removeprefix('ipsec-').upper()}{port} from {probe.address}{way}"


def _names(entry: Entry | None, offers: Iterable[Offer]) -> bool:
    """Whether a rule names the very ports of services as those that packets go to."""
    texts = [entry.values.get(name, "!") for name in ("dst-port", "port")] if entry else []
    asked = [text for text in texts if not text.startswith("!")]
    return bool(asked) and all(_is_in(each.service.port or 0, text) for each in offers for text in asked)


def _shown(offers: Iterable[Offer]) -> str:
    """`UDP 53 (DNS), TCP 53 (DNS)`: each protocol once where they follow each other."""
    found, last = [], ""
    for offer in offers:
        protocol = offer.service.protocol.upper()
        found.append(f"{'' if protocol == last else f'{protocol} '}{offer.service.port} ({offer.title})")
        last = protocol
    return ", ".join(found)


def _management(situation: Situation, family: Family, offers: Sequence[Offer]) -> Iterator[Finding]:
    for door in doors(situation, family, offers):
        message = f"from outside, anybody can reach {_shown(door.offers)} of the router: {door.how}"
        advice = (
            "accept management from named addresses only, with src-address-list, and drop the rest; "
            "a service that nobody uses is best turned off in /ip/service"
        )
        yield _of_door("management-open", family, door, message, advice)


def _services(situation: Situation, family: Family, offers: Sequence[Offer]) -> Iterator[Finding]:
    for door in doors(situation, family, offers):
        where = ", ".join(dict.fromkeys(each.setting for each in door.offers))
        message = f"from outside, anybody can reach {_shown(door.offers)} of the router: {door.how} ({where})"
        advice = "accept it from inside only, or turn the service off"
        yield _of_door("service-open", family, door, message, advice, _from_inside(situation, family, door))


def _idle_ports(situation: Situation, family: Family, offers: Sequence[Offer]) -> Iterator[Finding]:
    """Rules that let strangers in to a port on which nobody listens now."""
    for door in doors(situation, family, offers):
        if door.spot and _names(door.rule, door.offers):
            where = ", ".join(dict.fromkeys(each.setting for each in door.offers))
            message = (
                f"rule {named([door.spot])} lets anybody from outside in to {_shown(door.offers)}; "
                f"nobody is answered as long as the service is off ({where})"
            )
            advice = "accept it from inside only, so that nothing is open when the service is turned on"
            yield _of_door("port-open", family, door, message, advice, _from_inside(situation, family, door))


def _from_inside(situation: Situation, family: Family, door: Door) -> tuple[Mend, ...]:
    """To let a rule for the service's port leave out what comes from outside."""
    lists = situation.outside.lists & {entry.values.get("name", "") for entry in situation.entries.get(LIST, ())}
    if not door.rule or not _names(door.rule, door.offers) or len(lists) != 1 or {*door.rule.values} & INTERFACES:
        return ()
    (name,) = lists
    edit = Edit("set", FILTERS[family], door.rule.id, {"in-interface-list": f"!{name}"})
    return (Mend(f"give the rule in-interface-list=!{name}", (edit,), CLOSES, keeps_established=True),)


def _of_door(
    kind: str, family: Family, door: Door, message: str, advice: str, candidates: tuple[Mend, ...] = ()
) -> Finding:
    path = FILTERS[family].path
    return Finding(kind, path, "input", door.spot, message, advice, packets=door.packets, candidates=candidates)


def _either_side(situation: Situation, family: Family) -> Iterator[Finding]:
    """Rules whose `port` lets in whoever sends from it, whatever port he wants to reach."""
    for protocol in ("udp", "tcp"):
        offer = Offer("any", Service(f"{protocol}/{SPARE_PORT}", protocol, SPARE_PORT), True, "")
        for door in doors(situation, family, [offer], (Verdict.EITHER,)):
            ports = door.rule.values.get("port", "!") if door.rule else "!"
            if door.spot and door.rule and not ports.startswith("!") and not _is_in(SPARE_PORT, ports):
                yield _of_either_side(family, door.rule, door.spot, protocol, ports)


def _of_either_side(family: Family, entry: Entry, spot: Spot, protocol: str, ports: str) -> Finding:
    example = {"udp": "UDP 161 (SNMP)", "tcp": "TCP 8291 (WinBox)"}[protocol]
    message = (
        f"rule {named([spot])} has port={ports}, which matches the sender's port as well: whoever sends from it "
        f"reaches every {protocol.upper()} port of the router, such as {example}"
    )
    edit = Edit("set", FILTERS[family], entry.id, {"dst-port": ports, "port": ""})
    mend = Mend(f"give it dst-port={ports} instead of port", (edit,), CLOSES, keeps_established=True)
    advice = "use dst-port instead of port, below an accept for established connections"
    first = ports.partition(",")[0].partition("-")[0]
    packets = f"{protocol.upper()} from port {first} to any other port"
    return Finding(
        *("port-either-side", FILTERS[family].path, "input", spot, message, advice),
        packets=packets,
        candidates=(mend,),
    )


def _open_ike(situation: Situation, family: Family) -> Iterator[Finding]:
    """IKE from anybody, where all peers have addresses."""
    version = family.version
    peers = [entry.values.get("address", "") for entry in situation.entries.get(PEER, ()) if not entry.disabled]
    named_ = [each for each in peers if each not in ANY and (":" in each) == (version == 6)]
    if not named_ or any(each in ANY for each in peers):
        return
    offers = [Offer(name, KNOWN[key], True, "") for name, key in (("IKE", "ike"), ("NAT-T", "nat-t"))]
    for door in doors(situation, family, offers, (Verdict.ACCEPT,)):
        if door.spot and door.rule and _names(door.rule, door.offers):
            message = (
                f"from outside, anybody can begin IKE ({_shown(door.offers)}): {door.how}, "
                "and all peers have known addresses"
            )
            advice = "accept IKE from the addresses of the peers only, with src-address-list"
            mends = _from_peers(situation, family, door.rule, named_)
            yield _of_door("ike-open", family, door, message, advice, mends)


def _from_peers(situation: Situation, family: Family, rule: Entry, peers: Sequence[str]) -> tuple[Mend, ...]:
    """To let a rule accept the peers only, where all of them are addresses."""
    menu, lists = FILTERS[family], LISTS[family]
    if not all(_is_network(each) for each in peers):
        return ()
    if len({*peers}) == 1:
        edits = [Edit("set", menu, rule.id, {"src-address": peers[0]})]
        words = f"give the rule src-address={peers[0]}"
    elif any(entry.values.get("list") == PEERS for entry in situation.entries.get(lists, ())):
        return ()
    else:
        edits = [Edit("add", lists, values={"list": PEERS, "address": each}) for each in dict.fromkeys(peers)]
        edits.append(Edit("set", menu, rule.id, {"src-address-list": PEERS}))
        words = f"put the peers into an address list, and give the rule src-address-list={PEERS}"
    return (Mend(words, tuple(edits), CLOSES, keeps_established=True),)


def _is_network(text: str) -> bool:
    try:
        return bool(ip_network(text))
    except ValueError:
        return False


def open_ipv6(situation: Situation) -> Iterator[Finding]:
    """An IPv6 filter without rules beside an IPv4 filter that is closed."""
    settings = situation.entries.get(IPV6_SETTINGS, ())
    on = bool(settings) and settings[0].values.get("disable-ipv6") not in ("yes", "true")
    if on and FILTER6 in situation.entries and "input" in situation.closed[FILTER]:
        message = (
            "IPv6 is on and its filter has no rule: whoever reaches the router over IPv6 reaches all of its services"
        )
        advice = "write for IPv6 what the filter of IPv4 has, or set disable-ipv6=yes in /ipv6/settings"
        yield Finding("ipv6-open", FILTER6.path, "input", None, message, advice)
