# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything the documentation shows is run: plays, tasks, inventories, and the examples of every module."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from twin import Seat, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, place

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")])
ROLES = sorted(folder.name for folder in (ROOT / "roles").iterdir())
MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py"))
VARIABLES = {
    # These routers move no packets, so no tunnel ever stands on them.
    "site_to_site_verify": False,
    "route_based_verify": False,
    "ha_backup_peer_verify": False,
    "router_password": PASSWORD,
    "psk_hq_branch": "a-secret-for-the-documentation",
    "site_b_psk": "another-secret-for-the-documentation",
    "gre_c_psk": "a-secret-of-a-tunnel",
    "romon_secret": "a-secret-of-all-routers",
    "snmp_authentication_password": "a-password-of-snmp",
    "snmp_encryption_password": "another-password-of-snmp",
    "site_b_one_time_key": "5f" * 64,
    "tunnels_of_site_b": [{"peer": "hq", "last_error": "198.51.100.7 no suitable proposal found"}],
    "ipsec_of_site_b": {"ipsec_peer": [{"name": "hq", "address": "198.51.100.7"}]},
}
# The routers' firewalls act on whoever runs what the pages show.
FROM_LAN = Seat("192.168.88.10", "192.168.88.1", "ether2")
# For RouterOS 7.25, which is not released and which no twin plays.
UNPLAYED = ("interface_xfrm",)
# What the examples of the modules take for granted.
SEED = {
    "/certificate": [{"name": name, "common-name": name} for name in ("hq.example.com", "vpn-ca")],
    "/interface/gre": [{"name": f"gre-{site}", "remote-address": "203.0.113.99"} for site in "bc"],
    "/interface/list": [{"name": "TUNNELS"}],
    "/ip/pool": [{"name": "rw-pool", "ranges": "192.168.99.10-192.168.99.99"}],
    "/ip/ipsec/proposal": [{"name": "s2s"}],
    "/ip/ipsec/profile": [{"name": "s2s"}],
    "/ip/ipsec/policy/group": [{"name": "road-warriors"}],
    "/ip/ipsec/peer": [
        {"name": name, "address": f"203.0.113.{number}", "exchange-mode": "ike2"}
        for number, name in enumerate(("site-b", "site-c", "hq-a", "hq-b"), 50)
    ],
}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def shown(form: type) -> list[Any]:
    """Every YAML block of the pages that is a list or, for inventories, a mapping."""
    found = []
    for page in PAGES:
        for number, block in enumerate(blocks(page, "yaml"), 1):
            content = yaml.safe_load(block)
            if isinstance(content, form):
                found.append(pytest.param(content, id=f"{page.relative_to(ROOT)}-{number}"))
    return found


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True, tls=True, seat=FROM_LAN)


@pytest.fixture
def other(make_twin: MakeTwin) -> Server:
    return make_twin("7.16.2", users={"admin": PASSWORD}, defconf=True, tls=True, seat=FROM_LAN)


@pytest.mark.parametrize("content", shown(list))
def test_what_a_page_shows_runs_and_the_second_time_changes_nothing(
    router: Server, other: Server, play: Play, content: list[dict[str, Any]]
) -> None:
    if "hosts" in content[0]:
        (book,) = content
        hosts: Any = {"hq": router, "branch": other} if book["hosts"] != "jump" else {"jump": jump()}
        rest = {key: value for key, value in book.items() if key not in ("name", "hosts", "gather_facts", "tasks")}
        tasks = book.get("tasks", [])
    else:
        hosts, rest, tasks = {"hq": router}, {}, content
    if "module_defaults" in rest:
        rest["module_defaults"]["group/vpnops.mikrotik.routeros"]["provider"] |= provider(router)
    first, second = (play(hosts, tasks, variables=VARIABLES, **rest) for _dummy in range(2))
    assert (first.status, second.status, second.changed) == (0, 0, 0), first.output + second.output


def jump() -> dict[str, Any]:
    return {"ansible_connection": "local"}


def provider(server: Server) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": server.tls_port, "ca_file": server.ca_file, "username": "admin"}


