# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A branch and two headquarters: who carries its tunnel, and when that changes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
from twin.live import Host, Internet, Lab, Plan, Router

from tests.live.conftest import able
from tests.live.sites import SECRET, Sites, until

ADDRESS = {"branch": "198.51.100.2", "hq-a": "203.0.113.2", "hq-b": "192.0.2.2"}
GATEWAY = {name: f"{address.rpartition('.')[0]}.1" for name, address in ADDRESS.items()}
BRANCH, HQ = "192.168.10", "192.168.20"
POLICY, PEER, SA = "/ip/ipsec/policy", "/ip/ipsec/peer", "/ip/ipsec/installed-sa"
Rows = list[dict[str, str]]


def seed(name: str, lan: str, peers: Mapping[str, str], policies: Rows) -> Mapping[str, Rows]:
    return {
        "/ip/address": [
            {"address": f"{ADDRESS[name]}/24", "interface": "ether1"},
            {"address": f"{lan}.1/24", "interface": "ether2"},
        ],
        "/ip/route": [{"gateway": GATEWAY[name]}],
        "/ip/ipsec/profile": [{"name": "p", "dpd-interval": "2s", "dh-group": "modp2048"}],
        PEER: [
            {"name": peer, "address": ADDRESS[peer], "exchange-mode": "ike2", "profile": "p", "passive": passive}
            for peer, passive in peers.items()
        ],
        "/ip/ipsec/identity": [{"peer": peer, "secret": SECRET} for peer in peers],
        POLICY: [{"tunnel": "yes", "src-address": f"{lan}.0/24", **policy} for policy in policies],
    }


def router(host: str, seeded: Mapping[str, Rows]) -> Router:
    return Router({"ether1": "internet", "ether2": host}, seed=seeded)


@pytest.fixture(scope="module")
def three() -> Iterator[Sites]:
    """Behind each headquarters is a host of the same address; who answers says which it was."""
    able()
    towards_hq = {"dst-address": f"{HQ}.0/24", "peer": "hq-a,hq-b"}
    branch = seed("branch", BRANCH, {"hq-a": "no", "hq-b": "no"}, [towards_hq])
    policies = [{"dst-address": f"{BRANCH}.0/24", "peer": "branch"}]
    plan = Plan(
        {
            "branch": router("lan", branch),
            "hq-a": router("lan-a", seed("hq-a", HQ, {"branch": "yes"}, policies)),
            # It calls as well, and is to get nothing by it.
            "hq-b": router("lan-b", seed("hq-b", HQ, {"branch": "no"}, policies)),
        },
        {
            "lan": Host(f"{BRANCH}.10/24", f"{BRANCH}.1"),
            **{f"lan-{each}": Host(f"{HQ}.10/24", f"{HQ}.1") for each in "ab"},
        },
        Internet({name: f"{GATEWAY[name]}/24" for name in ADDRESS}),
    )
    with Lab(plan) as lab, closing(Sites(lab)) as found:
        yield found


def crosses(three: Sites, patience: float = 15.0) -> bool:
    return until(lambda: three.ping("lan", f"{HQ}.10"), patience)


def carrier(three: Sites) -> tuple[str, bool]:
    """Where the branch's policy leads, and whether that is not its first peer."""
    row = next(row for row in three.rows("branch", POLICY) if row.get("active"))
    return next(n for n, a in ADDRESS.items() if a == row["sa-dst-address"]), row.get("backup", False)


def spis(three: Sites) -> set[str]:
    return {row["spi"] for row in three.rows("branch", SA)}


def ends(three: Sites) -> set[str]:
    """Whom the branch has associations with."""
    return {row["src-address"].partition(":")[0] for row in three.rows("branch", SA)}


def cut(three: Sites, name: str) -> None:
    """Nothing from or to a router gets anywhere, and nobody is told."""
    gone = f"ip saddr {ADDRESS[name]} drop; ip daddr {ADDRESS[name]} drop"
    rules = f"table ip cut {{ chain way {{ type filter hook forward priority 0; {gone}; }}; }}"
    assert three.lab.run("internet", "nft", rules).status == 0


def mend(three: Sites) -> None:
    assert three.lab.run("internet", "nft", "delete table ip cut").status == 0


def test_the_first_peer_is_in_charge_until_it_is_lost_and_is_so_again_when_the_other_is(three: Sites) -> None:
    assert crosses(three)
    assert carrier(three) == ("hq-a", False)
    assert ends(three) == {ADDRESS["branch"], ADDRESS["hq-a"]}
    cut(three, "hq-a")
    assert crosses(three, 20)
    assert carrier(three) == ("hq-b", True)
    mend(three)
    # With both back nothing changes.
    held = spis(three)
    time.sleep(4)
    assert spis(three) == held
    assert (carrier(three), crosses(three, 1)) == (("hq-b", True), True)
    cut(three, "hq-b")
    assert crosses(three, 20)
    assert carrier(three) == ("hq-a", False)
    mend(three)


def test_a_policy_for_the_same_packets_is_invalid_and_takes_over_when_it_is_alone(three: Sites) -> None:
    """A script that moves a tunnel switches one policy off and the other on, faster than ends can agree."""
    (first,) = [row for row in three.rows("branch", POLICY) if row.get("peer")]
    policies = three.path("branch", POLICY)
    policies.update(**{".id": first[".id"], "peer": "hq-a"})
    networks = {"src-address": f"{BRANCH}.0/24", "dst-address": f"{HQ}.0/24"}
    second = policies.add(peer="hq-b", tunnel="yes", **networks)
    try:
        assert crosses(three)
        row = next(row for row in three.rows("branch", POLICY) if row[".id"] == second)
        assert (row["invalid"], row["ph2-state"]) == (True, "no-phase2")
        assert carrier(three)[0] == "hq-a"
        for off, on, name in ((first[".id"], second, "hq-b"), (second, first[".id"], "hq-a")):
            policies.update(**{".id": off, "disabled": "yes"})
            policies.update(**{".id": on, "disabled": "no"})
            assert crosses(three, 10)
            assert carrier(three)[0] == name
            assert ends(three) == {ADDRESS["branch"], ADDRESS[name]}
    finally:
        policies.remove(second)
        policies.update(**{".id": first[".id"], "peer": "hq-a,hq-b", "disabled": "no"})
