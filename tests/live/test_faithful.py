# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a kernel that encrypts by itself does as a router does: NAT before IPsec, leaks, transport mode, AH.

Where this kernel has no ESP, `test_machine.py` runs these in an emulated machine whose kernel has.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.filter.route_based import compiled
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from twin.live import Lab
from twin.live.needs import kernel_esp
from twin.live.topology import KERNEL

from tests.live.conftest import able
from tests.live.sites import FAR, HOST, LAN, SECRET, WAN, Side, Sites, plan, until

# An emulated machine takes its time, above all where others are busy beside it.
PATIENCE = 60.0
ONE_CALLS = (Side(), Side(peer={"passive": "yes"}))


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    """Two sites whose kernel encrypts."""
    if not kernel_esp():
        pytest.skip("this kernel has no ESP: test_machine.py runs these tests in one that has")
    able()
    with Lab(plan(KERNEL)) as lab, closing(Sites(lab)) as found:
        assert found.lab.ipsec == KERNEL
        yield found


def esp(lines: list[str]) -> list[str]:
    return [line for line in lines if ": ESP(spi" in line]


def in_clear(lines: list[str]) -> list[str]:
    return [line for line in lines if "ICMP" in line or LAN["a"] in line or LAN["b"] in line]


def captured(sites: Sites, count: int = 4) -> tuple[bool, list[str]]:
    """Whether a ping crosses, and what the internet saw of it."""
    with sites.lab.capture("internet") as lines:
        answered = sites.ping(count=count)
    return answered, lines


def counters(sites: Sites, site: str) -> dict[str, Any]:
    return sites.rows(site, "/ip/ipsec/statistics")[0]


def test_esp_travels_by_itself(sites: Sites) -> None:
    """With the older IKE; all others have the newer."""
    sites.configure(Side("main"), Side("main", peer={"passive": "yes"}))
    assert sites.crosses(PATIENCE)
    answered, lines = captured(sites)
    assert answered
    assert len(esp(lines)) == 8
    assert in_clear(lines) == []


def test_masquerade_takes_packets_from_the_tunnel_unless_something_keeps_it_from_that(sites: Sites) -> None:
    sites.configure(*ONE_CALLS)
    assert sites.crosses(PATIENCE)
    nat = sites.path("a", "/ip/firewall/nat")
    masquerade = nat.add(chain="srcnat", action="masquerade", **{"out-interface": "ether1"})
    answered, lines = captured(sites)
    assert not answered
    # With the router's own address they are for no policy, and leave unencrypted.
    assert any(f"{WAN['a']} > {HOST['b']}" in line for line in in_clear(lines))
    nat.update(**{".id": masquerade, "ipsec-policy": "out,none"})
    assert captured(sites)[0]
    nat.remove(masquerade)
    masquerade = nat.add(chain="srcnat", action="masquerade", **{"out-interface": "ether1"})
    nat.add(chain="srcnat", action="accept", **{"dst-address": f"{LAN['b']}.0/24", "place-before": masquerade})
    answered, lines = captured(sites)
    assert answered
    assert in_clear(lines) == []
    assert sites.rows("a", "/ip/firewall/nat")[0]["packets"] > 0


def test_nothing_leaves_or_enters_in_clear_while_no_tunnel_stands(sites: Sites) -> None:
    sites.configure(Side(peer={"passive": "yes"}), Side(peer={"passive": "yes"}))
    answered, lines = captured(sites)
    assert not answered
    assert in_clear(lines) == []


def test_packets_in_clear_that_pretend_to_come_from_the_tunnel_are_dropped(sites: Sites) -> None:
    sites.configure(*ONE_CALLS)
    assert sites.crosses(PATIENCE)
    run = sites.lab.run
    pretend = f"ip addr add {HOST['b']}/32 dev lo; ip route add {LAN['a']}.0/24 via {WAN['a']}"
    assert run("internet", "sh", "-c", pretend).status == 0
    try:
        with sites.lab.capture("host-a") as lines:
            run("internet", "ping", "-c", "3", "-i", "0.2", "-W", "1", "-I", HOST["b"], HOST["a"])
        assert [line for line in lines if f"{HOST['b']} >" in line] == []
    finally:
        run("internet", "sh", "-c", f"ip addr del {HOST['b']}/32 dev lo; ip route del {LAN['a']}.0/24")


