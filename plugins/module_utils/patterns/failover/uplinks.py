# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of a router with several uplinks: which one is used, and which peer is reached by which.

A modem answers pings while the provider behind it is dead. So the default routes go by a host behind the provider,
which itself is reached by that provider's gateway alone, and RouterOS asks that host.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover import scripts, timers
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import Intent, Uplink, Way
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ipsec import Entry

# A route whose gateway is to be found by another one has to look as far as that one's scope, and one further.
NEAR, BEYOND = 10, 11
LAST = 254
"""Distance of what is used when nothing else is."""


def mark_of(prefix: str) -> str:
    """What the script and the timer of the uplinks are known by."""
    return f"{prefix}: uplinks"


def routes(intent: Intent, prefix: str) -> Iterator[Entry]:
    """The way to each provider, the default routes in their order, and the pinned ways to peers."""
    for distance, uplink in enumerate(intent.uplinks, start=1):
        if uplink.check:
            comment = f"{prefix}: {uplink.name} is asked by {uplink.check}"
            yield {"dst_address": f"{uplink.check}/32", "gateway": uplink.gateway, "scope": NEAR, "comment": comment}
        if uplink.default_route:
            comment = scripts.uplink_mark(prefix, uplink)
            yield {"dst_address": "0.0.0.0/0", **_by(uplink), "distance": distance, "comment": comment}


def pins(intent: Intent, way: Way, name: str) -> Iterator[Entry]:
    """A peer is reached by its own uplink or not at all: by another one the other end would see a stranger."""
    for uplink in intent.uplinks:
        if uplink.name == way.uplink:
            peer = f"{way.tunnel.remote_address}/32"
            yield {"dst_address": peer, **_by(uplink), "distance": 1, "comment": scripts.pin_mark(name, uplink.name)}
            yield {"dst_address": peer, "blackhole": True, "distance": LAST, "comment": f"{name}: by no other"}


def _by(uplink: Uplink) -> Entry:
    if uplink.check:
        return {"gateway": uplink.check, "target_scope": BEYOND, "check_gateway": "ping"}
    return {"gateway": uplink.gateway, "check_gateway": "ping"}


def forgetting(intent: Intent, prefix: str) -> tuple[list[Entry], list[Entry]]:
    """The script that forgets connections of an uplink that is not used any more, and its timer."""
    if len([uplink for uplink in intent.uplinks if uplink.local_address and uplink.default_route]) < 2:
        return [], []
    mark = mark_of(prefix)
    ways = [uplink for uplink in intent.uplinks if uplink.default_route]
    source = scripts.uplinks(prefix, ways)
    return [timers.script(mark, source)], [timers.timer(mark, intent.detection.interval)]
