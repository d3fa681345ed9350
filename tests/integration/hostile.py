# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that nobody should make to a firewall, at random: drops for everybody, vanished accepts, moved services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from twin.defconf import DEFCONF

Rule = dict[str, Any]
VERSIONS = ("7.24", "7.16.2", "7.22.3", "7.10.2")
CLIENT, ROUTER = "192.168.88.10", "192.168.88.1"
MANAGERS = [{"list": "managers", "address": "192.168.88.0/28"}, {"list": "blocked", "address": "203.0.113.0/24"}]
ESTABLISHED = {"chain": "input", "connection-state": "established,related,untracked"}
BASES: Sequence[Sequence[Mapping[str, str]]] = (
    (),
    (ESTABLISHED, {"chain": "input", "protocol": "tcp", "dst-port": "8728", "src-address-list": "managers"},
     {"chain": "input", "action": "drop"}),
    ({"chain": "input", "protocol": "tcp", "src-address": "192.168.88.0/24"}, {"chain": "input", "action": "drop"}),
    DEFCONF["/ip/firewall/filter"],
    ({"chain": "input", "action": "jump", "jump-target": "office"},
     {"chain": "input", "action": "drop", "in-interface-list": "!LAN"},
     {"chain": "office", "protocol": "tcp", "dst-port": "22,8728"}),
    (ESTABLISHED, {"chain": "input", "action": "drop", "src-address-list": "blocked"},
     {"chain": "input", "protocol": "tcp", "src-address-list": "!listed"}, {"chain": "input", "action": "drop"}),
    ({"chain": "input", "action": "drop", "src-address-list": "blocked"},
     {"chain": "output", "action": "drop", "dst-address-list": "blocked"}),
)  # fmt: skip
BEFORE_TRACKING: Sequence[Sequence[Mapping[str, str]]] = (
    (), (), (), ({"chain": "prerouting", "action": "drop", "src-address-list": "blocked"},),
)  # fmt: skip
TUNNEL = {"/ip/ipsec/peer": [{"name": "office", "address": "203.0.113.9/32"}]}
NETWORK = {menu: DEFCONF[menu] for menu in ("/interface/list", "/interface/list/member", "/ip/address")}
ANY_TABLE: Mapping[str, Sequence[str]] = {
    "src_address": (CLIENT, "192.168.88.0/24", "!192.168.88.0/24", "0.0.0.0/0", "192.168.88.1-192.168.88.99"),
    "dst_address": (ROUTER, "0.0.0.0/0", "!192.168.88.1", "192.168.88.0/24"),
    "src_address_list": ("managers", "!managers", "blocked", "!blocked", "listed", "nobody"),
    "in_interface": ("ether1", "ether2", "!ether2", "!ether1"),
    "in_interface_list": ("LAN", "WAN", "!LAN", "!WAN", "all"),
    "limit": ("10,5:packet", "1/1m,1:packet"),
    "dst_limit": ("5/1m,5,src-address/1m",),
    "random": ("50",),
    "packet_size": ("0-500",),
    "src_mac_address": ("00:53:00:00:00:01", "!00:53:00:00:00:01"),
    "ttl": ("less-than:64",),
    "dscp": ("0", "!0"),
    "src_address_type": ("unicast", "!local"),
    "ipsec_policy": ("in,none", "in,ipsec"),
    "time": ("8h-17h,mon,tue,wed,thu,fri",),
    "nth": ("2,1",),
    "per_connection_classifier": ("src-address:2/0",),
    "priority": ("0",),
    "psd": ("21,3s,3,1",),
}  # fmt: skip
TRACKED: Mapping[str, Sequence[str]] = {
    "connection_state": ("new", "established", "established,related", "!established", "invalid", "new,established"),
    "connection_nat_state": ("dstnat", "!dstnat"),
    "connection_mark": ("no-mark", "!no-mark"),
    "connection_bytes": ("0-100000",),
    "connection_rate": ("0-100k",),
}
TCP: Mapping[str, Sequence[str]] = {
    "dst_port": ("8728", "1-65535", "22,8728,8729", "!8728", "443"),
    "src_port": ("1024-65535", "8728"),
    "tcp_flags": ("syn,!ack", "ack", "!syn"),
    "connection_limit": ("1,32", "100,32"),
    "content": ("login",),
    "tls_host": ("*.example.com",),
    "port": ("8728", "!8728"),
}
ACTIONS = ("drop", "drop", "drop", "reject", "tarpit", "accept", "accept", "jump", "return", "passthrough", "log")
ONLY = {"filter": ("fasttrack-connection",), "raw": ("notrack", "notrack")}
LISTING = ("add-src-to-address-list", "add-src-to-address-list", "add-dst-to-address-list")
FOR_HOW_LONG = ("30s", "1d", "none-dynamic", "none-static", None)
PORTLESS = ("tcp", "udp", "icmp", "!tcp", "!udp", "6")


