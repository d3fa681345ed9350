# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prober of live twins, here in no namespace but the test's own."""

from __future__ import annotations

import queue
import socket
import time
from collections.abc import Iterator

import pytest
from twin.live.probing import Probe, Prober

HERE = "127.0.0.1"
# From here nothing gets there (RFC 5737).
NOWHERE = "192.0.2.1"
Told = tuple[bool, float]


@pytest.fixture
def prober() -> Iterator[Prober]:
    found = Prober("")
    yield found
    found.stop()


def raw() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        return False
    return True


pinging = pytest.mark.skipif(not raw(), reason="raw sockets need more rights")


def once(prober: Prober, probe: Probe) -> Told:
    told: queue.Queue[Told] = queue.Queue()
    prober.once("it", probe, lambda answered, seconds: told.put((answered, seconds)))
    return told.get(timeout=5)


def test_a_port_that_is_open_answers_and_one_that_is_not_fails_at_once(prober: Prober) -> None:
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
        assert once(prober, Probe(HERE, 2, port=port))[0]
    answered, seconds = once(prober, Probe(HERE, 2, port=port))
    assert (answered, seconds < 1) == (False, True)


@pinging
@pytest.mark.parametrize("size", [0, 1, 56])
def test_a_ping_is_answered(prober: Prober, size: int) -> None:
    answered, seconds = once(prober, Probe(HERE, 2, size=size))
    assert (answered, seconds < 1) == (True, True)


@pinging
def test_patience_ends_when_it_is_said_to(prober: Prober) -> None:
    answered, seconds = once(prober, Probe(NOWHERE, 0.3, source=HERE))
    assert not answered
    assert 0.3 <= seconds < 0.6


def test_a_source_that_the_machine_has_not_is_told_when_patience_ends(prober: Prober) -> None:
    answered, seconds = once(prober, Probe(HERE, 0.2, source=NOWHERE, port=9))
    assert not answered
    assert 0.2 <= seconds < 0.5


def test_watching_goes_on_at_its_interval_until_it_is_forgotten(prober: Prober) -> None:
    told: queue.Queue[Told] = queue.Queue()
    with socket.create_server((HERE, 0)) as server:
        began = time.monotonic()
        probe = Probe(HERE, 1, port=server.getsockname()[1])
        prober.watch("it", probe, 0.1, lambda answered, seconds: told.put((answered, seconds)), delay=0.1)
        assert all(told.get(timeout=5)[0] for _dummy in range(4))
        assert 0.4 <= time.monotonic() - began < 0.7
        prober.forget("it")
        time.sleep(0.25)
    assert told.qsize() <= 1


def test_a_new_watch_of_a_key_takes_the_place_of_the_old(prober: Prober) -> None:
    old: queue.Queue[Told] = queue.Queue()
    probe = Probe(HERE, 0.2, source=NOWHERE, port=9)
    prober.once("it", probe, lambda answered, seconds: old.put((answered, seconds)))
    assert not once(prober, probe)[0]
    assert old.empty()
