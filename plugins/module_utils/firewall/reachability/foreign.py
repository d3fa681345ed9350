# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of others by which strangers from outside reach a router whose chain somebody closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ...engine.entry import Entry, Row
from ...schema.family import IPV4, IPV6, Family
from ..actions import permits
from ..packet import Ending, Verdict
from ..tables import MENUS, Firewall
from .places import Place
from .reach import TCP_UDP, Outcome, port_spans
from .services import Service
from .sources import Origin, default_sources
from .survey import Scene

MOST_ASKED = 32
"""Ports and protocols of foreign rules that are asked about besides the services."""
MOST_NAMED = 12
CERTAIN = (Verdict.ACCEPT, Verdict.EITHER)
IsOwn = Callable[[Entry], bool]


@dataclass
class Opening:
    """What lets strangers in, and where to."""

    family: Family
    place: Place
    sources: dict[str, None] = field(default_factory=dict)
    services: dict[str, None] = field(default_factory=dict)
    certain: bool = False
    today: bool = False
    """Whether they reach one of the services today."""

    def sentence(self, changing: bool) -> str:
        """Chain, rule, sources and services; with a change, whether this is so today as well."""
        named = [*self.services]
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        what = ", ".join(named[:MOST_NAMED]) + more
        who = " and ".join(name.replace("anybody", "strangers", 1) for name in self.sources)
        where = f"in chain {self.place.chain} of {MENUS[self.family][self.place.table].path}"
        when = (", now and after the change" if self.today else " after the change") if changing else ""
        lets = "lets" if self.certain else "may let"
        if not self.place.id:
            return f"{where}, no rule keeps {who} from {what}{when}"
        rule = f"rule {self.place.position or 'made by the router'} ({self.place.label})"
        return f"{where}, {rule} is not managed by this task and {lets} {who} reach {what}{when}"


def find_openings(scenes: Sequence[Scene], services: Sequence[Service], is_own: IsOwn) -> list[Opening]:
    """What lets strangers from outside reach the router, unless one's own rules do so on purpose."""
    found: dict[tuple[Family, Place], Opening] = {}
    for scene in scenes:
        family = scene.gate.firewall.family
        for source, service, outcome, today in _find_reached(scene, services, is_own):
            for each in outcome.endings:
                if each.verdict is Verdict.DROP or (each.rule and is_own(each.rule)):
                    continue
                place = _locate(scene, each)
                opening = found.setdefault((family, place), Opening(family, place))
                opening.sources[source] = opening.services[service.name] = None
                opening.certain |= outcome.verdict in CERTAIN
                opening.today |= today
    return [*found.values()]


def _locate(scene: Scene, ending: Ending) -> Place:
    """Where people find a rule: today, if it is there today."""
    places = (gate.place(ending.table, ending.chain, ending.rule) for gate in (scene.today, scene.gate) if gate)
    return next(each for each in places if each.number is not None or not each.id)


def _find_reached(
    scene: Scene, services: Sequence[Service], is_own: IsOwn
) -> Iterator[tuple[str, Service, Outcome, bool]]:
    """Who from outside reaches what, but for what one's own rules let in, and whether that is so today."""
    gate, today = scene.gate, scene.today
    alone = replace(gate, firewall=gate.firewall.only(lambda rule: is_own(rule.entry)))
    outside = [each for each in default_sources(scene.land) if each.origin is Origin.OUTSIDE]
    probes = [(source.name, probe) for source in outside for probe in source.probes]
    for service in (*services, *_find_foreign_ports(gate.firewall, services, is_own)):
        for source, probe in probes:
            outcome = gate.outcome(probe, service)
            if outcome.verdict is Verdict.DROP or outcome.moved_by:
                continue
            if not _is_on_purpose(alone.outcome(probe, service), outcome, is_own):
                known = today.outcome(probe, service).verdict if today else Verdict.DROP
                yield source, service, outcome, known is not Verdict.DROP


def _is_on_purpose(alone: Outcome, together: Outcome, is_own: IsOwn) -> bool:
    """Whether one's own rules, without those of others, let the same request in."""
    if alone.verdict is Verdict.CANNOT_TELL and together.verdict in CERTAIN:
        return False
    letting = (each.rule for each in alone.endings if each.verdict is not Verdict.DROP)
    return alone.verdict is not Verdict.DROP and any(rule and is_own(rule) for rule in letting)


def _find_foreign_ports(firewall: Firewall, known: Sequence[Service], is_own: IsOwn) -> list[Service]:
    """Ports and protocols that rules of others accept in particular, and that are no known services."""
    found = dict.fromkeys(
        (protocol, port)
        for rules in firewall.chains["filter"].values()
        for rule in rules
        if permits(rule.action) and not is_own(rule.entry)
        for protocol, port in _read_accepted(rule.entry.values)
    )
    new = [each for each in found if each not in {(each.protocol, each.port) for each in known}]
    return [Service(f"{name}/{port}" if port else name, name, port) for name, port in new[:MOST_ASKED]]


def _read_accepted(values: Row) -> Iterator[tuple[str, int | None]]:
    """The protocol of a rule with the first port of each of its spans, or without ports where it has none."""
    protocol = values.get("protocol", "")
    if protocol in TCP_UDP:
        for name in ("dst-port", "port"):
            yield from ((protocol, low) for low, _high in port_spans(values.get(name, "")))
    elif protocol and protocol[0] != "!" and protocol not in (IPV4.icmp, IPV6.icmp):
        yield protocol, None
