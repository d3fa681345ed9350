# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role site_to_site in the life of a router: what changes, what stays, what is left behind."""

from __future__ import annotations

import pytest
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Join, Play, Run, converged, joining

TUNNEL = {
    "name": "branch",
    "remote_address": "203.0.113.50",
    "local_subnets": ["192.168.10.0/24"],
    "remote_subnets": ["192.168.20.0/24"],
    "psk": "a-secret-of-good-length",
}
OTHER = {**TUNNEL, "name": "other", "remote_address": "203.0.113.60", "remote_subnets": ["192.168.30.0/24"]}
IDENTITIES, POLICIES, FILTER = "/ip/ipsec/identity", "/ip/ipsec/policy", "/ip/firewall/filter"
VERSIONS = ("7.10.2", "7.12.2", "7.16.2", "7.20.8", "7.22.3", "7.24")


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin(users={"admin": PASSWORD}, defconf=True)


@pytest.fixture
def join(play: Play) -> Join:
    return joining(play, "site_to_site")


def comments(server: Server, menu: str) -> list[str]:
    return [row.get("comment", "") for row in server.router.rows(menu)]


def listed(server: Server, *lists: str) -> list[str]:
    rows = server.router.rows("/ip/firewall/address-list")
    return [row["comment"] for row in rows if row["list"] in lists]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tunnel_stands_on_every_version_and_leaves_nothing_behind(
    make_twin: MakeTwin, join: Join, version: str
) -> None:
    server = make_twin(version, users={"admin": PASSWORD}, defconf=True)
    before = server.router.dump()
    assert converged(join, server, TUNNEL) == 1
    assert converged(join, server, {"name": "branch", "state": "absent"}) == 1
    assert server.router.dump() == before


def test_a_bare_router_without_any_firewall(make_twin: MakeTwin, join: Join) -> None:
    server = make_twin(users={"admin": PASSWORD})
    assert converged(join, server, TUNNEL) == 1
    assert len(server.router.rows(FILTER)) == 4


def test_check_mode_tells_what_the_run_then_does(router: Server, join: Join) -> None:
    before = router.router.dump()
    checked = join(router, TUNNEL, flags=("--check",))
    assert (checked.status, router.router.dump()) == (0, before)
    done = join(router, TUNNEL)
    (told,), (made,) = ([each for each in run.outcomes if "commands" in each.result] for run in (checked, done))
    assert told.result["commands"] == made.result["commands"] != []


