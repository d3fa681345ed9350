# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The factory configuration of home and branch boards, as a seed: the firewall, DNS, and access without IP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .persona import Persona

Rows = Sequence[Mapping[str, str]]

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

DEFCONF: Mapping[str, Rows] = {
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
    "/ip/dns": [{"allow-remote-requests": "yes"}],
    "/ip/neighbor/discovery-settings": [{"discover-interface-list": "LAN"}],
    "/tool/mac-server": [{"allowed-interface-list": "LAN"}],
    "/tool/mac-server/mac-winbox": [{"allowed-interface-list": "LAN"}],
}

_BAD_IPV6 = (
    ("unspecified address", "::/128"),
    ("lo", "::1/128"),
    ("site-local", "fec0::/10"),
    ("ipv4-mapped", "::ffff:0.0.0.0/96"),
    ("ipv4 compat", "::/96"),
    # The space at the end is the router's own.
    ("discard only ", "100::/64"),
    ("documentation", "2001:db8::/32"),
    ("ORCHID", "2001:10::/28"),
    ("6bone", "3ffe::/16"),
)
_IKE = {"protocol": "udp", "dst-port": "500,4500"}
_FILTER6 = (
    ("accept established,related,untracked", {"chain": "input", "connection-state": "established,related,untracked"}),
    ("drop invalid", {"chain": "input", "action": "drop", "connection-state": "invalid"}),
    ("accept ICMPv6", {"chain": "input", "protocol": "icmpv6"}),
    ("accept UDP traceroute", {"chain": "input", "protocol": "udp", "dst-port": "33434-33534"}),
    (
        "accept DHCPv6-Client prefix delegation.",
        {"chain": "input", "protocol": "udp", "dst-port": "546", "src-address": "fe80::/10"},
    ),
    ("accept IKE", {"chain": "input", **_IKE}),
    ("accept ipsec AH", {"chain": "input", "protocol": "ipsec-ah"}),
    ("accept ipsec ESP", {"chain": "input", "protocol": "ipsec-esp"}),
    ("accept all that matches ipsec policy", {"chain": "input", "ipsec-policy": "in,ipsec"}),
    (
        "drop everything else not coming from LAN",
        {"chain": "input", "action": "drop", "in-interface-list": "!LAN"},
    ),
    (
        "fasttrack6",
        {"chain": "forward", "action": "fasttrack-connection", "connection-state": "established,related"},
    ),
    ("accept established,related,untracked", {"chain": "forward", "connection-state": "established,related,untracked"}),
    ("drop invalid", {"chain": "forward", "action": "drop", "connection-state": "invalid"}),
    ("drop packets with bad src ipv6", {"chain": "forward", "action": "drop", "src-address-list": "bad_ipv6"}),
    ("drop packets with bad dst ipv6", {"chain": "forward", "action": "drop", "dst-address-list": "bad_ipv6"}),
    (
        "rfc4890 drop hop-limit=1",
        {"chain": "forward", "action": "drop", "hop-limit": "equal:1", "protocol": "icmpv6"},
    ),
    ("accept ICMPv6", {"chain": "forward", "protocol": "icmpv6"}),
    ("accept HIP", {"chain": "forward", "protocol": "139"}),
    ("accept IKE", {"chain": "forward", **_IKE}),
    ("accept ipsec AH", {"chain": "forward", "protocol": "ipsec-ah"}),
    ("accept ipsec ESP", {"chain": "forward", "protocol": "ipsec-esp"}),
    ("accept all that matches ipsec policy", {"chain": "forward", "ipsec-policy": "in,ipsec"}),
    (
        "drop everything else not coming from LAN",
        {"chain": "forward", "action": "drop", "in-interface-list": "!LAN"},
    ),
)

# As current versions have it; what exactly older ones had is unverified.
DEFCONF_IPV6: Mapping[str, Rows] = {
    "/ipv6/firewall/address-list": [
        {"list": "bad_ipv6", "address": address, "comment": f"defconf: {comment}"} for comment, address in _BAD_IPV6
    ],
    "/ipv6/firewall/filter": [{**rule, "comment": f"defconf: {comment}"} for comment, rule in _FILTER6],
}


def factory(persona: Persona) -> dict[str, Rows]:
    """Both families, without the fast path for IPv6 in versions that do not know it."""
    found = {**DEFCONF, **DEFCONF_IPV6}
    if not persona.since("7.18"):
        path = "/ipv6/firewall/filter"
        found[path] = [rule for rule in found[path] if rule.get("action") != "fasttrack-connection"]
    return found
