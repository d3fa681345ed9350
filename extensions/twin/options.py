# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said on the command line, and how a wrong word is answered."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import NoReturn, TypeAlias

from .faults import WHEN
from .gate import DENIED, Seat
from .persona import COMPARED, DEFAULT_VERSION


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are answered by one sentence; who wants the usage asks for --help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


# argparse has no public name for what add_argument_group gives.
_Group: TypeAlias = "argparse._ArgumentGroup"


def parser() -> argparse.ArgumentParser:
    found = _Parser("twin", description="A RouterOS router to rehearse on, on the binary API.", allow_abbrev=False)
    _of_router(found.add_argument_group("the router"))
    _of_sockets(found.add_argument_group("where it listens"))
    _of_faults(found.add_argument_group("what goes wrong"))
    _of_process(found.add_argument_group("the process"))
    return found


def _of_router(group: _Group) -> None:
    group.add_argument("--version", default=DEFAULT_VERSION, help=f"RouterOS to be: {', '.join(COMPARED)}, or between")
    group.add_argument("--identity", default="MikroTik", help="name of the router")
    group.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="NAME:PASSWORD[:POLICIES]",
        help="account; policies are comma separated, all when left out; repeatable (default: admin, no password)",
    )
    group.add_argument("--seed", action="append", type=Path, default=[], help="JSON file: {menu: [row, ...]}")
    group.add_argument("--defconf", action="store_true", help="start with the factory firewall")
    group.add_argument("--old-login", action="store_true", help="login by challenge, as before 6.43")
    group.add_argument("--mask-secrets", action="store_true", help="show ***** to users without policy sensitive")


def _of_sockets(group: _Group) -> None:
    group.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    group.add_argument("--port", type=_port, default=0, help="port of the plain API; 0 takes any (default)")
    group.add_argument("--tls-port", type=_port, default=0, help="port of api-ssl; 0 takes any (default)")
    group.add_argument("--tls", action="store_true", help="api-ssl with a certificate made at the start")
    group.add_argument("--certificate", type=Path, help="PEM file for api-ssl; needs --key")
    group.add_argument("--key", type=Path, help="PEM file of the private key")
    group.add_argument("--anonymous-tls", action="store_true", help="api-ssl without certificate: anonymous DH only")


def _of_faults(group: _Group) -> None:
    group.add_argument(
        "--seat",
        type=_seat,
        metavar="CLIENT,ROUTER,INTERFACE",
        help="enforce the router's firewall on clients, as if all came from there, such as"
        " 192.168.88.10,192.168.88.1,ether2",
    )
    group.add_argument("--denied", choices=DENIED, default="hang", help="what clients meet that the firewall drops")
    group.add_argument("--latency", type=_seconds, default=0.0, help="seconds before each answer")
    group.add_argument(
        "--drop-after", type=_count, default=0, metavar="K", help="hang up at the K-th sentence after login, once"
    )
    group.add_argument(
        "--drop-when", choices=WHEN, default="after", help="that sentence is not executed, executed, or half answered"
    )


def _of_process(group: _Group) -> None:
    group.add_argument("--log", type=Path, help="file for round trips and sentences as JSON lines, secrets masked")
    group.add_argument("--ready-file", type=Path, help="file that holds the ports as JSON while the twin listens")
    group.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input closes")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to 65535)")
    return int(text)


def _seat(text: str) -> Seat:
    try:
        client, router, interface = text.split(",")
        return Seat(client, router, interface)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no CLIENT,ROUTER,INTERFACE") from None


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds (0 to 3600)")
    return found


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of sentences")
    return int(text)
