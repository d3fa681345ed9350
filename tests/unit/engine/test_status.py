# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of tunnels: situations of a router, and how their parts are joined."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.ends import differences, end_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.explain import (
    SILENT,
    TABLE,
    UNANSWERED,
    Explanation,
    explain,
    sentence,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import Told, Tunnel, tunnels

Row = Mapping[str, str]
PEER = {"name": "b", "address": "203.0.113.50/32", "disabled": "false", "dynamic": "false"}
UP = {"state": "established", "side": "initiator", "remote-address": "203.0.113.50", "local-address": "198.51.100.7",
      "uptime": "1h", "natt-peer": "false", "rx-bytes": "10", "tx-bytes": "20"}  # fmt: skip
POLICY = {"src-address": "192.168.10.0/24", "dst-address": "192.168.20.0/24", "peer": "b", "ph2-state": "established",
          "active": "true", "disabled": "false", "template": "false"}  # fmt: skip
IN = {"spi": "0x1", "src-address": "203.0.113.50", "dst-address": "198.51.100.7", "state": "mature",
      "enc-algorithm": "aes-cbc", "enc-key-size": "256", "auth-algorithm": "sha256", "seen-traffic": "true",
      "current-bytes": "10", "current-packets": "1"}  # fmt: skip
OUT = {**IN, "spi": "0x2", "src-address": "198.51.100.7", "dst-address": "203.0.113.50", "seen-traffic": "false"}
LATE = "phase1 negotiation failed due to time up 198.51.100.7[500]<=>203.0.113.50[500]"
ERROR = {"topics": "ipsec,error", "message": LATE}


def one(told: Told) -> Tunnel:
    (found,) = tunnels(told)
    return found


def test_a_tunnel_that_stands() -> None:
    found = one(Told([PEER], [UP], [POLICY], [IN, OUT]))
    assert found.stands
    assert (found.phase1, found.phase2, found.last_error) == ("established", "established", "")
    assert [(each.spi, each.inbound, each.seen_traffic) for each in found.associations] == [
        ("0x1", True, True),
        ("0x2", False, False),
    ]


@pytest.mark.parametrize(
    ("told", "phases"),
    [
        pytest.param(Told([PEER], [], [POLICY]), ("none", "established"), id="no-session"),
        pytest.param(
            Told([PEER], [{**UP, "state": "message-1-sent"}], [POLICY]), ("message-1-sent", "established"), id="calling"
        ),
        pytest.param(Told([PEER], [UP], []), ("established", "none"), id="no-policy"),
        pytest.param(
            Told([PEER], [UP], [POLICY, {**POLICY, "ph2-state": "no-phase2"}]),
            ("established", "no-phase2"),
            id="one-of-two",
        ),
    ],
)
def test_a_tunnel_that_does_not_stand(told: Told, phases: tuple[str, str]) -> None:
    found = one(told)
    assert not found.stands
    assert (found.phase1, found.phase2) == phases


def test_what_is_off_or_a_template_does_not_count() -> None:
    off = {**POLICY, "ph2-state": "no-phase2", "disabled": "true"}
    template = {**POLICY, "ph2-state": "no-phase2", "template": "true"}
    found = one(Told([PEER], [UP], [POLICY, off, template]))
    assert found.stands
    assert len(found.policies) == 2


def test_the_better_of_two_sessions_counts() -> None:
    assert one(Told([PEER], [{**UP, "state": "expired"}, UP], [POLICY])).stands


def test_a_backup_peer_shares_the_policy() -> None:
    other = {**PEER, "name": "c", "address": "203.0.113.60/32"}
    first, second = tunnels(Told([PEER, other], [UP], [{**POLICY, "peer": "b,c"}]))
    assert (first.stands, second.phase1, second.phase2) == (True, "none", "established")


