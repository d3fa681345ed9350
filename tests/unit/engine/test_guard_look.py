# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is foreseen of a session: which rule, at which moment, of which packets; and what remains a doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import (
    Flow,
    Prospect,
    Vantage,
    look,
    states,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import (
    Disable,
    Enable,
    Staged,
    stage,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from hypothesis import given

from tests.unit.engine.router import FILTER, FILTER6, LISTS, PEER, RAW, RAW6, V7, Row, entries, rule
from tests.unit.engine.test_invert import situations

SERVICE = BY_MODULE["ip_service"]
HERE = Vantage("api-ssl", 8729, "192.0.2.10", ("192.0.2.1",), "ether1")
MANAGEMENT = "accept protocol=tcp dst-port=8729 src-address=192.0.2.0/24 #management"
UNTOLD = "drop src-mac-address=00:53:00:00:00:01 #mac"
SESSION = "the session that makes it (api-ssl, TCP 8729, from 192.0.2.10 on ether1)"
Rows = Sequence[Row | str]


def prospect(
    have: Mapping[Menu, Rows], want: Mapping[Menu, Rows], *keep: Flow, vantage: Vantage = HERE, local: str = "192.0.2.1"
) -> Prospect:
    tables = {menu: entries(*rows) for menu, rows in have.items()}
    rows = {menu: [rule(each) if isinstance(each, str) else each for each in some] for menu, some in want.items()}
    wanted = plan(tables, Intent(rows, "overridden"), V7)
    return look(stage(wanted, tables), tables, vantage, keep, frozenset({local}))


def test_a_definite_loss_outweighs_an_earlier_doubt() -> None:
    tables = {FILTER: entries(UNTOLD.replace("#", "disabled=yes #"), MANAGEMENT, "drop #rest")}
    mac, management, _rest = tables[FILTER]
    steps = (Set(FILTER, mac, {"disabled": "no"}), Disable(FILTER, (management,)))
    found = look(Staged(steps=steps), tables, HERE, (), frozenset())
    assert found.refusals[0].startswith(f"it would cut {SESSION} once the old entries of /ip/firewall/filter are off: ")
    only = look(Staged(steps=steps[:1]), tables, HERE, (), frozenset())
    assert only.refusals == ()
    assert only.doubts[0].startswith(f"it cannot be told whether {SESSION} stays open once /ip/firewall/filter")


@pytest.mark.parametrize(
    ("line", "menu", "named"),
    [
        ("drop #rest", FILTER, "/ip/firewall/filter chain=input action=drop comment=rest"),
        ("reject protocol=tcp #no", FILTER, "/ip/firewall/filter chain=input action=reject protocol=tcp comment=no"),
        ("drop chain=output #answers", FILTER, "/ip/firewall/filter chain=output action=drop comment=answers"),
        ("drop chain=prerouting #raw", RAW, "/ip/firewall/raw chain=prerouting action=drop comment=raw"),
        ("drop chain=output dst-address=192.0.2.10 #x", RAW, "dst-address=192.0.2.10 comment=x"),
        ("drop connection-state=established #old", FILTER, "connection-state=established comment=old"),
        ("drop connection-state=new #anew", FILTER, "connection-state=new comment=anew"),
        ("drop tcp-flags=syn protocol=tcp #syn", FILTER, "comment=syn"),
        ("drop in-interface=ether1 #way", FILTER, "in-interface=ether1 comment=way"),
        ("drop dst-address=192.0.2.1 #us", FILTER, "dst-address=192.0.2.1 comment=us"),
    ],
)
def test_the_rule_at_fault_is_named(line: str, menu: Menu, named: str) -> None:
    found = prospect({menu: []}, {menu: [line]})
    assert found.refusals, found
    for told in found.refusals:
        assert told.startswith(f"it would cut {SESSION} once the new entries of {menu.path} are on: ")
        assert told.endswith(named)


@pytest.mark.parametrize(
    "line",
    [
        *("drop src-address=192.0.2.11", "drop protocol=udp", "drop in-interface=ether2", "drop chain=forward"),
        *("drop connection-state=invalid", "drop protocol=tcp dst-port=22", "drop ipsec-policy=in,ipsec"),
    ],
)
def test_rules_for_others_are_none_of_ours(line: str) -> None:
    assert prospect({FILTER: []}, {FILTER: [line]}) == Prospect()


def test_a_session_through_a_tunnel_meets_the_rules_for_tunnels() -> None:
    line = "drop ipsec-policy=in,ipsec #tunnels"
    assert "comment=tunnels" in prospect({}, {FILTER: [line]}, vantage=replace(HERE, tunnelled=True)).refusals[0]


def test_a_router_of_several_addresses_may_have_been_dialled_at_any() -> None:
    several = replace(HERE, routers=("192.0.2.1", "198.51.100.1"))
    one = prospect({}, {FILTER: ["drop dst-address=192.0.2.1 #one"]}, vantage=several)
    assert one.refusals == ()
    assert one.doubts
    all_of_them = prospect({}, {FILTER: ["drop protocol=tcp #all"]}, vantage=several)
    assert all_of_them.refusals


def test_of_a_session_that_is_unknown_little_is_certain() -> None:
    nobody = Vantage("api", 8728)
    assert str(nobody) == "api, TCP 8728, from an unknown address"
    found = prospect({}, {FILTER: ["drop src-address=192.0.2.0/24 #net"]}, vantage=nobody)
    assert found.refusals == ()
    assert "it cannot be told whether the session" in found.doubts[0]
    assert prospect({}, {FILTER: ["drop #all"]}, vantage=nobody).refusals


@pytest.mark.parametrize("client", ["2001:db8::10", "fe80::10%ether1"])
def test_a_session_over_ipv6_is_looked_at_in_the_tables_of_ipv6(client: str) -> None:
    six = Vantage("api-ssl", 8729, client, (), None)
    assert prospect({}, {FILTER: ["drop #four"]}, vantage=six) == Prospect()
    (told, *_others) = prospect({}, {FILTER6: ["drop #six"]}, vantage=six).refusals
    assert told.endswith("/ipv6/firewall/filter chain=input action=drop comment=six")
    (told, *_others) = prospect({}, {RAW6: ["drop chain=prerouting #raw"]}, vantage=six).refusals
    assert told.endswith("/ipv6/firewall/raw chain=prerouting action=drop comment=raw")
    service = {SERVICE: [{"name": "api-ssl", "port": "8729", "address": "192.0.2.0/24", "disabled": "false"}]}
    tables = {menu: entries(*rows) for menu, rows in service.items()}
    staged = stage([Set(SERVICE, tables[SERVICE][0], {"address": "192.0.2.0/25,2001:db8:1::/48"})], tables)
    assert (
        look(staged, tables, six, (), frozenset())
        .refusals[0]
        .endswith("would serve 192.0.2.0/25, 2001:db8:1::/48 only")
    )


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"address": "192.0.2.10"}, ""),
        ({"address": "192.0.2.10/32,198.51.100.0/24"}, ""),
        ({"address": ""}, ""),
        ({"address": "198.51.100.0/24", "port": "9000"}, "the service api-ssl would listen on port 9000"),
        ({"address": "198.51.100.0/24"}, "the service api-ssl would serve 198.51.100.0/24 only"),
        ({"disabled": "yes"}, "the service api-ssl would be off"),
    ],
)
def test_the_service_of_the_session_goes_on_or_not(values: dict[str, str], why: str) -> None:
    api, ssh = entries(*({"name": n, "port": p, "disabled": "false"} for n, p in (("api-ssl", "8729"), ("ssh", "22"))))
    tables = {SERVICE: (api, ssh)}
    found = look(stage([Set(SERVICE, api, values)], tables), tables, HERE, (), frozenset()).refusals
    expected = f"it would cut {SESSION} once /ip/service name=api-ssl is changed: {why}"
    assert found == ((expected,) if why else ())
    assert look(stage([Set(SERVICE, ssh, values)], tables), tables, HERE, (), frozenset()) == Prospect()


