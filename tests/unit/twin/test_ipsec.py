# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaviours of the IPsec menus."""

from __future__ import annotations

import pytest
from twin import Router, Trap
from twin.behaviour.ipsec import Policies

PEER = "/ip/ipsec/peer"
IDENTITY = "/ip/ipsec/identity"
POLICY = "/ip/ipsec/policy"
PROPOSAL = "/ip/ipsec/proposal"


@pytest.fixture
def router() -> Router:
    router = Router("7.22.3")
    router.add(PEER, name="site-b", address="203.0.113.50", local_address="192.0.2.1", exchange_mode="ike2")
    return router


def refusal(router: Router, full: str, **words: str) -> str:
    with pytest.raises(Trap) as refused:
        router.call(full, {name.replace("_", "-"): value for name, value in words.items()})
    return refused.value.message


def policy(router: Router, **words: str) -> dict[str, str]:
    id_ = router.add(POLICY, **{"peer": "site-b", "tunnel": "yes", **words})
    return next(row for row in router.rows(POLICY) if row[".id"] == id_)


def test_peer_reads_back_as_routers_print_it(router: Router) -> None:
    router.call(f"{PEER}/add", {"passive": "yes"})
    assert router.rows(PEER)[1] == {
        ".id": "*2",
        "name": "peer1",
        "profile": "default",
        "exchange-mode": "main",
        "passive": "true",
        "send-initial-contact": "true",
        "disabled": "false",
        "dynamic": "false",
        "responder": "true",
    }


@pytest.mark.parametrize(
    ("words", "responder"),
    [
        ({"address": "203.0.113.1"}, "false"),
        ({"address": "vpn.example.com"}, "false"),
        ({"address": "203.0.113.0/24"}, "true"),
        ({"address": "203.0.113.1", "passive": "yes"}, "true"),
        ({"address": "2001:db8::1"}, "false"),
        ({}, "true"),
    ],
)
def test_peer_that_cannot_initiate_is_a_responder(router: Router, words: dict[str, str], responder: str) -> None:
    router.add(PEER, name="x", **words)
    assert router.rows(PEER)[1]["responder"] == responder


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({"address": "203.0.113.50", "local-address": "192.0.2.1"}, True),
        ({"address": "203.0.113.50"}, False),
        ({"address": "203.0.113.50", "local-address": "192.0.2.1", "passive": "yes"}, False),
        ({"address": "203.0.113.50", "local-address": "192.0.2.1", "disabled": "yes"}, False),
        ({"address": "203.0.113.51", "local-address": "192.0.2.1"}, False),
    ],
)
def test_only_one_initiator_per_remote_address(router: Router, words: dict[str, str], refused: bool) -> None:
    if refused:
        text = "failure: Multiple initiator peers for the same address/dns"
        assert refusal(router, f"{PEER}/add", name="x", **words) == text
    else:
        router.call(f"{PEER}/add", {"name": "x", **words})


def test_enabling_a_second_initiator_is_refused(router: Router) -> None:
    router.add(PEER, name="x", address="203.0.113.50", local_address="192.0.2.1", disabled="yes")
    assert "Multiple initiator peers" in refusal(router, f"{PEER}/enable", numbers="x")
    router.call(f"{PEER}/disable", {"numbers": "site-b"})
    router.call(f"{PEER}/enable", {"numbers": "x"})


def test_identity_reads_back_as_routers_print_it(router: Router) -> None:
    router.add(IDENTITY, peer="site-b", secret="hunter2", my_id="auto", mode_config="none", certificate="")
    assert router.rows(IDENTITY) == [
        {
            ".id": "*1",
            "peer": "site-b",
            "auth-method": "pre-shared-key",
            "secret": "hunter2",
            "generate-policy": "no",
            "disabled": "false",
            "dynamic": "false",
        }
    ]


