# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that every menu of the schema keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import ALL, BY_MODULE, BY_PATH, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

MODULES = {
    *("ipsec_profile", "ipsec_proposal", "ipsec_peer", "ipsec_identity", "ipsec_policy", "ipsec_policy_group"),
    *("ipsec_mode_config", "ipsec_settings", "ipsec_key_psk", "firewall_filter", "firewall_nat", "firewall_raw"),
    *("interface_gre", "interface_ipip", "interface_eoip", "interface_vrrp", "interface_list", "interface_list_member"),
    *("interface_xfrm", "ip_address", "ip_route"),
    *("firewall_mangle", "firewall_address_list", "ip_service", "ipv6_firewall_filter", "ipv6_firewall_address_list"),
    *("queue_type", "queue_tree", "system_logging", "system_script", "system_scheduler", "tool_netwatch"),
    *("ip_dns", "ip_upnp", "ip_proxy", "ip_socks", "snmp", "snmp_community", "ip_neighbor_discovery", "tool_romon"),
    *("tool_bandwidth_server", "tool_mac_server", "tool_mac_server_ping", "tool_mac_server_winbox"),
}
FIREWALL = [menu for menu in MENUS if menu.ordered and menu.unsets]
every_menu = pytest.mark.parametrize("menu", MENUS, ids=lambda menu: menu.path)


def defaults(item: Field) -> Iterator[str]:
    """All texts a field holds by itself on some version."""
    if isinstance(item.default, str):
        yield item.default
    elif item.default:
        yield from item.default.values()


def test_every_module_has_its_menu() -> None:
    assert set(BY_MODULE) == MODULES
    assert len(BY_PATH) == len(ALL)


def test_what_is_named_by_others_comes_before_them() -> None:
    order = [menu.path for menu in ALL]
    for menu in ALL:
        # Lists may hold lists, and are then given in the order in which they can be made.
        for path in (menu.refers | menu.places) - {menu.path}:
            assert order.index(path) < order.index(menu.path), (menu.path, path)


@every_menu
def test_fields_are_known_by_one_name(menu: Menu) -> None:
    assert len(menu.by_name) == len(menu.by_option) == len(menu.fields)


@every_menu
def test_whatever_a_menu_says_about_fields_names_fields(menu: Menu) -> None:
    named = {*menu.key, *menu.key_if, *menu.loose, *menu.scopes, *menu.exclusive, *filter(None, [menu.chain])}
    named |= {other for condition in menu.key_if.values() for other in condition}
    named |= {*menu.key_yields, *menu.yields_with}
    named |= {item.follows for item in menu.fields if item.follows}
    assert named <= set(menu.by_name)


@every_menu
def test_entries_can_be_told_apart(menu: Menu) -> None:
    assert menu.key or menu.single or menu.chain


@every_menu
def test_only_ordered_menus_have_chains_and_matchers(menu: Menu) -> None:
    if not menu.ordered:
        assert menu.chain is None
        assert not any(item.matches for item in menu.fields)


@every_menu
def test_help_is_sentences(menu: Menu) -> None:
    assert not [item.name for item in menu.fields if not re.fullmatch(r"(?:[A-Z]|[VO]\().*\.", item.help)]
    assert menu.help.endswith(".")


@every_menu
def test_defaults_are_in_canonical_form(menu: Menu) -> None:
    for item in menu.fields:
        assert [text for text in defaults(item) if text] == [item.kind.normal(text) for text in defaults(item) if text]


@every_menu
def test_what_is_referred_to_has_a_name(menu: Menu) -> None:
    for path in menu.refers:
        assert "name" in BY_PATH[path].by_name


@every_menu
def test_what_has_no_unset_has_a_default_to_write(menu: Menu) -> None:
    if menu.path.startswith("/ip/ipsec") and not menu.unsets:
        assert not [item.name for item in menu.fields if item.default is None and not item.required]


@pytest.mark.parametrize("menu", FIREWALL, ids=lambda menu: menu.path)
def test_a_firewall_matcher_has_no_default(menu: Menu) -> None:
    matchers = [item for item in menu.fields if item.matches]
    assert len(matchers) > 40
    assert not [item.name for item in matchers if item.default is not None]


@pytest.mark.parametrize("menu", FIREWALL, ids=lambda menu: menu.path)
def test_every_firewall_table_lets_its_rules_be_dressed(menu: Menu) -> None:
    assert menu.loose == ("comment", "disabled", "log", "log-prefix")
    assert {"chain", "action", *menu.loose} <= set(menu.by_name)
