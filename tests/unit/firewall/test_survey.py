# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach what, asked of a router's entries: over IPv4 and IPv6, in clear and out of tunnels."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import service_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import Asked, NoSuchSource
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.survey import survey
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV4, IPV6
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.firewall import (
    ADDRESS_LIST,
    ADDRESS_LIST6,
    FILTER,
    FILTER6,
)

SSH, PING = (service_of(name) for name in ("ssh", "ping"))


def test_ipv6_is_asked_where_its_filter_has_rules() -> None:
    rules = entries6(
        {"chain": "input", "protocol": "icmpv6", "icmp-options": "128:0-255"},
        {"chain": "input", "protocol": "tcp", "dst-port": "22", "src-address-list": "mgmt"},
        {"chain": "input", "action": "drop"},
    )
    members = entries6({"list": "mgmt", "address": "2001:db8:88::/64"})
    services = [SSH, PING]
    rows = survey({FILTER6: rules, ADDRESS_LIST6: members}, frozenset(), {}, services)
    found = {(row.source, row.service.name): (row.addresses, row.outcome.verdict) for row in rows if row.family is IPV6}
    assert found == {
        ("anybody", "ssh"): ((), Verdict.DROP),
        ("anybody", "ping"): ((), Verdict.ACCEPT),
        ("members of mgmt", "ssh"): (("2001:db8:88::1",), Verdict.ACCEPT),
        ("members of mgmt", "ping"): (("2001:db8:88::1",), Verdict.ACCEPT),
    }
    assert not [row for row in survey({FILTER6: ()}, frozenset(), {}, services) if row.family is IPV6]


def test_a_source_is_asked_about_in_the_families_that_know_it() -> None:
    tables = {FILTER6: entries6({"chain": "input", "action": "drop"})}
    for address, families in (("2001:db8::9", {IPV6}), ("192.0.2.9", {IPV4}), ("", {IPV4, IPV6})):
        rows = survey(tables, frozenset(), {}, [SSH], [Asked(address=address)])
        assert {row.family for row in rows} == families
    with pytest.raises(NoSuchSource, match="an IPv4 address, prefix or range, or an address list"):
        survey(tables, frozenset(), {}, [SSH], [Asked(address="nobody")])


def entries6(*rows: dict[str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(f"*{number}", row) for number, row in enumerate(rows))


def test_who_is_let_in_out_of_a_tunnel_has_a_line_of_his_own() -> None:
    rules = entries6(
        {"chain": "input", "protocol": "tcp", "dst-port": "22", "src-address-list": "far", "ipsec-policy": "in,ipsec"},
        {"chain": "input", "action": "drop"},
    )
    tables = {FILTER: rules, ADDRESS_LIST: entries6({"list": "far", "address": "192.168.20.0/24"})}
    found = {row.source: row.outcome.verdict for row in survey(tables, frozenset(), {}, [SSH])}
    assert found["members of far"] is Verdict.DROP
    assert found["members of far through a tunnel"] is Verdict.ACCEPT
