# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can manage the router, and what keeps traffic out of its tunnel."""

from __future__ import annotations

import pytest

from tests.unit.firewall.firewalls import LISTS, judged, told

WAN = [{"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "bridge"}]
TUNNEL = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "tunnel": "true", "peer": "b"}
SSH = "protocol=tcp dst-port=22"


def doors(*rules: str, **tables: list[str]) -> list[tuple[int, str]]:
    """Positions of the rules that let strangers in, 0 for none, and the ports."""
    given = {"list": LISTS, "member": WAN, **tables}
    found = judged(*rules, **given).findings  # type: ignore[arg-type]
    return [
        (each.rule.position if each.rule else 0, each.message.partition("TCP ")[2].partition(" of the router")[0])
        for each in found
        if each.kind == "management-open"
    ]


@pytest.mark.parametrize(
    ("rules", "position"),
    [
        pytest.param([f"input accept {SSH}", "input drop"], 1, id="accepted-from-anywhere"),
        pytest.param([f"input accept {SSH} in-interface-list=WAN", "input drop"], 1, id="accepted-from-WAN"),
        pytest.param([f"input accept {SSH} in-interface=ether1", "input drop"], 1, id="by-interface"),
        pytest.param(["input accept protocol=tcp port=1194,22", "input drop"], 1, id="either-port"),
        pytest.param([f"input accept {SSH} limit=1,1", "input drop"], 1, id="a-rate-is-no-restriction"),
        pytest.param([f"input accept {SSH} src-address-list=!bad", "input drop"], 1, id="all-but-some"),
        pytest.param(["input accept", "input drop"], 1, id="everything"),
        pytest.param([f"input accept {SSH} src-address=0.0.0.0/1", "input drop"], 1, id="half-the-world"),
        pytest.param(["input jump jump-target=x", f"x accept {SSH}", "input drop"], 1, id="in-another-chain"),
        pytest.param(["input drop src-address-list=bad", f"input accept {SSH}", "input drop"], 2, id="a-block-list"),
        pytest.param(["input drop limit=1,1", f"input accept {SSH}", "input drop"], 2, id="a-drop-of-some"),
    ],
)
def test_a_rule_that_lets_strangers_in(rules: list[str], position: int) -> None:
    ((found, ports),) = [door for door in doors(*rules) if "22 (SSH)" in door[1]]
    assert found == position
    assert "22 (SSH)" in ports


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([f"input accept {SSH} src-address=192.0.2.0/24", "input drop"], id="one-network"),
        pytest.param([f"input accept {SSH} src-address-list=mgmt", "input drop"], id="a-list"),
        pytest.param([f"input accept {SSH} in-interface-list=LAN", "input drop"], id="from-LAN"),
        pytest.param([f"input accept {SSH} in-interface-list=!WAN", "input drop"], id="not-from-WAN"),
        pytest.param([f"input accept {SSH} in-interface=bridge", "input drop"], id="by-interface"),
        pytest.param([f"input accept {SSH} ipsec-policy=in,ipsec", "input drop"], id="from-tunnels"),
        pytest.param([f"input accept {SSH} connection-state=established", "input drop"], id="established"),
        pytest.param(["input drop in-interface-list=WAN"], id="drop-by-list"),
        pytest.param(["input drop in-interface=ether1"], id="drop-by-interface"),
        pytest.param(["input drop in-interface-list=!LAN"], id="drop-by-other-list"),
        pytest.param(["input jump jump-target=x in-interface-list=WAN", "x drop"], id="drop-in-another-chain"),
        pytest.param(["input accept protocol=tcp dst-port=1194", "input drop"], id="another-port"),
        pytest.param(["input accept dst-address=127.0.0.1", "input drop"], id="to-itself"),
        pytest.param(["input accept protocol=udp", "input drop"], id="another-protocol"),
    ],
)
def test_strangers_are_kept_out(rules: list[str]) -> None:
    assert doors(*rules) == []


def test_a_port_of_either_side_lets_in_whoever_sends_from_it() -> None:
    ((position, ports),) = doors("input accept protocol=tcp port=1194", "input drop")
    assert (position, ports.split(", ")[0]) == (1, "22 (SSH)")


def test_every_way_in_from_outside_counts() -> None:
    rules = ["input drop in-interface=ether1"]
    assert doors(*rules, member=[*WAN, {"list": "WAN", "interface": "lte1"}]) != []  # type: ignore[list-item]


def test_what_no_rule_stops_and_what_raw_stops() -> None:
    ((position, ports),) = doors("input accept protocol=udp")
    assert position == 0
    assert ports.split(", ")[0] == "22 (SSH)"
    assert len(ports.split(", ")) == 7
    assert doors("input accept protocol=udp", raw=["prerouting drop in-interface-list=WAN"]) == []


def test_without_a_list_for_the_outside_it_is_where_everything_is_dropped_from() -> None:
    assert told(judged("input drop in-interface=ether1").findings) == []
    assert told(judged("input drop in-interface-list=internet").findings) == []


def test_without_any_outside_a_rule_for_one_interface_is_a_restriction() -> None:
    assert told(judged(f"input accept {SSH} in-interface=bridge", "input drop").findings) == []
    assert told(judged(f"input accept {SSH}", "input drop").findings) == ["management-open input 1"]


