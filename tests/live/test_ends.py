# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends that find each other in other ways than by address and secret, and sessions in the course of time."""

from __future__ import annotations

import pytest

from tests.live.sites import GATEWAY, LAN, WAN, Side, Sites, until

ANYBODY = {"address": "0.0.0.0/0", "passive": "yes"}

TEMPLATE = "*FFFFFF"


def spis(sites: Sites, site: str = "a") -> set[str]:
    return {row["spi"] for row in sites.rows(site, "/ip/ipsec/installed-sa")}


def test_an_end_that_is_known_by_name_is_followed_where_the_name_goes(sites: Sites) -> None:
    names = sites.path("a", "/ip/dns/static")
    entry = names.add(name="branch.example.com", address="203.0.113.77")
    try:
        sites.configure(Side(peer={"address": "branch.example.com"}), Side(peer={"passive": "yes"}))
        assert not sites.crosses(2)
        names.update(**{".id": entry, "address": WAN["b"]})
        assert sites.crosses()
    finally:
        names.remove(entry)


def test_two_ends_that_wait_for_each_other_wait(sites: Sites) -> None:
    sites.configure(Side(peer={"passive": "yes"}))
    assert not sites.crosses(3)
    assert sites.rows("a", "/ip/ipsec/active-peers") == []
    sites.set("a", "/ip/ipsec/peer", passive="no")
    assert sites.crosses()


def test_an_end_takes_anybody_who_knows_the_secret_and_makes_the_policy(sites: Sites) -> None:
    sites.configure(Side(), Side(peer=ANYBODY, identity={"generate-policy": "port-strict"}, policies=()))
    sites.path("b", "/ip/ipsec/policy").update(**{".id": TEMPLATE, "proposal": "q"})
    assert sites.crosses()
    (made,) = [row for row in sites.rows("b", "/ip/ipsec/policy") if row.get("dynamic")]
    assert (made["src-address"], made["dst-address"]) == (f"{LAN['b']}.0/24", f"{LAN['a']}.0/24")
    assert (made["ph2-state"], made["level"], made["sa-dst-address"]) == ("established", "unique", WAN["a"])
    sites.set("a", "/ip/ipsec/peer", disabled="yes")
    assert until(lambda: not [row for row in sites.rows("b", "/ip/ipsec/policy") if row.get("dynamic")], 10)
    sites.path("b", "/ip/ipsec/policy").update(**{".id": TEMPLATE, "proposal": "default"})


@pytest.mark.parametrize(
    "name", ["fqdn:a.example.com", "user-fqdn:a@example.com", "key-id:router-a", "address:192.0.2.7"]
)
def test_ends_know_each_other_by_identity(sites: Sites, name: str) -> None:
    sites.configure(Side(identity={"my-id": name}), Side(identity={"remote-id": name}))
    assert sites.crosses()
    sites.configure(Side(identity={"my-id": name}), Side(identity={"remote-id": "fqdn:other.example.com"}))
    assert not sites.crosses(2)


def test_post_quantum_secrets_have_to_be_the_same(sites: Sites) -> None:
    with_ppk = {"profile": {"ppk": "psk"}}
    sites.configure(*(Side(peer={"ppk-secret": "one-more-secret-for-both"}, **with_ppk) for _end in "ab"))
    assert sites.crosses()
    sites.configure(*(Side(peer={"ppk-secret": f"one-more-secret-{end}"}, **with_ppk) for end in "ab"))
    assert not sites.crosses(3)


@pytest.mark.parametrize("mode", ["ike2", "main"])
def test_keys_are_renewed_while_packets_cross(sites: Sites, mode: str) -> None:
    sites.configure(Side(mode, proposal={"lifetime": "10s"}))
    assert sites.crosses()
    first = spis(sites)
    assert until(lambda: not spis(sites) & first, 20)
    assert sites.ping(count=3)


def test_a_peer_that_is_gone_is_noticed_and_found_again(sites: Sites) -> None:
    sites.configure(Side(profile={"dpd-interval": "2s"}))
    assert sites.crosses()
    gone = f"ip saddr {WAN['b']} drop; ip daddr {WAN['b']} drop"
    rules = f"table ip cut {{ chain way {{ type filter hook forward priority 0; {gone}; }}; }}"
    assert sites.lab.run("internet", "nft", rules).status == 0
    assert until(lambda: spis(sites) == set(), 20)
    assert any("timed out" in line for line in sites.errors("a"))
    assert sites.lab.run("internet", "nft", "delete table ip cut").status == 0
    assert sites.crosses()


def test_an_end_behind_address_translation_gets_through(sites: Sites) -> None:
    """The internet gives everything of site a its own address, as a provider's translation does."""
    rules = (
        f"table ip cgn {{ chain way {{ type nat hook postrouting priority 100; ip saddr {WAN['a']} masquerade; }}; }}"
    )
    assert sites.lab.run("internet", "nft", rules).status == 0
    try:
        sites.configure(Side(), Side(peer=ANYBODY, identity={"remote-id": "ignore"}))
        assert sites.crosses()
        (session,) = sites.rows("b", "/ip/ipsec/active-peers")
        assert (session["remote-address"], session["natt-peer"]) == (GATEWAY["b"], True)
        assert session["port"] == 4500
        assert {row["dst-address"] for row in sites.rows("b", "/ip/ipsec/installed-sa")} >= {f"{GATEWAY['b']}:4500"}
    finally:
        sites.lab.run("internet", "nft", "delete table ip cgn")


def test_esp_that_nobody_sealed_is_told(sites: Sites) -> None:
    sites.configure()
    assert sites.crosses()
    before = len(sites.errors("b"))
    (spi, *_others) = [
        row["spi"] for row in sites.rows("b", "/ip/ipsec/installed-sa") if WAN["b"] in row["dst-address"]
    ]
    forged = f"socket.socket(2, 2).sendto(({spi}).to_bytes(4, 'big') + bytes(60), ('{WAN['b']}', 4500))"
    assert sites.lab.run("internet", "python3", "-c", f"import socket; {forged}").status == 0
    assert until(lambda: any("invalid ESP packet" in line for line in sites.errors("b")[before:]), 5)
    assert sites.ping()


@pytest.mark.parametrize("contact", ["yes", "no"])
def test_an_end_that_was_lost_comes_back_whether_or_not_it_says_that_it_is_new(sites: Sites, contact: str) -> None:
    sites.configure(Side(peer={"send-initial-contact": contact}), Side(peer={"passive": "yes"}))
    assert sites.crosses()
    sites.set("a", "/ip/ipsec/peer", disabled="yes")
    sites.set("a", "/ip/ipsec/peer", disabled="no")
    assert sites.crosses()
    if contact == "yes":
        assert len(sites.rows("b", "/ip/ipsec/active-peers")) == 1
