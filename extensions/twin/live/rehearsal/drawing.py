# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a lab from what was read off routers: a twin for each, an internet between them, a host per local network.

What is read is told by the playbook `rehearse.yml`, in the words of the module `network_info`. What a lab cannot have
as it is on the router is told in notes, so that whoever reads the outcome knows what it is worth.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from ..topology import INTERNET, Host, Internet, Plan, Router
from . import made
from .flows import Flow, checked

Found = Mapping[str, Any]
Rows = list[dict[str, str]]
ANYWHERE = "0.0.0.0/0"
PLACEHOLDER = "placeholder-of-a-rehearsal"
LONGEST = 12
PORT = re.compile(r"[A-Za-z0-9._-]{1,15}")


@dataclass(frozen=True)
class Network:
    """A local network: who has it, by which interface, and the one host that the lab has in it."""

    router: str
    interface: str
    own: IPv4Interface
    host: IPv4Address
    node: str


@dataclass
class Drawing:
    """A lab, and how its parts are called outside of it."""

    plan: Plan
    nodes: dict[str, str]
    """The router's node by its name in the inventory."""
    outside: dict[str, str]
    """Its address in the internet, if it has one."""
    networks: list[Network]
    configs: dict[str, dict[str, Any]]
    """What is to be applied to the twin that runs, as the module `config` takes it."""
    notes: list[str]


@dataclass
class _Site:
    """A router while it is drawn."""

    name: str
    node: str
    number: int
    found: Found
    wan: str = ""
    outside: IPv4Interface | None = None
    gateway: str = ""
    notes: list[str] = field(default_factory=list)
    kinds: Collection[str] = ()
    """Kinds of interfaces that people make and a lab can have."""

    @property
    def made(self) -> frozenset[str]:
        return made.names(self.found, self.kinds)

    def note(self, text: str) -> None:
        self.notes.append(f"{self.name}: {text}")


def draw(
    routers: Mapping[str, Found], account: tuple[str, str], asked: Sequence[str] = (), kinds: Collection[str] = ()
) -> Drawing:
    """The lab for routers by their inventory names. Raises ValueError.

    `asked` are addresses that hosts should have, `kinds` those of `made.KINDS` that the lab can have.
    """
    nodes = enumerate(_nodes(routers).items(), 1)
    sites = [_Site(name, node, number, routers[name], kinds=kinds) for number, (name, node) in nodes]
    for site in sites:
        _find_outside(site)
        for name in sorted(made.names(site.found, made.KINDS) - site.made):
            site.note(f"its interface {name} is there by name only, so nothing goes through it")
    networks = [each for site in sites for each in _networks(site, [IPv4Address(text) for text in asked])]
    twins = {site.node: _twin(site, [each for each in networks if each.router == site.name], account) for site in sites}
    hosts = {each.node: Host(f"{each.host}/{each.own.network.prefixlen}", str(each.own.ip)) for each in networks}
    plan = Plan(twins, hosts, _internet(sites))
    plan.check()
    outside = {site.name: str(site.outside.ip) for site in sites if site.outside}
    configs = {site.name: _config(site, twins[site.node].seed) for site in sites}
    return Drawing(plan, _nodes(routers), outside, networks, configs, [text for site in sites for text in site.notes])


def _nodes(names: Mapping[str, Found]) -> dict[str, str]:
    """A name for each router that a node can have: its own where that will do."""
    return {name: name if _fits(name) else f"router-{number}" for number, name in enumerate(names, 1)}


def _fits(name: str) -> bool:
    plain = name.isascii() and name.replace("-", "").isalnum() and len(name) <= LONGEST
    return plain and name != INTERNET and not name.startswith(("router-", "net-"))


def _find_outside(site: _Site) -> None:
    """Where the active default route leads, and the address there; a router without one stands for itself."""
    defaults = [route for route in site.found["routes"] if route["dst_address"] == ANYWHERE and route["active"]]
    main = [route for route in defaults if route["routing_table"] in ("", "main")]
    if not main:
        return site.note("it has no active default route, so it is not plugged into the internet")
    hop = (main[0]["immediate_gw"] or main[0]["gateway"]).split(",")[0]
    gateway, _percent, site.wan = hop.rpartition("%")
    if not _percent and _is_address(hop):
        gateway, site.wan = hop, ""
    if len(main) > 1 or "," in (main[0]["immediate_gw"] or main[0]["gateway"]):
        site.note(f"of several ways out only the one by {site.wan or gateway} is played")
    for own, interface in _addresses(site.found):
        if interface == site.wan or (gateway and not site.wan and IPv4Address(gateway) in own.network):
            site.wan, site.outside, site.gateway = interface, own, gateway
            break
    else:
        raise ValueError(f"{site.name} has a default route by {hop}, and no address there")
    _make_room(site)
    return None