def test_other_lists_may_face_the_outside() -> None:
    lists = [*LISTS, {"name": "LTE"}]
    rules = (f"input accept {SSH} in-interface-list=LTE", "input drop")
    assert told(judged(*rules, list=lists).findings, "management-open") == []
    assert told(judged(*rules, list=lists, wan=["WAN", "LTE"]).findings, "management-open") == [
        "management-open input 1"
    ]


@pytest.mark.parametrize(
    ("rules", "cut"),
    [
        (["input drop"], True),
        (["input accept connection-state=established", "input drop"], True),
        (["input accept protocol=udp", "input drop"], True),
        ([f"input accept {SSH} src-address-list=mgmt", "input drop"], False),
        (["input jump jump-target=x", f"x accept {SSH} src-address-list=mgmt", "input drop"], False),
        (["input drop in-interface-list=!LAN"], False),
        (["input drop protocol=tcp"], True),
        (["input drop disabled=yes"], False),
    ],
)
def test_a_drop_that_locks_everybody_out(rules: list[str], cut: bool) -> None:
    assert bool(told(judged(*rules).findings, "management-cut")) == cut


IN_OUT = ["forward accept ipsec-policy=in,ipsec", "forward accept ipsec-policy=out,ipsec"]
FAST = "forward fasttrack-connection connection-state=established,related"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([*IN_OUT, FAST], []),
        ([FAST, *IN_OUT], ["fasttrack-above-ipsec forward 1 <2,3"]),
        ([IN_OUT[0], FAST, IN_OUT[1]], ["fasttrack-above-ipsec forward 2 <3"]),
        ([FAST], ["fasttrack-takes-tunnel forward 1"]),
        ([IN_OUT[0], FAST], ["fasttrack-takes-tunnel forward 2"]),
        (
            [
                "forward accept src-address=192.168.10.0/24 dst-address=192.168.20.0/24",
                "forward accept src-address=192.168.20.0/24 dst-address=192.168.10.0/24",
                FAST,
            ],
            [],
        ),
        (["forward accept src-address-list=vpn dst-address-list=vpn", FAST], []),
        ([f"{FAST} connection-mark=no-mark"], []),
        ([f"{FAST} src-address=192.0.2.0/24"], []),
    ],
)
def test_fasttrack(rules: list[str], expected: list[str]) -> None:
    found = judged(*rules, policy=[TUNNEL]).findings
    assert told(found, "fasttrack-above-ipsec", "fasttrack-takes-tunnel") == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (["srcnat masquerade ipsec-policy=out,none out-interface-list=WAN"], []),
        (["srcnat masquerade out-interface-list=WAN"], ["masquerade-takes-tunnel srcnat 1"]),
        (["srcnat accept dst-address=192.168.20.0/24", "srcnat masquerade"], []),
        (["srcnat accept dst-address=192.168.20.0/25", "srcnat masquerade"], ["masquerade-takes-tunnel srcnat 2"]),
        (["srcnat accept ipsec-policy=out,ipsec", "srcnat masquerade"], []),
        (
            ["srcnat masquerade", "srcnat accept src-address=192.168.10.0/24 dst-address=192.168.20.0/24"],
            ["masquerade-above-bypass srcnat 1 <2"],
        ),
        (["srcnat masquerade ipsec-policy=out,none", "srcnat accept dst-address=192.168.20.0/24"], []),
        (["srcnat src-nat to-addresses=192.0.2.1 src-address=192.0.2.0/24"], []),
        (["srcnat accept protocol=tcp", "srcnat masquerade"], ["masquerade-takes-tunnel srcnat 2"]),
    ],
)
def test_masquerade(rules: list[str], expected: list[str]) -> None:
    kinds = ("masquerade-above-bypass", "masquerade-takes-tunnel")
    assert told(judged(nat=rules, policy=[TUNNEL]).findings, *kinds) == expected


def test_untracked_traffic_is_neither_fasttracked_nor_translated() -> None:
    raw = [
        "prerouting notrack src-address=192.168.10.0/24 dst-address=192.168.20.0/24",
        "prerouting notrack src-address=192.168.20.0/24 dst-address=192.168.10.0/24",
    ]
    found = judged(FAST, nat=["srcnat masquerade"], policy=[TUNNEL], raw=raw).findings
    assert told(found, "fasttrack-takes-tunnel", "masquerade-takes-tunnel") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["policy-duplicate  2 <1"]),
        ({"disabled": "true"}, []),
        ({"dynamic": "true"}, []),
        ({"template": "true"}, []),
        ({"dst-address": "192.168.20.0/25"}, ["policy-never-used  2 <1"]),
        ({"protocol": "tcp"}, ["policy-never-used  2 <1"]),
        ({"dst-address": "192.168.0.0/16"}, []),
        ({"dst-address": "192.168.0.0/16", "src-address": "192.168.10.0/25"}, ["policy-overlap  2 <1"]),
        ({"dst-address": "192.168.21.0/24"}, []),
        ({"dst-address": "2001:db8::/32", "src-address": "2001:db8:1::/48"}, []),
    ],
)
def test_policies(changes: dict[str, str], expected: list[str]) -> None:
    found = judged(policy=[TUNNEL, {**TUNNEL, **changes}]).findings
    assert told(found, "policy-duplicate", "policy-never-used", "policy-overlap") == expected
