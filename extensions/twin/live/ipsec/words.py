# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charon logs, as RouterOS would log it.

RouterOS's own words are those that the facts quote (ipsec.md 13); how whole lines are put together is unverified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

ERROR, INFO = "ipsec,error", "ipsec,info"
# `2025-11-25T.. 12[IKE] <name|3> text`; the name is that of the connection.
_LINE = re.compile(r"\d\d\[[A-Z]{3}\](?: <(?P<name>[^|>]*)(?:\|\d+)?>)? (?P<text>.*)")
_FROM = re.compile(r"received packet: from (\S+)\[(\d+)\] to (\S+)\[(\d+)\]")
# Exchanges that are of one version only.
_FIRST = re.compile(r"\b(?:ID_PROT|AGGRESSIVE|QUICK_MODE|INFORMATIONAL_V1)\b")
_SECOND = re.compile(r"\b(?:IKE_SA_INIT|IKE_AUTH|CREATE_CHILD_SA)\b")
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


@dataclass(frozen=True)
class Saying:
    """What charon says, as a regular expression, and what RouterOS says then, in IKEv1 and IKEv2."""

    words: str
    first: tuple[str, ...]
    second: tuple[str, ...]

    def said(self, ends: Ends) -> list[str]:
        texts = self.second if ends.second else self.first
        return [text.format(near=ends.near, far=ends.far, pair=ends.pair, arrow=ends.arrow) for text in texts]


_NO_IDENTITY = ("identity not found for responder: ADDR4:{near} peer: ADDR4:{far}",)
_CERTIFICATE = ("{far} can't verify peer's certificate",)
# In this order: the first that fits speaks.
TABLE = (
    Saying(
        r"received AUTHENTICATION_FAILED (?:error )?notif",
        ("{far} got fatal error: AUTHENTICATION_FAILED",),
        ("{far} got fatal error: AUTHENTICATION_FAILED",),
    ),
    Saying(
        r"MAC mismatched|could not decrypt payloads|calculated HASH does not match",
        ("{far} parsing packet failed, possible cause: wrong password",),
        ("killing ike2 SA: {pair} AUTHENTICATION_FAILED",),
    ),
    Saying(
        r"no (?:trusted \S+ public key|issuer certificate) found for|certificate .*(?:expired|not valid yet)",
        _CERTIFICATE,
        _CERTIFICATE,
    ),
    Saying(r"no shared key found|no matching peer config|no peer config found", _NO_IDENTITY, _NO_IDENTITY),
    Saying(
        r"constraint check failed",
        ("{far} peer id mismatch",),
        ("killing ike2 SA: {pair} AUTHENTICATION_FAILED, peer id mismatch",),
    ),
    Saying(
        r"received INVALID_ID_INFORMATION (?:error )?notif",
        ("{far} fatal INVALID-ID-INFORMATION notify message",),
        ("{far} got fatal error: INVALID_ID_INFORMATION",),
    ),
    Saying(
        r"received NO_PROPOSAL_CHOSEN",
        ("{far} fatal NO-PROPOSAL-CHOSEN notify message",),
        ("{far} got fatal error: NO_PROPOSAL_CHOSEN",),
    ),
    Saying(
        r"no acceptable proposal found|no matching proposal found",
        ("{far} no suitable proposal found", "{far} failed to pre-process ph2 packet"),
        ("{far} no suitable proposal found",),
    ),
    Saying(
        r"received proposals unacceptable|no proposal found",
        (
            "{far} no suitable proposal found",
            "{far} failed to get valid proposal",
            "{far} failed to pre-process ph1 packet",
        ),
        ("{far} no suitable proposal found", "killing ike2 SA: {pair} NO_PROPOSAL_CHOSEN"),
    ),
    Saying(
        r"received TS_UNACCEPTABLE|traffic selectors .* unacceptable|no matching CHILD_SA config found",
        ("{far} no policy found", "{far} failed to pre-process ph2 packet"),
        ("{far} TS_UNACCEPTABLE",),
    ),
    Saying(
        r"giving up after \d+ retransmits",
        ("phase1 negotiation failed due to time up {arrow}",),
        ("killing ike2 SA: {pair} timed out",),
    ),
    Saying(r"ESP \w+ failed", ("{far} invalid ESP packet",), ("{far} invalid ESP packet",)),
    Saying(r"(?:invalid|unknown) SPI", ("{far} invalid SPI",), ("{far} invalid SPI",)),
)


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
        if _FIRST.search(text):
            ends.second = False
        elif _SECOND.search(text):
            ends.second = True
        if "IKE_SA" in text and "established between" in text:
            return [(INFO, f"new {'ike2 SA' if ends.second else 'phase1'} established: {ends.pair}")]
        for saying in TABLE:
            if re.search(saying.words, text):
                return [(ERROR, message) for message in saying.said(ends)]
        return []

    def _met(self, name: str, ends: Ends) -> Ends:
        known = self.ends.get(name)
        ends.second = known.second if known else self.last.second if self.last.far == ends.far else True
        if name:
            self.ends[name] = ends
        return ends
