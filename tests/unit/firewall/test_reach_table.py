# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of who can reach what fits a screen, and begins with strangers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.places import Place
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.reach import Outcome, Row
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import SERVICES, Service
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import Origin
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.survey import survey
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.table import WIDTH, table
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import firewall_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV6
from twin.defconf import factory
from twin.persona import Persona

from tests.unit.firewall.firewalls import rule
from tests.unit.patterns.routers import Router, Rows, hardened, router

FACTORY = factory(Persona("7.24"))
SHARED = Path(__file__).parents[4] / "shared" / "cases" / "analysis" / "messy.json"
LONG = "temporary, remove after the audit; ask Jane before you touch it\nsee ticket 4711 in the old system"
RULES = (
    "input accept protocol=udp port=500,4500 #IKE",
    "input accept protocol=ipsec-esp",
    f"input accept protocol=tcp dst-port=8291 #{LONG}",
    "input accept protocol=tcp dst-port=22,8728,8729 src-address-list=administrators-of-the-provider",
    "input accept connection-state=established,related",
    "input drop src-address-list=block #blocked",
    "input accept protocol=icmp limit=10,5:packet",
    "input accept src-address-list=cloud protocol=tcp dst-port=443 time=8h-18h,mon",
    "input accept src-address=0.0.0.0/1 protocol=udp dst-port=53 #half the world",
    "input jump jump-target=guests in-interface-list=GUEST",
    "guests accept protocol=udp dst-port=53",
    "guests drop",
    "input accept src-address=192.168.10.0/24 #office",
    "input accept in-interface=vlan7 protocol=tcp dst-port=80",
    "input drop #the rest",
)
MESSY: Rows = {
    "/interface/list": [{"name": name} for name in ("WAN", "LAN", "GUEST")],
    "/interface/list/member": [
        {"list": name, "interface": interface}
        for name, interface in (("WAN", "ether1"), ("WAN", "lte1"), ("LAN", "bridge"), ("GUEST", "vlan9"))
    ],
    "/ip/address": [
        {"address": address, "interface": interface}
        for address, interface in (
            ("198.51.100.7/24", "ether1"),
            ("192.168.10.1/24", "bridge"),
            ("192.168.9.1/24", "vlan9"),
            ("172.16.7.1/24", "vlan7"),
            ("172.16.8.1/24", "vlan8"),
        )
    ],
    "/ip/firewall/address-list": [
        {"list": name, "address": address}
        for name, address in (
            ("administrators-of-the-provider", "192.0.2.44"),
            ("block", "203.0.113.66"),
            ("block", "192.168.10.66"),
            ("cloud", "cloud.example.com"),
            ("cloud", "203.0.113.128/25"),
        )
    ],
    "/ip/firewall/filter": [rule(line) for line in RULES],
    "/ipv6/firewall/filter": [
        rule("input accept protocol=tcp dst-port=22"),
        rule("input drop in-interface-list=WAN"),
    ],
}


def ask(tables: Router, before: Router | None = None) -> list[Row]:
    """Rows for everybody and every service."""
    return survey(tables, frozenset({"WAN"}), firewall_of(tables).interfaces, SERVICES, (), before)


def check(lines: Sequence[str], most: int) -> None:
    """Every line fits a screen, no column has room to spare, and there are not too many lines."""
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= most
    body = [line.ljust(WIDTH) for line in lines if not line.startswith("left out")]
    for column in range(WIDTH - 2):
        gap = all(line[column : column + 3] == "   " for line in body)
        assert not gap or not any(line[column:].strip() for line in body), f"column {column} has room to spare"


def kinds(lines: Sequence[str]) -> list[int]:
    """Which kind of source each line is about."""
    words = {"anybody from WAN": 0, "anybody": 1, "list": 2}
    return [next(kind for word, kind in words.items() if line.startswith(word)) for line in lines]


CASES: Mapping[str, tuple[Rows, int]] = {"factory": (FACTORY, 16), "messy": (MESSY, 70)}


@pytest.mark.parametrize("case", CASES)
def test_table_fits_a_screen_and_begins_with_strangers(case: str) -> None:
    rows, most = CASES[case]
    found = ask(router(rows))
    lines = table(found)
    check(lines, most)
    told = kinds([line for line in lines[1:] if not line.startswith("left out")])
    assert told == sorted(told)
    assert told[0] == 0
    full = table(found, full=True)
    check(full, 4 * most)
    assert len(full) >= len(lines) - 1
    assert not full[-1].startswith("left out")


def test_table_of_a_change_shows_what_changes() -> None:
    before = router({path: rows for path, rows in FACTORY.items() if not path.startswith("/ip/service")})
    after = {**before, **hardened(before, management=["192.168.88.0/28"])[0]}
    found = ask(after, before)
    lines = table(found)
    check(lines, 25)
    assert lines[0].split() == ["from", "now", "then", "services", "decided", "by"]
    assert lines[1].startswith("anybody from WAN  ")
    assert lines[-1].startswith("left out: ")
    assert " unchanged lines" in lines[-1]
    assert not any(re.search(r"  (accept|drop|either|cannot tell) +\1  ", line) for line in lines)
    check(table(found, full=True), 110)
    (nothing,) = table(ask(after, after))
    assert nothing.startswith("nothing changes; left out: ")


