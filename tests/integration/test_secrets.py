# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret shows, however loud Ansible is told to be: neither new ones nor those that the router already has."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from twin import Refusal, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, Run, place

OLD, NEW = "old-secret-3141592653", 'new-"secret"$2718281828'
PPK, LOGIN = "ppk-secret-1618033988", "xauth-password-14142"
SECRETS = (PASSWORD, OLD, NEW, PPK, LOGIN)
IDENTITIES = "/ip/ipsec/identity"
JUMP = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    """A router with a peer whose identity has a secret."""
    server = make_twin("7.22.3", users={"admin": PASSWORD}, tls=True)
    server.router.add("/ip/ipsec/peer", name="b", address="203.0.113.50", ppk_secret=PPK)
    server.router.add(IDENTITIES, peer="b", secret=OLD, password=LOGIN)
    return server


def spelled(secret: str) -> set[str]:
    """The secret and the ways in which JSON and the RouterOS console would spell it."""
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return {secret, json.dumps(secret)[1:-1], quoted, json.dumps(quoted)[1:-1]}


def silent(run: Run) -> Run:
    """The run, after seeing that no secret is in its output or its results."""
    told = run.output + json.dumps([outcome.result for outcome in run.outcomes])
    assert len(run.output) > 1000, "-vvvv is expected to say a lot"
    assert [secret for secret in SECRETS for form in spelled(secret) if form in told] == []
    return run


def identity(**more: Any) -> dict[str, Any]:
    return {"peer": "b", "secret": NEW, **more}


def loud(play: Play, router: Server | dict[str, Any], tasks: list[dict[str, Any]], **keywords: Any) -> Run:
    return silent(play({"router": router}, tasks, "-vvvv", "--diff", **keywords))


@pytest.mark.parametrize("flags", [[], ["--check"]], ids=["run", "check"])
@pytest.mark.parametrize("module", ["ipsec_identity", "config"])
def test_changing_a_secret(router: Server, play: Play, module: str, flags: list[str]) -> None:
    config: Any = [identity()] if module == "ipsec_identity" else {"ipsec_identity": [identity()]}
    tasks = [
        {"name": "change", f"vpnops.mikrotik.{module}": {"config": config}, "register": "found"},
        {"name": "show", "ansible.builtin.debug": {"var": "found"}},
    ]
    run = silent(play(router, tasks, "-vvvv", "--diff", *flags))
    assert run["change"].result["changed"] is True
    assert "secret=******** (changed)" in run["change"].result["diff"][0]["after"]
    assert [row["secret"] for row in router.router.rows(IDENTITIES)] == [OLD if flags else NEW]


@pytest.mark.parametrize("state", ["replaced", "overridden", "deleted", "gathered", "rendered", "merged"])
def test_every_state(router: Server, play: Play, state: str) -> None:
    config = [identity(auth_method="pre-shared-key-xauth", password=LOGIN)]
    task = {"name": state, "vpnops.mikrotik.ipsec_identity": {"config": config, "state": state}}
    assert loud(play, router, [task]).status == 0


@pytest.mark.parametrize("state", ["merged", "replaced", "gathered", "rendered", "deleted"])
def test_secrets_of_interfaces(router: Server, play: Play, state: str) -> None:
    tunnel = {"name": "gre-b", "remote_address": "203.0.113.50", "allow_fast_path": False}
    router.router.add(
        "/interface/gre", name="gre-b", remote_address="203.0.113.50", allow_fast_path="no", ipsec_secret=OLD
    )
    router.router.add("/interface/vrrp", name="vrrp-b", interface="ether2", password=LOGIN[:16])
    gateway = {"name": "vrrp-b", "interface": "ether2", "password": NEW[:16]}
    both = {"interface_gre": [{**tunnel, "ipsec_secret": NEW}], "interface_vrrp": [gateway]}
    run = loud(play, router, [{"name": state, "vpnops.mikrotik.config": {"config": both, "state": state}}])
    assert run.status == 0
    assert [secret for secret in (NEW[:16], LOGIN[:16]) for form in spelled(secret) if form in run.output] == []


