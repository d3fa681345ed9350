# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole rule sets as people write them, and what is right to say of each."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import Finding
from twin.defconf import DEFCONF, DEFCONF_IPV6

from tests.unit.firewall.firewalls import PATHS, Row, analysed, judged, rule

EST = "connection-state=established,related"
NETWORK = {
    "list": [{"name": "WAN"}, {"name": "LAN"}, {"name": "GUEST"}],
    "member": [
        {"list": "WAN", "interface": "ether1"},
        {"list": "LAN", "interface": "ether2"},
        {"list": "GUEST", "interface": "ether3"},
    ],
}
TUNNEL = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "tunnel": "true", "peer": "b"}
PEER = {"name": "b", "address": "203.0.113.50/32"}


def found(*rules: str, **tables: list[Row]) -> dict[tuple[str, int], Finding]:
    """Findings by kind and place in the chain, 0 for what is about a chain or setting."""
    analysis = judged(*rules, **{**NETWORK, **tables})
    return {(each.kind, each.rule.position if each.rule else 0): each for each in analysis.findings}


def edits(finding: Finding) -> list[tuple[str, str, str]]:
    """What would mend a finding: what to do, the entry, the entry below."""
    return [(each.verb, each.id, each.before) for each in finding.mend.edits] if finding.mend else []


LATE = [
    pytest.param(
        [
            f"forward accept {EST}",
            "forward accept in-interface-list=GUEST",
            "forward accept in-interface-list=LAN",
            "forward drop in-interface-list=GUEST dst-address=192.168.10.0/24",
            "forward drop",
        ],
        (4, 2),
        id="guests-reach-the-lan",
    ),
    pytest.param(
        [
            f"forward accept {EST}",
            "forward accept in-interface-list=LAN",
            "forward drop protocol=tcp dst-port=25 src-address=!192.168.10.5",
            "forward drop",
        ],
        (3, 2),
        id="smtp-blocked-too-late",
    ),
    pytest.param(
        [
            f"input accept {EST}",
            "input accept protocol=udp dst-port=51820",
            "input drop in-interface-list=WAN src-address=192.168.0.0/16",
            "input accept in-interface-list=LAN",
            "input drop",
        ],
        (3, 2),
        id="spoofing-dropped-too-late",
    ),
    pytest.param(
        [
            f"forward accept {EST}",
            "forward accept in-interface-list=LAN",
            "forward drop protocol=tcp dst-port=22,80,443 dst-address=192.168.99.2",
            "forward drop",
        ],
        (3, 2),
        id="ports-of-a-switch",
    ),
    pytest.param(
        [
            "forward accept ipsec-policy=in,ipsec",
            "forward accept ipsec-policy=out,ipsec",
            f"forward accept {EST}",
            "forward reject src-address=10.50.0.0/16 protocol=tcp dst-port=!3389",
            "forward drop in-interface-list=WAN",
        ],
        (4, 1),
        id="partner-tunnel-for-rdp-only",
    ),
    pytest.param(
        [
            f"input accept {EST}",
            "input accept src-address=192.168.0.0/16",
            "input drop protocol=tcp dst-port=22,8291 src-address=!192.168.1.0/24",
            "input drop",
        ],
        (3, 2),
        id="ssh-for-one-network",
    ),
]


@pytest.mark.parametrize(("rules", "places"), LATE)
def test_a_deny_below_the_accept_that_takes_its_packets(rules: list[str], places: tuple[int, int]) -> None:
    deny, accept = places
    findings = found(*rules)
    # A deny that the accepts leave nothing to never matches.
    finding = findings.get(("deny-late", deny)) or findings["never-matches", deny]
    assert finding.others[0].position == accept
    assert edits(finding) == [("move", f"*{deny}", f"*{accept}")]
    assert "then denied, for example: " in finding.advice
    assert ("redundant", deny) not in findings


@pytest.mark.parametrize(("rules", "places"), LATE)
def test_a_deny_that_was_moved_is_well(rules: list[str], places: tuple[int, int]) -> None:
    deny, accept = (place - 1 for place in places)
    moved = [*rules[:accept], rules[deny], *rules[accept:deny], *rules[deny + 1 :]]
    assert not {kind for kind, _place in found(*moved)} & {"deny-late", "never-matches"}


def test_ssh_for_one_network_beside_an_accept_for_the_lan() -> None:
    rules = [
        f"input accept {EST}",
        "input accept in-interface-list=LAN",
        "input accept protocol=tcp dst-port=22 in-interface-list=LAN src-address=192.168.10.0/28",
        "input drop",
    ]
    finding = found(*rules)["restriction-void", 3]
    assert finding.others[0].position == 2
    assert edits(finding) == []
    assert finding.advice.startswith("keep it, and restrict rule 2")
    assert ("restriction-void", 2) in found(rules[0], rules[2], rules[1], rules[3]), "below it as well"


