# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fasttrack and source NAT do to the traffic of tunnels, and policies that stand in each other's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...engine.entry import Entry, held
from ...schema.model import Menu, Version
from ..actions import Effect
from ..index import GivenUp, Index
from ..lines import Line, Spot, Table
from ..rules import NO, YES, rule_of
from ..sets import Box, contains, meets, overlap, rest
from ..shadowing import takes
from .finding import Finding, named

ENCRYPTED, CLEAR = YES, NO
Policy = tuple[Spot, bool, Box]
"""A policy that counts: where it is, whether it is a tunnel that encrypts, and the selectors."""


def policies_of(menu: Menu, entries: Iterable[Entry], version: Version) -> list[Policy]:
    """The policies that are in use; templates and those that the router made itself are not."""
    found: list[Policy] = []
    position = 0
    for entry in entries:
        position += not entry.dynamic
        rule = rule_of(menu, entry, version)
        if rule.action and not entry.disabled and not entry.dynamic and not entry.builtin:
            words = {each.name: each.text for each in rule.conditions}
            ends = f"{words.get('src-address', 'any')} to {words.get('dst-address', 'any')}"
            tunnel = rule.action == "encrypt" and held(entry.values, menu.by_name["tunnel"], version) == "yes"
            spot = Spot(entry.id, entry.values.get("comment") or ends, position)
            found.append((spot, tunnel, next(iter(rule.boxes), {})))
    return found


