# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ipsec_verify` says of live tunnels that do not stand: the reason that was put there, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.choose import Wanted
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.pings import Ping
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import OtherEnd, StatusQuestion
from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import perform
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from ansible_collections.vpnops.mikrotik.plugins.module_utils.status import status
from ansible_collections.vpnops.mikrotik.plugins.module_utils.verify import verify

from tests.live.sites import HOST, SECRET, Side, Sites, until

MENUS = tuple(f"ipsec_{name}" for name in ("profile", "proposal", "peer", "identity", "policy"))


def target(sites: Sites, site: str) -> Target:
    return Target("127.0.0.1", port=sites.lab.routers[site].port, transport="api")


def asked(sites: Sites, site: str, *pings: Ping, wait: int = 8, other: OtherEnd | None = None) -> dict[str, Any]:
    """What the module returns for the only tunnel of a router."""
    question = StatusQuestion(Wanted(("far",)), (wait, 1), pings, other)
    return verify(question, target(sites, site), Secrets())


def told(sites: Sites, site: str) -> list[dict[str, Any]]:
    """What `ipsec_info` tells of a router's tunnels."""
    found = status(StatusQuestion(), target(sites, site), Secrets())["tunnels"]
    assert isinstance(found, list)
    return found


@dataclass(frozen=True)
class Wrong:
    """Something that keeps a tunnel from standing, at one end, and the reason that each end's user reads."""

    there: Side
    here: Side = field(default_factory=Side)
    caller: str = "proposal"
    answerer: str = "proposal"


WRONGS = {
    "secret": Wrong(Side(secret=f"not-{SECRET}"), caller="authentication", answerer="authentication"),
    "cipher of phase 1": Wrong(Side(profile={"enc-algorithm": "aes-128"})),
    "hash of phase 1": Wrong(Side(profile={"hash-algorithm": "sha1"})),
    "group of phase 1": Wrong(Side(profile={"dh-group": "ecp256"})),
    "cipher of phase 2": Wrong(Side(proposal={"enc-algorithms": "aes-128-cbc"})),
    "hash of phase 2": Wrong(Side(proposal={"auth-algorithms": "sha1"})),
    "networks": Wrong(Side(policies=({"dst-address": "192.168.11.0/24"},)), caller="selectors", answerer="selectors"),
    "identity": Wrong(
        Side(identity={"remote-id": "fqdn:other.example.com"}), caller="authentication", answerer="identity-unknown"
    ),
}


@pytest.mark.parametrize("mode", ["ike2", "main"])
@pytest.mark.parametrize("what", WRONGS)
def test_the_reason_is_the_one_that_was_put_there(sites: Sites, what: str, mode: str) -> None:
    wrong = WRONGS[what]
    before = {site: len(sites.errors(site)) for site in "ab"}
    sites.configure(replace(wrong.here, mode=mode), replace(wrong.there, mode=mode, peer={"passive": "yes"}))
    assert until(lambda: all(len(sites.errors(site)) > before[site] for site in "ab"), 15)
    for site, kind in (("a", wrong.caller), ("b", wrong.answerer)):
        result = asked(sites, site, wait=3)
        assert result["failed"]
        assert [each["kind"] for each in result["reasons"]] == [kind], result["msg"]
        assert SECRET not in str(result)


def gathered(sites: Sites, site: str) -> dict[str, Any]:
    """What `config` with `state: gathered` returns for the IPsec menus of a router."""
    request = request_from(
        "config", validate(spec_of("config"), {"state": "gathered", "config": {menu: [] for menu in MENUS}})
    )
    found = perform(request, target(sites, site), Secrets())["gathered"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("there", "line"),
    [
        (Side(profile={"enc-algorithm": "aes-128"}), "ciphers of phase 1: aes-256 here, aes-128 there"),
        (Side(proposal={"pfs-group": "none"}), "group of phase 2 (pfs_group): modp2048 here, none there"),
    ],
)
def test_both_ends_together_name_the_two_lines_that_differ(sites: Sites, there: Side, line: str) -> None:
    sites.configure(Side("main"), replace(there, mode="main", peer={"passive": "yes"}))
    # One end begins to call before the other one is configured, and is told so at first.
    assert until(lambda: any("no suitable proposal" in line for line in sites.errors("b")[-3:]), 15)
    result = asked(sites, "a", wait=3, other=OtherEnd("far", gathered(sites, "b"), told(sites, "b")))
    assert result["differences"] == [line]
    assert line in result["msg"]
    assert "no suitable proposal found" in result["reasons"][0]["log_there"]


def test_a_tunnel_that_stands_and_carries_is_well(sites: Sites) -> None:
    sites.configure()
    result = asked(sites, "a", Ping(HOST["b"], "", 3), wait=15)
    assert not result.get("failed"), result["msg"]
    (ping,) = result["pings"]
    assert (ping["src_address"], ping["received"] > 0) == ("192.168.10.1", True)
    (tunnel,) = told(sites, "a")
    assert (tunnel["stands"], tunnel["phase1"], tunnel["phase2"]) == (True, "established", "established")


def test_a_host_that_does_not_answer_is_told_from_a_tunnel_that_does_not_carry(sites: Sites) -> None:
    sites.configure()
    assert sites.crosses()
    result = asked(sites, "a", Ping("192.168.20.77", "", 1), wait=4)
    assert [each["kind"] for each in result["reasons"]] == ["no-echo"], result["msg"]


def test_a_closed_port_is_called_no_answer(sites: Sites) -> None:
    sites.clear()
    rule = {"chain": "input", "protocol": "udp", "dst-port": "500,4500", "action": "drop"}
    for site in "ab":
        sites.path(site, "/ip/firewall/filter").add(**rule)
    sites.lay(Side())
    assert until(lambda: any("timed out" in line for line in sites.errors("a")[-1:]), 20)
    assert [each["kind"] for each in asked(sites, "a", wait=2)["reasons"]] == ["no-answer"]
