# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is broken in which lab, what mends it, and which methods are not made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """Verbs of a lab with their names, to break something and to mend it."""

    breaks: tuple[str, ...]
    mends: tuple[str, ...]


LINK, SILENCE, PROVIDER = "link down", "silent drop", "provider dead"
DAEMON, ROUTER = "IKE daemon killed", "router lost"


def _cable(one: str, other: str, verb: str) -> Failure:
    return Failure((verb, one, other), ("mend", one, other))


UPLINKS = {
    LINK: _cable("hq", "modem1", "cut"),
    SILENCE: _cable("hq", "modem1", "blackhole"),
    PROVIDER: _cable("isp1", "internet", "cut"),
}
FAILURES: Mapping[str, Mapping[str, Failure]] = {
    "two-uplinks": UPLINKS,
    "own-uplinks": UPLINKS,
    "two-routers": {
        LINK: _cable("hq1", "isp1", "cut"),
        SILENCE: _cable("hq1", "isp1", "blackhole"),
        PROVIDER: _cable("isp1", "internet", "cut"),
        DAEMON: Failure(("kill", "hq1", "ike"), ("revive", "hq1", "ike")),
        ROUTER: Failure(("power-off", "hq1"), ("power-on", "hq1")),
    },
    "vrrp": {
        LINK: _cable("hq1", "wan", "cut"),
        SILENCE: _cable("hq1", "wan", "blackhole"),
        ROUTER: Failure(("power-off", "hq1"), ("power-on", "hq1")),
    },
}
ONE_ROUTER = "both ways end at the same router"
NOT_COVERED: Mapping[tuple[str, str], str] = {
    ("two-uplinks", DAEMON): ONE_ROUTER,
    ("two-uplinks", ROUTER): ONE_ROUTER,
    ("own-uplinks", DAEMON): ONE_ROUTER,
    ("own-uplinks", ROUTER): ONE_ROUTER,
    ("vrrp", PROVIDER): "both routers have the same provider",
    ("vrrp", DAEMON): "VRRP asks whether the router lives, not whether its IKE does",
}
# A router whose daemon is gone answers pings all the same.
NOT_NOTICED: Mapping[tuple[str, str], str] = {
    ("policy_switch", DAEMON): "the router still answers pings; with `detect: {by: dpd}` it is noticed",
    ("policy_switch quickly", DAEMON): "the router still answers pings",
    ("routed", DAEMON): "keys that stand go on without a daemon, until they end",
}


def reason(method: str, lab: str, failure: str) -> str:
    """Why a method is not made for a failure; empty where it is."""
    return NOT_COVERED.get((lab, failure), "") or NOT_NOTICED.get((method, failure), "")