def _make_room(site: _Site) -> None:
    """Give a line that leads to one other end, such as PPPoE, a network with a gateway in it."""
    assert site.outside
    if site.gateway and IPv4Address(site.gateway) in site.outside.network:
        return
    for prefix in range(30, 23, -1):
        wider = IPv4Interface(f"{site.outside.ip}/{prefix}")
        others = [each for each in wider.network.hosts() if each != wider.ip]
        if len(others) < wider.network.num_addresses - 2:
            break
    site.note(f"its address {site.outside.ip} on {site.wan} is played as {wider}, with a gateway {others[0]}")
    site.outside, site.gateway = wider, str(others[0])


def _addresses(found: Found) -> Iterator[tuple[IPv4Interface, str]]:
    for row in found["addresses"]:
        if not row["disabled"] and not row["invalid"]:
            yield IPv4Interface(row["address"]), row["interface"]


def _networks(site: _Site, asked: Sequence[IPv4Address]) -> Iterator[Network]:
    """One for each interface but that to the internet; an interface's cable leads to one host."""
    seen = {site.wan}
    for number, (own, interface) in enumerate(_addresses(site.found), 1):
        if interface == site.wan or interface in site.made:
            continue
        if own.network.prefixlen > 30 or interface in seen or not PORT.fullmatch(interface):
            site.note(f"nothing is plugged in for {own} on {interface}")
            continue
        seen.add(interface)
        wanted = sorted({each for each in asked if each in own.network and each != own.ip})
        if len(wanted) > 1:
            raise ValueError(f"flows name several hosts of {own.network}, and a lab has one in each network")
        first = [each for each in itertools.islice(own.network.hosts(), 10) if each != own.ip]
        host = wanted[0] if wanted else first[-1]
        yield Network(site.name, interface, own, host, f"net-{site.number}-{number}")


def _internet(sites: Sequence[_Site]) -> Internet | None:
    """Plugged in where the gateways were; raises ValueError where two are in one network."""
    addresses: dict[str, str] = {}
    known: dict[IPv4Network, str] = {}
    for site in sites:
        if not site.outside:
            continue
        if other := known.get(site.outside.network):
            raise ValueError(f"{other} and {site.name} are both in {site.outside.network}, which a lab cannot have")
        known[site.outside.network] = site.name
        addresses[site.node] = f"{site.gateway}/{site.outside.network.prefixlen}"
    return Internet(addresses) if addresses else None


def _twin(site: _Site, networks: Sequence[Network], account: tuple[str, str]) -> Router:
    ports = {each.interface: each.node for each in networks}
    if site.outside:
        if not PORT.fullmatch(site.wan):
            raise ValueError(f"{site.name}: an interface called {site.wan!r} cannot lead to the internet of a lab")
        ports[site.wan] = INTERNET
    return Router(
        ports, site.found["version"], seed=_seed(site), users=dict([account]), tls=True, client=site.found["client"]
    )


def _seed(site: _Site) -> dict[str, Rows]:
    """What modules of the collection do not manage; the rest is applied by them to the twin that runs."""
    found = site.found
    lists = [row for row in found["interface_lists"] if not row["builtin"] and not row["dynamic"]]
    members = [row for row in found["interface_list_members"] if not row["dynamic"]]
    return {
        "/interface": [
            {"name": row["name"], "type": row["type"], "disabled": _word(row["disabled"])}
            for row in found["interfaces"]
            if row["type"] != "loopback" and row["name"] not in site.made
        ],
        # Lists may include each other in any order.
        "/interface/list": [{"name": row["name"]} for row in lists]
        + [_some(row, "name", "include", "exclude") for row in lists if row["include"] or row["exclude"]],
        "/interface/list/member": [
            {**_some(row, "list", "interface"), "disabled": _word(row["disabled"])}
            for row in members
            if row["interface"] not in site.made
        ],
        "/ip/address": [{"address": str(own), "interface": interface} for own, interface in _planted(site)],
        "/ip/pool": [_some(row, "name", "ranges") for row in found["pools"]],
        "/certificate": [{"name": row["name"], "common-name": row["name"]} for row in found["certificates"]],
        "/ip/service": [
            {"name": row["name"], "port": str(row["port"]), "disabled": _word(row["disabled"])}
            for row in found["gathered"].get("ip_service", ())
        ],
        "/ip/route": [*_routes(site)],
    }


