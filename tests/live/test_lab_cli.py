# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m twin.live`: labs that outlive the command that starts them, and what is told of wrong input."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import librouteros
import pytest
import yaml

from tests.live.conftest import able
from tests.live.sites import until

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example" / "lab.yml"
Done = subprocess.CompletedProcess[str]
Twin = Callable[..., Done]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "twin.live", *words]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Twin]:
    """Runs a command in a folder of the test's own; a lab that is left is ended."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "extensions")}

    def run(*words: str) -> Done:
        return subprocess.run(
            command(*words), check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )

    yield run
    if (tmp_path / "twin-lab.json").exists():
        run("down")


def state(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "twin-lab.json").read_text()))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A child of init that nobody has waited for is gone, too.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_example_lab_goes_up_is_looked_at_and_goes_down(live: Twin, tmp_path: Path) -> None:
    able()
    up = live("up", str(EXAMPLE), "--inventory", "inventory.yml", "--variables", "twins.json")
    assert (up.returncode, up.stderr) == (0, "")
    assert [line.partition(",")[0] for line in up.stdout.splitlines()[:2]] == [
        "hq: RouterOS 7.22.3",
        "branch: RouterOS 7.16.2",
    ]
    hosts = yaml.safe_load((tmp_path / "inventory.yml").read_text())["all"]["hosts"]
    assert (hosts["hq"]["routeros_transport"], hosts["hq"]["ansible_user"]) == ("api-ssl", "ansible")
    assert Path(hosts["hq"]["routeros_ca_file"]).exists()
    assert json.loads((tmp_path / "twins.json").read_text())["rehearse_twins"] == hosts
    found = state(tmp_path)
    for file in (*tmp_path.iterdir(), Path(found["folder"])):
        assert not stat.S_IMODE(file.stat().st_mode) & 0o077

    status = live("status")
    assert (status.returncode, status.stdout.count(", answers"), status.stdout.count("no tunnels")) == (0, 2, 2)
    assert live("run", "pc-hq", "--", "ping", "-c", "1", "-W", "1", "192.168.10.1").returncode == 0
    assert live("run", "pc-hq", "--", "ping", "-c", "1", "-W", "1", "192.168.20.10").returncode == 1
    nowhere = live("run", "pc-nowhere", "--", "true")
    assert (nowhere.returncode, nowhere.stderr.startswith("twin.live: ")) == (2, True)
    again = live("up", str(EXAMPLE))
    assert (again.returncode, "runs already" in again.stderr) == (2, True)

    assert live("down").returncode == 0
    assert list(tmp_path.iterdir()) == []
    assert not Path(found["folder"]).exists()
    assert gone(found["pid"])
    assert live("status").returncode == 1


def test_cables_are_cut_and_mended(live: Twin) -> None:
    able()
    assert live("up", str(EXAMPLE)).returncode == 0
    gateway = ("run", "pc-hq", "--", "ping", "-c", "1", "-W", "1", "192.168.10.1")
    assert live(*gateway).returncode == 0
    for verb, status in (("cut", 1), ("mend", 0), ("blackhole", 1), ("mend", 0)):
        done = live(verb, "pc-hq", "hq")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert live(*gateway).returncode == status, verb
    wrong = live("cut", "pc-hq", "branch")
    assert (wrong.returncode, wrong.stderr) == (2, "twin.live: there is no cable between pc-hq and branch\n")


def test_a_policy_without_its_tunnel_is_told(live: Twin, tmp_path: Path) -> None:
    able()
    assert live("up", str(EXAMPLE)).returncode == 0
    place, password = state(tmp_path)["routers"]["hq"], "example-password-to-be-replaced"
    api = librouteros.connect("127.0.0.1", "ansible", password, port=place["port"])
    api.path("ip", "ipsec", "peer").add(name="branch", address="203.0.113.50/32")
    policy = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "peer": "branch", "tunnel": "yes"}
    api.path("ip", "ipsec", "policy").add(**policy)
    api.close()
    status = live("status")
    assert status.returncode == 1
    assert "  branch: 192.168.10.0/24 - 192.168.20.0/24: phase 1 " in status.stdout
    (tunnel,) = json.loads(live("status", "--json").stdout)["hq"]["tunnels"]
    assert tunnel["phase2"] != "established"


def test_flows_are_tried_by_ping_tcp_and_udp(live: Twin, tmp_path: Path) -> None:
    able()
    lab = yaml.safe_load(EXAMPLE.read_text())
    for router in lab["routers"].values():
        del router["defconf"]
    other = {"branch": "203.0.113.50", "hq": "198.51.100.7"}
    lab["routers"]["hq"]["seed"]["/ip/route"].append({"dst-address": "192.168.20.0/24", "gateway": "198.51.100.1"})
    (tmp_path / "lab.yml").write_text(json.dumps(lab))
    assert live("up", "lab.yml").returncode == 0
    flows = [
        {"from": "hq", "to": other["branch"]},
        {"from": "pc-hq", "to": "192.168.10.1", "protocol": "tcp", "port": 22},
        {"from": "hq", "to": "192.168.10.10", "protocol": "tcp", "port": 443, "listener": "pc-hq"},
        {"from": "hq", "to": "192.168.10.10", "protocol": "udp", "port": 53, "listener": "pc-hq"},
        {"from": "hq", "to": "192.168.10.10", "protocol": "udp", "port": 54},
        {"from": "pc-hq", "to": "192.168.20.10"},
    ]
    (tmp_path / "flows.json").write_text(json.dumps(flows))
    tried = live("try", "flows.json", "--wait", "1", "--json")
    assert [each["works"] for each in json.loads(tried.stdout)["flows"]] == [True, True, True, True, False, False], (
        tried.stderr
    )


def test_a_lab_in_the_foreground_ends_with_its_standard_input(live: Twin, tmp_path: Path) -> None:
    able()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "extensions")}
    words = command("up", str(EXAMPLE), "--exit-with-stdin")
    process = subprocess.Popen(words, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert until((tmp_path / "twin-lab.json").exists, 30)
    assert live("status").returncode == 0
    assert process.stdin
    process.stdin.close()
    assert process.wait(20) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_lab_leaves_is_removed(live: Twin, tmp_path: Path) -> None:
    able()
    assert live("up", str(EXAMPLE), "--inventory", "inventory.yml", "--variables", "twins.json").returncode == 0
    found = state(tmp_path)
    os.kill(found["pid"], signal.SIGKILL)
    assert until(lambda: gone(found["pid"]), 10)
    assert live("status").returncode == 1
    done = live("down")
    assert (done.returncode, done.stdout) == (0, "the lab had ended already\n")
    assert list(tmp_path.iterdir()) == []
    assert not Path(found["folder"]).exists()


WRONG = {
    "": "the lab has to be a mapping",
    "a: [": "is no YAML",
    "routers: {}": "the lab has no routers",
    "routers: {a: {prots: {}}}": "router a cannot have 'prots'",
    "routers: {a: {ports: {ether1: nowhere}}}": "ether1 of a leads to nowhere, which is not there",
    "routers: {a: {ports: {}, version: 7.20}}": "version of router a has to stand in quotes",
    "routers: {a: {ports: {}, version: '6.48'}}": "6.48",
    "routers: {a: {ports: {}, seed: rows.yml}}": "seed of router a, file rows.yml: No such file or directory",
    "routers: {a: {ports: {}, seed: {/ip/address: {}}}}": "/ip/address in seed of router a has to be a list of rows",
    "routers: {a: {ports: {ether1: h}}}\nhosts: {h: {address: 192.168.1.1}}": "address of host h has to be an address",
    "routers: {a: {ports: {ether1: h}}}\nhosts: {h: {address: 192.168.1.1/24, gateway: x}}": "'x'",
    "routers: {a: {ports: {}}}\nipsec: magic": "ipsec cannot be magic",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_is_answered_by_one_sentence(live: Twin, tmp_path: Path, text: str) -> None:
    (tmp_path / "lab.yml").write_text(text)
    done = live("up", "lab.yml")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert WRONG[text] in done.stderr


@pytest.mark.parametrize(
    ("seed", "words"),
    [("{/ip/nothing: []}", "has no menu /ip/nothing"), ("{/ip/address: [{adress: 192.0.2.1/24}]}", "adress")],
)
def test_what_a_router_refuses_of_its_seed_is_told(live: Twin, tmp_path: Path, seed: str, words: str) -> None:
    able()
    (tmp_path / "lab.yml").write_text(f"routers: {{a: {{ports: {{}}, seed: {seed}}}}}")
    done = live("up", "lab.yml")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert not (tmp_path / "twin-lab.json").exists()


@pytest.mark.parametrize("words", [(), ("up",), ("up", "nowhere.yml"), ("status", "extra"), ("try", "nowhere.json")])
def test_wrong_arguments_are_answered_by_one_sentence(live: Twin, words: tuple[str, ...]) -> None:
    done = live(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_lab_for_some_time_ends_by_itself(live: Twin, tmp_path: Path) -> None:
    able()
    assert live("up", str(EXAMPLE), "--for", "1").returncode == 0
    assert until(lambda: not list(tmp_path.iterdir()), 20)
