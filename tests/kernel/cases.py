# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random firewalls, and random packets that have a fair chance of meeting their rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from random import Random

from tests.kernel.nft import NUMBERS
from tests.kernel.wire import LINKS, ROUTER, Packet

Row = dict[str, str]
PORTS = (22, 53, 80, 500, 4500, 8291, 50000)
ICMP = {4: "icmp", 6: "icmpv6"}
KINDS = {"icmp": ("8", "13", "0", "3", "11"), "icmpv6": ("128", "139", "129", "1", "135")}
LISTS = ("x", "y", "empty")
NEW_FLAGS = ("syn",), ("ack",), ("ack", "psh"), ("cwr", "ece", "syn")
INVALID_FLAGS = (), ("fin", "syn"), ("rst",), ("rst", "syn")
OPEN_FLAGS = ("ack",), ("ack", "psh"), ("ack", "fin")
NEW_ICMP, INVALID_ICMP = ((8, 0), (8, 3), (13, 0), (17, 0)), ((0, 0), (3, 1), (3, 4), (11, 0), (40, 0))
ICMP6 = {
    "new": ((128, 0), (128, 3), (139, 0)),
    "invalid": ((129, 0), (1, 1), (2, 0), (3, 0), (140, 0)),
    # What finds neighbours and listeners belongs to no connection.
    "untracked": ((135, 0), (136, 0), (130, 0)),
}
FAR = {4: ("10.%d.{0}.{1}", (8, 15, 16, 24, 29, 31, 32)), 6: ("2001:db8:%d::{0:x}:{1:x}", (40, 47, 48, 64, 125, 128))}
"""Addresses behind a link by the bytes of a packet's number, and how long the prefixes are that rules name."""
BUILTIN = {"filter": ("input", "forward", "output"), "raw": ("prerouting", "output")}
CHAINS = ("a", "b", "c")


@dataclass
class Case:
    """One firewall and the packets that are sent through it."""

    version: int = 4

    rows: dict[str, list[Row]] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    packets: list[Packet] = field(default_factory=list)


def random_packet(dice: Random, number: int, version: int) -> Packet:
    """A packet whose far end no other packet has, so that each is a connection of its own."""
    chain = dice.choice(("input", "input", "forward", "output"))
    far, router = FAR[version][0].format(number >> 8, number & 255), ROUTER[version]
    in_interface = None if chain == "output" else dice.choice(tuple(LINKS) if chain == "input" else ("v0",))
    out = None if chain == "input" else dice.choice(("v1", "v2"))
    near = {None: router, "v1": far % 2, "v2": far % 3}[out]
    source = router if chain == "output" else far % (1 + int((in_interface or "v0")[1]))
    packet: Packet = {"id": number, "chain": chain, "src": source, "dst": near}
    packet |= {"in_interface": in_interface, "out_interface": out}
    return {**packet, **random_content(dice, chain, ICMP[version])}


def random_content(dice: Random, chain: str, icmp: str) -> Packet:
    """Protocol and state, which depend on each other."""
    protocol = dice.choice(("tcp", "tcp", "udp", "udp", icmp, "ipsec-esp", "ospf"))
    states = {"tcp": ("new", "established", "invalid"), "udp": ("new", "established"), "icmp": ("new", "invalid")}
    states["icmpv6"] = tuple(ICMP6)
    state = dice.choice(states.get(protocol, ("new",)))
    if chain == "output" and protocol == "tcp":
        state = "new"
    found: Packet = {"protocol": NUMBERS[protocol], "connection_state": state}
    if protocol in ("tcp", "udp"):
        found |= {"src_port": dice.choice(PORTS), "dst_port": dice.choice(PORTS)}
    if protocol == "tcp":
        found["tcp_flags"] = dice.choice({"new": NEW_FLAGS, "established": OPEN_FLAGS, "invalid": INVALID_FLAGS}[state])
    if protocol == "icmpv6":
        found["icmp"] = dice.choice(ICMP6[state])
    if protocol == "icmp":
        found["icmp"] = dice.choice(NEW_ICMP if state == "new" else INVALID_ICMP)
    return found


def some_address(dice: Random, case: Case) -> str:
    """An address, prefix or range in which a packet of the case may well lie."""
    near = dice.choice([each[side] for each in case.packets for side in ("src", "dst")])
    network = ip_network(f"{near}/{dice.choice(FAR[case.version][1])}", strict=False)
    if dice.random() < 0.25:
        return f"{max(network[0], network[-1] - dice.randrange(4))}-{network[-1] + dice.randrange(1, 9)}"
    return str(network)


def some_ports(dice: Random) -> str:
    parts = []
    for _dummy in range(dice.randint(1, 3)):
        low = dice.choice(PORTS)
        parts.append(dice.choice((str(low), f"{low}-{low + dice.choice((1, 40, 4000))}")))
    return ",".join(parts)


def some(dice: Random, *words: str, most: int = 3) -> str:
    return ",".join(dice.sample(words, dice.randint(1, min(most, len(words)))))


def negated(dice: Random, text: str) -> str:
    return "!" + text if dice.random() < 0.3 else text


