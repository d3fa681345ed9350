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
from ...values.matchers import PROTOCOLS
from ..nft.ruleset import Guards

_NUMBERS = {word: str(number) for number, word in PROTOCOLS.items()}
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
    for row in policies:
        values = row.values
        if values.get("template") == "true" or values.get("disabled") == "true":
            continue
        out, back = _selector(values, turned=False), _selector(values, turned=True)
        leaving += _lines(values, out, out_clear)
        entering += _lines(values, back, in_clear)
    return Guards(leaving, entering)


def _lines(values: Values, selector: str, clear: str) -> list[str]:
    if values["action"] == "none":
        return [f"{selector} accept".strip()]
    if values["action"] == "discard":
        return [f"{selector} drop".strip()]
    if values["level"] == "use":
        return [f"{selector} accept".strip()]
    return [f"{selector} {clear} drop".strip(), f"{selector} accept".strip()]


def _selector(values: Values, *, turned: bool) -> str:
    """What an outgoing packet looks like; turned, what an incoming one does."""
    found = []
    for side, word in (("src", "daddr" if turned else "saddr"), ("dst", "saddr" if turned else "daddr")):
        network = values.get(f"{side}-address", "::/0")
        if network not in ("::/0", "0.0.0.0/0"):
            found.append(f"ip {word} {network}")
    protocol = values.get("protocol", "all")
    if protocol not in ("all", "255"):
        found.append(f"meta l4proto {_NUMBERS.get(protocol, protocol)}")
        for side, word in (("src", "dport" if turned else "sport"), ("dst", "sport" if turned else "dport")):
            if values.get(f"{side}-port", "any") not in ("any", "0"):
                found.append(f"th {word} {values[f'{side}-port']}")
    return " ".join(found)


def around(policies: Iterable[Row], networks: Iterable[str]) -> set[str]:
    """Rules of routing that keep from the daemon's routes what its policies are not for.

    It routes by destination alone, so a policy with action=none, and a local network inside a remote one, would go
    through the tunnel.
    """
    found = {f"pref 219 to {network} lookup main" for network in networks}
    for row in policies:
        values = row.values
        if values.get("disabled") == "true" or values.get("template") == "true" or values["action"] != "none":
            continue
        sides = ((word, values.get(f"{side}-address", "::/0")) for word, side in (("from", "src"), ("to", "dst")))
        ends = " ".join(f"{word} {network}" for word, network in sides if network not in ("::/0", "0.0.0.0/0"))
        found.add(f"pref 100 {ends or 'from all'} lookup main")
    return found
