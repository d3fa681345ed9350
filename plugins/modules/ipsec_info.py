#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells how the IPsec tunnels of a router are, and changes nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_info
short_description: Tell how the IPsec tunnels of a router are
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Reads the peers, live sessions, policies and security associations of C(/ip/ipsec), its counters,
    and the log, in one round trip, and joins them by tunnel.
  - RouterOS's menus do not name each other. They are joined by the address of the other end, so of
    two peers that both take anybody, each is told to have the sessions of both.
  - Keys are never read.
  - With O(tunnels), O(owner) or O(destinations), the tunnels that any of them means are told; without them, all.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
  - vpnops.mikrotik.routeros.tunnels
seealso:
  - module: vpnops.mikrotik.ipsec_peer
  - module: vpnops.mikrotik.ipsec_policy
attributes:
  diff_mode:
    description: Whether the task can show the changes as a diff.
    support: none
    details: There are no changes.
"""

EXAMPLES = r"""
- name: See how the tunnels are
  vpnops.mikrotik.ipsec_info:
  register: ipsec

- name: Name those that do not stand
  ansible.builtin.debug:
    msg: "{{ ipsec.tunnels | rejectattr('stands') | map(attribute='peer') | list }}"

- name: Ask for one of them
  vpnops.mikrotik.ipsec_info:
    tunnels: [site-b]

- name: Ask for all that a role has made, and for the one that leads to a network
  vpnops.mikrotik.ipsec_info:
    owner: [s2s-*]
    destinations: [192.168.30.0/24]
"""

RETURN = r"""
tunnels:
  description: The tunnels, one for each peer that is configured, in the router's order.
  returned: always
  type: list
  elements: dict
  contains:
    peer:
      description: Name of the peer.
      type: str
      returned: always
      sample: site-b
    address:
      description: Its address, as configured.
      type: str
      returned: always
      sample: 203.0.113.50/32
    disabled:
      description: Whether it is switched off.
      type: bool
      returned: always
    stands:
      description: Whether phase 1 is established, and phase 2 for all policies that are on.
      type: bool
      returned: always
    phase1:
      description: State of the best session in RouterOS's word, or V(none).
      type: str
      returned: always
      sample: established
    phase2:
      description: V(established), or the state of the first policy that is not; V(none) without policies.
      type: str
      returned: always
      sample: no-phase2
    sessions:
      description: The live sessions with the other end.
      type: list
      elements: dict
      returned: always
      sample:
        - state: established
          side: initiator
          local_address: 198.51.100.7
          remote_address: 203.0.113.50
          uptime: 1h2m3s
          last_seen: 4s
          nat_traversal: false
          rx_bytes: 18244
          tx_bytes: 17112
    policies:
      description: The policies of the peer, templates aside.
      type: list
      elements: dict
      returned: always
      sample:
        - src_address: 192.168.10.0/24
          dst_address: 192.168.20.0/24
          state: established
          active: true
          disabled: false
          comment: "s2s-branch: 192.168.10.0/24 to 192.168.20.0/24"
    associations:
      description: The security associations, one for each direction; without their keys.
      type: list
      elements: dict
      returned: always
      sample:
        - spi: "0x6D2E8F1"
          inbound: true
          state: mature
          enc_algorithm: aes-cbc
          enc_key_size: 256
          auth_algorithm: sha256
          hardware: false
          seen_traffic: true
          bytes: 18244
          packets: 212
          expires_in: 22m10s
    last_error:
      description: The newest line of the log that IPsec calls an error and that names the other end; else empty.
      type: str
      returned: always
      sample: "phase1 negotiation failed due to time up 198.51.100.7[500]<=>203.0.113.50[500]"
    comment:
      description: Comment of the peer.
      type: str
      returned: always
      sample: s2s-branch
statistics:
  description: RouterOS's counters of IPsec, with C(_) for C(-). What grows here is dropped.
  returned: always
  type: dict
  sample: {in_errors: 0, in_no_states: 0, in_template_mismatches: 0}
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ipsec_info")


if __name__ == "__main__":
    main()
