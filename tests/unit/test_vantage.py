# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a router sees the session that asks, as far as its replies tell; and that nothing is guessed beyond that."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Refused,
    Reply,
    Session,
    Target,
    Trap,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec import POLICY
from ansible_collections.vpnops.mikrotik.plugins.module_utils.vantage import Surroundings, survey, tunnelled

Rows = Sequence[Mapping[str, str]]
NO = Trap("not enough permissions (9)")
ME = {"name": "admin", "address": "192.0.2.10", "via": "api-ssl"}
LAN = {"address": "192.0.2.1/24", "interface": "bridge", "disabled": "false"}
WAN = {"address": "203.0.113.2/30", "interface": "ether1", "disabled": "false"}
DIALLED = Target("192.0.2.1", user="admin")


class Fake:
    """Answers every question from a table of rows by path; a Trap in it is a refusal."""

    def __init__(self, rows: Mapping[str, Rows | Trap]) -> None:
        self.rows = {"/system/resource": [{"version": "7.22.3 (stable)"}], **rows}
        self.asked: list[Command] = []
        self.warnings: list[str] = []

    def run(self, commands: Sequence[Command]) -> list[Reply]:
        self.asked += commands
        return [self._answer(each) for each in commands]

    def _answer(self, asked: Command) -> Reply:
        found = self.rows.get(asked.path, ())
        return Reply(trap=found) if isinstance(found, Trap) else Reply(tuple(found))

    def renew(self) -> None:
        raise AssertionError("nobody is to log in again")

    close = renew


def around(target: Target = DIALLED, *, wide: bool = True, **rows: Rows | Trap) -> Surroundings:
    """What is seen: `active`, `address`, `service`, `policy` and `route` are the rows of these menus."""
    paths = {"active": "/user/active", "policy": "/ip/ipsec/policy"}
    table = {paths.get(name, f"/ip/{name}"): found for name, found in rows.items()}
    session: Session = Fake({"/user/active": [ME], "/ip/address": [LAN, WAN], **table})
    return survey(session, target, wide=wide)


def test_an_ordinary_session() -> None:
    found = around()
    assert str(found.vantage) == "api-ssl, TCP 8729, from 192.0.2.10 on bridge"
    assert found.vantage.routers == ("192.0.2.1",)
    assert not found.vantage.tunnelled
    assert found.local == {"192.0.2.1", "203.0.113.2"}


@pytest.mark.parametrize(
    ("active", "client"),
    [
        pytest.param([ME, ME], "192.0.2.10", id="twice-from-one-place"),
        pytest.param([ME, {**ME, "address": "192.0.2.11"}], None, id="from-two-places"),
        pytest.param([ME, {**ME, "address": "192.0.2.11", "name": "other"}], "192.0.2.10", id="another-user"),
        pytest.param([ME, {**ME, "address": "192.0.2.11", "via": "ssh"}], "192.0.2.10", id="another-way-in"),
        pytest.param([ME, {**ME, "address": "192.0.2.11", "via": "rest-api"}], "192.0.2.10", id="rest"),
        pytest.param([ME, {**ME, "address": "00:53:00:00:00:01", "via": "api"}], "192.0.2.10", id="a-mac-address"),
        pytest.param([ME, {"name": "admin", "via": "console"}], "192.0.2.10", id="no-address"),
        pytest.param([{**ME, "via": ""}], None, id="no-way-in"),
        pytest.param([], None, id="nobody"),
        pytest.param(NO, None, id="no-rights"),
        pytest.param([{**ME, "address": "2001:db8::10"}], "2001:db8::10", id="ipv6"),
        pytest.param([{**ME, "address": "fe80::10%bridge"}], "fe80::10%bridge", id="link-local"),
    ],
)
def test_where_a_session_comes_from(active: Rows | Trap, client: str | None) -> None:
    assert around(active=active).vantage.client == client


