#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/dns."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_dns
short_description: Manage how the router resolves names, and for whom
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/dns); which servers the router asks, and whether it resolves names for others.
  - With O(config.allow_remote_requests) it answers on all interfaces, so that the firewall has to keep
    strangers out.
  - Static names, C(/ip/dns/static), are not managed.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.firewall_filter
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The settings.
      - Required unless O(state=gathered).
    type: dict
    suboptions:
      allow_remote_requests:
        description:
          - Resolve names for others, on all interfaces.
          - RouterOS's default is V(false).
        type: bool
      servers:
        description:
          - Servers to ask, in this order.
        type: list
        elements: str
      use_doh_server:
        description:
          - Server to ask over HTTPS instead, as C(https://...).
        type: str
      verify_doh_cert:
        description:
          - Check the certificate of that server.
          - RouterOS's default is V(false).
        type: bool
      doh_max_concurrent_queries:
        description:
          - Questions to that server at the same time.
          - RouterOS's default is V(50).
        type: int
      doh_max_server_connections:
        description:
          - Connections to that server at the same time.
          - RouterOS's default is V(5).
        type: int
      doh_timeout:
        description:
          - How long to wait for its answer.
          - RouterOS's default is V(5s).
        type: str
      max_udp_packet_size:
        description:
          - Largest answer over UDP in bytes.
          - RouterOS's default is V(4096).
        type: int
      query_server_timeout:
        description:
          - How long to wait for the answer of one server.
          - RouterOS's default is V(2s).
        type: str
      query_total_timeout:
        description:
          - How long to wait for an answer of any server.
          - RouterOS's default is V(10s).
        type: str
      max_concurrent_queries:
        description:
          - Questions at the same time.
          - RouterOS's default is V(100).
        type: int
      max_concurrent_tcp_sessions:
        description:
          - TCP sessions at the same time.
          - RouterOS's default is V(20).
        type: int
      cache_size:
        description:
          - Size of the cache, such as V(2048KiB).
          - RouterOS's default is V(2048).
        type: str
      cache_max_ttl:
        description:
          - Longest time for which an answer is kept.
          - RouterOS's default is V(1w).
        type: str
      address_list_extra_time:
        description:
          - Time for which addresses of a name stay in an address list after the answer has expired.
          - RouterOS's default is V(0s).
        type: str
      vrf:
        description:
          - VRF in which names are resolved.
          - RouterOS's default is V(main).
          - Needs RouterOS 7.15 or newer.
        type: str
      mdns_repeat_ifaces:
        description:
          - Interfaces between which mDNS is repeated.
          - Needs RouterOS 7.16 or newer.
        type: list
        elements: str
  state:
    description:
      - What is to be true afterwards.
      - V(merged) - the given options hold; what is not given stays as it is.
      - V(replaced) - the settings are exactly so; options not given go back to RouterOS's default.
      - V(gathered) - reads only, and returns the settings in the form that O(config) takes, without
        secrets.
      - V(rendered) - needs no router, and returns the RouterOS commands that would make the settings.
    type: str
    choices:
      - merged
      - replaced
      - gathered
      - rendered
    default: merged
  keep:
    description:
      - Options that only new entries are given. On entries that stand, the router's own values
        stay, since something on it changes them, such as a script that enables and disables policies.
    type: list
    elements: str
    default: []
  guard:
    description:
      - Care taken of the session that makes the change, and of what else has to stay open. See
        the page on the guard.
      - V(auto) - guards what could cut the session; that is whatever may take something away
        in the chains by which the router is reached, their address lists, interfaces, addresses,
        routes, C(/ip/service), the ways in without IP (C(/tool/mac-server), C(/tool/romon)),
        the proxies C(/ip/proxy) and C(/ip/socks), and IPsec where the session comes through a
        tunnel.
      - V(always) - guards whatever has an effect on traffic. V(never) - makes the change as it
        is, unwatched.
      - Or a dictionary of C(when), one of these words and V(always) without it; C(timeout), the
        seconds after which the router undoes what was not confirmed, V(5) to V(3600), V(120)
        without it; and C(keep_open), a list of flows that the change must not cut, each with
        C(name), C(chain) (V(input), V(forward) or V(output)), C(src), C(dst), C(protocol) (V(tcp)
        without it), C(src_port), C(dst_port), C(in_interface) and C(out_interface).
      - A plan that would cut the session, or a flow to keep open, at any moment of the change
        is refused with the rule at fault, in check mode, too.
      - Under the guard the router undoes the change by itself unless a new connection and login
        confirms it.
      - The account needs the policies C(policy) and C(test) besides C(read) and C(write) for
        it.
    type: raw
    default: auto
"""

EXAMPLES = r"""
- name: Resolve names for clients
  vpnops.mikrotik.ip_dns:
    config:
      allow_remote_requests: true
      servers: [192.0.2.53, "2001:db8::53"]

- name: Resolve names for the router alone
  vpnops.mikrotik.ip_dns:
    config:
      allow_remote_requests: false
"""

RETURN = r"""
before:
  description: The settings before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: dict
  sample: {allow_remote_requests: false, servers: [], cache_size: 2048KiB, cache_max_ttl: 1w}
after:
  description: The settings after the task, or in check mode those expected; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: dict
commands:
  description: What was sent, or in check mode would be, as RouterOS commands; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: str
  sample:
    - /ip dns set allow-remote-requests=no
gathered:
  description: The settings of the router in the form that O(config) takes, without secrets.
  returned: when O(state=gathered)
  type: dict
rendered:
  description: RouterOS commands that would make the settings on an empty router; secrets are masked.
  returned: when O(state=rendered)
  type: list
  elements: str
  sample:
    - /ip dns set allow-remote-requests=no
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ip_dns")


if __name__ == "__main__":
    main()
