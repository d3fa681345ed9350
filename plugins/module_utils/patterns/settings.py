# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for all tunnels of a router, and what their entries are known by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.overhead import ETHERNET
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.readers import Read, taken, truth, whole
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.tunnel import Peering, Tunnel

# Without a dash, so that what all tunnels share under one prefix is never what one tunnel has under another.
PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
Kind = TypeVar("Kind", bound="Names")


@dataclass(frozen=True)
class Names:
    """What the tunnels of one router are known by, and what holds for all sorts of them."""

    prefix: str = "s2s"
    allow_weak: bool = False
    firewall: bool = True
    """Let the peers in and the traffic of the tunnels through, where a tunnel does not say otherwise."""

    @property
    def peers(self) -> str:
        """Name of the address list with the other ends."""
        return f"{self.prefix}-peers"

    @property
    def local(self) -> str:
        """Name of the address list with the router's own ends, where tunnels name them."""
        return f"{self.prefix}-local"

    @property
    def shared(self) -> str:
        """The mark of what no tunnel has alone; ends with a colon, so that nothing is its by a name alone."""
        return f"{self.prefix}:"

    def mark(self, tunnel: Peering) -> str:
        """What the tunnel's entries are known by."""
        return f"{self.prefix}-{tunnel.name}"


@dataclass(frozen=True)
class Settings(Names):
    """Names and switches for the tunnels of one router that carry networks by policy."""

    nat_bypass: bool = True
    """Keep the traffic of the tunnels from being translated, where a tunnel does not say otherwise."""
    mss_clamp: bool = False
    """Lower the segment size of TCP connections to what a tunnel takes."""
    outer_mtu: int = ETHERNET
    """Largest packet on the way between the routers."""

    @property
    def remote(self) -> str:
        """Name of the address list with the networks behind them."""
        return f"{self.prefix}-remote"

    def passes(self, tunnel: Tunnel) -> bool:
        """Whether the firewall is to let the tunnel through."""
        return self.firewall if tunnel.firewall is None else tunnel.firewall

    def bypasses(self, tunnel: Tunnel) -> bool:
        """Whether the tunnel's traffic is to stay untranslated; IPv6 is not translated anyway."""
        return self._keeps(tunnel) and not tunnel.carries_ipv6

    def exempts(self, tunnel: Tunnel) -> bool:
        """Whether what the router itself sends from the tunnel's local address is to stay untranslated."""
        return self._keeps(tunnel) and tunnel.has_local_address4

    def _keeps(self, tunnel: Tunnel) -> bool:
        return self.nat_bypass if tunnel.nat_bypass is None else tunnel.nat_bypass


# Extra variables come as text: "false" must not switch anything on.
READERS: Mapping[str, Read] = {
    "prefix": str,
    "allow_weak": truth,
    "firewall": truth,
    "nat_bypass": truth,
    "mss_clamp": truth,
    "outer_mtu": whole(576, 65535),
}


def settings_from(kind: type[Kind], given: Mapping[str, object], others: Sequence[str]) -> Kind:
    """Settings from options as people write them; `others` are options besides. Raises ValueError with a sentence."""
    known = [each.name for each in fields(kind)]
    if unknown := sorted(given.keys() - set(known)):
        raise ValueError(f"{unknown[0]}: there is no such option; allowed is {', '.join((*known, *others))}")
    values = {name: taken(name, value, READERS[name]) for name, value in given.items()}
    return kind(**values)  # type: ignore[arg-type]


def wrong_prefix(role: str, names: Names) -> Iterator[str]:
    """A sentence for a prefix that could be taken for a tunnel's mark."""
    if not PREFIX.fullmatch(names.prefix):
        yield f"{role}_prefix: {names.prefix!r} was given, allowed are letters, digits and _"
