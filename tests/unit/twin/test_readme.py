# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the twin's README shows is run as it stands there, but for the port, which is any that is free."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from twin import Router
from twin.options import parser

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "extensions" / "twin" / "README.md").read_text()
PORT = "18728"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line[:2] == "$ "]


START, *PLAYS = commands()


@pytest.fixture
def environment() -> dict[str, str]:
    """`python` and `ansible-playbook` are those of the running tests."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": beside, "ANSIBLE_NOCOLOR": "1"}


@pytest.fixture
def started(tmp_path: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The twin of the README, and the port it took."""
    (tmp_path / "site-a.json").write_text(blocks("json")[0])
    (tmp_path / "extensions").symlink_to(ROOT / "extensions")
    command = START.replace(f"--port {PORT}", "--port 0") + " --exit-with-stdin"
    pipe = subprocess.PIPE
    with subprocess.Popen(
        f"exec env {command}", shell=True, cwd=tmp_path, env=environment, stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, line
        process.terminate()


def test_started_twin_says_what_the_readme_says(started: tuple[subprocess.Popen[str], str]) -> None:
    _dummy, line = started
    (shown,) = [text for text in blocks("console")[0].splitlines() if not text.startswith("$ ")]
    assert re.sub(r":\d+", f":{PORT}", line.strip()) == shown


def test_play_of_the_readme_changes_the_twin_once(
    tmp_path: Path, environment: dict[str, str], started: tuple[subprocess.Popen[str], str]
) -> None:
    port = started[1].rpartition(":")[2].strip()
    inventory, play = blocks("yaml")
    assert PORT in inventory
    (tmp_path / "inventory.yml").write_text(inventory.replace(PORT, port))
    (tmp_path / "play.yml").write_text(play)
    environment |= {"ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_LOCAL_TEMP": str(tmp_path / "temp")}
    found = []
    for command in PLAYS:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found += re.findall(r"changed=(\d+)", done.stdout)
    assert found == ["1", "0"]


def test_every_option_the_readme_names_exists() -> None:
    known = set(re.findall(r"--[a-z][a-z-]*", parser().format_help()))
    assert set(re.findall(r"--[a-z][a-z-]*", TEXT)) <= known


def test_seed_of_the_readme_is_an_object_of_menus() -> None:
    assert all(path.startswith("/") for path in json.loads(blocks("json")[0]))


def test_python_of_the_readme_runs() -> None:
    # Those of live twins are for tests/live.
    scheduled, *_others = (_played(block) for block in blocks("python") if "twin.live" not in block)
    entry = scheduled.rows("/system/scheduler")[0]
    assert entry["run-count"] == "1"


def _played(block: str) -> Router:
    """The router that a block makes; what else it promises it asserts itself."""
    found: dict[str, Router] = {}
    exec(block, found)
    return found["router"]
