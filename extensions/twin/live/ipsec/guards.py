# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of nftables that do for a daemon in user space what the system's own IPsec does: nothing goes in clear.

The daemon has a device of its own for what it encrypts, so what a policy is for and another device carries is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...model import Row, Values
from ...values.matchers import PROTOCOLS
from ..nft.ruleset import Guards

_NUMBERS = {word: str(number) for number, word in PROTOCOLS.items()}
TUNNEL = "ipsec0"
# IKE goes past all policies, and so does what is encrypted already.
_PAST = ("udp sport { 500, 4500 } accept", "udp dport { 500, 4500 } accept", "meta l4proto { 50, 51 } accept")


def guards(policies: Iterable[Row]) -> Guards:
    """Policies in their order; the first that fits a packet decides."""
    leaving, entering = [*_PAST, 'oifname "lo" accept'], [*_PAST, 'iifname "lo" accept']
    for row in policies:
        values = row.values
        if values.get("template") == "true" or values.get("disabled") == "true":
            continue
        out, back = _selector(values, turned=False), _selector(values, turned=True)
        leaving += _lines(values, out, "oifname")
        entering += _lines(values, back, "iifname")
    return Guards(leaving, entering)


def _lines(values: Values, selector: str, device: str) -> list[str]:
    if values["action"] == "none":
        return [f"{selector} accept".strip()]
    if values["action"] == "discard":
        return [f"{selector} drop".strip()]
    if values["level"] == "use":
        return [f"{selector} accept".strip()]
    return [f'{selector} {device} != "{TUNNEL}" drop'.strip(), f"{selector} accept".strip()]


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
