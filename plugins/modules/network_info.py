#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which interfaces, addresses and routes a router has, and changes nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: network_info
short_description: Tell which interfaces, addresses and routes a router has
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Reads the version, interfaces, lists of interfaces, IPv4 addresses and routes, pools, and the names of
    certificates, in one round trip.
  - These are the menus that entries of IPsec and of the firewall refer to and that this collection does not manage.
    The playbook C(vpnops.mikrotik.rehearse) builds the routers of a rehearsal from them.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.config
attributes:
  diff_mode:
    description: Whether the task can show the changes as a diff.
    support: none
    details: There are no changes.
"""

EXAMPLES = r"""
- name: See what networks the router has
  vpnops.mikrotik.network_info:
  register: network

- name: Name the addresses that it has itself
  ansible.builtin.debug:
    msg: "{{ network.addresses | rejectattr('disabled') | map(attribute='address') | list }}"
"""

RETURN = r"""
version:
  description: RouterOS's version.
  returned: always
  type: str
  sample: 7.22.3
client:
  description:
    - The address from which the router sees the session that asks; empty while the same user is logged in over the
      API from several.
  returned: always
  type: str
  sample: 192.168.10.5
interfaces:
  description: Interfaces of every sort.
  returned: always
  type: list
  elements: dict
  sample:
    - name: ether1
      type: ether
      disabled: false
      dynamic: false
interface_lists:
  description: Named lists of interfaces.
  returned: always
  type: list
  elements: dict
  sample:
    - name: WAN
      include: ""
      exclude: ""
      builtin: false
      dynamic: false
interface_list_members:
  description: Which interfaces are in which list.
  returned: always
  type: list
  elements: dict
  sample:
    - list: WAN
      interface: ether1
      disabled: false
      dynamic: false
addresses:
  description: The router's own IPv4 addresses.
  returned: always
  type: list
  elements: dict
  sample:
    - address: 198.51.100.7/24
      network: 198.51.100.0
      interface: ether1
      disabled: false
      dynamic: false
      invalid: false
routes:
  description: IPv4 routes, connected ones among them.
  returned: always
  type: list
  elements: dict
  sample:
    - dst_address: 0.0.0.0/0
      gateway: 198.51.100.1
      immediate_gw: 198.51.100.1%ether1
      distance: "1"
      routing_table: main
      active: true
      disabled: false
      dynamic: false
pools:
  description: Ranges of addresses to hand out.
  returned: always
  type: list
  elements: dict
  sample:
    - name: rw-pool
      ranges: 192.168.99.10-192.168.99.99
certificates:
  description: Names of the certificates.
  returned: always
  type: list
  elements: dict
  sample:
    - name: hq.example.com
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("network_info")


if __name__ == "__main__":
    main()
