# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRE, IPIP and VRRP interfaces: entries of two menus at once, that others can name."""

from __future__ import annotations

import pytest
from twin import Router, Trap

GRE, IPIP, EOIP, VRRP = "/interface/gre", "/interface/ipip", "/interface/eoip", "/interface/vrrp"
FAR = "203.0.113.2"
TUNNELS = pytest.mark.parametrize(
    ("menu", "type_", "name", "mtu"),
    [(GRE, "gre-tunnel", "gre-tunnel1", "1476"), (IPIP, "ipip-tunnel", "ipip-tunnel1", "1480")],
)


@pytest.fixture
def router() -> Router:
    """A router with a WAN address."""
    found = Router("7.22.3")
    found.add("/ip/address", address="198.51.100.2/24", interface="ether1")
    return found


def interface(router: Router, name: str) -> dict[str, str]:
    return next(row for row in router.rows("/interface") if row["name"] == name)


@TUNNELS
def test_a_tunnel_prints_its_defaults(router: Router, menu: str, type_: str, name: str, mtu: str) -> None:
    id_ = router.add(menu, remote_address=FAR)
    [row] = router.rows(menu)
    assert row.pop("dynamic", "false") == "false"
    assert row == {
        ".id": id_, "name": name, "mtu": "auto", "actual-mtu": mtu, "local-address": "0.0.0.0", "remote-address": FAR,
        "keepalive": "10s,10", "dscp": "inherit", "clamp-tcp-mss": "true", "dont-fragment": "no",
        "allow-fast-path": "true", "disabled": "false", "running": "true",
    }  # fmt: skip
    seen = interface(router, name)
    assert (seen[".id"], seen["type"], seen["mtu"], seen["actual-mtu"], seen["running"], seen["dynamic"]) == (
        id_, type_, "auto", mtu, "true", "false",
    )  # fmt: skip


def test_a_tunnel_for_ethernet_prints_its_defaults(router: Router) -> None:
    id_ = router.add(EOIP, remote_address=FAR, tunnel_id="7")
    [row] = router.rows(EOIP)
    mac = row.pop("mac-address")
    assert row == {
        ".id": id_, "name": "eoip-tunnel1", "mtu": "auto", "actual-mtu": "1458", "local-address": "0.0.0.0",
        "remote-address": FAR, "keepalive": "10s,10", "dscp": "inherit", "clamp-tcp-mss": "true",
        "dont-fragment": "no", "allow-fast-path": "true", "l2mtu": "65535", "arp": "enabled", "arp-timeout": "auto",
        "loop-protect": "default", "loop-protect-status": "off", "loop-protect-send-interval": "5s",
        "loop-protect-disable-time": "5m", "tunnel-id": "7", "disabled": "false", "running": "true",
    }  # fmt: skip
    seen = interface(router, "eoip-tunnel1")
    assert (seen[".id"], seen["type"], seen["mtu"], seen["mac-address"]) == (id_, "eoip", "auto", mac)
    router.call("/interface/set", {".id": "eoip-tunnel1", "comment": "to b"})
    assert router.rows(EOIP)[0]["comment"] == "to b"


@pytest.mark.parametrize(
    ("written", "read"), [("02-5e-b8-26-a7-0b", "02:5E:B8:26:A7:0B"), ("02:5E:B8.26:A7:0B", ""), ("02:5E:B8:26:A7", "")]
)
def test_mac_addresses_read_back_with_colons(router: Router, written: str, read: str) -> None:
    words = {"remote_address": FAR, "tunnel_id": "7", "mac_address": written}
    if not read:
        with pytest.raises(Trap, match="invalid value for argument mac-address"):
            router.add(EOIP, **words)
        return
    router.add(EOIP, **words)
    assert interface(router, "eoip-tunnel1")["mac-address"] == read


