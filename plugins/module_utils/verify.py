# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a router's tunnels until they stand and carry pings, or the time is over, and then says why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Session, Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import shown as entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.ends import differences, end_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.explain import (
    Reason,
    explain,
    explain_silence,
    reason,
    sentence,
    sentence_of_silence,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.pings import Aim, NoWay, Pinged, aim, pinged
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import Tunnel
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import REAL, Watch
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments, OtherEnd, StatusQuestion
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from ansible_collections.vpnops.mikrotik.plugins.module_utils.status import chosen, observe, shown

ENDS = tuple(menu for menu in MENUS if menu.path.startswith("/ip/ipsec/") and not menu.single)
"""What the ends of a tunnel are compared by."""
OWN = Command("/ip/address", "print", {".proplist": "address,disabled"})
FIT = "The ends fit, as far as can be compared; secrets cannot"


def verify(question: StatusQuestion, target: Target, secrets: Secrets, watch: Watch = REAL) -> dict[str, Any]:
    """Wait until tunnels stand and return the module's result, which is a failure with the reasons if they do not."""
    secrets.learn([target.password])
    session = open_session(target)
    try:
        look = _Look(question, session, target.host)
        seen = _seen(look, question, watch)
        other = _Other(question.other_end, target.host) if question.other_end else None
        differ = other.differences(session, seen.down[0].peer) if other and seen.down else None
    finally:
        session.close()
    result = {
        "changed": False,
        "warnings": list(session.warnings),
        "tunnels": [shown(each) for each in seen.tunnels],
        "observed": seen.observed,
        "waited": seen.waited,
        "pings": [_told(each) for each in seen.pings],
    }
    if not seen.good:
        result |= _failure(seen, target.host, other.complaint if other else "", differ)
    return secrets.deep_mask(result)


def _told(ping: Pinged) -> dict[str, Any]:
    """A ping as data."""
    counts = {"sent": ping.sent, "received": ping.received}
    return {"peer": ping.aim.peer, "address": ping.aim.address, "src_address": ping.aim.src_address, **counts}


@dataclass
class _Seen:
    """What was seen of tunnels in the course of time."""

    tunnels: list[Tunnel] = field(default_factory=list)
    pings: list[Pinged] = field(default_factory=list)
    observed: list[dict[str, Any]] = field(default_factory=list)
    waited: int = 0
    enough: str = "all"

    @property
    def down(self) -> list[Tunnel]:
        """Tunnels that do not stand and should."""
        found = [each for each in self.tunnels if not each.stands]
        return found if self.enough == "all" or len(found) == len(self.tunnels) else []

    @property
    def unanswered(self) -> list[tuple[Tunnel, Pinged]]:
        """Pings without an answer, and their tunnels, which stand."""
        up = {each.peer: each for each in self.tunnels if each.stands}
        return [(up[each.aim.peer], each) for each in self.pings if not each.answered and each.aim.peer in up]

    @property
    def good(self) -> bool:
        return not self.down and not self.unanswered

    def note(self, tunnels: list[Tunnel], pings: list[Pinged], after: int) -> None:
        """Keep what is now, and what of it has changed."""
        self.observed += _news(tunnels, self.observed, after)
        self.tunnels, self.pings, self.waited = tunnels, pings, after


def _news(tunnels: list[Tunnel], observed: list[dict[str, Any]], after: int) -> list[dict[str, Any]]:
    """What has changed since it was last seen."""
    last = {each["peer"]: (each["phase1"], each["phase2"]) for each in observed}
    return [
        {"after": after, "peer": each.peer, "phase1": each.phase1, "phase2": each.phase2}
        for each in tunnels
        if last.get(each.peer) != (each.phase1, each.phase2)
    ]


@dataclass
class _Look:
    """One look after the other at the same tunnels, through the same pings."""

    question: StatusQuestion
    session: Session
    router: str
    aims: list[Aim] | None = None

    def tunnels(self) -> list[Tunnel]:
        """The tunnels asked for, as they are now."""
        found, _dummy = observe(self.session, self.router)
        wanted = self.question.wanted
        return chosen([each for each in found if wanted or not each.disabled], wanted, self.router)

    def pings(self) -> list[Pinged]:
        """Send all pings at once. They are what makes RouterOS begin to negotiate, so they go before the look."""
        if not self.question.pings:
            return []
        if self.aims is None:
            self.aims = self._aims()
        replies = self.session.run([Command("/tool", "ping", each.words) for each in self.aims])
        rows = [reply.wanted(self.router, "/tool/ping") for reply in replies]
        return [pinged(*each) for each in zip(self.aims, rows, strict=True)]

    def _aims(self) -> list[Aim]:
        tunnels, (own,) = self.tunnels(), self.session.run([OWN])
        addresses = own.wanted(self.router, "/ip/address print")
        try:
            return [aim(each, tunnels, addresses) for each in self.question.pings]
        except NoWay as error:
            raise BadArguments(f"{self.router}: {error}") from None


def _seen(look: _Look, question: StatusQuestion, watch: Watch) -> _Seen:
    """Look until all is well or the time is over, at least once."""
    timeout, interval = question.wait or (0, 1)
    seen, began = _Seen(enough=question.enough), watch.now()
    while True:
        pings = look.pings()
        tunnels = look.tunnels()
        passed = watch.now() - began
        seen.note(tunnels, pings, round(passed))
        if seen.good or passed >= timeout:
            return seen
        watch.pause(min(interval, timeout - passed))


@dataclass(frozen=True)
class _Other:
    """The other end of the one tunnel asked about."""

    end: OtherEnd
    router: str
    """The router at this end."""

    @property
    def complaint(self) -> str:
        """What its log says of the tunnel."""
        mine = (each for each in self.end.tunnels if each.get("peer") == self.end.peer)
        return str(next(mine, {}).get("last_error") or "")

    def differences(self, session: Session, peer: str) -> list[str] | None:
        """In what the ends do not fit, None where they cannot be compared; raises BadArguments for an unknown peer."""
        config = self.end.config
        if config is None:
            return None
        _dummy, tables = read(session, self.router, ENDS, with_dynamic=False)
        ours = {str(menu.module): [*entries(menu, found, secrets=False)] for menu, found in tables.items()}
        here, there = end_of(ours, peer), end_of(config, self.end.peer)
        if there is None:
            known = ", ".join(str(each.get("name")) for each in config.get("ipsec_peer", ())) or "none"
            missing = f"the other end has no peer {self.end.peer}; there are: {known}"
            raise BadArguments(f"{self.router}: other_end.peer: {missing}")
        return differences(here, there) if here else []


def _failure(seen: _Seen, router: str, there: str, differ: Sequence[str] | None) -> dict[str, Any]:
    """What is told of tunnels that do not stand, or do not carry."""
    sentences = [sentence(each, there) for each in seen.down]
    sentences += [sentence_of_silence(*each) for each in seen.unanswered]
    if differ is not None:
        sentences.append(f"The ends differ: {'; '.join(differ)}" if differ else FIT)
    reasons = [asdict(each) for each in _reasons(seen, there)]
    told = {"failed": True, "msg": f"{router}: after {seen.waited} s: {'. '.join(sentences)}", "reasons": reasons}
    return told if differ is None else {**told, "differences": list(differ)}


def _reasons(seen: _Seen, there: str) -> Iterator[Reason]:
    for each in seen.down:
        yield reason(each, explain(each, there), there)
    for tunnel, _dummy in seen.unanswered:
        yield reason(tunnel, explain_silence(tunnel), there)