COMING = "add-src-to-address-list protocol=tcp dst-port=8729 connection-state=new address-list=bad #note"
BLOCK = "drop src-address-list=bad #bad"


def test_who_is_listed_by_coming_is_blocked_the_next_time() -> None:
    (told,) = prospect({FILTER: [MANAGEMENT]}, {FILTER: [BLOCK, COMING, MANAGEMENT]}).refusals
    assert "as soon as its address has been listed: /ip/firewall/filter chain=input action=drop" in told


def test_who_may_be_listed_is_no_reason_to_refuse() -> None:
    maybe = COMING.replace("#", "src-mac-address=00:53:00:00:00:01 #")
    assert prospect({FILTER: [MANAGEMENT]}, {FILTER: [BLOCK, maybe, MANAGEMENT]}).refusals == ()


def test_what_blocks_whoever_comes_too_often_already_is_not_the_fault_of_a_plan() -> None:
    rules = [BLOCK, COMING, MANAGEMENT]
    assert prospect({FILTER: rules}, {FILTER: [*rules, "drop protocol=udp #x"]}).refusals == ()


def test_an_address_that_comes_into_a_list() -> None:
    (told, *_others) = prospect(
        {FILTER: ["drop src-address-list=bad #bad"], LISTS: []},
        {FILTER: ["drop src-address-list=bad #bad"], LISTS: [{"list": "bad", "address": "192.0.2.0/24"}]},
    ).refusals
    assert "once the new entries of /ip/firewall/address-list are on: /ip/firewall/filter" in told
    late = Add(LISTS, {"list": "bad", "address": "192.0.2.10", "timeout": "1h"})
    tables = {FILTER: entries("drop src-address-list=bad #bad"), LISTS: ()}
    (told, *_others) = look(stage([late], tables), tables, HERE, (), frozenset()).refusals
    assert "is changed: /ip/firewall/filter chain=input action=drop" in told


