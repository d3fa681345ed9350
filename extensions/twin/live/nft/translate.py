# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule as lines of nftables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...values.basic import parse_duration
from .matchers import MATCHERS, Ways, dst_limit, in_order
from .world import Unmapped, World, slug

LOG_GROUP = 1
# What a rule says besides its conditions and parameters of its action.
_REST = frozenset(
    ("chain", "action", "address-list", "address-list-timeout", "jump-target", "reject-with", "hw-offload", "log",
     "log-prefix", "comment", "disabled", "bytes", "packets", "invalid", "dynamic", "to-addresses", "to-ports",
     "randomise-ports", "same-not-by-dst")
)  # fmt: skip
_REJECTS = {
    "icmp-network-unreachable": "icmp net-unreachable",
    "icmp-host-unreachable": "icmp host-unreachable",
    "icmp-port-unreachable": "icmp port-unreachable",
    "icmp-protocol-unreachable": "icmp prot-unreachable",
    "icmp-net-prohibited": "icmp net-prohibited",
    "icmp-host-prohibited": "icmp host-prohibited",
    "icmp-admin-prohibited": "icmp admin-prohibited",
}
# After these the packet goes on through the chain.
_PASSING = ("jump", "log", "passthrough", "add-src-to-address-list", "add-dst-to-address-list")
BUILTIN = {
    "raw": ("prerouting", "output"),
    "filter": ("input", "forward", "output"),
    "nat": ("dstnat", "srcnat", "input", "output"),
}


@dataclass(frozen=True)
class Rule:
    """A rule of `filter`, `nat` or `raw` as it prints: names for what it refers to."""

    table: str
    id: str
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        """What its counter is called, and its lines in the log."""
        return f"{self.table}_{self.id.removeprefix('*')}"

    @property
    def chain(self) -> str:
        return chain_of(self.table, self.values["chain"])


def chain_of(table: str, name: str) -> str:
    return f"{table}_{slug(name)}"


def translate(world: World, rule: Rule) -> dict[str, list[str]]:
    """Lines by chain: the rule's own, and others where one line cannot say it; raises Unmapped."""
    ways = _ways(world, rule)
    does = f'counter name "{rule.key}"{_log(rule)}{_action(world, rule)}'.rstrip()
    # A disjunction is said twice where a packet that both lines fit meets only the first one.
    if len(ways) < 2 or rule.values["action"] not in _PASSING:
        return {rule.chain: [f"{way} {does}".strip() for way in ways]}
    aside = f"{rule.key}_ways"
    return {
        rule.chain: [f"jump {aside}"],
        aside: [f"{way} goto {rule.key}_does" for way in ways],
        f"{rule.key}_does": [does],
    }


def _ways(world: World, rule: Rule) -> Ways:
    """Every combination of the ways in which each of its matchers is true."""
    asked = [
        list(_matched(world, rule, name))
        for name in in_order([name for name in rule.values if name not in _REST and rule.values[name] != ""])
    ]
    return [" ".join(filter(None, way)) for way in itertools.product(*asked)]


def _matched(world: World, rule: Rule, name: str) -> Iterator[str]:
    text = rule.values[name]
    if name == "dst-limit":
        yield from dst_limit(world, text, rule.key)
    elif name in MATCHERS:
        yield from MATCHERS[name](world, text.removeprefix("!"), text.startswith("!"))
    else:
        raise Unmapped(f"{name}={text}")


def _log(rule: Rule) -> str:
    if rule.values.get("log") == "true" or rule.values["action"] == "log":
        return f' log prefix "{rule.key}" group {LOG_GROUP}'
    return ""


def _action(world: World, rule: Rule) -> str:
    values, action = rule.values, rule.values["action"]
    if action in ("accept", "drop", "return"):
        return f" {action}"
    if action == "fasttrack-connection":
        # There is no fast path here, so nothing can go past IPsec on it either.
        return " accept"
    if action in ("log", "passthrough"):
        return ""
    if action == "notrack":
        return " notrack accept"
    if action == "jump":
        return f" jump {chain_of(rule.table, values.get('jump-target', ''))}"
    if action == "reject":
        return _reject(values)
    if action.startswith("add-"):
        return _listing(world, values)
    if rule.table == "nat":
        return _translation(values)
    raise Unmapped(f"action={action}")


def _reject(values: Mapping[str, str]) -> str:
    word = values.get("reject-with", "icmp-network-unreachable")
    if word == "tcp-reset":
        if values.get("protocol") != "tcp":
            raise Unmapped("reject-with=tcp-reset without protocol=tcp")
        return " reject with tcp reset"
    return f" reject with {_REJECTS[word]}"


def _listing(world: World, values: Mapping[str, str]) -> str:
    side = "saddr" if values["action"].startswith("add-src") else "daddr"
    timeout = values.get("address-list-timeout", "none-dynamic")
    name = values.get("address-list", "")
    if not name:
        raise Unmapped(f"action={values['action']} without address-list")
    seconds = (parse_duration(timeout) or 0) // 1000
    time = f" timeout {seconds}s" if seconds else ""
    return f" update {world.growing(name)} {{ ip {side}{time} }}"


def _translation(values: Mapping[str, str]) -> str:
    action, address, ports = values["action"], values.get("to-addresses", ""), values.get("to-ports", "")
    if "/" in address:
        raise Unmapped(f"to-addresses={address}, a network")
    if "," in ports:
        raise Unmapped(f"to-ports={ports}, a list")
    if ports and values.get("protocol") not in ("tcp", "udp"):
        raise Unmapped("to-ports without protocol=tcp or udp")
    to = f"{address}:{ports}" if ports else address
    words = {"masquerade": "masquerade", "redirect": "redirect", "src-nat": "snat", "dst-nat": "dnat"}
    if action not in words:
        raise Unmapped(f"action={action}")
    if action in ("masquerade", "redirect"):
        return f" {words[action]}" + (f" to :{ports}" if ports else "")
    if not to:
        raise Unmapped(f"action={action} without to-addresses")
    return f" {words[action]} to {to}"


def chains(rules: Sequence[Rule]) -> list[str]:
    """Every chain that rules stand in, jump to or that is built in; one without rules decides nothing."""
    found = [chain_of(table, name) for table, names in BUILTIN.items() for name in names]
    for rule in rules:
        found.append(rule.chain)
        if rule.values["action"] == "jump":
            found.append(chain_of(rule.table, rule.values.get("jump-target", "")))
    return list(dict.fromkeys(found))
