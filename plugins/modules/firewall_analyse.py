#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the firewall and the IPsec policies of a router, and changes nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_analyse
short_description: Find firewall rules and IPsec policies that do not do what they say
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Reads C(/ip/firewall), the filter of C(/ipv6/firewall), C(/ip/ipsec/policy) and the interface
    lists of a router in one round trip, and tells which rules never match, which change nothing,
    and what leaves the router open, locks its owner out or keeps traffic out of its tunnel.
  - Nothing is changed. What is said of one rule alone is certain; a rule of which it cannot be
    said is left out, and named in RV(not_judged) where its matchers are the reason.
  - A filter of IPv6 without any rule is not judged, since IPv6 may be off. Of one with rules it is
    not judged whether it locks the owner out, who may come by IPv4, and only with a policy for IPv6
    whether it fasttracks the traffic of tunnels.
  - Rules that are disabled do not count, and neither do those that RouterOS made itself.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.firewall_filter
attributes:
  diff_mode:
    description: Whether the task can show the changes as a diff.
    support: none
    details: There are no changes.
options:
  fail_on:
    description:
      - Fail when there is a finding of this severity or a worse one.
      - V(error) - a rule does not do what it says, or the router is open or closed to its owner.
      - V(warning) - this is probably not what was meant.
      - V(notice) - this is only in the way.
      - V(never) - findings are no failure.
    type: str
    choices:
      - error
      - warning
      - notice
      - never
    default: never
  menus:
    description: What findings are to be about, by the names of the modules that manage it.
    type: list
    elements: str
    choices:
      - firewall_filter
      - firewall_nat
      - firewall_raw
      - firewall_mangle
      - ipv6_firewall_filter
      - ipsec_policy
    default:
      - firewall_filter
      - firewall_nat
      - firewall_raw
      - firewall_mangle
      - ipv6_firewall_filter
      - ipsec_policy
  wan:
    description:
      - Interface lists that face the outside, from where nobody should be able to manage the router.
      - If the router has none of them, the outside is where C(input) drops everything from.
    type: list
    elements: str
    default:
      - WAN
"""

EXAMPLES = r"""
- name: See what is wrong with the firewall
  vpnops.mikrotik.firewall_analyse:
  register: analysis

- name: Tell it
  ansible.builtin.debug:
    msg: "{{ analysis.findings | map(attribute='message') | list }}"

- name: Stop the play when a rule does not do what it says or anybody can manage the router
  vpnops.mikrotik.firewall_analyse:
    fail_on: error

- name: Judge the filter alone, on a router with two lines to the outside
  vpnops.mikrotik.firewall_analyse:
    menus: [firewall_filter]
    wan: [WAN, LTE]
    fail_on: warning
"""

RETURN = r"""
findings:
  description: What was found, the worst first.
  returned: always, also on failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - What is wrong, as a word that does not change.
        - RV(findings[].severity=error) comes with V(accept-after-drop), V(fasttrack-above-ipsec),
          V(fasttrack-takes-tunnel), V(limit-after-accept), V(management-cut), V(management-open),
          V(masquerade-above-bypass), V(masquerade-takes-tunnel), V(never-matches),
          V(policy-duplicate), V(policy-never-used) and V(unknown-interface).
        - RV(findings[].severity=warning) comes with V(chain-unused), V(input-without-drop),
          V(ipsec-accept-after-drop) and V(jump-nowhere).
        - RV(findings[].severity=notice) comes with V(accepts-without-drop), V(duplicate-rule),
          V(empty-address-list), V(invalid-drop-late), V(policy-overlap) and V(redundant).
      type: str
      returned: always
      sample: limit-after-accept
    severity:
      description: How bad it is - V(error), V(warning) or V(notice).
      type: str
      returned: always
      sample: error
    menu:
      description: Menu that it is about.
      type: str
      returned: always
      sample: /ip/firewall/filter
    chain:
      description: Chain that it is about; empty for IPsec policies.
      type: str
      returned: always
      sample: input
    rule:
      description:
        - Rule that it is about, by its C(id), its C(label) and its C(position) in the chain, which
          begins with 1 and counts disabled rules.
        - Empty where it is about a chain as a whole.
      type: dict
      returned: always
      sample: {id: "*5", label: "comment=ike: within the limit", position: 5}
    others:
      description: Other rules that have to do with it, in the form of RV(findings[].rule).
      type: list
      elements: dict
      returned: always
    message:
      description: What is wrong, in one sentence.
      type: str
      returned: always
    advice:
      description: What to do.
      type: str
      returned: always
not_judged:
  description: Rules of which it could not be told whether they ever match, or whether they can go.
  returned: always, also on failure
  type: list
  elements: dict
  contains:
    menu:
      description: Menu of the rule.
      type: str
      returned: always
    chain:
      description: Chain of the rule.
      type: str
      returned: always
    rule:
      description: The rule, in the form of RV(findings[].rule).
      type: dict
      returned: always
    why:
      description: What stands in the way.
      type: str
      returned: always
      sample: the meaning of quantum-state is not known
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("firewall_analyse")


if __name__ == "__main__":
    main()
