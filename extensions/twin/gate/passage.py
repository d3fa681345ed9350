# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a management connection's packets pass: raw, then filter, and the service for new connections."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

from .chains import ACCEPTED, DROPPED, REFUSED, UNTRACKED, judge
from .packet import Packet, within
from .seat import Seat
from .world import World

if TYPE_CHECKING:
    from ..router import Router

_SYN, _SYN_ACK, _DATA = frozenset(("syn",)), frozenset(("syn", "ack")), frozenset(("psh", "ack"))


class Gate:
    """The firewall of one router as it treats one seat; raises ValueError for an interface that is not there."""

    def __init__(self, router: Router, seat: Seat) -> None:
        self.router = router
        self.seat = seat
        self.world = World(router, seat)
        # Clients go on dialling what they know, wherever somebody moves the service to.
        self.dialled = {row.values["name"]: row.values["port"] for row in router.tables["/ip/service"]}

    def passage(self, service: str, port: int) -> Passage:
        """The way of one connection to `api` or `api-ssl` from the client's `port`."""
        return Passage(self, service, port)


class Passage:
    """One connection's packets, each judged by the rules that stand when it comes."""

    def __init__(self, gate: Gate, service: str, port: int) -> None:
        self.gate = gate
        self.service = service
        self.port = port
        self.opened = False

    def enters(self) -> str:
        """ACCEPTED, DROPPED or REFUSED for what the client sends next: its SYN, later its data."""
        with self.gate.router.lock:
            if self.gate.seat.routed and not self.gate.world.has_address():
                return DROPPED
            if not self.opened:
                verdict = self._opens()
                self.opened = verdict == ACCEPTED
                return verdict
            return self._in("established", _DATA)

    def leaves(self) -> str:
        """The same for what the router sends."""
        with self.gate.router.lock:
            return self._out(_DATA)

    def _opens(self) -> str:
        """The SYN must pass, find the service, and its answer must leave."""
        verdict = self._in("new", _SYN)
        if verdict == ACCEPTED:
            verdict = self._served()
        return self._out(_SYN_ACK) if verdict == ACCEPTED else verdict

    def _served(self) -> str:
        """A port that nobody listens on answers with a reset; a client that the service does not want is denied."""
        row = self.gate.router.tables["/ip/service"].by_name(self.service)
        if row is None or row.values["disabled"] == "true" or row.values["port"] != self.gate.dialled[self.service]:
            return REFUSED
        allowed = [prefix for prefix in row.values.get("address", "").split(",") if prefix]
        client = ipaddress.ip_address(self.gate.seat.client)
        return ACCEPTED if not allowed or any(within(client, prefix) for prefix in allowed) else DROPPED

    def _in(self, state: str, flags: frozenset[str]) -> str:
        seat = self.gate.seat
        source, target = ipaddress.ip_address(seat.client), ipaddress.ip_address(seat.router)
        packet = (source, target, self.port, int(self.gate.dialled[self.service]))
        return self._chains(
            "prerouting", "input", Packet(*packet, state, flags, in_interface=self.gate.world.interface)
        )

    def _out(self, flags: frozenset[str]) -> str:
        seat = self.gate.seat
        if seat.routed and not (self.gate.world.has_address() and self.gate.world.routes_back()):
            return DROPPED
        source, target = ipaddress.ip_address(seat.router), ipaddress.ip_address(seat.client)
        packet = (source, target, int(self.gate.dialled[self.service]), self.port)
        out = Packet(*packet, "established", flags, out_interface=self.gate.world.interface)
        return self._chains("output", "output", out)

    def _chains(self, raw: str, filter_: str, packet: Packet) -> str:
        """Each direction is untracked by its own notrack rule; what one of them alone does is unverified."""
        verdict = judge(self.gate.world, "raw", raw, packet)
        if verdict not in (ACCEPTED, UNTRACKED):
            return verdict
        state = "untracked" if verdict == UNTRACKED else packet.state
        return judge(self.gate.world, "filter", filter_, replace(packet, state=state))
