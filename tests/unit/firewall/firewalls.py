# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewalls in a few lines, and what the analysis says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import read_entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.analyse import Analysis, analyse
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import Finding
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.situation import READ, Situation

Row = Mapping[str, str]
V7 = (7, 22, 3)
PATHS = {name: f"/ip/firewall/{name}" for name in ("filter", "nat", "raw", "mangle", "address-list")} | {
    "ipv6-filter": "/ipv6/firewall/filter",
    "ipv6-address-list": "/ipv6/firewall/address-list",
    "policy": "/ip/ipsec/policy",
    "peer": "/ip/ipsec/peer",
    "address": "/ip/address",
    "interface": "/interface",
    "list": "/interface/list",
    "member": "/interface/list/member",
}
# What a sound firewall has anyway, so that a test sees what it is about and nothing else.
FRAME = [
    "input accept connection-state=established,related,untracked",
    "input accept src-address-list=mgmt connection-state=new",
]
CLOSE = ["input drop in-interface-list=!LAN"]
LISTS = [{"name": "WAN"}, {"name": "LAN"}]
MGMT = [{"list": "mgmt", "address": "192.0.2.0/28"}]


def rule(text: str | Row) -> dict[str, str]:
    """`input drop protocol=udp disabled=yes #some words`: chain, action, properties, comment."""
    if not isinstance(text, str):
        return dict(text)
    line, _dummy, comment = text.partition(" #")
    chain, action, *pairs = line.split()
    row = {"chain": chain, "action": action, **dict(pair.split("=", 1) for pair in pairs)}
    return {**row, "comment": comment} if comment else row


def judged(
    *rules: str | Row, wan: Collection[str] = ("WAN",), framed: bool = False, **tables: Iterable[str | Row]
) -> Analysis:
    """The analysis of filter rules beside other tables; `framed`: within a chain input that is sound."""
    lines = [*FRAME, *rules, *CLOSE] if framed else rules
    rows: dict[str, list[dict[str, str]]] = {PATHS["filter"]: [rule(each) for each in lines]}
    if framed:
        rows |= {PATHS["list"]: list(map(dict, LISTS)), PATHS["address-list"]: list(map(dict, MGMT))}
    for name, given in tables.items():
        rows.setdefault(PATHS[name.replace("_", "-")], []).extend(rule(each) for each in given)
    return analysed(rows, wan=wan)


def analysed(rows: Mapping[str, Iterable[Row]], wan: Collection[str] = ("WAN",)) -> Analysis:
    """The analysis of rows by path, as a router prints them; ids are *1, *2 and so on."""
    entries = {
        menu: tuple(read_entry(menu, {".id": f"*{n}", **row}) for n, row in enumerate(rows[menu.path], 1))
        for menu in READ
        if menu.path in rows
    }
    return analyse(Situation(entries, V7, wan))


def told(findings: Iterable[Finding], *kinds: str) -> list[str]:
    """Findings in short, `kind chain position <other positions`, of these kinds or of all."""
    return [_told(each) for each in findings if not kinds or each.kind in kinds]


def _told(finding: Finding) -> str:
    place = f" {finding.rule.position}" if finding.rule else ""
    others = " <" + ",".join(str(spot.position) for spot in finding.others) if finding.others else ""
    return f"{finding.kind} {finding.chain}{place}{others}"
