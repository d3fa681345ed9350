# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sites with an internet between them, each a live twin and a host behind it, for tests of what packets do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import librouteros
from librouteros.query import Key
from twin.live import Host, Internet, Lab, Plan, Router

SECRET = "a-secret-for-two-sites"
WAN = {"a": "198.51.100.2", "b": "203.0.113.2"}
GATEWAY = {"a": "198.51.100.1", "b": "203.0.113.1"}
LAN = {"a": "192.168.10", "b": "192.168.20"}
SECOND = {"a": "172.16.10", "b": "172.16.20"}
FAR = {"a": "b", "b": "a"}
HOST = {site: f"{LAN[site]}.10" for site in "ab"}
IPSEC = ("policy", "identity", "peer", "proposal", "profile")
# Who gives up waiting takes a late answer for the next one; where much else runs, kernels take long for a device.
PATIENCE = 60
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Side:
    """What one end of the tunnel is configured with; words of RouterOS."""

    mode: str = "ike2"
    secret: str = SECRET
    profile: Mapping[str, str] = field(default_factory=dict)
    proposal: Mapping[str, str] = field(default_factory=dict)
    peer: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[Mapping[str, str], ...] = ({},)

    def menus(self, site: str) -> dict[str, Rows]:
        far = FAR[site]
        profile = {"name": "p", "dh-group": "modp2048", "enc-algorithm": "aes-256", "hash-algorithm": "sha256"}
        proposal = {"name": "q", "auth-algorithms": "sha256", "enc-algorithms": "aes-256-cbc", "pfs-group": "modp2048"}
        peer = {"name": "far", "address": WAN[far], "exchange-mode": self.mode, "profile": "p"}
        identity = {"peer": "far", **({} if "auth-method" in self.identity else {"secret": self.secret})}
        policy = {"peer": "far", "tunnel": "yes", "src-address": f"{LAN[site]}.0/24",
                  "dst-address": f"{LAN[far]}.0/24", "proposal": "q"}  # fmt: skip
        return {
            "profile": [{**profile, **self.profile}],
            "proposal": [{**proposal, **self.proposal}],
            "peer": [{**peer, **self.peer}],
            "identity": [{**identity, **self.identity}],
            "policy": [{**policy, **each} for each in self.policies],
        }


def site(name: str, **more: Rows) -> Router:
    """A router without IPsec and without a firewall; `more` are further menus."""
    seed: dict[str, Rows] = {
        "/ip/address": [
            {"address": f"{WAN[name]}/24", "interface": "ether1"},
            {"address": f"{LAN[name]}.1/24", "interface": "ether2"},
            {"address": f"{SECOND[name]}.1/24", "interface": "ether2"},
        ],
        "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": GATEWAY[name]}],
    }
    return Router({"ether1": "internet", "ether2": f"host-{name}"}, seed={**seed, **more})


def plan(ipsec: str = "", **more: Rows) -> Plan:
    """Both sites; `more` are menus that both have."""
    return Plan(
        {name: site(name, **more) for name in "ab"},
        {f"host-{name}": Host(f"{HOST[name]}/24", f"{LAN[name]}.1") for name in "ab"},
        Internet({name: f"{GATEWAY[name]}/24" for name in "ab"}),
        ipsec,
    )


class Sites:
    """A lab of two sites, spoken to as a user would: by the API, and by pings between the hosts."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.api = {
            name: librouteros.connect("127.0.0.1", "admin", "", port=found.port, timeout=PATIENCE)
            for name, found in lab.routers.items()
        }

    def close(self) -> None:
        for each in self.api.values():
            each.close()

    def path(self, site: str, menu: str) -> Any:
        return self.api[site].path(*menu.strip("/").split("/"))

    def rows(self, site: str, menu: str) -> list[dict[str, Any]]:
        return list(self.path(site, menu))

    def set(self, site: str, menu: str, **values: str) -> None:
        """Change every entry of a menu that is not the router's own."""
        for row in self._own(site, menu):
            self.path(site, menu).update(**{".id": row[".id"], **{k.replace("_", "-"): v for k, v in values.items()}})

    def _own(self, site: str, menu: str) -> list[dict[str, Any]]:
        return [row for row in self.rows(site, menu) if not row.get("default") and not row.get("dynamic")]

    def clear(self) -> None:
        """Take IPsec and firewall away, and begin the logs anew."""
        for name in self.api:
            for menu in (*(f"/ip/ipsec/{each}" for each in IPSEC), "/ip/firewall/filter", "/ip/firewall/nat"):
                if ids := [row[".id"] for row in self._own(name, menu)]:
                    self.path(name, menu).remove(*ids)

    def configure(self, a: Side | None = None, b: Side | None = None) -> None:
        """Take away what was, and make both ends; by default they fit."""
        self.clear()
        self.lay(a, b)

    def lay(self, a: Side | None = None, b: Side | None = None) -> None:
        """Make both ends on top of what there is."""
        for name, side in (("a", a or Side()), ("b", b or a or Side())):
            for menu, rows in side.menus(name).items():
                for row in rows:
                    self.path(name, f"/ip/ipsec/{menu}").add(**row)

    def ping(self, source: str = "host-a", target: str = HOST["b"], count: int = 1) -> bool:
        return self.lab.run(source, "ping", "-n", "-c", str(count), "-W", "1", "-i", "0.2", target).status == 0

    def crosses(self, patience: float = 15.0) -> bool:
        """Whether a ping goes from host to host before time is over."""
        return until(self.ping, patience)

    def stands(self, patience: float = 15.0) -> bool:
        """Whether all policies of both ends that encrypt come to stand."""
        return until(lambda: all(self._up(name) for name in self.api), patience)

    def _up(self, site: str) -> bool:
        states = [row.get("ph2-state") for row in self.rows(site, "/ip/ipsec/policy") if row.get("action") == "encrypt"]
        return bool(states) and all(state == "established" for state in states)

    def errors(self, site: str) -> list[str]:
        """What the log calls an error of IPsec."""
        topics, message = Key("topics"), Key("message")
        found = self.path(site, "/log").select(topics, message)
        return [str(row["message"]) for row in found if "ipsec" in row["topics"] and "error" in row["topics"]]


def until(holds: Callable[[], bool], patience: float) -> bool:
    """Ask again until something holds or time is over."""
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