def test_an_old_secret_that_stands_elsewhere_as_well(router: Server, play: Play) -> None:
    router.router.add("/ip/ipsec/profile", name=f"of-{OLD}")
    router.router.add("/ip/firewall/filter", chain="input", comment=f"as {OLD} says")
    both = {"ipsec_identity": [identity(comment=f"was {OLD}")], "ipsec_profile": [{"name": "x"}], "firewall_filter": []}
    run = loud(play, router, [{"name": "change", "vpnops.mikrotik.config": {"config": both}}])
    assert run.changed == 1


def test_what_was_shown_is_no_secret_to_be_given_back(router: Server, play: Play) -> None:
    tasks = [
        {"name": "read", "vpnops.mikrotik.ipsec_identity": {"config": [identity()]}, "register": "found"},
        {"name": "back", "vpnops.mikrotik.ipsec_identity": {"config": "{{ found.before }}", "state": "replaced"}},
    ]
    run = loud(play, router, tasks)
    assert "asterisks stand for a secret that is not shown" in run.failure.message
    assert [row["secret"] for row in router.router.rows(IDENTITIES)] == [NEW]


def test_a_loop_over_entries_with_secrets(router: Server, play: Play) -> None:
    task = {
        "name": "loop",
        "vpnops.mikrotik.ipsec_identity": {"config": [{"peer": "b", "secret": "{{ secrets[item] }}"}]},
        "loop": ["one"],
    }
    assert loud(play, router, [task], variables={"secrets": {"one": NEW}}).changed == 1


@pytest.mark.parametrize(
    "config",
    [
        pytest.param([identity(secret_=NEW)], id="unknown-option"),
        pytest.param([identity(auth_method=NEW)], id="as-a-wrong-value"),
        pytest.param([{"secret": NEW}], id="missing-option"),
        pytest.param([identity(peer="nobody")], id="wrong-reference"),
        pytest.param(NEW, id="in-place-of-the-list"),
        pytest.param([NEW], id="in-place-of-an-entry"),
    ],
)
@pytest.mark.parametrize("module", ["ipsec_identity", "config"])
def test_wrong_arguments(router: Server, play: Play, module: str, config: Any) -> None:
    given = config if module == "ipsec_identity" else {"ipsec_identity": config}
    task = {"name": "wrong", f"vpnops.mikrotik.{module}": {"config": given}}
    run = play(router, [task], "-vvvv", "--diff")
    assert run.status != 0
    if "auth_method" not in str(config) and NEW not in (config, *config):
        silent(run)
    assert "Traceback" not in run.output


def test_the_router_repeats_the_secret_in_its_refusal(router: Server, play: Play) -> None:
    router.faults.refuse = Refusal(path=IDENTITIES, message=f"failure: {NEW} and {OLD} are too weak")
    task = {"name": "refused", "vpnops.mikrotik.ipsec_identity": {"config": [identity()]}}
    run = loud(play, router, [task])
    assert "are too weak" in run.failure.message


def test_the_session_breaks_at_the_secret(router: Server, play: Play) -> None:
    router.faults.drop_when, router.faults.drop_of, router.faults.drop_after = "before", f"{IDENTITIES}/set", 1
    task = {"name": "broken", "vpnops.mikrotik.ipsec_identity": {"config": [identity()]}}
    assert "unknown is the fate of" in loud(play, router, [task]).failure.message


def test_a_login_that_fails(router: Server, play: Play) -> None:
    nobody = {**place(router), "ansible_user": "nobody"}
    loud(play, nobody, [{"name": "refused", "vpnops.mikrotik.ipsec_identity": {"config": [identity()]}}])


