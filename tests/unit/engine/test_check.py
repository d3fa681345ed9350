# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is sent: one sentence with menu, entry, field, what was given and what is allowed."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, check, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.refer import check_references
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

from tests.unit.engine.router import (
    FILTER,
    IDENTITY,
    NAT,
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
)

case = pytest.param
MODE_CONFIG = BY_MODULE["ipsec_mode_config"]
B = {"name": "b"}


@pytest.mark.parametrize(
    ("menu", "row", "sentence"),
    [
        case(
            PEER,
            {**B, "port": "70000"},
            "/ip/ipsec/peer name=b: port: '70000' was given, allowed is a whole number from 0 to 65535",
            id="number",
        ),
        case(
            IDENTITY,
            {"peer": "b", "auth-method": "digital-signature", "secret": "s"},
            "/ip/ipsec/identity peer=b: secret: the router keeps it only with auth-method=pre-shared-key or "
            "pre-shared-key-xauth",
            id="a-secret-that-nobody-uses",
        ),
        case(
            IDENTITY,
            {"peer": "b", "secret": ""},
            "/ip/ipsec/identity peer=b: secret: it is empty; leave it out to keep the one that is there",
            id="a-secret-that-would-be-taken-away",
        ),
        case(
            PROFILE,
            {**B, "hash-algorithm": "sha3"},
            "/ip/ipsec/profile name=b: hash-algorithm: 'sha3' was given, "
            "allowed is one of md5, sha1, sha256, sha384, sha512",
            id="word",
        ),
        case(
            FILTER,
            rule("accept src-address=nowhere #IKE"),
            "/ip/firewall/filter comment=IKE: src-address: 'nowhere' was given, "
            "allowed is an IPv4 address, a prefix or a range such as 192.0.2.1-192.0.2.9",
            id="rule-by-its-comment",
        ),
        case(
            FILTER,
            rule("acept"),
            "/ip/firewall/filter chain=input action=acept: action: 'acept' was given, allowed is one of accept, "
            "add-dst-to-address-list, add-src-to-address-list, drop, fasttrack-connection, jump, log, passthrough, "
            "reject, return, tarpit",
            id="rule-without-comment",
        ),
        case(
            PSK,
            {"peer": "b", "id": "site-b-key-000001", "key": "not-hexadecimal"},
            "/ip/ipsec/key/psk peer=b id=site-b-key-000001: key: ******** was given, "
            "allowed is at least 128 hexadecimal digits",
            id="a-secret-is-not-quoted",
        ),
        case(
            POLICY,
            {"peer": "b", "src-address": "192.168.1.0/24", "sa-dst-address": "203.0.113.50"},
            "/ip/ipsec/policy src-address=192.168.1.0/24 peer=b: sa-dst-address: the router takes it from peer, "
            "so only one of the two can be given",
            id="what-the-router-fills-in",
        ),
        case(
            PEER,
            {"comment": "x"},
            "/ip/ipsec/peer comment=x: name is missing, and no entry can be told apart without it",
            id="name",
        ),
        case(
            FILTER,
            {"comment": "x"},
            "/ip/firewall/filter comment=x: chain is missing, and no entry can be told apart without it",
            id="chain",
        ),
    ],
)
def test_bad_entries(menu: Menu, row: Row, sentence: str) -> None:
    with pytest.raises(Problem) as problem:
        check(Intent({menu: [row]}))
    assert str(problem.value) == sentence


def test_what_is_to_go_needs_no_more_than_its_key() -> None:
    check(Intent({PSK: [{"peer": "b", "id": "site-b-key-000001"}], PEER: [B]}, "deleted"))
    with pytest.raises(Problem, match="name is missing"):
        check(Intent({PEER: [{"comment": "x"}]}, "deleted"))


def test_the_wish_to_clear_a_field_is_always_allowed() -> None:
    check(Intent({PROFILE: [{**B, "lifetime": ""}]}))


