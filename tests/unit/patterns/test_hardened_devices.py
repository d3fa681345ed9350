# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hardened_input sets where no rule of the firewall helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.filter.hardened_input import compiled
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE

MANAGEMENT = ["192.168.88.0/28", "2001:db8:1::/64"]
PUBLIC = {"name": "public", "addresses": ["::/0"], "disabled": False}
# A router on which everything is open, as state `gathered` returns it.
OPEN: Mapping[str, Any] = {
    "tool_mac_server": {"allowed_interface_list": "all"},
    "tool_mac_server_winbox": {"allowed_interface_list": "all"},
    "tool_mac_server_ping": {"enabled": True},
    "tool_bandwidth_server": {"enabled": True},
    "tool_romon": {"enabled": True},
    "ip_neighbor_discovery": {"discover_interface_list": "static"},
    "ip_dns": {"allow_remote_requests": True},
    "ip_upnp": {"enabled": True},
    "ip_proxy": {"enabled": True},
    "ip_socks": {"enabled": True},
    "snmp": {"enabled": True},
    "snmp_community": [PUBLIC],
}


def devices(found: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    existing = OPEN if found is None else found
    result = compiled({"management": MANAGEMENT, "devices": True, **options}, existing=existing)
    assert result["problems"] == []
    settings: dict[str, Any] = dict(result["devices"])  # type: ignore[call-overload]
    return settings


def community(*rows: Mapping[str, Any], **options: Any) -> Any:
    return devices({**OPEN, "snmp_community": list(rows)}, **options).get("snmp_community")


def test_devices_are_left_alone_unless_asked() -> None:
    assert devices(devices=False) == {}


def test_devices_are_closed_to_all_but_the_lan() -> None:
    assert devices() == {
        "tool_mac_server": {"allowed_interface_list": "LAN"},
        "tool_mac_server_winbox": {"allowed_interface_list": "LAN"},
        "ip_neighbor_discovery": {"discover_interface_list": "LAN"},
        **{f"tool_{name}": {"enabled": False} for name in ("mac_server_ping", "bandwidth_server", "romon")},
        **{f"ip_{name}": {"enabled": False} for name in ("proxy", "socks", "upnp")},
        "snmp_community": [{"name": "public", "addresses": MANAGEMENT}],
    }


def test_devices_are_closed_to_everybody_without_a_lan() -> None:
    found = devices(lan="", lan_services=[])
    for name in ("tool_mac_server", "tool_mac_server_winbox"):
        assert found[name] == {"allowed_interface_list": "none"}
    assert found["ip_neighbor_discovery"] == {"discover_interface_list": "none"}


@pytest.mark.parametrize("name", OPEN)
def test_menus_that_the_router_lacks_get_no_settings(name: str) -> None:
    empty: Any = {} if BY_MODULE[name].single else []
    for found in ({**OPEN, name: empty}, {each: OPEN[each] for each in OPEN if each != name}):
        assert name not in devices(found)


def test_menus_to_read_are_those_of_the_settings() -> None:
    reads = compiled({"management": MANAGEMENT, "devices": True})["reads"]
    assert reads == {
        "firewall_filter": [],
        "ipv6_firewall_filter": [],
        **{name: {} if isinstance(OPEN[name], dict) else [] for name in OPEN},
    }
    assert set(compiled({"management": MANAGEMENT})["reads"]) == {"firewall_filter", "ipv6_firewall_filter"}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("options", "closed"),
    [
        pytest.param({}, False, id="offered"),
        pytest.param({"lan_services": ["dhcp"]}, True, id="not-offered"),
        pytest.param({"lan_services": ["dhcp", "udp/53"]}, False, id="by-its-port"),
        pytest.param({"lan_services": ["udp/50-60"]}, False, id="within-a-range"),
        pytest.param({"lan_services": ["udp/54"]}, True, id="beside-its-port"),
        pytest.param({"lan_services": [], "tunnel_services": ["dns"]}, True, id="to-no-tunnel"),
        pytest.param({"lan_services": [], "tunnel_services": ["dns"], "tunnel_networks": ["192.168.20.0/24"]}, False,
                     id="to-tunnels"),
        pytest.param({"lan_services": [], "extra": [{"protocol": "udp", "dst_port": [53]}]}, False, id="by-a-rule"),
        pytest.param({"lan_services": [], "extra": [{"protocol": "udp", "dst_port": 53, "action": "drop"}]}, True,
                     id="dropped-by-a-rule"),
    ],
)  # fmt: skip
def test_resolver_is_closed_unless_somebody_is_offered_dns(options: dict[str, Any], closed: bool) -> None:
    assert devices(**options).get("ip_dns") == ({"allow_remote_requests": False} if closed else None)


def test_upnp_stays_where_the_lan_is_offered_it() -> None:
    assert "ip_upnp" not in devices(lan_services=["upnp"])


@pytest.mark.parametrize(
    ("options", "addresses"),
    [
        pytest.param({}, MANAGEMENT, id="management"),
        pytest.param({"tunnel_networks": ["192.168.20.0/24"]}, [*MANAGEMENT, "192.168.20.0/24"], id="tunnels"),
        pytest.param({"tunnel_networks": ["192.168.20.0/24"], "tunnel_services": ["snmp"]},
                     [*MANAGEMENT, "192.168.20.0/24"], id="tunnels-with-snmp"),
        pytest.param({"tunnel_networks": ["192.168.20.0/24"], "tunnel_services": ["ntp"]}, MANAGEMENT,
                     id="tunnels-without"),
    ],
)  # fmt: skip
def test_community_answers_the_management_networks(options: dict[str, Any], addresses: list[str]) -> None:
    assert community(PUBLIC, **options) == [{"name": "public", "addresses": addresses}]


@pytest.mark.parametrize("addresses", [["192.168.88.5/32"], ["192.168.88.0/29", "2001:db8:1::/64"], MANAGEMENT])
def test_community_that_answers_fewer_stays_so(addresses: list[str]) -> None:
    assert community({**PUBLIC, "addresses": addresses}) is None


@pytest.mark.parametrize("addresses", [[], ["0.0.0.0/0"], ["192.168.88.0/24"], ["192.168.88.5/32", "192.0.2.1/32"]])
def test_community_that_answers_others_is_restricted(addresses: list[str]) -> None:
    assert community({**PUBLIC, "addresses": addresses}) == [{"name": "public", "addresses": MANAGEMENT}]


def test_community_is_disabled_where_nobody_manages() -> None:
    assert community(PUBLIC, management=[], no_management=True) == [{"name": "public", "disabled": True}]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({"snmp": {"enabled": False}}, id="snmp-off"),
        pytest.param({"snmp_community": [{**PUBLIC, "disabled": True}]}, id="disabled"),
        pytest.param({"snmp_community": [{**PUBLIC, "name": "monitoring"}]}, id="another-community"),
    ],
)
def test_snmp_that_answers_nobody_as_public_is_left_alone(found: dict[str, Any]) -> None:
    assert "snmp_community" not in devices({**OPEN, **found})
