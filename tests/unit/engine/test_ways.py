# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces, lists, addresses and routes: what is the same, what names what, and what could take the way away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import command
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, read_entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Vantage, look
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import risky
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import stage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.rehearse import menus_to_read, rehearse
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.stage import stages
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import joined, vague_lists
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import INTERFACE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

from tests.unit.engine.router import V7

GRE, VRRP, LIST, MEMBER, ADDRESS, ROUTE = (
    BY_MODULE[name]
    for name in ("interface_gre", "interface_vrrp", "interface_list", "interface_list_member", "ip_address", "ip_route")
)
XFRM, GROUP = BY_MODULE["interface_xfrm"], BY_MODULE["ipsec_policy_group"]
V7_25 = (7, 25)
Row = Mapping[str, str]
B = {"name": "gre-b", "remote-address": "203.0.113.50"}
V = {"name": "v", "interface": "a"}
FAR = {"dst-address": "192.168.20.0/24"}
CLIENT = "192.168.88.10"


def read(menu: Menu, *rows: Row) -> tuple[Entry, ...]:
    return tuple(read_entry(menu, {".id": f"*{number}", **row}, V7) for number, row in enumerate(rows))


def changes(menu: Menu, have: Sequence[Row], want: Sequence[Row], state: str = "merged") -> list[str]:
    return [render(change) for change in plan({menu: read(menu, *have)}, Intent({menu: want}, state), V7)]


@pytest.mark.parametrize(
    ("menu", "have", "want"),
    [
        pytest.param(ROUTE, {"gateway": "b,a"}, {"gateway": "a,b"}, id="gateways-have-no-order"),
        pytest.param(ROUTE, {"dst-address": "0.0.0.0/0", "gateway": "a"}, {"gateway": "a"}, id="everywhere"),
        pytest.param(ROUTE, {**FAR, "blackhole": ""}, {**FAR, "blackhole": "yes"}, id="a-name-without-value"),
        pytest.param(ROUTE, {**FAR, "gateway": "a"}, {**FAR, "gateway": "a", "blackhole": "no"}, id="no-blackhole"),
        pytest.param(
            ROUTE,
            {**FAR, "gateway": "a", "distance": "1", "scope": "30", "target-scope": "10", "pref-src": ""},
            {**FAR, "gateway": "a"},
            id="what-a-router-prints-of-its-own",
        ),
        pytest.param(GRE, B, {**B, "keepalive": "none"}, id="no-keepalive"),
        pytest.param(GRE, {**B, "keepalive": "10s,10"}, {**B, "keepalive": "00:00:10"}, id="keepalives"),
        pytest.param(GRE, {**B, "keepalive": "10s,10"}, B, id="usual-keepalive"),
        pytest.param(
            ADDRESS,
            {"address": "10.0.0.1/32", "network": "10.0.0.2", "interface": "a"},
            {"address": "10.0.0.1", "interface": "a"},
            id="network-is-worked-out",
        ),
        pytest.param(VRRP, {**V, "group-authority": ""}, V, id="no-group"),
    ],
)  # fmt: skip
def test_what_is_the_same(menu: Menu, have: Row, want: Row) -> None:
    assert changes(menu, [have], [want], "replaced") == []


@pytest.mark.parametrize(
    ("menu", "have", "want", "line"),
    [
        pytest.param(ROUTE, {**FAR, "blackhole": ""}, {**FAR, "blackhole": "no", "gateway": ""}, "", id="no-gateway"),
        pytest.param(
            ROUTE, {**FAR, "gateway": "a"}, {**FAR, "gateway": "a", "blackhole": "yes"},
            "/ip route set *0 blackhole=yes", id="blackhole",
        ),
        pytest.param(
            ROUTE, {**FAR, "gateway": "a", "blackhole": ""}, {**FAR, "gateway": "a"},
            "/ip route set *0 !blackhole", id="no-blackhole-any-more",
        ),
        pytest.param(
            ROUTE, {**FAR, "gateway": "a", "check-gateway": "ping"}, {**FAR, "gateway": "a"},
            "/ip route set *0 !check-gateway", id="nothing-is-asked",
        ),
        pytest.param(GRE, B, B, "/interface gre set *0 keepalive=10s,10", id="keepalives-come-back"),
        pytest.param(
            GRE, {**B, "keepalive": "5s,3"}, {**B, "keepalive": "none"}, "/interface gre set *0 !keepalive", id="none"
        ),
    ],
)  # fmt: skip
def test_what_differs(menu: Menu, have: Row, want: Row, line: str) -> None:
    if not line:
        with pytest.raises(Problem, match="gateway is missing, and blackhole=no needs it"):
            changes(menu, [have], [want], "replaced")
        return
    assert changes(menu, [have], [want], "replaced") == [line]


def test_what_has_no_value_is_said_by_its_name() -> None:
    (entry,) = read(GRE, B)
    assert command(Add(GRE, {**B, "keepalive": "none"})).words == {**B, "!keepalive": ""}
    assert command(Set(GRE, entry, {"keepalive": "none"}, ("ipsec-secret",))).words == {
        ".id": "*0", "!keepalive": "", "!ipsec-secret": "",
    }  # fmt: skip


