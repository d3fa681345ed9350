# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to a daemon that answers late, as one does on a busy machine."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import ExitStack, suppress
from types import SimpleNamespace

import pytest

pytest.importorskip("vici")

from twin.live.ipsec import charon
from twin.live.netns import Broken

LATE = 0.6


def answer(listener: socket.socket, number: int) -> None:
    """Take one conversation and answer its one request, the first of all late; each tells its number."""
    connection, _address = listener.accept()
    with connection:
        (length,) = struct.unpack("!I", connection.recv(4))
        connection.recv(length)
        time.sleep(LATE if number == 0 else 0)
        body = b"\x01" + b"\x03\x06number" + struct.pack("!H", 1) + str(number).encode()
        # Whoever asked may have hung up.
        with suppress(OSError):
            connection.sendall(struct.pack("!I", len(body)) + body)


def test_an_answer_that_comes_late_is_not_taken_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charon, "PATIENCE", LATE / 2)
    daemon = charon.Charon("r", kernel=False)
    monkeypatch.setattr(daemon, "_process", SimpleNamespace(poll=lambda: None, terminate=bool, wait=bool))
    with ExitStack() as stack:
        stack.callback(daemon.stop)
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(daemon.folder / "vici"))
        listener.listen()
        threads = [threading.Thread(target=answer, args=(listener, number)) for number in range(2)]
        threads[0].start()
        with pytest.raises(Broken, match="version: timed out"):
            daemon.ask("version")
        threads[1].start()
        assert daemon.ask("version") == {"number": b"1"}
        for thread in threads:
            thread.join()
