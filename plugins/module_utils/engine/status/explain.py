# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a tunnel does not stand, and what to do: the router's own words, and its states where it said nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.pings import Pinged
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import ESTABLISHED, NOTHING, Tunnel


@dataclass(frozen=True)
class Explanation:
    """What a complaint means."""

    kind: str
    phase: int
    """1 or 2; 0: either."""
    words: str
    """A regular expression for what the router logs."""
    meaning: str
    advice: str


# In the order in which they tell more than those below: where both ends complain, the one that says no knows why, and
# the one that called only that it failed.
# Words that the manual and routers' owners quote (ipsec.md 13, and scripts that watch the log). Those of `spi`,
# `invalid hash`, `invalid id` and `retransmit` are no router's that we know of, but the terms of the protocol.
TABLE = (
    Explanation(
        "identity-unknown",
        1,
        r"identity not found|can't find identity",
        "one end has no identity for what the other one shows",
        "make an identity for the peer on both ends; my_id of the one is remote_id of the other, or leave both at auto",
    ),
    Explanation(
        "certificate",
        1,
        r"certificat|crl|issuer",
        "a certificate is not accepted",
        "see whether it is valid today by both clocks, and whether its authority is among the other end's certificates",
    ),
    Explanation(
        "authentication",
        1,
        r"authentication[ _-]failed|possible cause: wrong password|invalid hash|id mismatch",
        "one end does not believe who the other one is",
        "compare the pre-shared keys, or whether each end trusts the certificate of the other one and its identity",
    ),
    Explanation(
        "selectors",
        2,
        r"ts[ _-]unacceptable|invalid[ _-]id[ _-]info|no policy found",
        "the policies of the two ends are no mirror image",
        "src_address of the one end has to be dst_address of the other one, and the other way round",
    ),
    Explanation(
        "proposal",
        0,
        r"no[ _-]proposal[ _-]chosen|no suitable proposal|failed to get valid proposal|failed to pre-process ph[12]",
        "the two ends have no algorithms in common",
        "compare the profiles (phase 1), then the proposals and pfs_group (phase 2), of both ends",
    ),
    Explanation(
        "no-answer",
        1,
        r"due to time up|timed? ?out|retransmit",
        "one end gets no answer from the other one",
        "see whether the addresses are right, and whether both ends, and all on the way, let UDP 500 and 4500 through",
    ),
    Explanation(
        "spi",
        2,
        r"(invalid|unknown) spi",
        "one end uses keys that the other one does not have, as after a restart",
        "let dead peers be detected on both ends (dpd_interval), or flush the associations of both",
    ),
)
# What the states alone tell, where the log says nothing of the tunnel.
SILENT = (
    Explanation("off", 0, "", "the peer is switched off", "enable the peer"),
    Explanation(
        "no-policy", 2, "", "there is no policy for the peer that is on", "make a policy, or let the peer generate one"
    ),
    Explanation(
        "not-begun",
        1,
        "",
        "nobody has begun phase 1",
        "one end must not be passive; if both may call, send traffic that a policy is for, such as a ping",
    ),
    Explanation(
        "under-way",
        1,
        "",
        "phase 1 has begun and not ended",
        "see whether the other end is reached by UDP 500 and 4500, and what its log says",
    ),
    Explanation(
        "no-phase2",
        2,
        "",
        "phase 1 stands and phase 2 does not",
        "see what the other end's log says; compare policies, proposals and pfs_group of both ends",
    ),
)

