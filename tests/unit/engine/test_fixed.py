# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Menus whose entries are the router's own: its services, which can be changed and neither added nor removed."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, read_entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, check, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.stage import stages
from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import rendered
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS

from tests.unit.engine.router import FILTER, V7, Row, entries, planned, rule, told

SERVICE = BY_MODULE["ip_service"]
SSH = {
    "name": "ssh",
    "port": "22",
    "address": "192.168.10.0/24,2001:db8::/64",
    "certificate": "none",
    "tls-version": "any",
    "vrf": "main",
    "max-sessions": "20",
    "disabled": "false",
}
HAVE = entries({**SSH, "name": "telnet", "port": "23", "address": "", "disabled": "true"}, SSH)
case = pytest.param


@pytest.mark.parametrize(
    ("row", "state", "changes"),
    [
        case({"name": "ssh", "disabled": "yes"}, "merged", ["set *1 disabled=yes"], id="off"),
        case({"name": "ssh", "port": "22"}, "merged", [], id="as-it-is"),
        case({"name": "ssh", "address": "2001:DB8:0::/64,192.168.10.7/24"}, "merged", [], id="prefixes-are-a-set"),
        case({"name": "ssh", "address": ""}, "merged", ["set *1 address="], id="open-to-everyone"),
        case({"name": "telnet", "address": ""}, "merged", [], id="open-already"),
        case({"name": "ssh", "certificate": "", "vrf": ""}, "merged", [], id="defaults"),
        case({"name": "ssh"}, "replaced", ["set *1 address="], id="port-and-switch-have-nothing-to-go-back-to"),
        case({"name": "telnet"}, "replaced", [], id="what-is-off-stays-off"),
        case({"name": "ssh", "port": "2222"}, "overridden", ["set *1 address= port=2222"], id="others-stay"),
    ],
)
def test_services_are_changed_in_place(row: Row, state: str, changes: list[str]) -> None:
    assert told(planned(SERVICE, HAVE, [row], state)) == changes


def test_overridden_removes_nothing_of_the_router_s_own() -> None:
    assert told(planned(SERVICE, HAVE, [], "overridden")) == []
    check(Intent({SERVICE: [{"name": "ssh"}]}, "overridden", Scope(("s2s",))))


def test_a_service_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Problem, match=r"^/ip/service name=sftp: the router has no such entry, .*; it has telnet, ssh$"):
        planned(SERVICE, HAVE, [{"name": "sftp", "disabled": "yes"}])


def test_deleting_a_service_is_told_with_what_to_do_instead() -> None:
    with pytest.raises(Problem, match=r"^/ip/service: its entries are .* be deleted; disabled switches one off$"):
        check(Intent({SERVICE: [{"name": "ssh"}]}, "deleted"))


def test_a_name_that_a_newer_router_prints_is_read_as_the_old_one() -> None:
    row = {".id": "*1", "name": "ssh", "available-from": "192.0.2.0/24", "colour": "red"}
    assert read_entry(SERVICE, row) == Entry("*1", {"name": "ssh", "address": "192.0.2.0/24"})
    assert read_entry(SERVICE, row).strange == {"colour"}


def test_a_service_waits_until_the_rules_before_it_are_known_to_have_worked() -> None:
    assert MENUS.index(FILTER) < MENUS.index(SERVICE)
    wants = {FILTER: [rule("accept protocol=tcp dst-port=2222")], SERVICE: [{"name": "ssh", "port": "2222"}]}
    first, second = stages(plan({FILTER: (), SERVICE: HAVE}, Intent(wants), V7))
    assert isinstance(first[0], Add)
    assert told(second) == ["set *1 port=2222"]


def test_a_script_names_the_service_it_changes() -> None:
    config = [{"name": "telnet", "disabled": True}, {"name": "ssh", "address": ["192.0.2.0/24"]}]
    request = request_from("ip_service", {"state": "rendered", "config": config})
    assert rendered(request)["rendered"] == [
        "/ip service set telnet disabled=yes",
        "/ip service set ssh address=192.0.2.0/24",
    ]