@pytest.mark.parametrize(
    ("address", "interface"),
    [
        pytest.param([WAN, LAN], "bridge", id="the-one-whose-network-it-is"),
        pytest.param([{**LAN, "interface": "ether2", "actual-interface": "bridge"}], "bridge", id="a-port-of-a-bridge"),
        pytest.param(
            [{"address": "192.0.0.1/16", "interface": "ether1"}, LAN], "bridge", id="the-narrowest-whichever-is-first"
        ),
        pytest.param([LAN, {**LAN, "address": "192.0.2.2/24", "interface": "ether5"}], None, id="one-network-twice"),
        pytest.param([LAN, {**LAN, "address": "192.0.2.2/24"}], "bridge", id="two-addresses-of-one-network"),
        pytest.param([{**LAN, "disabled": "true"}, WAN], None, id="an-address-that-is-off"),
        pytest.param([{"interface": "ether1"}, LAN], "bridge", id="a-row-without-address"),
        pytest.param(NO, None, id="no-rights"),
    ],
)
def test_the_interface_by_addresses(address: Rows | Trap, interface: str | None) -> None:
    assert around(address=address).vantage.interface == interface


def way(prefix: str, gateway: str) -> Mapping[str, str]:
    return {"dst-address": prefix, "immediate-gw": gateway}


@pytest.mark.parametrize(
    ("route", "interface"),
    [
        pytest.param([way("0.0.0.0/0", "203.0.113.1%ether1")], "ether1", id="by-default"),
        pytest.param(
            [way("198.51.100.0/24", "192.0.2.2%bridge"), way("0.0.0.0/0", "203.0.113.1%ether1")],
            "bridge",
            id="the-narrowest",
        ),
        pytest.param([way("0.0.0.0/0", "a%ether1"), way("0.0.0.0/0", "b%ether2")], None, id="of-two-tables"),
        pytest.param([way("0.0.0.0/0", "a%ether1,b%ether2")], None, id="by-two-at-once"),
        pytest.param([way("0.0.0.0/0", "a%ether1,b%ether1")], "ether1", id="two-by-one"),
        pytest.param([way("0.0.0.0/0", "l2tp-out1")], None, id="without-a-name"),
        pytest.param([{"dst-address": "0.0.0.0/0"}], None, id="a-blackhole"),
        pytest.param([], None, id="no-way"),
        pytest.param(Trap("no such command prefix"), None, id="no-such-menu"),
    ],
)
def test_the_interface_by_routes(route: Rows | Trap, interface: str | None) -> None:
    assert around(active=[{**ME, "address": "198.51.100.7"}], route=route).vantage.interface == interface


def test_routes_are_asked_for_by_all_that_could_lead_there_and_no_more() -> None:
    fake = Fake({"/user/active": [{**ME, "address": "198.51.100.7"}], "/ip/address": [LAN]})
    survey(fake, DIALLED, wide=True)
    (asked,) = [each for each in fake.asked if each.path == "/ip/route"]
    named = [each.removeprefix("?dst-address=") for each in asked.queries if each.startswith("?dst")]
    assert len(named) == 33
    assert all(ip_address("198.51.100.7") in ip_network(each) for each in named)
    # One word more than operators: each of them joins two, and what is left is one answer.
    words = [each for each in asked.queries if not each.startswith("?#")]
    assert len(words) - 1 == len("".join(asked.queries[len(words) :]).replace("?#", ""))


@pytest.mark.parametrize("client", ["2001:db8::10", "fe80::10%bridge"])
def test_a_session_over_ipv6(client: str) -> None:
    found = around(active=[{**ME, "address": client}], route=[way("0.0.0.0/0", "a%ether1")]).vantage
    assert (found.client, found.interface, found.routers) == (client, None, ())


@pytest.mark.parametrize(
    ("service", "port"),
    [
        pytest.param([{"name": "api-ssl", "port": "9000"}], 9000, id="its-own"),
        pytest.param(
            [{"name": "api-ssl", "port": "40000", "dynamic": "true"}, {"name": "api-ssl", "port": "9000"}],
            9000,
            id="rows-of-connections-are-none",
        ),
        pytest.param([{"name": "api", "port": "9000"}], 8729, id="another-service"),
        pytest.param([{"name": "api-ssl", "port": ""}], 8729, id="no-port"),
        pytest.param([], 8729, id="no-services"),
    ],
)
def test_the_port_is_the_one_that_the_router_listens_on(service: Rows, port: int) -> None:
    assert around(Target("192.0.2.1", port=18729), service=service).vantage.port == port


