# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients nobody here wrote work on the twin: librouteros, RouterOS-api, and the modules of community.routeros."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import librouteros
import pytest
import routeros_api
from librouteros.exceptions import TrapError
from librouteros.query import Key, Or
from twin import Server
from twin.pytest_plugin import MakeTwin

pytest_plugins = ("twin.pytest_plugin",)

PASSWORD = "correct horse"
VERSIONS = ("7.12.2", "7.16.2", "7.20.8", "7.22.3", "7.24")


@pytest.fixture(params=VERSIONS)
def router(request: pytest.FixtureRequest, make_twin: MakeTwin) -> Server:
    return make_twin(request.param, users={"admin": PASSWORD}, defconf=True)


@pytest.fixture
def api(router: Server) -> Iterator[librouteros.api.Api]:
    found = librouteros.connect("127.0.0.1", "admin", PASSWORD, port=router.port, encoding="utf-8")
    yield found
    found.close()


def test_librouteros_adds_reads_changes_and_removes(api: librouteros.api.Api) -> None:
    peers = api.path("ip", "ipsec", "peer")
    id_ = peers.add(name="site-b", address="203.0.113.50", **{"exchange-mode": "ike2"})
    peers.update(**{".id": id_, "comment": "Zürich"})
    found = [row for row in peers if row["name"] == "site-b"]
    assert [(row[".id"], row["address"], row["comment"]) for row in found] == [(id_, "203.0.113.50/32", "Zürich")]
    peers.remove(id_)
    assert list(peers) == []


def test_librouteros_filters_on_the_router(api: librouteros.api.Api) -> None:
    chain, action = Key("chain"), Key("action")
    rules = api.path("ip", "firewall", "filter")
    found = rules.select(chain, action).where(chain == "input", Or(action == "accept", action == "drop"))
    assert [row["action"] for row in found] == ["accept", "drop", "accept", "accept", "drop"]


def test_librouteros_moves_a_rule(api: librouteros.api.Api) -> None:
    nat = api.path("ip", "firewall", "nat")
    masquerade = next(iter(nat))[".id"]
    bypass = nat.add(chain="srcnat", action="accept", comment="bypass")
    tuple(nat("move", numbers=bypass, destination=masquerade))
    assert [row[".id"] for row in nat] == [bypass, masquerade]


def test_librouteros_raises_the_router_s_words(api: librouteros.api.Api) -> None:
    with pytest.raises(TrapError, match="input does not match any value of peer"):
        api.path("ip", "ipsec", "identity").add(peer="nobody")


@pytest.fixture
def pool(router: Server) -> Iterator[Any]:
    found = routeros_api.RouterOsApiPool(
        "127.0.0.1", username="admin", password=PASSWORD, port=router.port, plaintext_login=True
    )
    yield found.get_api()
    found.disconnect()


def test_routeros_api_adds_reads_changes_and_removes(pool: Any) -> None:
    entries = pool.get_resource("/ip/firewall/address-list")
    entries.add(list="vpn-peers", address="203.0.113.50/32")
    (found,) = entries.get(list="vpn-peers")
    assert found["address"] == "203.0.113.50"
    entries.set(id=found["id"], comment="site b")
    assert entries.get(list="vpn-peers")[0]["comment"] == "site b"
    entries.remove(id=found["id"])
    assert entries.get() == []


def test_routeros_api_logs_in_by_challenge_where_the_router_is_old(make_twin: MakeTwin) -> None:
    server = make_twin("7.12.2", users={"admin": PASSWORD}, old_login=True)
    pool = routeros_api.RouterOsApiPool(
        "127.0.0.1", username="admin", password=PASSWORD, port=server.port, plaintext_login=False
    )
    assert pool.get_api().get_resource("/system/identity").get() == [{"name": "MikroTik"}]
    pool.disconnect()


def _collections() -> str:
    """Where community.routeros lies: beside the running interpreter's other packages, or on Ansible's own path."""
    places = [Path(entry) for entry in sys.path if entry]
    places += [Path(entry) for entry in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if entry]
    if (spec := importlib.util.find_spec("ansible_collections")) and spec.submodule_search_locations:
        places += [Path(entry).parent for entry in spec.submodule_search_locations]
    for place in places:
        if (place / "ansible_collections" / "community" / "routeros" / "plugins").is_dir():
            return str(place)
    pytest.fail("community.routeros is not installed: the package `ansible` brings it and is a test requirement")