def files(dst_port: int) -> Flow:
    packet = Packet("forward", src="192.0.2.9", dst="198.51.100.9", protocol="tcp", dst_port=dst_port)
    return Flow(f"port {dst_port}", ((packet,),))


def test_every_flow_is_told_by_itself() -> None:
    line = "drop chain=forward protocol=tcp dst-port=445,80 #no"
    found = prospect({}, {FILTER: [line]}, files(445), files(80), files(22))
    assert [text.split(" once ")[0] for text in found.refusals] == ["it would cut port 445", "it would cut port 80"]


def test_a_field_that_is_cleared_is_gone_at_that_moment() -> None:
    peer = Entry("*0", {"name": "b", "address": "203.0.113.9", "local-address": "192.0.2.1", "disabled": "false"})
    off, on = Set(PEER, peer, {"disabled": "yes"}), Set(PEER, peer, {"port": "4500"}, ("local-address",))
    *_before, then, last = states(Staged(steps=(off, on)), {PEER: (peer,)})
    assert then.tables[PEER][0].disabled
    assert last.tables[PEER][0].values == {"name": "b", "address": "203.0.113.9", "disabled": "yes", "port": "4500"}


@given(situations())
def test_the_last_moment_is_what_the_plan_comes_to(situation: tuple[tuple[Entry, ...], Intent]) -> None:
    have, intent = situation
    wanted = plan({FILTER: have}, intent, V7)
    staged = stage(wanted, {FILTER: have})
    moments = list(states(staged, {FILTER: have}))
    first, last = moments[0], moments[-1]
    assert acting(first.tables[FILTER]) == acting(have)
    assert acting(last.tables[FILTER]) == acting(simulate({FILTER: have}, wanted)[FILTER])
    assert len(moments) == 1 + sum(isinstance(step, Enable | Disable) for step in staged.steps)


def acting(rows: Sequence[Entry]) -> list[dict[str, str]]:
    """The values of what is on, without words that change nothing; comments follow after the confirmation."""
    idle = {("log", "no"), ("log", "false")}
    return [
        {n: t for n, t in each.values.items() if n not in ("disabled", "comment") and (n, t) not in idle}
        for each in rows
        if not each.disabled
    ]
