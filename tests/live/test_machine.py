# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel that can encrypt, for machines whose own cannot: what a command in there sees, does, and leaves behind."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twin.live import machine
from twin.live.needs import kernel_esp

from tests.live.conftest import lacking

ROOT = Path(__file__).parents[2]
EXTENSIONS = ROOT / "extensions"
FAITHFUL = ("faithful", "failover_routed")


@pytest.fixture(scope="module", autouse=True)
def _able() -> None:
    """Skip, with what is missing, unless machines can be emulated; LIVE_TWINS=required makes it a failure."""
    lacking(machine.missing(), "emulated machines")


def run(
    *arguments: str, folder: Path = EXTENSIONS, patience: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    # The tests may lie below /tmp, of which a machine has its own.
    command = [sys.executable, "-m", "twin.live.machine", "--share", str(ROOT), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(EXTENSIONS), **environment}
    return subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, timeout=patience, check=False
    )


@pytest.fixture(autouse=True)
def _tidy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is left by a test; what has been killed may take a moment."""
    place = tmp_path / "machines"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    yield
    end = time.monotonic() + 10
    while found := [*place.iterdir(), *running(place)]:
        assert time.monotonic() < end, found
        time.sleep(0.1)


def running(place: Path) -> list[str]:
    """Machines whose folder is in a place."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += re.findall(rf"path=({re.escape(str(place))}/[^,]*)", path.read_text(errors="replace"))
    return found


def test_what_is_missing_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert machine.main(["--kernel", str(tmp_path), "true"]) == machine.LACKING
    assert f"there is no kernel with its modules in {tmp_path}" in capfd.readouterr().err


def test_a_command_runs_as_it_would_here(tmp_path: Path) -> None:
    """Below /tmp, too, it is in the caller's folder; what it says and writes arrives, and so does its status."""
    script = 'id -u; uname -r; echo "$WORD"; cat; echo told >&2; touch /tmp/x /run/x; echo kept >file; exit 7'
    done = run("--", "sh", "-c", script, folder=tmp_path, WORD='it\'s a "word"')
    assert (done.stderr, done.returncode) == ("told\n", 7)
    user, release, word = done.stdout.splitlines()
    assert (user, word) == ("0", 'it\'s a "word"')
    assert release != os.uname().release
    assert (tmp_path / "file").read_text() == "kept\n"
    assert not Path("/run/x").exists()


def test_what_needs_a_kernel_with_esp_runs_where_there_is_one() -> None:
    """On a machine whose own kernel has none, the faithful tests run in an emulated one."""
    if kernel_esp():
        pytest.skip("this kernel has ESP, so they run here")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", *(f"tests/live/test_{name}.py" for name in FAITHFUL)]
    done = run("--timeout", "1200", "--", *command, folder=ROOT, patience=1260, LIVE_TWINS="required")
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_command_that_takes_too_long_is_ended() -> None:
    done = run("--timeout", "45", "--", "sh", "-c", f"{sys.executable} -c 'while 1: pass' & sleep 600")
    assert (done.stderr, done.returncode) == ("twin.live.machine: the command did not end within 45 s\n", machine.LATE)


def test_a_panic_is_told() -> None:
    done = run("--", "sh", "-c", "echo c >/proc/sysrq-trigger")
    assert done.returncode == machine.BROKEN
    assert done.stderr.startswith("twin.live.machine: the machine broke down: its kernel panicked: sysrq")


def test_a_machine_goes_with_its_starter() -> None:
    command = [sys.executable, "-m", "twin.live.machine", "--", "sh", "-c", "echo here; sleep 600"]
    environment = {**os.environ, "PYTHONPATH": str(EXTENSIONS)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        process.kill()