@pytest.mark.parametrize(
    ("resolved", "routers"),
    [
        pytest.param(["192.0.2.1"], ("192.0.2.1",), id="its-own"),
        pytest.param(["203.0.113.2", "192.0.2.1"], ("192.0.2.1", "203.0.113.2"), id="two-of-its-own"),
        pytest.param(["198.51.100.99"], ("192.0.2.1", "203.0.113.2"), id="somebody-translates"),
        pytest.param([], ("192.0.2.1", "203.0.113.2"), id="the-name-leads-nowhere"),
    ],
)
def test_a_name_is_what_it_resolves_to(
    monkeypatch: pytest.MonkeyPatch, resolved: list[str], routers: tuple[str, ...]
) -> None:
    def found(_host: str, _port: object) -> list[tuple[object, ...]]:
        if not resolved:
            raise socket.gaierror("no such name")
        return [(socket.AF_INET, 0, 0, "", (each, 0)) for each in resolved]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    assert around(Target("router.example")).vantage.routers == routers


def test_the_routers_addresses_are_of_the_clients_family() -> None:
    rows = [LAN, {"address": "127.0.0.1/8", "interface": "lo"}]
    assert around(Target("198.51.100.9"), address=rows).vantage.routers == ("192.0.2.1",)
    six = around(Target("198.51.100.9"), address=rows, active=[{**ME, "address": "2001:db8::10"}])
    assert six.vantage.routers == ()
    assert around(Target("198.51.100.9"), active=[]).vantage.routers == ()
    named = around(DIALLED, active=[{**ME, "address": "2001:db8::10"}])
    assert named.vantage.routers == (), "a name of two families, and the session is of the other one"
    assert {packet.dst for (packet, *_dummy) in named.vantage.flow.packets[:2]} == {None}


def test_what_may_not_be_read_of_the_firewall_is_told() -> None:
    with pytest.raises(Refused, match=r"/ip/firewall/filter print: not enough permissions"):
        survey(Fake({"/ip/firewall/filter": NO}), DIALLED, wide=True)


def test_an_account_that_may_ask_nothing_about_itself_is_unknown() -> None:
    assert survey(Fake({"/user/active": NO, "/ip/address": NO}), DIALLED, wide=False).vantage.client is None


def test_a_narrow_view_asks_neither_for_rules_nor_for_the_way() -> None:
    fake = Fake({"/user/active": [ME], "/ip/address": [LAN]})
    assert survey(fake, DIALLED, wide=False).vantage.interface is None
    assert {each.path for each in fake.asked} == {
        *("/system/resource", "/ip/ipsec/policy", "/user/active", "/ip/address"),
    }


FAR = {"src-address": "192.0.2.0/24", "dst-address": "198.51.100.0/24", "peer": "b"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, True, id="through-it"),
        pytest.param({"disabled": "true"}, False, id="off"),
        pytest.param({"template": "true"}, False, id="a-template"),
        pytest.param({"action": "none"}, False, id="an-exception"),
        pytest.param({"action": "discard"}, False, id="a-ban"),
        pytest.param({"dst-address": "203.0.113.0/24"}, False, id="to-somebody-else"),
        pytest.param({"src-address": "203.0.113.0/24"}, False, id="for-somebody-else"),
        pytest.param({"dst-address": "0.0.0.0/0", "src-address": "0.0.0.0/0"}, True, id="for-everybody"),
        pytest.param({"dst-address": "::/0", "src-address": "::/0"}, False, id="of-the-other-family"),
        pytest.param({"dst-address": ""}, False, id="without-an-address"),
        pytest.param({"dst-address": "198.51.100.7"}, True, id="a-single-address"),
    ],
)
def test_a_session_comes_through_a_tunnel(values: Mapping[str, str], expected: bool) -> None:
    policy = Entry("*1", {**FAR, **values})
    assert tunnelled([policy], "198.51.100.7", ("192.0.2.1",)) is expected
    assert tunnelled([policy], None, ("192.0.2.1",)) is False


def test_where_the_router_was_dialled_is_unknown_any_near_side_will_do() -> None:
    assert tunnelled([Entry("*1", FAR)], "198.51.100.7", ())
    assert around(policy=[FAR], active=[{**ME, "address": "198.51.100.7"}]).vantage.tunnelled
    assert POLICY in around().tables
