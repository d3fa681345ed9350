#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/ipsec/profile."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_profile
short_description: Manage IPsec profiles (IKE algorithms and timers)
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/ipsec/profile), the algorithms and timers of IKE (phase 1), which peers refer
    to by name.
  - The built-in profile V(default) can be changed and not removed; its algorithms are weak.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ipsec_peer
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
      dh_group:
        description:
          - Diffie-Hellman groups to offer and accept; groups below V(modp2048) are weak.
          - RouterOS's default is V(modp2048,modp1024).
        type: list
        elements: str
        choices:
          - x25519
          - ecp256
          - ecp384
          - ecp521
          - modp8192
          - modp6144
          - modp4096
          - modp3072
          - modp2048
          - modp1536
          - modp1024
          - modp768
      enc_algorithm:
        description:
          - Ciphers of IKE itself; V(3des) and V(des) are weak, and AES-GCM cannot be chosen here.
          - RouterOS's default is V(aes-128,3des).
        type: list
        elements: str
        choices:
          - aes-256
          - aes-192
          - aes-128
          - 3des
          - des
      hash_algorithm:
        description:
          - Hash of IKE itself; V(md5) and V(sha1) are weak.
          - RouterOS's default is V(sha1).
        type: str
        choices:
          - md5
          - sha1
          - sha256
          - sha384
          - sha512
      prf_algorithm:
        description:
          - Pseudo-random function of IKEv2; V(auto) follows O(config[].hash_algorithm).
          - RouterOS's default is V(auto).
        type: str
        choices:
          - auto
          - sha1
          - sha256
          - sha384
          - sha512
      lifetime:
        description:
          - How long an IKE session lasts; it is not renewed when dead peer detection is off.
          - RouterOS's default is V(1d).
        type: str
      lifebytes:
        description:
          - Bytes an IKEv1 session may carry; 0 means any number.
          - RouterOS's default is V(0).
        type: int
      proposal_check:
        description:
          - What IKEv1 does when the other end proposes another lifetime.
          - RouterOS's default is V(obey).
        type: str
        choices:
          - claim
          - exact
          - obey
          - strict
      nat_traversal:
        description:
          - UDP encapsulation in IKEv1; IKEv2 always does it.
          - RouterOS's default is V(true).
        type: bool
      dpd_interval:
        description:
          - Time between dead peer checks, at most 1h, or V(disable-dpd); a dead peer is noticed
            no faster.
          - RouterOS's default is V(2m), since RouterOS 7.16 V(8s).
        type: str
      dpd_maximum_failures:
        description:
          - Unanswered checks until an IKEv1 peer counts as dead, 1 to 100.
          - RouterOS's default is V(5), since RouterOS 7.16 V(4).
        type: int
      ppk:
        description:
          - Post-quantum pre-shared keys (RFC 8784) for IKEv2.
          - RouterOS's default is V(no).
          - Needs RouterOS 7.21 or newer.
        type: str
        choices:
          - 'no'
          - psk
          - psk-ike-initial
          - qkd
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
      - It never reaches beyond C(/ip/ipsec/profile). With O(state=deleted) none of them may be
        empty.
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
- name: Offer modern algorithms for IKE
  vpnops.mikrotik.ipsec_profile:
    config:
      - name: s2s
        dh_group: [ecp256, modp2048]
        enc_algorithm: [aes-256]
        hash_algorithm: sha256
        lifetime: 8h
        dpd_interval: 10s

- name: Bring the built-in profile back to RouterOS's defaults
  vpnops.mikrotik.ipsec_profile:
    config:
      - name: default
    state: replaced

- name: Read all profiles
  vpnops.mikrotik.ipsec_profile:
    state: gathered
  register: profiles
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: s2s, dh_group: [ecp256, modp2048], enc_algorithm: [aes-256], hash_algorithm: sha256, lifetime: 8h}]
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
    - /ip ipsec profile add name=s2s dh-group=ecp256,modp2048 enc-algorithm=aes-256 hash-algorithm=sha256 lifetime=8h
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
    - /ip ipsec profile add name=s2s dh-group=ecp256,modp2048 enc-algorithm=aes-256 hash-algorithm=sha256 lifetime=8h
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ipsec_profile")


if __name__ == "__main__":
    main()
