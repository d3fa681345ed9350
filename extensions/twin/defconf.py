# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The factory firewall of home and branch boards, as a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_FILTER = (
    ("accept established,related,untracked", {"chain": "input", "connection-state": "established,related,untracked"}),
    ("drop invalid", {"chain": "input", "action": "drop", "connection-state": "invalid"}),
    ("accept ICMP", {"chain": "input", "protocol": "icmp"}),
    ("accept to local loopback (for CAPsMAN)", {"chain": "input", "dst-address": "127.0.0.1"}),
    ("drop all not coming from LAN", {"chain": "input", "action": "drop", "in-interface-list": "!LAN"}),
    ("accept in ipsec policy", {"chain": "forward", "ipsec-policy": "in,ipsec"}),
    ("accept out ipsec policy", {"chain": "forward", "ipsec-policy": "out,ipsec"}),
    (
        "fasttrack",
        {"chain": "forward", "action": "fasttrack-connection", "connection-state": "established,related"},
    ),
    (
        "accept established,related, untracked",
        {"chain": "forward", "connection-state": "established,related,untracked"},
    ),
    ("drop invalid", {"chain": "forward", "action": "drop", "connection-state": "invalid"}),
    (
        "drop all from WAN not DSTNATed",
        {
            "chain": "forward",
            "action": "drop",
            "connection-nat-state": "!dstnat",
            "connection-state": "new",
            "in-interface-list": "WAN",
        },
    ),
)

DEFCONF: Mapping[str, Sequence[Mapping[str, str]]] = {
    "/interface/list": [{"name": "WAN", "comment": "defconf"}, {"name": "LAN", "comment": "defconf"}],
    "/interface/list/member": [
        {"list": "LAN", "interface": "ether2", "comment": "defconf"},
        {"list": "WAN", "interface": "ether1", "comment": "defconf"},
    ],
    "/ip/address": [{"address": "192.168.88.1/24", "interface": "ether2", "comment": "defconf"}],
    "/ip/firewall/filter": [{**rule, "comment": f"defconf: {comment}"} for comment, rule in _FILTER],
    "/ip/firewall/nat": [
        {
            "chain": "srcnat",
            "action": "masquerade",
            "ipsec-policy": "out,none",
            "out-interface-list": "WAN",
            "comment": "defconf: masquerade",
        }
    ],
}
