# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a router how it sees the session that asks, and reads all that decides about packets to the router itself."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network

from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Tables, read_also
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.dial import PORTS, host_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Reply, Session, Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Vantage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import BROUGHT, SERVICE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.addresses import ADDRESS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec import POLICY
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import ALL

LISTS = ("/interface/list", "/interface/list/member")
WIRES = ("ether", "bridge", "vlan", "bond", "wlan", "wifi", "macvlan", "loopback")
"""Interfaces, by RouterOS's type, whose packets do not come out of a tunnel."""
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Surroundings:
    """What stands around a change: who asks for it, and all that decides about packets, dynamic entries included."""

    vantage: Vantage
    tables: Tables
    local: frozenset[str]
    """The router's own addresses."""
    interfaces: frozenset[str] = frozenset()
    """Names of its interfaces; empty: it did not tell."""
    covered: bool = False
    """A policy, whatever it does, is for the packets of the session."""
    near: bool = False
    """The client is on a network of the router's own, and not behind a tunnel."""


def survey(session: Session, target: Target, *, wide: bool) -> Surroundings:
    """See who asks, and whether through a tunnel; `wide`: also what stands on the way, and the interface."""
    menus = [menu for menu in ALL if menu.path in (*BROUGHT, *LISTS, SERVICE) and wide] + [POLICY]
    questions = [
        Command("/user/active", "print", {".proplist": "name,address,via"}),
        Command(ADDRESS.path, "print", {".proplist": ".id,address,interface,actual-interface,disabled,dynamic"}),
        Command("/interface", "print", {".proplist": "name,type"}),
    ]
    _dummy, tables, (active, addresses, interfaces) = read_also(
        session, target.host, menus, questions, with_dynamic=True
    )
    own = [row for row in _rows(addresses) if row.get("disabled") != "true" and row.get("address")]
    # Whoever may not read them has none here, and the guard finds out.
    tables[ADDRESS] = read_entries(ADDRESS, _rows(addresses))
    local = frozenset(row["address"].partition("/")[0] for row in own)
    client = client_of(_rows(active), target.user)
    routers = tuple(_dialled(_addresses(target) & local, local, client))
    vantage = Vantage(
        target.transport,
        _port(tables, target.transport),
        client,
        routers,
        _interface(session, own, client) if wide else None,
        tunnelled(tables.get(POLICY, ()), client, routers),
    )
    kinds = {row.get("name", ""): row.get("type", "") for row in _rows(interfaces)}
    covered = concerned(tables.get(POLICY, ()), client, routers)
    return Surroundings(vantage, tables, local, frozenset(kinds), covered, _near(own, client, kinds))


def _near(own: Rows, client: str | None, kinds: Mapping[str, str]) -> bool:
    """Whether nothing can lie between that IPsec carries: not so where GRE or PPP bring the client's network."""
    if client is None:
        return False
    if ip_address(client).is_loopback:
        return True
    names = [row.get("actual-interface") or row.get("interface", "") for row in own if _holds(row["address"], client)]
    return bool(names) and all(kinds.get(name) in WIRES for name in names)


def _addresses(target: Target) -> set[str]:
    """Where the router was dialled; it may know itself by another address, behind somebody's translation."""
    try:
        return {str(each[4][0]) for each in socket.getaddrinfo(host_of(target), None)}
    except OSError:
        return set()


def _dialled(named: Iterable[str], local: Iterable[str], client: str | None) -> list[str]:
    """The router's addresses that may have been dialled: named ones, else any of the client's family.

    A name may have addresses of both families; the session has one.
    """
    if client is None:
        return sorted(named)
    version = ip_address(client).version
    found = [each for each in sorted(named) if ip_address(each).version == version]
    own = [ip_address(each) for each in sorted(local)]
    return found or [str(each) for each in own if each.version == version and not each.is_loopback]


def _rows(reply: Reply) -> Rows:
    return [] if reply.trap else [dict(row) for row in reply.rows]


def client_of(rows: Rows, user: str) -> str | None:
    """Where the session comes from; None while the same user is logged in over the API from several places."""
    found = {row.get("address", "") for row in rows if row.get("name") == user and row.get("via", "").startswith("api")}
    found = {address for address in found if _is_address(address)}
    return found.pop() if len(found) == 1 else None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _port(tables: Tables, service: str) -> int:
    """The port that the router itself listens on; ours may lead there through somebody's translation."""
    for menu, entries in tables.items():
        if menu.path == SERVICE:
            for entry in entries:
                if entry.values.get("name") == service and not entry.dynamic:
                    return int(entry.values.get("port") or PORTS[service])
    return PORTS[service]


def _interface(session: Session, own: Rows, client: str | None) -> str | None:
    """The interface whose network the client is in, else the one by which the router would answer it.

    None when there are several: the networks of two may be the same, and other tables may have other ways.
    """
    if client is None or ip_address(client).version != 4:
        return None
    # The port of a bridge may hold the address; packets come in by the bridge.
    places = [(row["address"], row.get("actual-interface") or row.get("interface", "")) for row in own]
    near = _narrowest((ip_interface(text).network.prefixlen, name) for text, name in places if _holds(text, client))
    if not near:
        (reply,) = session.run([_way(client)])
        # Packets may come in another way than answers go out; the guard, unlike this guess, does not depend on it.
        near = _narrowest(
            (ip_network(row["dst-address"]).prefixlen, each.rpartition("%")[2])
            for row in _rows(reply)
            for each in row.get("immediate-gw", "").split(",")
            if "%" in each
        )
    return near.pop() if len(near) == 1 else None


def _holds(text: str, client: str) -> bool:
    return ip_address(client) in ip_interface(text).network


def _narrowest(ways: Iterable[tuple[int, str]]) -> set[str]:
    """The names that go with the longest prefix."""
    found = list(ways)
    longest = max((length for length, _dummy in found), default=None)
    return {name for length, name in found if length == longest}


def _way(client: str) -> Command:
    """The active routes to an address; a router may have a million others."""
    networks = [str(ip_network(f"{client}/{length}", strict=False)) for length in range(33)]
    queries = ("?active=true", *(f"?dst-address={each}" for each in networks), *("?#|",) * 32, "?#&")
    return Command("/ip/route", "print", {".proplist": "dst-address,immediate-gw"}, queries)


def tunnelled(policies: Iterable[Entry], client: str | None, routers: Sequence[str]) -> bool:
    """Whether the session comes through a tunnel."""
    encrypting = (each for each in policies if each.values.get("action", "encrypt") == "encrypt")
    return concerned(encrypting, client, routers)


def concerned(policies: Iterable[Entry], client: str | None, routers: Sequence[str]) -> bool:
    """Whether an enabled policy has the client on its far side, and the router, where it is known, on the near one.

    One that discards takes the answers away, and one that passes in clear may keep them out of their tunnel.
    """
    for entry in policies:
        values = entry.values
        if entry.disabled or values.get("template") in ("true", "yes"):
            continue
        near = not routers or any(_inside(each, values.get("src-address", "")) for each in routers)
        if client and near and _inside(client, values.get("dst-address", "")):
            return True
    return False


def _inside(address: str, prefix: str) -> bool:
    try:
        network = ip_network(prefix, strict=False)
    except ValueError:
        return False
    return ip_address(address) in network