@pytest.mark.parametrize("content", shown(dict))
def test_what_a_page_shows_as_inventory_is_one(
    router: Server, other: Server, play: Play, content: dict[str, Any]
) -> None:
    """And the roles whose variables it has run with it."""
    for group in content.values():
        assert group["vars"]["ansible_connection"] == "vpnops.mikrotik.routeros"
        places = zip(group["hosts"].items(), (router, other), strict=True)
        hosts = {name: {**group["vars"], **host, **place(server)} for (name, host), server in places}
        for host in hosts.values():
            host.pop("routeros_fingerprint", None)
        said = [variable for host in hosts.values() for variable in host]
        roles = [{"role": f"vpnops.mikrotik.{role}"} for role in ROLES if any(f"{role}_" in each for each in said)]
        task = {"name": "read", "vpnops.mikrotik.ipsec_peer": {"state": "gathered"}}
        first, second = (play(hosts, [task], roles=roles, variables=VARIABLES) for _dummy in range(2))
        assert (first.status, second.status, second.changed) == (0, 0, 0), first.output + second.output
        assert bool(first.changed) == bool(roles)


def test_the_inventory_of_the_front_page_is_the_example() -> None:
    example = yaml.safe_load((ROOT / "docs" / "example" / "inventory.yml").read_text())
    assert yaml.safe_load(blocks(ROOT / "README.md", "yaml")[0]) == example


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_commands_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"^\$ make ([a-z]+)", page.read_text(), re.MULTILINE)) <= set(targets)


def examples(module: str) -> list[dict[str, Any]]:
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text())
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    return list(yaml.safe_load(ast.literal_eval(assigned["EXAMPLES"])))


def let_stand(server: Server) -> None:
    """Give the tunnel to site B what only a daemon can: a session, and a policy whose phase 2 is done."""
    policy = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "peer": "site-b", "tunnel": "yes"}
    elsewhere = {**policy, "dst-address": "192.168.30.0/24", "peer": "site-c", "comment": "s2s-c"}
    server.router.seed({
        "/ip/ipsec/policy": [{**policy, "ph2-state": "established"}, elsewhere],
        "/ip/ipsec/active-peers": [{"state": "established", "remote-address": "203.0.113.50"}],
        "/ip/address": [{"address": "192.168.10.1/24", "interface": "ether2"}],
    })  # fmt: skip
    server.router.echo = lambda address, source: (address, source) == ("192.168.20.1", "192.168.10.1")


@pytest.mark.parametrize(
    ("module", "entry", "sentence"),
    [
        ("interface_xfrm", {}, ": RouterOS 7.24 does not have this menu; it came with 7.25"),
        (
            "ipsec_policy_group", {"interface": "ether1"},
            " name=b: interface: RouterOS 7.24 does not have it; it came with 7.25",
        ),
    ],
)  # fmt: skip
def test_what_no_released_version_has_is_refused_in_one_sentence(
    make_twin: MakeTwin, play: Play, module: str, entry: dict[str, str], sentence: str
) -> None:
    server = make_twin("7.24", users={"admin": PASSWORD}, tls=True)
    task = {"name": "ask", f"vpnops.mikrotik.{module}": {"config": [{"name": "b", **entry}]}}
    assert play(server, [task]).failure.message.endswith(sentence)


@pytest.mark.parametrize("module", [name for name in MODULES if name not in UNPLAYED])
def test_every_example_of_a_module_runs_and_the_second_time_changes_nothing(
    make_twin: MakeTwin, play: Play, module: str
) -> None:
    # The firewall and the services act on whoever runs the examples, here from the network that they manage from.
    seat = Seat("192.168.10.5", "192.168.10.1", "ether2")
    server = make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True, seed=SEED, tls=True, seat=seat)
    if module in ("ipsec_info", "ipsec_verify"):
        let_stand(server)
    # Some examples undo what others do, so each is run twice in a row.
    tasks = [{**task, "name": f"{task['name']} {turn}"} for task in examples(module) for turn in ("first", "again")]
    run = play(server, tasks, variables=VARIABLES)
    assert run.status == 0, run.output
    assert [each.task for each in run.outcomes if each.task.endswith("again") and each.result["changed"]] == []
