# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs a router's scripts: netwatch when a host is lost, and the scheduler all the time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover import scripts
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import Connection, Detection
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Place, plain
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.passage import has_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Tunnel

POLICIES = ["read", "test", "write"]
"""Netwatch's own scripts have these and `reboot`, so none of these scripts may need more (cli.md 11)."""
# An explicit start, for some versions do not fire without one (cli.md 11), before what any clock may show.
START = {"start_date": "1970-01-02", "start_time": "00:00:00"}
STARTUP = "10s"
PATIENT = {"thr_avg": "30s", "thr_max": "30s", "thr_stdev": "30s", "thr_jitter": "30s"}
"""A slow answer is an answer."""


def script(mark: str, source: str) -> Entry:
    """A script under the mark's name."""
    return {"name": mark, "source": source, "policy": POLICIES, "comment": mark}


def timer(mark: str, seconds: int) -> Entry:
    """What runs the script again and again."""
    return {
        "name": mark,
        "on_event": scripts.run(mark),
        "interval": f"{seconds}s",
        **START,
        "policy": POLICIES,
        "comment": mark,
    }


def watches(connection: Connection, mark: str, detection: Detection) -> Iterator[Entry]:
    """Who is to be asked whether the peers can be reached; with `dpd` only to know when a lost one may be back."""
    for way in connection.ways:
        name = f"{mark}/{way.name}"
        # Whoever has several addresses may be answered by another way than the one that is asked about.
        source = {"src_address": way.tunnel.local_address} if way.tunnel.local_address else {}
        down = {} if detection.by == "dpd" else {"down_script": scripts.begin_anew(mark)}
        yield {
            "name": name,
            "host": way.watched,
            **source,
            "interval": f"{detection.interval}s",
            "timeout": f"{detection.timeout}s",
            # Else the script knows nothing of its peers for five minutes after a restart.
            "startup_delay": STARTUP,
            **_asking(detection),
            **down,
            "comment": name,
        }


def checked(connections: Iterable[Connection], settings: Settings) -> dict[Place, set[str]]:
    """The hosts that are asked from an own address, by their place in the list, with the names of the connections."""
    needs = defaultdict[Place, set[str]](set)
    for connection in connections:
        for way in connection.ways if connection.method == "policy_switch" else ():
            if isinstance(way.tunnel, Tunnel) and settings.exempts(way.tunnel):
                needs[_watched(settings), plain(way.watched)].add(connection.name)
    return needs


def own_checks(lists: Iterable[Entry], settings: Settings) -> Iterator[Entry]:
    """Lets the checks leave from the address that they are made from: translated, another way would be asked."""
    if has_entries(lists, _watched(settings)):
        yield {
            "chain": "srcnat",
            "action": "accept",
            "src_address_list": settings.local,
            "dst_address_list": _watched(settings),
            "comment": f"{settings.prefix}: no NAT of own checks",
        }


def _watched(settings: Settings) -> str:
    return f"{settings.prefix}-watched"


def _asking(detection: Detection) -> Entry:
    if detection.by == "tcp":
        return {"type": "tcp-conn", "port": detection.port}
    packets = {"packet_count": detection.packets, "packet_interval": f"{detection.spread}ms"}
    return {"type": "icmp", **packets, **PATIENT}
