# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's arguments to a wish and a router."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import (
    job_from,
    request_from,
    spec_of,
    target_from,
    validate,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import SERVICES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import Asked
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments, Inquiry, Request
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
    instead = ", unless scope says what is to go" if state == "deleted" else ""
    with pytest.raises(BadArguments, match=f"^config is missing; it is required when state is {state}{instead}$"):
        requested(module, state=state)


def test_scopes() -> None:
    scope = {"owner": ["s2s-a"], "chain": ["input", "forward"]}
    request = requested("firewall_filter", config=[], state="overridden", scope=scope)
    assert request.intent.scope == Scope(("s2s-a",), {"chain": ("input", "forward")})
    assert requested("config", config={"ipsec_peer": []}, scope={"owner": []}).intent.scope == Scope(owner=())
    assert requested("firewall_filter", config=[], scope={"chain": []}).intent.scope == Scope()


def test_what_a_scope_alone_deletes() -> None:
    def deleted(module: str, **arguments: Any) -> Intent:
        return requested(module, state="deleted", **arguments).intent

    scope: dict[str, Any] = {"owner": ["s2s-a"]}
    assert deleted("firewall_filter", scope=scope) == Intent({FILTER: []}, "deleted", Scope(("s2s-a",)))
    assert deleted("firewall_filter", scope={"chain": ["input"]}, config=[]).wants == {FILTER: []}
    assert deleted("config", scope=scope, config={"ipsec_peer": [], "firewall_filter": []}).wants == {
        PEER: [],
        FILTER: [],
    }
    everywhere = deleted("config", scope=scope).wants
    assert everywhere == {
        menu: [] for menu in MENUS if menu.module and menu.mark and menu.adds and menu is not SETTINGS
    }
    assert deleted("config", scope=scope, config={}).wants == everywhere
    assert deleted("firewall_filter", config=[]) == Intent({FILTER: []}, "deleted")


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
    assert (job.fail_on, len(job.menus), job.wan) == ("never", 13, ("WAN",))


def asked(**arguments: Any) -> Inquiry:
    job = job_from("firewall_analyse", validate(spec_of("firewall_analyse"), arguments))
    assert isinstance(job, Inquiry)
    return job


def test_who_may_want_to_reach_what() -> None:
    assert (asked().services, asked().sources) == (SERVICES, ())
    job = asked(reach={"services": ["ssh", "tcp/8443"], "sources": [{"name": "office", "interface": "WAN"}]})
    assert [(each.protocol, each.port) for each in job.services] == [("tcp", 22), ("tcp", 8443)]
    assert job.sources == (Asked("office", "", "WAN"),)
    assert asked(reach={"services": []}).services == ()
    assert asked(reach={"sources": []}).services == SERVICES


def test_a_proposal_is_a_wish_that_stays_one() -> None:
    config = {"ipsec_identity": [{"peer": "b", "secret": "hush"}], "ipsec_peer": [{"name": "b"}]}
    job = asked(proposal={"config": config, "state": "overridden", "scope": {"owner": ["s2s"]}})
    wish = requested("config", config=config, state="overridden", scope={"owner": ["s2s"]})
    assert job.proposal == wish.intent
    assert job.secrets == ("hush",)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"reach": {"services": ["shh"]}}, ["reach.services: 'shh'", "ssh", "tcp/8443"]),
        ({"reach": {"sources": [{"adress": "192.0.2.1"}]}}, ["adress", "address"]),
        ({"proposal": {"config": {"firewall_filtre": []}}}, ["proposal: ", "firewall_filtre", "firewall_filter"]),
        ({"proposal": {"config": {"firewall_filter": [{"chian": "x"}]}}}, ["proposal: firewall_filter: ", "chian"]),
        ({"proposal": {"state": "merged"}}, ["proposal: config is missing; it is required when state is merged"]),
        ({"proposal": {"config": {}, "state": "gathered"}}, ["gathered", "merged, replaced, overridden, deleted"]),
    ],
)
def test_bad_questions_are_named_with_what_is_allowed(arguments: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(BadArguments) as bad:
        asked(**arguments)
    assert [word for word in words if word not in str(bad.value)] == []


def test_every_other_module_has_a_wish() -> None:
    job = job_from("firewall_nat", validate(spec_of("firewall_nat"), {"config": [], "state": "rendered"}))
    assert isinstance(job, Request)
    assert job.offline


def test_what_is_the_routers_to_change() -> None:
    policy = BY_MODULE["ipsec_policy"]
    one = requested("ipsec_policy", config=[], state="overridden", keep=["disabled", "ipsec_protocols"])
    assert one.intent.keep == {policy: {"disabled", "ipsec-protocols"}}
    several = requested("config", config={"ipsec_policy": []}, state="replaced", keep={"ipsec_policy": ["disabled"]})
    assert several.intent.keep == {policy: {"disabled"}}


@pytest.mark.parametrize(
    ("module", "keep", "told"),
    [
        ("ipsec_peer", ["disable"], "keep: disable of ipsec_peer was given; it can be address, local_address, "),
        ("ipsec_peer", ["name"], "keep: name of ipsec_peer was given; it can be address, "),
        ("config", {"ipsec_peers": ["disabled"]}, "keep: ipsec_peers was given; it takes names of modules that "),
        ("config", {"ip_service": ["disabled"]}, "keep: ip_service was given; it takes names of modules that "),
        ("config", {"ipsec_peer": "disabled"}, "keep: ipsec_peer takes a list of options, such as "),
    ],
)
def test_what_cannot_be_left_to_the_router(module: str, keep: object, told: str) -> None:
    config = {"ipsec_peer": []} if module == "config" else []
    with pytest.raises(BadArguments, match=told):
        requested(module, config=config, keep=keep)


def test_nothing_is_kept_where_nothing_is_made() -> None:
    with pytest.raises(BadArguments, match="keep has no meaning with state deleted, only with merged, replaced or "):
        requested("ipsec_peer", config=[{"name": "b"}], state="deleted", keep=["disabled"])
