#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/proxy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_proxy
short_description: Manage the web proxy
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/proxy); whether the web proxy is on, and where it listens.
  - Its cache, other proxies behind it, and C(/ip/proxy/access) are not managed. Without an entry there
    it serves everybody whom the firewall lets in.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ip_socks
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
          - Whether the proxy is on.
          - RouterOS's default is V(false).
        type: bool
      port:
        description:
          - TCP ports on which it listens.
          - RouterOS's default is V(8080).
        type: list
        elements: str
      src_address:
        description:
          - Address of this router from which it connects; V(::) is the one that the route has.
          - RouterOS's default is V(::).
        type: str
      anonymous:
        description:
          - Do not tell servers the address of the client.
          - RouterOS's default is V(false).
        type: bool
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
- name: Switch the web proxy off
  vpnops.mikrotik.ip_proxy:
    config:
      enabled: false

- name: Have it listen on another port
  vpnops.mikrotik.ip_proxy:
    config:
      enabled: true
      port: [3128]
"""

RETURN = r"""
before:
  description: The settings before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: dict
  sample: {enabled: true, port: ['8080'], src_address: '::', anonymous: false}
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
    - /ip proxy set enabled=no
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
    - /ip proxy set enabled=no
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ip_proxy")


if __name__ == "__main__":
    main()
