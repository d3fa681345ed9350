# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fasttrack and source NAT do to the traffic of tunnels, and policies that stand in each other's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...engine.entry import held
from ...schema.family import IPV6, Family
from ...schema.firewall import NAT, RAW
from ...schema.ipsec import POLICY
from ..actions import Effect
from ..examples import describe
from ..fates import TRANSLATES
from ..index import GivenUp, Index
from ..lines import Line, Spot, Table, numbered
from ..rules import NO, YES, rule_of
from ..sets import Box, contains, meets, overlap, rest
from ..shadowing import takes
from ..tables import FILTERS
from .finding import Edit, Finding, Mend, example, named, of_line
from .situation import Situation

ENCRYPTED, CLEAR = YES, NO
INTO_TUNNEL = {"ipsec-policy:out": YES}
SPARE = {"ipsec-policy": "out,none"}


@dataclass(frozen=True)
class Policy:
    """A policy that counts."""

    spot: Spot
    is_tunnel: bool
    """Whether it encrypts, in tunnel mode."""
    selectors: Box

    @property
    def is_for_ipv6(self) -> bool:
        """Whether one of its selectors is an address of IPv6; who names none is taken to mean IPv4."""
        return "src-address6" in self.selectors or "dst-address6" in self.selectors


def policies_of(situation: Situation) -> list[Policy]:
    """The policies that are in use; templates and those that the router made itself are not."""
    found: list[Policy] = []
    for number, position, entry in numbered(situation.entries.get(POLICY, ())):
        rule = rule_of(POLICY, entry, situation.version)
        if rule.action and not entry.disabled and not entry.dynamic and not entry.builtin:
            words = {each.name: each.text for each in rule.conditions}
            ends = f"{words.get('src-address', 'any')} to {words.get('dst-address', 'any')}"
            tunnel = held(entry.values, POLICY.by_name["tunnel"], situation.version) == "yes"
            spot = Spot(entry.id, entry.values.get("comment") or ends, position, number)
            found.append(Policy(spot, tunnel and rule.action == "encrypt", next(iter(rule.boxes), {})))
    return found


def policies_in_the_way(policies: Sequence[Policy]) -> Iterator[Finding]:
    """Policies with the same selectors, policies below ones that take all their traffic, and crossing ones."""
    index = Index([policy.selectors for policy in policies])
    for number, policy in enumerate(policies):
        try:
            before = [policies[each] for each in index.overlapping(policy.selectors, (1 << number) - 1)]
        except GivenUp:
            continue
        holding = [each for each in before if contains(each.selectors, policy.selectors)]
        crossing = [each for each in before if not contains(policy.selectors, each.selectors)]
        if holding or crossing:
            yield _policy(policy, holding, crossing)


def _policy(policy: Policy, holding: Sequence[Policy], crossing: Sequence[Policy]) -> Finding:
    others = tuple(each.spot for each in holding or crossing)
    mends: tuple[Mend, ...] = ()
    if any(contains(policy.selectors, each.selectors) for each in holding):
        kind, fault = (
            "policy-duplicate",
            f"has the same selectors as policy {named(others)}; RouterOS uses only the first",
        )
        advice = "remove one of them; for a backup give one policy two peers, the preferred one first"
    elif holding:
        kind, fault = "policy-never-used", f"is never used: policy {named(others)} above takes all of its traffic"
        advice = "put the narrower policy above the wider one"
        mends = (Mend(advice, (Edit("move", POLICY, policy.spot.id, before=others[0].id),)),)
    else:
        kind, fault = "policy-overlap", f"shares traffic with policy {named(others)} above, which takes that part of it"
        advice = "write selectors that do not overlap, or make sure that the order is the one you mean"
    message = f"policy {named([policy.spot])} {fault}"
    packets = describe(policy.selectors)
    return Finding(kind, POLICY.path, "", policy.spot, message, advice, others, packets, candidates=mends)


