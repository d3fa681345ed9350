# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is wrong gets one clear sentence, changes nothing, and shows no traceback and no secret."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twin import Command, Faults, Refusal, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, Run, place

SECRET = "unique-secret-4711"
PROFILE = {"name": "s2s", "enc_algorithm": ["aes-256"]}
CERTIFIED = {"peer": "b", "auth_method": "digital-signature", "certificate": ["hq", "nocert"]}
PEER = {"name": "b", "address": "203.0.113.50"}


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin("7.16.2", users={"admin": PASSWORD}, tls=True)


def task(module: str, config: Any, **more: Any) -> dict[str, Any]:
    return {"name": "wrong", f"vpnops.mikrotik.{module}": {"config": config, **more}}


def told(run: Run) -> str:
    """The sentence of the failed task, after seeing that it is all there is to see."""
    assert run.status != 0
    message = run.failure.message
    assert message.strip()
    assert "\n" not in message
    for nuisance in ("Traceback", 'File "', "unexpected defect", SECRET, PASSWORD):
        assert nuisance not in run.output, run.output
    return message


@pytest.mark.parametrize(
    ("module", "config", "words"),
    [
        pytest.param("ipsec_profile", [{**PROFILE, "encalg": "x"}],
                     ["there is no such option: config.encalg", "enc_algorithm"], id="unknown-option"),
        pytest.param("config", {"ipsec_profile": [{**PROFILE, "encalg": "x"}]},
                     ["ipsec_profile", "encalg"], id="unknown-option-of-a-menu"),
        pytest.param("config", {"ipsec_profil": []}, ["ipsec_profil", "ipsec_profile"], id="unknown-menu"),
        pytest.param("ipsec_profile", [{**PROFILE, "lifetime": "soon"}],
                     ["127.0.0.1", "/ip/ipsec/profile", "s2s", "lifetime", "'soon'", "30s"], id="wrong-time"),
        pytest.param("ipsec_profile", [{**PROFILE, "enc_algorithm": ["aes-512"]}],
                     ["enc_algorithm", "aes-512", "aes-256"], id="wrong-word"),
        pytest.param("ipsec_profile", [{"enc_algorithm": ["aes-256"]}], ["name"], id="missing-key"),
        pytest.param("ipsec_profile", [PROFILE, PROFILE], ["/ip/ipsec/profile", "s2s", "twice"], id="given-twice"),
        pytest.param("ipsec_peer", [{**PEER, "address": "203.0.113.500"}],
                     ["/ip/ipsec/peer", "name=b", "address", "203.0.113.500", "DNS name"], id="wrong-address"),
        pytest.param("ipsec_peer", [{**PEER, "profile": "nosuch"}],
                     ["/ip/ipsec/peer", "name=b", "profile", "'nosuch'", "/ip/ipsec/profile", "default"],
                     id="wrong-reference"),
        pytest.param("ipsec_peer", [{**PEER, "ppk_secret": SECRET}],
                     ["/ip/ipsec/peer", "name=b", "ppk-secret", "7.16.2", "7.21"], id="newer-option"),
        pytest.param("ipsec_key_psk", [{"peer": "b", "id": "x" * 16, "key": "a" * 128}],
                     ["/ip/ipsec/key/psk", "7.16.2", "7.21"], id="newer-menu"),
        pytest.param("ipsec_key_psk", [{"peer": "b", "id": "x" * 16, "key": SECRET}],
                     ["/ip/ipsec/key/psk", "key", "128"], id="secret-of-a-wrong-form"),
        pytest.param("ipsec_identity", [{"peer": "nobody", "secret": SECRET}],
                     ["/ip/ipsec/identity", "peer", "'nobody'"], id="identity-without-peer"),
        pytest.param("firewall_filter", [{"chain": "input", "dst_port": "70000", "protocol": "tcp"}],
                     ["/ip/firewall/filter", "dst-port", "70000", "65535"], id="port-out-of-range"),
        pytest.param("firewall_filter", [{"chain": "input", "in_interface": "!ether99"}],
                     ["/ip/firewall/filter", "in-interface", "'ether99'", "/interface", "ether1"], id="no-interface"),
        pytest.param("firewall_nat", [{"chain": "srcnat", "out_interface_list": "WLAN"}],
                     ["/ip/firewall/nat", "out-interface-list", "'WLAN'", "/interface/list"], id="no-interface-list"),
        pytest.param("firewall_mangle", [{"chain": "forward", "layer7_protocol": "!rdp"}],
                     ["/ip/firewall/mangle", "layer7-protocol", "'rdp'", "/ip/firewall/layer7-protocol", "nothing yet"],
                     id="no-pattern"),
        pytest.param("ipv6_firewall_nat", [{"chain": "srcnat", "to_address": "192.0.2.1"}],
                     ["/ipv6/firewall/nat", "to-address", "'192.0.2.1'", "IPv6 address"], id="the-other-family"),
        pytest.param("ipsec_mode_config", [{"name": "rw", "address_pool": "nopool"}],
                     ["/ip/ipsec/mode-config", "address-pool", "'nopool'", "/ip/pool", "none"], id="no-pool"),
        pytest.param("config", {"ipsec_peer": [PEER], "ipsec_identity": [CERTIFIED]},
                     ["/ip/ipsec/identity", "certificate", "/certificate has no such entry"], id="no-certificate"),
        pytest.param("firewall_filter", [{"chain": "input", "dst_port": "22"}],
                     ["/ip/firewall/filter", "dst-port", "protocol=tcp or udp"], id="ports-without-protocol"),
        pytest.param("ipsec_policy", [{"src_address": "192.168.10.0/24", "dst_address": "192.168.20.0/24"}],
                     ["/ip/ipsec/policy", "peer is missing", "action=encrypt"], id="policy-without-peer"),
        pytest.param("ipsec_profile", [{**PROFILE, "dpd_interval": "2h"}],
                     ["dpd-interval", "'2h'", "at most 1h", "disable-dpd"], id="longer-than-may-be"),
        pytest.param("ip_service", [{"name": "sftp", "disabled": True}],
                     ["/ip/service", "name=sftp", "no such entry", "telnet, ftp, www, ssh"], id="no-service"),
        pytest.param("ip_service", [{"name": "ssh", "certificate": "nocert"}],
                     ["/ip/service", "name=ssh", "certificate", "'nocert'"], id="service-without-its-certificate"),
        pytest.param("system_script", [{"name": "vpnops-guard", "source": ""}],
                     ["/system/script", "name=vpnops-guard", "guarded changes"], id="script-of-a-guard"),
        pytest.param("system_scheduler", [{"name": "a", "start_date": "2026-02-30"}],
                     ["/system/scheduler", "name=a", "start-date", "'2026-02-30'", "2026-01-31"], id="no-such-day"),
        pytest.param("system_logging", [{"topics": ["ipsec", "!dbug"]}],
                     ["/system/logging", "topics", "!dbug", "debug"], id="no-such-topic"),
        pytest.param("system_logging", [{"topics": ["ipsec"], "action": "nowhere"}],
                     ["/system/logging", "action", "'nowhere'", "memory"], id="no-such-action"),
        pytest.param("tool_netwatch", [{"name": "w", "host": "192.0.2.300"}],
                     ["/tool/netwatch", "name=w", "host", "'192.0.2.300'", "an address"], id="wrong-host"),
        pytest.param("tool_netwatch", [{"name": "w", "host": "192.0.2.1", "thr_tcp_conn_time": "500"}],
                     ["thr-tcp-conn-time", "'500'", "with its unit"], id="time-without-unit"),
        pytest.param("queue_type", [{"name": "q", "kind": "pfifo", "pcq_rate": "10M"}],
                     ["/queue/type", "name=q", "pcq-rate", "kind=pcq"], id="option-of-another-kind"),
        pytest.param("queue_tree", [{"name": "t", "parent": "ether1", "queue": "noqueue"}],
                     ["/queue/tree", "queue", "'noqueue'", "default-small"], id="no-queue-type"),
        pytest.param("ipsec_peer", [PEER, {**PEER, "name": "c"}],
                     ["127.0.0.1", "/ip ipsec peer add name=c", "Multiple initiator peers", "undone"],
                     id="what-only-the-router-knows"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told(router: Server, play: Play, module: str, config: Any, words: list[str]) -> None:
    before = router.router.dump()
    message = told(play(router, [task(module, config)], "-vvv"))
    assert [word for word in words if word not in message] == [], message
    assert router.router.dump() == before


def test_a_state_that_does_not_exist_is_told(router: Server, play: Play) -> None:
    message = told(play(router, [task("ipsec_profile", [PROFILE], state="gone")]))
    assert "state" in message
    assert "merged" in message


def test_a_scope_that_the_entries_leave_is_told(router: Server, play: Play) -> None:
    wanted = task("ipsec_peer", [PEER], state="overridden", scope={"owner": ["s2s"]})
    assert "outside the task's own scope" in told(play(router, [wanted]))


def test_removing_what_is_in_use_is_told(router: Server, play: Play) -> None:
    router.router.add("/ip/ipsec/profile", name="s2s")
    router.router.add("/ip/ipsec/peer", name="b", profile="s2s", address="203.0.113.50")
    message = told(play(router, [task("ipsec_profile", [{"name": "s2s"}], state="deleted")]))
    assert "cannot be removed, /ip/ipsec/peer name=b still uses it" in message


def test_a_refusal_half_way_is_undone(router: Server, play: Play) -> None:
    before = router.router.dump()
    router.faults.refuse = Refusal(path="/ip/ipsec/peer", message="failure: not today")
    both = task("config", {"ipsec_profile": [PROFILE], "ipsec_peer": [PEER]})
    message = told(play(router, [both]))
    assert "not today" in message
    assert "undone" in message
    assert router.router.dump() == before


def test_a_router_that_vanishes_after_the_change_is_no_unreachable_one(make_twin: MakeTwin, play: Play) -> None:
    router = make_twin(users={"admin": PASSWORD})

    def vanish(command: Command) -> None:
        if command.verb == "add":
            router.faults.refuse_connections = "close"
            router.faults.drop_after = 1

    router.faults.refuse = vanish
    run = play(router, [task("ipsec_profile", [PROFILE])])
    assert "the router confirmed every change (1), but could not be read afterwards" in told(run)
    assert run.failure.status == "failed"
    assert [row["name"] for row in router.router.rows("/ip/ipsec/profile")] == ["default", "s2s"]


def test_undoing_touches_nothing_that_has_the_same_id_in_another_menu(router: Server, play: Play) -> None:
    name = {"name": "names.example.com", "address": "203.0.113.77"}
    router.router.seed({"/ip/dns/static": [name]})
    router.router.add("/ip/firewall/address-list", list="x", address=name["name"])
    before = router.router.dump()
    rules = [{"chain": "prerouting", "comment": f"rule {number}"} for number in range(5)]
    lists = [{"list": "y", "address": "192.0.2.1"}]
    wrong = [{"chain": "input", "tls_host": "x"}]
    both = {"firewall_address_list": lists, "firewall_raw": rules, "firewall_filter": wrong}
    assert "the 6 changes made were undone" in told(play(router, [task("config", both)]))
    assert router.router.dump() == before


def elsewhere(router: Server, **changes: Any) -> dict[str, Any]:
    return {**place(router), **changes}


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(lambda: {"ansible_port": closed_port()}, ["127.0.0.1:", "nothing listens"], id="nobody-listens"),
        pytest.param(lambda: {"ansible_host": "router.invalid"}, ["router.invalid"], id="no-such-name"),
        pytest.param(lambda: {"ansible_password": SECRET}, ["127.0.0.1", "admin"], id="wrong-password"),
        pytest.param(lambda: {"routeros_ca_file": None}, ["certificate", "routeros_ca_file"], id="unknown-authority"),
        pytest.param(lambda: {"routeros_fingerprint": "ab" * 32}, ["fingerprint"], id="other-fingerprint"),
        pytest.param(lambda: {"routeros_timeout": -1}, ["routeros_timeout", "-1", "above 0"], id="no-time"),
        pytest.param(lambda: {"ansible_port": 99999}, ["ansible_port", "99999", "1 to 65535"], id="no-port"),
        pytest.param(lambda: {"routeros_fingerprint": "abc"}, ["fingerprint"], id="no-fingerprint-at-all"),
        pytest.param(lambda: {"routeros_ca_file": "/nowhere/ca.pem"}, ["/nowhere/ca.pem"], id="no-such-file"),
        pytest.param(
            lambda: {"routeros_transport": "telnet"}, ["transport", "telnet", "api-ssl"], id="no-such-transport"
        ),
    ],
)
def test_no_session_is_told(
    router: Server, play: Play, changes: Callable[[], dict[str, Any]], words: list[str]
) -> None:
    before = router.router.dump()
    given = {name: value for name, value in elsewhere(router, **changes()).items() if value is not None}
    run = play({"router": given}, [task("ipsec_profile", [PROFILE])], "-vvv")
    message = told(run)
    assert [word for word in words if word not in message] == [], message
    assert router.router.dump() == before


@pytest.mark.parametrize("wrong", [{"routeros_fingerprint": "abc"}, {"routeros_transport": "telnet"}])
def test_a_wrong_setting_is_a_failure_and_no_unreachable_router(
    router: Server, play: Play, wrong: dict[str, Any]
) -> None:
    run = play({"router": elsewhere(router, **wrong)}, [task("ipsec_profile", [PROFILE])])
    assert run.failure.status == "failed"


def test_two_ways_to_name_a_router_are_told(router: Server, play: Play) -> None:
    """Whichever of them was meant, the other one is not to be changed by mistake."""
    provider = {"host": "127.0.0.1", "port": 1, "password": PASSWORD}
    message = told(play(router, [task("ipsec_profile", [PROFILE], provider=provider)]))
    assert "provider names a router, and so does the connection" in message


def test_a_scope_without_a_meaning_is_told(router: Server, play: Play) -> None:
    message = told(play(router, [task("ipsec_profile", [PROFILE], scope={"owner": ["s2s"]})]))
    assert message == "scope has no meaning with state merged, only with overridden, deleted or gathered"


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        (
            "firewall_filter",
            {},
            "config is missing; it is required when state is deleted, unless scope says what is to go",
        ),
        (
            "firewall_filter",
            {"scope": {}},
            "config is missing; it is required when state is deleted, unless scope says",
        ),
        ("config", {"config": {}}, "config names no menu; it is required when state is deleted, unless scope says"),
        (
            "firewall_filter",
            {"scope": {"owner": []}},
            "scope.owner is empty; with state deleted, name at least one, or",
        ),
        ("firewall_filter", {"scope": {"owner": ["a"], "chain": []}}, "scope.chain is empty; with state deleted, name"),
        ("config", {"scope": {"owner": [""]}}, "scope.owner is empty; with state deleted, name at least one, or leave"),
    ],
)
def test_nothing_goes_by_an_empty_variable(
    router: Server, play: Play, module: str, arguments: dict[str, Any], sentence: str
) -> None:
    task_ = {"name": "wrong", f"vpnops.mikrotik.{module}": {"state": "deleted", **arguments}}
    assert told(play(router, [task_])).startswith(sentence)


