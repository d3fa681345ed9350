# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tunnels are meant, which way pings go through them, and what it means when none comes back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.choose import (
    NoSuchTunnel,
    Wanted,
    choose,
    lies_in,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.explain import (
    explain,
    explain_silence,
    reason,
    sentence,
    sentence_of_silence,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.pings import Aim, NoWay, Ping, aim, pinged
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import (
    Association,
    Selector,
    Session,
    Tunnel,
)


def policy(src: str, dst: str, comment: str = "", *, disabled: bool = False) -> Selector:
    return Selector(src, dst, "established", True, disabled, comment)


B = Tunnel("b", "203.0.113.50/32", False, policies=(policy("192.168.10.0/24", "192.168.20.0/24"),), comment="s2s-b")
C = Tunnel(
    "c",
    "203.0.113.60/32",
    False,
    policies=(
        policy("192.168.10.0/24", "192.168.40.0/24", disabled=True),
        policy("192.168.11.0/24", "192.168.30.0/24", "s2s-c: 192.168.11.0/24 to 192.168.30.0/24"),
    ),
)
FOUND = (B, C)


@pytest.mark.parametrize(
    ("wanted", "peers"),
    [
        pytest.param(Wanted(), ["b", "c"], id="nothing-said-is-all"),
        pytest.param(Wanted(("c", "b")), ["c", "b"], id="by-name-in-the-order-given"),
        pytest.param(Wanted(owners=("s2s-b",)), ["b"], id="by-the-peer-s-mark"),
        pytest.param(Wanted(owners=("s2s-c",)), ["c"], id="by-the-policy-s-mark"),
        pytest.param(Wanted(owners=("s2s-*",)), ["b", "c"], id="by-all-marks-of-a-role"),
        pytest.param(Wanted(destinations=("192.168.30.9",)), ["c"], id="by-an-address-beyond"),
        pytest.param(Wanted(destinations=("192.168.20.0/25",)), ["b"], id="by-a-network-beyond"),
        pytest.param(Wanted(("b",), ("s2s-*",), ("192.168.20.1",)), ["b", "c"], id="each-once"),
    ],
)
def test_which_tunnels_are_meant(wanted: Wanted, peers: list[str]) -> None:
    assert [each.peer for each in choose(FOUND, wanted)] == peers


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(("x",)), "/ip/ipsec/peer: there is no peer x; there are: b, c"),
        (Wanted(owners=("s2s",)), "/ip/ipsec/peer: no peer is marked s2s"),
        (Wanted(owners=("",)), "/ip/ipsec/peer: no peer is marked "),
        (Wanted(destinations=("192.168.20.0/23",)), "/ip/ipsec/policy: no policy of a peer leads to 192.168.20.0/23"),
        (Wanted(destinations=("192.168.40.1",)), "/ip/ipsec/policy: no policy of a peer leads to 192.168.40.1"),
        (Wanted(destinations=("nowhere",)), "/ip/ipsec/policy: no policy of a peer leads to nowhere"),
    ],
)
def test_who_means_nothing_is_told_so(wanted: Wanted, told: str) -> None:
    with pytest.raises(NoSuchTunnel) as refusal:
        choose(FOUND, wanted)
    assert str(refusal.value) == told


@pytest.mark.parametrize(
    ("inner", "outer", "lies"),
    [
        ("192.168.20.1", "192.168.20.0/24", True),
        ("192.168.20.0/24", "192.168.20.0/24", True),
        ("192.168.20.0/23", "192.168.20.0/24", False),
        ("192.168.20.1", "::/0", True),
        ("192.168.20.1", "0.0.0.0/0", True),
        ("2001:db8::1", "0.0.0.0/0", False),
        ("2001:db8::1", "2001:db8::/32", True),
        ("2001:db8::1", "192.168.20.0/24", False),
        ("", "192.168.20.0/24", False),
    ],
)
def test_what_lies_in_a_network(inner: str, outer: str, lies: bool) -> None:
    assert lies_in(inner, outer) is lies


OWN = [
    {"address": "192.168.10.9/24", "disabled": "true"},
    {"address": "198.51.100.7/24", "disabled": "false"},
    {"address": "192.168.10.1/24", "disabled": "false"},
]


@pytest.mark.parametrize(
    ("ping", "aimed"),
    [
        pytest.param(Ping("192.168.20.1"), Aim("b", "192.168.20.1", "192.168.10.1", 3), id="from-an-own-address"),
        pytest.param(
            Ping("192.168.30.1", "192.168.11.5", 1),
            Aim("c", "192.168.30.1", "192.168.11.5", 1),
            id="from-where-is-said",
        ),
    ],
)
def test_which_way_a_ping_goes(ping: Ping, aimed: Aim) -> None:
    assert aim(ping, FOUND, OWN) == aimed
    assert aimed.words == {"address": ping.address, "src-address": aimed.src_address, "count": str(ping.count)}