def fasttrack(situation: Situation, family: Family, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Fasttrack rules that take the traffic of tunnels past IPsec.

    The factory's own filter of IPv6 fasttracks above its accept for tunnels, which does no harm as long as no policy
    is for IPv6.
    """
    mine = [policy for policy in policies if policy.is_for_ipv6 is (family is IPV6)]
    if family is IPV6 and not any(policy.is_tunnel for policy in mine):
        return
    table = situation.tables[FILTERS[family]]
    chain = table.chains.get("forward", ())
    for line in chain:
        if line.rule.effect is not Effect.FASTTRACK or not line.position:
            continue
        late = [each for each in chain[line.place :] if each.position and takes(line.rule, each.rule)]
        if late:
            message = (
                f"rule {named([line.spot])} fasttracks connections above the IPsec accepts, rule "
                f"{named(each.spot for each in late)}: tunnel traffic then leaves without IPsec"
            )
            yield _of_fasttrack("fasttrack-above-ipsec", table, line, late, message)
        elif names := _unprotected(situation, line, chain, mine, both=True):
            message = f"rule {named([line.spot])} fasttracks connections of {names}, so that they leave without IPsec"
            yield _of_fasttrack("fasttrack-takes-tunnel", table, line, late, message)


def _of_fasttrack(kind: str, table: Table, line: Line, late: Sequence[Line], message: str) -> Finding:
    """Tunnels are kept out of fasttrack by accepts above it, never by moving it down to where it cannot act."""
    state = {name: line.entry.values[name] for name in ("connection-state",) if name in line.entry.values}
    ways = ("ipsec-policy=in,ipsec", "ipsec-policy=out,ipsec")
    adds = tuple(
        Edit(
            "add",
            table.menu,
            values={"chain": "forward", "action": "accept", **state, "ipsec-policy": way.partition("=")[2]},
            before=line.entry.id,
        )
        for way in ways
    )
    accept = f"accept {' and '.join(ways)} above it"
    established = [
        each for each in table.chains["forward"][line.place + 1 :] if each.action == "accept" and _covers(each, line)
    ]
    below = (
        f"; below rule {named([established[0].spot])}, which accepts established connections, it could not act"
        if established
        else ""
    )
    moves = tuple(Edit("move", table.menu, each.entry.id, before=line.entry.id) for each in late)
    mends = [Mend(f"move the accepts with ipsec-policy above the fasttrack rule{below}", moves)] if moves else []
    mends.append(Mend(accept + below, adds))
    others = tuple(each.spot for each in late)
    packets = example(line, **INTO_TUNNEL)
    return of_line(kind, table, line, message, accept + below, others=others, packets=packets, candidates=tuple(mends))


def _covers(line: Line, other: Line) -> bool:
    return all(any(contains(box, each) for box in line.region.boxes) for each in other.region.boxes)


def source_nat(situation: Situation, policies: Sequence[Policy]) -> Iterator[Finding]:
    """Translations of the source that keep traffic of tunnels from matching its policy."""
    four = [policy for policy in policies if not policy.is_for_ipv6]
    chain = situation.tables[NAT].chains.get("srcnat", ())
    for line in chain:
        if line.rule.effect is not Effect.TRANSLATE or not line.position or _spares_tunnels(line):
            continue
        late = [each for each in chain[line.place :] if _is_bypass(each) and takes(line.rule, each.rule)]
        what = f"rule {named([line.spot])} ({line.action})"
        if late:
            message = (
                f"{what} stands above the exception for tunnels, rule {named(each.spot for each in late)}, and "
                "translates their traffic first, which then matches no policy"
            )
            yield _of_nat("masquerade-above-bypass", situation, line, late, message)
        elif names := _unprotected(situation, line, chain, four, both=False):
            message = f"{what} also translates the traffic of {names}, which then matches no policy"
            yield _of_nat("masquerade-takes-tunnel", situation, line, late, message)


def _of_nat(kind: str, situation: Situation, line: Line, late: Sequence[Line], message: str) -> Finding:
    moves = tuple(Edit("move", NAT, each.entry.id, before=line.entry.id) for each in late)
    mends = [Mend("move the accept above it", moves, TRANSLATES)] if moves else []
    if "ipsec-policy" not in line.rule.by_name:
        mends.append(Mend("give it ipsec-policy=out,none", (Edit("set", NAT, line.entry.id, SPARE),), TRANSLATES))
    advice = "accept the tunnel's traffic in a rule above it, or give it ipsec-policy=out,none"
    packets = example(line, **INTO_TUNNEL)
    others = tuple(each.spot for each in late)
    table = situation.tables[NAT]
    return of_line(kind, table, line, message, advice, others=others, packets=packets, candidates=tuple(mends))


def _spares_tunnels(line: Line) -> bool:
    return all(box.get("ipsec-policy:out") == CLEAR for box in line.region.boxes)


def _is_bypass(line: Line) -> bool:
    """Whether it is an accept for some addresses or for tunnels."""
    about = ("src-address", "dst-address", "src-address-list", "dst-address-list", "ipsec-policy")
    return line.action == "accept" and bool(line.position) and any(name in _asked(line) for name in about)


def _unprotected(
    situation: Situation, line: Line, chain: Sequence[Line], policies: Sequence[Policy], *, both: bool
) -> str:
    """The policies whose traffic the rule takes, in words; where it cannot be told, none."""
    if line.region.opaque or any(name in _asked(line) for name in ("connection-mark", "packet-mark")):
        return ""
    above = [_loose(box) for each in chain[: line.place] if each.ends for box in each.region.boxes]
    raw = situation.tables[RAW].lines() if not any(policy.is_for_ipv6 for policy in policies) else ()
    untracked = [_loose(box) for each in raw if each.action == "notrack" for box in each.region.boxes]
    found = [
        policy.spot
        for policy in policies
        if policy.is_tunnel and _any_left(line, _traffic(policy)[: 1 + both], [*above, *untracked])
    ]
    return f"policy {named(found)}" if found else ""


def _asked(line: Line) -> set[str]:
    return {*line.rule.by_name}


def _loose(box: Box) -> Box:
    """A box without what depends on lists and marks: whoever writes an exception with them means the tunnels."""
    return {dim: spans for dim, spans in box.items() if "=" not in dim and "interface" not in dim and "mark" not in dim}


def _traffic(policy: Policy) -> list[Box]:
    """What a policy encrypts on its way out, and what it decrypted on its way in, of the one family that it is for."""
    six, selectors = policy.is_for_ipv6, policy.selectors
    src, dst = ("src-address6", "dst-address6") if six else ("src-address", "dst-address")
    mixed = any(f"{side}-address{'' if six else '6'}" in selectors for side in ("src", "dst"))
    plain = {dim: spans for dim, spans in selectors.items() if dim == "protocol"}
    ends = {dim: selectors[dim] for dim in (src, dst) if dim in selectors}
    back = {{src: dst, dst: src}[dim]: spans for dim, spans in ends.items()}
    if mixed:
        return []
    return [{**plain, **ends, "ipsec-policy:out": ENCRYPTED}, {**plain, **back, "ipsec-policy:in": ENCRYPTED}]


def _any_left(line: Line, traffic: Iterable[Box], above: Sequence[Box]) -> bool:
    """Whether the rule takes a packet of the traffic that no rule above took."""
    return any(rest(meets(line.region.boxes, [box]), [each for each in above if overlap(each, box)]) for box in traffic)
