# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pings through a tunnel: from which of the router's addresses, and what came of them.

A ping without a source address takes that of the interface it leaves by, which no policy is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.choose import leads, lies_in
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import (
    Row,
    Rows,
    Selector,
    Tunnel,
    number,
    on,
)


class NoWay(ValueError):
    """A ping that would not go through a tunnel; the text says why."""


@dataclass(frozen=True)
class Ping:
    """What somebody wants to be pinged."""

    address: str
    src_address: str = ""
    """Empty: an address of the router's own that a policy takes."""
    count: int = 3


@dataclass(frozen=True)
class Aim:
    """A ping through a tunnel, ready to be sent."""

    peer: str
    address: str
    src_address: str
    count: int

    @property
    def words(self) -> Row:
        """The command's arguments."""
        return {"address": self.address, "src-address": self.src_address, "count": str(self.count)}


@dataclass(frozen=True)
class Pinged:
    """What came of a ping."""

    aim: Aim
    sent: int
    received: int
    status: str
    """The router's word where an answer is missing, such as `timeout`."""

    @property
    def answered(self) -> bool:
        """One answer is enough: the first request often goes while the tunnel is still being made."""
        return self.received > 0


def aim(ping: Ping, tunnels: Sequence[Tunnel], own: Rows) -> Aim:
    """The tunnel that a ping goes through and its source address, out of `own`, rows of `/ip/address`.

    Raises NoWay where no policy leads there, or none does from an address of the router.
    """
    ways = [(each.peer, policy) for each in tunnels for policy in each.policies if leads(policy, ping.address)]
    if not ways:
        raise NoWay(f"ping {ping.address}: no policy of the tunnels asked for leads there")
    for peer, policy in ways:
        source = _source(ping, policy, own)
        if source:
            return Aim(peer, ping.address, source, ping.count)
    networks = ", ".join(dict.fromkeys(policy.src_address for _dummy, policy in ways))
    if ping.src_address:
        raise NoWay(f"ping {ping.address}: src_address {ping.src_address} is in no policy that leads there: {networks}")
    raise NoWay(
        f"ping {ping.address}: the router has no address of its own in {networks}, which the policies that lead there "
        "are for; give it one, or ping from a host there"
    )


def _source(ping: Ping, policy: Selector, own: Rows) -> str:
    """The source address for one policy; empty where there is none."""
    if ping.src_address:
        return ping.src_address if lies_in(ping.src_address, policy.src_address) else ""
    here = [row.get("address", "").partition("/")[0] for row in own if not on(row, "disabled")]
    return next((each for each in here if lies_in(each, policy.src_address)), "")


def pinged(sent: Aim, rows: Rows) -> Pinged:
    """What the rows that ping printed, one per request, come to."""
    last = rows[-1] if rows else {}
    missing = [row["status"] for row in rows if row.get("status")]
    return Pinged(sent, number(last, "sent"), number(last, "received"), next(reversed(missing), ""))
