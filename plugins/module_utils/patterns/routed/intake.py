# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes tunnel interfaces as people write them down."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.intake import (
    READERS,
    Options,
    Readers,
    flag,
    host,
    made_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.routed.link import Link

OWN: Readers = {
    **READERS,
    "peer_address": host,
    "local_address": host,
    "nat": flag,
    "clamp_tcp_mss": flag,
    "blackhole": flag,
}


def link_from(given: Options, profile: Options, proposal: Options) -> Link:
    """The tunnel interface that a mapping describes; raises ValueError with a sentence for what cannot be read."""
    return made_of(given, Link, OWN, profile, proposal)