def policies_in_the_way(menu: Menu, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Policies with the same selectors, policies below ones that take all their traffic, and crossing ones."""
    index = Index([box for _spot, _tunnel, box in policies])
    for number, (spot, _tunnel, box) in enumerate(policies):
        try:
            before = list(index.overlapping(box, (1 << number) - 1))
        except GivenUp:
            continue
        holding = [policies[each] for each in before if contains(policies[each][2], box)]
        crossing = [policies[each] for each in before if not contains(box, policies[each][2])]
        if holding or crossing:
            yield _policy(menu, spot, box, holding, crossing)


def _policy(menu: Menu, spot: Spot, box: Box, holding: Sequence[Policy], crossing: Sequence[Policy]) -> Finding:
    others = tuple(each[0] for each in holding or crossing)
    if any(contains(box, each[2]) for each in holding):
        kind, said = (
            "policy-duplicate",
            f"has the same selectors as policy {named(others)}; RouterOS uses only the first",
        )
        advice = "remove one of them; for a backup give one policy two peers, the preferred one first"
    elif holding:
        kind, said = "policy-never-used", f"is never used: policy {named(others)} above takes all of its traffic"
        advice = "put the narrower policy above the wider one"
    else:
        kind, said = "policy-overlap", f"shares traffic with policy {named(others)} above, which takes that part of it"
        advice = "write selectors that do not overlap, or make sure that the order is the one you mean"
    return Finding(kind, menu.path, "", spot, f"policy {named([spot])} {said}", advice, others)


def fasttrack(table: Table, raw: Table, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Fasttrack rules that take the traffic of tunnels past IPsec."""
    chain = table.chains.get("forward", ())
    for line in chain:
        if line.rule.effect is not Effect.FASTTRACK or not line.position:
            continue
        late = [each for each in chain[line.place :] if each.position and takes(line.rule, each.rule)]
        if late:
            yield _taken(
                "fasttrack-above-ipsec",
                table,
                line,
                late,
                f"rule {named([line.spot])} fasttracks connections above the IPsec accepts, rule "
                f"{named(each.spot for each in late)}: tunnel traffic then leaves without IPsec",
                "move the accepts with ipsec-policy above the fasttrack rule",
            )
        elif names := _unprotected(line, chain, raw, policies, both=True):
            yield _taken(
                "fasttrack-takes-tunnel",
                table,
                line,
                [],
                f"rule {named([line.spot])} fasttracks connections of {names}, so that they leave without IPsec",
                "accept ipsec-policy=in,ipsec and ipsec-policy=out,ipsec above it",
            )


def source_nat(table: Table, raw: Table, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Translations of the source that keep traffic of tunnels from matching its policy."""
    chain = table.chains.get("srcnat", ())
    for line in chain:
        if line.rule.effect is not Effect.TRANSLATE or not line.position or _spares_tunnels(line):
            continue
        late = [each for each in chain[line.place :] if _is_bypass(each) and takes(line.rule, each.rule)]
        what = f"rule {named([line.spot])} ({line.action})"
        if late:
            yield _taken(
                "masquerade-above-bypass",
                table,
                line,
                late,
                f"{what} stands above the exception for tunnels, rule {named(each.spot for each in late)}, and "
                "translates their traffic first, which then matches no policy",
                "move the accept above it, or give it ipsec-policy=out,none",
            )
        elif names := _unprotected(line, chain, raw, policies, both=False):
            yield _taken(
                "masquerade-takes-tunnel",
                table,
                line,
                [],
                f"{what} also translates the traffic of {names}, which then matches no policy",
                "give it ipsec-policy=out,none, or accept the tunnel's traffic in a rule above it",
            )


def _spares_tunnels(line: Line) -> bool:
    return all(box.get("ipsec-policy:out") == CLEAR for box in line.region.boxes)


def _is_bypass(line: Line) -> bool:
    """Whether it is an accept for some addresses or for tunnels."""
    about = ("src-address", "dst-address", "src-address-list", "dst-address-list", "ipsec-policy")
    return line.action == "accept" and bool(line.position) and any(name in _asked(line) for name in about)


def _taken(kind: str, table: Table, line: Line, late: Sequence[Line], message: str, advice: str) -> Finding:
    chain = line.entry.values.get("chain", "")
    return Finding(kind, table.menu.path, chain, line.spot, message, advice, tuple(each.spot for each in late))


def _unprotected(line: Line, chain: Sequence[Line], raw: Table, policies: Sequence[Policy], *, both: bool) -> str:
    """The policies whose traffic the rule takes, in words; where it cannot be told, none."""
    if line.region.opaque or any(name in _asked(line) for name in ("connection-mark", "packet-mark")):
        return ""
    above = [_loose(box) for each in chain[: line.place] if each.ends for box in each.region.boxes]
    untracked = [_loose(box) for each in raw.lines() if each.action == "notrack" for box in each.region.boxes]
    found = [
        spot
        for spot, tunnel, selectors in policies
        if tunnel and _any_left(line, _traffic(selectors)[: 1 + both], [*above, *untracked])
    ]
    return f"policy {named(found)}" if found else ""


def _asked(line: Line) -> set[str]:
    return {*line.rule.by_name}


def _loose(box: Box) -> Box:
    """A box without what depends on lists and marks: whoever writes an exception with them means the tunnels."""
    return {dim: spans for dim, spans in box.items() if "=" not in dim and "interface" not in dim and "mark" not in dim}


def _traffic(selectors: Box) -> list[Box]:
    """What a policy encrypts on its way out, and what it decrypted on its way in, of the one family that it is for."""
    six = is_for_ipv6(selectors)
    src, dst = ("src-address6", "dst-address6") if six else ("src-address", "dst-address")
    mixed = any(f"{side}-address{'' if six else '6'}" in selectors for side in ("src", "dst"))
    plain = {dim: spans for dim, spans in selectors.items() if dim == "protocol"}
    ends = {dim: selectors[dim] for dim in (src, dst) if dim in selectors}
    back = {{src: dst, dst: src}[dim]: spans for dim, spans in ends.items()}
    if mixed:
        return []
    return [{**plain, **ends, "ipsec-policy:out": ENCRYPTED}, {**plain, **back, "ipsec-policy:in": ENCRYPTED}]


def is_for_ipv6(selectors: Box) -> bool:
    """Whether one of the selectors of a policy is an address of IPv6; who names none is taken to mean IPv4."""
    return "src-address6" in selectors or "dst-address6" in selectors


def _any_left(line: Line, traffic: Iterable[Box], above: Sequence[Box]) -> bool:
    """Whether the rule takes a packet of the traffic that no rule above took."""
    return any(rest(meets(line.region.boxes, [box]), [each for each in above if overlap(each, box)]) for box in traffic)
