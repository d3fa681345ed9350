# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells how the routers of a running lab are: whether they answer, and which tunnels stand."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..lab import Place

Rows = Sequence[Mapping[str, str]]
ESTABLISHED = "established"


class Readable(Protocol):
    """A lab whose routers' menus can be read."""

    def rows(self, router: str, menu: str) -> list[dict[str, str]]: ...


@dataclass(frozen=True)
class Tunnel:
    """A policy that encrypts, and how far it has come."""

    peer: str
    src_address: str
    dst_address: str
    phase1: str
    phase2: str

    @property
    def stands(self) -> bool:
        return self.phase2 == ESTABLISHED


@dataclass(frozen=True)
class Condition:
    """How one router is."""

    reachable: bool
    tunnels: tuple[Tunnel, ...]

    @property
    def well(self) -> bool:
        return self.reachable and all(each.stands for each in self.tunnels)


def conditions(lab: Readable, routers: Mapping[str, Place]) -> dict[str, Condition]:
    """How each router is, by name."""
    return {name: Condition(reachable(place), tuple(tunnels(lab, name))) for name, place in routers.items()}


def settled(lab: Readable, routers: Mapping[str, Place]) -> bool:
    """Whether all tunnels stand."""
    return all(each.stands for name in routers for each in tunnels(lab, name))


def reachable(place: Place) -> bool:
    """Whether its API takes a connection from here."""
    try:
        with socket.create_connection((place.host, place.tls_port or place.port), timeout=5):
            return True
    except OSError:
        return False


def tunnels(lab: Readable, router: str) -> list[Tunnel]:
    """One for each policy that is on and encrypts, in the router's order."""
    peers = {row["name"]: row for row in lab.rows(router, "/ip/ipsec/peer")}
    active = lab.rows(router, "/ip/ipsec/active-peers")
    return [
        Tunnel(
            row.get("peer", ""),
            row["src-address"],
            row["dst-address"],
            _phase1(peers.get(row.get("peer", "").split(",")[0], {}), active),
            row.get("ph2-state", "") or "none",
        )
        for row in lab.rows(router, "/ip/ipsec/policy")
        if _encrypts(row)
    ]


def _encrypts(row: Mapping[str, str]) -> bool:
    return row.get("action", "encrypt") == "encrypt" and "true" not in (row.get("template"), row.get("disabled"))


def _phase1(peer: Mapping[str, str], active: Rows) -> str:
    address = peer.get("address", "").removesuffix("/32")
    states = [row.get("state", "") for row in active if row.get("remote-address") == address]
    return ESTABLISHED if ESTABLISHED in states else (states or ["none"])[0]