def test_virtual_router_prints_its_defaults(router: Router) -> None:
    id_ = router.add(VRRP, interface="ether2", vrid="20")
    [row] = router.rows(VRRP)
    wanted = {
        "name": "vrrp1", "mtu": "1500", "mac-address": "00:00:5E:00:01:14", "arp": "enabled", "arp-timeout": "auto",
        "interface": "ether2", "vrid": "20", "priority": "100", "interval": "1s", "preemption-mode": "true",
        "authentication": "none", "password": "", "on-backup": "", "on-fail": "", "on-master": "", "version": "3",
        "v3-protocol": "ipv4", "group-authority": "", "group-master": "", "sync-connection-tracking": "false",
        "disabled": "false", "invalid": "false", "running": "true", "master": "true",
    }  # fmt: skip
    assert wanted.items() <= row.items()
    seen = interface(router, "vrrp1")
    assert (seen[".id"], seen["type"], seen["mac-address"]) == (id_, "vrrp", "00:00:5E:00:01:14")


def test_a_virtual_router_runs_while_its_interface_does(router: Router) -> None:
    router.add(VRRP, name="gw", interface="ether2", version="3", v3_protocol="ipv6", group_authority="self")
    assert interface(router, "gw")["mac-address"] == "00:00:5E:00:02:01"
    router.call("/interface/disable", {".id": "ether2"})
    [row] = router.rows(VRRP)
    assert (row["running"], row.get("master"), row["group-authority"]) == ("false", None, "self")
    assert interface(router, "gw")["running"] == "false"


def test_the_mtu_of_a_virtual_router_is_the_routers_own_since_7_20(router: Router) -> None:
    old = Router("7.16.2")
    old.add(VRRP, interface="ether2", mtu="1400")
    assert interface(old, "vrrp1")["actual-mtu"] == "1400"
    with pytest.raises(Trap, match="unknown parameter mtu"):
        router.add(VRRP, interface="ether2", mtu="1400")


@TUNNELS
def test_either_menu_changes_both(router: Router, menu: str, type_: str, name: str, mtu: str) -> None:
    router.add(menu, name="to-b", remote_address=FAR)
    router.call("/interface/set", {".id": "to-b", "name": "to-c", "mtu": "1400", "comment": "c", "disabled": "yes"})
    [row] = router.rows(menu)
    assert [row[each] for each in ("name", "mtu", "actual-mtu", "comment", "disabled", "running")] == [
        "to-c", "1400", "1400", "c", "true", "false",
    ]  # fmt: skip
    router.call(f"{menu}/set", {".id": "to-c", "name": name, "mtu": "auto", "comment": "", "disabled": "no"})
    seen = interface(router, name)
    assert [seen.get(each) for each in ("type", "mtu", "actual-mtu", "comment", "running")] == [
        type_, "auto", mtu, None, "true",
    ]  # fmt: skip


def test_only_tunnels_find_their_mtu_themselves(router: Router) -> None:
    with pytest.raises(Trap, match="invalid value for argument mtu"):
        router.call("/interface/set", {".id": "ether1", "mtu": "auto"})


def test_names_are_one_among_all_interfaces(router: Router) -> None:
    router.add(GRE, name="to-b", remote_address=FAR)
    for menu, words in ((IPIP, {"remote_address": FAR}), (VRRP, {"interface": "ether2"})):
        for taken in ("ether1", "to-b"):
            with pytest.raises(Trap, match="already have interface with such name"):
                router.add(menu, name=taken, **words)
    with pytest.raises(Trap, match="already have interface with such name"):
        router.call(f"{GRE}/set", {".id": "to-b", "name": "ether1"})