def test_settings_cannot_be_deleted() -> None:
    with pytest.raises(Problem, match=r"^/ip/ipsec/settings: it is one set of properties and cannot be deleted$"):
        check(Intent({SETTINGS: [{"accounting": "no"}]}, "deleted"))


@pytest.mark.parametrize(
    ("scope", "row", "sentence"),
    [
        (
            Scope(owner=("s2s",)),
            {**B, "comment": "mine"},
            "comment has to be one of these marks, or begin with one and a colon: s2s",
        ),
        (
            Scope(owner=("s2s-a", "s2s-b")),
            B,
            "comment has to be one of these marks, or begin with one and a colon: s2s-a, s2s-b",
        ),
        (
            Scope(owner=()),
            B,
            "comment has to be one of these marks, or begin with one and a colon: nothing, for owner is empty",
        ),
        (Scope(owner=("",)), B, "comment has to be one of these marks, or begin with one and a colon: "),
        (Scope(owner=("b",), fields={"name": ("x",)}), {**B, "comment": "b"}, "name may be: x"),
    ],
)
def test_a_task_that_removes_the_rest_of_its_scope_stays_inside(scope: Scope, row: Row, sentence: str) -> None:
    with pytest.raises(Problem, match=sentence):
        check(Intent({PEER: [row]}, "overridden", scope))
    check(Intent({PEER: [row]}, "merged", scope))


def test_a_policy_with_a_backup_peer_lies_in_the_scope_of_both() -> None:
    both = Scope(fields={"peer": ("a", "b", "c")})
    check(Intent({POLICY: [{"peer": "a,b"}]}, "overridden", both))
    with pytest.raises(Problem, match="outside"):
        check(Intent({POLICY: [{"peer": "a,x"}]}, "overridden", both))


