# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that people use for services and limits, and the networks that nothing on the internet comes from."""

from __future__ import annotations

from collections.abc import Mapping

MANAGEMENT = "management"
SERVICES: Mapping[str, Mapping[str, str]] = {
    "capsman": {"udp": "5246-5247"},
    "dhcp": {"udp": "67"},
    "dns": {"tcp": "53", "udp": "53"},
    "ntp": {"udp": "123"},
    "snmp": {"udp": "161"},
    "upnp": {"tcp": "2828", "udp": "1900"},
}
"""Ports by protocol of what a router does for its neighbours."""
OFF: Mapping[str, int] = {"api": 8728, "ftp": 21, "telnet": 23, "www": 80}
"""Services of the router that send passwords in clear, and their TCP ports unless somebody moved them."""
IPV6_PORTS: Mapping[str, Mapping[str, str]] = {"dhcp": {"udp": "547"}, "upnp": {}}
"""Where a service has other ports in IPv6, or does not exist."""

LIMITS: Mapping[str, str] = {
    "ike": "10,20",
    "road_warriors": "10/1m,10",
    "road_warriors_total": "50,100",
    "port_500": "50,100",
    "icmp": "10,20",
    "icmp_total": "200,400",
    "traceroute": "10,20",
    "public": "5/1m,5",
    "listing": "5,20",
    "log": "30/1m,30",
}
"""What passes, as RATE[/TIME],BURST in packets; without a time it is a second."""
PER_SOURCE = ("ike", "road_warriors", "port_500", "icmp", "public")
"""Of these every sender has a budget of its own; the others are for all senders together."""

DOCUMENTATION = "documentation"
BOGONS: Mapping[str, str] = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "behind a carrier's NAT",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments",
    "192.0.2.0/24": DOCUMENTATION,
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarks",
    "198.51.100.0/24": DOCUMENTATION,
    "203.0.113.0/24": DOCUMENTATION,
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
"""IPv4 networks that no packet from the internet comes from (RFC 6890), and why."""
BOGONS6: Mapping[str, str] = {
    "::/96": "unspecified, loopback, IPv4-compatible",
    "::ffff:0:0/96": "IPv4-mapped",
    "64:ff9b:1::/48": "local NAT64",
    "100::/64": "discard only",
    "2001:10::/28": "ORCHID",
    "2001:db8::/32": DOCUMENTATION,
    "3fff::/20": DOCUMENTATION,
    "fc00::/7": "private",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
"""The same in IPv6; link-local addresses are at home on every link."""