def test_a_router_that_never_answers_is_told(make_twin: MakeTwin, play: Play) -> None:
    silent = make_twin(faults=Faults(refuse_connections="hang"))
    run = play({"router": elsewhere(silent, routeros_timeout=1)}, [task("ipsec_profile", [PROFILE])])
    assert "127.0.0.1" in told(run)
    assert run.failure.status == "unreachable"


def test_an_account_without_write_is_told(make_twin: MakeTwin, play: Play) -> None:
    router = make_twin()
    router.router.set_user("reader", PASSWORD, ["api", "read", "sensitive"])
    given = elsewhere(router, ansible_user="reader")
    message = told(play({"router": given}, [task("ipsec_profile", [PROFILE])]))
    assert "not enough permissions" in message
    assert "nothing was changed" in message


@pytest.mark.parametrize("connection", ["local", "ssh"])
def test_a_host_that_is_no_router_is_told(play: Play, connection: str) -> None:
    run = play({"somewhere": {"ansible_connection": connection}}, [task("ipsec_profile", [PROFILE])])
    message = told(run)
    assert "set ansible_connection to vpnops.mikrotik.routeros" in message
    assert connection in message


def test_commands_over_the_connection_are_told(router: Server, play: Play) -> None:
    run = play(router, [{"name": "wrong", "ansible.builtin.raw": "/ip address print"}])
    assert "runs no commands" in run.output
    assert "Traceback" not in run.output


def test_a_missing_library_is_told(router: Server, play: Play, tmp_path: Path) -> None:
    (tmp_path / "librouteros").mkdir()
    (tmp_path / "librouteros" / "__init__.py").write_text("raise ImportError('not here')\n")
    run = play(router, [task("ipsec_profile", [PROFILE])], environment={"PYTHONPATH": str(tmp_path)})
    message = told(run)
    assert "librouteros" in message
    assert "pip install" in message
