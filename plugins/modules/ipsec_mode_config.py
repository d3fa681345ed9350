#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/ipsec/mode-config."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_mode_config
short_description: Manage settings that IPsec clients receive
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/ipsec/mode-config), the addresses and DNS servers that a responder hands out
    and an initiator asks for.
  - The built-in entry V(request-only) can be changed and not removed.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ipsec_identity
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
      responder:
        description:
          - Hand out settings instead of asking for them.
          - RouterOS's default is V(false).
        type: bool
      address:
        description:
          - 'Responder: the one address to hand out.'
          - RouterOS's default is V(0.0.0.0).
        type: str
      address_pool:
        description:
          - 'Responder: /ip/pool to hand addresses out of, or V(none).'
          - RouterOS's default is V(none).
        type: str
      address_prefix_length:
        description:
          - 'Responder: prefix length of the address handed out.'
          - RouterOS's default is V(32).
        type: int
      split_include:
        description:
          - 'Responder: networks the client is to reach through the tunnel.'
        type: list
        elements: str
      split_dns:
        description:
          - 'Responder: domains the client is to resolve through the tunnel.'
        type: list
        elements: str
      system_dns:
        description:
          - 'Responder: hand out the DNS servers of /ip/dns; not with O(config[].static_dns).'
          - RouterOS's default is V(false).
        type: bool
      static_dns:
        description:
          - 'Responder: DNS servers to hand out.'
        type: list
        elements: str
      src_address_list:
        description:
          - 'Initiator: translate the sources in this address list to the address received, by
            dynamic NAT rules.'
        type: str
      connection_mark:
        description:
          - 'Initiator: translate connections with this mark to the address received, or V(no-mark).'
          - RouterOS's default is V(no-mark).
        type: str
      use_responder_dns:
        description:
          - 'Initiator: whether to use the DNS servers received.'
          - RouterOS's default is V(exclusively).
        type: str
        choices:
          - exclusively
          - 'no'
          - 'yes'
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
      - It never reaches beyond C(/ip/ipsec/mode-config). With O(state=deleted) none of them may
        be empty.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose name is one of these marks, or goes on with a colon or a slash after
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
- name: Hand out addresses and two networks to clients
  vpnops.mikrotik.ipsec_mode_config:
    config:
      - name: road-warriors
        responder: true
        address_pool: rw-pool
        address_prefix_length: 32
        split_include: [192.168.10.0/24, 192.168.11.0/24]
        static_dns: [192.168.10.1]
        system_dns: false

- name: Ask a responder for an address and translate the LAN to it
  vpnops.mikrotik.ipsec_mode_config:
    config:
      - name: from-provider
        src_address_list: lan
        use_responder_dns: "no"
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: road-warriors, responder: true, address_pool: rw-pool, split_include: [192.168.10.0/24]}]
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
    - /ip ipsec mode-config add name=road-warriors responder=yes address-pool=rw-pool split-include=192.168.10.0/24
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
    - /ip ipsec mode-config add name=road-warriors responder=yes address-pool=rw-pool split-include=192.168.10.0/24
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ipsec_mode_config")


if __name__ == "__main__":
    main()