@dataclass
class Case:
    """A router, and what is asked of it."""

    seed: dict[str, Sequence[Mapping[str, str]]]
    arguments: dict[str, Any]
    knobs: dict[str, Any] = field(default_factory=dict)
    """Of the seat: what becomes of what is denied, whether rates have room, and whether conditions hold that no fact
    decides."""
    ends: dict[str, str] = field(default_factory=lambda: {"client": CLIENT, "router": ROUTER})
    version: str = VERSIONS[0]


def case(number: int, seed: int) -> Case:
    """The case of that number; the same one for the same seed."""
    dice = Random(f"{seed}/{number}")
    base = [{**rule, "comment": f"base: {n}"} for n, rule in enumerate(dice.choice(BASES))]
    raw = [{**rule, "comment": f"base: {n}"} for n, rule in enumerate(dice.choice(BEFORE_TRACKING))]
    firewall = {"filter": base, "raw": raw, "address-list": MANAGERS}
    router = {**NETWORK, **{f"/ip/firewall/{name}": rows for name, rows in firewall.items()}, **TUNNEL}
    config: dict[str, Any] = {}
    for wish in dice.sample(WISHES, dice.choice((1, 1, 2, 3))):
        config |= wish(dice)
    state = dice.choice(("overridden", "overridden", "merged"))
    owners = dice.choice((["base", "new"], ["new"], ["base", "new", "defconf"]))
    scope = {"owner": owners} if state != "merged" and dice.random() < 0.8 else None
    if "firewall_filter" in config and (scope is None or "base" in owners) and dice.random() < 0.4:
        config["firewall_filter"] = shaken(dice, base, config["firewall_filter"])
    arguments = {"config": config, "state": state, "scope": scope}
    for name, rows in config.items():
        for n, row in enumerate(rows if name != "ip_service" else ()):
            row.setdefault("comment", f"new: {n}")
    knobs = {name: dice.random() < 0.5 for name in ("tokens", "others", "invalid")}
    return Case(router, arguments, {**knobs, "denied": "close"}, version=dice.choice(VERSIONS))


def shaken(dice: Random, base: Sequence[Mapping[str, str]], news: Sequence[Rule]) -> list[Rule]:
    """The rules that there are in another order, now and then without some or for somebody else, and new ones."""
    old = [{name.replace("-", "_"): text for name, text in row.items()} for row in base]
    kept = [row for row in old if dice.random() < 0.8]
    for row in kept:
        if dice.random() < 0.1:
            row["src_address"] = dice.choice(ANY_TABLE["src_address"])
    return dice.sample([*kept, *news], len(kept) + len(news))


def rules(dice: Random, chains: Sequence[str], table: str) -> list[Rule]:
    """One to eight rules of those chains, the first one most often, and of a chain that they may jump to."""
    found = [rule(dice, dice.choice(chains), table) for _dummy in range(dice.randint(1, 8))]
    if any(each.get("jump_target") for each in found):
        found += [rule(dice, "aside", table) for _dummy in range(dice.randint(1, 3))]
    return found


