# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says: have, want, changes. The ids are the specification."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, check, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

from tests.unit.engine.router import (
    FILTER,
    IDENTITY,
    LISTS,
    PEER,
    POLICY,
    PROFILE,
    PSK,
    SETTINGS,
    V7,
    Row,
    entries,
    planned,
    rule,
    told,
)

case = pytest.param
SITE = {"name": "site-b", "address": "203.0.113.50/32", "profile": "s2s", "exchange-mode": "ike2", "comment": "b"}
KEY = {"peer": "site-b", "auth-method": "pre-shared-key", "secret": "old", "generate-policy": "no"}
LAN = {"peer": "site-b", "tunnel": "true", "src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24"}
AUTO = {"name": "p", "dh-group": "modp2048,modp1024", "enc-algorithm": "aes-128,3des", "lifetime": "1d"}
LIST = {"list": "vpn", "address": "203.0.113.50"}
ONE = {"peer": "site-b", "id": "site-b-key-000001", "key": "ab" * 64}


@pytest.mark.parametrize(
    ("menu", "have", "want", "changes"),
    [
        case(PEER, None, SITE, ["add b"], id="missing-is-added"),
        case(PEER, SITE, SITE, [], id="same-is-no-change"),
        case(PEER, SITE, {"name": "site-b", "passive": "no"}, [], id="default-unsaid-is-no-change"),
        case(PEER, {**SITE, "passive": "true"}, {**SITE, "passive": "yes"}, [], id="true-is-yes"),
        case(PEER, SITE, {"name": "site-b", "address": "203.0.113.50"}, [], id="host-with-or-without-32"),
        case(PEER, SITE, {"name": "site-b", "local-address": "::"}, [], id="both-any-addresses-agree"),
        case(PEER, SITE, {**SITE, "port": "4500"}, ["set *0 port=4500"], id="only-the-difference-is-set"),
        case(PEER, SITE, {"name": "site-b", "comment": ""}, ["set *0 comment="], id="empty-comment-is-a-value"),
        case(
            PEER,
            {**SITE, "port": "4500"},
            {"name": "site-b", "port": ""},
            ["set *0 port=500"],
            id="no-unset-writes-default",
        ),
        case(PEER, SITE, {**SITE, "name": "site-c"}, ["add b"], id="another-name-is-another-entry"),
        case(PROFILE, AUTO, {"name": "p", "lifetime": "24h"}, [], id="24h-is-1d"),
        case(PROFILE, AUTO, {"name": "p", "lifetime": "1d00:00:00"}, [], id="clock-is-1d"),
        case(PROFILE, AUTO, {"name": "p", "dh-group": "modp1024,modp2048"}, [], id="algorithms-have-no-order"),
        case(
            PROFILE, AUTO, {"name": "p", "dh-group": "modp2048"}, ["set *0 dh-group=modp2048"], id="one-algorithm-less"
        ),
        case(IDENTITY, KEY, {**KEY, "secret": "new"}, ["set *0 secret=new"], id="new-psk-changes-the-identity"),
        case(IDENTITY, KEY, {**KEY, "remote-id": "auto"}, [], id="identity-by-peer-and-default-remote-id"),
        case(
            IDENTITY,
            KEY,
            {**KEY, "remote-id": "fqdn:b.example"},
            ["add "],
            id="another-remote-id-is-another-identity",
        ),
        case(POLICY, LAN, {**LAN, "level": "unique"}, ["set *0 level=unique"], id="policy-by-selectors-and-peer"),
        case(
            POLICY, LAN, {**LAN, "peer": "b,site-c"}, ["set *0 peer=b,site-c"], id="policy-with-a-peer-to-fall-back-on"
        ),
        case(POLICY, LAN, {**LAN, "peer": "c", "disabled": "yes"}, ["add "], id="policy-that-waits-for-its-turn"),
        case(POLICY, {**LAN, "disabled": "true"}, {**LAN, "peer": "c"}, ["add "], id="policy-beside-one-that-waits"),
        case(POLICY, LAN, {**LAN, "src-address": "192.168.10.7/24"}, [], id="host-bits-do-not-count"),
        case(LISTS, LIST, {**LIST, "address": "203.0.113.50/32"}, [], id="list-by-list-and-address"),
        case(LISTS, LIST, {**LIST, "timeout": "1h"}, [], id="timeout-is-given-once"),
        case(LISTS, None, {**LIST, "timeout": "1h"}, ["add "], id="timeout-of-a-new-entry"),
        case(PSK, ONE, {**ONE, "key": "AB" * 64}, [], id="hexadecimal-in-capitals"),
        case(PSK, ONE, {**ONE, "key": "cd" * 64}, ["remove *0", "add "], id="what-cannot-be-set-is-swapped"),
    ],
)
def test_merged_in_a_menu_with_keys(menu: Menu, have: Row | None, want: Row, changes: list[str]) -> None:
    assert told(planned(menu, entries(have) if have else (), [want])) == changes


