#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /interface/vrrp."""

from __future__ import annotations

DOCUMENTATION = r"""
module: interface_vrrp
short_description: Manage VRRP interfaces
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - 'Manages C(/interface/vrrp): virtual routers. Of several routers one is the master, and has the addresses that are
    on the virtual interface.'
  - The address itself is one of M(vpnops.mikrotik.ip_address), with a length of 32, on all of the routers alike.
  - IKE and its keys are not handed over from one router to the other; the new master negotiates again.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ip_address
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The entries. They are told apart by O(config[].name).
      - Required unless O(state=gathered), or O(state=deleted) with O(scope).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name that other entries refer to.
        type: str
        required: true
      interface:
        description:
          - Interface that it runs on.
        type: str
      vrid:
        description:
          - Number of the virtual router, the same on all of its routers.
          - RouterOS's default is V(1).
        type: int
      priority:
        description:
          - Of several routers the one with the highest is the master.
          - RouterOS's default is V(100).
        type: int
      interval:
        description:
          - How often the master says that it is there, V(10ms) to V(4m15s).
          - RouterOS's default is V(1s).
        type: str
      preemption_mode:
        description:
          - Take over from a master of a lower priority.
          - RouterOS's default is V(true).
        type: bool
      version:
        description:
          - Version of the protocol.
          - RouterOS's default is V(3).
        type: str
        choices:
          - '2'
          - '3'
      v3_protocol:
        description:
          - Family of its addresses, in version 3.
          - RouterOS's default is V(ipv4).
        type: str
        choices:
          - ipv4
          - ipv6
      v3_checksum_as_v2:
        description:
          - Checksums of version 3 as those of version 2.
          - RouterOS's default is V(false).
          - Needs RouterOS 7.24 or newer.
        type: bool
      authentication:
        description:
          - How its routers prove who they are, in version 2; V(simple) shows O(config[].password)
            to all who listen.
          - RouterOS's default is V(none).
        type: list
        elements: str
        choices:
          - ah
          - none
          - simple
      password:
        description:
          - Password for it, at most 16 characters.
        type: str
      on_master:
        description:
          - Script, or its name, that runs when this router becomes the master.
        type: str
      on_backup:
        description:
          - Script, or its name, that runs when another router is the master.
        type: str
      on_fail:
        description:
          - Script, or its name, that runs when the interface below fails.
        type: str
      group_authority:
        description:
          - Virtual router whose state this one follows; V(self) is followed by others.
          - RouterOS's default is V(none).
        type: str
      group_master:
        description:
          - Old name of O(config[].group_authority).
          - RouterOS's default is V(none).
        type: str
      sync_connection_tracking:
        description:
          - Tell the others of the connections that the firewall knows.
          - RouterOS's default is V(false).
        type: bool
      remote_address:
        description:
          - Address of the other router, for that.
          - RouterOS's default is V(0.0.0.0).
        type: str
      connection_tracking_mode:
        description:
          - Whether all routers tell of their connections, or the master alone.
          - RouterOS's default is V(passive-active).
          - Needs RouterOS 7.20 or newer.
        type: str
        choices:
          - active-active
          - passive-active
      connection_tracking_port:
        description:
          - UDP port for that.
          - RouterOS's default is V(8275).
          - Needs RouterOS 7.20 or newer.
        type: int
      arp:
        description:
          - Whether and how it answers ARP.
          - RouterOS's default is V(enabled).
        type: str
        choices:
          - disabled
          - enabled
          - local-proxy-arp
          - proxy-arp
          - reply-only
      arp_timeout:
        description:
          - How long an answer to ARP is believed.
          - RouterOS's default is V(auto).
        type: str
      mtu:
        description:
          - Largest packet.
          - RouterOS's default is V(1500).
          - Up to RouterOS 7.19; 7.20 and newer do not have it.
        type: int
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
      - It never reaches beyond C(/interface/vrrp). With O(state=deleted) none of them may be
        empty.
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
- name: Be the first of two gateways
  vpnops.mikrotik.interface_vrrp:
    config:
      - name: vrrp-lan
        interface: ether2
        vrid: 10
        priority: 150

- name: Be the second of two gateways, and let the first one take over again
  vpnops.mikrotik.interface_vrrp:
    config:
      - name: vrrp-lan
        interface: ether2
        vrid: 10
        priority: 100
        preemption_mode: true
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: vrrp-lan, interface: ether2, vrid: 10, priority: 150, disabled: false}]
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
    - /interface vrrp add name=vrrp-lan interface=ether2 vrid=10 priority=150
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
    - /interface vrrp add name=vrrp-lan interface=ether2 vrid=10 priority=150
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("interface_vrrp")


if __name__ == "__main__":
    main()
