#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/ipsec/policy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_policy
short_description: Manage IPsec policies
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/ipsec/policy), which says what traffic is encrypted, sent in clear or dropped.
  - Policies are tried from the top, and those given keep the order in which they are given. Before
    RouterOS 7.23.2 policies cannot be moved reliably; there the task warns instead.
  - Policies have no name. One is told from another by its addresses, ports, protocol and peers,
    and by O(config[].template) and O(config[].group).
  - Both ends need mirrored selectors.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ipsec_peer
  - module: vpnops.mikrotik.ipsec_proposal
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The entries, in the order they are to stand in. They are told apart by O(config[].src_address),
        O(config[].dst_address), O(config[].src_port), O(config[].dst_port), O(config[].protocol),
        O(config[].peer), O(config[].template), O(config[].group).
      - Of two enabled entries that differ in O(config[].peer) alone only one works, so the other
        is changed.
      - Required unless O(state=gathered), or O(state=deleted) with O(scope).
    type: list
    elements: dict
    suboptions:
      peer:
        description:
          - Peers by name, the preferred one first; V(encrypt) needs one unless the policy is
            a template.
        type: list
        elements: str
      tunnel:
        description:
          - Wrap the whole packet; without it only traffic of the two IKE ends itself matches.
          - RouterOS's default is V(false).
        type: bool
      src_address:
        description:
          - Source prefix; the other end needs the mirror image.
          - RouterOS's default is V(::/0).
        type: str
      dst_address:
        description:
          - Destination prefix; the other end needs the mirror image.
          - RouterOS's default is V(::/0).
        type: str
      src_port:
        description:
          - Source port, or V(any).
          - RouterOS's default is V(any).
        type: str
      dst_port:
        description:
          - Destination port, or V(any).
          - RouterOS's default is V(any).
        type: str
      protocol:
        description:
          - Protocol by name or number, or V(all).
          - RouterOS's default is V(all).
        type: str
      action:
        description:
          - V(none) sends in clear, V(discard) drops.
          - RouterOS's default is V(encrypt).
        type: str
        choices:
          - discard
          - encrypt
          - none
      level:
        description:
          - V(require) drops while there is no key, V(use) sends in clear then, V(unique) is as
            V(require) with keys of its own; some other vendors need V(unique) for several networks
            behind one peer.
          - RouterOS's default is V(require).
        type: str
        choices:
          - require
          - unique
          - use
      ipsec_protocols:
        description:
          - V(esp) encrypts, V(ah) only signs and cannot pass NAT.
          - RouterOS's default is V(esp).
        type: str
        choices:
          - ah
          - esp
      sa_src_address:
        description:
          - Own address of the tunnel; the router takes it from O(config[].peer) when there is
            one.
          - RouterOS's default is V(::).
        type: str
      sa_dst_address:
        description:
          - Address of the other end of the tunnel; the router takes it from O(config[].peer)
            when there is one.
          - RouterOS's default is V(::).
        type: str
      proposal:
        description:
          - 'Algorithms of the tunnel: a name of M(vpnops.mikrotik.ipsec_proposal).'
          - RouterOS's default is V(default).
        type: str
      template:
        description:
          - A pattern for policies that callers bring, not a policy itself.
          - RouterOS's default is V(false).
        type: bool
      group:
        description:
          - 'Group of a template: a name of M(vpnops.mikrotik.ipsec_policy_group).'
          - RouterOS's default is V(default).
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
      place_before:
        description:
          - Put the entry above the one with this comment or id (such as V(*1A)) instead of where
            it would be put by itself; V(first) stands for the first entry of the chain that this
            task does not place, V(last) for the last one. An entry that is above it already stays
            where it is. Not with O(config[].place_after).
        type: str
      place_after:
        description:
          - Put the entry below the one with this comment or id; see O(config[].place_before).
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
      - It never reaches beyond C(/ip/ipsec/policy). With O(state=deleted) none of them may be
        empty.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose comment is one of these marks, or goes on with a colon or a slash after
            it; V(s2s-*) stands for everything that begins with V(s2s-).
        type: list
        elements: str
      peer:
        description:
          - Entries with one of these values of O(config[].peer).
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
- name: Encrypt what goes from this site's network to that of site B
  vpnops.mikrotik.ipsec_policy:
    config:
      - peer: [site-b]
        tunnel: true
        src_address: 192.168.10.0/24
        dst_address: 192.168.20.0/24
        proposal: s2s
        comment: "s2s-b: LAN"

- name: Use a second peer when the first one does not answer
  vpnops.mikrotik.ipsec_policy:
    config:
      - peer: [hq-a, hq-b]
        tunnel: true
        src_address: 192.168.10.0/24
        dst_address: 10.0.0.0/8
        level: unique
        proposal: s2s

- name: Let callers bring policies for this network
  vpnops.mikrotik.ipsec_policy:
    config:
      - template: true
        group: road-warriors
        src_address: 192.168.10.0/24
        dst_address: 192.168.99.0/24
        proposal: s2s
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{peer: [site-b], tunnel: true, src_address: 192.168.10.0/24, dst_address: 192.168.20.0/24, proposal: s2s}]
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
    - /ip ipsec policy add peer=site-b tunnel=yes src-address=192.168.10.0/24 dst-address=192.168.20.0/24 proposal=s2s
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
    - /ip ipsec policy add peer=site-b tunnel=yes src-address=192.168.10.0/24 dst-address=192.168.20.0/24 proposal=s2s
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ipsec_policy")


if __name__ == "__main__":
    main()
