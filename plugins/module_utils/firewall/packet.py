# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A packet, and what a firewall does to it: values only; `decide` in walk.py makes the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address

from ..engine.entry import Entry
from ..schema.matchers import CONNECTION_STATES

HOOKS = ("input", "forward", "output")


@dataclass(frozen=True)
class Packet:
    """One packet as the router's firewall meets it; None says that nobody knows.

    Addresses and ports are those on arrival, before a dst-nat rule of the same walk changes them. Where
    `connection_nat_state` says that the connection is translated already, they are what the filter sees.
    """

    chain: str
    """`input`, `forward` or `output`."""
    src: str | None = None
    dst: str | None = None
    protocol: str | None = None
    """Name or number, as a rule would have it."""
    src_port: int | None = None
    dst_port: int | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    connection_state: str | None = None
    """`new`, `established`, `related`, `invalid` or `untracked`."""
    connection_nat_state: frozenset[str] | None = frozenset()
    """How the connection is translated already: `srcnat`, `dstnat`, both, or not at all."""
    ipsec_in: bool | None = False
    """IPsec decrypted the packet."""
    ipsec_out: bool | None = False
    """IPsec is going to encrypt the packet."""
    icmp: tuple[int, int] | None = None
    """ICMP type and code."""
    tcp_flags: frozenset[str] | None = None
    """The TCP flags that are set; all others are not."""
    fragment: bool | None = False
    """A fragment other than the first: it has neither ports nor flags."""
    facts: frozenset[tuple[str, str]] = frozenset()
    """What else is known, by the matchers' names: ("packet-mark", "no-mark"), ("dscp", "0")."""

    def __post_init__(self) -> None:
        if self.chain not in HOOKS:
            raise ValueError(f"{self.chain!r} is not one of {', '.join(HOOKS)}")
        if self.connection_state not in (None, *CONNECTION_STATES):
            raise ValueError(f"{self.connection_state!r} is not one of {', '.join(CONNECTION_STATES)}")
        if len(self._versions) > 1:
            raise ValueError(f"{self.src} and {self.dst} are not of one family")

    @property
    def _versions(self) -> set[int]:
        return {ip_address(address).version for address in (self.src, self.dst) if address is not None}

    @property
    def version(self) -> int | None:
        """4 or 6, as its addresses have it; None: they are not known."""
        return next(iter(self._versions), None)


class Verdict(Enum):
    """What becomes of a packet."""

    ACCEPT = "accept"
    DROP = "drop"
    EITHER = "either"
    """Both certainly happen: a limit has a token for some such packets and none for others."""
    CANNOT_TELL = "cannot tell"
    """It depends on something that is not known here."""


@dataclass(frozen=True)
class Ending:
    """One way for a packet to end: by a rule, or at the end of a built-in chain."""

    table: str
    """`filter`, `raw` or `nat`."""
    chain: str
    rule: Entry | None
    """None: the end of a built-in chain, which accepts."""
    action: str
    """The rule's action, or `accept`."""
    verdict: Verdict
    """ACCEPT, DROP or, where RouterOS's behaviour is not known, CANNOT_TELL."""

    def __str__(self) -> str:
        by = place(self.table, self.chain, self.rule) if self.rule else f"the end of chain {self.chain} ({self.table})"
        return f"{self.action} by {by}"


@dataclass(frozen=True)
class Doubt:
    """A rule of which it is not certain whether it matches, or what it does."""

    table: str
    chain: str
    rule: Entry
    why: str
    chance: bool = False
    """It matches some such packets and others not."""

    def __str__(self) -> str:
        return f"{place(self.table, self.chain, self.rule)}: {self.why}"


@dataclass(frozen=True)
class Decision:
    """What a firewall does to a packet, and which rules do it."""

    verdict: Verdict
    endings: tuple[Ending, ...]
    """Every way in which the packet may end, in the order in which the router would come to them."""
    doubts: tuple[Doubt, ...] = ()
    """Why there is more than one."""
    listed: frozenset[tuple[str, str]] = frozenset()
    """Address lists that its `src` or `dst` may be added to if it is not dropped: (list, side)."""
    surely: frozenset[tuple[str, str]] = frozenset()
    """Those of them to which it certainly is."""

    @property
    def rules(self) -> tuple[Entry, ...]:
        """The rules that decide or may decide."""
        return tuple(each.rule for each in self.endings if each.rule)

    @property
    def dropping(self) -> tuple[Ending, ...]:
        """The ways in which the packet is lost or may be."""
        return tuple(each for each in self.endings if each.verdict is not Verdict.ACCEPT)

    def __str__(self) -> str:
        ways = "; ".join(str(each) for each in self.endings)
        why = "; ".join(str(each) for each in self.doubts)
        certain = self.verdict in (Verdict.ACCEPT, Verdict.DROP)
        return f"{self.verdict.value}: {ways}" + (f" (because of {why})" if why and not certain else "")


@dataclass(frozen=True)
class State:
    """A packet on its way: as it is by now, and where it is."""

    packet: Packet
    hook: str
    """The built-in chain it entered."""
    joined: frozenset[tuple[str, str]] = frozenset()
    """Address lists that its `src` or `dst` may have been added to on the way: (list, side)."""
    surely: frozenset[tuple[str, str]] = frozenset()
    """Those of them to which it certainly was."""

    def order(self) -> tuple[str, ...]:
        """Something to sort by, so that one question always gets the same answer."""
        packet = self.packet
        changing = (packet.connection_state, packet.dst, packet.dst_port, self.hook)
        return tuple(str(each) for each in (*changing, *sorted(self.joined), *sorted(packet.facts)))


def facts(**known: str) -> frozenset[tuple[str, str]]:
    """Facts for a Packet, by option name: facts(packet_mark="no-mark")."""
    return frozenset((name.replace("_", "-"), text) for name, text in known.items())


def place(table: str, chain: str, rule: Entry) -> str:
    """How people find a rule: its id, table and chain, and what it is called."""
    values: Mapping[str, str] = rule.values
    comment = f" {values['comment']!r}" if values.get("comment") else ""
    return f"rule {rule.id}{comment} ({table} {chain})"
