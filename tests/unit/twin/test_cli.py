# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m twin` as a process: what it says, how it starts and how it ends."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import librouteros
import pytest

EXTENSIONS = Path(__file__).parents[3] / "extensions"
Process = subprocess.Popen[str]
Start = Callable[..., Process]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(EXTENSIONS)}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A start that is expected to end by itself."""
    command = [sys.executable, "-m", "twin", *map(str, arguments)]
    return subprocess.run(
        command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def start() -> Iterator[Start]:
    """A function that starts a twin; whatever still runs at the end is killed."""
    with ExitStack() as stack:

        def begin(*arguments: str | Path) -> Process:
            pipe = subprocess.PIPE
            command = [sys.executable, "-m", "twin", *map(str, arguments)]
            process = subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield begin


def line(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def ended(process: Process) -> tuple[int, str]:
    """Exit status and what was said on standard error."""
    _dummy, said = process.communicate(timeout=60)
    return process.returncode, said


def login(port: int, password: str = "", **options: Any) -> librouteros.api.Api:
    return librouteros.connect("127.0.0.1", "admin", password, port=port, encoding="utf-8", **options)


def test_help_names_every_group_of_options() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for heading in ("the router", "where it listens", "what goes wrong", "the process"):
        assert f"{heading}:" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--version", "6.49"], "RouterOS 6.49 is outside what the twin knows (7.10 to 7.24)"),
        (["--version", "new"], "'new' is not a RouterOS version such as 7.22.3"),
        (
            ["--seat", "192.0.2.7,2001:db8::1,ether1"],
            "argument --seat: '192.0.2.7,2001:db8::1,ether1' is no CLIENT,ROUTER,INTERFACE",
        ),
        (["--port", "70000"], "argument --port: '70000' is no port (0 to 65535)"),
        (["--latency", "-1"], "argument --latency: '-1' is no number of seconds (0 to 3600)"),
        (["--latency", "nan"], "argument --latency: 'nan' is no number of seconds (0 to 3600)"),
        (["--drop-after", "soon"], "argument --drop-after: 'soon' is no number of sentences"),
        (["--user", "ops:x:api,fly"], "'fly' is no user policy; known are "),
        (["--user", ":x"], "an account needs a name"),
        (["--certificate", "c.pem"], "--certificate and --key go together"),
        (["--tls", "--anonymous-tls"], "--tls, --certificate and --anonymous-tls exclude each other"),
        (["--tls-port", "8729"], "--tls-port needs --tls, --certificate or --anonymous-tls"),
        (["--seed", "nowhere.json"], "nowhere.json: No such file or directory"),
        (["--log", "nowhere/twin.log"], "nowhere/twin.log: No such file or directory"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1 port 0: Cannot assign requested address"),
    ],
)
def test_wrong_argument_is_answered_by_one_sentence(arguments: list[str], sentence: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"twin: {sentence}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is no JSON"),
        ("[]", "must hold an object of menus, each a list of rows"),
        ('{"/ip/ipsec/peer": {}}', "must hold an object of menus, each a list of rows"),
        ('{"/ip/nothing": []}', "RouterOS 7.22.3 has no menu /ip/nothing"),
        ('{"/ip/ipsec/peer": [{"profile": "x"}]}', "/ip/ipsec/peer, row 0: input does not match any value of profile"),
    ],
)
def test_wrong_seed_is_answered_by_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(content)
    done = run("--seed", seed)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_files_that_are_no_certificate_are_named(tmp_path: Path) -> None:
    file = tmp_path / "some.pem"
    file.write_text("nothing")
    done = run("--certificate", file, "--key", file)
    assert (done.returncode, done.stderr) == (2, f"twin: {file} and {file} are no PEM certificate and its key\n")


def test_taken_port_is_named(start: Start) -> None:
    port = line(start()).rpartition(":")[2].strip()
    done = run("--port", port)
    text = f"twin: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
    assert (done.returncode, done.stderr) == (2, text)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly_with_clients_connected(tmp_path: Path, start: Start, number: int) -> None:
    ready = tmp_path / "ready.json"
    process = start("--ready-file", ready)
    assert line(process).startswith("twin MikroTik api 127.0.0.1:")
    api = login(json.loads(_when_there(process, ready))["port"])
    process.send_signal(number)
    assert ended(process) == (0, "")
    assert not ready.exists()
    api.close()


def _when_there(process: Process, ready: Path) -> str:
    """The ready file follows the line at once; a process that ended never writes it."""
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.01)
    return ready.read_text()


def test_ready_file_tells_what_a_program_needs(tmp_path: Path, start: Start) -> None:
    ready = tmp_path / "ready.json"
    process = start("--ready-file", ready, "--tls", "--identity", "site-a", "--version", "7.24", "--user", "admin:x")
    assert line(process).startswith("twin site-a api 127.0.0.1:")
    found = json.loads(_when_there(process, ready))
    assert (found["identity"], found["version"], found["pid"]) == ("site-a", "7.24", process.pid)
    assert len(found["fingerprint"]) == 64
    wrap = ssl.create_default_context(cafile=found["ca_file"]).wrap_socket
    api = login(found["tls_port"], "x", ssl_wrapper=lambda sock: wrap(sock, server_hostname="localhost"))
    assert [row["version"] for row in api.path("system", "resource")] == ["7.24 (stable)"]
    api.close()


def test_ready_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    done = run("--ready-file", tmp_path / "nowhere" / "ready.json")
    assert done.returncode == 2
    assert done.stderr.endswith("ready.json.part: No such file or directory\n")
    assert done.stderr.count("\n") == 1


def test_end_of_standard_input_ends_it_where_that_is_wanted(start: Start) -> None:
    process = start("--exit-with-stdin")
    line(process)
    assert process.stdin is not None
    process.stdin.write("whatever\n")
    process.stdin.flush()
    assert process.poll() is None
    assert ended(process) == (0, "")
    assert run("--exit-with-stdin").returncode == 0


def test_seed_comes_on_top_of_the_factory_firewall(tmp_path: Path, start: Start) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"/ip/firewall/filter": [{"chain": "input", "in-interface-list": "LAN", "disabled": true}]}')
    api = login(int(line(start("--defconf", "--seed", seed)).rpartition(":")[2]))
    rules = [row for row in api.path("ip", "firewall", "filter") if not row["dynamic"]]
    assert (len(rules), rules[-1]["in-interface-list"], rules[-1]["disabled"]) == (12, "LAN", True)
    api.close()


def test_seat_lets_the_firewall_act_on_clients(start: Start) -> None:
    api = login(int(line(start("--seat", "192.0.2.7,192.0.2.1,ether1", "--denied", "close")).rpartition(":")[2]))
    api.path("ip", "firewall", "filter").add(chain="input", action="drop", **{"src-address": "192.0.2.0/24"})
    # Whether a cut looks like an end or a reset depends on what was under way.
    with pytest.raises((librouteros.exceptions.ConnectionClosed, ConnectionResetError)):
        list(api.path("ip", "firewall", "filter"))
    api.close()


def test_account_has_the_policies_it_is_given(start: Start) -> None:
    port = int(line(start("--user", "admin:x:api,read")).rpartition(":")[2])
    api = login(port, "x")
    with pytest.raises(librouteros.exceptions.TrapError, match=r"not enough permissions \(9\)"):
        api.path("ip", "ipsec", "peer").add(name="a")
    api.close()


def test_faults_and_log_are_switched_on_from_the_command_line(tmp_path: Path, start: Start) -> None:
    log = tmp_path / "twin.log"
    process = start("--drop-after", "2", "--drop-when", "before", "--log", log)
    api = login(int(line(process).rpartition(":")[2]))
    assert list(api.path("ip", "ipsec", "peer")) == []
    with pytest.raises(librouteros.exceptions.ConnectionClosed):
        api.path("ip", "ipsec", "peer").add(name="a")
    api.close()
    process.send_signal(signal.SIGTERM)
    assert ended(process) == (0, "")
    events = [json.loads(entry)["event"] for entry in log.read_text().splitlines()]
    assert events.count("sentence") == 2
    assert "drop" in events
