# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charon logs, as RouterOS would log it.

RouterOS's own words are those that the facts quote (ipsec.md 13); how whole lines are put together is unverified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

ERROR, INFO = "ipsec,error", "ipsec,info"
# `2025-11-25T.. 12[IKE] <name|3> text`; the name is that of the connection.
_LINE = re.compile(r"\d\d\[(?P<group>[A-Z]{3})\](?: <(?P<name>[^|>]*)(?:\|\d+)?>)? (?P<text>.*)")
_FROM = re.compile(r"received packet: from (\S+)\[(\d+)\] to (\S+)\[(\d+)\]")
_TO = re.compile(r"sending packet: from (\S+)\[(\d+)\] to (\S+)\[(\d+)\]")


@dataclass
class Ends:
    """The two ends of a conversation, the router's own first."""

    near: str = ""
    near_port: str = "500"
    far: str = ""
    far_port: str = "500"
    second: bool = True
    """IKEv2."""

    @property
    def arrow(self) -> str:
        return f"{self.near}[{self.near_port}]<=>{self.far}[{self.far_port}]"

    @property
    def pair(self) -> str:
        return f"{self.near}[{self.near_port}]-{self.far}[{self.far_port}]"


Make = Callable[[Ends, "re.Match[str]"], list[str]]


def _killed(reason: str) -> Make:
    return lambda ends, _found: [f"killing ike2 SA: {ends.pair} {reason}"]


def _both(first: str, second: str) -> Make:
    """The lines of IKEv1, parted by `; `, and those of IKEv2."""

    def make(ends: Ends, found: re.Match[str]) -> list[str]:
        text = second if ends.second else first
        places = {"near": ends.near, "far": ends.far, "pair": ends.pair, "arrow": ends.arrow}
        return [each.format(*found.groups(), **places) for each in text.split("; ")]

    return make


_PROPOSAL1 = "{far} no suitable proposal found; {far} failed to get valid proposal; {far} failed to pre-process ph1 packet"
_PROPOSAL2 = "{far} no suitable proposal found; killing ike2 SA: {pair} NO-PROPOSAL-CHOSEN"
TABLE: tuple[tuple[re.Pattern[str], Make], ...] = tuple(
    (re.compile(words), make)
    for words, make in (
        (
            r"received (?:AUTHENTICATION_FAILED|INVALID_ID_INFORMATION) (?:error )?notif",
            _both("{far} got fatal error: AUTHENTICATION_FAILED", "{far} got fatal error: AUTHENTICATION_FAILED"),
        ),
        (
            r"tried \d+ shared keys? for .* but MAC mismatched|could not decrypt payloads|"
            r"message parsing failed|HASH .*mismatch|calculated HASH does not match",
            _both(
                "{far} parsing packet failed, possible cause: wrong password", "{far} AUTHENTICATION_FAILED: {pair}"
            ),
        ),
        (
            r"no shared key found|no matching peer config|looking for peer configs .* no match|"
            r"no peer config found|found \d+ matching config, but none allows",
            _both(
                "identity not found for responder: {near} peer: {far}",
                "identity not found for responder: ADDR4:{near} peer: ADDR4:{far}",
            ),
        ),
        (r"peer didn't accept .*|peer requested virtual IP.*", _both("", "")),
        (r"received NO_PROPOSAL_CHOSEN (?:error )?notify, no CHILD_SA built|received NO_PROPOSAL_CHOSEN notify, no CHILD",
         _both("{far} fatal NO-PROPOSAL-CHOSEN notify message", "{far} NO-PROPOSAL-CHOSEN, phase 2")),
        (r"received NO_PROPOSAL_CHOSEN", _both("{far} fatal NO-PROPOSAL-CHOSEN notify message, phase1 should be deleted",
                                               "killing ike2 SA: {pair} NO-PROPOSAL-CHOSEN")),
        (r"no acceptable proposal found|no matching proposal found, sending NO_PROPOSAL_CHOSEN", _both(
            "{far} failed to pre-process ph2 packet", "{far} no suitable proposal found")),
        (r"received proposals unacceptable|no proposal found", _both(_PROPOSAL1, _PROPOSAL2)),
        (r"received TS_UNACCEPTABLE|traffic selectors .* unacceptable|no matching CHILD_SA config found",
         _both("{far} failed to pre-process ph2 packet", "{far} TS_UNACCEPTABLE")),
        (r"giving up after \d+ retransmits", _both(
            "phase1 negotiation failed due to time up {arrow}", "killing ike2 SA: {pair} timed out")),
        (r"constraint check failed: (.*)", _both("{far} peer's identity does not match: {0}",
                                                 "{far} AUTHENTICATION_FAILED, peer id mismatch: {0}")),
        (r"no trusted (?:RSA|ECDSA) public key found for (.*)|no issuer certificate found for (.*)|"
         r"certificate .* (?:expired|not valid yet).*",
         _both("{far} can't verify peer's certificate", "{far} can't verify peer's certificate")),
        (r"ESP packet|received ESP packet with invalid SPI", _both("{far} invalid SPI", "{far} invalid SPI")),
    )
)  # fmt: skip


@dataclass
class Teller:
    """Turns lines of charon's log into those of RouterOS, and remembers who talks to whom."""

    ends: dict[str, Ends] = field(default_factory=dict)
    last: Ends = field(default_factory=Ends)

    def tell(self, lines: Iterable[str]) -> list[tuple[str, str]]:
        """Topics and messages."""
        found: list[tuple[str, str]] = []
        for line in lines:
            if parsed := _LINE.search(line):
                found += self._one(parsed["name"] or "", parsed["text"])
        # One failure is often said twice.
        return list(dict.fromkeys(found))

    def _one(self, name: str, text: str) -> list[tuple[str, str]]:
        if met := _FROM.search(text):
            self.last = self._met(name, Ends(met[3], met[4], met[1], met[2]))
            return []
        if met := _TO.search(text):
            self.last = self._met(name, Ends(met[1], met[2], met[3], met[4]))
            return []
        ends = self.ends.get(name, self.last) if name else self.last
        if "IKEv1" in text or "ID_PROT" in text or "AGGRESSIVE" in text:
            ends.second = False
        if "IKE_SA" in text and "established between" in text:
            return [(INFO, f"new {'ike2 SA' if ends.second else 'phase1'} established: {ends.pair}")]
        for words, make in TABLE:
            if hit := words.search(text):
                return [(ERROR, message) for message in make(ends, hit) if message]
        return []

    def _met(self, name: str, ends: Ends) -> Ends:
        known = self.ends.get(name)
        ends.second = known.second if known else self.last.second if self.last.far == ends.far else True
        if name:
            self.ends[name] = ends
        return ends