IKE = "accept protocol=udp dst-port=500,4500 #IKE"


@pytest.mark.parametrize(
    ("have", "want", "changes"),
    [
        case([], [IKE], ["add IKE"], id="missing-is-added"),
        case(["accept protocol=17 dst-port=4500,500 #IKE"], [IKE], [], id="spelling-does-not-count"),
        case(
            ["accept connection-state=established,related,untracked"],
            ["accept connection-state=related,untracked,established"],
            [],
            id="states-have-no-order",
        ),
        case(["accept src-address=192.0.2.1"], ["accept src-address=192.0.2.1/32"], [], id="32-or-none"),
        case(["accept limit=10,5:packet"], ["accept limit=10/1s,5"], [], id="limit-in-short"),
        case(
            ["accept protocol=udp dst-port=500 #IKE"],
            [IKE],
            ["set *0 dst-port=500,4500"],
            id="comment-keeps-the-identity",
        ),
        case(
            ["drop protocol=gre #IKE", "accept protocol=tcp #IKE"],
            [IKE],
            ["add IKE"],
            id="a-comment-used-twice-is-none",
        ),
        case(["accept protocol=tcp #IKE"], [IKE, "drop #IKE"], ["add IKE", "add IKE"], id="nor-one-wanted-twice"),
        case(["accept protocol=udp #theirs"], ["accept protocol=udp"], [], id="without-comment-any-will-do"),
        case(
            ["accept protocol=udp #theirs"],
            ["accept protocol=udp #ours"],
            ["add ours"],
            id="another-comment-is-anothers-rule",
        ),
        case(["accept protocol=udp"], ["accept protocol=udp #ours"], ["add ours"], id="no-comment-is-not-adopted"),
        case(["accept #a", "accept"], ["accept"], [], id="bare-takes-bare-first"),
        case(["accept"], ["accept", "accept"], ["add accept"], id="two-alike-are-two"),
        case(["accept #x"], ["accept chain=output #x"], ["add x"], id="another-chain-is-another-rule"),
        case(["accept disabled=true #x"], ["accept disabled=no #x"], ["set *0 disabled=no"], id="enabled-again"),
        case(["accept src-address=192.0.2.1 #x"], ["accept #x"], [], id="merged-keeps-what-is-not-said"),
        case(
            ["accept src-address=192.0.2.1 #x"], ["accept src-address= #x"], ["set *0 -src-address"], id="empty-clears"
        ),
        case(["accept #x"], ["accept src-address= #x"], [], id="clear-what-is-clear"),
        case(["accept #x"], ["drop #x"], ["set *0 action=drop"], id="accept-becomes-drop-in-its-place"),
    ],
)
def test_merged_rules(have: list[str], want: list[str], changes: list[str]) -> None:
    assert told(planned(FILTER, entries(*have), want)) == changes


def test_wishes_to_clear_are_not_said_of_a_new_entry() -> None:
    (change,) = planned(PROFILE, (), [{"name": "p", "lifetime": "", "dpd-interval": "8s"}])
    assert isinstance(change, Add)
    assert change.values == {"name": "p", "dpd-interval": "8s"}


def test_replaced_takes_back_what_nobody_gave() -> None:
    have = entries("accept protocol=udp log=true src-address=192.0.2.1 #x")
    assert told(planned(FILTER, have, ["accept protocol=udp #x"], "replaced")) == ["set *0 log=no -src-address"]


