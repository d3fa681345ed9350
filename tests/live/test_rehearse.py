# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `rehearse.yml`: routers, played by ordinary twins, are read, and live twins of them are changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from twin import Seat, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import Run, content, place, playbook
from tests.live.conftest import able

ROOT = Path(__file__).parents[2]
PASSWORD = "router-password-42"
PSK = "a-pre-shared-key-nobody-may-see"
SITES = {"hq": ("198.51.100", "7", "192.168.10"), "branch": ("203.0.113", "50", "192.168.20")}
Rows = list[dict[str, str]]


def seed(site: str, **more: Rows) -> dict[str, Rows]:
    outside, own, inside = SITES[site]
    return {
        "/interface": [{"name": "bridge", "type": "bridge"}],
        "/interface/list/member": [{"list": "LAN", "interface": "bridge"}],
        "/ip/address": [
            {"address": f"{outside}.{own}/24", "interface": "ether1"},
            {"address": f"{inside}.1/24", "interface": "bridge"},
        ],
        "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": f"{outside}.1"}],
        **more,
    }


@pytest.fixture
def routers(make_twin: MakeTwin) -> dict[str, Server]:
    """The real ones, as far as this test goes."""
    users = {"admin": PASSWORD}
    return {
        name: make_twin(version, users=users, defconf=True, tls=True, seed=seed(name))
        for name, version in (("hq", "7.22.3"), ("branch", "7.16.2"))
    }


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where everything temporary goes; short, since names of sockets are."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def inventory(folder: Path, routers: Mapping[str, Server]) -> None:
    """The example inventory, led to the routers."""
    found = yaml.safe_load((ROOT / "docs" / "example" / "inventory.yml").read_text())
    hosts = {name: {**found["routers"]["hosts"][name], **place(server)} for name, server in routers.items()}
    found["routers"]["hosts"] = hosts
    found["routers"]["vars"] |= {"router_password": PASSWORD, "psk_hq_branch": PSK}
    # What stands beside an inventory has the last word of what belongs to it.
    (folder / "host_vars").mkdir()
    for name in routers:
        (folder / "host_vars" / f"{name}.json").write_text(json.dumps(hosts[name]))
    (folder / "inventory.json").write_text(json.dumps(found))


def rehearse(folder: Path, routers: Mapping[str, Server], **variables: Any) -> Run:
    """Run the playbook."""
    inventory(folder, routers)
    extra = json.dumps({"rehearse_playbook": "vpnops.mikrotik.site_to_site", **variables})
    words = ("-i", "inventory.json", "vpnops.mikrotik.rehearse", "-e", extra)
    return playbook(folder, *words, environment={})


def told(run: Run) -> list[tuple[str, bool, bool]]:
    flows = run["Report as data"].result["ansible_stats"]["data"]["rehearsal"]["flows"]
    return [(each["flow"], each["before"], each["after"]) for each in flows]


def join(routers: Mapping[str, Server]) -> None:
    """Give the routers the tunnel of the example, each in its own words."""
    for name, server in routers.items():
        far = "branch" if name == "hq" else "hq"
        own, other = SITES[name], SITES[far]
        policy = {"src-address": f"{own[2]}.0/24", "dst-address": f"{other[2]}.0/24", "peer": far, "tunnel": "yes"}
        server.router.seed({
            "/ip/ipsec/peer": [{"name": far, "address": f"{other[0]}.{other[1]}/32", "exchange-mode": "ike2"}],
            "/ip/ipsec/identity": [{"peer": far, "secret": PSK}],
            "/ip/ipsec/policy": [policy],
        })  # fmt: skip


def book(folder: Path, *tasks: Mapping[str, Any]) -> str:
    play = {"name": "Change", "hosts": "routers", "gather_facts": False, "tasks": list(tasks)}
    (folder / "change.yml").write_text(json.dumps([play]))
    return "change.yml"


def test_what_a_change_breaks_is_told(routers: dict[str, Server], tmp_path: Path, temporary: Path) -> None:
    able()
    join(routers)
    rule = {"chain": "forward", "action": "drop", "dst_address": "192.168.20.0/24", "protocol": "tcp"}
    task = {
        "vpnops.mikrotik.firewall_raw": {"config": [{**rule, "chain": "prerouting"}]},
        "when": "inventory_hostname == 'hq'",
    }
    flows = [
        {"from": "192.168.10.0/24", "to": "192.168.20.77", "protocol": "tcp", "port": 443, "name": "shop"},
        {"from": "192.168.10.0/24", "to": "192.168.20.77"},
        {"from": "192.168.20.77", "to": "hq", "protocol": "tcp", "port": 22},
        {"from": "branch", "to": "hq"},
    ]
    run = rehearse(tmp_path, routers, rehearse_playbook=book(tmp_path, task), rehearse_flows=flows)
    assert run.status == 0, run.output
    assert told(run) == [
        ("shop", True, False),
        ("192.168.10.0/24 to 192.168.20.77", True, True),
        ("192.168.20.77 to hq", False, False),
        ("branch to hq", True, True),
    ]
    notes = run["Tell what the rehearsal is worth"].result["msg"]
    assert "hq: its secret for branch is not read; before the change the twins agree on another" in notes
    assert PSK not in run.output + json.dumps([each.result for each in run.outcomes])
    assert list(temporary.iterdir()) == []


