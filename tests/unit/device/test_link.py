# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes both ways at once, without either side waiting for the other."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken, Closed, Link

Pair = tuple[Link, socket.socket]
PIECE = 1000


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    link = Link(ours, 0.5)
    yield link, theirs
    link.close()
    theirs.close()


@contextlib.contextmanager
def behind(act: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join()


def take(sock: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = sock.recv(length - len(data))
        if not piece:
            raise OSError("the client hung up")
        data += piece
    return data


def test_bytes_are_read_as_asked_for(pair: Pair) -> None:
    link, theirs = pair
    theirs.sendall(b"abcdef")
    assert [link.read(1), link.read(0), link.read(3)] == [b"a", b"", b"bcd"]
    theirs.sendall(b"gh")
    assert link.read(4) == b"efgh"
    assert link.greeting == b"ab"


def test_what_is_written_leaves_with_the_next_read(pair: Pair) -> None:
    link, theirs = pair
    link.write(b"ask")
    theirs.sendall(b"!")
    link.read(1)
    assert theirs.recv(10) == b"ask"


def test_a_router_that_reads_nothing_until_its_answer_is_taken_blocks_nothing(pair: Pair) -> None:
    link, theirs = pair
    theirs.settimeout(5)
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        theirs.setsockopt(socket.SOL_SOCKET, option, 4096)
    pieces = 5_000

    def answer() -> None:
        # Over a client that sends everything first this runs into its own timeout, and closes.
        with contextlib.suppress(OSError), theirs:
            for _dummy in range(pieces):
                assert take(theirs, PIECE) == b"q" * PIECE
                theirs.sendall(b"a" * PIECE)

    with behind(answer):
        link.write(b"q" * PIECE * pieces)
        assert link.read(PIECE * pieces) == b"a" * PIECE * pieces


def test_a_router_that_answers_only_the_whole_batch_gets_all_of_it(pair: Pair) -> None:
    link, theirs = pair
    theirs.settimeout(5)
    batch = PIECE * 5_000

    def answer() -> None:
        with contextlib.suppress(OSError), theirs:
            assert take(theirs, batch) == b"q" * batch
            theirs.sendall(b"a")

    with behind(answer):
        link.write(b"q" * batch)
        assert link.read(1) == b"a"


def test_silence_is_borne_as_long_as_agreed(pair: Pair) -> None:
    link, theirs = pair
    theirs.sendall(b"a")
    started = time.monotonic()
    with pytest.raises(Broken, match=r"^the router did not answer within 0\.5 s$") as caught:
        link.read(2)
    assert not isinstance(caught.value, Closed)
    assert 0.5 <= time.monotonic() - started < 3


def test_a_slow_answer_is_no_silence(pair: Pair) -> None:
    link, theirs = pair

    def dribble() -> None:
        for _dummy in range(8):
            time.sleep(0.1)
            theirs.sendall(b"a")

    with behind(dribble):
        assert link.read(8) == b"a" * 8


def test_the_end_comes_after_what_was_sent(pair: Pair) -> None:
    link, theirs = pair
    theirs.sendall(b"ab")
    theirs.close()
    link.write(b"too late")
    assert link.read(2) == b"ab"
    with pytest.raises(Closed):
        link.read(1)


def test_a_reset_connection_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _dummy = server.accept()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    theirs.close()
    link = Link(ours, 0.5)
    with pytest.raises(Closed, match=r"^the connection broke \(Connection reset by peer\)$"):
        link.read(1)
    link.close()


def test_closing_twice_is_harmless(pair: Pair) -> None:
    pair[0].close()
    pair[0].close()