def protocol_matchers(dice: Random, table: str, icmp: str) -> Row:
    """A protocol, and what only packets of it have."""
    word = dice.choice(("tcp", "tcp", "udp", "udp", icmp, "ipsec-esp", "ospf"))
    if word in ("tcp", "udp") and dice.random() < 0.7:
        sides = dice.sample(("src-port", "dst-port", "port"), dice.choice((1, 1, 2)))
        return {"protocol": word, **{side: negated(dice, some_ports(dice)) for side in sides}}
    # nat has no tcp-flags.
    if word == "tcp" and table != "nat" and dice.random() < 0.7:
        flags = [dice.choice(("", "!")) + flag for flag in dice.sample(("syn", "ack", "fin", "rst", "psh", "ece"), 2)]
        return {"protocol": word, "tcp-flags": ",".join(flags)}
    if word == icmp and dice.random() < 0.7:
        kind, codes = dice.choice(KINDS[icmp]), dice.choice(("", ":0", ":0-255", ":1-3"))
        return {"protocol": word, "icmp-options": negated(dice, kind + codes)}
    return {"protocol": negated(dice, word)}


def matchers(dice: Random, case: Case, table: str, chain: str) -> Row:
    """A few conditions; none that this chain cannot ask."""
    found: Row = protocol_matchers(dice, table, ICMP[case.version]) if dice.random() < 0.6 else {}
    for side in ("src", "dst"):
        if dice.random() < 0.2:
            found[f"{side}-address"] = negated(dice, some_address(dice, case))
        if dice.random() < 0.15:
            found[f"{side}-address-list"] = negated(dice, dice.choice(LISTS))
    for way, chains in (("in", ("input", "forward", "prerouting", "dstnat")), ("out", ("forward", "output"))):
        if chain in chains and dice.random() < 0.2:
            found[f"{way}-interface"] = negated(dice, dice.choice(("v0", "v1", "v2")))
        if chain in chains and dice.random() < 0.2:
            found[f"{way}-interface-list"] = negated(dice, dice.choice(LISTS))
        if chain in chains and dice.random() < 0.05:
            found["ipsec-policy"] = f"{way},{dice.choice(('none', 'none', 'ipsec'))}"
    if table == "filter" and dice.random() < 0.35:
        words = some(dice, "new", "established", "related", "invalid", "untracked")
        found["connection-state"] = negated(dice, words)
    if table == "filter" and dice.random() < 0.1:
        found["connection-nat-state"] = negated(dice, some(dice, "srcnat", "dstnat"))
    if dice.random() < 0.05:
        found["limit"] = "10,5:packet"
    return found


def random_rows(dice: Random, case: Case, table: str, most: int) -> list[Row]:
    """Rules in built-in chains and in three more, which jump only onwards."""
    entering = ("input", "input", "forward", "output") if table == "filter" else ("prerouting", "prerouting", "output")
    plain = ("accept", "drop", "return", "log", "passthrough")
    ends = {"filter": ("accept", "drop", "reject", "tarpit", "fasttrack-connection"), "raw": ("notrack",)}[table]
    rows: list[Row] = []
    for _dummy in range(dice.randint(most // 3, most)):
        chain = dice.choice((*entering, *entering, *CHAINS))
        action = dice.choice((*plain, *ends, "jump", "jump", "jump"))
        onward = CHAINS[CHAINS.index(chain) + 1 :] if chain in CHAINS else CHAINS
        if action == "jump" and not onward:
            action = "drop"
        row = {"chain": chain, "action": action, **matchers(dice, case, table, chain)}
        if action == "jump":
            row["jump-target"] = dice.choice(onward)
        if dice.random() < 0.05:
            row["disabled"] = "yes"
        rows.append(row)
    # A chain that is jumped to has at least one rule, and most built-in chains end with a drop.
    rows += [{"chain": chain, "action": "passthrough"} for chain in CHAINS]
    closing = {"filter": 0.6, "raw": 0.05}[table]
    return rows + [{"chain": each, "action": "drop"} for each in BUILTIN[table] if dice.random() < closing]


def random_nat(dice: Random, case: Case) -> list[Row]:
    """Sometimes a few rules that send packets elsewhere."""
    name, elsewhere = {4: ("to-addresses", "10.{}.0.99"), 6: ("to-address", "2001:db8:{}::99")}[case.version]
    rows: list[Row] = []
    for _dummy in range(dice.choice((0, 0, 1, 2))):
        conditions = matchers(dice, case, "nat", "dstnat")
        to: Row = {name: dice.choice((elsewhere.format(2), elsewhere.format(3), ROUTER[case.version]))}
        if conditions.get("protocol") in ("tcp", "udp"):
            to |= {"to-ports": str(dice.choice(PORTS))} if dice.random() < 0.5 else {}
        accepts = dice.random() < 0.2
        rows.append({"chain": "dstnat", **conditions, "action": "accept" if accepts else "dst-nat"})
        rows[-1] |= {} if accepts else to
    return rows


def random_case(dice: Random, numbers: range, version: int) -> Case:
    """A firewall and one packet for each number."""
    case = Case(version, packets=[random_packet(dice, number, version) for number in numbers])
    case.addresses = {name: [some_address(dice, case) for _dummy in range(3)] for name in ("x", "y")} | {"empty": []}
    case.members = {name: dice.sample(("v0", "v1", "v2"), dice.randint(1, 2)) for name in ("x", "y")} | {"empty": []}
    case.rows["filter"] = random_rows(dice, case, "filter", 16)
    case.rows["raw"] = random_rows(dice, case, "raw", 4) if dice.random() < 0.5 else []
    case.rows["nat"] = random_nat(dice, case)
    return case