def test_several_identities_for_one_peer_are_normal(router: Router) -> None:
    for name in ("a", "b"):
        router.add(IDENTITY, peer="site-b", remote_id=f"fqdn:{name}.example.com")
    assert [row["remote-id"] for row in router.rows(IDENTITY)] == ["fqdn:a.example.com", "fqdn:b.example.com"]


@pytest.mark.parametrize("menu_version", [("/ip/ipsec/key", "7.16.2"), ("/ip/ipsec/key/rsa", "7.20.8")])
def test_identity_names_keys_of_the_version_s_menu(menu_version: tuple[str, str]) -> None:
    menu, version = menu_version
    router = Router(version)
    router.call(f"{menu}/generate-key", {"name": "k1"})
    router.add(PEER, name="a")
    router.add(IDENTITY, peer="a", auth_method="rsa-key", key="k1", remote_key="k1")
    assert router.rows(IDENTITY)[0]["key"] == "k1"


def test_identity_with_certificates(router: Router) -> None:
    router.seed({"/certificate": [{"name": "a", "common-name": "a"}, {"name": "b", "common-name": "b"}]})
    router.add(IDENTITY, peer="site-b", auth_method="digital-signature", certificate="a,b", remote_certificate="b")
    row = router.rows(IDENTITY)[0]
    assert (row["certificate"], row["remote-certificate"], "secret" in row) == ("a,b", "b", False)


def test_dynamic_peer_takes_neither_changes_nor_identities(router: Router) -> None:
    router.seed({PEER: [{"name": "l2tp-in-server", "passive": "yes", "dynamic": "true"}]})
    assert refusal(router, f"{IDENTITY}/add", peer="l2tp-in-server") == "failure: can't add identity to dynamic peer"
    assert refusal(router, f"{PEER}/set", numbers="l2tp-in-server", port="1") == "failure: cannot change builtin"
    assert refusal(router, f"{PEER}/remove", numbers="l2tp-in-server") == "failure: cannot remove builtin"


def test_policy_reads_back_as_routers_print_it(router: Router) -> None:
    assert policy(router, src_address="192.168.10.0/24", dst_address="192.168.20.5") == {
        ".id": "*1000001",
        "peer": "site-b",
        "tunnel": "true",
        "src-address": "192.168.10.0/24",
        "src-port": "any",
        "dst-address": "192.168.20.5/32",
        "dst-port": "any",
        "protocol": "all",
        "action": "encrypt",
        "level": "require",
        "ipsec-protocols": "esp",
        "sa-src-address": "192.0.2.1",
        "sa-dst-address": "203.0.113.50",
        "proposal": "default",
        "disabled": "false",
        "active": "false",
        "ph2-count": "0",
        "ph2-state": "no-phase2",
        "dynamic": "false",
        "invalid": "false",
    }


def test_policy_of_a_passive_peer_has_open_ends(router: Router) -> None:
    router.add(PEER, name="any", passive="yes")
    row = policy(router, peer="any")
    assert (row["sa-src-address"], row["sa-dst-address"]) == ("::", "::")


def test_policy_follows_its_peer(router: Router) -> None:
    policy(router, sa_dst_address="198.51.100.9")
    assert router.rows(POLICY)[1]["sa-dst-address"] == "203.0.113.50"
    router.call(f"{PEER}/set", {"numbers": "site-b", "address": "2001:db8::2", "local-address": "", "name": "b"})
    row = router.rows(POLICY)[1]
    assert (row["peer"], row["sa-src-address"], row["sa-dst-address"]) == ("b", "::", "2001:db8::2")


