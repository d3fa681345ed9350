# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPsec entries: who initiates, what a policy needs, which policies are shadowed."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import failure, supout
from ..model import Row, Values
from ..table import Table
from ..values.addresses import is_name
from .base import Behaviour

if TYPE_CHECKING:
    from ..router import Router


@functools.lru_cache(maxsize=4096)
def single_host(address: str) -> bool:
    """One host: a /32, a /128 or a DNS name."""
    if is_name(address):
        return True
    return address != "::/0" and ipaddress.ip_network(address).num_addresses == 1


class Peers(Behaviour):
    """Responder flag, one enabled initiator per remote address, read-only dynamic peers."""

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.initiators: dict[tuple[str, str], list[str]] = {}
        self.way_of: dict[str, tuple[str, str]] = {}

    def check(self, values: Values, row: Row | None) -> None:
        if not self._initiates(values):
            return
        others = self.initiators.get(self._way(values), [])
        if any(row is None or other != row.id for other in others):
            # Older text ends after `address`; from which version on is unverified.
            end = "/dns" if self.router.persona.since("7.16") else ""
            raise failure(f"Multiple initiator peers for the same address{end}")

    def placed(self, row: Row, _new: bool) -> None:
        self.dropped(row)
        if self._initiates(row.values):
            self.initiators.setdefault(self._way(row.values), []).append(row.id)
            self.way_of[row.id] = self._way(row.values)

    def dropped(self, row: Row) -> None:
        if way := self.way_of.pop(row.id, None):
            self.initiators[way].remove(row.id)

    def _initiates(self, values: Values) -> bool:
        return values["disabled"] == "false" and not self._responds(values)

    @staticmethod
    def _way(values: Values) -> tuple[str, str]:
        """Two peers with one address may differ in their local address."""
        return values.get("address", "::/0"), values.get("local-address", "::")

    @staticmethod
    def _responds(values: Values) -> bool:
        return values.get("passive") == "true" or not single_host(values.get("address", "::/0"))

    def derived(self, row: Row) -> Values:
        found = {"responder": "true" if self._responds(row.values) else "false"}
        address = row.values.get("address", "::/0")
        if is_name(address) and (resolved := self.router.addresses_of(address)):
            found["current-address"] = resolved[0]
        return found


class Identities(Behaviour):
    """Secrets print with the methods that use them; dynamic peers take no identity of the user's."""

    def check(self, values: Values, row: Row | None) -> None:
        peers = self.router.tables["/ip/ipsec/peer"]
        peer = peers.by_id(values["peer"])
        if peer is not None and peer.dynamic and (row is None or not row.dynamic):
            # Both texts of this file were met without a lead; `failure:` in front of them is unverified.
            raise failure("can't add identity to dynamic peer")

    def hides(self, row: Row) -> Collection[str]:
        method = row.values["auth-method"]
        hidden = set()
        if method not in ("pre-shared-key", "pre-shared-key-xauth"):
            hidden.add("secret")
        if method != "eap":
            hidden.add("eap-methods")
        return hidden


_TEMPLATE_SHOWS = frozenset(
    (
        "group",
        "src-address",
        "dst-address",
        "protocol",
        "proposal",
        "template",
        "comment",
        "disabled",
        "default",
        "dynamic",
    )
)
_SELECTOR = ("src-address", "src-port", "dst-address", "dst-port", "protocol")


class Policies(Behaviour):
    """Peer needed for encryption, endpoints taken from the peer, later ones with equal selectors invalid."""

    def __init__(self, router: Router, table: Table) -> None:
        super().__init__(router, table)
        self.shadowed: set[str] = set()
        # Who of its peers a policy with several is negotiated with, by ids; the first where nobody says.
        self.in_charge: dict[str, str] = {}
        self.not_in_template = frozenset(self.table.fields) - _TEMPLATE_SHOWS

    def check(self, values: Values, row: Row | None) -> None:
        template = values.get("template") == "true"
        if not template and values["action"] == "encrypt" and not values.get("peer"):
            raise failure("Peer not set!")
        if row is not None and row.builtin and not template:
            raise failure("default template cannot be changed to a policy")

    def check_place(self, row: Row) -> None:
        # The default template is always item 0; that a place above it is refused is unverified.
        if row.builtin:
            raise failure("cannot move builtin")
        super().check_place(row)

    def refresh(self) -> None:
        """Find the enabled policies whose selector an enabled one above them has."""
        seen: set[tuple[str, ...]] = set()
        self.shadowed = set()
        for row in self.table:
            values = row.values
            if values["disabled"] == "true" or values.get("template") == "true":
                continue
            selector = tuple(values[name] for name in _SELECTOR)
            if selector in seen:
                self.shadowed.add(row.id)
            seen.add(selector)

    def derived(self, row: Row) -> Values:
        if row.values.get("template") == "true":
            return {}
        return {"invalid": "true" if row.id in self.shadowed else "false", **self._endpoints(row)}

    def _endpoints(self, row: Row) -> Values:
        """Of the peer in charge; `::` stays for what the peer leaves open."""
        peers, listed = self.router.tables["/ip/ipsec/peer"], row.values.get("peer", "").split(",")
        chosen = self.in_charge.get(row.id, "")
        peer = peers.by_id(chosen if chosen in listed else listed[0])
        if peer is None:
            return {}
        address = peer.values.get("address", "::/0")
        if not single_host(address):
            return {}
        if is_name(address):
            address = next(iter(self.router.addresses_of(address)), "")
        far = address.partition("/")[0]
        if not far:
            return {}
        # Without local-address a router prints the source its routing picks; unspecified stands in for it.
        near = peer.values.get("local-address", "::" if ":" in far else "0.0.0.0")
        return {"sa-src-address": near, "sa-dst-address": far}

    def hides(self, row: Row) -> Collection[str]:
        return self.not_in_template if row.values.get("template") == "true" else ("group",)


class ModeConfigs(Behaviour):
    """Responder entries and initiator entries print different halves (unverified in detail)."""

    def hides(self, row: Row) -> Collection[str]:
        return ("use-responder-dns",) if row.values["responder"] == "true" else ()


class ActivePeers(Behaviour):
    """The console lists an add that makes no sense; a session that a seed plants has what no client can give it."""

    def check(self, values: Values, row: Row | None) -> None:
        if row is None and not values.get("remote-address"):
            raise supout()
