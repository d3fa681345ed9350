# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes connections with several peers as people write them down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import (
    DETECTORS,
    METHODS,
    Cluster,
    Connection,
    Detection,
    Intent,
    Member,
    SharedAddress,
    Uplink,
    Way,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.intake import NAME, Options, tunnel_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.readers import Read, one_of, taken, truth, whole
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.intake import link_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import ADDRESS, duration

Thing = TypeVar("Thing")
OF_WAY = ("name", "watch", "uplink")
"""Options of a peer that a tunnel alone does not have."""
OF_CONNECTION = ("peers", "method")
OF_PEER = (
    "remote_address",
    "local_address",
    "my_id",
    "remote_id",
    "psk",
    "certificate",
    "remote_certificate",
    "passive",
)
"""Options of a tunnel that are said of each peer; what is said of the connection holds for those that say nothing."""
OF_LINK = ("tunnel_address", "tunnel_id", "peer_address")
"""And those of a tunnel that is an interface."""
INTERVAL = duration()


class Bad(ValueError):
    """Something cannot be read; the text says what, what was given and what is allowed."""


def intent_from(options: Options) -> tuple[Intent, list[str]]:
    """The intent that the role's options describe, and sentences for what cannot be read."""
    problems: list[str] = []
    connections = []
    for number, given in enumerate(_mappings(options, "tunnels", problems), start=1):
        try:
            connections.append(_connection(given, options))
        except ValueError as problem:
            problems.append(f"tunnel {given.get('name') or number}: {problem}")
    try:
        return _intent(tuple(connections), options), problems
    except ValueError as problem:
        return Intent(tuple(connections)), [*problems, str(problem)]


def _intent(connections: tuple[Connection, ...], options: Options) -> Intent:
    return Intent(
        connections,
        read(Detection, options.get("detect"), "detect", DETECTION),
        taken("fail_back", options.get("fail_back", True), truth),
        taken("fail_back_after", options.get("fail_back_after", 60), whole(0, 86400)),
        tuple(_each(Uplink, options, "uplinks", UPLINK)),
        _cluster(options.get("vrrp")),
        str(options.get("host", "")),
    )


def _mappings(options: Options, name: str, problems: list[str]) -> Iterator[Options]:
    value = options.get(name) or []
    if not isinstance(value, list | tuple):
        problems.append(f"{name}: a list is expected")
        return
    for number, each in enumerate(value, start=1):
        if isinstance(each, Mapping):
            yield each
        else:
            problems.append(f"{name}: number {number} is not a mapping of options")


def _each(kind: type[Thing], options: Options, name: str, readers: Mapping[str, Read]) -> Iterator[Thing]:
    problems: list[str] = []
    for number, given in enumerate(_mappings(options, name, problems), start=1):
        yield read(kind, given, f"{name}, {given.get('name') or given.get('host') or number}", readers)
    if problems:
        raise Bad(problems[0])


def read(kind: type[Thing], given: object, where: str, readers: Mapping[str, Read]) -> Thing:
    """The value that a mapping describes; raises Bad."""
    if given is not None and not isinstance(given, Mapping):
        raise Bad(f"{where}: options by name are expected, such as {next(iter(readers))}")
    values: dict[str, object] = {}
    for name, value in dict(given or {}).items():
        if name not in readers:
            raise Bad(f"{where}: {name}: there is no such option; allowed is {', '.join(readers)}")
        if value is not None:
            values[name] = taken(f"{where}: {name}", value, readers[name])
    if needed := [name for name in REQUIRED.get(kind, ()) if name not in values]:
        raise Bad(f"{where}: {', '.join(needed)} is missing")
    return kind(**values)


def _connection(given: Options, options: Options) -> Connection:
    shared = {name: value for name, value in given.items() if name not in OF_CONNECTION}
    name, method = str(given.get("name") or ""), str(given.get("method") or options.get("method") or "policy_switch")
    if method not in METHODS:
        raise Bad(f"method: {method!r} was given, allowed is {', '.join(METHODS)}")
    known = [each.name for each in fields(Link if method == "routed" else Tunnel)]
    if unknown := sorted(map(str, shared.keys() - set(known))):
        raise Bad(f"{unknown[0]}: there is no such option; allowed is {', '.join((*known, *OF_CONNECTION))}")
    problems: list[str] = []
    ways = []
    for number, peer in enumerate(_mappings(given, "peers", problems), start=1):
        try:
            ways.append(_way(peer, {**_preferred(number, method, options), **shared}, method, options))
        except ValueError as problem:
            raise Bad(f"peer {peer.get('name') or number}: {problem}") from None
    if problems:
        raise Bad(problems[0])
    if str(given.get("state") or "present") == "absent":
        # What is to go needs a name and nothing else; its peers go with it.
        tunnel_from({"name": name, "state": "absent"}, {}, {})
        return Connection(name, method, present=False)
    if not ways:
        # For what is wrong with the rest.
        tunnel_from(shared, *_algorithms(method, options))
    return Connection(name, method, tuple(ways))


