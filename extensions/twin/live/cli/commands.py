# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: labs that outlive the command that starts them, and are found again by a state file."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..lab import EXTENSIONS, Place, Trouble
from ..rehearsal.flows import Flow, attempt, table
from ..rehearsal.rehearsing import prepare
from ..topology import KERNEL
from .condition import Condition, conditions, settled
from .held import Absent, Held
from .keeper import Job, hold
from .labfile import load
from .options import parser
from .record import PREFIX, Record


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; what is wrong is told in one sentence, with status 2, or 1 where no lab runs."""
    options = parser().parse_args(arguments)
    verbs = {"up": up, "status": status, "run": run, "try": try_flows, "rehearse": rehearse, "down": down}
    try:
        return verbs.get(options.verb, fail)(options)
    except Absent as error:
        return _sorry(error, 1)
    except (Trouble, ValueError, OSError) as error:
        return _sorry(error, 2)


def _sorry(error: Exception, status: int) -> int:
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    print(f"twin.live: {text}", file=sys.stderr)
    return status


def up(options: argparse.Namespace) -> int:
    """Start a lab, and tell where its routers are."""
    state = options.state.absolute()
    plan = load(options.lab)
    if state.exists():
        old = Held(state)
        if old.alive():
            raise Trouble(f"a lab runs already, says {options.state}; `down` ends it")
        old.clear()
    inventory, variables = (file and file.absolute() for file in (options.inventory, options.variables))
    for file in (state, inventory, variables):
        if file and not os.access(file.parent, os.W_OK):
            raise Trouble(f"nothing can be written to {file.parent}")
    job = Job(plan, _folder(), state, inventory, variables, options.lifetime)
    if options.foreground or options.exit_with_stdin:
        hold(job, _announce, with_stdin=options.exit_with_stdin)
    else:
        _announce(begin(job))
    return 0


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix=PREFIX))


def rehearse(options: argparse.Namespace) -> int:
    """Start twins of the routers in a survey, and write what leads to them; tells what they are worth."""
    folder = options.folder.absolute()
    prepared = prepare(json.loads((folder / "survey.json").read_text("utf-8")))
    begun = begin(Job(prepared.drawing.plan, _folder(), options.state.absolute(), lifetime=options.lifetime))
    prepared.write(folder, begun)
    print(json.dumps(prepared.told()))
    return 0


def begin(job: Job) -> Record:
    """Let a process of its own hold the lab; standard error would tie it to whoever reads that, so a file takes it."""
    with (job.folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "twin.live.cli.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(EXTENSIONS)},
        )
    assert process.stdin
    assert process.stdout
    with process.stdin, process.stdout:
        process.stdin.write(job.dump() + "\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline() or "{}")
    if "ready" not in told:
        process.wait()
        raise Trouble(told.get("error", "the lab ended while it started"))
    return Record.load(told["ready"])


def _announce(found: Record) -> None:
    for name, place in found.routers.items():
        print(f"{name}: {_where(place)}")
    print(
        f"packets are encrypted by {'the kernel' if found.ipsec == KERNEL else 'strongSwan, in user space'}", flush=True
    )


def _where(place: Place) -> str:
    tls = f", api-ssl {place.host}:{place.tls_port}, authority {place.ca_file}" if place.tls_port else ""
    return f"RouterOS {place.version}, api {place.host}:{place.port}{tls}"


def status(options: argparse.Namespace) -> int:
    """Tell how each router is; 0 says that all are well."""
    lab = Held(options.state)
    end = time.monotonic() + options.wait
    while True:
        found = conditions(lab, lab.record.routers)
        well = all(each.well for each in found.values())
        if well or time.monotonic() > end:
            break
        time.sleep(0.2)
    if options.json:
        print(json.dumps({name: asdict(each) for name, each in found.items()}, indent=2))
    else:
        for name, each in found.items():
            print("\n".join(_told(name, lab.record.routers[name], each)))
    return 0 if well else 1


def _told(name: str, place: Place, found: Condition) -> list[str]:
    lines = [f"{name}: {_where(place)}, {'answers' if found.reachable else 'does NOT answer'}"]
    for each in found.tunnels:
        ways = f"{each.src_address} - {each.dst_address}"
        lines.append(f"  {each.peer or 'no peer'}: {ways}: phase 1 {each.phase1}, phase 2 {each.phase2}")
    return lines if found.tunnels else [*lines, "  no tunnels"]


def run(options: argparse.Namespace) -> int:
    """Run a command in the lab; its output comes when it has ended, and its status is ours."""
    done = Held(options.state).run(options.node, *options.command, timeout=options.timeout)
    sys.stdout.write(done.out)
    sys.stderr.write(done.err)
    return done.status


def try_flows(options: argparse.Namespace) -> int:
    """Tell which flows work; 0 says that it is known, whatever it is."""
    wanted = [Flow.read(each) for each in json.loads(options.flows.read_text("utf-8"))]
    lab = Held(options.state)
    works = attempt(lab, wanted, options.wait, lambda: settled(lab, lab.record.routers))
    columns = {"works": works}
    if options.before:
        before = [each["works"] for each in json.loads(options.before.read_text("utf-8"))["flows"]]
        columns = {"before": before, "after": works}
    rows = [
        {**flow.shown(), **dict(zip(columns, each, strict=True))}
        for flow, each in zip(wanted, zip(*columns.values(), strict=True), strict=True)
    ]
    lines = table(wanted, columns)
    print(json.dumps({"flows": rows, "table": lines}, indent=2) if options.json else lines)
    return 0


def fail(options: argparse.Namespace) -> int:
    """Break something, or mend it."""
    Held(options.state).fail(options.verb, *options.names)
    return 0


def down(options: argparse.Namespace) -> int:
    """End the lab, or remove what one that was killed has left."""
    lab = Held(options.state)
    try:
        lab.down()
    except Absent:
        lab.clear()
        print("the lab had ended already")
    return 0
