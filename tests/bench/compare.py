# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same wishes through community.routeros and through this collection, side by side as one table.

Everything is a real ansible-playbook against fresh twins. Counts are the same everywhere; CPU is given as a ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from statistics import median
from types import ModuleType

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "extensions")]
# Packages that lint needs install a `tests` of their own, which would be found instead of the one here.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(ROOT / "tests")]

from twin import DEFAULT_VERSION, Server  # noqa: E402

from tests.bench.sides import Ours, Side, Theirs, fresh  # noqa: E402
from tests.bench.situations import SITUATIONS, TUNNEL  # noqa: E402
from tests.integration.playing import Task  # noqa: E402

THEIRS, OURS = Theirs(), Ours()
REPETITIONS = 5
# Tasks to divide by: theirs are slow, so a few are enough.
FEW, MANY = 10, 60
NOTES = f"""\
Options of {THEIRS.name}: `api_modify` with its defaults where nothing else is said. A task that owns something has
`handle_absent_entries: remove`, `handle_entries_content: remove_as_much_as_possible` and `restrict` (to the field
`name` or `peer`, to a `regex` on the comment, or to the chain), for rules also `ensure_order: true`: what its
documentation offers for such uses. Its modules `api` and `command` send what they are given and know no wanted state;
they are left out.

Options of {OURS.name}: the default state `merged`, `deleted` to remove the tunnel; a task that owns something has
`state: overridden` and the same thing as `scope`, and `keep: [disabled]` where the router switches policies. As few
tasks as possible: one per menu with {THEIRS.name}, one `config` with {OURS.name}.

CPU: user and system time of ansible-playbook and its children, with `ANSIBLE_PIPELINING=1`; how much {FEW} (theirs) or
{MANY} (ours, `ansible.builtin.debug`) tasks more in a play cost, for one; median of {REPETITIONS} ratios, each of
measurements in a row; lowest and highest in parentheses. Both use the plain API."""


def version(clients: Path) -> str:
    """Which community.routeros this is: a release has a manifest, a checkout its galaxy.yml."""
    home = clients / "ansible_collections" / "community" / "routeros"
    if (manifest := home / "MANIFEST.json").exists():
        return str(json.loads(manifest.read_text())["collection_info"]["version"])
    lines = (home / "galaxy.yml").read_text().splitlines()
    return next(line.removeprefix("version:").strip() for line in lines if line.startswith("version:"))


def cpu(side: Side, server: Server, tasks: list[Task]) -> float:
    """CPU seconds of one ansible-playbook and all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert not side.make(server, *tasks, ANSIBLE_PIPELINING="1").changed
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cpu_of_a_task(side: Side, server: Server, task: Task, number: int) -> float:
    """What one more such task costs in a play."""
    return (cpu(side, server, [task] * (1 + number)) - cpu(side, server, [task])) / number


def measure_cpu() -> Iterator[tuple[str, str, str]]:
    """A task that changes nothing, in debug tasks of the same repetition."""
    debug: Task = {"name": "debug", "ansible.builtin.debug": {"msg": "nothing"}}
    theirs, ours = [], []
    with fresh() as server:
        OURS.make(server, *OURS.together(TUNNEL))
        for _repetition in range(REPETITIONS):
            unit = cpu_of_a_task(OURS, server, debug, MANY)
            theirs.append(cpu_of_a_task(THEIRS, server, THEIRS.wish(*TUNNEL[0]), FEW) / unit)
            ours.append(cpu_of_a_task(OURS, server, OURS.wish(*TUNNEL[0]), MANY) / unit)
    yield "CPU of a task that changes nothing, in `debug` tasks", spread(theirs), spread(ours)
    yield "... in our tasks", spread([a / b for a, b in zip(theirs, ours, strict=True)]), "1"


def spread(found: list[float]) -> str:
    return f"{median(found):.1f} ({min(found):.1f} to {max(found):.1f})"


def findings() -> Iterator[tuple[str, str, str]]:
    """Every line of the table."""
    for situation in SITUATIONS:
        for theirs, ours in zip_longest(situation(THEIRS), situation(OURS)):
            assert theirs[0] == ours[0]
            yield *theirs, ours[1]
    yield from measure_cpu()


def main() -> None:
    """Print the table as Markdown, line by line as it is found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=Path, default=ROOT / ".cache" / "clients", help="folder of collections")
    clients = parser.parse_args().clients.resolve()
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = f"{ROOT / '.collections'}:{clients}"
    os.environ.pop("ANSIBLE_CONFIG", None)
    print(f"On RouterOS {DEFAULT_VERSION} as the twin plays it:\n")
    print(f"| Situation | {THEIRS.name} {version(clients)} | {OURS.name} |\n|---|---|---|")
    for line in findings():
        print(f"| {' | '.join(line)} |", flush=True)
    print(f"\n{NOTES}")


if __name__ == "__main__":
    main()
