#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/route."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_route
short_description: Manage static IPv4 routes
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - 'Manages C(/ip/route), the static routes. Those that come from addresses or protocols are never touched.'
  - Two routes to one place by different gateways are two entries. Where no entry has the given gateway, the one to the
    same place in the same table with the same comment is the one meant, if there is just one; so what is marked keeps
    its mark when its gateway changes.
  - A change that takes away the way to whoever manages the router is undone by the router; see the page on the guard.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ip_address
  - module: vpnops.mikrotik.interface_gre
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The entries. They are told apart by O(config[].dst_address), O(config[].routing_table),
        O(config[].gateway).
      - Of two enabled entries that differ in O(config[].gateway) alone only one works, so the
        other is changed.
      - Required unless O(state=gathered), or O(state=deleted) with O(scope).
    type: list
    elements: dict
    suboptions:
      dst_address:
        description:
          - Where to.
          - RouterOS's default is V(0.0.0.0/0).
        type: str
      gateway:
        description:
          - 'Next routers: addresses, interfaces, or V(192.0.2.1%ether1) for an address behind
            an interface. Several share the traffic.'
        type: list
        elements: str
      routing_table:
        description:
          - Table that the route is in.
          - RouterOS's default is V(main).
        type: str
      distance:
        description:
          - Of routes to the same place the nearest that can be used is.
          - RouterOS's default is V(1).
        type: int
      check_gateway:
        description:
          - How the router sees whether the gateway is there; without an answer the route is not
            used. V(arp) does not work on GRE.
        type: str
        choices:
          - arp
          - bfd
          - none
          - ping
      blackhole:
        description:
          - Drop what the route is for, without a word.
          - RouterOS's default is V(no).
        type: bool
      pref_src:
        description:
          - Address that packets of the router itself come from.
        type: str
      scope:
        description:
          - Reach of the route, for others that look for their gateways.
          - RouterOS's default is V(30).
        type: int
      target_scope:
        description:
          - Reach of the routes among which it looks for its gateway.
          - RouterOS's default is V(10).
        type: int
      vrf_interface:
        description:
          - Interface of a VRF that the route belongs to.
        type: str
      suppress_hw_offload:
        description:
          - Keep the route out of the switch chip.
          - RouterOS's default is V(false).
        type: bool
      disabled:
        description:
          - Keep the entry without effect.
          - RouterOS's default is V(false).
        type: bool
      comment:
        description:
          - Free text.
        type: str
  state:
    description:
      - What is to be true afterwards.
      - V(merged) - the given options hold; what is not given stays as it is.
      - V(replaced) - each given entry is exactly so; options not given go back to RouterOS's
        default.
      - V(overridden) - as V(replaced), and nothing else exists within O(scope), or at all where
        O(scope) is not given. Entries that RouterOS made itself, dynamic and built-in ones, are
        never removed.
      - V(deleted) - the given entries, which have to lie within O(scope) where it is given, do
        not exist. With O(scope) and no entries, nothing exists within it, except what RouterOS
        made itself. Without O(config) and O(scope) the task fails.
      - V(gathered) - reads only, and returns the entries in the form that O(config) takes, without
        secrets.
      - V(rendered) - needs no router, and returns the RouterOS commands that would make the entries.
    type: str
    choices:
      - merged
      - replaced
      - overridden
      - deleted
      - gathered
      - rendered
    default: merged
  scope:
    description:
      - What O(state=overridden) and O(state=deleted) may remove, and O(state=gathered) returns.
        Each suboption narrows it further.
      - It never reaches beyond C(/ip/route). With O(state=deleted) none of them may be empty.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose comment is one of these marks, or goes on with a colon or a slash after
            it; V(s2s-*) stands for everything that begins with V(s2s-).
        type: list
        elements: str
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
- name: Reach site B through the tunnel, and by the other one when it is down
  vpnops.mikrotik.ip_route:
    config:
      - dst_address: 192.168.20.0/24
        gateway: 10.255.0.2
        check_gateway: ping
        comment: "s2s-b: by the first tunnel"
      - dst_address: 192.168.20.0/24
        gateway: 10.255.1.2
        distance: 10
        comment: "s2s-b: by the second tunnel"

- name: Never send what is for site B anywhere else
  vpnops.mikrotik.ip_route:
    config:
      - dst_address: 192.168.20.0/24
        blackhole: true
        distance: 250
        comment: "s2s-b: no other way"

- name: Share traffic between two gateways
  vpnops.mikrotik.ip_route:
    config:
      - dst_address: 0.0.0.0/0
        gateway: [192.0.2.1, 198.51.100.1]
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{dst_address: 192.168.20.0/24, gateway: [10.255.0.2], routing_table: main, distance: 1, check_gateway: ping}]
after:
  description: The entries after the task, or in check mode those expected; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
commands:
  description: What was sent, or in check mode would be, as RouterOS commands; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: str
  sample:
    - /ip route add dst-address=192.168.20.0/24 gateway=10.255.0.2 check-gateway=ping
gathered:
  description: The entries of the router in the form that O(config) takes, without secrets.
  returned: when O(state=gathered)
  type: list
  elements: dict
rendered:
  description: RouterOS commands that would make the entries on an empty router; secrets are masked.
  returned: when O(state=rendered)
  type: list
  elements: str
  sample:
    - /ip route add dst-address=192.168.20.0/24 gateway=10.255.0.2 check-gateway=ping
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ip_route")


if __name__ == "__main__":
    main()
