# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be said of the guard, and which plans are made under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import (
    guard_from,
    request_from,
    spec_of,
    validate,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Plan, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import MARKS, Problem, check_entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Flow
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments, Guard
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import Care, LockedOut, foresee
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE

from tests.unit.desk import Desk, a_router

FILTER, NAT, PEER, IDENTITY = (
    BY_MODULE[name] for name in ("firewall_filter", "firewall_nat", "ipsec_peer", "ipsec_identity")
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, Guard("auto")),
        ("", Guard("auto")),
        ("auto", Guard("auto")),
        ("always", Guard("always")),
        ("never", Guard("never")),
        (False, Guard("never")),
        (True, Guard("always")),
        ("False", Guard("never")),
        ("True", Guard("always")),
        ({}, Guard("always", 120)),
        ({"timeout": 5}, Guard("always", 5)),
        ({"timeout": "3600"}, Guard("always", 3600)),
        ({"when": "auto"}, Guard("auto", 120)),
        ({"when": None, "timeout": None, "keep_open": None}, Guard("always", 120)),
    ],
)
def test_what_may_be_said_of_the_guard(given: Any, expected: Guard) -> None:
    assert guard_from(given) == expected


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (0, "it can be auto, always, never, or options"),
        ("sometimes", "sometimes was given"),
        ({"timeout": 4}, "timeout cannot be 4; give 5 to 3600 seconds"),
        ({"timeout": 3601}, "timeout cannot be 3601"),
        ({"when": "sometimes"}, "when"),
        ({"keep_open": [{"chain": "srcnat"}]}, "srcnat"),
        ({"keep_open": [{"src": "192.0.2.1", "dst": "2001:db8::1"}]}, "not of one family"),
        ({"keep_open": [{"src": "192.0.2.0/24"}]}, r"src=192\.0\.2\.0/24.*does not appear to be an IPv4 or IPv6"),
        ({"keep_open": [{"dst_port": "ssh"}]}, "ssh"),
        ({"keep_open": "192.0.2.1"}, "keep_open"),
    ],
)
def test_what_may_not(given: Any, told: str) -> None:
    with pytest.raises(BadArguments, match=f"^guard: .*{told}"):
        guard_from(given)


def test_a_flow_is_a_new_connection_and_what_follows() -> None:
    (flow,) = guard_from({"keep_open": [{"src": "192.0.2.9", "dst": "192.0.2.1", "dst_port": 22}]}).keep_open
    assert flow.name == "src=192.0.2.9 dst=192.0.2.1 dst_port=22 chain=input protocol=tcp"
    assert [packet.connection_state for (packet,) in flow.packets] == [*("new", "established"), "established"]
    ((answer,),) = flow.packets[2:]
    assert (answer.chain, answer.src, answer.dst, answer.src_port) == ("output", "192.0.2.1", "192.0.2.9", 22)
    (named,) = guard_from({"keep_open": [{"name": "the shop"}]}).keep_open
    assert named.name == "the shop"


@pytest.mark.parametrize("module", ["firewall_filter", "config", "ipsec_peer", "ip_service", "ipsec_settings"])
def test_every_module_that_changes_a_router_takes_it(module: str) -> None:
    config: Any = {} if module in ("config", "ipsec_settings") else []
    if module == "config":
        config = {"firewall_filter": []}
    arguments = validate(spec_of(module), {"config": config, "guard": {"timeout": 30}})
    assert request_from(module, arguments).guard == Guard("always", 30)


@pytest.mark.parametrize("mark", MARKS)
def test_nobodys_comment_begins_with_a_mark(mark: str) -> None:
    with pytest.raises(Problem, match="begins like the marks of unfinished guarded changes"):
        check_entry(FILTER, {"chain": "input", "comment": f"{mark}mine"})
    check_entry(FILTER, {"chain": "input", "comment": f"see {mark}mine"})


ME = "192.0.2.10"
DROP = Add(FILTER, {"chain": "input", "action": "drop", "protocol": "tcp", "dst-port": "23"})
LOCKS = Add(FILTER, {"chain": "input", "action": "drop"})
UNTOLD = Add(FILTER, {"chain": "input", "action": "drop", "src-mac-address": "00:53:00:00:00:01"})
FORWARD = Add(FILTER, {"chain": "forward", "action": "drop", "protocol": "tcp", "dst-port": "445"})
PERMIT = Add(FILTER, {"chain": "input", "action": "accept"})
SOURCE = Add(NAT, {"chain": "srcnat", "action": "masquerade"})
TUNNEL = Set(PEER, Entry("*1", {"name": "b", "disabled": "false"}), {"address": "203.0.113.9"})
SECRET = Set(IDENTITY, Entry("*1", {"peer": "b", "secret": "an-old-one"}), {"secret": "a-new-one"})
SHOP = Flow("the shop", ((Packet("forward", src="192.0.2.9", dst="198.51.100.9", protocol="tcp", dst_port=445),),))