def _preferred(number: int, method: str, options: Options) -> Options:
    """What makes the earlier of two interfaces the one that is used, and lets a dead one be noticed."""
    if method != "routed":
        return {}
    detection = read(Detection, options.get("detect"), "detect", DETECTION)
    # RouterOS sends them from both ends, and routes over an interface that hears nothing back are not used.
    return {"distance": str(number), "keepalive": f"{detection.interval}s,{detection.failures}"}


def _algorithms(method: str, options: Options) -> tuple[Any, Any]:
    """Profile and proposal for all; what is no mapping is told by who takes them."""
    profile, detect = options.get("profile") or {}, options.get("detect") or {}
    # Interfaces have keepalives. A session that is given up as soon costs packets if its way is back by then.
    if method != "routed" and isinstance(profile, Mapping) and isinstance(detect, Mapping):
        profile = {"dpd_interval": f"{detect.get('interval') or Detection().interval}s", **profile}
    return profile, options.get("proposal") or {}


def _way(peer: Options, shared: Options, method: str, options: Options) -> Way:
    allowed = (*OF_WAY, *OF_PEER, *(OF_LINK if method == "routed" else ()))
    for option in sorted(map(str, peer.keys() - set(allowed))):
        raise Bad(f"{option}: there is no such option; allowed is {', '.join(allowed)}")
    name = str(peer.get("name") or "")
    if not NAME.fullmatch(name):
        raise Bad(f"name: {name!r} was given, allowed are letters, digits and . _ - after a letter or digit")
    own = {option: value for option, value in peer.items() if option not in OF_WAY and value is not None}
    if "certificate" in own or "psk" in own:
        # One proof takes the place of the other.
        shared = {option: value for option, value in shared.items() if option not in ("certificate", "psk")}
    take = link_from if method == "routed" else tunnel_from
    tunnel = take({**shared, **own}, *_algorithms(method, options))
    more = {option: str(peer[option]) for option in OF_WAY if peer.get(option) is not None}
    return Way(**{**more, "tunnel": tunnel})  # type: ignore[arg-type]


def _cluster(given: object) -> Cluster:
    if given is None or given == {}:
        return Cluster()
    if not isinstance(given, Mapping):
        raise Bad("vrrp: options by name are expected, such as members")
    plain = {name: value for name, value in given.items() if name not in ("members", "addresses")}
    found = read(Cluster, plain, "vrrp", CLUSTER)
    named = given.get("members") or {}
    if not isinstance(named, Mapping):
        raise Bad("vrrp.members: routers by their name in the inventory are expected")
    members = [
        read(Member, {"host": host, **(each if isinstance(each, Mapping) else {})}, f"vrrp.members.{host}", MEMBER)
        for host, each in named.items()
    ]
    shared = _each(SharedAddress, given, "addresses", SHARED)
    return Cluster(tuple(members), tuple(shared), found.interval, found.sync_connections)


def _name(value: object) -> str:
    if not NAME.fullmatch(str(value)):
        raise ValueError("letters, digits and . _ - after a letter or digit")
    return str(value)


def _host(value: object) -> str:
    if not re.fullmatch(r"[0-9.]+", str(value)):
        raise ValueError("an IPv4 address")
    return ADDRESS.normal(str(value))


def _interval(value: object) -> str:
    INTERVAL.normal(str(value))
    return str(value)


REQUIRED: Mapping[type[object], tuple[str, ...]] = {
    Member: ("priority",),
    SharedAddress: ("name", "interface", "vrid", "address"),
    Uplink: ("name", "gateway"),
}
DETECTION: Mapping[str, Read] = {
    "by": one_of(*DETECTORS),
    "interval": whole(1, 3600),
    "packets": whole(1, 100),
    "timeout": whole(1, 60),
    "port": whole(1, 65535),
    "failures": whole(1, 100),
}
UPLINK: Mapping[str, Read] = {
    "name": _name,
    "gateway": _host,
    "check": _host,
    "local_address": _host,
    "default_route": truth,
}
CLUSTER: Mapping[str, Read] = {"interval": _interval, "sync_connections": truth}
MEMBER: Mapping[str, Read] = {"host": str, "priority": whole(1, 254), "address": _host}
SHARED: Mapping[str, Read] = {"name": _name, "interface": str, "vrid": whole(1, 255), "address": _host}
