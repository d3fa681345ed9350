# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hostile changes again, of the firewall for IPv6, as somebody meets it who comes by IPv6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.integration.hostile import Case

CLIENT6, ROUTER6 = "2001:db8:88::10", "2001:db8:88::1"
WORDS = {
    "192.168.88.10": CLIENT6,
    "192.168.88.1": ROUTER6,
    "192.168.88.0/24": "2001:db8:88::/64",
    "192.168.88.0/28": "2001:db8:88::/124",
    "192.168.99.0/24": "2001:db8:99::/64",
    "192.168.0.0/16": "2001:db8::/40",
    "203.0.113.0/24": "2001:db8:113::/48",
    "0.0.0.0/0": "::/0",
    "127.0.0.1": "::1",
    "192.168.88.1-192.168.88.99": "2001:db8:88::1-2001:db8:88::99",
    "icmp": "icmpv6",
    "tarpit": "drop",
    "fasttrack-connection": "accept",
}
ELSEWHERE = {name: f"ipv6_{name}" for name in ("firewall_filter", "firewall_raw", "firewall_address_list")}
NAMES = {"ttl": "hop_limit"}
MISSING = ("psd",)
"""Matchers that rules for IPv6 do not have."""


def by_ipv6(case: Case) -> Case | None:
    """The same case a protocol later; None when it has to do with policies, which these are of IPv4."""
    config = case.arguments["config"]
    if "ipsec_policy" in config:
        return None
    seed = {path.replace("/ip/firewall", "/ipv6/firewall"): rows for path, rows in case.seed.items()}
    told = {ELSEWHERE.get(name, name): [_told(row) for row in rows] for name, rows in config.items()}
    firewall = {path: [_told(row) for row in rows] if "/ipv6/" in path else rows for path, rows in seed.items()}
    ends = {"client": CLIENT6, "router": ROUTER6}
    return replace(case, seed=firewall, arguments={**case.arguments, "config": told}, ends=ends)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {NAMES.get(name, name): _word(value) for name, value in row.items() if name not in MISSING}


def _word(value: Any) -> Any:
    if isinstance(value, list):
        return [_word(each) for each in value]
    if not isinstance(value, str):
        return value
    plain = value.removeprefix("!")
    return value.replace(plain, WORDS.get(plain, plain))