def test_a_playbook_that_fails_is_told_and_so_is_what_it_left(
    routers: dict[str, Server], tmp_path: Path, temporary: Path
) -> None:
    able()
    name = book(tmp_path, {"name": "Fail", "ansible.builtin.fail": {"msg": "as it should"}})
    run = rehearse(tmp_path, routers, rehearse_playbook=name)
    assert run.status == 2
    assert (
        run["Fail where the change failed"].message
        == "The playbook failed on the twins with status 2; the routers were only read"
    )
    assert "as it should" in run.output
    assert [works for _flow, *works in told(run)] == [[False, False]] * 2
    assert list(temporary.iterdir()) == []


def test_what_a_lab_cannot_play_is_one_sentence_and_can_be_left_out(
    routers: dict[str, Server], tmp_path: Path, temporary: Path
) -> None:
    able()
    routers["hq"].router.seed({"/ip/firewall/filter": [{"chain": "forward", "action": "tarpit", "protocol": "tcp"}]})
    name = book(tmp_path, {"name": "Nothing", "ansible.builtin.debug": {"msg": "nothing"}})
    run = rehearse(tmp_path, routers, rehearse_playbook=name)
    assert "a live twin does not play" in run.output
    assert run.status == 2
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"rehearse_flows": [{"from": "hq", "to": "192.0.2.1"}]}, "a flow names 192.0.2.1, which is not in the lab"),
        ({"rehearse_flows": [{"from": "hq", "to": "branch", "port": 1}]}, "a flow by icmp has no port"),
        ({"rehearse_playbook": ""}, "Give the playbook that is to be rehearsed as rehearse_playbook"),
        ({"target": "nobody"}, "No router was read: the inventory has none that matches nobody"),
    ],
)
def test_wrong_variables_are_one_sentence(
    routers: dict[str, Server], tmp_path: Path, temporary: Path, variables: dict[str, Any], words: str
) -> None:
    able()
    run = rehearse(tmp_path, routers, **variables)
    assert run.status == 2
    assert words in run.failure.message
    assert list(temporary.iterdir()) == []


def test_the_role_is_rehearsed_and_the_routers_stay_as_they_were(
    routers: dict[str, Server], tmp_path: Path, temporary: Path
) -> None:
    able()
    before = {name: content(server) for name, server in routers.items()}
    run = rehearse(tmp_path, routers)
    assert run.status == 0, run.output
    assert told(run) == [
        ("192.168.10.0/24 to 192.168.20.0/24", False, True),
        ("192.168.20.0/24 to 192.168.10.0/24", False, True),
    ]
    assert run["Tell which flows worked before and after"].result["msg"][0].split() == ["flow", "by", "before", "after"]
    assert {name: content(server) for name, server in routers.items()} == before
    assert PSK not in run.output + json.dumps([each.result for each in run.outcomes])
    assert PASSWORD not in run.output
    assert list(temporary.iterdir()) == []


def test_a_change_that_would_cut_the_session_is_refused_as_the_router_itself_would_have_it(
    make_twin: MakeTwin, tmp_path: Path, temporary: Path
) -> None:
    able()
    seat = Seat("192.168.10.5", "192.168.10.1", "bridge")
    hq = make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True, tls=True, seed=seed("hq"), seat=seat)
    flows = [{"from": "192.168.10.0/24", "to": "192.168.10.1", "protocol": "tcp", "port": port} for port in (22, 23)]
    runs = []
    for number, allowed in enumerate(("192.168.10.0/24", "192.168.10.64/28")):
        words = {"hardened_input_management": [allowed, "192.168.10.10"], "hardened_input_services": True}
        (tmp_path / str(number)).mkdir()
        variables = {"rehearse_playbook": "vpnops.mikrotik.hardened_input", "rehearse_flows": flows, "target": "hq"}
        arguments = ["-e", json.dumps(words)]
        runs.append(rehearse(tmp_path / str(number), {"hq": hq}, rehearse_arguments=arguments, **variables))
    good, bad = runs
    assert good.status == 0, good.output
    assert [works for _flow, *works in told(good)] == [[True, True], [True, False]]
    assert bad.status == 2
    assert "it would cut the session that makes it (api-ssl, TCP 8729, from 192.168.10.5" in bad.output
    assert [works for _flow, *works in told(bad)] == [[True, True], [True, True]]
    assert list(temporary.iterdir()) == []


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def shown(language: str) -> list[str]:
    return blocks("docs/rehearsal.md", language)


def at_home(folder: Path, routers: Mapping[str, Server]) -> dict[str, str]:
    """What the page takes for granted: the collection's folder, an inventory and a playbook; gives the environment."""
    for name in ("docs", "extensions"):
        (folder / name).symlink_to(ROOT / name)
    inventory(folder, routers)
    (folder / "inventory.json").rename(folder / "inventory.yml")
    (folder / "site.yml").write_text(blocks("README.md", "yaml")[1])
    (folder / "flows.json").write_text(shown("json")[0])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "ANSIBLE_HOME": str(folder / "home"),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_NOCOLOR": "1",
    }


@pytest.mark.parametrize("number", range(len(shown("console"))))
def test_the_commands_of_the_page_work(
    routers: dict[str, Server], tmp_path: Path, temporary: Path, number: int
) -> None:
    able()
    environment = at_home(tmp_path, routers)
    # Where a command fails, the lab of those before it must not stay.
    script = "trap '[ ! -e twin-lab.json ] || python -m twin.live down' EXIT\n"
    script += "".join(line.removeprefix("$ ") for line in shown("console")[number].splitlines(keepends=True))
    done = subprocess.run(
        ["bash", "-ec", script], check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if number == 0:
        table = shown("text")[0].splitlines()
        assert all(json.dumps(line.rstrip()) in done.stdout for line in table), done.stdout
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "twin-lab.json").exists()
