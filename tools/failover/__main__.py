# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs trials, several labs side by side, and prints the table; `make failover ARGS="--times 20 --method vrrp"`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from twin.live import Trouble
from twin.live.needs import makes

from tools.failover.failures import FAILURES, NOT_COVERED, reason
from tools.failover.flow import Damage
from tools.failover.labs import routed
from tools.failover.table import table
from tools.failover.trials import Trial, trials

ROOT = Path(__file__).parents[2]
LABS = {
    "policy_switch": ("two-uplinks", "own-uplinks", "two-routers"),
    "policy_switch by dpd": ("two-routers",),
    "policy_switch quickly": ("two-uplinks", "two-routers"),
    "multi_peer": ("two-uplinks", "two-routers"),
    "vrrp": ("vrrp",),
    "routed": ("two-uplinks", "two-routers"),
    "routed quickly": ("two-uplinks",),
}
Kind = tuple[str, str, str]


def kinds(methods: Sequence[str], labs: Sequence[str], failures: Sequence[str]) -> Iterator[Kind]:
    """Method, lab and failure of all that there is, or of what was asked for."""
    for method in methods or LABS:
        for lab in LABS[method]:
            uncovered = [failure for name, failure in NOT_COVERED if name == lab]
            for failure in (*FAILURES[lab], *uncovered):
                if (not labs or lab in labs) and (not failures or failure in failures):
                    yield method, lab, failure


def attempt(kind: Kind, times: int) -> list[Trial]:
    """Trials in as few labs as it takes; what becomes of each goes to standard error, also if it comes to nothing."""
    done: list[Trial] = []
    try:
        while len(done) < times:
            for found in trials(*kind, times - len(done)):
                done.append(found)
                print(f"{' / '.join(kind)}: {found.lost} {found.returned_after} {found.returned}", file=sys.stderr)
    except (Trouble, TimeoutError) as error:
        print(f"{' / '.join(kind)}: {error}", file=sys.stderr)
    return done


def elsewhere(kind: Kind, times: int, row: int) -> list[Trial]:
    """Trials in an emulated machine, whose kernel has what this one lacks; it takes minutes to start a lab there."""
    words = [word for pair in zip(("--method", "--lab", "--failure"), kind, strict=True) for word in pair]
    counts = ["--times", str(times), "--row", str(row), "--jobs", "1"]
    inside = [sys.executable, "-m", "tools.failover", "--json", "-", *words, *counts]
    minutes = 5 + 2 * times + 2 * -(-times // row)
    command = [sys.executable, "-m", "twin.live.machine", "--share", str(ROOT), "--timeout", str(60 * minutes), "--"]
    done = subprocess.run([*command, *inside], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{' / '.join(kind)}: the emulated machine ended with {done.returncode}", file=sys.stderr)
    return [load(line) for line in done.stdout.splitlines() if line.startswith("{")]


def load(line: str) -> Trial:
    """A trial from its line."""
    found = json.loads(line)
    for name in ("lost", "returned"):
        found[name] = Damage(**found[name]) if found[name] else None
    return Trial(**found)


def measured(asked: Sequence[Kind], chosen: argparse.Namespace) -> Iterator[Trial]:
    """All trials, the kinds in turn, so that a disturbance does not meet one of them alone."""
    rows = [min(chosen.row, chosen.times - done) for done in range(0, chosen.times, chosen.row)]
    wanted = [kind for kind in asked if not reason(*kind)]
    there = [kind for kind in wanted if routed(kind[0]) and not makes("gre")]
    here = [(kind, times) for times in rows for kind in wanted if kind not in there]
    with ThreadPoolExecutor(chosen.jobs) as pool:
        for found in pool.map(lambda each: attempt(*each), here):
            yield from found
    for kind in there:
        yield from elsewhere(kind, chosen.times, chosen.row)


def kept(found: Iterable[Trial], where: Path | None) -> Iterator[Trial]:
    """The same trials; each is written as soon as it is there, since many take hours."""
    for each in found:
        line = f"{json.dumps(asdict(each))}\n"
        if str(where) == "-":
            print(line, end="", flush=True)
        elif where:
            with where.open("a") as file:
                file.write(line)
        yield each


def put(page: Path, name: str, text: str) -> None:
    """Write a table between its two marks in a page."""
    before, found, rest = page.read_text().partition(f"<!-- measured: {name} -->\n")
    _old, mark, after = rest.partition("<!-- /measured -->")
    if not found or not mark:
        raise SystemExit(f"{page} has no place for {name}")
    page.write_text(f"{before}{found}{text}\n{mark}{after}")


def options() -> argparse.ArgumentParser:
    """What may be asked for."""
    parser = argparse.ArgumentParser(prog="failover", description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="trials of each kind")
    parser.add_argument("--row", type=int, default=1, help="how many of them in a row in the same lab")
    parser.add_argument("--jobs", type=int, default=4, help="labs side by side")
    for name, values in (("method", LABS), ("lab", FAILURES), ("failure", None)):
        parser.add_argument(f"--{name}", action="append", choices=values, help="only this; may be given several times")
    parser.add_argument("--json", type=Path, help="where to add a line for each trial, or - for standard output")
    parser.add_argument(
        "--from", dest="source", type=Path, help="make the table of what --json wrote, and measure nothing"
    )
    parser.add_argument("--write", metavar="NAME", help="put the table into its place in docs/failover.md, too")
    return parser


def main() -> int:
    """Print the table, or with --json a line for each trial."""
    chosen = options().parse_args()
    asked = list(kinds(chosen.method or (), chosen.lab or (), chosen.failure or ()))
    if chosen.source:
        found = [load(line) for line in chosen.source.read_text().splitlines()]
    else:
        found = list(kept(measured(asked, chosen), chosen.json))
    if str(chosen.json) == "-":
        return 0
    print(text := table(found, asked))
    if chosen.write:
        put(ROOT / "docs" / "failover.md", chosen.write, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