def test_check_mode_of_the_last_tunnel_s_end(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    before = router.router.dump()
    assert join(router, {"name": "branch", "state": "absent"}, flags=("--check",)).changed == 1
    assert router.router.dump() == before


def test_a_new_secret_changes_the_identity_and_adds_none(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    (old,) = router.router.rows(IDENTITIES)
    assert converged(join, router, {**TUNNEL, "psk": "quite-another-secret"}) == 1
    (new,) = router.router.rows(IDENTITIES)
    assert (new[".id"], new["secret"]) == (old[".id"], "quite-another-secret")


def test_a_network_less_takes_its_policy_and_its_bypass_away(router: Server, join: Join) -> None:
    join(router, {**TUNNEL, "remote_subnets": ["192.168.20.0/24", "192.168.21.0/24"]})
    assert converged(join, router, TUNNEL) == 1
    assert [row["dst-address"] for row in router.router.rows(POLICIES)][1:] == ["192.168.20.0/24"]
    assert len(router.router.rows("/ip/firewall/nat")) == 2


def test_a_tunnel_under_another_name(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    assert converged(join, router, {"name": "branch", "state": "absent"}, {**TUNNEL, "name": "berlin"}) == 1
    assert [row["name"] for row in router.router.rows("/ip/ipsec/peer")] == ["s2s-berlin"]
    assert [row.get("invalid") for row in router.router.rows(POLICIES)][1:] == ["false"]
    assert "s2s-branch" not in str(router.router.dump())


def test_tunnels_that_are_not_named_stay_as_they_are(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    alone = router.router.dump()
    assert converged(join, router, OTHER) == 1
    assert len(router.router.rows(POLICIES)) == 3
    assert converged(join, router, {"name": "other", "state": "absent"}) == 1
    assert router.router.dump() == alone, "what both shared is still needed by the first"


def test_what_two_tunnels_need_stays_until_both_are_gone(router: Server, join: Join) -> None:
    """Two ways to the same site: one address and one network in the lists, needed twice."""
    one = {**TUNNEL, "local_address": "198.51.100.7"}
    two = {**TUNNEL, "name": "two", "local_address": "198.51.100.8", "local_subnets": ["192.168.11.0/24"]}
    assert converged(join, router, one) == 1
    assert converged(join, router, two) == 1
    assert listed(router, "s2s-peers", "s2s-remote") == ["s2s: branch, two"] * 2
    assert listed(router, "s2s-local") == ["s2s: branch", "s2s: two"]
    assert converged(join, router, one) == 0, "whichever of them is spoken of"
    assert converged(join, router, {"name": "branch", "state": "absent"}) == 1
    assert comments(router, "/ip/firewall/address-list") == ["s2s: two"] * 3
    assert len(router.router.rows(FILTER)) == 16
    assert converged(join, router, {"name": "two", "state": "absent"}) == 1
    assert router.router.rows("/ip/firewall/address-list") == []


def test_own_ike_is_exempt_above_the_factory_masquerade(router: Server, join: Join) -> None:
    before = router.router.dump()
    assert converged(join, router, {**TUNNEL, "local_address": "198.51.100.7"}) == 1
    assert comments(router, "/ip/firewall/nat") == [
        "s2s: no NAT of own IKE and NAT-T",
        "s2s: no NAT of own ESP",
        "s2s-branch: no NAT from 192.168.10.0/24 to 192.168.20.0/24",
        "defconf: masquerade",
    ]
    assert converged(join, router, {"name": "branch", "state": "absent"}) == 1
    assert router.router.dump() == before


def test_a_tunnel_without_firewall_takes_nothing_from_the_others(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    rules = comments(router, FILTER)
    six = {"local_subnets": ["2001:db8:1::/64"], "remote_subnets": ["2001:db8:2::/64"], "firewall": False}
    assert converged(join, router, {**OTHER, "remote_address": "2001:db8::9", **six}) == 1
    assert converged(join, router, OTHER | {"name": "third"}, firewall=False) == 1
    assert comments(router, FILTER) == rules


def test_everything_through_the_tunnel_but_what_is_local(router: Server, join: Join) -> None:
    assert converged(join, router, {**TUNNEL, "remote_subnets": ["0.0.0.0/0"]}) == 1
    assert [(row["action"], row["dst-address"]) for row in router.router.rows(POLICIES)[1:]] == [
        ("none", "192.168.10.0/24"),
        ("encrypt", "0.0.0.0/0"),
    ]
    assert converged(join, router, {"name": "branch", "state": "absent"}) == 1
    assert "s2s" not in str(router.router.dump())


def test_hub_takes_any_local_network_but_no_remote_one_of_its_own(router: Server, join: Join) -> None:
    hub = {**TUNNEL, "local_subnets": ["0.0.0.0/0"]}
    assert converged(join, router, hub) == 1
    assert [row["src-address"] for row in router.router.rows(POLICIES)[1:]] == ["0.0.0.0/0"]
    before = router.router.dump()
    run = join(router, {**hub, "name": "own", "remote_address": "203.0.113.60", "remote_subnets": ["192.168.88.0/25"]})
    assert run.status != 0
    assert "192.168.88.0/25 shares addresses with 192.168.88.0/24 on ether2 of this router" in run.failure.result["msg"]
    assert router.router.dump() == before


def test_two_prefixes_do_not_meet(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    assert converged(join, router, OTHER, prefix="vpn") == 1
    assert converged(join, router, {"name": "other", "state": "absent"}, prefix="vpn") == 1
    assert converged(join, router, TUNNEL) == 0


def test_certificates_instead_of_a_secret(router: Server, join: Join) -> None:
    for name in ("hq", "ca"):
        router.router.seed({"/certificate": [{"name": name, "common-name": name}]})
    tunnel = {**TUNNEL, "psk": None, "certificate": ["hq", "ca"], "remote_id": "fqdn:b.example.com"}
    assert converged(join, router, tunnel) == 1
    (identity,) = router.router.rows(IDENTITIES)
    assert (identity["auth-method"], identity["certificate"]) == ("digital-signature", "hq,ca")


def test_a_tunnel_from_secret_to_certificate(router: Server, join: Join) -> None:
    router.router.seed({"/certificate": [{"name": "hq", "common-name": "hq"}]})
    join(router, TUNNEL)
    assert join(router, {**TUNNEL, "psk": None, "certificate": ["hq"]}).status != 0, "anybody's certificate"
    named = {"certificate": ["hq"], "remote_id": "fqdn:b.example.com"}
    assert converged(join, router, {**TUNNEL, "psk": None, **named}) == 1
    assert [row["auth-method"] for row in router.router.rows(IDENTITIES)] == ["digital-signature"]


def test_the_values_of_the_guide_work(router: Server, join: Join) -> None:
    article = {
        **TUNNEL,
        "exchange_mode": "main",
        "profile": {"dh_group": "modp2048", "enc_algorithm": "aes-256", "hash_algorithm": "sha256", "lifetime": "1d"},
        "proposal": {"auth_algorithms": "sha256", "enc_algorithms": "aes-256-cbc", "pfs_group": "modp2048"},
    }
    assert converged(join, router, article) == 1


def test_a_weak_tunnel_changes_nothing_and_all_reasons_are_told_at_once(router: Server, join: Join) -> None:
    before = router.router.dump()
    weak = {**TUNNEL, "profile": {"enc_algorithm": "3des"}, "proposal": {"pfs_group": "none"}}
    run = join(router, TUNNEL | {"name": "sound", "remote_address": "203.0.113.70"}, weak)
    assert run.failure.message.startswith("router: tunnel branch: profile.enc_algorithm: 3des is weak: ")
    assert "proposal.pfs_group: none is weak" in run.failure.message
    assert router.router.dump() == before
    allowed = {**weak, "profile": {"enc_algorithm": "3des"}}
    assert converged(join, router, allowed, allow_weak=True) == 1


def test_rules_land_above_what_would_stop_them_whoever_wrote_it(router: Server, join: Join) -> None:
    first = next(row[".id"] for row in router.router.rows(FILTER) if row["dynamic"] == "false")
    router.router.call(f"{FILTER}/add", {"chain": "input", "action": "drop", "place-before": first, "comment": "mine"})
    before = comments(router, FILTER)
    assert converged(join, router, TUNNEL) == 1
    found = comments(router, FILTER)
    assert max(found.index("s2s: IKE and NAT-T"), found.index("s2s: ESP")) < found.index("mine")
    assert [comment for comment in found if "s2s" not in comment] == before


def test_a_rule_that_somebody_disabled_is_enabled_again(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    rule = next(row for row in router.router.rows(FILTER) if row.get("comment") == "s2s: ESP")
    router.router.call(f"{FILTER}/set", {".id": rule[".id"], "disabled": "yes"})
    assert converged(join, router, TUNNEL) == 1
    assert {row["disabled"] for row in router.router.rows(FILTER)} == {"false"}


def test_firewall_and_nat_can_be_left_to_others(router: Server, join: Join) -> None:
    firewall = router.router.rows(FILTER), router.router.rows("/ip/firewall/nat")
    assert converged(join, router, TUNNEL, firewall=False, nat_bypass=False) == 1
    assert (router.router.rows(FILTER), router.router.rows("/ip/firewall/nat")) == firewall


def test_no_tunnels_at_all_is_no_error(router: Server, join: Join) -> None:
    assert converged(join, router) == 0


VERIFY = "vpnops.mikrotik.site_to_site : See that the tunnels stand"


def verified(run: Run) -> list[str]:
    return [each.status for each in run.outcomes if each.task == VERIFY]


def test_tunnels_are_looked_at_only_when_somebody_wants_it(router: Server, join: Join) -> None:
    assert verified(join(router, TUNNEL)) == ["skipped"]
    assert verified(join(router, TUNNEL, flags=("--check",), verify=True)) == ["skipped"]
    gone = join(router, {"name": "branch", "state": "absent"}, verify=True)
    assert (gone.status, verified(gone)) == (0, ["skipped"])


def test_a_tunnel_that_does_not_stand_fails_the_role_with_the_reason(router: Server, join: Join) -> None:
    router.router.note("ipsec,error", "203.0.113.50 no suitable proposal found")
    run = join(router, TUNNEL, verify=True, verify_timeout=0)
    assert run.status != 0
    told = "tunnel s2s-branch does not stand: phase 1 is none, phase 2 is no-phase2"
    assert told in run["vpnops.mikrotik.site_to_site : Tell why the tunnels do not stand"].message
    assert [each["kind"] for each in run[VERIFY].result["reasons"]] == ["proposal"]


def test_a_tunnel_that_stands_and_carries_is_well(router: Server, join: Join) -> None:
    join(router, TUNNEL)
    (made,) = [row for row in router.router.rows(POLICIES) if row.get("peer") == "s2s-branch"]
    router.router.seed({
        POLICIES: [{".id": made[".id"], "ph2-state": "established"}],
        "/ip/ipsec/active-peers": [{"state": "established", "remote-address": "203.0.113.50"}],
        "/ip/address": [{"address": "192.168.10.1/24", "interface": "ether2"}],
    })  # fmt: skip
    router.router.echo = lambda address, source: (address, source) == ("192.168.20.1", "192.168.10.1")
    well = join(router, TUNNEL, OTHER | {"state": "absent"}, verify=True, verify_ping=[{"address": "192.168.20.1"}])
    assert (well.status, well.changed, verified(well)) == (0, 0, ["ok"]), well.output


def test_segments_and_shares_come_and_go(router: Server, join: Join) -> None:
    mangle = "/ip/firewall/mangle"
    before = comments(router, mangle)
    assert converged(join, router, {**TUNNEL, "pcq": "20M"}, mss_clamp=True, outer_mtu=1492) == 1
    assert len(comments(router, mangle)) == len(before) + 4
    assert [row["queue"] for row in router.router.rows("/queue/tree")] == ["s2s-branch"]
    assert converged(join, router, TUNNEL) == 1
    assert comments(router, mangle) == before
    assert router.router.rows("/queue/tree") == []
