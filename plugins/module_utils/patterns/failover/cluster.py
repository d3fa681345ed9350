# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What routers need that share addresses by VRRP: the interfaces, the addresses, and that they hear each other."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover import scripts
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import Intent, Member
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry

SYNC_PORT = "8275"
"""Where a member hears of the other one's connections."""


def leader(prefix: str, intent: Intent) -> str:
    """The interface that the others of the router follow."""
    return f"{prefix}/{intent.cluster.addresses[0].name}"


def interfaces(intent: Intent, prefix: str, scripts_of: list[str]) -> Iterator[Entry]:
    """A virtual router for each address; the first one runs the scripts, and the others go where it goes."""
    own = intent.cluster.own(intent.host)
    for number, shared in enumerate(intent.cluster.addresses):
        name = f"{prefix}/{shared.name}"
        entry: Entry = {
            "name": name,
            "interface": shared.interface,
            "vrid": shared.vrid,
            "priority": own.priority,
            "interval": intent.cluster.interval,
            "preemption_mode": intent.fail_back,
            "version": "3",
            "comment": name,
        }
        if number == 0:
            moved = "; ".join(map(scripts.run, scripts_of))
            entry |= {"on_master": moved, "on_backup": moved, **_synchronised(intent)}
        if len(intent.cluster.addresses) > 1:
            entry["group_authority"] = leader(prefix, intent) if number else "self"
        yield entry


def _synchronised(intent: Intent) -> Entry:
    """Both know the other's connections, where there is one other."""
    if not intent.cluster.sync_connections:
        return {}
    return {"sync_connection_tracking": True, "remote_address": _others(intent)[0].address}


def _others(intent: Intent) -> list[Member]:
    return [member for member in intent.cluster.members if member.host != intent.host]


def addresses(intent: Intent, prefix: str) -> Iterator[Entry]:
    """The shared addresses; a host's mask, for the network is the interface's below."""
    for shared in intent.cluster.addresses:
        name = f"{prefix}/{shared.name}"
        yield {"address": shared.address, "interface": name, "comment": f"{name}: shared"}


def rules(intent: Intent, prefix: str) -> Iterator[Entry]:
    """Without hearing the others every router takes itself for the only one."""
    for interface in dict.fromkeys(shared.interface for shared in intent.cluster.addresses):
        yield {
            "chain": "input",
            "action": "accept",
            "protocol": "vrrp",
            "in_interface": interface,
            "dst_address": "224.0.0.18",
            "comment": f"{prefix}: VRRP on {interface}",
        }
    for member in _others(intent) if intent.cluster.sync_connections else ():
        yield {
            "chain": "input",
            "action": "accept",
            "protocol": "udp",
            "dst_port": SYNC_PORT,
            "src_address": member.address,
            "comment": f"{prefix}: connections of {member.host}",
        }
