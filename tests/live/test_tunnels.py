# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels between live twins: which come to stand, what crosses them, what is told of them, and why others do not."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.conftest import able
from tests.live.sites import FAR, GATEWAY, HOST, LAN, SECOND, SECRET, WAN, Side, Sites, until


@pytest.mark.parametrize("mode", ["ike2", "main", "aggressive"])
def test_two_ends_that_fit_carry_packets(sites: Sites, mode: str) -> None:
    # Two ends that call at once may both get through, and one of two sessions goes again.
    sites.configure(Side(mode), Side(mode, peer={"passive": "yes"}))
    assert sites.crosses()
    for site in "ab":
        assert {row["remote-address"] for row in sites.rows(site, "/ip/ipsec/active-peers")} == {WAN[FAR[site]]}
        policy = sites.rows(site, "/ip/ipsec/policy")[-1]
        assert (policy["ph2-state"], policy["active"]) == ("established", True)
        associations = sites.rows(site, "/ip/ipsec/installed-sa")
        assert {row["enc-algorithm"] for row in associations} == {"aes-cbc"}
        assert {row["enc-key-size"] for row in associations} == {256}
        assert {row["auth-algorithm"] for row in associations} == {"sha256"}
        assert {row["src-address"].startswith(WAN[site]) for row in associations if row["seen-traffic"]} == {
            True,
            False,
        }


MISMATCHES = {
    "secret": (Side(secret=f"not-{SECRET}"), {"ike2": "AUTHENTICATION_FAILED", "main": "wrong password"}),
    "phase 1": (Side(profile={"enc-algorithm": "aes-128"}), {"ike2": "NO_PROPOSAL_CHOSEN", "main": "valid proposal"}),
    "phase 2": (Side(proposal={"enc-algorithms": "aes-128-cbc"}), {"ike2": "no suitable proposal", "main": "ph2"}),
    "networks": (Side(policies=({"dst-address": "192.168.11.0/24"},)), {"ike2": "TS_UNACC", "main": "no policy"}),
    "identity": (Side(identity={"remote-id": "fqdn:other"}), {"ike2": "not found", "main": "not found"}),
}


@pytest.mark.parametrize("mode", ["ike2", "main"])
@pytest.mark.parametrize("what", MISMATCHES)
def test_two_ends_that_do_not_fit_carry_nothing_and_say_why(sites: Sites, what: str, mode: str) -> None:
    other, words = MISMATCHES[what]
    # Only one end calls, so that each log tells one end's view.
    here = Side(mode)
    there = Side(mode, other.secret, other.profile, other.proposal, {"passive": "yes"}, other.identity, other.policies)
    before = {site: len(sites.errors(site)) for site in "ab"}
    sites.configure(here, there)
    assert until(lambda: any(words[mode] in line for line in sites.errors("b")[before["b"] :]), 15)
    assert until(lambda: len(sites.errors("a")) > before["a"], 15)
    assert not sites.ping()


def test_what_was_put_right_stands(sites: Sites) -> None:
    sites.configure(Side(), Side(secret="wrong-wrong-wrong"))
    assert not sites.crosses(3)
    sites.set("b", "/ip/ipsec/identity", secret=SECRET)
    assert sites.crosses()


def test_a_session_that_somebody_ends_comes_back(sites: Sites) -> None:
    # Two ends that call at once may both get through.
    sites.configure(Side(), Side(peer={"passive": "yes"}))
    assert sites.crosses()
    (old,) = sites.rows("a", "/ip/ipsec/active-peers")
    sites.path("a", "/ip/ipsec/active-peers").remove(old[".id"])

    def renewed() -> bool:
        """A session that is not up yet has no SPI."""
        known = {row["spii"] for row in sites.rows("a", "/ip/ipsec/active-peers") if row.get("spii")}
        return bool(known - {old["spii"]})

    assert until(renewed, 15)
    assert sites.crosses()


def test_associations_that_somebody_flushes_are_made_anew(sites: Sites) -> None:
    sites.configure(Side(), Side(peer={"passive": "yes"}))
    assert sites.crosses()
    old = {row["spi"] for row in sites.rows("a", "/ip/ipsec/installed-sa")}
    list(sites.path("a", "/ip/ipsec/installed-sa")("flush"))
    assert until(lambda: not old & {row["spi"] for row in sites.rows("a", "/ip/ipsec/installed-sa")}, 5)
    assert sites.crosses()