def test_replaced_keeps_secrets_keys_and_what_the_router_fills_in() -> None:
    have = entries({**LAN, "sa-dst-address": "203.0.113.50", "level": "unique"})
    assert told(planned(POLICY, have, [LAN], "replaced")) == ["set *0 level=require"]
    assert told(planned(IDENTITY, entries({**KEY, "my-id": "fqdn:a"}), [{"peer": "site-b"}], "replaced")) == [
        "set *0 my-id=auto"
    ]


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        case((7, 15, 3), [], id="2m-is-the-default-before-7.16"),
        case((7, 16), ["set *0 dpd-interval=8s dpd-maximum-failures=4"], id="8s-is-the-default-since"),
    ],
)
def test_replaced_means_the_defaults_of_this_version(version: tuple[int, ...], changes: list[str]) -> None:
    have = entries({**AUTO, "dpd-interval": "2m", "dpd-maximum-failures": "5"})
    assert told(planned(PROFILE, have, [{"name": "p"}], "replaced", version=version)) == changes
    assert told(planned(PROFILE, have, [{"name": "p"}], version=version)) == []


def test_replaced_does_not_mention_fields_that_the_version_lacks() -> None:
    have = entries({**AUTO, "lifetime": "8h"})
    (change,) = planned(PROFILE, have, [{"name": "p"}], "replaced", version=(7, 15))
    assert isinstance(change, Set)
    assert change.values == {"lifetime": "1d"}


def test_a_rule_is_replaced_with_what_it_will_be_in_mind() -> None:
    """Once its address is gone it is as broad as the foreign rule above it denies."""
    have = entries("drop src-address=!192.0.2.0/24 #theirs", "accept src-address=192.0.2.1 #x")
    assert told(planned(FILTER, have, ["accept #x"], "replaced")) == ["set *1 -src-address", "move *1 <*0"]


def test_overridden_removes_the_rest_but_nothing_the_router_made() -> None:
    have = (
        *entries(SITE, {"name": "old"}),
        Entry("*D", {"name": "l2tp-in-server"}, dynamic=True),
        Entry("*B", {"name": "default"}, builtin=True),
    )
    assert told(planned(PEER, have, [SITE], "overridden")) == ["remove *1"]
    assert told(planned(PEER, have, [], "overridden")) == ["remove *0", "remove *1"]


def test_overridden_goes_no_further_than_its_scope() -> None:
    have = entries("accept #s2s-a: IKE", "accept #s2s-ab: IKE", "drop", "accept chain=forward #s2s-a: LAN")
    mine = Scope(owner=("s2s-a",))
    assert told(planned(FILTER, have, [], "overridden", scope=mine)) == ["remove *0", "remove *3"]
    narrow = Scope(owner=("s2s-*",), fields={"chain": ("input",)})
    assert told(planned(FILTER, have, [], "overridden", scope=narrow)) == ["remove *0", "remove *1"]


def test_overridden_makes_before_it_breaks() -> None:
    have = entries("accept src-address=192.0.2.1 #old", "drop #old end")
    want = ["accept src-address=192.0.2.2 #new", "drop #new end"]
    assert told(planned(FILTER, have, want, "overridden")) == [
        "add new <*1",
        "add new end",
        "remove *1",
        "remove *0",
    ]


def test_a_renamed_peer_is_off_before_its_successor_comes_for_the_router_holds_one_per_address() -> None:
    have = entries({"name": "old", "address": "203.0.113.50/32"}, {"name": "other", "address": "203.0.113.51/32"})
    want = [{"name": "new", "address": "203.0.113.50"}]
    assert told(planned(PEER, have, want, "overridden")) == [
        *("set *0 disabled=yes", "add new", "remove *0", "remove *1")
    ]


@pytest.mark.parametrize("who", ["old", "new"])
def test_a_disabled_peer_is_in_nobodys_way(who: str) -> None:
    off = {"disabled": "yes"}
    have = entries({"name": "old", "address": "203.0.113.50/32", **(off if who == "old" else {})})
    want = [{"name": "new", "address": "203.0.113.50", **(off if who == "new" else {})}]
    assert told(planned(PEER, have, want, "overridden")) == ["add new", "remove *0"]