MARKED = {**FAR, "gateway": "10.0.0.1", "comment": "s2s-b"}


@pytest.mark.parametrize(
    ("have", "want", "verbs"),
    [
        pytest.param([MARKED], [{**MARKED, "gateway": "10.0.0.2"}], ["set"], id="a-marked-one-moves"),
        pytest.param([{**FAR, "gateway": "10.0.0.1"}], [{**FAR, "gateway": "10.0.0.2"}], ["add"], id="unmarked"),
        pytest.param([MARKED], [{**MARKED, "gateway": "10.0.0.2", "comment": "s2s-c"}], ["add"], id="another-mark"),
        pytest.param([MARKED], [MARKED, {**MARKED, "gateway": "10.0.0.2"}], ["add"], id="one-more-of-the-mark"),
        pytest.param(
            [MARKED], [{**MARKED, "gateway": "10.0.0.2"}, {**MARKED, "gateway": "10.0.0.3"}], ["add", "add"], id="two"
        ),
        pytest.param(
            [MARKED, {**MARKED, "gateway": "10.0.0.2"}], [{**MARKED, "gateway": "10.0.0.3"}], ["add"], id="of-two"
        ),
        pytest.param([MARKED], [{**MARKED, "routing-table": "x"}], ["add"], id="another-table"),
    ],
)
def test_which_route_is_meant(have: Sequence[Row], want: Sequence[Row], verbs: list[str]) -> None:
    assert [line.split()[2] for line in changes(ROUTE, have, want)] == verbs


def tables(*interfaces: str, **rows: Sequence[Row]) -> dict[Menu, tuple[Entry, ...]]:
    found = {BY_MODULE[module]: read(BY_MODULE[module], *some) for module, some in rows.items()}
    return {INTERFACE: read(INTERFACE, *({"name": name} for name in interfaces)), **found}


OVER = {"address": "10.0.0.1/30", "interface": "gre-b"}


def test_a_new_tunnel_is_an_interface_that_others_name() -> None:
    wants = {GRE: [B], MEMBER: [{"list": "all", "interface": "gre-b"}], ADDRESS: [OVER], ROUTE: [{"gateway": "gre-b"}]}
    intent = Intent(wants)
    assert {INTERFACE, LIST} <= set(menus_to_read(intent))
    assert len(rehearse(tables("ether1", interface_list=[]), intent, V7).plan.changes) == 4
    with pytest.raises(Problem, match="/interface has no such entry; allowed is ether1"):
        rehearse(tables("ether1"), Intent({ADDRESS: [OVER]}), V7)


def test_a_tunnel_that_is_named_by_any_menu_of_interfaces_stays() -> None:
    have = tables("ether1", "gre-b", interface_gre=[B], ip_address=[OVER])
    with pytest.raises(Problem, match=r"gre-b: cannot be removed, /ip/address .* still uses it"):
        rehearse(have, Intent({GRE: [{"name": "gre-b"}]}, "deleted"), V7)
    both = rehearse(have, Intent({GRE: [{"name": "gre-b"}], ADDRESS: [OVER]}, "deleted"), V7).plan
    assert [[change.menu for change in stage] for stage in stages(both)] == [[ADDRESS], [GRE]]
    assert ADDRESS in menus_to_read(Intent({GRE: []}, "overridden"))


def off(menu: Menu, row: Row) -> Change:
    return Set(menu, read(menu, row)[0], {"disabled": "yes"})


@pytest.mark.parametrize(
    ("change", "by_neighbour", "by_anybody"),
    [
        pytest.param(Add(ROUTE, {**FAR, "gateway": "a"}), False, True, id="route-elsewhere"),
        pytest.param(Add(ROUTE, {"gateway": "a"}), True, True, id="route-everywhere"),
        pytest.param(Add(ROUTE, {"dst-address": "192.168.88.8/29", "blackhole": "yes"}), True, True, id="route-here"),
        pytest.param(Add(ROUTE, {"gateway": "a", "disabled": "yes"}), False, False, id="route-that-is-off"),
        pytest.param(Add(ADDRESS, OVER), False, True, id="address-elsewhere"),
        pytest.param(Add(ADDRESS, {"address": f"{CLIENT}/32", "interface": "a"}), True, True, id="his-address"),
        pytest.param(
            Add(ADDRESS, {"address": "10.0.0.1/32", "network": CLIENT, "interface": "a"}), True, True, id="a-way-to-him"
        ),
        pytest.param(Remove(ADDRESS, read(ADDRESS, OVER)[0]), True, True, id="address-goes"),
        pytest.param(off(ROUTE, {**FAR, "gateway": "a"}), True, True, id="route-is-switched-off"),
        pytest.param(Set(ROUTE, read(ROUTE, FAR)[0], {"comment": "x"}), False, False, id="a-comment"),
        pytest.param(Add(GRE, B), False, False, id="a-new-tunnel"),
        pytest.param(off(GRE, B), True, True, id="tunnel-is-switched-off"),
        pytest.param(Set(GRE, read(GRE, B)[0], {"ipsec-secret": "x"}), False, False, id="a-secret"),
        pytest.param(Add(MEMBER, {"list": "LAN", "interface": "a"}), True, True, id="member"),
        pytest.param(Add(LIST, {"name": "NEW"}), False, False, id="a-new-list"),
        pytest.param(Set(LIST, read(LIST, {"name": "LAN"})[0], {"include": "X"}), True, True, id="a-list-of-lists"),
    ],
)
def test_what_could_take_the_way_away(change: Change, by_neighbour: bool, by_anybody: bool) -> None:
    assert bool(risky([change], {}, tunnelled=False, neighbour=CLIENT)) is by_neighbour
    assert bool(risky([change], {}, tunnelled=False)) is by_anybody


