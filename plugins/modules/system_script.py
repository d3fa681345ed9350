#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /system/script."""

from __future__ import annotations

DOCUMENTATION = r"""
module: system_script
short_description: Manage scripts
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/system/script), the scripts that people, scheduler entries and netwatch run by name.
  - What a guarded change arms the router with, C(vpnops-guard) and C(vpnops-guard-boot), is nobody's
    to manage; it is not returned, never removed, and not even V(overridden) without O(scope) sees it.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.system_scheduler
  - module: vpnops.mikrotik.tool_netwatch
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
          - Name by which it is run.
        type: str
        required: true
      source:
        description:
          - The script itself, of as many lines as it takes. It is compared letter by letter,
            line ends included; a block that YAML begins with C(|) ends in one, and one that begins
            with C(|-) does not.
        type: str
      policy:
        description:
          - Rights that it needs. Whoever runs it has to have all of them; netwatch has V(read),
            V(write), V(test) and V(reboot) alone.
          - RouterOS's default is V(ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon).
        type: list
        elements: str
        choices:
          - ftp
          - reboot
          - read
          - write
          - policy
          - test
          - password
          - sniff
          - sensitive
          - romon
      dont_require_permissions:
        description:
          - Let everybody run it, whatever rights they have; rather give it no more of O(config[].policy)
            than it needs.
          - RouterOS's default is V(false).
        type: bool
      owner:
        description:
          - User whom it belongs to; whoever adds it, unless another is named. Where it is not
            given, V(replaced) leaves it as it is.
        type: str
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
      - It never reaches beyond C(/system/script). With O(state=deleted) none of them may be empty.
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
- name: Say what happens when the primary tunnel fails, and when it is back
  vpnops.mikrotik.system_script:
    config:
      - name: ha-down
        comment: "ha: used by netwatch"
        policy: [read, write, test]
        source: |-
          :log warning message="primary tunnel down"
          /ip/ipsec/policy/disable [find where comment~"^ha-primary"]
          /ip/ipsec/policy/enable [find where comment~"^ha-backup"]
      - name: ha-up
        comment: "ha: used by netwatch"
        policy: [read, write, test]
        source: |-
          /ip/ipsec/policy/disable [find where comment~"^ha-backup"]
          /ip/ipsec/policy/enable [find where comment~"^ha-primary"]

- name: Remove all scripts of that owner
  vpnops.mikrotik.system_script:
    scope:
      owner: [ha]
    state: deleted
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: ha-down, policy: [read, write, test], source: "/log warning message=down"}]
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
    - /system script add name=ha-down source="/log warning message=down" policy=read,write,test
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
    - /system script add name=ha-down source="/log warning message=down" policy=read,write,test
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("system_script")


if __name__ == "__main__":
    main()
