# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is guarded, how a plan is staged, and what is seen of it beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.deadman import (
    finish_script,
    is_marked,
    undo_script,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Flow, Prospect, Vantage, look
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import risky
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import (
    NEW,
    OFF,
    OLD,
    Disable,
    Enable,
    Staged,
    stage,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.router import FILTER, FILTER6, IDENTITY, LISTS, NAT, PEER, POLICY, RAW, V7, Router, entries, rule
from tests.unit.engine.test_invert import content, situations

MANGLE, SERVICE = BY_MODULE["firewall_mangle"], BY_MODULE["ip_service"]
ACCEPT = {"chain": "input", "action": "accept", "protocol": "udp"}
DROP = {"chain": "input", "action": "drop", "protocol": "tcp"}
OFF_RULE = {**DROP, "disabled": "true"}
LISTED = {"list": "office", "address": "192.0.2.1"}
PERMITTING = {**ACCEPT, "src-address-list": "office"}
DENYING = {**DROP, "src-address-list": "office"}


def one(values: dict[str, str]) -> Entry:
    return Entry("*0", values)


@pytest.mark.parametrize(
    ("change", "others"),
    [
        pytest.param(Add(FILTER, DROP), [], id="a-drop-comes"),
        pytest.param(Add(FILTER, {**DROP, "action": "jump", "jump-target": "x"}), [], id="a-jump-comes"),
        pytest.param(Add(FILTER, {**ACCEPT, "action": "return"}), [], id="a-return-comes"),
        pytest.param(Add(FILTER, {**ACCEPT, "action": "fasttrack-connection"}), [], id="a-fasttrack-comes"),
        pytest.param(Add(FILTER, {**ACCEPT, "action": "add-src-to-address-list"}), [], id="a-lister-comes"),
        pytest.param(Remove(FILTER, one(ACCEPT)), [], id="an-accept-goes"),
        pytest.param(Remove(FILTER, one({**ACCEPT, "action": "jump"})), [], id="a-jump-goes"),
        pytest.param(Move(FILTER, one(DROP)), [], id="a-drop-moves"),
        pytest.param(Set(FILTER, one(ACCEPT), {"dst-port": "500"}), [], id="an-accept-narrows"),
        pytest.param(Set(FILTER, one(ACCEPT), {"disabled": "yes"}), [], id="an-accept-is-switched-off"),
        pytest.param(Set(FILTER, one(OFF_RULE), {"disabled": "no"}), [], id="a-drop-is-switched-on"),
        pytest.param(Set(FILTER, one({**DROP, "chain": "forward"}), {"chain": "input"}), [], id="a-drop-changes-chain"),
        pytest.param(Add(FILTER, {**DROP, "chain": "output"}), [], id="answers-are-dropped"),
        pytest.param(
            Add(FILTER, {**DROP, "chain": "mine"}),
            [one({"chain": "input", "action": "jump", "jump-target": "mine"})],
            id="a-drop-behind-a-jump",
        ),
        pytest.param(Add(RAW, {"chain": "prerouting", "action": "drop"}), [], id="raw"),
        pytest.param(Add(RAW, {"chain": "prerouting", "action": "notrack"}), [], id="untracked-packets"),
        pytest.param(Add(NAT, {"chain": "dstnat", "action": "redirect"}), [], id="the-port-leads-elsewhere"),
        pytest.param(Add(NAT, {"chain": "dstnat", "action": "accept"}), [], id="the-port-leads-nowhere-else"),
        pytest.param(Add(MANGLE, {"chain": "output", "action": "mark-routing"}), [], id="answers-go-elsewhere"),
        pytest.param(Add(FILTER6, {**DROP}), [], id="ipv6"),
        pytest.param(Set(SERVICE, one({"name": "api-ssl"}), {"address": "192.0.2.0/24"}), [], id="a-service"),
        pytest.param(Add(LISTS, LISTED), [one(DENYING)], id="one-more-is-denied"),
        pytest.param(Remove(LISTS, one(LISTED)), [one(PERMITTING)], id="one-less-is-permitted"),
        pytest.param(Add(LISTS, LISTED), [one({**ACCEPT, "src-address-list": "!office"})], id="all-but-one-more"),
        pytest.param(Remove(LISTS, one(LISTED)), [one({**DROP, "src-address-list": "!office"})], id="all-but-one-less"),
        pytest.param(Set(LISTS, one(LISTED), {"disabled": "yes"}), [one(PERMITTING)], id="one-is-switched-off"),
    ],
)
def test_what_could_cut_the_session(change: Change, others: list[Entry]) -> None:
    assert risky([change], {FILTER: others}, tunnelled=False) == [change]


@pytest.mark.parametrize(
    ("change", "others"),
    [
        pytest.param(Add(FILTER, ACCEPT), [], id="an-accept-comes"),
        pytest.param(Add(FILTER, {**DROP, "action": "log"}), [], id="a-log-comes"),
        pytest.param(Add(FILTER, OFF_RULE), [], id="a-drop-comes-switched-off"),
        pytest.param(Add(FILTER, {**DROP, "chain": "forward"}), [], id="forward"),
        pytest.param(Add(FILTER, {**DROP, "chain": "mine"}), [], id="a-chain-that-nobody-jumps-to"),
        pytest.param(Remove(FILTER, one(DROP)), [], id="a-drop-goes"),
        pytest.param(Remove(FILTER, one({**ACCEPT, "disabled": "true"})), [], id="an-accept-goes-that-was-off"),
        pytest.param(Move(FILTER, one(OFF_RULE)), [], id="a-drop-moves-that-is-off"),
        pytest.param(Set(FILTER, one(ACCEPT), {"comment": "x", "log": "yes"}), [], id="dress"),
        pytest.param(Add(NAT, {"chain": "srcnat", "action": "masquerade"}), [], id="srcnat"),
        pytest.param(Add(LISTS, LISTED), [one(PERMITTING)], id="one-more-is-permitted"),
        pytest.param(Remove(LISTS, one(LISTED)), [one(DENYING)], id="one-less-is-denied"),
        pytest.param(Add(LISTS, LISTED), [], id="a-list-that-nobody-reads"),
        pytest.param(Set(PEER, one({"name": "b"}), {"address": "203.0.113.9"}), [], id="a-tunnel-elsewhere"),
    ],
)
def test_what_could_not(change: Change, others: list[Entry]) -> None:
    assert risky([change], {FILTER: others}, tunnelled=False) == []


def test_ipsec_counts_when_the_session_comes_through_it() -> None:
    change = Set(PEER, one({"name": "b"}), {"address": "203.0.113.9"})
    assert risky([change], {}, tunnelled=True) == [change]


def played(have: Sequence[Entry], staged: Staged, steps: int) -> Router:
    """A router on which a staged plan got so far."""
    router = Router({FILTER: have})
    router.run(staged.adds).run(staged.marks)
    for step in staged.steps[:steps]:
        if isinstance(step, Enable | Disable):
            new = isinstance(step, Enable)
            ids = [router.made[n] for n in step.numbers] if isinstance(step, Enable) else [e.id for e in step.entries]
            for id_, values in router.rows[FILTER]:
                if id_ in ids:
                    values["disabled"] = "no" if new else "yes"
    return router


def swept(router: Router, gone: Sequence[str], kept: Sequence[str], on: Sequence[str]) -> Router:
    """What the scripts do by the marks: some entries go, of some the marks go, some are switched on."""
    rows = []
    for id_, values in router.rows[FILTER]:
        mark = values.get("comment", "")[: len(NEW)]
        if mark in gone:
            continue
        if mark in kept:
            values = {**values, "comment": values["comment"][len(NEW) :]}
        rows.append((id_, {**values, "disabled": "no"} if mark in on else values))
    router.rows[FILTER] = rows
    return router


@given(situations(), st.integers(0, 4))
def test_from_every_step_of_a_staged_plan_there_is_a_way_back(
    situation: tuple[tuple[Entry, ...], Intent], steps: int
) -> None:
    have, intent = situation
    staged = stage(plan({FILTER: have}, intent, V7), {FILTER: have})
    router = swept(played(have, staged, steps), [NEW], [OLD, OFF], [OLD])
    assert router.ids(FILTER) == [each.id for each in have]
    assert content(router) == content(Router({FILTER: have}))


@given(situations())
def test_a_staged_plan_comes_to_what_the_plan_comes_to(situation: tuple[tuple[Entry, ...], Intent]) -> None:
    have, intent = situation
    wanted = plan({FILTER: have}, intent, V7)
    staged = stage(wanted, {FILTER: have})
    router = swept(played(have, staged, len(staged.steps)), [OLD, OFF], [NEW], [])
    planned = Router({FILTER: have}).run(wanted)
    assert acting(router) == acting(planned)
    rest = plan(router.tables(), intent, V7)
    assert not risky(rest, router.tables(), tunnelled=False)
    # Where a rule stands that is off has no meaning, and may depend on what was there when it came.
    assert acting(router.run(rest)) == acting(planned)
    assert alike(router) == alike(planned)


def alike(router: Router) -> list[list[tuple[str, str]]]:
    """The rules in no order, with one word for a switch that is on."""
    rows = [{name: "yes" if text == "true" else text for name, text in each.items()} for each in content(router)]
    return sorted(sorted(each.items()) for each in rows)


def acting(router: Router) -> list[dict[str, str]]:
    return [each for each in content(router) if each.get("disabled") not in ("yes", "true")]


@given(situations())
def test_a_staged_plan_switches_each_table_twice(situation: tuple[tuple[Entry, ...], Intent]) -> None:
    have, intent = situation
    staged = stage(plan({FILTER: have}, intent, V7), {FILTER: have})
    assert [type(step) for step in staged.steps] in ([], [Enable], [Disable], [Enable, Disable])
    assert all(add.values["disabled"] == "yes" and add.values["comment"].startswith(NEW) for add in staged.adds)


def test_a_rule_that_nobody_here_can_copy_is_not_staged() -> None:
    odd = Entry("*0", DROP, strange=frozenset({"new-matcher"}))
    with pytest.raises(Problem, match=r"not known here \(new-matcher\).*guard: never"):
        stage([Move(FILTER, odd, None)], {FILTER: [odd]})
    assert stage([Remove(FILTER, odd)], {FILTER: [odd]}).steps == (Disable(FILTER, (odd,)),)


def test_secrets_are_never_in_a_script() -> None:
    old = one({"peer": "b", "secret": "old-secret", "comment": "b"})
    staged = stage([Set(IDENTITY, old, {"secret": "new-secret", "my-id": "fqdn:a"})], {IDENTITY: [old]})
    assert [dict(step.values) for step in staged.steps if isinstance(step, Set)] == [{"my-id": "fqdn:a"}]
    assert "-secret" not in undo_script(staged, V7) + finish_script(staged)


def test_what_is_changed_in_place_is_brought_back_last_first() -> None:
    service = one({"name": "api-ssl", "port": "8729", "address": "", "disabled": "false"})
    staged = stage([Set(SERVICE, service, {"address": "192.0.2.0/24", "port": "9000"})], {SERVICE: [service]})
    assert ':do { /ip service set *0 port=8729 address="" } on-error=' in undo_script(staged, V7)


def test_scripts_end_with_themselves() -> None:
    staged = stage([Add(FILTER, DROP)], {FILTER: []})
    for script in (undo_script(staged, V7), finish_script(staged)):
        lines = script.splitlines()
        assert 'system script remove [/system script find where name="vpnops-guard"]' in lines[-1]
        assert all(line.startswith(":do {") and "on-error=" in line for line in lines[2:])


def test_marks_are_of_one_length() -> None:
    assert len({len(mark) for mark in (NEW, OLD, OFF)}) == 1
    assert all(is_marked(one({"comment": f"{mark}x"})) for mark in (NEW, OLD, OFF))
    assert not is_marked(one({"comment": "vpnops-guard is a fine thing"}))


HERE = Vantage("api-ssl", 8729, "192.0.2.10", ("192.0.2.1",), "ether1")
MANAGEMENT = "accept protocol=tcp dst-port=8729 src-address=192.0.2.0/24 #management"


def prospect(have: Sequence[str], want: Sequence[str], *keep: Flow, vantage: Vantage = HERE) -> Prospect:
    tables = {FILTER: entries(*have), SERVICE: [one({"name": "api-ssl", "port": "8729", "address": ""})]}
    wanted = plan(tables, Intent({FILTER: [rule(line) for line in want]}, "overridden", effective=False), V7)
    return look(stage(wanted, tables), tables, vantage, keep, frozenset({"192.0.2.1"}))


def test_a_plan_that_leaves_the_session_alone_passes() -> None:
    assert prospect([MANAGEMENT], [MANAGEMENT, "drop #rest"]) == Prospect()


def test_the_rule_at_fault_the_flow_and_the_moment_are_named() -> None:
    (told,) = prospect([MANAGEMENT], ["drop #rest"]).refusals[:1]
    assert told.startswith("it would cut the session that makes it (api-ssl, TCP 8729, from 192.0.2.10 on ether1) ")
    assert told.endswith("are off: /ip/firewall/filter chain=input action=drop comment=rest")


def test_what_would_be_cut_in_between_is_seen() -> None:
    """The accept goes before the drop below it becomes one: only in between nothing passes."""
    tables = {FILTER: entries(MANAGEMENT, "drop #rest")}
    staged = Staged(
        steps=(Disable(FILTER, (tables[FILTER][0],)), Set(FILTER, tables[FILTER][1], {"action": "accept"})),
    )
    told = look(staged, tables, HERE, (), frozenset()).refusals
    assert "once the old entries of /ip/firewall/filter are off" in told[0]


def test_what_depends_on_the_unknown_is_no_reason_to_refuse() -> None:
    found = prospect([], ["drop src-mac-address=00:53:00:00:00:01 #mac"])
    assert found.refusals == ()
    assert "it cannot be told whether the session" in found.doubts[0]


def test_flows_to_keep_open_are_looked_after() -> None:
    files = Flow("files", ((Packet("forward", src="192.0.2.9", dst="198.51.100.9", protocol="tcp", dst_port=445),),))
    (told,) = prospect([], ["drop protocol=tcp dst-port=445 chain=forward #smb"], files).refusals
    assert told.startswith("it would cut files once the new entries of /ip/firewall/filter are on")
    closed = prospect(["drop chain=forward #all"], ["drop chain=forward #all", "drop chain=input #x"], files).doubts
    assert any(each.startswith("files is not open as it is") for each in closed)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"disabled": "yes"}, "the service api-ssl would be off"),
        ({"port": "9000"}, "the service api-ssl would listen on port 9000"),
        ({"address": "198.51.100.0/24"}, "the service api-ssl would serve 198.51.100.0/24 only"),
    ],
)
def test_a_service_that_would_not_answer_is_seen(values: dict[str, str], why: str) -> None:
    service = one({"name": "api-ssl", "port": "8729", "address": "", "disabled": "false"})
    staged = stage([Set(SERVICE, service, values)], {SERVICE: [service]})
    (told,) = look(staged, {SERVICE: [service]}, HERE, (), frozenset()).refusals
    assert told.endswith(why)