def test_name_of_a_peer_is_resolved_from_the_static_names(router: Router) -> None:
    router.add(PEER, name="d", address="VPN.example.com")
    id_ = policy(router, peer="d")[".id"]
    assert "current-address" not in router.rows(PEER)[1]
    assert router.rows(POLICY)[1]["sa-dst-address"] == "::"
    router.add("/ip/dns/static", name="vpn.example.com", address="198.51.100.7")
    assert router.rows(PEER)[1]["current-address"] == "198.51.100.7"
    assert [row["sa-dst-address"] for row in router.rows(POLICY) if row[".id"] == id_] == ["198.51.100.7"]
    text = "failure: Multiple initiator peers for the same address/dns"
    assert refusal(router, f"{PEER}/add", name="e", address="VPN.example.com") == text


def test_default_template_prints_only_what_templates_have(router: Router) -> None:
    row = router.rows(POLICY)[0]
    assert row.pop(".id").startswith("*")
    assert row == {
        "group": "default",
        "src-address": "::/0",
        "dst-address": "::/0",
        "protocol": "all",
        "proposal": "default",
        "template": "true",
        "disabled": "false",
        "default": "true",
        "dynamic": "false",
    }


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({}, True),
        ({"sa-dst-address": "203.0.113.50"}, True),
        ({"action": "discard"}, False),
        ({"action": "none"}, False),
        ({"template": "yes"}, False),
    ],
)
def test_encrypting_policy_needs_a_peer(router: Router, words: dict[str, str], refused: bool) -> None:
    if refused:
        assert refusal(router, f"{POLICY}/add", **words) == "failure: Peer not set!"
    else:
        router.call(f"{POLICY}/add", words)


def test_taking_the_peer_away_is_refused(router: Router) -> None:
    id_ = policy(router)[".id"]
    assert refusal(router, f"{POLICY}/set", numbers=id_, peer="") == "failure: Peer not set!"


def test_several_peers_keep_the_order_written(router: Router) -> None:
    router.add(PEER, name="a", address="198.51.100.1")
    assert policy(router, peer="site-b,a")["peer"] == "site-b,a"
    assert refusal(router, f"{POLICY}/add", peer="a,nobody") == "input does not match any value of peer"


def test_later_policy_with_the_same_selector_is_invalid(router: Router) -> None:
    first = policy(router, src_address="192.168.10.0/24")[".id"]
    second = policy(router, src_address="192.168.10.0/24")[".id"]
    policy(router, src_address="192.168.10.0/24", protocol="gre")
    state = {row[".id"]: row.get("invalid") for row in router.rows(POLICY)}
    assert list(state.values()) == [None, "false", "true", "false"]
    router.call(f"{POLICY}/move", {"numbers": second, "destination": first})
    state = {row[".id"]: row.get("invalid") for row in router.rows(POLICY)}
    assert (state[first], state[second]) == ("true", "false")
    router.call(f"{POLICY}/disable", {"numbers": second})
    assert {row[".id"]: row.get("invalid") for row in router.rows(POLICY)}[first] == "false"


def test_nothing_is_placed_above_the_default_template(router: Router) -> None:
    template = router.rows(POLICY)[0][".id"]
    assert refusal(router, f"{POLICY}/add", peer="site-b", place_before=template) == "failure: cannot move builtin"
    assert refusal(router, f"{POLICY}/move", numbers=template) == "failure: cannot move builtin"


def test_policy_is_placed_above_no_dynamic_policy(router: Router) -> None:
    router.seed({POLICY: [{"peer": "site-b", "dynamic": "true", "src-address": "192.168.77.0/24"}]})
    dynamic = router.rows(POLICY)[1][".id"]
    mine = policy(router)[".id"]
    assert refusal(router, f"{POLICY}/move", numbers=mine, destination=dynamic) == "failure: cannot move builtin"
    assert refusal(router, f"{POLICY}/set", numbers=dynamic, comment="x") == "failure: cannot change builtin"
    assert refusal(router, f"{POLICY}/remove", numbers=f"{mine},{dynamic}") == "failure: cannot remove builtin"
    assert len(router.rows(POLICY)) == 3