def test_ports_of_nat_traversal_are_no_part_of_the_address() -> None:
    nat = {**IN, "src-address": "203.0.113.50:4500", "dst-address": "198.51.100.7:4500"}
    six = {**IN, "src-address": "[2001:db8::50]:4500", "dst-address": "[2001:db8::7]:4500"}
    assert len(one(Told([PEER], [UP], [POLICY], [nat])).associations) == 1
    peer, session = {**PEER, "address": "2001:db8::50/128"}, {**UP, "remote-address": "2001:db8::50"}
    assert len(one(Told([peer], [session], [POLICY], [six, {**six, "src-address": "2001:db8::50"}])).associations) == 2


def test_a_peer_by_name_or_for_anybody_has_the_sessions_there_are() -> None:
    anybody = {**PEER, "address": "0.0.0.0/0"}
    assert one(Told([anybody], [UP], [POLICY], [IN])).stands
    name = {**PEER, "address": "branch.example.com"}
    unresolved = one(Told([name], [UP], [POLICY], [IN]))
    assert (unresolved.phase1, unresolved.associations) == ("none", ())
    assert one(Told([{**name, "current-address": "203.0.113.50"}], [UP], [POLICY], [IN])).stands


def test_the_newest_complaint_that_names_the_other_end_is_told() -> None:
    older = {**ERROR, "time": "2026-11-25 08:00:00", "message": "no suitable proposal found 203.0.113.50"}
    info = {"topics": "ipsec,info", "message": "something about 203.0.113.50"}
    theirs = {**ERROR, "message": "phase1 negotiation failed due to time up 203.0.113.99"}
    assert one(Told([PEER], log=[older, ERROR, info, theirs])).last_error == ERROR["message"]
    together = one(Told([PEER], log=[older, {**older, "message": "203.0.113.50 failed to get valid proposal"}, older]))
    assert together.last_error == f"{older['message']}; 203.0.113.50 failed to get valid proposal"
    identity = {**ERROR, "message": "initiator can't find identity for peer: b"}
    assert one(Told([PEER], log=[identity])).last_error == identity["message"]


@pytest.mark.parametrize(
    ("address", "message", "named"),
    [
        ("203.0.113.5/32", "203.0.113.50 no suitable proposal found", False),
        ("203.0.113.50/32", "1203.0.113.50 no suitable proposal found", False),
        ("203.0.113.50/32", "peer: ADDR4:203.0.113.50", True),
        ("203.0.113.50/32", "killing ike2 SA: x 198.51.100.7[4500]-203.0.113.50[4500]", True),
        ("203.0.113.50/32", "no answer of 203.0.113.50:500.", True),
        ("2001:db8::5/128", "2001:db8::50 no suitable proposal found", False),
        ("2001:db8::5/128", "peer: ADDR6:2001:db8::5[500]", True),
        ("203.0.113.99/32", "initiator can't find identity for peer: backup", False),
        ("203.0.113.99/32", "initiator can't find identity for peer: b-2", False),
        ("203.0.113.99/32", "initiator can't find identity for peer: b", True),
    ],
)
def test_a_complaint_is_that_of_the_peer_it_names(address: str, message: str, named: bool) -> None:
    found = one(Told([{**PEER, "address": address}], log=[{"topics": "ipsec,error", "message": message}]))
    assert bool(found.last_error) is named


def test_numbers_that_are_none_are_nought() -> None:
    (association,) = one(Told([PEER], [UP], [], [{**IN, "current-bytes": "", "enc-key-size": "?"}])).associations
    assert (association.bytes, association.enc_key_size) == (0, 0)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        pytest.param(Told([{**PEER, "disabled": "true"}], [], [POLICY]), "off", id="switched-off"),
        pytest.param(Told([PEER], [UP], []), "no-policy", id="no-policy"),
        pytest.param(Told([PEER], [], [POLICY]), "not-begun", id="silence"),
        pytest.param(Told([PEER], [{**UP, "state": "message-1-sent"}], [POLICY]), "under-way", id="calling"),
        pytest.param(Told([PEER], [UP], [{**POLICY, "ph2-state": "no-phase2"}]), "no-phase2", id="phase-2-is-missing"),
    ],
)
def test_what_the_states_alone_tell(told: Told, kind: str) -> None:
    assert explain(one(told)).kind == kind


