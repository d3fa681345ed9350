#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ip_service
short_description: Manage the services by which the router is managed
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/service); which of SSH, WinBox, the web server, the API and the others are on, on
    which port, and from where they may be used.
  - The services are the router's own. They can be changed, but none can be added or removed, so
    O(state=overridden) leaves those alone that are not given.
  - The services change last, when the firewall and everything else in a transaction are known to
    have worked. Mind the one that Ansible itself uses.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.firewall_filter
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The entries. They are told apart by O(config[].name).
      - Required unless O(state=gathered).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - 'Name of the service: V(ssh), V(winbox), V(www), V(www-ssl), V(api), V(api-ssl), V(telnet),
            V(ftp), or another that the router has.'
        type: str
        required: true
      port:
        description:
          - TCP port it listens on; where it is not given, V(replaced) leaves it as it is.
        type: int
      disabled:
        description:
          - Whether the service is off; where it is not given, V(replaced) leaves it as it is.
        type: bool
      address:
        description:
          - Prefixes from which it may be used; an empty list means from everywhere. The service
            itself refuses the others, so keep strangers out by firewall rules as well.
        type: list
        elements: str
      certificate:
        description:
          - Certificate of V(www-ssl) and V(api-ssl), or V(none); V(api-ssl) without one offers
            anonymous Diffie-Hellman alone.
          - RouterOS's default is V(none).
        type: str
      tls_version:
        description:
          - Versions of TLS that it offers.
          - RouterOS's default is V(any).
        type: str
        choices:
          - any
          - only-1.2
      vrf:
        description:
          - Routing table in which it listens.
          - RouterOS's default is V(main).
        type: str
      max_sessions:
        description:
          - Sessions that it has at the same time.
          - RouterOS's default is V(20).
          - Needs RouterOS 7.16 or newer.
        type: int
  state:
    description:
      - What is to be true afterwards.
      - V(merged) - the given options hold; what is not given stays as it is.
      - V(replaced) - each given entry is exactly so; options not given go back to RouterOS's
        default.
      - V(overridden) - as V(replaced), and nothing else exists within O(scope), or at all where
        O(scope) is not given. Entries that RouterOS made itself, dynamic and built-in ones, are
        never removed.
      - V(gathered) - reads only, and returns the entries in the form that O(config) takes, without
        secrets.
      - V(rendered) - needs no router, and returns the RouterOS commands that would make the entries.
    type: str
    choices:
      - merged
      - replaced
      - overridden
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
          - Entries whose name is one of these marks, or goes on with a colon or a slash after
            it; V(s2s-*) stands for everything that begins with V(s2s-).
        type: list
        elements: str
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
- name: Leave on what is used, for the management network alone
  vpnops.mikrotik.ip_service:
    config:
      - name: telnet
        disabled: true
      - name: ftp
        disabled: true
      - name: www
        disabled: true
      - name: api
        disabled: true
      - name: ssh
        address: [192.168.10.0/28, "2001:db8:10::/64"]
      - name: api-ssl
        address: [192.168.10.0/28]
        certificate: hq.example.com
        tls_version: only-1.2

- name: Let SSH be used from everywhere again, on another port
  vpnops.mikrotik.ip_service:
    config:
      - name: ssh
        port: 2222
        address: []

- name: See what is on
  vpnops.mikrotik.ip_service:
    state: gathered
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: telnet, port: 23, address: [], disabled: false, vrf: main, max_sessions: 20}]
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
    - /ip service set *0 disabled=yes
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
    - /ip service set telnet disabled=yes
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ip_service")


if __name__ == "__main__":
    main()