def test_others_name_a_tunnel_and_follow_its_name(router: Router) -> None:
    router.add(GRE, name="to-b", remote_address=FAR)
    router.add("/interface/list", name="VPN")
    router.add("/interface/list/member", list="VPN", interface="to-b")
    router.add("/ip/address", address="10.255.0.1/30", interface="to-b")
    router.add("/ip/route", dst_address="192.168.20.0/24", gateway="to-b")
    router.add("/ip/route", dst_address="192.168.30.0/24", gateway="10.255.0.2%to-b")
    router.add("/ip/firewall/filter", chain="forward", action="accept", in_interface="to-b")

    def named() -> list[str]:
        routes = [row["gateway"] for row in router.rows("/ip/route") if row.get("static")]
        address, member = router.rows("/ip/address")[1], router.rows("/interface/list/member")[0]
        [rule] = router.rows("/ip/firewall/filter")
        return [*routes, address["interface"], member["interface"], rule["in-interface"]]

    assert named() == ["to-b", "10.255.0.2%to-b", "to-b", "to-b", "to-b"]
    assert [row["immediate-gw"] for row in router.rows("/ip/route")][:2] == ["to-b", "10.255.0.2%to-b"]
    router.call(f"{GRE}/set", {".id": "to-b", "name": "hq"})
    assert named() == ["hq", "10.255.0.2%hq", "hq", "hq", "hq"]
    id_ = interface(router, "hq")[".id"]
    router.call(f"{GRE}/remove", {".id": "hq"})
    assert named() == [id_, f"10.255.0.2%{id_}", id_, id_, id_]
    assert [row["active"] for row in router.rows("/ip/route")][:2] == ["false", "false"]
    assert router.rows("/ip/firewall/filter")[0]["invalid"] == "true"
    # What is wrong with it already keeps nobody from changing the rest of it.
    router.call("/ip/route/set", {".id": "*1", "comment": "to be mended"})


def test_removal_in_either_menu_is_removal_in_both(router: Router) -> None:
    for menu, where in ((GRE, GRE), (IPIP, "/interface")):
        router.add(menu, name="to-b", remote_address=FAR)
        router.call(f"{where}/remove", {".id": "to-b"})
        assert router.rows(menu) == []
        assert "to-b" not in {row["name"] for row in router.rows("/interface")}


def test_keepalive_can_be_taken_away(router: Router) -> None:
    router.add(GRE, name="one", remote_address=FAR, keepalive="00:01:00,3")
    router.add(GRE, name="two", remote_address=FAR, **{"!keepalive": ""})
    assert [row.get("keepalive") for row in router.rows(GRE)] == ["1m,3", None]
    router.call(f"{GRE}/unset", {".id": "one", "value-name": "keepalive"})
    assert "keepalive" not in router.rows(GRE)[0]
    with pytest.raises(Trap, match="out of range"):
        router.call(f"{GRE}/set", {".id": "one", "keepalive": "0s,3"})


def test_a_secret_does_not_go_with_the_fast_path(router: Router) -> None:
    with pytest.raises(Trap, match="can't enable fastpath together with ipsec"):
        router.add(GRE, remote_address=FAR, ipsec_secret="s")
    router.add(GRE, remote_address=FAR, ipsec_secret="s", allow_fast_path="no")
    assert router.rows(GRE)[0]["ipsec-secret"] == "s"
    router.call(f"{GRE}/unset", {".id": "gre-tunnel1", "value-name": "ipsec-secret"})
    assert "ipsec-secret" not in router.rows(GRE)[0]


def test_the_far_end_may_have_a_name(router: Router) -> None:
    router.add("/ip/dns/static", name="b.example.com", address=FAR)
    router.add(IPIP, remote_address="b.example.com")
    assert router.rows(IPIP)[0]["current-remote-address"] == FAR
    with pytest.raises(Trap, match="invalid value for argument remote-address"):
        router.add(IPIP, remote_address="203.0.113.300")


def test_a_seed_may_bring_both_entries() -> None:
    """As they are read from a router; each of them alone will do, too."""
    router = Router("7.22.3")
    router.seed({
        "/interface": [{"name": "to-b", "type": "gre-tunnel", "mtu": "auto"}],
        GRE: [{"name": "to-b", "remote-address": FAR}, {"name": "to-c", "remote-address": "192.0.2.3"}],
        "/ip/address": [{"address": "10.255.0.1/30", "interface": "to-b"}],
    })  # fmt: skip
    assert [row[".id"] for row in router.rows(GRE)] == [interface(router, name)[".id"] for name in ("to-b", "to-c")]
    assert sum(row["name"] == "to-b" for row in router.rows("/interface")) == 1