@pytest.mark.parametrize(
    ("have", "want", "changes"),
    [
        case(["accept #a", "drop #b"], ["accept #a"], ["remove *0"], id="content-and-comment"),
        case(["accept #a", "accept #a", "accept"], ["accept #a"], ["remove *0", "remove *1"], id="duplicates-too"),
        case(["accept #a", "accept"], ["accept"], ["remove *0", "remove *1"], id="no-comment-is-any-comment"),
        case(["accept #a"], ["accept protocol=tcp #a"], [], id="another-content-stays"),
        case(
            ["accept protocol=tcp #a", "drop #a"],
            [{"chain": "input", "comment": "a"}],
            ["remove *1", "remove *0"],
            id="by-comment-alone-drops-first",
        ),
        case(["accept"], ["accept", "accept protocol=17"], ["remove *0"], id="what-is-not-there-is-no-error"),
    ],
)
def test_deleted_rules(have: list[str], want: list[Row | str], changes: list[str]) -> None:
    assert told(planned(FILTER, entries(*have), want, "deleted")) == changes


def test_deleted_removes_every_entry_with_the_key() -> None:
    assert told(planned(IDENTITY, entries(KEY, KEY), [{"peer": "site-b"}], "deleted")) == ["remove *0", "remove *1"]


MARKED = entries(
    "accept #s2s-a: IKE",
    "accept chain=forward #s2s-a: to b",
    "accept #s2s-b: IKE",
    "accept",
    "accept protocol=tcp #theirs",
)
OWNER_A = Scope(("s2s-a",))


def test_deleted_with_a_scope_and_no_entries_removes_all_that_it_holds() -> None:
    assert told(planned(FILTER, MARKED, [], "deleted", scope=OWNER_A)) == ["remove *0", "remove *1"]
    narrow = Scope(("s2s-a",), {"chain": ("forward",)})
    assert told(planned(FILTER, MARKED, [], "deleted", scope=narrow)) == ["remove *1"]
    chain = Scope(None, {"chain": ("input",)})
    assert told(planned(FILTER, MARKED, [], "deleted", scope=chain)) == [
        "remove *0",
        "remove *2",
        "remove *3",
        "remove *4",
    ]
    made = [Entry("*0", rule("accept #s2s-a"), dynamic=True), Entry("*1", rule("drop #s2s-a"), builtin=True)]
    assert told(planned(FILTER, made, [], "deleted", scope=OWNER_A)) == []


def test_deleted_without_a_scope_and_entries_removes_nothing() -> None:
    assert told(planned(FILTER, MARKED, [], "deleted")) == []


def test_deleted_entries_have_to_lie_within_the_scope() -> None:
    assert told(planned(FILTER, MARKED, ["accept #s2s-a: IKE"], "deleted", scope=OWNER_A)) == ["remove *0"]
    with pytest.raises(
        Problem, match=r"comment=theirs: it lies outside the task's own scope; comment has to be one of these marks"
    ):
        planned(FILTER, MARKED, ["accept protocol=tcp"], "deleted", scope=OWNER_A)
    for row in ("accept #s2s-b: IKE", "accept chain=forward #s2s-a: to b"):
        with pytest.raises(Problem, match="it lies outside the task's own scope"):
            check(Intent({FILTER: [rule(row)]}, "deleted", Scope(("s2s-a",), {"chain": ("input",)})))
    check(Intent({IDENTITY: [{"peer": "site-b"}]}, "deleted", OWNER_A))
    theirs = entries({"peer": "site-b", "comment": "theirs"})
    with pytest.raises(Problem, match="lies outside"):
        planned(IDENTITY, theirs, [{"peer": "site-b"}], "deleted", scope=OWNER_A)


def test_deleted_says_that_a_built_in_entry_stays() -> None:
    built_in = (Entry("*A", {"name": "default"}, builtin=True),)
    with pytest.raises(Problem, match="/ip/ipsec/profile name=default: is built in and cannot be removed"):
        planned(PROFILE, built_in, [{"name": "default"}], "deleted")


def test_dynamic_entries_stand_for_rows_that_pass_away_and_for_no_others() -> None:
    have = (Entry("*D", LIST, dynamic=True),)
    assert told(planned(LISTS, have, [{**LIST, "timeout": "1h"}])) == []
    other = {"list": "vpn", "address": "203.0.113.51", "timeout": "1h"}
    assert told(planned(LISTS, have, [LIST, other])) == ["add ", "add "]
    assert told(planned(LISTS, have, [LIST, {**LIST, "list": "x", "timeout": "1h"}], "deleted")) == []


