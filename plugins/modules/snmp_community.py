#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /snmp/community."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snmp_community
short_description: Manage SNMP communities
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/snmp/community); who may read what over SNMP, from where, and with which passwords.
  - 'The community V(public) is RouterOS''s own: it can be changed and disabled, but not removed.'
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.snmp
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
          - Name of the community, which SNMP 1 and 2 send in clear.
        type: str
        required: true
      addresses:
        description:
          - Prefixes from which it may be used; V(::/0) is everywhere, over IPv4 as well.
          - RouterOS's default is V(::/0).
        type: list
        elements: str
      security:
        description:
          - 'What SNMP 3 needs: V(none), a password (V(authorized)), or encryption as well (V(private)).'
          - RouterOS's default is V(none).
        type: str
        choices:
          - authorized
          - none
          - private
      read_access:
        description:
          - Allow to read.
          - RouterOS's default is V(true).
        type: bool
      write_access:
        description:
          - Allow to write.
          - RouterOS's default is V(false).
        type: bool
      authentication_protocol:
        description:
          - Hash of SNMP 3.
          - RouterOS's default is V(MD5).
        type: str
        choices:
          - MD5
          - SHA1
      authentication_password:
        description:
          - Password of SNMP 3.
        type: str
      encryption_protocol:
        description:
          - Cipher of SNMP 3.
          - RouterOS's default is V(DES).
        type: str
        choices:
          - AES
          - DES
      encryption_password:
        description:
          - Password for its encryption.
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
      - It never reaches beyond C(/snmp/community). With O(state=deleted) none of them may be
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
- name: Answer SNMP 3 from the management network alone
  vpnops.mikrotik.snmp_community:
    config:
      - name: monitoring
        addresses: [192.168.88.0/28]
        security: private
        authentication_protocol: SHA1
        authentication_password: "{{ snmp_authentication_password }}"
        encryption_protocol: AES
        encryption_password: "{{ snmp_encryption_password }}"

- name: Answer nobody by the name that everybody knows
  vpnops.mikrotik.snmp_community:
    config:
      - name: public
        disabled: true
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: public, addresses: ['::/0'], security: none, read_access: true, write_access: false}]
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
    - /snmp community set *0 disabled=yes
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
    - /snmp community add name=monitoring addresses=192.168.88.0/28 security=private
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("snmp_community")


if __name__ == "__main__":
    main()