def _linked(folder: Path) -> Path:
    """A collection tree with community.routeros alone, so that nothing else is scanned."""
    tree = folder / "collections"
    home = tree / "ansible_collections" / "community"
    home.mkdir(parents=True)
    (home / "routeros").symlink_to(Path(_collections()) / "ansible_collections" / "community" / "routeros")
    return tree


def _play(folder: Path, server: Server, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """Run the tasks with ansible-playbook; gives its report as the json callback prints it."""
    connection = {"hostname": "127.0.0.1", "port": server.port, "username": "admin", "password": PASSWORD}
    group = [f"community.routeros.{name}" for name in ("api_info", "api_modify", "api_find_and_modify")]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": dict.fromkeys(group, connection),
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": tasks,
    }
    book = folder / "play.json"
    book.write_text(json.dumps([play]))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(_linked(folder)),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "temp"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", str(book)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "report.json").read_text())


def _keep(name: str, folder: Path) -> dict[str, Any]:
    """A task that writes what was registered to a file the test reads."""
    return {
        "name": "Keep the results",
        "ansible.builtin.copy": {
            "dest": str(folder / "report.json"),
            "content": f"{{{{ {name} | to_json }}}}",
            "mode": "0600",
        },
    }


PROFILE = {
    "path": "ip ipsec profile",
    "data": [{"name": "s2s", "dh-group": "modp2048", "enc-algorithm": "aes-256", "hash-algorithm": "sha256"}],
    "handle_entries_content": "remove",
}
RULES = {
    "path": "ip firewall nat",
    "data": [
        {"chain": "srcnat", "action": "accept", "src-address": "192.168.10.0/24", "comment": "bypass"},
        {"chain": "srcnat", "action": "masquerade", "out-interface-list": "WAN", "ipsec-policy": "out,none"},
    ],
    "handle_absent_entries": "remove",
    "handle_entries_content": "remove",
    "ensure_order": True,
}
SETTINGS = {"path": "ip ipsec settings", "data": [{"interim-update": "1m"}]}
FIND = {"path": "ip ipsec profile", "find": {"name": "s2s"}, "values": {"lifetime": "8h"}, "require_matches_min": 1}
TWICE = {"rules": RULES, "settings": SETTINGS}


def _tasks() -> list[dict[str, Any]]:
    """Create a profile, then twice the same wishes, then read; what each task found is registered."""
    tasks: list[dict[str, Any]] = [{"community.routeros.api_modify": PROFILE}]
    for number in (1, 2):
        for name, words in TWICE.items():
            tasks.append({"community.routeros.api_modify": words, "register": f"{name}{number}"})
        tasks.append({"community.routeros.api_find_and_modify": FIND, "register": f"find{number}"})
    for name, path in (("profiles", "ip ipsec profile"), ("filter", "ip firewall filter")):
        tasks.append({"community.routeros.api_info": {"path": path}, "register": name})
    return tasks


def test_community_routeros_modifies_finds_and_reads(tmp_path: Path, make_twin: MakeTwin) -> None:
    """One play with every api module of that collection that configures; the second run changes nothing."""
    server = make_twin("7.20.8", users={"admin": PASSWORD}, defconf=True)
    names = [f"{name}{number}" for name in (*TWICE, "find") for number in (1, 2)]
    kept = ", ".join([f"{name!r}: {name}.changed" for name in names] + ["'profiles': profiles", "'filter': filter"])
    report = _play(tmp_path, server, [*_tasks(), _keep(f"{{{kept}}}", tmp_path)])

    assert {name: report[name] for name in names} == {name: name.endswith("1") for name in names}
    assert [row["name"] for row in report["profiles"]["result"]] == ["default", "s2s"]
    assert report["profiles"]["result"][1]["lifetime"] == "8h"
    assert len(report["filter"]["result"]) == 11
    assert [row.get("comment") for row in server.router.rows("/ip/firewall/nat")] == ["bypass", None]