def cared(guard: Guard, *changes: Change, desk: Desk | None = None) -> Care:
    desk = desk or here()
    before = {change.menu: read_entries(change.menu, desk.router.rows(change.menu.path)) for change in changes}
    return foresee(desk, Target("192.0.2.1", transport="api"), guard, Plan(changes), before)


def here(policies: Sequence[Mapping[str, str]] = ()) -> Desk:
    """A session of admin from 192.0.2.10 with a router at 192.0.2.1."""
    router = a_router()
    router.add("/ip/address", address="192.0.2.1/24", interface="ether1")
    router.add("/ip/ipsec/peer", name="b", address="203.0.113.1")
    for policy in policies:
        router.call("/ip/ipsec/policy/add", dict(policy))
    desk = Desk(router)
    plain = desk._answer

    def seen(asked: Any) -> Any:
        reply = plain(asked)
        return type(reply)(({"name": "admin", "address": ME, "via": "api"},)) if "active" in asked.path else reply

    desk._answer = seen  # type: ignore[method-assign]
    return desk


@pytest.mark.parametrize(
    ("guard", "change", "guarded"),
    [
        (Guard("auto"), DROP, True),
        (Guard("auto"), PERMIT, False),
        (Guard("auto"), FORWARD, False),
        (Guard("auto"), SOURCE, False),
        (Guard("auto"), TUNNEL, False),
        (Guard("always"), PERMIT, True),
        (Guard("always"), FORWARD, True),
        (Guard("always"), TUNNEL, True),
        (Guard("always"), SECRET, False),
        (Guard("never"), DROP, False),
        (Guard("never"), LOCKS, False),
        (Guard("auto"), UNTOLD, True),
    ],
)
def test_which_changes_are_guarded(guard: Guard, change: Change, guarded: bool) -> None:
    assert bool(cared(guard, change).staged) is guarded


def test_what_never_is_guarded_costs_no_question() -> None:
    desk = here()
    assert cared(Guard("never"), DROP, desk=desk) == Care()
    assert cared(Guard("auto"), desk=desk) == Care()
    assert desk.sent == []


@pytest.mark.parametrize("guard", [Guard("auto"), Guard("always")])
def test_what_locks_out_is_refused(guard: Guard) -> None:
    with pytest.raises(LockedOut, match=r"api, TCP 8728, from 192\.0\.2\.10 on ether1\) once .* set guard to never"):
        cared(guard, LOCKS)


def test_doubts_of_the_session_are_the_guards_and_those_of_flows_are_told() -> None:
    care = cared(Guard("always", keep_open=(SHOP,)), UNTOLD, Add(FILTER, {**UNTOLD.values, "chain": "forward"}))
    assert ["the session that makes it" in text for text in care.unsure] == [True]
    assert ["the shop" in text for text in care.warnings] == [True]


def test_what_is_to_stay_open_is_looked_at_without_the_guard() -> None:
    with pytest.raises(LockedOut, match="it would cut the shop once"):
        cared(Guard("auto", keep_open=(SHOP,)), FORWARD)
    assert not cared(Guard("auto", keep_open=(SHOP,)), PERMIT).staged
    with pytest.raises(LockedOut, match="it would cut the shop once"):
        cared(Guard("always", keep_open=(SHOP,)), TUNNEL, FORWARD)


@pytest.mark.parametrize(("far", "guarded"), [("192.0.2.0/25", True), ("198.51.100.0/24", False)])
def test_a_tunnel_is_guarded_for_whoever_comes_through_it(far: str, guarded: bool) -> None:
    policy = {"peer": "b", "tunnel": "yes", "src-address": "192.0.2.0/24", "dst-address": far}
    assert bool(cared(Guard("auto"), TUNNEL, desk=here([policy])).staged) is guarded
    coming = Add(BY_MODULE["ipsec_policy"], policy)
    assert bool(cared(Guard("auto"), coming).staged) is guarded


@pytest.mark.parametrize("far", ["192.0.2.0/25", "198.51.100.0/24"])
@pytest.mark.parametrize("change", [SECRET, Add(BY_MODULE["ipsec_key_psk"], {"peer": "b", "id": "x", "key": "ab"})])
def test_a_secret_of_the_sessions_own_tunnel_changes_with_a_warning(far: str, change: Change) -> None:
    policy = {"peer": "b", "tunnel": "yes", "src-address": "192.0.2.0/24", "dst-address": far}
    care = cared(Guard("auto"), change, desk=here([policy]))
    assert ["secrets change in /ip/ipsec/" in text for text in care.warnings] == ([True] if "192" in far else [])
    assert not any("an-old-one" in text or "a-new-one" in text for text in care.warnings)
