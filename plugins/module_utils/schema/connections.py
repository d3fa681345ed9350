# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firewall knows of connections: patterns in what they carry, and how long it keeps track of them."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import COMMENT, NAME
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import DURATION, SWITCH, TEXT, one_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

# {".id": "*1", "name": "rdp", "regexp": "rdpdr.*cliprdr.*rdpsnd", "comment": "remote desktops"}
LAYER7 = Menu(
    path="/ip/firewall/layer7-protocol",
    help="Patterns by which rules recognise what a connection carries.",
    module="firewall_layer7",
    fields=(
        NAME,
        Field(
            "regexp",
            TEXT,
            "Regular expression; case does not matter. The router looks for it in the first 10 packets or 2 KB of a "
            "connection, both directions together.",
            "",
        ),
        COMMENT,
    ),
)


def timeout(name: str, help: str, default: str) -> Field:
    """How long the router remembers a connection of which no further packet comes."""
    return Field(f"{name}-timeout", DURATION, f"How long a connection is remembered {help}.", default)


# {"enabled": "auto", "active-ipv4": "true", "active-ipv6": "true", "tcp-syn-sent-timeout": "5s",
#  "tcp-syn-received-timeout": "5s", "tcp-established-timeout": "1d", "tcp-fin-wait-timeout": "10s",
#  "tcp-close-wait-timeout": "10s", "tcp-last-ack-timeout": "10s", "tcp-time-wait-timeout": "10s",
#  "tcp-close-timeout": "10s", "tcp-max-retrans-timeout": "5m", "tcp-unacked-timeout": "5m",
#  "loose-tcp-tracking": "true", "liberal-tcp-tracking": "false", "udp-timeout": "30s", "udp-stream-timeout": "3m",
#  "icmp-timeout": "10s", "generic-timeout": "10m", "max-entries": "1048576", "total-entries": "17"}
TRACKING = Menu(
    path="/ip/firewall/connection/tracking",
    help="How the router keeps track of connections, IPv6 included.",
    module="firewall_connection_tracking",
    key=(),
    single=True,
    # Rules that accept established connections accept nothing without it.
    cuts=True,
    fields=(
        Field(
            "enabled",
            one_of("auto", "no", "yes"),
            "Whether it does so: V(auto) as soon as there is a firewall rule. Without it no NAT works, and no matcher "
            "for the state, mark or amount of a connection.",
            "auto",
        ),
        timeout("tcp-syn-sent", "after the first packet of TCP", "5s"),
        timeout("tcp-syn-received", "after the answer to that packet", "5s"),
        timeout("tcp-established", "while TCP has it open", "1d"),
        timeout("tcp-fin-wait", "after the first side of TCP has closed it", "10s"),
        timeout("tcp-close-wait", "while the second side of TCP may still send", "10s"),
        timeout("tcp-last-ack", "while the last acknowledgement of TCP is due", "10s"),
        timeout("tcp-time-wait", "after both sides of TCP have closed it", "10s"),
        timeout("tcp-close", "after a reset of TCP", "10s"),
        timeout("tcp-max-retrans", "while a side of TCP repeats itself and nobody answers", "5m"),
        timeout("tcp-unacked", "while data of TCP is not acknowledged", "5m"),
        Field(
            "loose-tcp-tracking",
            SWITCH,
            "Take a TCP connection whose first packet the router did not see for established instead of invalid.",
            "yes",
        ),
        Field(
            "liberal-tcp-tracking",
            SWITCH,
            "Take TCP packets outside the expected window for established instead of invalid.",
            "no",
            since="7.20",
        ),
        # Older routers print 10s, seen on 7.10; since which version it is 30s is unverified.
        timeout("udp", "while UDP packets have come from one side only", "30s"),
        timeout("udp-stream", "once UDP packets have come from both sides", "3m"),
        timeout("icmp", "after a packet of ICMP", "10s"),
        timeout("generic", "after a packet of any other protocol, such as ESP and GRE", "10m"),
    ),
)
