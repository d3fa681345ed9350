# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role hardened_input in the life of a router that enforces its own firewall on whoever manages it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from twin import Server
from twin.gate import Seat
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, Run

TUNNEL = {
    "name": "branch",
    "remote_address": "203.0.113.50",
    "local_subnets": ["192.168.10.0/24"],
    "remote_subnets": ["192.168.20.0/24"],
    "psk": "a-secret-of-good-length",
}
# The seat of those who run the role is in the LAN, at 192.168.88.10.
OPTIONS = {"management": ["192.168.88.0/28", "2001:db8:1::/64"], "ipsec_peers": ["198.51.100.9", "peer.example.com"]}
# These routers move no packets, so no tunnel ever stands on them.
JOIN = {"site_to_site_tunnels": [TUNNEL], "site_to_site_verify": False}
HARDENED, JOINED = "vpnops.mikrotik.hardened_input", "vpnops.mikrotik.site_to_site"
FILTER, FILTER6 = "/ip/firewall/filter", "/ipv6/firewall/filter"
WORK_OUT = f"{HARDENED} : Work out who will reach what"
SHOW = f"{HARDENED} : Show who reaches what now, and who will"
CHANGE = f"{HARDENED} : Harden the chain input"
VERSIONS = ("7.10.2", "7.16.2", "7.24")


@pytest.fixture
def router(make_twin: MakeTwin) -> Server:
    return make_twin(users={"admin": PASSWORD}, defconf=True, tls=True, seat=Seat())


def apply(play: Play, server: Server, *roles: str, flags: Sequence[str] = (), **options: Any) -> Run:
    """Run roles in this order; keyword arguments become options of hardened_input."""
    variables: Mapping[str, Any] = {f"hardened_input_{name}": value for name, value in {**OPTIONS, **options}.items()}
    named = [{"role": role} for role in roles or (HARDENED,)]
    run = play(server, [], *flags, roles=named, variables={**variables, **JOIN})
    return run


def converged(play: Play, server: Server, *roles: str, **options: Any) -> Run:
    """Run roles twice: all is well, and the second run changes nothing. Gives the first run."""
    first, second = (apply(play, server, *roles, **options) for _dummy in range(2))
    assert first.status == 0, first.output
    assert (second.status, second.changed) == (0, 0), second.output
    return first


def comments(server: Server, menu: str = FILTER, chain: str = "input") -> list[str]:
    rows = (row for row in server.router.rows(menu) if row["chain"] == chain and row["dynamic"] == "false")
    return [row.get("comment", "") for row in rows]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_router_from_the_factory_on_every_version(make_twin: MakeTwin, play: Play, version: str) -> None:
    server = make_twin(version, users={"admin": PASSWORD}, defconf=True, tls=True, seat=Seat())
    assert converged(play, server).changed == 1
    for menu in (FILTER, FILTER6):
        found = comments(server, menu)
        assert all(comment.startswith("hardened: ") for comment in found)
        assert found[-1] == "hardened: drop the rest"
        assert all(comment.startswith("defconf: ") for comment in comments(server, menu, "forward"))


def test_a_bare_router(make_twin: MakeTwin, play: Play) -> None:
    server = make_twin(users={"admin": PASSWORD}, tls=True, seat=Seat(interface="ether1"))
    run = apply(play, server)
    assert run.failure.message != ""
    without = {"lan": "", "lan_services": [], "wan": "", "raw": False}
    assert converged(play, server, **without).changed == 1


@pytest.mark.parametrize("roles", [(HARDENED, JOINED), (JOINED, HARDENED)], ids=["first", "last"])
@pytest.mark.parametrize("defconf", ["replace", "keep"])
def test_beside_site_to_site(router: Server, play: Play, roles: tuple[str, ...], defconf: str) -> None:
    assert converged(play, router, *roles, defconf=defconf).changed == 2
    found = comments(router)
    assert found[-1] == "hardened: drop the rest"
    assert found.index("s2s: IKE and NAT-T") < found.index("hardened: all other IKE and NAT-T")
    assert any(comment.startswith("defconf: ") for comment in found) == (defconf == "keep")
    # Each alone, later, in the other order.
    for role in reversed(roles):
        assert apply(play, router, role, defconf=defconf).changed == 0