def test_removed_peer_leaves_its_id_behind(router: Router) -> None:
    router.add(IDENTITY, peer="site-b")
    policy(router)
    router.call(f"{PEER}/remove", {"numbers": "site-b"})
    assert router.rows(IDENTITY)[0]["peer"] == "*1"
    assert router.rows(POLICY)[1]["peer"] == "*1"


@pytest.mark.parametrize("menu", ["/ip/ipsec/profile", PROPOSAL, "/ip/ipsec/policy/group", "/ip/ipsec/mode-config"])
def test_entry_in_use_stays_until_nobody_refers(router: Router, menu: str) -> None:
    router.add(menu, name="x")
    router.add(PEER, name="p", profile="x") if menu.endswith("profile") else None
    if menu == PROPOSAL:
        user = (POLICY, policy(router, proposal="x")[".id"])
    elif menu.endswith("profile"):
        user = (PEER, "p")
    else:
        argument = "policy_template_group" if menu.endswith("group") else "mode_config"
        user = (IDENTITY, router.add(IDENTITY, peer="site-b", **{argument: "x"}))
    assert refusal(router, f"{menu}/remove", numbers="x").startswith("failure: ")
    router.call(f"{user[0]}/remove", {"numbers": user[1]})
    router.call(f"{menu}/remove", {"numbers": "x"})


def test_proposal_takes_an_empty_set_of_hashes(router: Router) -> None:
    router.add(PROPOSAL, name="gcm", auth_algorithms="", enc_algorithms="aes-256-gcm", pfs_group="ecp256")
    assert router.rows(PROPOSAL)[1]["auth-algorithms"] == ""


def test_mode_config_pool_is_a_reference(router: Router) -> None:
    assert "address-pool" in refusal(router, "/ip/ipsec/mode-config/add", name="m", address_pool="nobody")
    router.add("/ip/pool", name="vpn", ranges="192.168.77.10-192.168.77.99")
    words = {"responder": "yes", "address_pool": "vpn", "split_include": "192.168.10.0/24", "system_dns": "no"}
    router.add("/ip/ipsec/mode-config", name="m", **words)
    row = router.rows("/ip/ipsec/mode-config")[1]
    assert (row["address-pool"], row["split-include"], row["system-dns"]) == ("vpn", "192.168.10.0/24", "false")


def test_one_time_keys(router: Router) -> None:
    assert "argument id" in refusal(router, "/ip/ipsec/key/psk/add", peer="site-b", id="short", key="0" * 128)
    router.call("/ip/ipsec/key/psk/generate", {"peer": "site-b", "count": "2"})
    assert [row["peer"] for row in router.rows("/ip/ipsec/key/psk")] == ["site-b", "site-b"]
    assert refusal(router, "/ip/ipsec/key/psk/generate", peer="site-b", count="many").startswith("invalid value")


def test_read_only_menus_answer(router: Router) -> None:
    assert router.rows("/ip/ipsec/active-peers") == []
    assert router.rows("/ip/ipsec/installed-sa") == []
    (statistics,) = router.rows("/ip/ipsec/statistics")
    assert len(statistics) == 25
    assert set(statistics.values()) == {"0"}


def test_a_policy_with_several_peers_leads_to_the_one_in_charge() -> None:
    router = Router()
    ids = [
        router.add("/ip/ipsec/peer", name=name, address=f"203.0.113.{number}") for number, name in enumerate("ab", 1)
    ]
    policy = router.add("/ip/ipsec/policy", peer="a,b", tunnel="yes", dst_address="192.168.20.0/24")
    behaviour = router.behaviours[POLICY]
    assert isinstance(behaviour, Policies)

    def far() -> str:
        return next(row["sa-dst-address"] for row in router.rows(POLICY) if row[".id"] == policy)

    assert far() == "203.0.113.1"
    behaviour.in_charge[policy] = ids[1]
    assert far() == "203.0.113.2"
    router.call(f"{POLICY}/set", {".id": policy, "peer": "a"})
    assert far() == "203.0.113.1"
