# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbered packets from one host to another and back, as a program for either end; it writes down what it sees.

Every line of a record is a number and a moment. All nodes of a lab have the same monotonic clock.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import sys
import time
from pathlib import Path

NUMBER = struct.Struct("!Q")
PORT = 7007
# As much as a call of somebody who speaks carries.
FILLING = b"\0" * 152


def answer(record: Path) -> None:
    """Send every packet back to where it came from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, record.open("a", buffering=1) as arrived:
        sock.bind(("", PORT))
        print("listening", flush=True)
        while True:
            packet, sender = sock.recvfrom(2048)
            arrived.write(f"{NUMBER.unpack_from(packet)[0]} {time.monotonic():.6f}\n")
            with contextlib.suppress(OSError):
                sock.sendto(packet, sender)


def send(target: str, interval: float, sent: Path, returned: Path) -> None:
    """Send a packet each interval, and write down which come back."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        sent.open("a", buffering=1) as sending,
        returned.open("a", buffering=1) as returning,
    ):
        sock.bind(("", PORT))
        number, due = 0, time.monotonic()
        while True:
            while (left := due - time.monotonic()) > 0:
                if select.select([sock], [], [], left)[0]:
                    # An unreachable target is told as an error of the socket.
                    with contextlib.suppress(OSError):
                        found = NUMBER.unpack_from(sock.recv(2048))[0]
                        returning.write(f"{found} {time.monotonic():.6f}\n")
            number, due = number + 1, due + interval
            sending.write(f"{number} {time.monotonic():.6f}\n")
            with contextlib.suppress(OSError):
                sock.sendto(NUMBER.pack(number) + FILLING, (target, PORT))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        if sys.argv[1] == "answer":
            answer(Path(sys.argv[2]))
        else:
            send(sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
