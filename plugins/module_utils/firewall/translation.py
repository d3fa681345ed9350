# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dst-nat does to a packet before the filter sees it."""

from __future__ import annotations

from dataclasses import replace

from .actions import TO_DESTINATION
from .packet import Packet, State
from .rules import Rule

UNROUTED = "input or forward"
"""In place of a chain: where the packet goes is not known."""


def before_translation(packet: Packet) -> Packet:
    """The packet as raw sees it: of a translated connection, nobody told us the addresses on the wire."""
    if packet.chain == "output" or packet.connection_nat_state == frozenset():
        return packet
    return replace(packet, dst=None, dst_port=None)


def resumed(after_raw: Packet, packet: Packet) -> Packet:
    """The packet behind raw, with the destination that the filter sees."""
    return replace(after_raw, dst=packet.dst, dst_port=packet.dst_port)


def translated(rule: Rule, state: State, local: frozenset[str] | None) -> State:
    """The packet after the nat rule that decides about it, and the chain of the filter that it comes to."""
    if state.hook not in ("dstnat", "output"):
        return state
    packet, action = state.packet, rule.action
    given = rule.entry.values
    dst = _single(given.get("to-addresses", given.get("to-address")), packet.dst) if action == "dst-nat" else None
    port = _single(given.get("to-ports"), None)
    changed = replace(
        packet,
        dst=dst,
        dst_port=packet.dst_port if not given.get("to-ports") else int(port) if port and port.isdigit() else None,
        out_interface=None,
        ipsec_out=None,
        # Whose address the new one is, nobody told us.
        facts=frozenset(each for each in packet.facts if each[0] != "dst-address-type"),
    )
    known = action in TO_DESTINATION and packet.connection_nat_state is not None and _moved(packet, changed)
    states = (packet.connection_nat_state or frozenset()) | {"dstnat"} if known else None
    changed = replace(changed, connection_nat_state=states)
    return replace(state, packet=changed, hook=_goes_to(state.hook, action, dst, local))


def _moved(packet: Packet, changed: Packet) -> bool:
    """Whether the destination certainly changed: Linux does not count a translation into the same as one."""
    pairs = ((packet.dst, changed.dst), (packet.dst_port, changed.dst_port))
    return any(old is not None and new is not None and old != new for old, new in pairs)


def _goes_to(hook: str, action: str, dst: str | None, local: frozenset[str] | None) -> str:
    if hook == "output":
        return "output"
    if action == "redirect":
        return "input"
    if local is None or dst is None:
        return UNROUTED
    return "input" if dst in local else "forward"


def _single(text: str | None, unset: str | None) -> str | None:
    """The one address or port that a value names; None: it names several."""
    if not text:
        return unset
    text = text.removesuffix("/32").removesuffix("/128")
    return None if "-" in text or "/" in text else text