@pytest.mark.parametrize(
    ("phase", "words", "kind"),
    [
        (1, "phase1 negotiation failed due to time up 198.51.100.7[500]<=>203.0.113.50[500]", "no-answer"),
        (1, "203.0.113.50 no suitable proposal found", "proposal"),
        (1, "203.0.113.50 failed to get valid proposal", "proposal"),
        (1, "203.0.113.50 failed to pre-process ph1 packet (side: 1, status 1)", "proposal"),
        (1, "killing ike2 SA: site-b 203.0.113.50 NO-PROPOSAL-CHOSEN", "proposal"),
        (2, "killing ike2 SA: site-b 203.0.113.50 NO_PROPOSAL_CHOSEN", "proposal"),
        (1, "203.0.113.50 fatal AUTHENTICATION_FAILED notify", "authentication"),
        (1, "identity not found for responder: ADDR4:x peer: ADDR4:203.0.113.50", "identity-unknown"),
        (1, "initiator can't find identity for peer: b", "identity-unknown"),
        (2, "203.0.113.50 TS_UNACCEPTABLE", "selectors"),
        (1, "203.0.113.50 TS_UNACCEPTABLE", "selectors"),
        (1, "203.0.113.50 parsing packet failed, possible cause: wrong password", "authentication"),
        (2, "203.0.113.50 failed to pre-process ph2 packet (side: 1, status 1)", "proposal"),
        (2, "203.0.113.50 fatal AUTHENTICATION_FAILED notify", "no-phase2"),
        (1, "203.0.113.50 something that nobody has heard of", "not-begun"),
    ],
)
def test_what_the_log_means(phase: int, words: str, kind: str) -> None:
    sessions = [UP] if phase == 2 else []
    policy = {**POLICY, "ph2-state": "no-phase2"}
    found = one(Told([PEER], sessions, [policy], log=[{"topics": "ipsec,error", "message": words}]))
    assert explain(found).kind == kind
    assert f'the log says "{words}"' in sentence(found)


def test_kinds_are_words_that_stay() -> None:
    kinds = [each.kind for each in (*TABLE, *SILENT, *UNANSWERED)]
    assert len(kinds) == len(set(kinds))


PAGE = (Path(__file__).parents[3] / "docs" / "troubleshooting.md").read_text()


@pytest.mark.parametrize("each", [*TABLE, *SILENT, *UNANSWERED], ids=lambda each: each.kind)
def test_the_page_says_what_the_module_says(each: Explanation) -> None:
    phase = {0: "1 or 2", 1: "1", 2: "2"}[each.phase]
    assert f"| `{each.kind}` | {phase} | {each.meaning} | {each.advice} |" in PAGE


HERE: dict[str, list[dict[str, object]]] = {
    "ipsec_peer": [{"name": "b", "exchange_mode": "ike2", "profile": "p", "passive": False}],
    "ipsec_profile": [
        {"name": "p", "enc_algorithm": ["aes-256"], "hash_algorithm": "sha256", "dh_group": ["ecp256", "modp2048"]}
    ],
    "ipsec_identity": [{"peer": "b", "auth_method": "pre-shared-key", "my_id": "fqdn:a", "remote_id": "auto"}],
    "ipsec_policy": [
        {"peer": ["b"], "src_address": "192.168.10.0/24", "dst_address": "192.168.20.0/24", "proposal": "q"}
    ],
    "ipsec_proposal": [
        {"name": "q", "enc_algorithms": ["aes-256-cbc"], "auth_algorithms": ["sha256"], "pfs_group": "ecp256"}
    ],
}
MIRROR = {"src_address": "192.168.20.0/24", "dst_address": "192.168.10.0/24"}


