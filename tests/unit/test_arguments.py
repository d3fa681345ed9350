# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's arguments to a wish and a router."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import (
    BadArguments,
    Inquiry,
    Request,
    job_from,
    request_from,
    spec_of,
    target_from,
    validate,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS

FILTER, PEER, IDENTITY, SETTINGS = (
    BY_MODULE[name] for name in ("firewall_filter", "ipsec_peer", "ipsec_identity", "ipsec_settings")
)


def requested(module: str, **arguments: Any) -> Request:
    return request_from(module, validate(spec_of(module), arguments))


def test_a_list_of_entries_in_the_routers_words() -> None:
    rule = {"chain": "input", "dst_port": ["500", 4500], "log": True, "src_address": None}
    request = requested("firewall_filter", config=[rule])
    assert request.intent.state == "merged"
    assert request.intent.scope == Scope()
    assert request.intent.wants == {FILTER: [{"chain": "input", "dst-port": "500,4500", "log": "yes"}]}
    assert not request.several


def test_settings_are_one_row() -> None:
    request = requested("ipsec_settings", config={"accounting": False, "ddos_cookie_threshold": 10})
    assert request.intent.wants == {SETTINGS: [{"accounting": "no", "ddos-cookie-threshold": "10"}]}


def test_several_menus_come_in_the_order_of_their_dependencies() -> None:
    config = {"firewall_filter": [{"chain": "input"}], "ipsec_identity": [{"peer": "b"}], "ipsec_peer": [{"name": "b"}]}
    request = requested("config", config=config, state="replaced")
    assert list(request.intent.wants) == [PEER, IDENTITY, FILTER]
    assert request.intent.state == "replaced"
    assert request.several


def test_menus_that_nobody_gave_are_not_touched_and_empty_ones_are() -> None:
    request = requested("config", config={"ipsec_peer": []}, state="overridden")
    assert request.intent.wants == {PEER: []}


@pytest.mark.parametrize("module", BY_MODULE)
def test_gathering_needs_no_config(module: str) -> None:
    assert requested(module, state="gathered").intent.wants == {BY_MODULE[module]: []}


def test_gathering_everything() -> None:
    wants = requested("config", state="gathered").intent.wants
    assert wants == {menu: [] for menu in MENUS if menu.module}


@pytest.mark.parametrize("module", ["config", "ipsec_peer"])
@pytest.mark.parametrize("state", ["merged", "replaced", "overridden", "deleted", "rendered"])
def test_every_other_state_needs_config(module: str, state: str) -> None:
    with pytest.raises(BadArguments, match=f"^config is missing; it is required when state is {state}$"):
        requested(module, state=state)


def test_scopes() -> None:
    scope = {"owner": ["s2s-a"], "chain": ["input", "forward"]}
    request = requested("firewall_filter", config=[], state="overridden", scope=scope)
    assert request.intent.scope == Scope(("s2s-a",), {"chain": ("input", "forward")})
    assert requested("config", config={"ipsec_peer": []}, scope={"owner": []}).intent.scope == Scope(owner=())
    assert requested("firewall_filter", config=[], scope={"chain": []}).intent.scope == Scope()


def test_secrets_are_listed_and_nothing_else() -> None:
    identities = [{"peer": "a", "secret": "one"}, {"peer": "b", "secret": "", "password": "two"}, {"peer": "c"}]
    assert requested("ipsec_identity", config=identities).secrets == ("one", "two")
    config = {"ipsec_identity": identities[:1], "ipsec_peer": [{"name": "b", "ppk_secret": "three"}]}
    assert sorted(requested("config", config=config).secrets) == ["one", "three"]


@pytest.mark.parametrize(
    ("module", "arguments", "words"),
    [
        ("ipsec_peer", {"config": [{"name": "b", "adress": "192.0.2.1"}]}, ["adress", "config", "address"]),
        ("ipsec_peer", {"config": [{"address": "192.0.2.1"}]}, ["name", "required", "config"]),
        ("ipsec_peer", {"config": [], "state": "absent"}, ["state", "absent", "merged", "deleted"]),
        ("ipsec_settings", {"config": {}, "state": "overridden"}, ["state", "overridden", "merged"]),
        ("ipsec_profile", {"config": [{"name": "p", "hash_algorithm": "sha3"}]}, ["hash_algorithm", "sha3", "sha256"]),
        ("config", {"config": {"ipsec_pear": []}}, ["ipsec_pear", "ipsec_peer"]),
        ("config", {"config": {"ipsec_peer": [{"nam": "b"}]}}, ["ipsec_peer: ", "nam", "config"]),
    ],
)
def test_bad_arguments_are_named_with_what_is_allowed(module: str, arguments: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(BadArguments) as bad:
        requested(module, **arguments)
    assert [word for word in words if word not in str(bad.value)] == []


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("ipsec_identity", {"config": [{"peer": "b", "secret": "hush", "auth_method": "hush"}]}),
        ("config", {"config": {"ipsec_identity": [{"peer": "b", "secret": "hush", "auth_method": "hush"}]}}),
        ("ipsec_peer", {"provider": {"host": "r", "password": "hush", "transport": "hush"}}),
    ],
)
def test_no_secret_is_in_the_sentence(module: str, arguments: dict[str, Any]) -> None:
    """Ansible quotes the value that was not allowed, which here is a secret at another place."""
    with pytest.raises(BadArguments) as bad:
        requested(module, **arguments)
    assert "********" in str(bad.value)
    assert "hush" not in str(bad.value)


def test_where_the_router_is() -> None:
    provider = validate(spec_of("ipsec_peer"), {"state": "gathered", "provider": {"host": "r1"}})["provider"]
    assert target_from(provider) == Target("r1", "admin", "", None, "api-ssl", 30.0)
    given = {"host": "r1", "username": "ops", "password": "p", "port": 8728, "transport": "api", "timeout": 5}
    provider = validate(spec_of("config"), {"provider": given})["provider"]
    assert target_from(provider) == Target("r1", "ops", "p", 8728, "api", 5.0)


@pytest.mark.parametrize(
    ("provider", "word"),
    [({"username": "ops"}, "host"), ({"host": "r1", "user": "ops"}, "username"), ({"host": "r1", "port": "x"}, "port")],
)
def test_a_provider_that_does_not_fit(provider: dict[str, Any], word: str) -> None:
    with pytest.raises(BadArguments, match=word):
        validate(spec_of("ipsec_peer"), {"state": "gathered", "provider": provider})


def test_what_is_known_of_a_router_shows_no_password() -> None:
    assert "hush" not in repr(target_from({"host": "r1", "password": "hush"}))


def test_a_question_names_menus_by_their_modules() -> None:
    given = {"menus": ["firewall_nat", "ipsec_policy"], "fail_on": "warning", "wan": ["LTE"]}
    job = job_from("firewall_analyse", validate(spec_of("firewall_analyse"), given))
    assert job == Inquiry("warning", frozenset({"/ip/firewall/nat", "/ip/ipsec/policy"}), ("LTE",))
    assert not job.offline


def test_a_question_is_about_everything_and_never_fails_unless_asked_to() -> None:
    job = job_from("firewall_analyse", validate(spec_of("firewall_analyse"), {}))
    assert isinstance(job, Inquiry)
    assert (job.fail_on, len(job.menus), job.wan) == ("never", 6, ("WAN",))


def test_every_other_module_has_a_wish() -> None:
    job = job_from("firewall_nat", validate(spec_of("firewall_nat"), {"config": [], "state": "rendered"}))
    assert isinstance(job, Request)
    assert job.offline
