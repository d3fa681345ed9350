# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the router sees its client, and how what cannot be worked out is decided."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

DENIED = ("hang", "close")


class Unplayed(Exception):
    """A rule or setting that the gate cannot judge: a defect of the rehearsal, never a packet that passes."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the twin does not play {what} on the connections that manage it")


@dataclass
class Seat:
    """Whoever connects comes from `client`, to the router's address `router`, in through `interface`.

    `denied` is what becomes of packets that are dropped: "hang" (nothing is answered until the firewall lets them
    through again, as TCP sends anew) or "close" (the connection is cut). `tokens` says whether rates have room left,
    `others` whether conditions hold that no fact decides: chance, time of day, contents, sizes. `invalid` says
    whether rules act that name an interface or list which is gone; no source tells. `routed` says whether addresses and
    routes count as well: packets then come in only while the router has the address, and answers go out only while
    they are routed by `interface`. All of them may be set while the twin runs.
    """

    client: str = "192.168.88.10"
    router: str = "192.168.88.1"
    interface: str = "ether2"
    denied: str = "hang"
    tokens: bool = True
    others: bool = False
    invalid: bool = False
    routed: bool = False

    def __post_init__(self) -> None:
        if ipaddress.ip_address(self.client).version != ipaddress.ip_address(self.router).version:
            raise ValueError(f"{self.client} and {self.router} are not of one family")

    @property
    def cuts(self) -> bool:
        """Whether denied connections are cut; raises ValueError for a word that is neither."""
        if self.denied not in DENIED:
            raise ValueError(f"denied is {self.denied!r}; it can be {', '.join(DENIED)}")
        return self.denied == "close"
