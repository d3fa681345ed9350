# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module options derived from menus, and entries there and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema import kinds
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import (
    argument_spec,
    config_argument_spec,
    entry_options,
    to_options,
    to_words,
)
from hypothesis import given
from hypothesis import strategies as st

PEER, FILTER, SETTINGS = (BY_MODULE[name] for name in ("ipsec_peer", "firewall_filter", "ipsec_settings"))
every_module = pytest.mark.parametrize("module", BY_MODULE)

REQUIRED = {
    "queue_type": {"name"},
    "queue_tree": {"name"},
    "system_logging": {"topics"},
    "system_script": {"name"},
    "system_scheduler": {"name"},
    "tool_netwatch": {"name"},
    "ipsec_profile": {"name"},
    "ipsec_proposal": {"name"},
    "ipsec_peer": {"name"},
    "ipsec_policy_group": {"name"},
    "ipsec_mode_config": {"name"},
    "ipsec_identity": {"peer"},
    "ipsec_policy": set(),
    "ipsec_key_psk": {"peer", "id"},
    "firewall_filter": {"chain"},
    "firewall_nat": {"chain"},
    "firewall_raw": {"chain"},
    "firewall_mangle": {"chain"},
    "firewall_address_list": {"list", "address"},
    "ip_service": {"name"},
    "interface_gre": {"name"},
    "interface_ipip": {"name"},
    "interface_eoip": {"name"},
    "interface_vrrp": {"name"},
    "interface_xfrm": {"name"},
    "interface_list": {"name"},
    "interface_list_member": {"list", "interface"},
    "ip_address": {"address", "interface"},
    "ip_route": set(),
    "ipv6_firewall_filter": {"chain"},
    "ipv6_firewall_address_list": {"list", "address"},
    "snmp_community": {"name"},
    **{name: set() for name in BY_MODULE if BY_MODULE[name].single},
}
SECRETS = {
    "ipsec_peer": {"ppk_secret"},
    "ipsec_identity": {"secret", "password"},
    "ipsec_key_psk": {"key"},
    "interface_gre": {"ipsec_secret"},
    "interface_ipip": {"ipsec_secret"},
    "interface_eoip": {"ipsec_secret"},
    "interface_vrrp": {"password"},
    "snmp_community": {"authentication_password", "encryption_password"},
    "tool_romon": {"secrets"},
}


@every_module
def test_required_is_only_what_an_entry_cannot_be_told_apart_without(module: str) -> None:
    options = entry_options(BY_MODULE[module])
    assert {name for name, option in options.items() if option.get("required")} == REQUIRED[module]


@every_module
def test_secrets_are_hidden_by_ansible_and_nothing_else_is(module: str) -> None:
    options = entry_options(BY_MODULE[module])
    assert {name for name, option in options.items() if option.get("no_log")} == SECRETS.get(module, set())


@every_module
def test_a_module_that_only_reads_needs_no_arguments(module: str) -> None:
    checked = ArgumentSpecValidator(argument_spec(BY_MODULE[module])).validate({"state": "gathered"})
    assert checked.error_messages == []
    assert checked.validated_parameters["config"] is None


@every_module
def test_the_scope_narrows_by_the_menu_s_own_fields(module: str) -> None:
    menu, spec = BY_MODULE[module], argument_spec(BY_MODULE[module])
    if menu.single:
        assert "scope" not in spec
    else:
        assert set(spec["scope"]["options"]) == {*menu.scopes, *(["owner"] if menu.mark else [])}


def test_a_single_menu_has_no_states_for_lists() -> None:
    spec = argument_spec(SETTINGS)
    assert spec["config"]["type"] == "dict"
    assert spec["state"]["choices"] == ["merged", "replaced", "gathered", "rendered"]


def test_several_menus_are_given_under_their_modules_names() -> None:
    spec = config_argument_spec()
    assert set(spec["config"]["options"]) == set(BY_MODULE)
    given = {"config": {"ipsec_peer": [{"name": "site-b"}], "ipsec_settings": {"accounting": True}}}
    assert ArgumentSpecValidator(spec).validate(given).error_messages == []


def test_a_provider_is_checked_by_default() -> None:
    checked = ArgumentSpecValidator(argument_spec(PEER)).validate({"provider": {"host": "192.0.2.1"}})
    assert checked.validated_parameters["provider"] == {
        "host": "192.0.2.1",
        "username": "admin",
        "password": None,
        "port": None,
        "transport": "api-ssl",
        "timeout": 30.0,
        "ca_file": None,
        "fingerprint": None,
        "validate_certs": True,
        "anonymous": False,
    }