def there(**changed: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    """The other end, which fits unless a module's entry is changed."""
    fitting: dict[str, dict[str, object]] = {
        "ipsec_policy": dict(MIRROR),
        "ipsec_identity": {"my_id": "auto", "remote_id": "fqdn:a"},
    }
    return {
        module: [{**row, **fitting.get(module, {}), **changed.get(module, {})} for row in rows]
        for module, rows in HERE.items()
    }


def turned(ours: dict[str, object], theirs: dict[str, object]) -> list[str]:
    """In what ends differ whose identities say this."""
    ends = [end_of(there(ipsec_policy={}, ipsec_identity={"my_id": "auto", "remote_id": "auto", **each}), "b")
            for each in (ours, theirs)]  # fmt: skip
    assert ends[0]
    assert ends[1]
    return [text for text in differences(ends[0], ends[1]) if "_id" in text]


def test_differences_name_an_identity_that_nobody_shows() -> None:
    named: dict[str, object] = {"remote_id": "fqdn:b"}
    assert turned(named, {}) == ["remote_id here is fqdn:b, but my_id there is auto, which shows an address"]
    assert turned({}, named) == ["remote_id there is fqdn:b, but my_id here is auto, which shows an address"]
    assert turned({"remote_id": "address:203.0.113.50"}, {}) == []
    certified: dict[str, object] = {"auth_method": "digital-signature"}
    assert turned({**named, **certified}, certified) == [], "a certificate may have that name"


def compared(**changed: dict[str, object]) -> list[str]:
    ours, theirs = end_of(HERE, "b"), end_of(there(**changed), "b")
    assert ours
    assert theirs
    return differences(ours, theirs)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"ipsec_profile": {"enc_algorithm": ["aes-128"]}}, ["ciphers of phase 1: aes-256 here, aes-128 there"]),
        ({"ipsec_profile": {"enc_algorithm": ["aes-128", "aes-256"]}}, []),
        ({"ipsec_profile": {"hash_algorithm": "sha1"}}, ["hash of phase 1: sha256 here, sha1 there"]),
        (
            {"ipsec_profile": {"dh_group": ["modp1024"]}},
            ["groups of phase 1: ecp256, modp2048 here, modp1024 there"],
        ),
        ({"ipsec_proposal": {"pfs_group": "none"}}, ["group of phase 2 (pfs_group): ecp256 here, none there"]),
        (
            {"ipsec_proposal": {"auth_algorithms": ["sha1"]}},
            ["hashes of phase 2: sha256 here, sha1 there"],
        ),
        ({"ipsec_peer": {"exchange_mode": "main"}}, ["exchange_mode: ike2 here, main there"]),
        (
            {"ipsec_identity": {"auth_method": "digital-signature"}},
            ["auth_method: pre-shared-key here, digital-signature there"],
        ),
        ({"ipsec_identity": {"remote_id": "ignore"}}, []),
        (
            {"ipsec_identity": {"my_id": "address:203.0.113.50"}},
            ["my_id there is address:203.0.113.50, but remote_id here is auto; with IKEv2 it has to be the same"],
        ),
        (
            {"ipsec_identity": {"remote_id": "auto"}},
            ["my_id here is fqdn:a, but remote_id there is auto; with IKEv2 it has to be the same"],
        ),
        (
            {"ipsec_identity": {"remote_id": ""}},
            ["my_id here is fqdn:a, but remote_id there is auto; with IKEv2 it has to be the same"],
        ),
        ({"ipsec_identity": {"remote_id": "fqdn:x"}}, ["my_id here is fqdn:a, but remote_id there is fqdn:x"]),
        (
            {"ipsec_policy": {"src_address": "192.168.21.0/24"}},
            [
                "policies: 192.168.10.0/24 to 192.168.20.0/24 here has no mirror image there",
                "policies: 192.168.21.0/24 to 192.168.10.0/24 there has no mirror image here",
            ],
        ),
    ],
)
def test_in_what_two_ends_do_not_fit(changed: dict[str, dict[str, object]], told: list[str]) -> None:
    assert compared(**changed) == told


def test_two_ends_that_wait_for_each_other() -> None:
    waiting = {**HERE, "ipsec_peer": [{**HERE["ipsec_peer"][0], "passive": True}]}
    ours, theirs = end_of(waiting, "b"), end_of(there(ipsec_peer={"passive": True}), "b")
    assert ours
    assert theirs
    assert differences(ours, theirs) == ["both ends are passive, so that neither calls"]
    assert end_of(HERE, "nobody") is None
