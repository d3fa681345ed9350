# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guard's scripts do on a router that runs them: a witness that knows nothing of how they came about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import command
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Plan, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.deadman import (
    cleaning_script,
    finish_script,
    undo_script,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import (
    NEW,
    OFF,
    OLD,
    Disable,
    Enable,
    Staged,
    Step,
    stage,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from hypothesis import given, settings
from hypothesis import strategies as st
from twin import Router, SteppedClock

from tests.unit.engine.router import FILTER, IDENTITY, LISTS, NAT, PEER, POLICY, PROFILE, PSK, V7, Row, rule

GROUP, SERVICE, PROPOSAL = (BY_MODULE[name] for name in ("ipsec_policy_group", "ip_service", "ipsec_proposal"))
PATTERNS, TRACKING, MANGLE6 = (
    BY_MODULE[name] for name in ("firewall_layer7", "firewall_connection_tracking", "ipv6_firewall_mangle")
)
Tables = Mapping[Menu, Sequence[Entry]]
Wants = Mapping[Menu, Sequence[Row]]
COMMENTS = (
    *("", " ", "plain", 'a "quoted" one', "$dollar \\ [find]; {x}", "é, ü, 漢", "x" * 31, "x" * 200, "a: b?c"),
    *("vpnops-guard-new:", "vpnops-guard", "see vpnops-guard-old: x", "^.*|(a)", "tab\tand\nline"),
)


class Witness:
    """A twin on which a staged plan is played, and whose own interpreter runs the scripts."""

    def __init__(self, wants: Wants) -> None:
        self.router = Router("7.24.5", clock=SteppedClock())
        for menu, rows in wants.items():
            for row in rows if menu.adds else ():
                self.router.call(f"{menu.path}/add", dict(row))
        self.made: list[str] = []

    def tables(self, *menus: Menu) -> dict[Menu, tuple[Entry, ...]]:
        read = {menu: read_entries(menu, self.router.rows(menu.path)) for menu in menus}
        return {menu: tuple(each for each in entries if not each.dynamic) for menu, entries in read.items()}

    def everything(self) -> dict[str, list[dict[str, str]]]:
        """Every entry with its id and place, but for what counts by itself."""
        return {path: [_stored(row) for row in rows] for path, rows in self.router.dump().items()}

    def send(self, change: Add | Set) -> None:
        told = command(change)
        replies = self.router.call(f"{told.path}/{told.verb}", dict(told.words))
        if isinstance(change, Add):
            self.made.append(replies[0]["ret"])

    def switch(self, step: Step) -> None:
        match step:
            case Enable():
                self._turn(step.menu, "enable", [self.made[number] for number in step.numbers])
            case Disable():
                self._turn(step.menu, "disable", [entry.id for entry in step.entries])
            case Set() | Add():
                self.send(step)

    def _turn(self, menu: Menu, verb: str, ids: Sequence[str]) -> None:
        self.router.call(f"{menu.path}/{verb}", {".id": ",".join(ids)})

    def play(self, staged: Staged, sentences: int | None = None) -> Witness:
        """Carry out the first sentences of a staged plan, or all."""
        for sentence in list(self._sentences(staged))[:sentences]:
            sentence()
        return self

    def _sentences(self, staged: Staged) -> Iterator[Callable[[], None]]:
        for change in (*staged.adds, *staged.marks):
            yield lambda change=change: self.send(change)  # type: ignore[misc]
        for step in staged.steps:
            yield lambda step=step: self.switch(step)  # type: ignore[misc]

    def run(self, source: str) -> Witness:
        id_ = self.router.add("/system/script", name="vpnops-guard", source=source, policy="read,write,policy,test")
        self.router.call("/system/script/run", {".id": id_})
        assert self.router.failures == []
        assert self.router.rows("/system/script") == []
        return self

    def complaints(self) -> list[str]:
        return [row["message"] for row in self.router.rows("/log") if "a command failed" in row["message"]]


def _stored(row: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in row.items() if name not in ("bytes", "packets", "creation-time")}


def staged_on(witness: Witness, want: Wants, state: str = "overridden") -> tuple[Plan, Staged]:
    tables = witness.tables(*want)
    wanted = plan(tables, Intent(want, state, Scope(), effective=False), V7)
    return wanted, stage(wanted, tables)


def acting(rows: Sequence[Entry]) -> list[Mapping[str, str]]:
    """What acts on traffic, in its order."""
    return [_plain(each.values) for each in rows if not each.disabled]


def _plain(values: Row) -> dict[str, str]:
    idle = {("log", "false"), ("log-prefix", ""), ("disabled", "false"), ("disabled", "no"), ("action", "accept")}
    found = {name: {"yes": "true", "no": "false"}.get(text, text) for name, text in values.items()}
    return {name: text for name, text in found.items() if (name, text) not in idle}


LINES = st.sampled_from(
    [
        *("accept", "drop", "accept protocol=udp", "drop protocol=udp log=yes", "accept src-address=192.0.2.1"),
        *("accept protocol=tcp disabled=yes", "drop chain=forward", "jump jump-target=mine", "return chain=mine"),
    ]
)


@st.composite
def tables_of_rules(draw: st.DrawFn) -> list[Row]:
    found = [{**rule(draw(LINES)), "comment": draw(st.sampled_from(COMMENTS[2:]))} for _n in range(draw(FEW))]
    return [dict(each) for each in {(row["chain"], row["comment"]): row for row in found}.values()]


FEW = st.integers(0, 5)
TRANSLATIONS = [{"chain": "dstnat", "action": "redirect", "protocol": "tcp", "comment": text} for text in COMMENTS[2:5]]
OFFICE = [{"list": "office", "address": f"192.0.2.{n}", "comment": COMMENTS[n]} for n in range(6)]


@st.composite
def wishes(draw: st.DrawFn) -> dict[Menu, list[Row]]:
    return {
        LISTS: draw(st.lists(st.sampled_from(OFFICE), max_size=4, unique_by=lambda row: row["address"])),
        NAT: draw(st.lists(st.sampled_from(TRANSLATIONS), max_size=3, unique_by=lambda row: row["comment"])),
        FILTER: draw(tables_of_rules()),
    }


@settings(max_examples=60, deadline=None)
@given(wishes(), wishes(), st.integers(0, 30), st.integers(1, 2))
def test_the_undo_script_brings_back_what_was_there_from_any_sentence(
    have: dict[Menu, list[Row]], want: dict[Menu, list[Row]], sentences: int, times: int
) -> None:
    witness = Witness(have)
    before = witness.everything()
    _dummy, staged = staged_on(witness, want)
    witness.play(staged, sentences)
    for _n in range(times):
        witness.run(undo_script(staged, V7))
    after = witness.everything()
    after.pop("/log", None)
    assert after == before
    assert witness.complaints() == []


@settings(max_examples=60, deadline=None)
@given(wishes(), wishes(), st.integers(1, 2))
def test_the_finish_script_comes_to_what_the_plan_comes_to(
    have: dict[Menu, list[Row]], want: dict[Menu, list[Row]], times: int
) -> None:
    witness = Witness(have)
    before = witness.tables(*want)
    wanted, staged = staged_on(witness, want)
    witness.play(staged)
    for _n in range(times):
        witness.run(finish_script(staged))
    foreseen = simulate(before, wanted)
    now = witness.tables(*want)
    for menu in (NAT, FILTER):
        assert acting(now[menu]) == acting(foreseen[menu])
    assert sorted(map(str, acting(now[LISTS]))) == sorted(map(str, acting(foreseen[LISTS])))
    assert witness.complaints() == []


@settings(max_examples=20, deadline=None)
@given(wishes(), wishes())
def test_a_script_that_is_gone_is_replaced_by_one_that_goes_by_the_marks(
    have: dict[Menu, list[Row]], want: dict[Menu, list[Row]]
) -> None:
    witness = Witness(have)
    before = witness.everything()
    _dummy, staged = staged_on(witness, want)
    witness.play(staged).run(cleaning_script(list(want)))
    assert witness.everything() == before


@pytest.mark.parametrize("mark", [NEW, OLD, OFF])
@pytest.mark.parametrize("comment", COMMENTS)
def test_marks_come_off_whatever_stands_behind_them(comment: str, mark: str) -> None:
    witness = Witness({FILTER: [{"chain": "input", "action": "drop", "comment": mark + comment}]})
    (entry,) = witness.tables(FILTER)[FILTER]
    staged = Staged(adds=(Add(FILTER, {}),), marks=(Set(FILTER, entry, {}),))
    witness.run(undo_script(staged, V7) if mark != NEW else finish_script(staged))
    assert [row.get("comment", "") for row in witness.router.rows(FILTER.path)] == [comment]


SITES = [{"name": name, "address": f"203.0.113.{n}", "exchange-mode": "ike2"} for n, name in enumerate("abc", 1)]
RDP = {"name": "rdp", "regexp": r'^rdp.*\xff$ "[?]'}
NPT = {"chain": "postrouting", "action": "snpt", "src-prefix": "2001:db8:a::/64", "dst-prefix": "2001:db8:b::/64"}
KEYED: Wants = {
    PATTERNS: [RDP],
    MANGLE6: [NPT],
    PROFILE: [{"name": "s2s"}],
    PEER: SITES,
    IDENTITY: [{"peer": "a", "secret": "an-old-secret"}],
    PSK: [{"peer": "a", "id": "site-a-key-000001", "key": "ab" * 64}],
    POLICY: [{"peer": "a", "tunnel": "yes", "src-address": "192.168.1.0/24", "dst-address": "192.168.2.0/24"}],
}


def ordered(want: Wants) -> dict[Menu, Sequence[Row]]:
    return {menu: want[menu] for menu in MENUS if menu in want}


@pytest.mark.parametrize(
    "want",
    [
        pytest.param({PROFILE: [{"name": "other", "lifetime": "8h"}]}, id="a-profile"),
        pytest.param({PROPOSAL: [{"name": "other", "lifetime": "1h"}]}, id="a-proposal"),
        pytest.param({GROUP: [{"name": "other", "comment": "theirs"}]}, id="a-group-that-bears-a-comment"),
        pytest.param(
            {PEER: [{**SITES[0], "address": "203.0.113.2"}, {**SITES[1], "address": "203.0.113.1"}]}, id="swap"
        ),
        pytest.param(
            {PEER: [{**site, "address": SITES[n - 1]["address"]} for n, site in enumerate(SITES)]},
            id="three-in-a-circle",
        ),
        pytest.param({PEER: [{**SITES[0], "name": "new"}]}, id="a-peer-under-another-name"),
        pytest.param({PSK: [{**KEYED[PSK][0], "key": "cd" * 64}]}, id="another-key"),
        pytest.param({IDENTITY: [{"peer": "a", "secret": "a-new-secret", "my-id": "fqdn:a"}]}, id="another-secret"),
        pytest.param({POLICY: [{**KEYED[POLICY][0], "dst-address": "192.168.3.0/24"}]}, id="a-policy"),
        pytest.param({SERVICE: [{"name": "ssh", "port": "2222", "address": "192.0.2.0/24"}]}, id="a-service"),
        pytest.param({LISTS: [{"list": "office", "address": "192.0.2.9", "timeout": "1h"}]}, id="for-an-hour"),
        pytest.param({PATTERNS: [{**RDP, "regexp": "rdp"}, {"name": "new", "regexp": "$"}]}, id="patterns"),
        pytest.param({TRACKING: [{"enabled": "no", "udp-timeout": "1m"}]}, id="connection-tracking"),
        pytest.param({MANGLE6: [{**NPT, "dst-prefix": "2001:db8:c::/64"}]}, id="a-prefix-of-ipv6"),
    ],
)
def test_what_has_no_mark_comes_back_as_well(want: Wants) -> None:
    state = "merged" if set(want) & {SERVICE, PROFILE, PROPOSAL, GROUP, TRACKING} else "overridden"
    for sentences in range(12):
        witness = Witness(KEYED)
        before = witness.everything()
        _dummy, staged = staged_on(witness, ordered(want), state)
        script = undo_script(staged, V7)
        assert "secret" not in script
        assert "ab" * 64 not in script
        witness.play(staged, sentences).run(script)
        assert witness.everything() == before, sentences
        assert witness.run(script).everything() == before, f"{sentences}, and twice"
        assert witness.complaints() == []


def test_a_command_that_fails_stops_none_of_the_others() -> None:
    """The peer that comes back has lost its address to somebody else's meanwhile, and is named nevertheless."""
    witness = Witness({PEER: SITES[:1], FILTER: [rule("drop #old")]})
    wanted, staged = staged_on(witness, {PEER: [], FILTER: [rule("accept #new")]})
    witness.play(staged)
    witness.router.add(PEER.path, name="theirs", address="203.0.113.1")
    assert len(wanted.changes) > 2
    witness.run(undo_script(staged, V7))
    assert [row["comment"] for row in witness.router.rows(FILTER.path) if row["dynamic"] == "false"] == ["old"]
    assert [row["name"] for row in witness.router.rows(PEER.path)] == ["a", "theirs"]
    assert not [row for row in witness.router.rows(PEER.path) if row.get("comment", "").startswith(OLD)]
    assert witness.complaints() == ["vpnops-guard: a command failed"]