def test_one_set_of_properties() -> None:
    have = (Entry("", {"accounting": "true", "interim-update": "5m"}),)
    assert told(planned(SETTINGS, have, [{"accounting": "no"}])) == ["set accounting=no"]
    assert told(planned(SETTINGS, have, [{"accounting": "yes"}], "replaced")) == ["set interim-update=0s"]
    assert told(planned(SETTINGS, (), [{"accounting": "no"}])) == ["set accounting=no"]


def test_a_policy_of_somebody_else_is_not_taken_over() -> None:
    theirs = {**LAN, "comment": "theirs"}
    mine = {**LAN, "peer": "c", "comment": "s2s-c"}
    scope = Scope(owner=("s2s-c",))
    assert told(planned(POLICY, entries(theirs), [mine], "overridden", scope=scope)) == ["add s2s-c"]
    renamed = entries({**LAN, "comment": "s2s-c: old"})
    assert told(planned(POLICY, renamed, [mine], "overridden", scope=scope)) == ["set *0 comment=s2s-c peer=c"]


def test_the_default_template_is_changed_and_never_moved() -> None:
    template = {"template": "true", "group": "default", "src-address": "::/0", "dst-address": "::/0", "protocol": "all"}
    have = (Entry("*0", {**template, "proposal": "default"}, builtin=True), Entry("*1", LAN))
    want = [LAN, {**LAN, "dst-address": "192.168.30.0/24"}, {"template": "yes", "proposal": "s2s"}]
    assert told(planned(POLICY, have, want)) == ["set *0 proposal=s2s", "add "]
    first = planned(POLICY, have[:1], [{**LAN, "comment": "first"}])
    assert told(first) == ["add first"]


def test_menus_are_made_in_their_order_and_unmade_in_reverse() -> None:
    have = {PEER: entries({"name": "x"}), IDENTITY: (Entry("*I", {"peer": "x"}),)}
    wants = {PEER: [SITE], IDENTITY: [{"peer": "site-b"}]}
    changes = plan(have, Intent(wants, "overridden"), V7).changes
    assert [(type(change), change.menu) for change in changes] == [
        (Add, PEER),
        (Add, IDENTITY),
        (Remove, IDENTITY),
        (Remove, PEER),
    ]


@pytest.mark.parametrize(
    ("hidden", "wanted", "changes"),
    [
        case({"secret": "********"}, {"secret": "new"}, [], id="asterisks"),
        case({}, {"secret": "new"}, [], id="missing-though-the-method-needs-it"),
        case(
            {"auth-method": "digital-signature"},
            {"auth-method": "pre-shared-key", "secret": "new"},
            ["set *0 auth-method=pre-shared-key secret=new"],
            id="unset-under-another-method",
        ),
        case({"auth-method": "eap"}, {"password": "new"}, ["set *0 password=new"], id="a-secret-that-was-never-set"),
    ],
)
def test_a_hidden_secret_is_neither_compared_nor_changed(hidden: Row, wanted: Row, changes: list[str]) -> None:
    result = planned(IDENTITY, entries({"peer": "b", **hidden}), [{"peer": "b", **wanted}])
    assert told(result) == changes
    assert ["`sensitive`" in text for text in result.warnings] == ([] if changes else [True])


def test_a_static_ppk_secret_can_be_given_to_a_peer_that_had_none() -> None:
    assert told(planned(PEER, entries(SITE), [{"name": "site-b", "ppk-secret": "s"}])) == ["set *0 ppk-secret=s"]


def test_policies_of_old_routers_are_not_moved_and_the_user_hears_of_it() -> None:
    other = {**LAN, "dst-address": "192.168.30.0/24", "comment": "c"}
    have = entries(LAN, other)
    new = {**LAN, "dst-address": "192.168.40.0/24", "comment": "new"}
    old = planned(POLICY, have, [other, new, LAN], version=(7, 22, 3))
    assert told(old) == ["add new <*0"]
    assert old.warnings == (
        "/ip/ipsec/policy: RouterOS before 7.23.2 does not move entries reliably, so these were left in their place: "
        "comment=c",
    )
    steady = planned(POLICY, have, [other, new, LAN], version=(7, 23, 2))
    assert len([change for change in steady if isinstance(change, Move)]) == 1
    assert steady.warnings == ()