def test_a_spec_is_never_shared_between_two_calls() -> None:
    argument_spec(PEER)["provider"]["options"]["host"]["required"] = False
    entry_options(PEER)["name"]["required"] = False
    assert argument_spec(PEER)["provider"]["options"]["host"]["required"] is True
    assert entry_options(PEER)["name"]["required"] is True


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        pytest.param("ipsec_peer", {"name": "10", "port": 500}, {"name": "10", "port": "500"}, id="numbers"),
        pytest.param("ipsec_peer", {"name": "b", "passive": True}, {"name": "b", "passive": "yes"}, id="switches"),
        pytest.param("ipsec_peer", {"name": "b", "comment": None}, {"name": "b"}, id="null-is-not-said"),
        pytest.param("ipsec_peer", {"comment": ""}, {"comment": ""}, id="empty-text-is-said"),
        pytest.param("ipsec_peer", {"comment": "yes"}, {"comment": "yes"}, id="text-stays-text"),
        pytest.param("ipsec_proposal", {"auth_algorithms": []}, {"auth-algorithms": ""}, id="empty-list-is-said"),
        pytest.param("ipsec_policy", {"peer": ["b", "a"]}, {"peer": "b,a"}, id="lists-keep-their-order"),
        pytest.param("firewall_filter", {"dst_port": ["!500", "4500"]}, {"dst-port": "!500,4500"}, id="negation"),
    ],
)
def test_options_become_words(module: str, options: dict[str, object], words: dict[str, str]) -> None:
    assert to_words(BY_MODULE[module], options) == words


@pytest.mark.parametrize(
    ("module", "row", "options"),
    [
        pytest.param("ipsec_peer", {"passive": "true"}, {"passive": True}, id="switches"),
        pytest.param("ipsec_peer", {"port": "500"}, {"port": 500}, id="numbers"),
        pytest.param("ipsec_peer", {"name": "10", "comment": "yes"}, {"name": "10", "comment": "yes"}, id="text"),
        pytest.param("ipsec_peer", {".id": "*1", "dynamic": "false", "name": "b"}, {"name": "b"}, id="known-only"),
        pytest.param("ipsec_peer", {"port": "many"}, {"port": "many"}, id="what-is-not-understood-stays"),
        pytest.param("ipsec_proposal", {"auth-algorithms": ""}, {"auth_algorithms": []}, id="empty-list"),
        pytest.param("ipsec_policy", {"peer": "*7"}, {"peer": ["*7"]}, id="dangling-reference"),
        pytest.param("firewall_filter", {"chain": "x", "action": "drop"}, {"chain": "x", "action": "drop"}, id="rule"),
    ],
)
def test_a_row_becomes_options(module: str, row: dict[str, str], options: dict[str, object]) -> None:
    assert to_options(BY_MODULE[module], row) == options


def test_options_come_in_the_schema_s_order() -> None:
    assert list(to_options(PEER, {"comment": "b", "address": "192.0.2.1/32", "name": "b"})) == [
        "name",
        "address",
        "comment",
    ]


def values(item: Field) -> st.SearchStrategy[Any]:
    """Values a user could give for a field, by the type of its option."""
    option: Mapping[str, Any] = item.kind.option
    if option["type"] == "bool":
        return st.booleans()
    if option["type"] == "int":
        return st.integers(1, 99).filter(lambda value: accepts(item, str(value)))
    if option["type"] == "list":
        words = st.sampled_from(option["choices"]) if "choices" in option else st.sampled_from(["10.0.0.0/8", "22"])
        return st.lists(words, max_size=3, unique=True)
    return st.sampled_from(option["choices"]) if "choices" in option else st.sampled_from(["a", "10", "!b", ""])


def accepts(item: Field, text: str) -> bool:
    """Whether the field's kind takes the text."""
    try:
        item.kind.normal(text)
    except ValueError:
        return False
    return True


def entries(menu: Menu) -> st.SearchStrategy[dict[str, Any]]:
    """Entries in option form with any of the menu's fields."""
    return st.fixed_dictionaries({}, optional={item.option: values(item) for item in menu.fields})


@every_module
@given(data=st.data())
def test_an_entry_means_the_same_after_the_way_there_and_back(module: str, data: st.DataObject) -> None:
    menu = BY_MODULE[module]
    entry = data.draw(entries(menu))
    assert to_options(menu, to_words(menu, entry)) == entry


def test_every_option_type_is_one_that_ansible_and_the_conversions_know() -> None:
    types = {item.kind.option["type"] for menu in BY_MODULE.values() for item in menu.fields}
    assert types == {"str", "bool", "int", "list"}
    assert kinds.SWITCH.option == {"type": "bool"}