@pytest.mark.parametrize(
    ("menu", "row", "version", "sentence"),
    [
        case(
            PSK,
            {"peer": "b"},
            (7, 20, 8),
            "/ip/ipsec/key/psk: RouterOS 7.20.8 does not have this menu; it came with 7.21",
            id="menu",
        ),
        case(
            NAT,
            {"chain": "dstnat", "tls-host": "x"},
            (7, 16),
            "/ip/firewall/nat chain=dstnat: tls-host: RouterOS 7.16 does not have it; 7.15 was the last that had it",
            id="field-that-went",
        ),
        case(
            PEER,
            {**B, "ppk-secret": "x"},
            (7, 20),
            "/ip/ipsec/peer name=b: ppk-secret: RouterOS 7.20 does not have it; it came with 7.21",
            id="field-too-new",
        ),
        case(
            BY_MODULE["interface_xfrm"],
            {"name": "xfrm-b"},
            V7,
            "/interface/xfrm: RouterOS 7.24 does not have this menu; it came with 7.25",
            id="menu-of-a-development-version",
        ),
        case(
            BY_MODULE["ipsec_policy_group"],
            {**B, "interface": "xfrm-b"},
            V7,
            "/ip/ipsec/policy/group name=b: interface: RouterOS 7.24 does not have it; it came with 7.25",
            id="field-of-a-development-version",
        ),
    ],
)
def test_what_a_version_lacks(menu: Menu, row: Row, version: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(Problem) as problem:
        planned(menu, (), [row], version=version)
    assert str(problem.value) == sentence


def test_a_key_is_given_once() -> None:
    with pytest.raises(Problem, match=r"peer=b remote-id=auto: is given twice \(same peer, remote-id\)"):
        planned(IDENTITY, (), [{"peer": "b"}, {"peer": "b", "remote-id": "auto"}])
    planned(IDENTITY, (), [{"peer": "b"}, {"peer": "b", "remote-id": "fqdn:x"}])


def referred(have: dict[Menu, tuple[Entry, ...]], wants: dict[Menu, list[Row]], state: str = "merged") -> Plan:
    changes = plan(have, Intent(wants, state), V7)
    check_references(changes, simulate(have, changes))
    return changes


def test_a_reference_has_to_lead_somewhere() -> None:
    have = {PROFILE: entries({"name": "default"}), PEER: ()}
    with pytest.raises(Problem) as problem:
        referred(have, {PEER: [{**B, "profile": "strong"}]})
    assert str(problem.value) == (
        "/ip/ipsec/peer name=b: profile: 'strong' was given, but /ip/ipsec/profile has no such entry; "
        "allowed is default"
    )
    assert referred(have, {PROFILE: [{"name": "strong"}], PEER: [{**B, "profile": "strong"}]})
    assert referred({PEER: ()}, {PEER: [{**B, "profile": "strong"}]}), "a menu that was not read is not judged"


def test_every_peer_of_a_policy_is_looked_up_and_free_words_are_not() -> None:
    have = {PEER: entries(B), POLICY: ()}
    with pytest.raises(Problem, match="peer: 'c' was given"):
        referred(have, {POLICY: [{"peer": "b,c"}]})
    assert referred(have, {POLICY: [{"action": "none"}]})
    assert referred({MODE_CONFIG: (), IDENTITY: ()}, {IDENTITY: [{"peer": "b", "mode-config": "none"}]})


def test_what_others_name_cannot_go() -> None:
    have = {PEER: entries(B), IDENTITY: entries({"peer": "b", "comment": "key of b"})}
    with pytest.raises(Problem) as problem:
        referred(have, {PEER: [B]}, "deleted")
    assert str(problem.value) == (
        "/ip/ipsec/peer name=b: cannot be removed, /ip/ipsec/identity comment=key of b still uses it"
    )
    assert referred(have, {PEER: [B], IDENTITY: [{"peer": "b"}]}, "deleted")


@pytest.mark.parametrize(
    ("menu", "have", "want", "sentence"),
    [
        case(
            PSK, (), {"peer": "b", "id": "k" * 16}, "key is missing, and the router adds no entry without it", id="key"
        ),
        case(POLICY, (), {"tunnel": "yes"}, "peer is missing, and action=encrypt and template=no needs it", id="peer"),
        case(
            FILTER,
            (),
            {"chain": "input", "dst-port": "22"},
            "dst-port: it can be given only with protocol=tcp or udp or udp-lite or dccp or sctp",
            id="ports-of-no-protocol",
        ),
        case(
            FILTER,
            entries("accept protocol=tcp dst-port=22 #ssh"),
            {**rule("accept protocol=gre dst-port=22 #ssh")},
            "dst-port: it can be given only with protocol=tcp or",
            id="ports-of-another-protocol",
        ),
        case(FILTER, (), {"chain": "input", "tcp-flags": "syn"}, "tcp-flags: it can be given only with", id="flags"),
        case(FILTER, (), {"chain": "input", "icmp-options": "8:0"}, "only with protocol=icmp", id="icmp"),
    ],
)
def test_what_does_not_go_together_is_told(menu: Menu, have: tuple[Entry, ...], want: Row, sentence: str) -> None:
    with pytest.raises(Problem, match=sentence):
        planned(menu, have, [want])


def test_what_the_router_has_already_is_not_judged() -> None:
    odd = entries({"chain": "input", "dst-port": "22", "comment": "odd"})
    assert planned(FILTER, odd, [{"chain": "input", "dst-port": "22", "comment": "odd"}]).changes == ()
    key = entries({"peer": "b", "id": "k" * 16, "key": "ab" * 64})
    assert planned(PSK, key, [{"peer": "b", "id": "k" * 16}]).changes == ()


@pytest.mark.parametrize("secret", ["********", "*"])
def test_asterisks_are_no_secret(secret: str) -> None:
    """`before` and `after` show them, and somebody will give them back."""
    with pytest.raises(Problem, match="asterisks stand for a secret that is not shown"):
        check(Intent({IDENTITY: [{"peer": "b", "secret": secret}]}))


def test_a_removal_by_comment_alone_is_told_how() -> None:
    with pytest.raises(Problem, match=r"policy comment=x: nothing is given of what tells entries apart"):
        check(Intent({POLICY: [{"comment": "x"}]}, "deleted"))
    check(Intent({FILTER: [{"chain": "input", "comment": "x"}]}, "deleted"))