def rule(dice: Random, chain: str, table: str) -> Rule:
    """A rule with no to four matchers, as often as not without any."""
    every = (*ACTIONS, *LISTING, *ONLY[table])
    actions = [each for each in every if table == "filter" or each not in ("reject", "tarpit")]
    made: Rule = {"chain": chain, "action": dice.choice(actions)}
    if made["action"] == "jump":
        made = {**made, "jump_target": "aside"} if chain != "aside" else {**made, "action": "drop"}
    if made["action"] in LISTING:
        made |= {"address_list": dice.choice(("blocked", "listed", "managers"))}
        made |= {"address_list_timeout": dice.choice(FOR_HOW_LONG)}
    pool = {**ANY_TABLE, **(TRACKED if table == "filter" else {})}
    if "output" in chain:
        pool = {name: words for name, words in pool.items() if not name.startswith(("in_", "src_mac", "ipsec"))}
    for name in dice.sample(sorted(pool), dice.choice((0, 0, 1, 1, 2, 3))):
        made[name] = dice.choice(pool[name])
    if dice.random() < 0.4:
        made["protocol"] = "tcp"
        tcp = [name for name in TCP if table == "filter" or name != "connection_limit"]
        for name in dice.sample(tcp, dice.choice((0, 1, 1, 2))):
            made[name] = dice.choice(TCP[name])
    elif dice.random() < 0.3:
        made["protocol"] = dice.choice(PORTLESS)
    return made


def in_filter(dice: Random) -> dict[str, Any]:
    """Rules of the chain input, now and then of others."""
    return {"firewall_filter": rules(dice, ("input", "input", "input", "output", "forward"), "filter")}


def in_raw(dice: Random) -> dict[str, Any]:
    """Rules before connection tracking."""
    return {"firewall_raw": rules(dice, ("prerouting", "prerouting", "output"), "raw")}


def in_lists(dice: Random) -> dict[str, Any]:
    """Other managers, or the client among the blocked."""
    rows: Sequence[Rule] = (
        {"list": "managers", "address": "192.168.99.0/24"},
        {"list": "managers", "address": "192.168.88.0/28", "disabled": True},
        {"list": "blocked", "address": CLIENT},
        {"list": "blocked", "address": "192.168.0.0/16"},
    )
    return {"firewall_address_list": [dict(row) for row in dice.sample(rows, dice.randint(1, 2))]}


def in_services(dice: Random) -> dict[str, Any]:
    """Services on other ports, for other networks, or off."""
    wishes: Sequence[Rule] = (
        {"port": 8999},
        {"disabled": True},
        {"address": ["192.168.99.0/24"]},
        {"address": ["192.168.88.0/24", "203.0.113.0/24"]},
        {"address": []},
    )
    names = dice.sample(("api", "api-ssl", "ssh", "telnet"), dice.randint(1, 3))
    return {"ip_service": [{"name": name, **dice.choice(wishes)} for name in names]}


def in_tunnels(dice: Random) -> dict[str, Any]:
    """Policies that cover the session, or all there is."""
    wishes: Sequence[Rule] = (
        {"src_address": "192.168.88.0/24", "dst_address": "192.168.88.0/24"},
        {"src_address": "0.0.0.0/0", "dst_address": "0.0.0.0/0"},
        {"src_address": f"{ROUTER}/32", "dst_address": f"{CLIENT}/32", "action": "discard", "peer": None},
        {"src_address": "192.168.88.0/24", "dst_address": "192.168.99.0/24"},
    )
    rows = [{"peer": "office", "tunnel": True, **row} for row in dice.sample(wishes, dice.randint(1, 2))]
    return {"ipsec_policy": [row | ({"tunnel": None} if row["peer"] is None else {}) for row in rows]}


WISHES = (in_filter, in_filter, in_filter, in_filter, in_raw, in_raw, in_lists, in_lists, in_services, in_tunnels)
