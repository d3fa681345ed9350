# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel that can encrypt, for machines whose own cannot: what a command in there sees, does, and leaves behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twin.live import uml

EXTENSIONS = Path(uml.__file__).parents[2]
TOOLS = f"{os.environ['PATH']}:{uml.SYSTEM_PATH}"

booted = pytest.mark.skipif(bool(uml.missing()), reason=f"NO user-mode-linux: {'; '.join(uml.missing())}")

# Two ends of a cable, and a tunnel between what lies behind them.
TUNNEL = """
set -e
key="auth hmac(sha256) 0x0102030405060708 enc cbc(aes) 0x00112233445566778899aabbccddeeff"
ip netns add a
ip netns add b
ip link add port netns a type veth peer name port netns b
end() {  # node, its address, the other's, what lies behind it, what lies behind the other
    ip -n $1 address add $2/24 dev port
    ip -n $1 address add $4/32 dev lo
    ip -n $1 link set lo up
    ip -n $1 link set port up
    ip -n $1 route add $5 via $3 src $4
    ip -n $1 xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 reqid 1 mode tunnel $key
    ip -n $1 xfrm state add src 192.0.2.2 dst 192.0.2.1 proto esp spi 0x200 reqid 1 mode tunnel $key
    ip -n $1 xfrm policy add src $4 dst $5 dir out tmpl src $2 dst $3 proto esp reqid 1 mode tunnel
    ip -n $1 xfrm policy add src $5 dst $4 dir in tmpl src $3 dst $2 proto esp reqid 1 mode tunnel
}
end a 192.0.2.1 192.0.2.2 10.1.0.1 10.2.0.1
end b 192.0.2.2 192.0.2.1 10.2.0.1 10.1.0.1
# A rule without a target does nothing but count.
ip netns exec b iptables-legacy -A INPUT -p 50
ip netns exec b iptables-legacy -A INPUT -p icmp -m policy --dir in --pol ipsec
ip netns exec b iptables-legacy -A INPUT -p icmp -m policy --dir in --pol none
ip netns exec a ping -q -c 3 -i 0.2 10.2.0.1 >&2
ip netns exec b iptables-legacy -nvxL INPUT | awk 'NR > 2 { print $1 }'
"""


def run(*arguments: str, folder: Path = EXTENSIONS, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twin.live.uml", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(EXTENSIONS), **environment}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, timeout=60, check=False)


def machines() -> set[str]:
    """Folders of machines that run, and those that are there."""
    found = {str(path) for path in Path("/tmp").glob("twin-uml-*")}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_text(errors="replace").split("\0")
            found |= {word.removeprefix("uml_dir=").rstrip("/") for word in words if word.startswith("uml_dir=/tmp/")}
    return found


@pytest.fixture
def tidy() -> Iterator[None]:
    """Nothing is left by a test; what has been killed may take a moment."""
    before = machines()
    yield
    end = time.monotonic() + 3
    while found := machines() - before:
        assert time.monotonic() < end, found
        time.sleep(0.05)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(uml, "COMMANDS", {"no-such-kernel": "user-mode-linux"})
    assert uml.main(["true"]) == uml.LACKING
    assert "user-mode-linux is not installed" in capfd.readouterr().err


@booted
@pytest.mark.usefixtures("tidy")
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


@booted
@pytest.mark.usefixtures("tidy")
def test_the_kernel_in_there_encrypts() -> None:
    done = run("--", sys.executable, "-c", "from twin.live.needs import kernel_esp; print(kernel_esp())")
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


@booted
@pytest.mark.usefixtures("tidy")
@pytest.mark.skipif(not shutil.which("iptables-legacy", path=TOOLS), reason="the package iptables is not installed")
def test_packets_cross_a_cable_encrypted() -> None:
    """All that arrives is ESP, and all that comes out of it is known to have been encrypted."""
    done = run("--", "sh", "-c", TUNNEL)
    assert done.returncode == 0, done.stderr
    encrypted, decrypted, clear = map(int, done.stdout.split())
    assert (encrypted, decrypted, clear) == (3, 3, 0)


@booted
@pytest.mark.usefixtures("tidy")
def test_a_command_that_takes_too_long_is_ended() -> None:
    done = run("--timeout", "5", "--", "sh", "-c", f"{sys.executable} -c 'while 1: pass' & sleep 60")
    assert (done.stderr, done.returncode) == ("twin.live.uml: the command did not end within 5 s\n", uml.LATE)


@booted
@pytest.mark.usefixtures("tidy")
def test_a_panic_is_told() -> None:
    done = run("--", "sh", "-c", "echo c >/proc/sysrq-trigger")
    assert done.returncode == uml.BROKEN
    assert done.stderr.startswith("twin.live.uml: user-mode-linux broke down: its kernel panicked: sysrq")


@booted
@pytest.mark.usefixtures("tidy")
def test_a_machine_goes_with_its_starter() -> None:
    command = [sys.executable, "-m", "twin.live.uml", "--", "sh", "-c", "echo here; sleep 60"]
    environment = {**os.environ, "PYTHONPATH": str(EXTENSIONS)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        process.kill()