def test_a_session_over_ipv6_meets_the_filter_of_ipv6() -> None:
    vantage = Vantage("api-ssl", 8729, "2001:db8::10", ("2001:db8::1",), "ether1")
    for menu, cut in product((FILTER, FILTER6), (True,)):
        staged = stage([Add(menu, {"chain": "input", "action": "drop"})], {menu: []})
        found = look(staged, {menu: []}, vantage, (), frozenset())
        assert bool(found.refusals) is (cut and menu is FILTER6)


def test_policies_and_peers_are_staged_by_their_marks() -> None:
    new = Add(POLICY, {"src-address": "192.0.2.0/24", "dst-address": "198.51.100.0/24", "peer": "b", "comment": "b"})
    old = one({"name": "b", "address": "203.0.113.9", "comment": "b"})
    staged = stage([new, Remove(PEER, old)], {POLICY: [], PEER: [old]})
    assert [(add.menu, add.values["comment"]) for add in staged.adds] == [(POLICY, f"{NEW}b")]
    assert staged.steps == (Enable(POLICY, (0,)), Disable(PEER, (old,)))


def test_the_rule_that_is_named_is_new_and_sure() -> None:
    """The factory's drop may have taken the packet all along; the new one does so for certain."""
    flow = Flow("dns", ((Packet("input", src="192.0.2.9", dst="192.0.2.1", protocol="udp", dst_port=53),),))
    factory = "drop in-interface-list=!LAN #rest"
    (told,) = prospect(
        [MANAGEMENT, factory], ["drop protocol=udp dst-port=53 #mine", MANAGEMENT, factory], flow
    ).refusals
    assert told.endswith("comment=mine")


