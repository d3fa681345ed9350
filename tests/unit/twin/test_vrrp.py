# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP without a network: adverts as bytes, and elections as moments and adverts."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from twin.live.vrrp.advert import Advert, heard
from twin.live.vrrp.election import BACKUP, MASTER, Election, Virtual

OWN, OTHER = "192.0.2.2", "192.0.2.3"
VIRTUAL = Virtual("link-7", "ether1", OWN, 49, 100, 1.0, True, 3, ("192.0.2.1/32",))
SKEW = (256 - 100) / 256


def advert(priority: int, version: int = 3, interval: float = 1.0) -> Advert:
    return Advert(version, 49, priority, interval, ("192.0.2.1",))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("addresses", [(), ("192.0.2.1",), ("192.0.2.1", "198.51.100.1")])
def test_what_is_said_is_heard(version: int, addresses: tuple[str, ...]) -> None:
    said = Advert(version, 49, 254, 5, addresses)
    packet = said.packet(OWN)
    assert heard(packet) == (OWN, said)
    assert (packet[8], packet[9], packet[16:20]) == (255, 112, socket.inet_aton("224.0.0.18"))
    assert len(packet) == 20 + 8 + 4 * len(addresses) + (8 if version == 2 else 0)


def test_an_advert_is_these_bytes() -> None:
    """Worked out by hand after RFC 3768, 5.3, and RFC 5798, 5.2, for the checksum of which the addresses count, too."""
    two = Advert(2, 1, 100, 1, ("192.168.0.1",)).packet("192.168.0.30")[20:]
    assert two.hex() == "210164010001ba52c0a800010000000000000000"
    three = Advert(3, 1, 100, 1, ("192.168.0.1",))
    assert three.packet("192.168.0.30")[20:].hex() == "310164010064089ac0a80001"
    assert three.packet("192.168.0.30", plain_checksum=True)[20:].hex() == "310164010064a9efc0a80001"


def test_what_was_altered_or_routed_is_not_heard() -> None:
    packet = bytearray(advert(100).packet(OWN))
    assert heard(bytes(packet))
    for at, value in ((22, 101), (8, 254), (20, 0x32)):
        wrong = bytearray(packet)
        wrong[at] = value
        assert heard(bytes(wrong)) is None
    assert heard(bytes(packet[:24])) is None
    assert heard(advert(100).packet(OWN, plain_checksum=True))


def test_a_backup_that_hears_nobody_takes_over_after_three_intervals_and_its_skew() -> None:
    election = Election(VIRTUAL, 10.0)
    assert (election.state, election.due) == (BACKUP, 13 + SKEW)
    assert election.tick(13.5) == []
    assert election.tick(election.due) == [100]
    assert election.state == MASTER
    assert election.due == pytest.approx(14 + SKEW)


def test_a_backup_waits_while_it_hears_a_better_one() -> None:
    election = Election(VIRTUAL, 10.0)
    assert election.heard(OTHER, advert(200), 13.0) == []
    assert election.due == 16 + SKEW
    # The master's interval counts in version 3.
    election.heard(OTHER, advert(200, interval=2), 14.0)
    assert election.due == 14 + 3 * 2 + SKEW * 2


def test_a_backup_follows_a_lesser_one_only_without_preemption() -> None:
    for preempts, due in ((True, 13 + SKEW), (False, 15 + SKEW)):
        election = Election(replace(VIRTUAL, preempts=preempts), 10.0)
        election.heard(OTHER, advert(50), 12.0)
        assert election.due == due


def test_a_master_that_leaves_is_replaced_after_the_skew() -> None:
    election = Election(VIRTUAL, 10.0)
    election.heard(OTHER, advert(0), 11.0)
    assert election.due == 11 + SKEW


@pytest.mark.parametrize(
    ("sender", "priority", "state"),
    [(OTHER, 101, BACKUP), (OTHER, 99, MASTER), (OTHER, 100, BACKUP), ("192.0.2.1", 100, MASTER)],
)
def test_a_master_yields_to_a_higher_priority_then_to_a_higher_address(sender: str, priority: int, state: str) -> None:
    election = Election(VIRTUAL, 0.0)
    election.tick(100.0)
    assert election.heard(sender, advert(priority), 100.5) == []
    assert election.state == state


def test_a_master_answers_one_that_leaves() -> None:
    election = Election(VIRTUAL, 0.0)
    election.tick(100.0)
    assert election.heard(OTHER, advert(0), 100.5) == [100]
    assert (election.state, election.due) == (MASTER, 101.5)


@pytest.mark.parametrize(("version", "said"), [(3, advert(200, 2)), (2, advert(200)), (2, advert(200, 2, 3))])
def test_other_versions_and_in_version_2_other_intervals_are_not_heard(version: int, said: Advert) -> None:
    election = Election(replace(VIRTUAL, version=version), 0.0)
    before = election.due
    election.heard(OTHER, said, 1.0)
    assert election.due == before
