# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a tunnel does not stand, and what to do: the router's own words, and its states where it said nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
        "authentication",
        1,
        r"authentication[ _-]failed|possible cause: wrong password|invalid hash",
        "the other end does not believe who this one is",
        "compare the pre-shared keys, or whether each end trusts the certificate of the other one and its identity",
    ),
    Explanation(
        "selectors",
        2,
        r"ts[ _-]unacceptable|invalid[ _-]id",
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
        "the other end does not answer",
        "see whether its address is right, and whether it, and all on the way, let UDP 500 and 4500 through",
    ),
    Explanation(
        "spi",
        2,
        r"(invalid|unknown) spi|no policy found",
        "the other end uses keys that this one does not have, as after a restart",
        "let dead peers be detected on both ends (dpd_interval), or flush the associations there",
    ),
    Explanation(
        "certificate",
        1,
        r"certificat|crl|issuer",
        "a certificate is not accepted",
        "see whether it is valid today by both clocks, and whether its authority is among the other end's certificates",
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
        "one end must not be passive, and RouterOS calls only for traffic that a policy is for: send some",
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


def explain(tunnel: Tunnel) -> Explanation:
    """The likeliest reason why a tunnel does not stand."""
    silent = {each.kind: each for each in SILENT}
    if tunnel.disabled:
        return silent["off"]
    if tunnel.phase1 == ESTABLISHED and tunnel.phase2 == NOTHING:
        return silent["no-policy"]
    phase = 2 if tunnel.phase1 == ESTABLISHED else 1
    for each in TABLE:
        # IKEv2 settles the first policy along with phase 1, so what is wrong with phase 2 may be told before 1 stands.
        if (each.phase != 1 or phase == 1) and re.search(each.words, tunnel.last_error, re.IGNORECASE):
            return each
    if phase == 2:
        return silent["no-phase2"]
    return silent["not-begun" if tunnel.phase1 == NOTHING else "under-way"]


def sentence(tunnel: Tunnel) -> str:
    """What the operator is told: which phase, what the log says, what it means, what to do."""
    found = explain(tunnel)
    said = f'; the log says "{tunnel.last_error}"' if tunnel.last_error else "; the log says nothing of it"
    states = f"phase 1 is {tunnel.phase1}, phase 2 is {tunnel.phase2}"
    return f"tunnel {tunnel.peer} does not stand: {states}{said}; {found.meaning}: {found.advice}"
