# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a table's chains as such: where they are entered, how they end, and what their rules name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..lines import TO_LIST, Line, Table
from ..rules import HEADER, ICMP, INTERFACES, NUMBERS, STATES
from ..sets import Box, overlap
from .finding import Finding, named

INVALID = ((STATES.index("invalid"), STATES.index("invalid")),)
IKE: tuple[Box, ...] = (
    {"protocol": ((NUMBERS["udp"], NUMBERS["udp"]),), "dst-port": ((500, 500), (4500, 4500)), **HEADER},
    {"protocol": ((NUMBERS["ipsec-esp"], NUMBERS["ipsec-ah"]),)},
)


def jumps(table: Table) -> Iterator[Finding]:
    """Chains that nobody jumps to, and jumps to chains without rules."""
    targets = {line.target for line in table.lines() if line.action == "jump"}
    for name, chain in table.chains.items():
        owned = [line for line in chain if line.position]
        if name not in table.builtin | targets and owned:
            message = f"no rule jumps to chain {name}, so that its {len(owned)} rules do nothing"
            advice = "add a jump to it where it is meant to act, or remove it; a misspelled chain is one of its own"
            yield Finding("chain-unused", table.menu.path, name, owned[0].spot, message, advice)
        for line in owned:
            if line.action == "jump" and not table.chains.get(line.target):
                message = f"rule {named([line.spot])} jumps to chain {line.target}, which has no enabled rule"
                advice = "correct the name of the chain, or add its rules; until then packets just come back"
                yield Finding("jump-nowhere", table.menu.path, name, line.spot, message, advice)


def ends(table: Table, closed: Collection[str]) -> Iterator[Finding]:
    """How `input` and `forward` of the filter end; `closed` are the chains that deny the bulk of what enters them."""
    if "input" not in closed:
        message = "chain input has no final drop: what no rule mentions is accepted, whoever sends it"
        advice = "accept what the router is to serve, management first, and end with a drop for all or for !LAN"
        yield Finding("input-without-drop", table.menu.path, "input", None, message, advice)
    chain = table.chains.get("forward", ())
    accepts = [line.spot for line in chain if line.action == "accept" and line.position]
    if accepts and not any(line.denies or line.action == "jump" for line in chain):
        message = "chain forward accepts some traffic and drops none, so that its accepts decide nothing"
        advice = "end the chain with a drop, or leave the accepts out"
        yield Finding(
            "accepts-without-drop", table.menu.path, "forward", accepts[0], message, advice, tuple(accepts[1:])
        )


def late_drops(table: Table, dead: Collection[Line]) -> Iterator[Finding]:
    """Drops for invalid packets below accepts that let them in, and accepts for IPsec below a drop for outside."""
    for name, chain in table.chains.items():
        for line in chain:
            if line.position and line not in dead:
                yield from _late_invalid(table, name, chain, line)
                yield from _late_ipsec(table, name, chain, line)


def _late_invalid(table: Table, name: str, chain: Sequence[Line], line: Line) -> Iterator[Finding]:
    if not line.denies or [box.get("connection-state") for box in line.region.boxes] != [INVALID]:
        return
    above = tuple(each.spot for each in chain[: line.place] if each.action == "accept" and _takes_invalid(each, line))
    if above:
        message = (
            f"rule {named([line.spot])} drops invalid packets only after rule {named(above)} accepted some of them"
        )
        advice = "move it above the accepts, right below the one for established connections"
        yield Finding("invalid-drop-late", table.menu.path, name, line.spot, message, advice, above)


def _takes_invalid(line: Line, drop: Line) -> bool:
    """Whether an accept takes packets of a drop, without asking for a state, for tunnels or for harmless ICMP."""
    harmless = [((NUMBERS[name], NUMBERS[name]),) for name in ICMP]
    return "ipsec-policy" not in line.rule.by_name and any(
        "connection-state" not in box and box.get("protocol") not in harmless and overlap(box, line_box)
        for box in line.region.boxes
        for line_box in drop.region.boxes
    )


def _late_ipsec(table: Table, name: str, chain: Sequence[Line], line: Line) -> Iterator[Finding]:
    asked = {*line.rule.by_name}
    tunnel = {"protocol"} <= asked and not asked & {*INTERFACES, "ipsec-policy"}
    if name != "input" or line.action != "accept" or not tunnel or not _only_ipsec(line):
        return
    drops = tuple(each.spot for each in chain[: line.place] if each.denies and each.position and _for_outside(each))
    if drops:
        message = (
            f"rule {named([line.spot])} accepts IPsec below rule {named(drops)}, which drops what comes from outside"
        )
        advice = "move it above that drop"
        yield Finding("ipsec-accept-after-drop", table.menu.path, name, line.spot, message, advice, drops)


def _only_ipsec(line: Line) -> bool:
    # `port` is two boxes, one for replies.
    return any(_asks_within(box, each) for each in IKE for box in line.region.boxes)


def _asks_within(box: Box, wanted: Box) -> bool:
    return "protocol" in box and overlap(box, wanted) and ("dst-port" in box or "dst-port" not in wanted)


def _for_outside(line: Line) -> bool:
    names = {*line.rule.by_name}
    return bool(names) and names <= INTERFACES


def unknown_interfaces(table: Table, interfaces: Collection[str]) -> Iterator[Finding]:
    """Rules that name an interface the router does not have."""
    for line in table.lines():
        for each in line.rule.conditions:
            item, name = each.item, each.plain
            known = not item or item.refers != "/interface" or name in interfaces or name in item.free
            if item and not known and line.position:
                message = f"rule {named([line.spot])} names {item.name}={name}, and the router has no such interface"
                advice = "name an interface that exists; traffic of a tunnel without one is matched by ipsec-policy"
                chain = line.entry.values.get("chain", "")
                yield Finding("unknown-interface", table.menu.path, chain, line.spot, message, advice)


def empty_lists(table: Table, filled: Mapping[str, int], added: Collection[str]) -> Iterator[Finding]:
    """Rules for addresses of a list that has none and that no rule adds to."""
    for line in table.lines():
        for each in line.rule.conditions:
            known = each.negated or each.text in {*filled, *added}
            if each.name in TO_LIST and line.position and not known:
                message = f"rule {named([line.spot])} is for addresses of list {each.text}, which has none"
                advice = "add the addresses, or correct the name of the list"
                chain = line.entry.values.get("chain", "")
                yield Finding("empty-address-list", table.menu.path, chain, line.spot, message, advice)
