# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hub and its spokes, each with a secret of its own, all of it there from the start."""

from __future__ import annotations

import librouteros
from twin.live import Host, Internet, Lab, Plan, Router

from tests.live.conftest import able
from tests.live.sites import Rows, until

SPOKES = {1: "203.0.113.2", 2: "192.0.2.2"}
HUB = "198.51.100.2"
POLICY = "/ip/ipsec/policy"


def router(name: str, wan: str, lan: str, peers: dict[str, tuple[str, str, str]]) -> Router:
    """A router whose peers have an address, a network behind it, and a secret."""
    gateway = f"{wan.rpartition('.')[0]}.1"
    seed: dict[str, Rows] = {
        "/ip/address": [
            {"address": f"{wan}/24", "interface": "ether1"},
            {"address": f"{lan}.1/24", "interface": "ether2"},
        ],
        "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": gateway}],
        "/ip/ipsec/peer": [
            {"name": name, "address": address, "exchange-mode": "ike2"} for name, (address, _lan, _key) in peers.items()
        ],
        "/ip/ipsec/identity": [{"peer": name, "secret": secret} for name, (_address, _lan, secret) in peers.items()],
        POLICY: [
            {"peer": name, "tunnel": "yes", "src-address": f"{lan}.0/24", "dst-address": f"{far}.0/24"}
            for name, (_address, far, _key) in peers.items()
        ],
    }
    return Router({"ether1": "internet", "ether2": f"pc-{name}"}, seed=seed)


def plan() -> Plan:
    hub = {f"spoke{n}": (wan, f"192.168.{n}", f"secret-of-spoke-{n}") for n, wan in SPOKES.items()}
    spokes = {
        f"spoke{n}": router(f"spoke{n}", wan, f"192.168.{n}", {"hub": (HUB, "192.168.100", f"secret-of-spoke-{n}")})
        for n, wan in SPOKES.items()
    }
    addresses = {"hub": "198.51.100.1/24", "spoke1": "203.0.113.1/24", "spoke2": "192.0.2.1/24"}
    lans = {"hub": 100, "spoke1": 1, "spoke2": 2}
    hosts = {f"pc-{name}": Host(f"192.168.{n}.10/24", f"192.168.{n}.1") for name, n in lans.items()}
    return Plan({"hub": router("hub", HUB, "192.168.100", hub), **spokes}, hosts, Internet(addresses))


def test_each_spoke_stands_by_its_own_secret() -> None:
    able()
    with Lab(plan()) as lab:
        api = librouteros.connect("127.0.0.1", "admin", "", port=lab.routers["hub"].port)
        try:
            menu = api.path("ip", "ipsec", "policy")
            assert until(lambda: [row.get("ph2-state") for row in menu][1:] == ["established"] * 2, 20)
            for n in SPOKES:
                assert lab.run("pc-hub", "ping", "-c", "1", "-W", "1", f"192.168.{n}.10").status == 0
        finally:
            api.close()
