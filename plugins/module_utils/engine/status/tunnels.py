# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands of a router's tunnels: peers, their sessions, policies, security associations and complaints, joined.

RouterOS tells these in menus that do not name each other: a session knows the other end's address and not the peer it
belongs to, and an association knows two addresses. So they are joined by the other end's address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

Row = Mapping[str, str]
Rows = Sequence[Row]
"""Rows of print, as the router spells them."""
ESTABLISHED = "established"
NOTHING = "none"
ANYBODY = ("", "0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Association:
    """One direction of phase 2; a healthy pair of selectors has two."""

    spi: str
    inbound: bool
    state: str
    """`larval`, `mature`, `dying` or `dead`."""
    enc_algorithm: str
    enc_key_size: int
    auth_algorithm: str
    """Empty where the cipher authenticates by itself."""
    hardware: bool
    seen_traffic: bool
    bytes: int
    packets: int
    expires_in: str


@dataclass(frozen=True)
class Session:
    """One live phase 1."""

    state: str
    side: str
    local_address: str
    remote_address: str
    uptime: str
    last_seen: str
    nat_traversal: bool
    rx_bytes: int
    tx_bytes: int


@dataclass(frozen=True)
class Selector:
    """One policy of a tunnel."""

    src_address: str
    dst_address: str
    state: str
    """RouterOS's word for its phase 2."""
    active: bool
    disabled: bool
    comment: str = ""


@dataclass(frozen=True)
class Tunnel:
    """All that is known of one peer."""

    peer: str
    address: str
    disabled: bool
    sessions: tuple[Session, ...] = ()
    policies: tuple[Selector, ...] = ()
    associations: tuple[Association, ...] = ()
    last_error: str = ""
    comment: str = ""

    @property
    def side(self) -> str:
        """Who began the session: `initiator` for this router, `responder` for the other one; empty without one."""
        return next((each.side for each in self.sessions if each.side), "")

    @property
    def phase1(self) -> str:
        """The best state of its sessions, `none` without one."""
        states = [each.state for each in self.sessions]
        return ESTABLISHED if ESTABLISHED in states else next(iter(states), NOTHING)

    @property
    def phase2(self) -> str:
        """`established` if all its policies that are on are; else the state of the first one that is not."""
        states = [each.state for each in self.policies if not each.disabled]
        return next((each for each in states if each != ESTABLISHED), ESTABLISHED if states else NOTHING)

    @property
    def stands(self) -> bool:
        """Both phases are established."""
        return (self.phase1, self.phase2) == (ESTABLISHED, ESTABLISHED)


@dataclass(frozen=True)
class Told:
    """What a router prints of its menus."""

    peers: Rows = ()
    sessions: Rows = ()
    policies: Rows = ()
    associations: Rows = ()
    log: Rows = field(default=())


def tunnels(told: Told) -> list[Tunnel]:
    """A tunnel for every peer, in the router's order."""
    return [_tunnel(peer, told) for peer in told.peers if not on(peer, "dynamic")]


def _tunnel(peer: Row, told: Told) -> Tunnel:
    sessions = [row for row in told.sessions if _is_of(row.get("remote-address", ""), peer)]
    ends = {row.get("remote-address", "") for row in sessions}
    if not ends and _host(_where(peer)):
        ends = {_host(_where(peer))}
    name = peer.get("name", "")
    policies = [row for row in told.policies if name in row.get("peer", "").split(",") and not on(row, "template")]
    return Tunnel(
        name,
        peer.get("address", ""),
        on(peer, "disabled"),
        tuple(map(_session, sessions)),
        tuple(map(_selector, policies)),
        tuple(_association(row, ends) for row in told.associations if _ends(row) & ends),
        _complaint(told.log, ends, name),
        peer.get("comment", ""),
    )


def _is_of(address: str, peer: Row) -> bool:
    """Whether a session is with a peer; one that takes anybody has those that are with no other by address."""
    wanted = _where(peer)
    if wanted in ANYBODY:
        return not on(peer, "disabled")
    try:
        return ip_address(address) in ip_network(wanted, strict=False)
    except ValueError:
        return False


def _where(peer: Row) -> str:
    """The address of a peer, where it has a name the one that the router found for it."""
    return peer.get("current-address") or peer.get("address", "")


def _host(prefix: str) -> str:
    """The address of a peer that is one host, else nothing."""
    try:
        network = ip_network(prefix, strict=False)
    except ValueError:
        return ""
    return str(network.network_address) if network.num_addresses == 1 else ""


def on(row: Row, name: str) -> bool:
    """Whether a switch is on."""
    return row.get(name) in ("true", "yes")


def number(row: Row, name: str) -> int:
    """A count; what is none is 0."""
    text = row.get(name, "")
    return int(text) if text.isdecimal() else 0


def _session(row: Row) -> Session:
    return Session(
        row.get("state", ""),
        row.get("side", ""),
        row.get("local-address", ""),
        row.get("remote-address", ""),
        row.get("uptime", ""),
        row.get("last-seen", ""),
        on(row, "natt-peer"),
        number(row, "rx-bytes"),
        number(row, "tx-bytes"),
    )


def _selector(row: Row) -> Selector:
    state = row.get("ph2-state", "") or NOTHING
    return Selector(
        row.get("src-address", ""),
        row.get("dst-address", ""),
        state,
        on(row, "active"),
        on(row, "disabled"),
        row.get("comment", ""),
    )


def _ends(row: Row) -> set[str]:
    return {_plain(row.get(name, "")) for name in ("src-address", "dst-address")}


def _plain(address: str) -> str:
    """Without the port that NAT-T adds."""
    head, colon, port = address.rpartition(":")
    return head.strip("[]") if colon and port.isdecimal() and (head.count(":") == 0 or head.endswith("]")) else address


def _association(row: Row, ends: set[str]) -> Association:
    return Association(
        row.get("spi", ""),
        _plain(row.get("src-address", "")) in ends,
        row.get("state", ""),
        row.get("enc-algorithm", ""),
        number(row, "enc-key-size"),
        row.get("auth-algorithm", ""),
        on(row, "hw-aead"),
        on(row, "seen-traffic"),
        number(row, "current-bytes"),
        number(row, "current-packets"),
        row.get("expires-in", ""),
    )


def _complaint(log: Rows, ends: set[str], name: str) -> str:
    """The newest lines of the log that IPsec marks as errors and that name the other end, or the peer.

    Those of one second belong together: a router says what is wrong, and then what it gave up for it.
    """
    lines = [row for row in log if {"ipsec", "error"} <= set(row.get("topics", "").split(","))]
    texts = [
        (row.get("time", ""), row.get("message", ""))
        for row in lines
        if any(_names(row.get("message", ""), what) for what in (*ends, f"peer: {name}"))
    ]
    return "; ".join(dict.fromkeys(text for when, text in texts if when == texts[-1][0]))


def _names(message: str, what: str) -> bool:
    """Whether a line names it as a whole: `203.0.113.50[500]` names 203.0.113.50 and not 203.0.113.5."""
    before = r"(?<![\w.])" if ":" not in what else r"(?<!\w)"
    return what != "" and re.search(rf"{before}{re.escape(what)}(?![\w-])(?!\.\w)(?!:[0-9a-f]*:)", message) is not None
