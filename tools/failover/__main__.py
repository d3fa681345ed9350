# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs trials, several labs side by side, and prints the table; `make failover ARGS="--times 20 --method vrrp"`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from twin.live import Trouble
from twin.live.needs import makes

from tools.failover.failures import FAILURES, NOT_COVERED, reason
from tools.failover.flow import Damage
from tools.failover.table import table
from tools.failover.trials import Trial, trial

ROOT = Path(__file__).parents[2]
LABS = {
    "policy_switch": ("two-uplinks", "own-uplinks", "two-routers"),
    "policy_switch by dpd": ("two-routers",),
    "multi_peer": ("two-uplinks", "two-routers"),
    "vrrp": ("vrrp",),
    "routed": ("two-uplinks", "two-routers"),
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


def attempt(kind: Kind) -> Trial | None:
    """A trial, or what became of it on standard error."""
    try:
        found = trial(*kind)
    except (Trouble, TimeoutError) as error:
        print(f"{' / '.join(kind)}: {error}", file=sys.stderr)
        return None
    print(f"{' / '.join(kind)}: {found.lost} {found.returned_after} {found.returned}", file=sys.stderr, flush=True)
    return found


def elsewhere(arguments: Sequence[str], minutes: int) -> list[Trial]:
    """The same trials in an emulated machine, whose kernel has what this one lacks."""
    inside = [sys.executable, "-m", "tools.failover", "--json", "-", *arguments]
    command = [sys.executable, "-m", "twin.live.machine", "--share", str(ROOT), "--timeout", str(60 * minutes), "--"]
    done = subprocess.run([*command, *inside], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return [load(line) for line in done.stdout.splitlines() if line.startswith("{")]


def load(line: str) -> Trial:
    """A trial from its line."""
    found = json.loads(line)
    for name in ("lost", "returned"):
        found[name] = Damage(**found[name]) if found[name] else None
    return Trial(**found)


def measured(asked: Sequence[Kind], times: int, jobs: int) -> list[Trial]:
    """All trials, the kinds in turn, so that a disturbance does not meet one of them alone."""
    wanted = [kind for _turn in range(times) for kind in asked if not reason(*kind)]
    here = [kind for kind in wanted if kind[0] != "routed" or makes("gre")]
    there = list(dict.fromkeys(kind for kind in wanted if kind not in here))
    with ThreadPoolExecutor(jobs) as pool:
        found = [each for each in pool.map(attempt, here) if each]
    for method, lab, failure in there:
        words = ["--method", method, "--lab", lab, "--failure", failure, "--times", str(times), "--jobs", "1"]
        found += elsewhere(words, 5 + 4 * times)
    return found


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
        found = measured(asked, chosen.times, chosen.jobs)
    lines = "".join(f"{json.dumps(asdict(each))}\n" for each in found)
    if str(chosen.json) == "-":
        print(lines, end="")
        return 0
    if chosen.json:
        with chosen.json.open("a") as file:
            file.write(lines)
    print(text := table(found, asked))
    if chosen.write:
        put(ROOT / "docs" / "failover.md", chosen.write, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
