# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of nftables that keep what policies are for from going in clear, whether or not keys are there for it.

The system knows what it encrypts. A daemon in user space has a device of its own for that, so what a policy is for and
another device carries is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...model import Row, Values
from ..nft.ruleset import Guards
from .policies import in_force, network, port, protocol

TUNNEL = "ipsec0"
# How a packet is known that is not encrypted, or was not, by whether the system encrypts.
CLEAR = {
    False: (f'oifname != "{TUNNEL}"', f'iifname != "{TUNNEL}"'),
    True: ("rt ipsec missing", "meta secpath missing"),
}
# IKE goes past all policies, and so does what is encrypted already.
_PAST = ("udp sport { 500, 4500 } accept", "udp dport { 500, 4500 } accept", "meta l4proto { 50, 51 } accept")


def guards(policies: Iterable[Row], *, kernel: bool) -> Guards:
    """Policies in their order; the first that fits a packet decides."""
    out_clear, in_clear = CLEAR[kernel]
    leaving, entering = [*_PAST, 'oifname "lo" accept'], [*_PAST, 'iifname "lo" accept']
    for _number, row in in_force(policies):
        leaving += _lines(row.values, _selector(row.values, turned=False), out_clear)
        entering += _lines(row.values, _selector(row.values, turned=True), in_clear)
    return Guards(leaving, entering)


def _lines(values: Values, selector: str, clear: str) -> list[str]:
    accept, drop = f"{selector} accept".strip(), f"{selector} drop".strip()
    if values["action"] == "discard":
        return [drop]
    if values["action"] == "none" or values["level"] == "use":
        return [accept]
    return [f"{selector} {clear} drop".strip(), accept]


def _selector(values: Values, *, turned: bool) -> str:
    """What an outgoing packet looks like; turned, what an incoming one does."""
    ways = {"src": "d" if turned else "s", "dst": "s" if turned else "d"}
    found = [f"ip {way}addr {network(values, side)}" for side, way in ways.items() if network(values, side)]
    if number := protocol(values):
        found.append(f"meta l4proto {number}")
    found += [f"th {way}port {port(values, side)}" for side, way in ways.items() if port(values, side)]
    return " ".join(found)


def around(policies: Iterable[Row], networks: Iterable[str]) -> set[str]:
    """Rules of routing that keep from the daemon's routes what its policies are not for.

    It routes by destination alone, so a policy with action=none, and a local network inside a remote one, would go
    through the tunnel.
    """
    found = {f"pref 219 to {each} lookup main" for each in networks}
    for _number, row in in_force(policies):
        if row.values["action"] == "none":
            sides = (("from", network(row.values, "src")), ("to", network(row.values, "dst")))
            ends = " ".join(f"{word} {where}" for word, where in sides if where)
            found.add(f"pref 100 {ends or 'from all'} lookup main")
    return found
