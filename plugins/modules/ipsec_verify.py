#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until the IPsec tunnels of a router stand, and says why they do not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_verify
short_description: Wait until IPsec tunnels stand, and say why they do not
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Looks at the tunnels of a router as M(vpnops.mikrotik.ipsec_info) does, again and again until all of
    them stand or the time is over.
  - A tunnel stands when phase 1 is established, and phase 2 for all its policies that are on.
  - If one does not, the task fails with the phase, what the router's log says of the other end, what that
    means, and what to do. The page on troubleshooting lists the explanations.
  - A tunnel does not come up by being looked at. Whether a router begins phase 1 before there is traffic for a policy
    is unverified; O(ping) makes traffic.
  - With O(tunnels), O(owner) or O(destinations), the tunnels that any of them means have to stand; without them, all
    that are not switched off.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
  - vpnops.mikrotik.routeros.tunnels
seealso:
  - module: vpnops.mikrotik.ipsec_info
attributes:
  diff_mode:
    description: Whether the task can show the changes as a diff.
    support: none
    details: There are no changes.
options:
  timeout:
    description: Seconds to wait at most, up to V(3600); V(0) looks once.
    type: int
    default: 60
  interval:
    description: Seconds between two looks, from V(1) on.
    type: int
    default: 2
  enough:
    description:
      - How many of the tunnels have to stand. V(one) is for peers that stand in for each other, such as those of the
        role P(vpnops.mikrotik.ha_backup_peer#role).
    type: str
    choices: [all, one]
    default: all
  ping:
    description:
      - What has to answer, through the tunnels, pings that the router sends. The pings go before each look, and so make
        the router begin to negotiate. One answer of O(ping[].count) is enough.
      - The account needs the policy C(test) for it.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The address to ping; a policy of one of the tunnels has to lead there.
        type: str
        required: true
      src_address:
        description:
          - The address to ping from. Without it, the first IPv4 address of the router's own that such a policy takes,
            since a ping from any other would not go through the tunnel.
        type: str
      count:
        description: How many pings to send before each look, V(1) to V(10); each takes a second.
        type: int
        default: 3
  other_end:
    description:
      - The other end of the one tunnel in O(tunnels), to explain from both ends why it does not stand. At least one of
        O(other_end.config) and O(other_end.tunnels) is needed.
      - Secrets are not compared, since nobody is shown them.
    type: dict
    suboptions:
      peer:
        description: Name of the peer there.
        type: str
        required: true
      config:
        description:
          - What M(vpnops.mikrotik.config) with C(state=gathered) returned for the other router, to be compared with
            what this one has.
        type: dict
      tunnels:
        description:
          - What M(vpnops.mikrotik.ipsec_info) returned as C(tunnels) for the other router. The end that says no knows
            why, and its log says so.
        type: list
        elements: dict
"""

EXAMPLES = r"""
- name: Wait until the tunnel to site B stands
  vpnops.mikrotik.ipsec_verify:
    tunnels: [site-b]
    timeout: 30

- name: Look once, and go on whatever is seen
  vpnops.mikrotik.ipsec_verify:
    timeout: 0
  register: tunnels
  failed_when: false

- name: Let the ends be compared, where `config` with `state=gathered` has read the other one
  vpnops.mikrotik.ipsec_verify:
    tunnels: [site-b]
    timeout: 0
    other_end:
      config: "{{ ipsec_of_site_b }}"
      tunnels: "{{ tunnels_of_site_b }}"
      peer: hq

- name: Wait until one of two peers stands, of which the second is the backup
  vpnops.mikrotik.ipsec_verify:
    tunnels: [site-b, site-c]
    enough: one

- name: Bring up the tunnel to a network, and see that it carries packets
  vpnops.mikrotik.ipsec_verify:
    destinations: [192.168.20.0/24]
    ping:
      - address: 192.168.20.1

- name: Tell why
  ansible.builtin.debug:
    msg: "{{ tunnels.reasons | default([]) | map(attribute='advice') | list }}"
"""

RETURN = r"""
tunnels:
  description: The tunnels as last seen, in the form that M(vpnops.mikrotik.ipsec_info) returns.
  returned: always
  type: list
  elements: dict
observed:
  description: What was seen at first, and every change of it.
  returned: always
  type: list
  elements: dict
  sample:
    - after: 0
      peer: site-b
      phase1: message-1-sent
      phase2: no-phase2
    - after: 4
      peer: site-b
      phase1: established
      phase2: established
waited:
  description: Seconds that passed.
  returned: always
  type: int
  sample: 4
pings:
  description: What came of the pings that were sent before the last look.
  returned: always
  type: list
  elements: dict
  sample:
    - peer: site-b
      address: 192.168.20.1
      src_address: 192.168.10.1
      sent: 3
      received: 3
differences:
  description: In what the two ends do not fit.
  returned: with O(other_end.config), when the tunnel does not stand
  type: list
  elements: str
  sample: ["ciphers of phase 1: aes-256 here, aes-128 there"]
reasons:
  description: Why tunnels do not stand, or carry no pings.
  returned: when one does not
  type: list
  elements: dict
  contains:
    peer:
      description: Name of the peer.
      type: str
      returned: always
      sample: site-b
    kind:
      description: Which explanation it is, by a word that stays.
      type: str
      returned: always
      sample: proposal
    phase:
      description: The first phase that is not there; V(2) where both are, and pings get no answer.
      type: int
      returned: always
      sample: 1
    side:
      description: Who began the session, in RouterOS's word, this router as V(initiator); empty without a session.
      type: str
      returned: always
      sample: initiator
    meaning:
      description: What the state, or the log, means.
      type: str
      returned: always
      sample: the two ends have no algorithms in common
    advice:
      description: What to do.
      type: str
      returned: always
      sample: compare the profiles (phase 1), then the proposals and pfs_group (phase 2), of both ends
    log:
      description: The newest line of the log that IPsec calls an error and that names the other end; else empty.
      type: str
      returned: always
      sample: "killing ike2 SA: NO-PROPOSAL-CHOSEN"
    log_there:
      description: The same of the other end, where O(other_end.tunnels) tells; else empty.
      type: str
      returned: always
      sample: "198.51.100.7 no suitable proposal found"
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ipsec_verify")


if __name__ == "__main__":
    main()