@pytest.mark.parametrize(
    ("ping", "told"),
    [
        (Ping("192.168.99.1"), "ping 192.168.99.1: no policy of the tunnels asked for leads there"),
        (Ping("192.168.40.1"), "ping 192.168.40.1: no policy of the tunnels asked for leads there"),
        (
            Ping("192.168.20.1", "198.51.100.7"),
            "ping 192.168.20.1: src_address 198.51.100.7 is in no policy that leads there: 192.168.10.0/24",
        ),
        (
            Ping("192.168.30.1"),
            "ping 192.168.30.1: the router has no address of its own in 192.168.11.0/24, which the policies that lead "
            "there are for; give it one, or ping from a host there",
        ),
    ],
)
def test_a_ping_that_would_not_go_through_is_refused(ping: Ping, told: str) -> None:
    with pytest.raises(NoWay) as refusal:
        aim(ping, FOUND, OWN)
    assert str(refusal.value) == told


AIM = Aim("b", "192.168.20.1", "192.168.10.1", 2)


def test_what_came_of_pings() -> None:
    lost = {"seq": "0", "sent": "1", "received": "0", "status": "timeout"}
    second = {"seq": "1", "sent": "2", "received": "1", "time": "1ms"}
    some, none = pinged(AIM, [lost, second]), pinged(AIM, [lost, {**lost, "sent": "2"}])
    assert (some.sent, some.received, some.answered) == (2, 1, True)
    assert (none.sent, none.received, none.answered, none.status) == (2, 0, False, "timeout")
    assert not pinged(AIM, []).answered


def carrying(*, inbound: int, outbound: int) -> Tunnel:
    """A tunnel with so many packets either way."""

    def association(into: bool, packets: int) -> Association:
        return Association("0x1", into, "mature", "aes-cbc", 256, "sha256", False, False, packets, packets, "1h")

    session = Session("established", "responder", "", "203.0.113.50", "1h", "1s", False, 0, 0)
    associations = (association(True, inbound), association(False, outbound))
    return Tunnel("b", "203.0.113.50/32", False, (session,), B.policies, associations)


@pytest.mark.parametrize(
    ("inbound", "outbound", "kind"), [(0, 0, "not-sent"), (0, 3, "not-received"), (3, 3, "no-echo"), (3, 0, "not-sent")]
)
def test_what_silence_means(inbound: int, outbound: int, kind: str) -> None:
    found = carrying(inbound=inbound, outbound=outbound)
    assert explain_silence(found).kind == kind
    told = sentence_of_silence(found, pinged(AIM, [{"sent": "1", "received": "0", "status": "timeout"}]))
    assert told.startswith("tunnel b stands, but 192.168.20.1 answered none of 1 pings from 192.168.10.1 (timeout); ")


def down(last_error: str, sessions: Sequence[Session] = ()) -> Tunnel:
    return Tunnel("b", "203.0.113.50/32", False, tuple(sessions), B.policies, last_error=last_error)


LATE = "phase1 negotiation failed due to time up 198.51.100.7[500]<=>203.0.113.50[500]"


@pytest.mark.parametrize(
    ("here", "there", "kind"),
    [
        (LATE, "", "no-answer"),
        (LATE, "198.51.100.7 no suitable proposal found", "proposal"),
        ("", "198.51.100.7 no suitable proposal found", "proposal"),
        (
            "203.0.113.50 AUTHENTICATION_FAILED",
            "198.51.100.7 can't verify peer's certificate from store",
            "certificate",
        ),
        ("203.0.113.50 AUTHENTICATION_FAILED", "identity not found for responder: ADDR4:x", "identity-unknown"),
        (LATE, "something that nobody has heard of", "no-answer"),
    ],
)
def test_the_end_that_says_no_knows_why(here: str, there: str, kind: str) -> None:
    assert explain(down(here), there).kind == kind


def test_a_reason_names_phase_and_side() -> None:
    begun = Session("message-1-sent", "initiator", "", "203.0.113.50", "", "", False, 0, 0)
    found = down(LATE, [begun])
    told = reason(found, explain(found, "x"), "x")
    assert (told.kind, told.phase, told.side, told.log, told.log_there) == ("no-answer", 1, "initiator", LATE, "x")
    assert "phase 1 is message-1-sent, phase 2 is established, begun here; " in sentence(found)