def test_a_flow_without_the_routers_address_is_for_one_of_its_own() -> None:
    flow = Flow("ssh", ((Packet("input", src="192.0.2.9", protocol="tcp", dst_port=22),),))
    loopback = "accept dst-address=127.0.0.1 #loopback"
    (told,) = prospect([MANAGEMENT, loopback], [MANAGEMENT, loopback, "drop #rest"], flow).refusals
    assert told.startswith("it would cut ssh")


def test_a_flow_of_which_nothing_can_be_told_is_said_to_be_so() -> None:
    flow = Flow("ssh", ((Packet("input", src="192.0.2.9", dst="192.0.2.1", protocol="tcp", dst_port=22),),))
    unknown = "drop src-mac-address=00:53:00:00:00:01 #mac"
    (told,) = prospect([MANAGEMENT, unknown], [MANAGEMENT, unknown, "drop protocol=udp #udp"], flow).doubts
    assert told.startswith("it cannot be told whether ssh is open at all")


def test_a_login_that_would_be_sent_elsewhere_is_seen() -> None:
    redirect = {"chain": "dstnat", "action": "redirect", "protocol": "tcp", "dst-port": "8729", "to-ports": "9"}
    staged = stage([Add(NAT, redirect)], {NAT: []})
    (told,) = look(staged, {NAT: []}, HERE, (), frozenset({"192.0.2.1"})).refusals
    assert told.startswith("it would send the session that makes it")
    assert "action=redirect" in told
    other = stage([Add(NAT, {**redirect, "dst-port": "443"})], {NAT: []})
    assert look(other, {NAT: []}, HERE, (), frozenset({"192.0.2.1"})).refusals == ()


@pytest.mark.parametrize(
    ("change", "far"),
    [
        (Set(PEER, one({"name": "b"}), {"disabled": "yes"}), True),
        (Remove(POLICY, one({"peer": "b"})), True),
        (Add(PEER, {"name": "c"}), False),
    ],
)
def test_who_may_come_through_gre_or_l2tp_keeps_the_ipsec_there_is(change: Change, far: bool) -> None:
    assert bool(risky([change], {}, tunnelled=False, remote=True)) is far
    assert not risky([change], {}, tunnelled=False, remote=False)