def test_a_policy_for_one_protocol_protects_that_and_no_other(sites: Sites) -> None:
    only = ({"protocol": "icmp"},)
    sites.configure(Side(policies=only), Side(policies=only, peer={"passive": "yes"}))
    assert sites.crosses(PATIENCE)
    answered, lines = captured(sites)
    assert answered
    assert esp(lines)
    assert in_clear(lines) == []
    with sites.lab.capture("internet") as lines:
        send = f"import socket; socket.socket(2, 2).sendto(b'x' * 40, ('{HOST['b']}', 9))"
        sites.lab.run("host-a", "python3", "-c", send)
    assert any("UDP" in line and f"> {HOST['b']}.9" in line for line in lines)


@pytest.mark.parametrize("protocol", ["esp", "ah"])
def test_transport_mode_protects_what_the_ends_say_to_each_other(sites: Sites, protocol: str) -> None:
    def end(near: str, far: str, **more: str) -> Side:
        policy = {"tunnel": "no", "src-address": f"{WAN[near]}/32", "dst-address": f"{WAN[far]}/32", "protocol": "icmp"}
        return Side(policies=({**policy, "ipsec-protocols": protocol},), peer=more)

    sites.configure(end("a", "b"), end("b", "a", passive="yes"))
    assert until(lambda: sites.ping("a", WAN["b"]), PATIENCE)
    with sites.lab.capture("internet") as lines:
        assert sites.ping("a", WAN["b"], 3)
    assert sum((": ESP" if protocol == "esp" else ": AH") in line for line in lines) == 6
    assert [line for line in lines if "ICMP" in line] == []


def test_the_first_policy_that_fits_decides(sites: Sites) -> None:
    here, there = f"{HOST['a']}/32", f"{HOST['b']}/32"
    past = ({"action": "none", "src-address": here, "dst-address": there, "peer": ""}, {})
    back = ({"action": "none", "src-address": there, "dst-address": here, "peer": ""}, {})
    sites.configure(Side(policies=past), Side(policies=back, peer={"passive": "yes"}))
    assert sites.stands(PATIENCE)
    lines = captured(sites)[1]
    assert any(f"{HOST['a']} > {HOST['b']}" in line for line in in_clear(lines))
    stop = ({**past[0], "action": "discard"}, {})
    sites.configure(Side(policies=stop), Side(peer={"passive": "yes"}))
    assert sites.stands(PATIENCE)
    answered, lines = captured(sites)
    assert not answered
    assert in_clear(lines) == []


def test_rules_know_what_came_out_of_a_tunnel(sites: Sites) -> None:
    sites.configure(*ONE_CALLS)
    assert sites.crosses(PATIENCE)
    rules = sites.path("b", "/ip/firewall/filter")
    for policy in ("in,ipsec", "in,none"):
        rules.add(chain="forward", action="passthrough", **{"ipsec-policy": policy, "in-interface": "ether1"})
    assert sites.ping(count=3)
    tunnelled, clear = sites.rows("b", "/ip/firewall/filter")
    assert (tunnelled["packets"], clear["packets"]) == (3, 0)


def test_the_kernels_counters_are_told(sites: Sites) -> None:
    sites.configure(*ONE_CALLS)
    assert sites.crosses(PATIENCE)
    before = counters(sites, "b")["in-no-states"]
    stray = f"import socket; socket.socket(2, 3, 50).sendto(bytes(64), ('{WAN['b']}', 0))"
    assert sites.lab.run("internet", "python3", "-c", stray).status == 0
    assert counters(sites, "b")["in-no-states"] == before + 1


@contextmanager
def joined(sites: Sites, kind: str) -> Iterator[None]:
    """A tunnel interface between the sites' WAN addresses, and routes to the other LAN over it.

    After the first keepalive of GRE there is none for an hour: tests count packets.
    """
    menu, made = f"/interface/{kind}", []
    more = {"keepalive": "1h,10"} if kind == "gre" else {}
    try:
        for name, far in FAR.items():
            words = {"name": f"a-rather-long-name-to-{far}", "local-address": WAN[name], "remote-address": WAN[far]}
            made.append((name, menu, sites.path(name, menu).add(**words, **more)))
            route = {"dst-address": f"{LAN[far]}.0/24", "gateway": words["name"]}
            made.append((name, "/ip/route", sites.path(name, "/ip/route").add(**route)))
        yield
    finally:
        for name, path, id_ in reversed(made):
            if any(row[".id"] == id_ for row in sites.rows(name, path)):
                sites.path(name, path).remove(id_)


def between_wans(near: str, protocol: str, **peer: str) -> Side:
    """An end that protects one protocol between the WAN addresses, in transport mode."""
    policy = {"tunnel": "no", "src-address": f"{WAN[near]}/32", "dst-address": f"{WAN[FAR[near]]}/32"}
    return Side(policies=({**policy, "protocol": protocol},), peer=peer)


