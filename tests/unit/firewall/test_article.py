# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of the article that this collection answers to, as printed (errata 6, 7, 8, 10 and 14)."""

from __future__ import annotations

from twin.defconf import DEFCONF

from tests.unit.firewall.firewalls import PATHS, Row, analysed, judged, rule, told

ACCEPTS = [
    "input accept protocol=udp port=500,4500 #Allow IKE and NAT-T",
    "input accept protocol=ipsec-esp #Allow ESP",
    "input accept protocol=ipsec-ah #Allow AH",
]
FORWARD = [
    "forward accept in-interface=ipsec-vpn1 out-interface=lan",
    "forward accept in-interface=lan out-interface=ipsec-vpn1",
    "forward accept connection-state=established,related",
    "input drop connection-state=invalid",
]
LIMITS = [
    "input accept protocol=udp port=500 limit=10,5",
    "input accept protocol=udp port=4500 limit=10,5",
    "input drop",
]
LISTED = [
    "input accept protocol=udp port=500,4500 src-address-list=trusted-ipsec-peers",
    "input accept protocol=ipsec-esp src-address-list=trusted-ipsec-peers",
    "input drop #Block all other IPsec",
]
PEERS = [{"list": "trusted-ipsec-peers", "address": "203.0.113.50"}]
INTERFACES = [{"name": "ether1"}, {"name": "ether2"}]


def behind_defconf(*rules: str) -> dict[str, list[Row]]:
    """The factory firewall with more rules added at the end."""
    rows: dict[str, list[Row]] = {path: list(given) for path, given in DEFCONF.items()}
    rows[PATHS["filter"]] += [rule(each) for each in rules]
    return rows


def test_6_accepts_at_the_end_come_after_the_drop_of_the_factory_firewall() -> None:
    found = analysed(behind_defconf(*ACCEPTS)).findings
    assert told(found) == [f"ipsec-accept-after-drop input {position} <5" for position in (6, 7, 8)]


def test_7_interfaces_that_do_not_exist_accepts_without_a_drop_and_a_late_drop_for_invalid() -> None:
    found = judged(*ACCEPTS, *FORWARD, interface=INTERFACES).findings
    assert told(found, "unknown-interface") == [f"unknown-interface forward {place}" for place in (1, 1, 2, 2)]
    assert told(found, "accepts-without-drop") == ["accepts-without-drop forward 1 <2,3"]
    assert told(found, "invalid-drop-late") == ["invalid-drop-late input 4 <1,2,3"]


def test_7_without_more_the_router_is_open() -> None:
    found = judged(*ACCEPTS, *FORWARD).findings
    assert told(found, "input-without-drop", "management-open") == ["management-open input", "input-without-drop input"]


def test_8_the_limits_come_after_an_accept_without_one_and_the_drop_cuts_management() -> None:
    found = judged(*ACCEPTS, *FORWARD, *LIMITS).findings
    assert told(found, "limit-after-accept") == ["limit-after-accept input 5 <1", "limit-after-accept input 6 <1"]
    assert told(found, "management-cut") == ["management-cut input 7"]


def test_10_a_second_policy_with_the_same_selectors() -> None:
    first = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "tunnel": "true", "peer": "hq-a"}
    assert told(judged(policy=[first, {**first, "peer": "hq-b"}]).findings, "policy-duplicate") == [
        "policy-duplicate  2 <1"
    ]
    assert (
        told(judged(policy=[first, {**first, "peer": "hq-b", "disabled": "true"}]).findings, "policy-duplicate") == []
    )


def test_14_a_drop_meant_for_ipsec_takes_everything() -> None:
    found = judged(*LISTED, address_list=PEERS).findings
    assert told(found) == ["management-cut input 3"]
