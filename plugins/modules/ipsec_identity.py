#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/ipsec/identity."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_identity
short_description: Manage IPsec identities (secrets and certificates)
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/ipsec/identity), which says how the two ends of a peer prove who they are.
  - Identities have no name. One is told from another by its peer and O(config[].remote_id) and,
    with O(config[].match_by=certificate), by the certificates too; so a new secret changes the
    identity and adds none.
  - The router shows secrets only to users whose group has the policy C(sensitive). For others
    a secret cannot be compared; the task warns and leaves it as it is.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.ipsec_peer
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The entries. They are told apart by O(config[].peer), O(config[].remote_id).
      - Required unless O(state=gathered), or O(state=deleted) with O(scope).
    type: list
    elements: dict
    suboptions:
      peer:
        description:
          - 'Peer this identity is for: a name of M(vpnops.mikrotik.ipsec_peer); several identities
            may name one peer.'
        type: str
        required: true
      auth_method:
        description:
          - 'How both ends prove who they are: V(digital-signature) with certificates, V(pre-shared-key)
            with a secret; V(eap) and V(eap-radius) only with IKEv2, the remaining ones only with
            IKEv1.'
          - RouterOS's default is V(pre-shared-key).
        type: str
        choices:
          - digital-signature
          - eap
          - eap-radius
          - pre-shared-key
          - pre-shared-key-xauth
          - rsa-key
          - rsa-signature-hybrid
      secret:
        description:
          - Pre-shared key; a leading 0x makes it hexadecimal.
        type: str
      my_id:
        description:
          - Identity shown to the other end; V(auto) is the address with a pre-shared key, else
            the name in the certificate.
          - RouterOS's default is V(auto).
        type: str
      remote_id:
        description:
          - Identity the other end must show; V(auto) takes what comes and V(ignore) does not
            look. It tells identities of one peer apart.
          - RouterOS's default is V(auto).
        type: str
      match_by:
        description:
          - Find the identity of a caller by O(config[].remote_id), or by the certificate it shows.
          - RouterOS's default is V(remote-id).
        type: str
        choices:
          - certificate
          - remote-id
      certificate:
        description:
          - Own certificate and its chain, by name in /certificate; it needs a Subject Key Identifier.
        type: list
        elements: str
      remote_certificate:
        description:
          - Certificate of the other end, or V(none) to accept what can be verified.
          - RouterOS's default is V(none).
        type: str
      key:
        description:
          - Own RSA key.
        type: str
      remote_key:
        description:
          - RSA key of the other end.
        type: str
      eap_methods:
        description:
          - EAP methods to offer.
          - RouterOS's default is V(eap-tls).
        type: list
        elements: str
        choices:
          - eap-mschapv2
          - eap-peap
          - eap-tls
          - eap-ttls
      username:
        description:
          - User name for EAP or XAuth.
        type: str
      password:
        description:
          - Password for EAP or XAuth.
        type: str
      generate_policy:
        description:
          - Make policies for callers out of the templates of O(config[].policy_template_group).
          - RouterOS's default is V(no).
        type: str
        choices:
          - 'no'
          - port-override
          - port-strict
      policy_template_group:
        description:
          - 'Group of policy templates: a name of M(vpnops.mikrotik.ipsec_policy_group).'
          - RouterOS's default is V(default).
        type: str
      mode_config:
        description:
          - 'Settings to hand out or ask for: a name of M(vpnops.mikrotik.ipsec_mode_config),
            or V(none).'
          - RouterOS's default is V(none).
        type: str
      notrack_chain:
        description:
          - Chain of /ip/firewall/raw in which generated policies get notrack rules.
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
      - It never reaches beyond C(/ip/ipsec/identity). With O(state=deleted) none of them may
        be empty.
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
- name: Authenticate site B by a pre-shared key
  vpnops.mikrotik.ipsec_identity:
    config:
      - peer: site-b
        auth_method: pre-shared-key
        secret: "{{ site_b_psk }}"
        comment: "s2s-b: identity"

- name: Authenticate site C by certificates
  vpnops.mikrotik.ipsec_identity:
    config:
      - peer: site-c
        auth_method: digital-signature
        certificate: [hq.example.com, vpn-ca]
        remote_certificate: none
        my_id: fqdn:hq.example.com
        remote_id: fqdn:c.example.com

- name: Remove the identity of site B
  vpnops.mikrotik.ipsec_identity:
    config:
      - peer: site-b
    state: deleted
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{peer: site-b, auth_method: pre-shared-key, secret: "********", generate_policy: "no", disabled: false}]
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
    - /ip ipsec identity add peer=site-b auth-method=pre-shared-key secret=********
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
    - /ip ipsec identity add peer=site-b auth-method=pre-shared-key secret=********
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("ipsec_identity")


if __name__ == "__main__":
    main()