@pytest.mark.parametrize(("kind", "protocol"), [("gre", "gre"), ("ipip", "ipencap")])
def test_a_tunnel_interface_over_transport_mode_joins_networks_and_is_one_like_others(
    sites: Sites, kind: str, protocol: str
) -> None:
    sites.configure(between_wans("a", protocol), between_wans("b", protocol, passive="yes"))
    with joined(sites, kind):
        assert sites.crosses(PATIENCE)
        answered, lines = captured(sites)
        assert answered
        assert len(esp(lines)) == 8
        assert [line for line in lines if ": ESP(spi" not in line and ".500 >" not in line] == []
        [interface] = sites.rows("a", f"/interface/{kind}")
        sites.path("a", f"/interface/{kind}").update(**{".id": interface[".id"], "name": "b"})
        assert sites.ping()
        sites.path("a", "/interface").update(**{".id": interface[".id"], "disabled": "yes"})
        assert not sites.ping()
        sites.path("a", "/interface").update(**{".id": interface[".id"], "disabled": "no"})
        assert sites.ping()
        has_addresses_and_is_known_to_rules(sites, kind)
    assert not sites.ping()


def has_addresses_and_is_known_to_rules(sites: Sites, kind: str) -> None:
    address = sites.path("b", "/ip/address").add(address="10.255.0.2/32", interface="a-rather-long-name-to-a")
    route = {"dst-address": "10.255.0.2/32", "gateway": "b"}
    id_ = sites.path("a", "/ip/route").add(**route)
    assert sites.ping("a", "10.255.0.2")
    # The device is made anew, with its address and the routes over it.
    sites.set("b", f"/interface/{kind}", mtu="1300")
    assert sites.ping("a", "10.255.0.2")
    rules = sites.path("b", "/ip/firewall/filter")
    rules.add(chain="forward", action="passthrough", **{"in-interface": "a-rather-long-name-to-a"})
    assert sites.ping(count=3)
    assert sites.rows("b", "/ip/firewall/filter")[0]["packets"] == 3
    # 1300 less the headers of IP and TCP.
    assert "maxseg size set 1260" in sites.lab.run("b", "nft", "list", "table", "ip", "links").out
    sites.path("a", "/ip/route").remove(id_)
    sites.path("b", "/ip/address").remove(address)


def routed(near: str, **more: Any) -> dict[str, list[dict[str, Any]]]:
    """What the role route_based asks of a site's router for a tunnel to the other one."""
    far = FAR[near]
    tunnel = {
        "name": far,
        "local_address": WAN[near],
        "remote_address": WAN[far],
        "tunnel_address": f"10.255.0.{'.ab'.index(near)}/30",
        "remote_subnets": [f"{LAN[far]}.0/24"],
        "psk": SECRET,
        "passive": near == "b",
        **more,
    }
    found: Any = compiled([tunnel])
    assert found["problems"] == []
    return dict(found["config"])


def word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@contextmanager
def compiled_ends(sites: Sites, **more: Any) -> Iterator[int]:
    """Both ends as the role makes them; gives the size of the interfaces."""
    sites.clear()
    made, size = [], 0
    try:
        for name in FAR:
            for module, rows in routed(name, **more).items():
                for row in rows:
                    words = {option.replace("_", "-"): word(value) for option, value in row.items()}
                    made.append((name, BY_MODULE[module].path, sites.path(name, BY_MODULE[module].path).add(**words)))
                    size = int(row.get("mtu", size))
        yield size
    finally:
        for name, path, id_ in reversed(made):
            sites.path(name, path).remove(id_)


def sized(sites: Sites, size: int, discovery: str = "do") -> tuple[bool, int]:
    """Whether packets of that size cross, by default those that may not be cut up, and how many were."""
    sites.lab.run("host-a", "ip", "route", "flush", "cache")
    send = ("ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", "-M", discovery, "-s", str(size - 28), HOST["b"])
    with sites.lab.capture("internet") as lines:
        answered = sites.lab.run("host-a", *send).status == 0
    fragments = [line for line in lines if ": fragment of ESP" in line]
    hidden = (": ESP(spi", ": fragment of ESP", ": IKE")
    assert [line for line in lines if not any(word in line for word in hidden)] == []
    return answered, len(fragments)