@pytest.mark.parametrize("mode", ["ike2", "main"])
def test_several_networks_have_associations_of_their_own(sites: Sites, mode: str) -> None:
    one, two = (
        {"src-address": f"{SECOND[near]}.0/24", "dst-address": f"{SECOND[far]}.0/24"} for near, far in ("ab", "ba")
    )
    both = [Side(mode, policies=({"level": "unique"}, {**each, "level": "unique"})) for each in (one, two)]
    # Two ends that call at once may both get through.
    sites.configure(both[0], replace(both[1], peer={"passive": "yes"}))
    assert sites.stands()
    assert len(sites.rows("a", "/ip/ipsec/installed-sa")) == 4
    assert sites.ping()
    assert sites.lab.run("a", "ping", "-c", "1", "-W", "1", "-I", f"{SECOND['a']}.1", f"{SECOND['b']}.1").status == 0
    packets = sorted(row["current-packets"] for row in sites.rows("b", "/ip/ipsec/installed-sa"))
    assert packets == [1, 1, 1, 1]


def in_clear(lines: list[str]) -> list[str]:
    return [line for line in lines if "ICMP" in line or LAN["a"] in line or LAN["b"] in line]


def test_a_tunnel_for_everything_leaves_calls_to_others_alone(sites: Sites) -> None:
    everything = {"src-address": "0.0.0.0/0"}
    sites.configure(
        Side(policies=({"dst-address": "0.0.0.0/0"},)), Side(peer={"passive": "yes"}, policies=(everything,))
    )
    assert sites.crosses()
    networks = {"src-address": f"{SECOND['a']}.0/24", "dst-address": f"{SECOND['b']}.0/24"}
    with sites.lab.capture("internet") as lines:
        sites.path("a", "/ip/ipsec/peer").add(
            name="other", address=GATEWAY["b"], profile="p", **{"exchange-mode": "ike2"}
        )
        sites.path("a", "/ip/ipsec/identity").add(peer="other", secret=SECRET)
        sites.path("a", "/ip/ipsec/policy").add(peer="other", proposal="q", tunnel="yes", **networks)
        time.sleep(1.5)
    assert any(f"{WAN['a']}.500 > {GATEWAY['b']}.500" in line for line in lines), lines
    assert sites.ping()


def test_nothing_leaves_in_clear_while_no_tunnel_stands(sites: Sites) -> None:
    sites.configure(Side(), Side(secret="wrong-wrong-wrong"))
    with sites.lab.capture("internet") as lines:
        assert not sites.ping(count=3)
        assert not sites.ping("host-b", HOST["a"], 3)
    assert in_clear(lines) == []
    # The same capture sees what nothing protects.
    sites.clear()
    with sites.lab.capture("internet") as lines:
        sites.ping(count=3)
    assert len(in_clear(lines)) >= 3


def test_packets_cross_the_internet_as_esp_only(sites: Sites) -> None:
    sites.configure()
    assert sites.crosses()
    with sites.lab.capture("internet") as lines:
        assert sites.ping(count=5)
    assert sum("ESP(spi" in line for line in lines) == 10
    assert in_clear(lines) == []


def test_a_closed_port_keeps_the_tunnel_from_standing(sites: Sites) -> None:
    sites.clear()
    for site in "ab":
        sites.path(site, "/ip/firewall/filter").add(
            chain="input", protocol="udp", **{"dst-port": "500,4500"}, action="drop"
        )
    before = len(sites.errors("a"))
    sites.lay()
    assert until(lambda: any("timed out" in line for line in sites.errors("a")[before:]), 20)
    assert sites.rows("a", "/ip/firewall/filter")[0]["packets"] > 0
    for site in "ab":
        sites.path(site, "/ip/firewall/filter").remove(*[row[".id"] for row in sites.rows(site, "/ip/firewall/filter")])
    assert sites.crosses()


def test_the_lab_of_the_readme_runs() -> None:
    """What the twin's README shows of live twins."""
    able()
    text = (Path(__file__).parents[2] / "extensions" / "twin" / "README.md").read_text()
    (block,) = [each for each in re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S) if "twin.live" in each]
    exec(block, {})
