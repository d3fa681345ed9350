# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `rehearse.yml`: routers, played by ordinary twins, are read, and live twins of them are changed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from twin import Server
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


def rehearse(folder: Path, routers: Mapping[str, Server], **variables: Any) -> Run:
    """Run the playbook with the example inventory, led to the routers."""
    inventory = yaml.safe_load((ROOT / "docs" / "example" / "inventory.yml").read_text())
    for name, host in inventory["routers"]["hosts"].items():
        host.update(place(routers[name]))
    inventory["routers"]["vars"] |= {"router_password": PASSWORD, "psk_hq_branch": PSK}
    # What stands beside an inventory has the last word of what belongs to it.
    (folder / "host_vars").mkdir()
    for name in routers:
        (folder / "host_vars" / f"{name}.json").write_text(json.dumps(inventory["routers"]["hosts"][name]))
    (folder / "inventory.json").write_text(json.dumps(inventory))
    extra = json.dumps({"rehearse_playbook": "vpnops.mikrotik.site_to_site", **variables})
    words = ("-i", "inventory.json", "vpnops.mikrotik.rehearse", "-e", extra)
    return playbook(folder, *words, environment={})


def told(run: Run) -> list[tuple[str, bool, bool]]:
    flows = run["Report as data"].result["ansible_stats"]["data"]["rehearsal"]["flows"]
    return [(each["flow"], each["before"], each["works"]) for each in flows]


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
    assert run["Tell which flows worked before and after"].result["msg"][0].split() == ["flow", "by", "before", "works"]
    assert {name: content(server) for name, server in routers.items()} == before
    assert PSK not in run.output + json.dumps([each.result for each in run.outcomes])
    assert PASSWORD not in run.output
    assert list(temporary.iterdir()) == []
