#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /tool/mac-server/mac-winbox."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tool_mac_server_winbox
short_description: Manage who may use WinBox by MAC address
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/tool/mac-server/mac-winbox); on which interfaces the router answers WinBox by MAC
    address, which no firewall rule sees.
  - It is a way in when IP fails. A change is guarded, so this way closes for good only after new logins
    over IP have worked.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.tool_mac_server
  - module: vpnops.mikrotik.interface_list
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The settings.
      - Required unless O(state=gathered).
    type: dict
    suboptions:
      allowed_interface_list:
        description:
          - Interface list on whose members WinBox by MAC address is answered; V(none) switches
            it off.
          - RouterOS's default is V(all).
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
- name: Answer WinBox by MAC address in the LAN alone
  vpnops.mikrotik.tool_mac_server_winbox:
    config:
      allowed_interface_list: LAN

- name: Switch it off
  vpnops.mikrotik.tool_mac_server_winbox:
    config:
      allowed_interface_list: none
"""

RETURN = r"""
before:
  description: The settings before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: dict
  sample: {allowed_interface_list: all}
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
    - /tool mac-server mac-winbox set allowed-interface-list=LAN
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
    - /tool mac-server mac-winbox set allowed-interface-list=LAN
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("tool_mac_server_winbox")


if __name__ == "__main__":
    main()