@pytest.mark.parametrize("classic", [False, True], ids=["in-the-worker", "classic"])
def test_a_defect_of_ours(router: Server, play: Play, tmp_path: Path, classic: bool) -> None:
    """A mistake in our own code, planted into every Python that the run starts."""
    plant = f"""
import librouteros.protocol
def mistake(*_, **__): raise RuntimeError({NEW!r})
librouteros.protocol.encode_sentence = mistake
"""
    (tmp_path / "sitecustomize.py").write_text(plant)
    provider = {"host": "127.0.0.1", "port": router.port, "password": PASSWORD, "transport": "api"}
    task = {"name": "defect", "vpnops.mikrotik.ipsec_identity": {"config": [identity()], "provider": provider}}
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    slow = {"async": 20, "poll": 1} if classic else {}
    run = loud(play, host, [{**task, **slow}], environment={"PYTHONPATH": str(tmp_path)})
    assert "unexpected defect of vpnops.mikrotik (RuntimeError: ********)" in run.failure.message


def test_a_provider_and_the_classic_module(router: Server, play: Play) -> None:
    provider = {"host": "127.0.0.1", "port": router.port, "password": PASSWORD, "transport": "api"}
    given = {"config": [identity()], "provider": provider}
    asked = [{"name": "classic", "vpnops.mikrotik.ipsec_identity": given, "async": 20, "poll": 1}]
    first = loud(play, JUMP, asked)
    assert (first.status, first.changed) == (0, 1)
    assert loud(play, JUMP, [{"name": "in-process", "vpnops.mikrotik.ipsec_identity": given}]).status == 0


@pytest.mark.parametrize("module", ["config", "firewall_analyse"])
def test_several_menus_and_the_classic_module(router: Server, play: Play, module: str) -> None:
    """To Ansible their entries are a plain dict, in which it finds no secrets."""
    provider = {"host": "127.0.0.1", "port": router.port, "password": PASSWORD, "transport": "api"}
    config: Any = {"ipsec_identity": [identity()]}
    given = {"config": config} if module == "config" else {"proposal": {"config": config}}
    task = {"name": "classic", f"vpnops.mikrotik.{module}": {**given, "provider": provider}, "async": 20, "poll": 1}
    assert loud(play, JUMP, [task]).status == 0
    wrong = {**task, f"vpnops.mikrotik.{module}": {**given, "provider": {**provider, "port": 1, "timeout": 1}}}
    assert loud(play, JUMP, [wrong]).status == 2


def test_the_other_end_and_the_classic_module(router: Server, play: Play) -> None:
    """Whoever gives what a router is to have, and not what was gathered of it, gives its secrets along."""
    provider = {"host": "127.0.0.1", "port": router.port, "password": PASSWORD, "transport": "api"}
    config = {"ipsec_peer": [{"name": "hq"}], "ipsec_identity": [{**identity(), "peer": "hq"}]}
    given = {"tunnels": ["b"], "timeout": 0, "other_end": {"peer": "hq", "config": config}, "provider": provider}
    task = {"name": "classic", "vpnops.mikrotik.ipsec_verify": given}
    for slow in ({"async": 20, "poll": 1}, {}):
        told = loud(play, JUMP, [{**task, **slow}]).failure
        assert "The ends differ: " in told.message


def test_the_role(router: Server, play: Play) -> None:
    tunnel = {
        "name": "x",
        "remote_address": "203.0.113.99",
        "local_subnets": ["192.168.10.0/24"],
        "remote_subnets": ["192.168.20.0/24"],
        "psk": NEW,
    }
    roles = [{"role": "vpnops.mikrotik.site_to_site"}]
    for wrong in ({}, {"exchange_mode": "aggressive"}, {"exchange_mode": "ike3"}, {"unknown": "option"}):
        variables = {"site_to_site_tunnels": [{**tunnel, **wrong}], "site_to_site_verify": False}
        run = loud(play, router, [], variables=variables, roles=roles)
        assert (run.status == 0) == (not wrong), run.output
