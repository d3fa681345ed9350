# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of others that let strangers in beside a chain of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.foreign import find_openings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import SERVICES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.survey import scenes_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_PATH

from tests.unit.firewall.firewalls import rule

OWN = (
    "input accept connection-state=established #own: known",
    "input accept protocol=icmp limit=10,5:packet #own: ping",
    "input accept protocol=udp dst-port=500,4500 limit=10,5:packet #own: IKE of anybody",
    "input accept protocol=tcp dst-port=8443 #own: public port",
    "input accept protocol=tcp dst-port=22 src-address-list=mgmt #own: management",
    "input accept in-interface-list=LAN #own: inside",
    "input drop #own: the rest",
)
SEED: Mapping[str, Sequence[Mapping[str, str]]] = {
    "/interface/list": [{"name": "WAN"}, {"name": "LAN"}],
    "/interface/list/member": [{"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "ether2"}],
    "/ip/address": [{"address": "198.51.100.7/24", "interface": "ether1"}],
    "/ip/firewall/address-list": [{"list": "mgmt", "address": "192.0.2.0/28"}],
}


def sentences(*foreign: str, own: Sequence[str] = OWN, today: Sequence[str] = (), **more: Sequence[str]) -> list[str]:
    """What is said of a router whose filter has rules of others above one's own."""
    rules = {"/ip/firewall/filter": [rule(line) for line in (*foreign, *own)]}
    rules |= {f"/{name.replace('_', '/')}": [rule(line) for line in lines] for name, lines in more.items()}
    now = {"/ip/firewall/filter": [rule(line) for line in today or foreign]}
    then, before = (
        {
            BY_PATH[path]: tuple(Entry(f"*{number:X}", row) for number, row in enumerate(rows, 1))
            for path, rows in {**SEED, **given}.items()
        }
        for given in (rules, now)
    )
    members = {"WAN": frozenset({"ether1"}), "LAN": frozenset({"ether2"})}
    scenes = scenes_of(then, frozenset({"WAN"}), members, before)
    found = find_openings(scenes, SERVICES, lambda each: each.values.get("comment", "").startswith("own: "))
    return [each.sentence(changing=True) for each in found]


def test_foreign_accept_is_told_with_chain_rule_and_services() -> None:
    assert sentences("input accept protocol=tcp dst-port=80,8291,4711 #web of Jane") == [
        "in chain input of /ip/firewall/filter, rule 1 (comment=web of Jane) is not managed by this task and lets "
        "strangers from WAN reach www, winbox, tcp/4711, now and after the change"
    ]
    assert sentences("input accept protocol=ospf #routing", today=["input drop"]) == [
        "in chain input of /ip/firewall/filter, rule 1 (comment=routing) is not managed by this task and lets "
        "strangers from WAN reach ospf after the change"
    ]


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param([], id="own-public-port-ike-and-ping"),
        pytest.param(["input accept protocol=icmp #all of ICMP"], id="ping-is-open-anyway"),
        pytest.param(["input accept protocol=tcp dst-port=80 src-address-list=mgmt"], id="known-addresses"),
        pytest.param(["input accept protocol=tcp dst-port=80 in-interface-list=LAN"], id="from-inside"),
        pytest.param(["input drop protocol=tcp #closed", "input accept protocol=tcp dst-port=80"], id="below-a-drop"),
        pytest.param(["forward accept protocol=tcp dst-port=80"], id="another-chain"),
    ],
)
def test_what_lets_no_strangers_in_is_not_told(foreign: list[str]) -> None:
    assert sentences(*foreign) == []


def test_limited_and_uncertain_rules_of_others_are_told() -> None:
    (limited,) = sentences("input accept protocol=tcp dst-port=23 limit=1,1:packet")
    assert "lets strangers from WAN reach telnet" in limited
    (perhaps,) = sentences("input accept protocol=tcp dst-port=23 time=8h-9h,mon")
    assert "may let strangers from WAN reach telnet" in perhaps


def test_rule_that_lets_in_from_another_chain_is_the_one_told() -> None:
    (one,) = sentences("input jump jump-target=hers", "hers accept protocol=tcp dst-port=22", "hers return")
    assert one.startswith("in chain hers of /ip/firewall/filter, rule 1 (chain=hers action=accept) is not managed")


def test_half_the_world_is_strangers_too() -> None:
    (one,) = sentences("input accept src-address=0.0.0.0/1 protocol=tcp dst-port=22")
    assert "strangers from WAN reach ssh" in one


def test_accept_for_everything_names_some_services_and_counts_the_rest() -> None:
    (one,) = sentences("input accept #everything")
    assert "reach ssh, telnet, ftp," in one
    assert " and 15 more, now" in one


def test_ipv6_that_the_rules_do_not_see_is_told() -> None:
    rules = ["input accept protocol=tcp dst-port=22 #theirs", "input drop protocol=udp"]
    (first, end) = sentences(ipv6_firewall_filter=rules)
    assert "chain input of /ipv6/firewall/filter, rule 1 (comment=theirs)" in first
    assert end.startswith("in chain input of /ipv6/firewall/filter, no rule keeps strangers from WAN from telnet")


def test_request_that_dst_nat_sends_elsewhere_is_not_told() -> None:
    nat = ["dstnat dst-nat protocol=tcp dst-port=80 in-interface=ether1 to-addresses=192.168.88.9"]
    assert sentences("input accept protocol=tcp dst-port=80", ip_firewall_nat=nat) == []
