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
      - Required unless O(state=gathered), or O(state=deleted) with O(scope).
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
      - It never reaches beyond C(/ipv6/firewall/address-list). With O(state=deleted) none of
        them may be empty.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose comment is one of these marks, or goes on with a colon or a slash after
            it; V(s2s-*) stands for everything that begins with V(s2s-).
        type: list
        elements: str
      list:
        description:
          - Entries with one of these values of O(config[].list).
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