def test_foreign_rules_stay_where_they_are(router: Server, play: Play) -> None:
    first = next(row[".id"] for row in router.router.rows(FILTER) if row["dynamic"] == "false")
    for rule in (
        {"chain": "input", "protocol": "udp", "dst-port": "161", "src-address": "192.168.88.9", "comment": "snmp"},
        {"chain": "input", "action": "drop", "src-address-list": "enemies", "comment": "enemies"},
    ):
        router.router.call(f"{FILTER}/add", {**rule, "place-before": first})
    router.router.call(f"{FILTER}/add", {"chain": "input", "protocol": "ospf", "comment": "routing"})
    converged(play, router)
    foreign = [comment for comment in comments(router) if not comment.startswith("hardened: ")]
    assert foreign == ["snmp", "enemies", "routing"]
    assert comments(router)[-1] == "hardened: drop the rest"


def openings(run: Run) -> list[str]:
    """The warnings of rules that let strangers in."""
    return [each for each in run[WORK_OUT].result.get("warnings", []) if "lets strangers" in each]


def test_foreign_accept_that_lets_strangers_in_is_warned_of(router: Server, play: Play) -> None:
    first = next(row[".id"] for row in router.router.rows(FILTER) if row["dynamic"] == "false")
    for rule in (
        {"protocol": "tcp", "dst-port": "8291,4711", "comment": "temporary"},
        {"protocol": "tcp", "dst-port": "80", "in-interface-list": "LAN", "comment": "from inside"},
        {"protocol": "udp", "dst-port": "161", "src-address": "192.0.2.9", "comment": "one address"},
    ):
        router.router.call(f"{FILTER}/add", {"chain": "input", **rule, "place-before": first})
    options = {"public_ports": [8443], "road_warriors": True, "traceroute": True}
    told = "is not managed by this task and lets strangers from WAN reach winbox, tcp/4711"
    where = "127.0.0.1: in chain input of /ip/firewall/filter,"
    # Before the change, with it, and when nothing changes any more; `warnings` also makes Ansible show it.
    runs = [apply(play, router, flags=flags, **options) for flags in (("--check",), (), ())]
    assert [openings(run) for run in runs] == [
        [f"{where} rule 1 (comment=temporary) {told}, now and after the change"],
        [f"{where} rule 1 (comment=temporary) {told}, now and after the change"],
        [f"{where} rule 3 (comment=temporary) {told}"],
    ]
    for run in runs:
        assert run.status == 0, run.output
        assert re.search(rf"\[WARNING\]: .*{told}", run.output)


def test_strangers_come_from_the_list_that_the_role_names(router: Server, play: Play) -> None:
    router.router.call("/interface/list/add", {"name": "LTE"})
    router.router.call("/interface/list/member/add", {"list": "LTE", "interface": "ether3"})
    first = next(row[".id"] for row in router.router.rows(FILTER) if row["dynamic"] == "false")
    rule = {"chain": "input", "protocol": "tcp", "dst-port": "22", "in-interface-list": "LTE"}
    router.router.call(f"{FILTER}/add", {**rule, "place-before": first})
    (warning,) = openings(apply(play, router, flags=("--check",), wan="LTE"))
    assert "lets strangers from LTE reach ssh" in warning


@pytest.mark.parametrize("roles", [(HARDENED,), (JOINED, HARDENED)], ids=["alone", "beside-another-role"])
def test_what_roles_open_on_purpose_is_not_warned_of(router: Server, play: Play, roles: tuple[str, ...]) -> None:
    run = apply(play, router, *roles, public_ports=[8443], road_warriors=True, traceroute=True, ah=True)
    assert run.status == 0, run.output
    assert openings(run) == []


def test_table_of_the_role_fits_a_screen(router: Server, play: Play) -> None:
    lines = apply(play, router)[SHOW].result["msg"]
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 40
    assert lines[1].startswith("anybody from WAN ")
    (nothing,) = apply(play, router)[SHOW].result["msg"]
    assert nothing.startswith("nothing changes; left out: ")


