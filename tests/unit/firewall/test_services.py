# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of services: switched off, on other ports, for some addresses only."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.reach import Gate, Outcome
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import (
    KNOWN,
    SWITCHES,
    Switch,
    service_of,
    settings_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import Probe
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV4, IPV6
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

from tests.unit.firewall.firewalls import rule

V4, V6 = "192.0.2.7", "2001:db8::7"


def ask(service: str, path: str, *rows: Mapping[str, str] | Entry, address: str = V4, rules: str = "") -> Outcome:
    """What becomes of a request, with rules, one to a line, and the rows of one menu."""
    entries = tuple(row if isinstance(row, Entry) else Entry(f"*{n}", row) for n, row in enumerate(rows))
    lines = tuple(Entry(f"*{n}", rule(line)) for n, line in enumerate(rules.splitlines()))
    firewall = Firewall(lines, family=IPV6 if ":" in address else IPV4)
    gate = Gate(firewall, {}, settings_of({Menu(path, "", ()): entries}))
    return gate.outcome(Probe("", address, None), service_of(service))


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda each: each.path)
def test_service_that_is_off_is_not_reachable(switch: Switch) -> None:
    for service in switch.services:
        assert service in KNOWN
        off = ask(service, switch.path, {switch.enabled: "false"})
        assert (off.verdict, off.why.endswith("it is off")) == (Verdict.DROP, True)
        assert off.refused_by
        assert switch.path in off.refused_by.place
        assert ask(service, switch.path, {switch.enabled: "true"}).verdict is Verdict.ACCEPT
        # Where the menu was not read, or the board has none, the firewall alone decides.
        assert ask(service, switch.path).verdict is Verdict.ACCEPT


def test_service_at_several_ports_is_asked_at_each() -> None:
    rules = "input accept protocol=tcp dst-port=3128\ninput drop"
    proxy = {"enabled": "true", "port": "8080,3128"}
    found = ask("proxy", "/ip/proxy", proxy, rules=rules)
    assert (found.verdict, found.why) == (Verdict.EITHER, "it depends on which of the service's ports it goes to")
    assert ask("socks", "/ip/socks", {"enabled": "true", "port": "3128"}, rules=rules).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("limits", "address", "why"),
    [
        ("192.0.2.0/24,2001:db8::/32", V4, ""),
        ("192.0.2.0/24,2001:db8::/32", V6, ""),
        ("192.168.88.0/24,2001:db8::/32", V4, "it answers 192.168.88.0/24, 2001:db8::/32 only"),
        ("192.0.2.0/24,2001:db8:9::/48", V6, "it answers 192.0.2.0/24, 2001:db8:9::/48 only"),
        ("192.0.2.0/24", V6, "it limits no IPv6"),
        ("", V6, ""),
    ],
)
def test_address_list_of_a_service_limits_each_family(limits: str, address: str, why: str) -> None:
    found = ask("ssh", "/ip/service", {"name": "ssh", "port": "22", "address": limits, "vrf": "far"}, address=address)
    assert found.verdict is (Verdict.DROP if why.endswith("only") else Verdict.ACCEPT)
    assert found.why == (why and f"/ip/service ssh: {why}")


def test_bandwidth_server_answers_the_addresses_it_allows() -> None:
    allowed = {"enabled": "true", "allowed-addresses4": "192.0.2.0/28", "allowed-addresses6": "2001:db8:1::/64"}
    for address, verdict in ((V4, Verdict.ACCEPT), ("192.0.2.99", Verdict.DROP), (V6, Verdict.DROP)):
        assert ask("btest", "/tool/bandwidth-server", allowed, address=address).verdict is verdict


def test_rows_of_live_connections_are_no_settings() -> None:
    setting = {"name": "ssh", "port": "2222"}
    live = Entry("*9", {"name": "ssh", "port": "1"}, strange=frozenset({"connection", "local", "remote"}))
    dynamic = Entry("*8", {"name": "ssh", "port": "2"}, dynamic=True)
    rules = "input accept protocol=tcp dst-port=2222\ninput drop"
    assert ask("ssh", "/ip/service", setting, live, dynamic, rules=rules).verdict is Verdict.ACCEPT
