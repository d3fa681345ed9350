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
  - Reads C(/ip/firewall), the filter of C(/ipv6/firewall), C(/ip/ipsec), the interface lists,
    addresses and services of a router in one round trip, and tells which rules never match, which
    change nothing, and what leaves the router open, locks its owner out or keeps traffic out of its
    tunnel.
  - Tells as well who can reach which service of the router, by sending packets through its rules in
    a simulation. What strangers reach from outside is judged by the same simulation, with
    the ports and addresses of C(/ip/service), and what C(/ip/dns), C(/snmp), C(/ip/proxy),
    C(/ip/socks), C(/ip/upnp) and C(/tool/bandwidth-server) offer.
  - Each change in RV(findings[].commands) was tried in the simulation. It removes the finding, makes
    no other one, and RV(findings[].advice) says which packets fare differently after it.
  - With O(proposal), all of that is about the router as it would be after a change, which is not made.
  - Nothing is changed. What is said of one rule alone is certain; a rule of which it cannot be
    said is left out, and named in RV(not_judged) where its matchers are the reason.
  - Of IPv6 it is not judged whether the filter locks the owner out, who may come by IPv4, and only
    with a policy for IPv6 whether it fasttracks the traffic of tunnels.
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
      - ipv6_firewall_nat
      - ipv6_firewall_raw
      - ipv6_firewall_mangle
      - ipsec_policy
      - tool_mac_server
      - tool_mac_server_winbox
      - ip_neighbor_discovery
      - tool_romon
    default:
      - firewall_filter
      - firewall_nat
      - firewall_raw
      - firewall_mangle
      - ipv6_firewall_filter
      - ipv6_firewall_nat
      - ipv6_firewall_raw
      - ipv6_firewall_mangle
      - ipsec_policy
      - tool_mac_server
      - tool_mac_server_winbox
      - ip_neighbor_discovery
      - tool_romon
  wan:
    description:
      - Interface lists that face the outside, from where nobody should be able to manage the router.
      - If the router has none of them, the outside is where C(input) drops everything from.
    type: list
    elements: str
    default:
      - WAN
  reach:
    description:
      - What RV(reach) and RV(reach_table) are to be about.
      - Without it, all services below are asked for, from everywhere there is.
    type: dict
    suboptions:
      services:
        description:
          - Services of the router, by these names, or by protocol and port such as V(tcp/8443).
          - V(btest) is the bandwidth server, V(ssdp) the discovery of UPnP, V(mndp) that of neighbours.
          - An empty list leaves RV(reach) empty.
        type: list
        elements: str
        default:
          - ssh
          - telnet
          - ftp
          - www
          - www-ssl
          - winbox
          - api
          - api-ssl
          - dns
          - dns-tcp
          - ntp
          - snmp
          - proxy
          - socks
          - upnp
          - ssdp
          - btest
          - btest-udp
          - mndp
          - capsman
          - capsman-data
          - l2tp
          - pptp
          - sstp
          - ike
          - nat-t
          - esp
          - ah
          - gre
          - ping
      sources:
        description:
          - Who may want to reach them.
          - Without it, or where it is empty, strangers behind each interface list and each other
            interface that has an address, and the members of each address list by which a rule
            tells sources apart.
        type: list
        elements: dict
        suboptions:
          name:
            description: How RV(reach[].from) is to call it.
            type: str
          address:
            description:
              - An IPv4 address, prefix or range, of which one address stands for all, or the name of
                an address list, whose members are looked at one by one where rules tell them apart.
              - Without it, somebody whose address no rule and no list names.
            type: str
          interface:
            description:
              - The interface by which the packets come, or an interface list.
              - Without it, all of them.
            type: str
      full_table:
        description:
          - Show all of RV(reach) in RV(reach_table), also what O(proposal) leaves as it is, and members
            of address lists who fare like strangers behind the same interface.
        type: bool
        default: false
  proposal:
    description:
      - A change to judge before it is made, as the module M(vpnops.mikrotik.config) takes it.
      - The router is read, the change is planned and simulated, and RV(findings), RV(reach) and
        O(fail_on) are about the router as it would be. Nothing is changed, in check mode or not.
      - With O(proposal.scope.owner), a warning names each rule without such a mark by which strangers
        from outside reach the router after the change, unless rules with a mark let them in as well.
    type: dict
    suboptions:
      config:
        description: Entries by menu, as O(vpnops.mikrotik.config#module:config) takes them.
        type: dict
      state:
        description: As O(vpnops.mikrotik.config#module:state).
        type: str
        choices:
          - merged
          - replaced
          - overridden
          - deleted
        default: merged
      scope:
        description: As O(vpnops.mikrotik.config#module:scope).
        type: dict
        suboptions:
          owner:
            description: Marks, as O(vpnops.mikrotik.config#module:scope.owner) takes them.
            type: list
            elements: str
          chain:
            description: Chains, as O(vpnops.mikrotik.config#module:scope.chain) takes them.
            type: list
            elements: str
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

- name: See who can reach the router
  vpnops.mikrotik.firewall_analyse:
  register: analysis

- name: Tell it
  ansible.builtin.debug:
    var: analysis.reach_table

- name: Ask about one service from one place
  vpnops.mikrotik.firewall_analyse:
    reach:
      services: [ssh, tcp/8443]
      sources:
        - name: the office
          address: 192.0.2.0/24
          interface: WAN

- name: See what a change would open, and make sure that it leaves nothing wrong
  vpnops.mikrotik.firewall_analyse:
    proposal:
      config:
        firewall_address_list:
          - list: vpn-peers
            address: 203.0.113.50
        firewall_filter:
          - chain: input
            protocol: udp
            dst_port: [500, 4500]
            src_address_list: vpn-peers
            comment: "vpn: IKE"
    fail_on: error
  register: proposed

- name: Tell what would change
  ansible.builtin.debug:
    msg: "{{ proposed.reach | selectattr('changes') | list }}"
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
          V(masquerade-above-bypass), V(masquerade-takes-ike), V(masquerade-takes-tunnel),
          V(never-matches), V(policy-duplicate), V(policy-never-used), V(service-open) and
          V(unknown-interface).
        - RV(findings[].severity=warning) comes with V(chain-unused), V(deny-late),
          V(fasttrack-late), V(forward-without-drop), V(ike-open), V(input-without-drop),
          V(interface-unlisted), V(ipsec-accept-after-drop), V(ipv6-open), V(jump-nowhere),
          V(mac-access-open), V(partly-dead), V(port-either-side), V(restriction-void) and
          V(romon-open).
        - RV(findings[].severity=notice) comes with V(accepts-without-drop), V(discovery-open),
          V(duplicate-rule), V(empty-address-list), V(invalid-drop-late), V(policy-overlap),
          V(port-open) and V(redundant).
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
      description: Chain that it is about; empty for IPsec policies and settings.
      type: str
      returned: always
      sample: input
    rule:
      description:
        - Rule that it is about, by its C(id), its C(label), its C(position) in the chain, which
          begins with 1 and counts disabled rules, and the C(number) in the menu that WinBox and
          C(print) show, which begins with 0. In sentences the number follows a C(#).
        - Empty where it is about a chain or a setting as a whole.
      type: dict
      returned: always
      sample: {id: "*5", label: "comment=ike: within the limit", position: 5, number: 7}
    others:
      description: Other rules that have to do with it, in the form of RV(findings[].rule).
      type: list
      elements: dict
      returned: always
    message:
      description: What is wrong, in one sentence.
      type: str
      returned: always
    packets:
      description: An example of the packets that it is about; empty where it is not about packets.
      type: str
      returned: always
      sample: UDP to port 161 from 192.0.2.1 by ether1
    advice:
      description:
        - What to do. With RV(findings[].commands), also which packets are accepted, denied or
          translated otherwise after it.
      type: str
      returned: always
    commands:
      description:
        - The change that mends it, as RouterOS commands.
        - Empty where no change is known that mends it without doing something else, and where only
          the owner can say what is meant.
      type: list
      elements: str
      returned: always
      sample: ["/ip firewall filter move *A *5"]
reach:
  description:
    - Who can reach which service of the router, one entry for all of whom the same is true.
    - It is about packets that open something, unencrypted, from an address that is not forged, to
      the router's own addresses. Whether anything listens there is known only of
      what C(/ip/service) lists, and of DNS, SNMP, the web proxy, SOCKS, UPnP and the bandwidth
      server where the router has their menus.
  returned: always, also on failure
  type: list
  elements: dict
  contains:
    from:
      description: The source, such as V(anybody from WAN) or V(members of vpn-peers).
      type: str
      returned: always
    family:
      description: V(IPv4), or V(IPv6) where its filter has rules.
      type: str
      returned: always
      sample: IPv4
    addresses:
      description:
        - Addresses that stand for the source; none for strangers, but for those whom a rule or a list
          for very many addresses treats unlike the others.
      type: list
      elements: str
      returned: always
    interfaces:
      description: Interfaces by which the packets come; none where no interface is known.
      type: list
      elements: str
      returned: always
    service:
      description: The service, as in O(reach.services).
      type: str
      returned: always
      sample: ssh
    protocol:
      description: Its protocol.
      type: str
      returned: always
      sample: tcp
    port:
      description: Its port, as C(/ip/service) has it; null where there are no ports.
      type: int
      returned: always
      sample: 22
    before:
      description: The verdict as of now, where RV(reach[].verdict) is that of the change.
      type: str
      returned: when O(proposal) is given
    changes:
      description: Whether the two verdicts differ.
      type: bool
      returned: when O(proposal) is given
    verdict:
      description:
        - V(accept), V(drop), V(either) when both happen, since there is a limit or the sender can
          choose, or V(cannot tell) when it depends on what is not known.
      type: str
      returned: always
      sample: drop
    rule:
      description: The rule that decides, by chain, position and label, or all that may.
      type: str
      returned: always
      sample: "input 5 (comment=defconf: drop all not coming from LAN)"
    decided_by:
      description: The rules that RV(reach[].rule) names; none where the service itself refuses.
      type: list
      elements: dict
      returned: always
      contains:
        table:
          description: Table of the rule, such as V(filter) or V(raw).
          type: str
          returned: always
        chain:
          description: Chain of the rule.
          type: str
          returned: always
        position:
          description:
            - Its place in the chain, which begins with 1 and counts disabled rules.
            - Null at the end of a chain, and for a rule that RouterOS made itself.
          type: int
          returned: always
        number:
          description: Its number in the table, as C(print) and WinBox count; null at the end of a chain.
          type: int
          returned: always
        comment:
          description: Its comment; may be empty.
          type: str
          returned: always
        id:
          description: Its id; empty at the end of a chain.
          type: str
          returned: always
      sample:
        - table: filter
          chain: input
          position: 5
          number: 5
          comment: "defconf: drop all not coming from LAN"
          id: "*5"
    why:
      description: What it depends on, or what else there is to say; often empty.
      type: str
      returned: always
reach_table:
  description:
    - RV(reach) as lines of a table for people, strangers first, none wider than 100 columns.
    - With O(proposal), what changes; one more line counts what is left out, unless
      O(reach.full_table) is set.
  returned: always, also on failure
  type: list
  elements: str
  sample:
    - "from              verdict  services      decided by"
    - "anybody from WAN  accept   ping          input 3: defconf: accept ICMP"
    - "anybody from WAN  drop     all but ping  input 5: defconf: drop all not coming from LAN"
commands:
  description: What O(proposal) would send, as RouterOS commands; secrets are masked.
  returned: when O(proposal) is given
  type: list
  elements: str
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