def test_check_mode_shows_the_same_and_changes_nothing(router: Server, play: Play) -> None:
    before = router.router.dump()
    checked = apply(play, router, flags=("--check",))
    assert (checked.status, router.router.dump()) == (0, before)
    done = apply(play, router)
    assert done.status == 0, done.output
    for task in (SHOW, CHANGE):
        one, other = (run[task].result for run in (checked, done))
        assert (one.get("msg"), one.get("commands")) == (other.get("msg"), other.get("commands"))


def test_the_table_comes_before_the_change(router: Server, play: Play) -> None:
    tasks = [outcome.task for outcome in apply(play, router).outcomes]
    assert tasks.index(SHOW) < tasks.index(CHANGE)


def test_road_warriors(router: Server, play: Play) -> None:
    converged(play, router, road_warriors=True)
    assert "hardened: IKE and NAT-T of anybody" in comments(router)
    converged(play, router)
    assert "hardened: IKE and NAT-T of anybody" not in comments(router)


def test_services(router: Server, play: Play) -> None:
    converged(play, router, services=True)
    found = {row["name"]: row for row in router.router.rows("/ip/service")}
    networks = "192.168.88.0/28,2001:db8:1::/64"
    assert {found[name]["address"] for name in ("api-ssl", "ssh", "winbox")} == {networks}
    assert {found[name]["disabled"] for name in ("api", "telnet", "ftp", "www")} == {"true"}


def test_services_are_refused_before_any_change_if_ansible_comes_over_plain_api(
    make_twin: MakeTwin, play: Play
) -> None:
    server = make_twin(users={"admin": PASSWORD}, defconf=True, seat=Seat())
    server.router.call(
        "/ip/firewall/filter/add",
        {
            "chain": "input",
            "protocol": "tcp",
            "dst-port": "8728",
            "src-address": "192.168.88.0/28",
            "place-before": "*1",
        },
    )
    before = server.router.dump()
    # The port is open by a rule of somebody else, so that the options alone say nothing of it.
    run = apply(play, server, services=True)
    assert "the service api would be off; nothing was changed" in run.failure.message
    assert server.router.dump() == before
    run = apply(play, server, services=True, management_ports=[22, 8728])
    assert "hardened_input_services: management_ports has the ports of api (8728)" in run.failure.message
    assert server.router.dump() == before
    assert converged(play, server).changed == 1


OPEN: Mapping[str, Mapping[str, str]] = {
    "/ip/proxy": {"enabled": "yes"},
    "/ip/socks": {"enabled": "yes"},
    "/ip/upnp": {"enabled": "yes"},
    "/snmp": {"enabled": "yes", "contact": "noc@example.com"},
    "/tool/romon": {"enabled": "yes", "secrets": "a-secret-of-romon"},
}
CLOSED: Mapping[str, Mapping[str, str]] = {
    "/ip/dns": {"allow-remote-requests": "true"},
    "/ip/neighbor/discovery-settings": {"discover-interface-list": "LAN", "mode": "tx-and-rx"},
    "/ip/proxy": {"enabled": "false"},
    "/ip/socks": {"enabled": "false", "port": "1080"},
    "/ip/upnp": {"enabled": "false"},
    "/snmp": {"enabled": "true", "contact": "noc@example.com"},
    "/snmp/community": {"name": "public", "addresses": "192.168.88.0/28,2001:db8:1::/64"},
    "/tool/bandwidth-server": {"enabled": "false", "authenticate": "true"},
    "/tool/mac-server": {"allowed-interface-list": "LAN"},
    "/tool/mac-server/mac-winbox": {"allowed-interface-list": "LAN"},
    "/tool/mac-server/ping": {"enabled": "false"},
    "/tool/romon": {"enabled": "false", "secrets": "a-secret-of-romon"},
}
DEVICES = f"{HARDENED} : Restrict the services of the router, and close its devices"


