# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A packet's way through the rules of one chain: the first that applies and decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Trap
from ..model import Row, Values
from ..references import show
from ..values.basic import parse_duration
from .matchers import holds
from .packet import Address, Packet
from .seat import Unplayed
from .world import World

if TYPE_CHECKING:
    from ..table import Table

ACCEPTED, DROPPED, REFUSED, UNTRACKED = "accept", "drop", "reject", "notrack"
# What a rule says besides its conditions.
_NO_MATCHERS = frozenset(
    ("chain", "action", "address-list", "address-list-timeout", "jump-target", "reject-with", "hw-offload", "log",
     "log-prefix", "comment", "disabled", "bytes", "packets", "invalid", "dynamic")
)  # fmt: skip
# A connection that is caught in the tarpit is held and never answered: for its client nothing but a drop.
_ENDS = {
    "accept": ACCEPTED,
    "fasttrack-connection": ACCEPTED,
    "drop": DROPPED,
    "tarpit": DROPPED,
    "reject": REFUSED,
    "notrack": UNTRACKED,
}


def judge(world: World, table: str, chain: str, packet: Packet) -> str:
    """ACCEPTED (also by the end of a built-in chain), DROPPED, REFUSED with a reset, or in raw UNTRACKED.

    Disabled rules are not there; whether those are that name an interface or list which is gone, the seat says.
    """
    return _walk(world, world.router.tables[f"{world.family}/firewall/{table}"], chain, packet, ()) or ACCEPTED


def _walk(world: World, table: Table, chain: str, packet: Packet, above: tuple[str, ...]) -> str:
    """What the chain decides; empty text when it ends or returns. A chain without rules decides nothing."""
    if chain in above:
        raise Unplayed(f"chain {chain} that jumps into itself")
    for row in list(table.rows):
        values = row.values
        if values["chain"] != chain or not _applies(world, table, row, packet):
            continue
        action = values["action"]
        if action == "return":
            return ""
        if action == "jump":
            if found := _walk(world, table, values.get("jump-target", ""), packet, (*above, chain)):
                return found
        elif action.startswith("add-"):
            _list(world, values, packet.source if action.startswith("add-src") else packet.target)
        elif action not in ("passthrough", "log"):
            return _end(action, values, packet)
    return ""


def _end(action: str, values: Values, packet: Packet) -> str:
    """A refusal by ICMP ends a connection that is being opened; one that stands takes it for a lost packet."""
    if action not in _ENDS:
        raise Unplayed(f"action={action}")
    resets = values.get("reject-with") == "tcp-reset" or "ack" not in packet.flags
    return DROPPED if action == "reject" and not (resets and packet.entering) else _ENDS[action]


def _applies(world: World, table: Table, row: Row, packet: Packet) -> bool:
    values = row.values
    if values["disabled"] == "true" or (not world.seat.invalid and _dangles(world, table, values)):
        return False
    # The matchers that draw on a rate come last, as on the router.
    names = sorted((name for name in values if name not in _NO_MATCHERS), key=lambda name: "limit" in name)
    return all(holds(world, packet, name, values[name]) for name in names)


def _dangles(world: World, table: Table, values: Values) -> bool:
    fields = (table.fields[name] for name in values if name in table.fields)
    return any(show(world.router.tables, each, values[each.name])[1] for each in fields if each.refers)


def _list(world: World, values: Values, address: Address) -> None:
    """Put the address in the list; an entry that is there starts its time anew (unverified)."""
    name = values.get("address-list", "")
    if not name:
        return
    timeout = values.get("address-list-timeout", "none-dynamic")
    path = f"{world.family}/firewall/address-list"
    table = world.router.tables[path]
    words = {"list": name, "address": table.fields["address"].kind.canon("address", str(address))}
    world.router.behaviours[path].refresh()
    for row in table:
        if words.items() <= row.values.items():
            if row.until is not None and timeout not in ("none-dynamic", "none-static"):
                row.until = world.router.clock() + (parse_duration(timeout) or 0) / 1000
            return
    if timeout in ("none-dynamic", "0s"):
        words["dynamic"] = "yes"
    elif timeout != "none-static":
        words["timeout"] = timeout
    try:
        world.router.call(f"{path}/add", words)
    except Trap as trap:
        raise Unplayed(f"{values['action']} ({trap.message})") from None
