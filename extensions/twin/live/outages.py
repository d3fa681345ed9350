# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be broken in a lab while it runs: cables, daemons and whole routers; and mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from . import netns
from .netns import Broken
from .topology import Cable, Plan

if TYPE_CHECKING:
    from ..server import Server
    from .plane import LivePlane

IKE, VRRP = "ike", "vrrp"
_TABLE = "netdev blackhole"
# Thrown away as it arrives, before any firewall or bridge sees it.
_DROP = 'table {table} {{ chain in {{ type filter hook ingress device "{device}" priority -500; policy drop; }}; }}'


class Outages:
    """The verbs of failure; each raises ValueError for what is not there."""

    def __init__(self, plan: Plan, servers: Mapping[str, Server], planes: Mapping[str, LivePlane]) -> None:
        self.plan = plan
        self.servers = servers
        self.planes = planes
        self._pulled: set[tuple[str, str]] = set()
        self._swallowing: set[tuple[str, str]] = set()
        self._off: set[str] = set()
        self.verbs: Mapping[str, Callable[..., None]] = {
            "cut": self.cut,
            "blackhole": self.blackhole,
            "mend": self.mend,
            "kill": self.kill,
            "revive": self.revive,
            "power-off": self.power_off,
            "power-on": self.power_on,
        }

    def act(self, verb: str, names: Sequence[str]) -> None:
        """Do what a verb says, to the nodes or the daemon named."""
        try:
            self.verbs[verb](*names)
        except Broken as error:
            raise ValueError(str(error)) from None

    def cut(self, one: str, other: str) -> None:
        """Take the cables between two nodes out: neither end has carrier."""
        for cable in self._cables(one, other):
            for node, device in self._ends_to_pull(cable):
                self._pulled.add((node, device))
                self._plug(node, device)

    def blackhole(self, one: str, other: str) -> None:
        """Let whatever crosses the cables between two nodes vanish; both ends keep their carrier."""
        for cable in self._cables(one, other):
            for node, device in (cable[:2], cable[2:]):
                if (node, device) not in self._swallowing:
                    netns.run(["nft", _DROP.format(table=f"{_TABLE}_{device}", device=device)], node=node)
                    self._swallowing.add((node, device))

    def mend(self, one: str, other: str) -> None:
        """Undo what was cut or made a black hole between two nodes."""
        for cable in self._cables(one, other):
            for node, device in (cable[:2], cable[2:]):
                if (node, device) in self._swallowing:
                    netns.run(["nft", "delete", "table", *f"{_TABLE}_{device}".split()], node=node)
                    self._swallowing.remove((node, device))
                if (node, device) in self._pulled:
                    self._pulled.remove((node, device))
                    self._plug(node, device)

    def _cables(self, one: str, other: str) -> list[Cable]:
        found = [cable for cable in self.plan.links() if cable.joins(one, other)]
        if not found:
            raise ValueError(f"there is no cable between {one} and {other}")
        return found

    def _ends_to_pull(self, cable: Cable) -> list[tuple[str, str]]:
        """A device that is down shows as no carrier at the other end; routers' are their planes' to take down."""
        ends = [(cable.one, cable.device), (cable.other, cable.far)]
        routers = [end for end in ends if end[0] in self.plan.routers]
        switches = [end for end in ends if end[0] in self.plan.switches]
        return routers or switches or ends[:1]

    def _plug(self, node: str, device: str) -> None:
        """Bring one end of a cable to what it should be now."""
        if node in self.planes:
            pulled = {port for name, port in self._pulled if name == node}
            self.planes[node].plug(frozenset(self.plan.routers[node].ports) - pulled)
        elif (node, device) in self._pulled:
            netns.ip([f"link set {device} down"], node)
        else:
            netns.ip([f"link set {device} up", *self._routes(node, device)], node)

    def _routes(self, node: str, device: str) -> list[str]:
        """Those that went with a device, of a host or a gateway."""
        return [f"route replace {network} via {hop}" for network, hop in self.plan.routes_by(node, device)]

    def kill(self, router: str, daemon: str) -> None:
        """End a router's daemon as a crash does, without a word to anybody."""
        plane = self._daemon(router, daemon)
        (plane.kill_ike if daemon == IKE else plane.kill_vrrp)()

    def revive(self, router: str, daemon: str) -> None:
        """Start a daemon that was killed."""
        plane = self._daemon(router, daemon)
        (plane.revive_ike if daemon == IKE else plane.revive_vrrp)()

    def _daemon(self, router: str, daemon: str) -> LivePlane:
        self._router(router)
        if daemon not in (IKE, VRRP):
            raise ValueError(f"no daemon is called {daemon}; there are: {IKE}, {VRRP}")
        if router in self._off:
            raise ValueError(f"{router} has no power")
        return self.planes[router]

    def power_off(self, router: str) -> None:
        """Take a router's power away: its ports are down, its daemons gone, its API takes no connection."""
        self._router(router)
        if router not in self._off:
            self._off.add(router)
            self.servers[router].faults.off = True
            self.servers[router].drop_all()
            self.planes[router].power_off()

    def power_on(self, router: str) -> None:
        """Let a router start with what is configured, as after a reboot."""
        self._router(router)
        if router in self._off:
            self._off.remove(router)
            self.planes[router].power_on()
            self.servers[router].faults.off = False
            self.servers[router].reboot()

    def _router(self, name: str) -> None:
        if name not in self.planes:
            raise ValueError(f"there is no router {name}; there are: {', '.join(self.planes)}")
