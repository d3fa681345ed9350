# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said on the command line of labs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TypeAlias

STATE = Path("twin-lab.json")


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are answered by one sentence; who wants the usage asks for --help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


# argparse has no public name for what add_subparsers gives.
_Verbs: TypeAlias = "argparse._SubParsersAction[_Parser]"


def parser() -> argparse.ArgumentParser:
    found = _Parser("twin.live", description="Routers that move packets, on this machine.", allow_abbrev=False)
    verbs = found.add_subparsers(
        dest="verb",
        required=True,
        metavar="up|status|run|try|cut|blackhole|mend|kill|revive|power-off|power-on|down|rehearse",
    )
    made = [add(verbs) for add in (_up, _status, _run, _try, _down, _rehearse)]
    for each in (*made, *_outages(verbs)):
        each.add_argument("--state", type=Path, default=STATE, metavar="FILE", help="state file (default %(default)s)")
    return found


def _verb(verbs: _Verbs, name: str, told: str) -> _Parser:
    return verbs.add_parser(name, help=told, description=told, allow_abbrev=False)


def _lasting(found: _Parser) -> None:
    found.add_argument(
        "--for", dest="lifetime", type=_seconds, default=0, metavar="SECONDS", help="after that it ends by itself"
    )


def _up(verbs: _Verbs) -> _Parser:
    found = _verb(verbs, "up", "start the lab that a file describes")
    found.add_argument("lab", type=Path, metavar="LAB.yml")
    found.add_argument(
        "--inventory", type=Path, metavar="FILE", help="write an Ansible inventory that leads to the twins"
    )
    found.add_argument(
        "--variables",
        type=Path,
        metavar="FILE",
        help="write extra variables that lead an inventory's names to the twins",
    )
    staying = found.add_mutually_exclusive_group()
    staying.add_argument("--foreground", action="store_true", help="stay, and end the lab on Ctrl-C")
    staying.add_argument("--exit-with-stdin", action="store_true", help="stay, and end the lab with standard input")
    _lasting(found)
    return found


def _status(verbs: _Verbs) -> _Parser:
    found = _verb(verbs, "status", "tell how routers and tunnels are")
    found.add_argument("--json", action="store_true", help="as data")
    found.add_argument(
        "--wait", type=_seconds, default=0, metavar="SECONDS", help="time to let what is not well become so"
    )
    return found


def _run(verbs: _Verbs) -> _Parser:
    found = _verb(verbs, "run", "run a command on a host, a router or the internet")
    found.add_argument("node", metavar="NODE")
    found.add_argument("--timeout", type=_seconds, default=60, metavar="SECONDS", help="its time (default %(default)s)")
    found.add_argument("command", nargs="+", metavar="-- COMMAND")
    return found


def _try(verbs: _Verbs) -> _Parser:
    found = _verb(verbs, "try", "try which flows work")
    found.add_argument("flows", type=Path, metavar="FLOWS.json")
    found.add_argument("--wait", type=_seconds, default=5, metavar="SECONDS", help="time to let tunnels stand")
    found.add_argument("--before", type=Path, metavar="FILE", help="what an earlier try told with --json, to compare")
    found.add_argument("--json", action="store_true", help="as data")
    return found


def _outages(verbs: _Verbs) -> Iterator[_Parser]:
    """What can be broken, and mended."""
    ends, daemon, power = ("ONE", "OTHER"), ("ROUTER", "DAEMON"), ("ROUTER",)
    for verb, told, names in (
        ("cut", "take the cables between two nodes out", ends),
        ("blackhole", "let what crosses the cables between two nodes vanish", ends),
        ("mend", "undo a cut or a black hole", ends),
        ("kill", "end a router's daemon, ike or vrrp, as a crash does", daemon),
        ("revive", "start a daemon that was killed", daemon),
        ("power-off", "take a router's power away", power),
        ("power-on", "let a router start again", power),
    ):
        found = _verb(verbs, verb, told)
        found.add_argument("names", nargs=len(names), metavar=names)
        yield found


def _down(verbs: _Verbs) -> _Parser:
    return _verb(verbs, "down", "end the lab")


def _rehearse(verbs: _Verbs) -> _Parser:
    found = _verb(verbs, "rehearse", "start twins of routers that were read; for the playbook rehearse.yml")
    found.add_argument("folder", type=Path, metavar="FOLDER", help="has survey.json, and gets what is made of it")
    _lasting(found)
    return found


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds
