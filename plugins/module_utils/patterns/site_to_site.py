# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles tunnels between sites to the entries one router needs: IPsec, NAT bypass, firewall.

What belongs to a tunnel carries its mark, `PREFIX-NAME`, in name or comment; what all tunnels share carries `PREFIX`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns import ipsec, passage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.intake import Options, tunnel_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Found, still_needed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import PREFIX, Settings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.soundness import weak, wrong
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel

Thing = TypeVar("Thing", bound=Hashable)
Entries = dict[str, list[ipsec.Entry]]
"""Entries by module name, in the form that the module `config` takes."""


@dataclass(frozen=True)
class Compiled:
    """Entries, the marks of their owners, and sentences on what is wrong; with problems there are no entries."""

    config: Entries
    owners: tuple[str, ...]
    problems: tuple[str, ...] = ()


def site_to_site(
    tunnels: Sequence[Options], settings: Settings, profile: Options, proposal: Options, found: Found
) -> Compiled:
    """What a router needs for these tunnels.

    `profile` and `proposal` are options for all of them; `found` is what stands of peers and address lists
    under the prefix, for the sake of tunnels that are not spoken of.
    """
    known, problems = _read(tunnels, settings, profile, proposal)
    if problems or not known:
        return Compiled({}, (), tuple(problems))
    marks = [settings.mark(tunnel) for tunnel in known]
    return Compiled(
        _entries([tunnel for tunnel in known if tunnel.present], marks, settings, found), (settings.prefix, *marks)
    )


def _read(
    tunnels: Sequence[Options], settings: Settings, profile: Options, proposal: Options
) -> tuple[list[Tunnel], list[str]]:
    known: list[Tunnel] = []
    problems: list[str] = []
    if not PREFIX.fullmatch(settings.prefix):
        problems = [f"site_to_site_prefix: {settings.prefix!r} was given, allowed are letters, digits and _"]
    for number, given in enumerate(tunnels, start=1):
        try:
            known.append(tunnel_from(given, profile, proposal))
        except ValueError as problem:
            problems.append(f"tunnel {given.get('name') or number}: {problem}")
    problems += [f"tunnel {tunnel.name}: {text}" for tunnel in known for text in _problems(tunnel, settings)]
    return known, [*problems, *_conflicts(known)]


def _problems(tunnel: Tunnel, settings: Settings) -> Iterator[str]:
    yield from wrong(tunnel)
    if not settings.allow_weak:
        yield from (f"{text}, or set site_to_site_allow_weak: true" for text in weak(tunnel))
    if tunnel.present and settings.passes(tunnel) and tunnel.needs_ipv6_firewall:
        yield "IPv6 needs rules in /ipv6/firewall; they are not made here, so make them and set its firewall to false"


def _conflicts(tunnels: Sequence[Tunnel]) -> Iterator[str]:
    """Sentences for tunnels that cannot stand beside each other."""
    present = [tunnel for tunnel in tunnels if tunnel.present]
    for name in _twice(tunnel.name for tunnel in tunnels):
        yield f"tunnel {name}: the name is given twice"
    for ends in _twice(tunnel.ends for tunnel in present):
        names = ", ".join(tunnel.name for tunnel in present if tunnel.ends == ends)
        yield f"tunnels {names}: RouterOS takes one peer per remote_address ({ends[0]}), unless local_address differs"
    for pair in _twice(pair for tunnel in present for pair in (*tunnel.pairs, *tunnel.inner_pairs)):
        names = ", ".join(tunnel.name for tunnel in present if pair in (*tunnel.pairs, *tunnel.inner_pairs))
        yield f"tunnels {names}: only one of them can have a policy for {pair[0]} to {pair[1]}"


def _twice(things: Iterable[Thing]) -> list[Thing]:
    return [thing for thing, often in Counter(things).items() if often > 1]


def _entries(tunnels: Sequence[Tunnel], marks: Sequence[str], settings: Settings, found: Found) -> Entries:
    own = [(tunnel, settings.mark(tunnel)) for tunnel in tunnels]
    others = still_needed(found, settings, marks)
    lists = passage.address_lists(tunnels, others, settings)
    return {
        "ipsec_profile": [ipsec.profile(tunnel, mark) for tunnel, mark in own],
        "ipsec_proposal": [ipsec.proposal(tunnel, mark) for tunnel, mark in own],
        "ipsec_peer": [ipsec.peer(tunnel, mark) for tunnel, mark in own],
        "ipsec_identity": [ipsec.identity(tunnel, mark) for tunnel, mark in own],
        "ipsec_policy": [entry for tunnel, mark in own for entry in ipsec.policies(tunnel, mark)],
        "firewall_address_list": lists,
        "firewall_nat": [
            rule for tunnel, mark in own if settings.bypasses(tunnel) for rule in passage.nat_bypass(tunnel, mark)
        ],
        "firewall_filter": [
            *(passage.shared_rules(settings) if lists else ()),
            *passage.ah_rules(tunnels, settings),
        ],
    }