@pytest.mark.parametrize(("dns", "kinds"), [("yes", {"service-open"}), ("no", {"port-open"})])
def test_dns_open(dns: str, kinds: set[str]) -> None:
    rules = [f"input accept {EST}", "input accept protocol=udp dst-port=53", "input drop in-interface-list=!LAN"]
    rows = {PATHS["filter"]: [rule(each) for each in rules], "/ip/dns": [{"allow-remote-requests": dns}]}
    (finding,) = analysed({**rows, **{PATHS[name]: given for name, given in NETWORK.items()}}).findings
    assert {finding.kind} == kinds
    assert "UDP 53 (DNS)" in finding.message
    assert finding.mend
    assert finding.mend.edits[0].values == {"in-interface-list": "!WAN"}


FACTORY = {**DEFCONF, **DEFCONF_IPV6, "/ipv6/settings": [{"disable-ipv6": "no"}]}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"/ip/dns": [{"allow-remote-requests": "yes"}]},
        {"/snmp": [{"enabled": "yes"}], "/ip/upnp": [{"enabled": "yes"}]},
        {PATHS["peer"]: [PEER]},
    ],
)
def test_the_factory_configuration_is_well(more: dict[str, list[Row]]) -> None:
    assert [each.message for each in analysed({**FACTORY, **more}).findings] == []


def test_fasttrack_below_the_accept_of_established_connections() -> None:
    finding = found(f"forward accept {EST}", f"forward fasttrack-connection {EST}", policy=[TUNNEL])[
        "fasttrack-late", 2
    ]
    assert "nothing is fasttracked" in finding.message
    assert "without them it takes tunnel traffic past IPsec" in finding.advice
    assert edits(finding) == [("add", "", "*1"), ("add", "", "*1"), ("move", "*2", "*1")]


def test_fasttrack_of_tunnels_is_not_moved_to_where_it_cannot_act() -> None:
    finding = found(f"forward fasttrack-connection {EST}", f"forward accept {EST}", policy=[TUNNEL])
    taken = finding["fasttrack-takes-tunnel", 1]
    assert "below rule 2" in taken.advice
    assert "it could not act" in taken.advice
    assert edits(taken) == [("add", "", "*1"), ("add", "", "*1")]


def test_an_open_accept_of_ike_voids_the_restricted_one() -> None:
    rules = [
        f"input accept {EST}",
        "input accept protocol=udp dst-port=500,4500",
        "input accept protocol=udp dst-port=500,4500 src-address=203.0.113.50",
        "input drop in-interface-list=!LAN",
    ]
    findings = found(*rules, peer=[PEER])
    void, ike = findings["restriction-void", 3], findings["ike-open", 2]
    assert edits(void) == [("remove", "*2", "")]
    assert ike.mend
    assert ike.mend.edits[0].values == {"src-address": "203.0.113.50/32"}
    assert not [kind for kind, _place in found(*rules, peer=[{**PEER, "address": "::/0"}]) if kind == "ike-open"]


def test_a_port_of_either_side_and_the_change_that_mends_it() -> None:
    rules = [f"input accept {EST}", "input accept protocol=udp port=500,4500", "input drop in-interface-list=!LAN"]
    finding = found(*rules)["port-either-side", 2]
    assert "UDP 161 (SNMP)" in finding.message
    assert finding.mend
    assert finding.mend.edits[0].values == {"dst-port": "500,4500", "port": ""}
    without = found(*rules[1:])["port-either-side", 1]
    assert without.mend is None, "replies to the router would be lost"


def test_a_final_drop_is_never_to_be_removed() -> None:
    rules = ["input accept in-interface-list=LAN", "input drop in-interface-list=!LAN", "input drop"]
    finding = found(*rules)["duplicate-rule", 3]
    assert finding.advice.startswith("keep it")
    assert ("remove", "*3", "") not in edits(finding)


def test_an_accept_of_which_a_drop_takes_one_port() -> None:
    rules = [
        "input drop protocol=tcp dst-port=22",
        "input accept protocol=tcp dst-port=22,8291 src-address=192.0.2.0/28",
        "input drop",
    ]
    finding = found(*rules)["partly-dead", 2]
    assert "takes dst-port 22" in finding.message
    assert finding.packets == "TCP to port 22 from 192.0.2.1"
    assert edits(finding) == [("move", "*2", "*1")]


def test_an_accept_for_a_public_network_below_the_drop_of_all_that_is_not_from_the_lan() -> None:
    rules = ["input drop in-interface-list=!LAN", "input accept protocol=tcp dst-port=22 src-address=203.0.113.0/24"]
    finding = found(*rules)["partly-dead", 2]
    assert edits(finding) == [("move", "*2", "*1")]
    assert "then accepted, for example: TCP to port 22 from 203.0.113.9" in finding.advice


def test_a_chain_forward_without_an_end() -> None:
    finding = found(f"forward accept {EST}", "forward drop src-address=192.168.10.200")["forward-without-drop", 0]
    assert finding.mend
    assert finding.mend.edits[0].values["in-interface-list"] == "WAN"
    assert finding.mend.edits[0].values["ipsec-policy"] == "in,none"


def test_an_accept_that_would_open_the_router_is_not_to_be_moved_up() -> None:
    finding = found("input accept in-interface-list=LAN", "input drop", "input accept protocol=tcp dst-port=22")
    assert edits(finding["accept-after-drop", 3]) == [("remove", "*3", "")]