@pytest.mark.parametrize(
    ("kind", "proposal"),
    [
        pytest.param("gre", {"enc_algorithms": ["aes-256-gcm"], "auth_algorithms": []}, id="gre-gcm"),
        pytest.param("ipip", {"enc_algorithms": ["aes-256-cbc"], "auth_algorithms": ["sha256"]}, id="ipip-cbc"),
    ],
)
def test_tunnel_interfaces_take_what_leaves_in_one_piece_and_not_a_byte_more(
    sites: Sites, kind: str, proposal: dict[str, Any]
) -> None:
    proposal = {**proposal, "pfs_group": "modp2048"}
    with compiled_ends(sites, type=kind, proposal=proposal, profile={"dh_group": "modp2048"}) as size:
        assert sites.crosses(PATIENCE)
        assert sized(sites, size) == (True, 0)
        assert sized(sites, size + 1) == (False, 0)
        # A larger interface would take it, and its ESP would be cut up.
        for name in FAR:
            sites.set(name, f"/interface/{kind}", mtu=str(size + 1))
        assert sites.crosses(PATIENCE)
        assert sized(sites, size, "dont") == (True, 0)
        assert sized(sites, size + 1, "dont") == (True, 6)


def test_a_tunnel_interface_says_nothing_in_clear_when_its_policy_is_off(sites: Sites) -> None:
    """While it is on its level sees to that; then the drop on the way out does, and what comes is dropped as well.

    Without the interface itself nothing takes the default route.
    """
    with compiled_ends(sites):
        assert sites.crosses(PATIENCE)
        nothing_takes_the_default_route(sites)
        before = dropping(sites)["packets"]
        for name in FAR:
            [policy] = [row for row in sites.rows(name, "/ip/ipsec/policy") if "peer" in row]
            sites.path(name, "/ip/ipsec/policy").update(**{".id": policy[".id"], "disabled": "yes"})
        answered, lines = captured(sites)
        assert not answered
        assert [line for line in lines if "protocol 47" in line] == []
        assert dropping(sites)["packets"] >= before + 4
        sites.path("a", "/ip/firewall/filter").update(**{".id": dropping(sites)[".id"], "disabled": "yes"})
        answered, lines = captured(sites)
        assert not answered
        assert [line for line in lines if "protocol 47" in line]
        [dropped] = sites.rows("b", "/ip/firewall/raw")
        # A keepalive may be among them.
        assert dropped["packets"] in (4, 5)


def dropping(sites: Sites) -> dict[str, Any]:
    """The rule that drops what would leave in clear."""
    [rule] = [row for row in sites.rows("a", "/ip/firewall/filter") if row["action"] == "drop"]
    return rule


def nothing_takes_the_default_route(sites: Sites) -> None:
    sites.set("a", "/interface/gre", disabled="yes")
    answered, lines = captured(sites)
    assert not answered
    # The router itself may say that it has no tunnel for a keepalive.
    assert [line for line in lines if LAN["a"] in line or LAN["b"] in line] == []
    [drop] = [row for row in sites.rows("a", "/ip/route") if "blackhole" in row]
    sites.path("a", "/ip/route").update(**{".id": drop[".id"], "disabled": "yes"})
    assert in_clear(captured(sites)[1])
    sites.path("a", "/ip/route").update(**{".id": drop[".id"], "disabled": "no"})
    sites.set("a", "/interface/gre", disabled="no")
    assert sites.crosses(PATIENCE)


def test_a_gre_interface_whose_far_end_is_silent_does_not_run(sites: Sites) -> None:
    """Its keepalives go through transport mode as all of its packets do, and the far end need not have any."""
    kind = "gre"
    sites.configure(between_wans("a", kind), between_wans("b", kind, passive="yes"))
    with joined(sites, kind):
        sites.set("a", f"/interface/{kind}", keepalive="2s,3")
        sites.set("b", f"/interface/{kind}", keepalive="1h,10")
        assert sites.crosses(PATIENCE)
        assert until(lambda: running(sites, kind) == (True, True), 10)
        # Longer than it would take to be given up.
        time.sleep(8)
        assert running(sites, kind) == (True, True)
        gone = f"ip saddr {WAN['b']} drop"
        rules = f"table ip cut {{ chain way {{ type filter hook forward priority 0; {gone}; }}; }}"
        assert sites.lab.run("internet", "nft", rules).status == 0
        try:
            assert until(lambda: running(sites, kind) == (False, False), 20)
        finally:
            sites.lab.run("internet", "nft", "delete table ip cut")
        assert until(lambda: running(sites, kind) == (True, True), 20)
        assert sites.crosses()


def running(sites: Sites, kind: str) -> tuple[bool, bool]:
    """Whether the interface of site a runs, and whether the route over it is active."""
    [interface] = sites.rows("a", f"/interface/{kind}")
    [route] = [row for row in sites.rows("a", "/ip/route") if row["dst-address"] == f"{LAN['b']}.0/24"]
    return interface["running"], route["active"]