# What the associations tell where a tunnel stands and a ping through it gets no answer.
UNANSWERED = (
    Explanation(
        "not-sent",
        2,
        "",
        "no packet ever left by the association that is there for it",
        "see whether another policy above takes the packets, and whether NAT translates them: an accept in srcnat, or "
        "ipsec-policy=out,none on the masquerade, keeps it from that",
    ),
    Explanation(
        "not-received",
        2,
        "",
        "packets leave, and none that came from the other end was ever decrypted",
        "see whether ESP, or UDP 4500, is let in here, whether the other end's NAT translates the answers, and whether "
        "in_state_protocol_errors or in_no_states of the statistics grow; with hardware true, try AES-GCM",
    ),
    Explanation(
        "no-echo",
        2,
        "",
        "packets go both ways, and this host does not answer",
        "see whether it is on, answers pings, has its route back, and whether the firewall there lets them through",
    ),
)


@dataclass(frozen=True)
class Reason:
    """Why one tunnel does not do what it should."""

    peer: str
    kind: str
    phase: int
    """The first phase that is not there; 2 where a tunnel stands and does not carry."""
    side: str
    """Who began the session, in RouterOS's word; empty where there is none."""
    meaning: str
    advice: str
    log: str
    log_there: str
    """What the other end's log says, where it was given."""


def explain(tunnel: Tunnel, there: str = "") -> Explanation:
    """The likeliest reason why a tunnel does not stand; `there` is what the other end's log says of it."""
    silent = {each.kind: each for each in SILENT}
    if tunnel.disabled:
        return silent["off"]
    if tunnel.phase1 == ESTABLISHED and tunnel.phase2 == NOTHING:
        return silent["no-policy"]
    phase = phase_of(tunnel)
    for each in TABLE:
        # IKEv2 settles the first policy along with phase 1, so what is wrong with phase 2 may be told before 1 stands.
        if (each.phase != 1 or phase == 1) and any(_says(said, each.words) for said in (tunnel.last_error, there)):
            return each
    if phase == 2:
        return silent["no-phase2"]
    return silent["not-begun" if tunnel.phase1 == NOTHING else "under-way"]


def _says(complaint: str, words: str) -> bool:
    return re.search(words, complaint, re.IGNORECASE) is not None


def phase_of(tunnel: Tunnel) -> int:
    """The phase that is to be looked at."""
    return 2 if tunnel.phase1 == ESTABLISHED else 1


def explain_silence(tunnel: Tunnel) -> Explanation:
    """The likeliest reason why a ping through a tunnel that stands gets no answer."""
    kinds = {each.kind: each for each in UNANSWERED}
    used = [each.inbound for each in tunnel.associations if each.seen_traffic or each.packets]
    if False not in used:
        return kinds["not-sent"]
    if True not in used:
        return kinds["not-received"]
    return kinds["no-echo"]


def reason(tunnel: Tunnel, found: Explanation, there: str = "") -> Reason:
    """An explanation, said of one tunnel."""
    phase, side = phase_of(tunnel), tunnel.side
    return Reason(tunnel.peer, found.kind, phase, side, found.meaning, found.advice, tunnel.last_error, there)


def sentence(tunnel: Tunnel, there: str = "") -> str:
    """What the operator is told: which phase, what the logs say, what it means, what to do."""
    found = explain(tunnel, there)
    said = f'; the log says "{tunnel.last_error}"' if tunnel.last_error else "; the log says nothing of it"
    said += f'; the log of the other end says "{there}"' if there else ""
    states = f"phase 1 is {tunnel.phase1}, phase 2 is {tunnel.phase2}"
    begun = {"initiator": ", begun here", "responder": ", begun there"}.get(tunnel.side, "")
    return f"tunnel {tunnel.peer} does not stand: {states}{begun}{said}; {found.meaning}: {found.advice}"


def sentence_of_silence(tunnel: Tunnel, ping: Pinged) -> str:
    """The same of a ping through a tunnel that stands."""
    found, sent = explain_silence(tunnel), f"{ping.aim.address} answered none of {ping.sent} pings"
    status = f" ({ping.status})" if ping.status else ""
    return (
        f"tunnel {tunnel.peer} stands, but {sent} from {ping.aim.src_address}{status}; {found.meaning}: {found.advice}"
    )
