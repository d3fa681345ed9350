# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of its peers a policy with several is negotiated with: the first, until its session is lost.

Then it is the next one's until that one's session is lost; nobody takes it back before. It is a reading of the manual
that no router has confirmed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ...behaviour.ipsec import Policies
from ...model import Row
from ..state import enabled

if TYPE_CHECKING:
    from ...router import Router

PEER, POLICY = "/ip/ipsec/peer", "/ip/ipsec/policy"


def plain(id_: str) -> str:
    """An id as it stands in names of connections and children."""
    return id_.removeprefix("*")


class Standby:
    """One router's policies with several peers."""

    def __init__(self, router: Router) -> None:
        self.router = router

    @property
    def _policies(self) -> Policies:
        found = self.router.behaviours[POLICY]
        assert isinstance(found, Policies)
        return found

    def shadowed(self) -> Collection[str]:
        """Policies that are invalid, since one above them is for the same packets."""
        self._policies.refresh()
        return self._policies.shadowed

    def calls(self, peer: Row) -> bool:
        return self.router.behaviours[PEER].derived(peer)["responder"] == "false"

    def holds(self, policy: Row, peer: str) -> bool:
        """Whether a policy is for this peer now; one that waits for calls is told all of its policies."""
        if peer not in policy.values.get("peer", "").split(","):
            return False
        callers = self._callers(policy)
        return peer not in callers or peer == self._in_charge(policy, callers)

    def _callers(self, policy: Row) -> list[str]:
        listed = policy.values.get("peer", "").split(",")
        on = {row.id for row in enabled(self.router.tables[PEER]) if self.calls(row)}
        return [peer for peer in listed if peer in on]

    def _in_charge(self, policy: Row, callers: list[str]) -> str:
        chosen = self._policies.in_charge.get(policy.id, "")
        return chosen if chosen in callers else callers[0]

    def _several(self) -> Iterator[tuple[Row, list[str]]]:
        for policy in enabled(self.router.tables[POLICY]):
            if len(callers := self._callers(policy)) > 1:
                yield policy, callers

    def pass_on(self, called: Collection[str], standing: Collection[str]) -> list[str]:
        """Give policies whose peer was called and has no session to their next peer; gives the peers they came to.

        `called` and `standing` are names of connections.
        """
        found = []
        for policy, callers in self._several():
            holder = self._in_charge(policy, callers)
            if _of(holder, called) and not _of(holder, standing):
                following = callers[(callers.index(holder) + 1) % len(callers)]
                self._policies.in_charge[policy.id] = following
                found.append(following)
        return found

    def is_backup(self, policy: Row) -> bool:
        """Whether a policy is negotiated with another than the first of its peers."""
        callers = self._callers(policy)
        return len(callers) > 1 and self._in_charge(policy, callers) != callers[0]


def _of(peer: str, connections: Collection[str]) -> bool:
    return any(name.partition("_")[0] == plain(peer) for name in connections)