def _planted(site: _Site) -> Iterator[tuple[IPv4Interface, str]]:
    for own, interface in _addresses(site.found):
        if interface in site.made:
            continue
        outside = site.outside and interface == site.wan and own.ip == site.outside.ip
        yield (site.outside if site.outside and outside else own), interface


def _routes(site: _Site) -> Iterator[dict[str, str]]:
    """The default route, however the router came by it, and the static ones."""
    if site.outside:
        yield {"dst-address": ANYWHERE, "gateway": site.gateway}
    for row in site.found["routes"]:
        if row["dynamic"] or row["disabled"] or row["dst_address"] == ANYWHERE:
            continue
        if made.leads_through(site.found, row["gateway"], site.made):
            continue
        if row["routing_table"] not in ("", "main"):
            site.note(f"its route to {row['dst_address']} in table {row['routing_table']} is left out")
            continue
        yield {
            "dst-address": row["dst_address"],
            "gateway": row["gateway"],
            **({"distance": row["distance"]} if row["distance"] else {}),
        }


def _config(site: _Site, seed: Mapping[str, Any]) -> dict[str, Any]:
    """What was gathered, less what cannot be there without a secret; where one has to be, a placeholder is."""
    apart = (*made.PLANTED, *(f"interface_{kind}" for kind in made.KINDS), "ipsec_key_psk")
    found = {menu: entries for menu, entries in site.found["gathered"].items() if menu not in apart}
    found |= made.config(site.found, site.kinds, seed)
    if site.found["gathered"].get("ipsec_key_psk"):
        site.note("its one-time keys are left out, since keys are not read")
    identities = []
    for entry in found.get("ipsec_identity", ()):
        secret = str(entry.get("auth_method", "pre-shared-key")).startswith("pre-shared-key")
        identities.append({**entry, "secret": PLACEHOLDER} if secret else entry)
        if secret:
            site.note(f"its secret for {entry.get('peer')} is not read; before the change the twins agree on another")
        if entry.get("certificate"):
            site.note(f"its certificate for {entry.get('peer')} is there by name only, so that tunnel does not stand")
    return {**found, **({"ipsec_identity": identities} if identities else {})}


def _some(row: Found, *names: str) -> dict[str, str]:
    return {name: str(row[name]) for name in names if row[name]}


def _word(flag: bool) -> str:
    return "yes" if flag else "no"


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def places(wanted: Sequence[Found]) -> list[str]:
    """The addresses of single hosts that flows name."""
    return [str(each[end]) for each in map(checked, wanted) for end in ("from", "to") if _is_address(str(each[end]))]


def flows(drawing: Drawing, wanted: Sequence[Found]) -> list[Flow]:
    """Flows in terms of the lab; without any, a ping from each local network to each of the other routers'."""
    if wanted:
        return [_flow(drawing, each) for each in wanted]
    alone = [each for each in drawing.networks if not _elsewhere(drawing, each)]
    return [
        Flow(one.node, str(other.host), name=f"{one.own.network} to {other.own.network}")
        for one, other in itertools.permutations(alone, 2)
        if one.router != other.router
    ]


def _elsewhere(drawing: Drawing, network: Network) -> bool:
    """Whether another router has addresses of this network, too: then nobody can tell where a packet went."""
    others = (each for each in drawing.networks if each.router != network.router)
    return any(each.own.network.overlaps(network.own.network) for each in others)


def _flow(drawing: Drawing, wanted: Found) -> Flow:
    source, _dummy = _end(drawing, str(checked(wanted)["from"]))
    listener, address = _end(drawing, str(wanted["to"]))
    name = wanted.get("name") or f"{wanted['from']} to {wanted['to']}"
    rest = {key: each for key, each in wanted.items() if key not in ("from", "to", "name")}
    if listener in drawing.plan.routers:
        listener = ""
    return Flow.read({**rest, "from": source, "to": address, "listener": listener, "name": name})


def _end(drawing: Drawing, text: str) -> tuple[str, str]:
    """Node and address of one end: a router by name or address, a local network, or a host by its address."""
    own = {name: [str(own.ip) for own in _own(drawing, name)] for name in drawing.nodes}
    for name, addresses in own.items():
        if text == name or text in addresses:
            return drawing.nodes[name], drawing.outside.get(name, addresses[0]) if text == name else text
    for each in drawing.networks:
        if text in (str(each.own.network), str(each.host)):
            return each.node, str(each.host)
    known = ", ".join([*own, *(str(each.own.network) for each in drawing.networks)])
    raise ValueError(f"a flow names {text}, which is not in the lab; there are: {known}")


def _own(drawing: Drawing, name: str) -> list[IPv4Interface]:
    return [IPv4Interface(row["address"]) for row in drawing.plan.routers[drawing.nodes[name]].seed["/ip/address"]]