def settings(server: Server, menus: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """What a router has of these properties."""
    rows = {menu: server.router.rows(menu)[0] for menu in menus}
    return {menu: {name: rows[menu][name] for name in names} for menu, names in menus.items()}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("factory", [True, False], ids=["factory", "bare"])
def test_devices(make_twin: MakeTwin, play: Play, version: str, factory: bool) -> None:
    seat = Seat() if factory else Seat(interface="ether1")
    server = make_twin(version, users={"admin": PASSWORD}, defconf=factory, tls=True, seat=seat)
    for menu, values in OPEN.items():
        server.router.call(f"{menu}/set", values)
    bare: dict[str, Any] = {} if factory else {"lan": "", "lan_services": [], "wan": "", "raw": False}
    before = server.router.dump()
    checked = apply(play, server, flags=("--check",), devices=True, services=True, **bare)
    assert (checked.status, server.router.dump()) == (0, before), checked.output
    done = converged(play, server, devices=True, services=True, **bare)
    assert done.changed == 2
    assert checked[DEVICES].result["commands"] == done[DEVICES].result["commands"]
    assert done[DEVICES].result["guarded"]
    assert "a-secret-of-romon" not in checked.output + done.output
    expected = {menu: dict(values) for menu, values in CLOSED.items()}
    if not factory:
        expected["/ip/dns"]["allow-remote-requests"] = "false"
        expected["/ip/neighbor/discovery-settings"]["discover-interface-list"] = "none"
        for menu in ("/tool/mac-server", "/tool/mac-server/mac-winbox"):
            expected[menu]["allowed-interface-list"] = "none"
    assert settings(server, CLOSED) == expected


def test_devices_that_a_router_lacks_are_left_out(router: Server, play: Play) -> None:
    for menu in ("/tool/romon", "/tool/mac-server/ping", "/snmp", "/snmp/community"):
        del router.router.tables[menu]
        router.router.prefixes -= {menu}
    converged(play, router, devices=True)
    found = {menu: values for menu, values in CLOSED.items() if menu in router.router.tables}
    assert settings(router, found) == {menu: dict(values) for menu, values in found.items()}
    refused = play(router, [{"vpnops.mikrotik.tool_romon": {"config": {"enabled": False}}}])
    assert "/tool/romon: this router does not have this menu; nothing was changed" in refused.failure.message
    assert play(router, [{"vpnops.mikrotik.config": {"state": "gathered"}}]).status == 0


def test_devices_name_a_missing_interface_list_before_any_change(router: Server, play: Play) -> None:
    before = router.router.dump()
    run = apply(play, router, devices=True, lan="INSIDE", lan_services=[])
    assert "discover-interface-list: 'INSIDE' was given, but /interface/list has no such entry" in run.failure.message
    assert router.router.dump() == before


def test_all_reasons_are_told_at_once_and_nothing_is_changed(router: Server, play: Play) -> None:
    before = router.router.dump()
    run = apply(play, router, management=[], ipsec_peers=["0.0.0.0/0"])
    assert run.failure.message.startswith("router: hardened_input_management: no network could manage the router")
    assert "hardened_input_ipsec_peers: 0.0.0.0/0 is everybody" in run.failure.message
    assert router.router.dump() == before


def test_a_rule_that_somebody_moved_or_disabled_is_put_right(router: Server, play: Play) -> None:
    apply(play, router)
    good = comments(router)
    rows = {row.get("comment"): row[".id"] for row in router.router.rows(FILTER) if row["chain"] == "input"}
    router.router.call(f"{FILTER}/set", {".id": rows["hardened: drop the rest"], "disabled": "yes"})
    router.router.call(
        f"{FILTER}/move", {"numbers": rows["hardened: invalid"], "destination": rows["hardened: drop the rest"]}
    )
    assert converged(play, router).changed == 1
    assert comments(router) == good
    assert {row["disabled"] for row in router.router.rows(FILTER)} == {"false"}


def test_whoever_is_not_in_the_management_networks_does_not_lock_himself_out(router: Server, play: Play) -> None:
    before = router.router.dump()
    run = apply(play, router, management=["192.0.2.0/28"])
    assert "drop" in run.failure.message
    assert router.router.dump() == before
