# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on a router as people have it: the factory's, and above and below them what somebody made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from twin import Server
from twin.defconf import DEFCONF
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, content

FILTER = "/ip/firewall/filter"
HAND_MADE = [
    {"chain": "forward", "action": "accept", "in-interface-list": "LAN", "comment": "hand: LAN may go everywhere"},
    {"chain": "forward", "action": "accept", "src-address": "10.50.0.0/16", "comment": "hand: partner"},
    {"chain": "input", "action": "accept", "src-address": "192.168.0.0/16", "comment": "hand: LAN manages"},
]


@pytest.fixture
def server(make_twin: MakeTwin) -> Server:
    """The factory's rules; those by hand stand above the last one of their chain, where people put them."""
    rows = [dict(row) for row in DEFCONF[FILTER]]
    for number, row in ((len(rows) - 1, HAND_MADE[0]), (len(rows), HAND_MADE[1]), (4, HAND_MADE[2])):
        rows.insert(number, row)
    seed = {**DEFCONF, FILTER: rows}
    return make_twin("7.22.3", users={"admin": PASSWORD}, seed=seed)


def comments(server: Server, chain: str) -> list[str]:
    rows = (row for row in content(server)[FILTER] if row["chain"] == chain and row["dynamic"] == "false")
    return [row.get("comment", "") for row in rows]


def rules(*config: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    return {"name": "rules", "vpnops.mikrotik.firewall_filter": {"config": list(config), **arguments}}


GUESTS = {"chain": "forward", "action": "drop", "src_address_list": "guests", "dst_address": "192.168.88.0/24"}
RDP = {"chain": "forward", "action": "reject", "src_address": "10.50.0.0/16", "protocol": "tcp", "dst_port": "!3389"}
SSH = {"chain": "input", "action": "drop", "protocol": "tcp", "dst_port": [22, 8291], "src_address": "!192.168.88.0/24"}


def test_denies_land_above_the_accepts_by_hand_and_stay(server: Server, play: Play) -> None:
    task = rules({**GUESTS, "comment": "guests"}, {**RDP, "comment": "rdp only"}, {**SSH, "comment": "ssh"})
    checked, first, second = play(server, [task], "--check"), play(server, [task]), play(server, [task])
    assert (first.status, checked.changed, first.changed, second.changed) == (0, 1, 1, 0), first.output
    assert checked["rules"].result["commands"] == first["rules"].result["commands"]
    forward = comments(server, "forward")
    assert forward.index("guests") < forward.index("hand: LAN may go everywhere")
    assert forward.index("rdp only") < forward.index("hand: partner")
    inward = comments(server, "input")
    assert inward.index("defconf: accept established,related,untracked") < inward.index("ssh")
    assert inward.index("ssh") < inward.index("hand: LAN manages")
    # The factory accepts what comes out of tunnels above all else. These two stand above it, and say what that costs.
    (text,) = first["rules"].result["warnings"]
    assert "comment=guests, comment=rdp only: rule forward 6 (comment=defconf: accept established" in text
    assert "connection_state: [new] would spare them" in text


def test_a_rule_without_effect_is_refused_and_nothing_changes(server: Server, play: Play) -> None:
    before = content(server)
    shadowed = rules(
        {"chain": "forward", "action": "accept", "src_address_list": "cameras", "comment": "cameras"},
        {**GUESTS, "src_address_list": "cameras", "comment": "no cameras"},
    )
    for flags in (["--check"], []):
        refused = play(server, [shadowed], *flags).failure
        assert "comment=no cameras: it would decide no packet, since rule forward" in refused.message
        assert "(comment=cameras) above accepts all that it is for" in refused.message
        assert "place_before" in refused.message
    assert content(server) == before
    done = play(server, [{**shadowed, "vpnops.mikrotik.firewall_filter": {**_arguments(shadowed), "effective": False}}])
    assert (done.status, done.changed) == (0, 1), done.output
    assert "would decide no packet" in done["rules"].result["warnings"][0]


def _arguments(task: dict[str, Any]) -> dict[str, Any]:
    return dict(task["vpnops.mikrotik.firewall_filter"])


def test_the_place_can_be_said(server: Server, play: Play) -> None:
    task = rules(
        {**GUESTS, "comment": "top", "place_before": "first"},
        {**RDP, "comment": "after the hand", "place_after": "hand: LAN may go everywhere"},
    )
    first, second = play(server, [task]), play(server, [task])
    assert (first.status, first.changed, second.changed) == (0, 1, 0), first.output
    forward = comments(server, "forward")
    assert forward[0] == "top"
    assert forward[forward.index("hand: LAN may go everywhere") + 1] == "after the hand"
    refused = play(server, [rules({**GUESTS, "comment": "x", "place_before": "no such rule"})]).failure
    assert "no other entry in chain forward of the router has the comment or id 'no such rule'" in refused.message
    both = play(server, [rules({**GUESTS, "place_before": "first", "place_after": "last"})]).failure
    assert "place_before and place_after were both given" in both.message


def test_an_extra_rule_of_the_role_goes_where_it_says(server: Server, play: Play) -> None:
    extra = {"protocol": "ospf", "comment": "ospf", "place_before": "first"}
    variables = {"hardened_input_management": ["192.168.88.0/24"], "hardened_input_guard": "never"}
    variables |= {"hardened_input_extra": [extra]}
    role = {"roles": [{"role": "vpnops.mikrotik.hardened_input"}], "variables": variables}
    first, second = play(server, [], **role), play(server, [], **role)
    assert (first.status, second.status, second.changed) == (0, 0, 0), first.output
    assert comments(server, "input")[0] == "hardened: ospf"
