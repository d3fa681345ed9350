#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ipv6/firewall/address-list."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_firewall_address_list
short_description: Manage IPv6 firewall address lists
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ipv6/firewall/address-list), the named lists of IPv6 addresses that rules of the IPv6
    firewall refer to. Lists of the same name in C(/ip/firewall/address-list) are other lists.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ipv6_firewall_filter
  - module: vpnops.mikrotik.firewall_address_list
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The entries. They are told apart by O(config[].list), O(config[].address).
      - Required unless O(state=gathered).
    type: list
    elements: dict
    suboptions:
      list:
        description:
          - Name of the list; it exists as long as it has entries.
        type: str
        required: true
      address:
        description:
          - IPv6 address, prefix or DNS name.
        type: str
        required: true
      timeout:
        description:
          - Remove the entry after this time, up to 35w; it is then lost on reboot as well. It
            counts down, so an entry that is already there keeps what is left.
        type: str
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
      - V(deleted) - the given entries do not exist.
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
      - What O(state=overridden) may remove and O(state=gathered) returns. Each suboption narrows
        it further.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose comment begins with one of these marks; V(s2s-*) stands for every mark
            that begins with V(s2s-).
        type: list
        elements: str
      list:
        description:
          - Entries with one of these values of O(config[].list).
        type: list
        elements: str
"""

EXAMPLES = r"""
- name: Name the networks that may manage the router
  vpnops.mikrotik.ipv6_firewall_address_list:
    config:
      - list: mgmt
        address: "2001:db8:10::/64"
        comment: "base: office"

- name: Have exactly these addresses in the list, and leave other lists alone
  vpnops.mikrotik.ipv6_firewall_address_list:
    config:
      - list: mgmt
        address: "2001:db8:10::7"
    state: overridden
    scope:
      list: [mgmt]
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{list: mgmt, address: "2001:db8:10::/64", comment: "base: office", disabled: false}]
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
    - /ipv6 firewall address-list add list=mgmt address=2001:db8:10::/64 comment="base: office"
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
    - /ipv6 firewall address-list add list=mgmt address=2001:db8:10::/64 comment="base: office"
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ipv6_firewall_address_list")


if __name__ == "__main__":
    main()
