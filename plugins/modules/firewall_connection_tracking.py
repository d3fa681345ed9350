#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/firewall/connection/tracking."""

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_connection_tracking
short_description: Manage connection tracking of the firewall
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/firewall/connection/tracking), one set of properties for IPv4 and IPv6.
  - Rules that accept established connections depend on it, and so may the session that makes the change;
    every change of it is guarded.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.firewall_raw
  - module: vpnops.mikrotik.firewall_filter
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The settings.
      - Required unless O(state=gathered).
    type: dict
    suboptions:
      enabled:
        description:
          - 'Whether it does so: V(auto) as soon as there is a firewall rule. Without it no NAT
            works, and no matcher for the state, mark or amount of a connection.'
          - RouterOS's default is V(auto).
        type: str
        choices:
          - auto
          - 'no'
          - 'yes'
      tcp_syn_sent_timeout:
        description:
          - How long a connection is remembered after the first packet of TCP.
          - RouterOS's default is V(5s).
        type: str
      tcp_syn_received_timeout:
        description:
          - How long a connection is remembered after the answer to that packet.
          - RouterOS's default is V(5s).
        type: str
      tcp_established_timeout:
        description:
          - How long a connection is remembered while TCP has it open.
          - RouterOS's default is V(1d).
        type: str
      tcp_fin_wait_timeout:
        description:
          - How long a connection is remembered after the first side of TCP has closed it.
          - RouterOS's default is V(10s).
        type: str
      tcp_close_wait_timeout:
        description:
          - How long a connection is remembered while the second side of TCP may still send.
          - RouterOS's default is V(10s).
        type: str
      tcp_last_ack_timeout:
        description:
          - How long a connection is remembered while the last acknowledgement of TCP is due.
          - RouterOS's default is V(10s).
        type: str
      tcp_time_wait_timeout:
        description:
          - How long a connection is remembered after both sides of TCP have closed it.
          - RouterOS's default is V(10s).
        type: str
      tcp_close_timeout:
        description:
          - How long a connection is remembered after a reset of TCP.
          - RouterOS's default is V(10s).
        type: str
      tcp_max_retrans_timeout:
        description:
          - How long a connection is remembered while a side of TCP repeats itself and nobody
            answers.
          - RouterOS's default is V(5m).
        type: str
      tcp_unacked_timeout:
        description:
          - How long a connection is remembered while data of TCP is not acknowledged.
          - RouterOS's default is V(5m).
        type: str
      loose_tcp_tracking:
        description:
          - Take a TCP connection whose first packet the router did not see for established instead
            of invalid.
          - RouterOS's default is V(true).
        type: bool
      liberal_tcp_tracking:
        description:
          - Take TCP packets outside the expected window for established instead of invalid.
          - RouterOS's default is V(false).
          - Needs RouterOS 7.20 or newer.
        type: bool
      udp_timeout:
        description:
          - How long a connection is remembered while UDP packets have come from one side only.
          - RouterOS's default is V(30s).
        type: str
      udp_stream_timeout:
        description:
          - How long a connection is remembered once UDP packets have come from both sides.
          - RouterOS's default is V(3m).
        type: str
      icmp_timeout:
        description:
          - How long a connection is remembered after a packet of ICMP.
          - RouterOS's default is V(10s).
        type: str
      generic_timeout:
        description:
          - How long a connection is remembered after a packet of any other protocol, such as
            ESP and GRE.
          - RouterOS's default is V(10m).
        type: str
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
        in the chains by which the router is reached, their address lists and patterns, connection
        tracking, interfaces, addresses, routes, C(/ip/service), the ways in without IP (C(/tool/mac-server),
        C(/tool/romon)), the proxies C(/ip/proxy) and C(/ip/socks), and IPsec where the session
        comes through a tunnel.
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
- name: Remember one-sided UDP as long as new routers do, and open TCP connections for a day
  vpnops.mikrotik.firewall_connection_tracking:
    config:
      udp_timeout: 30s
      tcp_established_timeout: 1d

- name: Read the settings
  vpnops.mikrotik.firewall_connection_tracking:
    state: gathered
  register: tracking
"""

RETURN = r"""
before:
  description: The settings before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: dict
  sample: {enabled: auto, udp_timeout: 10s, udp_stream_timeout: 3m}
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
    - /ip firewall connection tracking set udp-timeout=30s
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
    - /ip firewall connection tracking set udp-timeout=30s
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("firewall_connection_tracking")


if __name__ == "__main__":
    main()