def test_hardened_table_of_a_messy_router_fits_a_screen() -> None:
    before = router(MESSY)
    after = {**before, **hardened(before)[0]}
    check(table(ask(after, before)), 80)


def test_table_of_the_shared_case_fits_a_screen() -> None:
    if not SHARED.exists():
        pytest.skip("the shared case is not here")
    found = ask(router(json.loads(SHARED.read_text())))
    check(table(found), 45)


def row(source: str, service: str, verdict: Verdict, comment: str = "", **more: object) -> Row:
    """One row of a made-up router."""
    place = Place("filter", "input", 7, 7, comment, "*7", verdict.value)
    given = {"addresses": (), "interfaces": ("ether1",), "service": Service(service, "tcp", 22), **more}
    return Row(source, outcome=Outcome(verdict, places=(place,)), **given)  # type: ignore[arg-type]


def test_rule_is_told_by_place_and_comment_and_cut_to_fit() -> None:
    lines = table([row("anybody", "ssh", Verdict.DROP, LONG), row("anybody", "www", Verdict.DROP)])
    assert "input 7: temporary, remove after the audit; ask Jane before you touch i…" in lines[1]
    assert lines[2].endswith("  input 7: drop")


def test_long_names_leave_room_for_the_rule() -> None:
    name = "members of administrators-of-the-provider through a tunnel"
    given = {"origin": Origin.LISTED, "family": IPV6}
    (_dummy, one, other) = table(
        [
            row(name, "ssh", Verdict.ACCEPT, "managers", **given),
            row(name, "ssh", Verdict.DROP, "the rest", interfaces=("ether2",), **given),
        ]
    )
    assert one.startswith("list administra… by ether1, IPv6  accept   ssh")
    assert one.endswith("input 7: managers")
    assert "by ether2, IPv6  drop" in other


def test_services_are_told_by_the_others_where_these_are_few() -> None:
    names = ["ssh", "telnet", "ftp", "www", "winbox", "api", "dns"]
    closed = [row("anybody", name, Verdict.DROP, before=Outcome(Verdict.ACCEPT)) for name in names[:6]]
    open_ = row("anybody", "dns", Verdict.ACCEPT, before=Outcome(Verdict.ACCEPT))
    assert "accept  drop  all but dns  input 7: drop" in table([*closed, open_])[1]
    assert "accept  drop    all but dns  input 7: drop" in table([*closed, open_], full=True)[2]
    ping = row("anybody", "ping", Verdict.EITHER, before=Outcome(Verdict.ACCEPT))
    assert "accept  drop    all but dns, ping  input 7: drop" in table([*closed, open_, ping])[2]
    names = [row("anybody", name, Verdict.EITHER, before=Outcome(Verdict.ACCEPT)) for name in ("capsman", "bandwidth")]
    assert "accept  drop    others but dns" in table([*closed, open_, *names])[2]
    assert "accept  drop  all       input 7: drop" in table(closed)[1]


def test_many_others_go_on_in_a_second_line_without_a_source() -> None:
    names = [each.name for each in SERVICES]
    closed = [row("anybody", name, Verdict.DROP, before=Outcome(Verdict.ACCEPT)) for name in names[6:]]
    left = [row("anybody", name, Verdict.ACCEPT, before=Outcome(Verdict.ACCEPT)) for name in names[:6]]
    assert table([*closed, *left])[1:] == [
        "anybody  accept  drop  all but ssh, telnet, ftp, www,  input 7: drop",
        "                       www-ssl, winbox",
        "left out: 1 unchanged line (full_table shows all)",
    ]


def test_members_of_lists_are_left_out_where_they_fare_like_strangers() -> None:
    strangers = {"origin": Origin.OUTSIDE, "place": "WAN", "interfaces": ("ether1", "lte1")}
    listed = {"origin": Origin.LISTED, "addresses": ("192.0.2.1",), "interfaces": ("ether1", "ether2", "lte1")}
    rows = [
        row("anybody from WAN", "ssh", Verdict.DROP, **strangers),
        row("anybody from WAN", "www", Verdict.DROP, **strangers),
        row("members of mgmt", "ssh", Verdict.ACCEPT, **listed, unlikely=("ether2",)),
        row("members of mgmt", "www", Verdict.DROP, **listed, unlikely=("ether2",)),
    ]
    assert table(rows)[1:] == [
        "anybody from WAN  drop     ssh, www  input 7: drop",
        "list mgmt         accept   ssh       input 7: accept",
        "left out: 1 of list members like strangers (full_table shows all)",
    ]
    assert len(table(rows, full=True)) == 4