HERE = Vantage("api", 8728, CLIENT, ("192.168.88.1",), "gre-b")
OWN = {"address": "192.168.88.1/24", "interface": "gre-b"}


def foreseen(menu: Menu, have: Row, vantage: Vantage = HERE) -> tuple[bool, bool]:
    """Whether it is refused, and whether there is a doubt, that an entry goes."""
    before = {menu: read(menu, have)}
    found = look(stage([Remove(menu, before[menu][0])], before), before, vantage, (), frozenset())
    return bool(found.refusals), bool(found.doubts)


def test_the_address_and_the_interface_of_the_session_stay() -> None:
    assert foreseen(ADDRESS, OWN) == (True, False)
    assert foreseen(ADDRESS, {**OWN, "address": "192.168.89.1/24"}) == (False, False)
    several = Vantage("api", 8728, CLIENT, ("192.168.88.1", "10.0.0.1"), "gre-b")
    assert foreseen(ADDRESS, OWN, several) == (False, True)
    assert foreseen(ADDRESS, OWN, Vantage("api", 8728, "127.0.0.1", ("192.168.88.1",))) == (False, False)
    assert foreseen(GRE, B) == (True, False)
    assert foreseen(GRE, {**B, "name": "gre-c"}) == (False, False)


def test_lists_hold_the_members_of_lists() -> None:
    own = {"LAN": {"a", "b"}, "GUESTS": {"b"}, "IN": {"c"}}
    lists = [
        {"name": "IN", "include": "LAN", "exclude": "GUESTS"},
        {"name": "ALL", "include": "IN,ALL"},
        {"name": "LAN"},
    ]
    assert joined(own, lists) == {
        "LAN": {"a", "b"}, "GUESTS": {"b"}, "IN": {"a", "c"}, "ALL": {"a", "c"},
    }  # fmt: skip
    lists += [{"name": "X", "exclude": "static"}, {"name": "Y", "include": "LAN,X"}]
    assert vague_lists(lists) == {"all", "dynamic", "static", "X", "Y"}


def test_what_comes_and_goes_is_an_interface_afterwards() -> None:
    have = tables("ether1", "gre-c", interface_gre=[{**B, "name": "gre-c"}])
    after = rehearse(have, Intent({GRE: [B]}, "overridden"), V7).after[INTERFACE]
    assert [entry.values["name"] for entry in after] == ["ether1", "gre-b"]


def test_a_group_binds_an_interface_that_comes_before_it_and_goes_after_it() -> None:
    interface, group = {"name": "xfrm-b"}, {"name": "b", "interface": "xfrm-b"}
    # A task's menus come in the order of the schema.
    wants = {menu: [interface if menu is XFRM else group] for menu in MENUS if menu in (XFRM, GROUP)}
    come = rehearse(tables("ether1", interface_xfrm=[], ipsec_policy_group=[]), Intent(wants), V7_25).plan
    assert [change.menu for change in come] == [XFRM, GROUP]
    have = tables("ether1", "xfrm-b", interface_xfrm=[interface], ipsec_policy_group=[group])
    go = rehearse(have, Intent(wants, "deleted"), V7_25).plan
    assert [[change.menu for change in stage] for stage in stages(go)] == [[GROUP], [XFRM]]
    with pytest.raises(Problem, match=r"xfrm-b: cannot be removed, /ip/ipsec/policy/group name=b still uses it"):
        rehearse(have, Intent({XFRM: [interface]}, "deleted"), V7_25)


def test_replaced_lets_an_interface_go_and_leaves_an_mtu_that_nobody_gave() -> None:
    have = tables(
        interface_xfrm=[{"name": "xfrm-b", "mtu": "1400"}], ipsec_policy_group=[{"name": "b", "interface": "x"}]
    )
    wants = {XFRM: [{"name": "xfrm-b"}], GROUP: [{"name": "b"}]}
    found = plan(have, Intent(wants, "replaced"), V7_25)
    assert [render(change) for change in found] == ["/ip ipsec policy group set *0 !interface"]
