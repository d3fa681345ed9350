#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages several menus at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: config
short_description: Manage several menus of a router as one change
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - 'Takes the entries of several menus and makes them true together: one login, one read, and
    one plan in which things are made before what needs them and removed after it.'
  - If the router refuses something half-way, what was done is undone, and the task says what
    stands.
  - States, order and ownership mean what they mean in the modules of the single menus.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - Entries by menu, under the names of the modules that manage one menu.
      - Required unless O(state=gathered), or O(state=deleted) with O(scope).
      - With O(state=deleted) and O(scope), a menu with an empty list loses all that lies within
        the scope; without O(config), so does every menu whose entries bear marks.
    type: dict
    suboptions:
      ipsec_settings:
        description:
          - Settings of IPsec as a whole.
          - As O(vpnops.mikrotik.ipsec_settings#module:config) takes them.
        type: dict
      ipsec_profile:
        description:
          - IKE (phase 1) algorithms and timers.
          - As O(vpnops.mikrotik.ipsec_profile#module:config) takes them.
        type: list
        elements: dict
      ipsec_proposal:
        description:
          - ESP and AH (phase 2) algorithms.
          - As O(vpnops.mikrotik.ipsec_proposal#module:config) takes them.
        type: list
        elements: dict
      interface_xfrm:
        description:
          - Tunnel interfaces of IPsec itself, known from a development version of RouterOS alone.
          - As O(vpnops.mikrotik.interface_xfrm#module:config) takes them.
        type: list
        elements: dict
      ipsec_policy_group:
        description:
          - Groups of policy templates that identities name.
          - As O(vpnops.mikrotik.ipsec_policy_group#module:config) takes them.
        type: list
        elements: dict
      ipsec_mode_config:
        description:
          - Addresses and DNS servers that a responder hands out and an initiator asks for.
          - As O(vpnops.mikrotik.ipsec_mode_config#module:config) takes them.
        type: list
        elements: dict
      ipsec_peer:
        description:
          - Where to connect and whom to accept; identities say how both ends prove who they are.
          - As O(vpnops.mikrotik.ipsec_peer#module:config) takes them.
        type: list
        elements: dict
      ipsec_key_psk:
        description:
          - One-time post-quantum pre-shared keys; each is consumed by its use.
          - As O(vpnops.mikrotik.ipsec_key_psk#module:config) takes them.
        type: list
        elements: dict
      ipsec_identity:
        description:
          - How the two ends of a peer prove who they are.
          - As O(vpnops.mikrotik.ipsec_identity#module:config) takes them.
        type: list
        elements: dict
      ipsec_policy:
        description:
          - What traffic is encrypted, sent in clear or dropped; the first match from the top
            counts.
          - As O(vpnops.mikrotik.ipsec_policy#module:config) takes them.
        type: list
        elements: dict
      interface_gre:
        description:
          - Tunnels that carry IPv4 and IPv6 in GRE.
          - As O(vpnops.mikrotik.interface_gre#module:config) takes them.
        type: list
        elements: dict
      interface_ipip:
        description:
          - Tunnels that carry IPv4 in IPv4.
          - As O(vpnops.mikrotik.interface_ipip#module:config) takes them.
        type: list
        elements: dict
      interface_eoip:
        description:
          - Tunnels that carry Ethernet frames in GRE, between two RouterOS routers.
          - As O(vpnops.mikrotik.interface_eoip#module:config) takes them.
        type: list
        elements: dict
      interface_vrrp:
        description:
          - 'Virtual routers: of several routers one, the master, has their addresses.'
          - As O(vpnops.mikrotik.interface_vrrp#module:config) takes them.
        type: list
        elements: dict
      interface_list:
        description:
          - Named lists of interfaces, which firewall rules refer to.
          - As O(vpnops.mikrotik.interface_list#module:config) takes them.
        type: list
        elements: dict
      interface_list_member:
        description:
          - Which interfaces are in which list.
          - As O(vpnops.mikrotik.interface_list_member#module:config) takes them.
        type: list
        elements: dict
      ip_address:
        description:
          - The router's own addresses.
          - As O(vpnops.mikrotik.ip_address#module:config) takes them.
        type: list
        elements: dict
      ip_route:
        description:
          - Static routes.
          - As O(vpnops.mikrotik.ip_route#module:config) takes them.
        type: list
        elements: dict
      firewall_address_list:
        description:
          - Named lists of addresses that rules refer to.
          - As O(vpnops.mikrotik.firewall_address_list#module:config) takes them.
        type: list
        elements: dict
      ipv6_firewall_address_list:
        description:
          - Named lists of IPv6 addresses that rules of the IPv6 firewall refer to.
          - As O(vpnops.mikrotik.ipv6_firewall_address_list#module:config) takes them.
        type: list
        elements: dict
      firewall_layer7:
        description:
          - Patterns by which rules recognise what a connection carries.
          - As O(vpnops.mikrotik.firewall_layer7#module:config) takes them.
        type: list
        elements: dict
      firewall_connection_tracking:
        description:
          - How the router keeps track of connections, IPv6 included.
          - As O(vpnops.mikrotik.firewall_connection_tracking#module:config) takes them.
        type: dict
      firewall_raw:
        description:
          - Rules that act before connection tracking.
          - As O(vpnops.mikrotik.firewall_raw#module:config) takes them.
        type: list
        elements: dict
      ipv6_firewall_raw:
        description:
          - Rules that act on IPv6 packets before connection tracking.
          - As O(vpnops.mikrotik.ipv6_firewall_raw#module:config) takes them.
        type: list
        elements: dict
      firewall_mangle:
        description:
          - Rules that mark packets and change their headers.
          - As O(vpnops.mikrotik.firewall_mangle#module:config) takes them.
        type: list
        elements: dict
      ipv6_firewall_mangle:
        description:
          - Rules that mark IPv6 packets and change their headers.
          - As O(vpnops.mikrotik.ipv6_firewall_mangle#module:config) takes them.
        type: list
        elements: dict
      firewall_nat:
        description:
          - Rules that translate addresses; they see the first packet of a connection only.
          - As O(vpnops.mikrotik.firewall_nat#module:config) takes them.
        type: list
        elements: dict
      ipv6_firewall_nat:
        description:
          - Rules that translate IPv6 addresses; they see the first packet of a connection only.
          - As O(vpnops.mikrotik.ipv6_firewall_nat#module:config) takes them.
        type: list
        elements: dict
      firewall_filter:
        description:
          - Rules that let packets pass or drop them.
          - As O(vpnops.mikrotik.firewall_filter#module:config) takes them.
        type: list
        elements: dict
      ipv6_firewall_filter:
        description:
          - Rules that let IPv6 packets pass or drop them.
          - As O(vpnops.mikrotik.ipv6_firewall_filter#module:config) takes them.
        type: list
        elements: dict
      queue_type:
        description:
          - Ways for packets to wait, which queues name.
          - As O(vpnops.mikrotik.queue_type#module:config) takes them.
        type: list
        elements: dict
      queue_tree:
        description:
          - Queues for marked packets that leave by an interface.
          - As O(vpnops.mikrotik.queue_tree#module:config) takes them.
        type: list
        elements: dict
      system_logging:
        description:
          - Which log lines go where.
          - As O(vpnops.mikrotik.system_logging#module:config) takes them.
        type: list
        elements: dict
      system_script:
        description:
          - Scripts that people, scheduler entries and netwatch run by name.
          - As O(vpnops.mikrotik.system_script#module:config) takes them.
        type: list
        elements: dict
      system_scheduler:
        description:
          - Scripts that run at a time of day, at intervals or at the start.
          - As O(vpnops.mikrotik.system_scheduler#module:config) takes them.
        type: list
        elements: dict
      tool_netwatch:
        description:
          - Hosts that the router watches, and what it does when one fails or comes back.
          - As O(vpnops.mikrotik.tool_netwatch#module:config) takes them.
        type: list
        elements: dict
      ip_dns:
        description:
          - How the router resolves names, and whether it does so for others.
          - As O(vpnops.mikrotik.ip_dns#module:config) takes them.
        type: dict
      ip_upnp:
        description:
          - UPnP, by which clients open ports of the router without being asked who they are.
          - As O(vpnops.mikrotik.ip_upnp#module:config) takes them.
        type: dict
      ip_proxy:
        description:
          - The web proxy.
          - As O(vpnops.mikrotik.ip_proxy#module:config) takes them.
        type: dict
      ip_socks:
        description:
          - The SOCKS proxy.
          - As O(vpnops.mikrotik.ip_socks#module:config) takes them.
        type: dict
      snmp_community:
        description:
          - 'SNMP communities: who may read what over SNMP.'
          - As O(vpnops.mikrotik.snmp_community#module:config) takes them.
        type: list
        elements: dict
      snmp:
        description:
          - The SNMP agent.
          - As O(vpnops.mikrotik.snmp#module:config) takes them.
        type: dict
      ip_neighbor_discovery:
        description:
          - Where the router announces itself to its neighbours, and listens to them.
          - As O(vpnops.mikrotik.ip_neighbor_discovery#module:config) takes them.
        type: dict
      tool_bandwidth_server:
        description:
          - The server that others measure bandwidth with.
          - As O(vpnops.mikrotik.tool_bandwidth_server#module:config) takes them.
        type: dict
      tool_mac_server_ping:
        description:
          - Answers to pings of MAC addresses.
          - As O(vpnops.mikrotik.tool_mac_server_ping#module:config) takes them.
        type: dict
      tool_mac_server:
        description:
          - MAC-Telnet, which needs no IP address.
          - As O(vpnops.mikrotik.tool_mac_server#module:config) takes them.
        type: dict
      tool_mac_server_winbox:
        description:
          - MAC-WinBox, which needs no IP address.
          - As O(vpnops.mikrotik.tool_mac_server_winbox#module:config) takes them.
        type: dict
      tool_romon:
        description:
          - RoMON, by which routers on one layer 2 network are managed through each other.
          - As O(vpnops.mikrotik.tool_romon#module:config) takes them.
        type: dict
      ip_service:
        description:
          - Services by which the router is managed; who may use them, and where.
          - As O(vpnops.mikrotik.ip_service#module:config) takes them.
        type: list
        elements: dict
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
      - With O(state=deleted) none of them may be empty.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose comment, or name where the menu has no comment, is one of these marks,
            or goes on with a colon or a slash after it; V(s2s-*) stands for everything that begins
            with V(s2s-).
        type: list
        elements: str
      chain:
        description:
          - Of rules only those in these chains; menus without chains are not narrowed by it.
        type: list
        elements: str
  keep:
    description:
      - 'Options by module, such as C(ipsec_policy: [disabled]).'
      - Options that only new entries are given. On entries that stand, the router's own values
        stay, since something on it changes them, such as a script that enables and disables policies.
    type: dict
    default: {}
  effective:
    description:
      - Refuse a new or changed rule that would decide no packet, because rules above take all
        that it is for, and name these. V(false) makes it all the same, and warns.
      - Of a rule that would lose only a part of its packets, a warning names the rule that takes
        them, and an example.
    type: bool
    default: true
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
- name: Join site B by IPsec
  vpnops.mikrotik.config:
    config:
      ipsec_profile:
        - name: s2s
          dh_group: [ecp256, modp2048]
          enc_algorithm: [aes-256]
          hash_algorithm: sha256
      ipsec_proposal:
        - name: s2s
          auth_algorithms: [sha256]
          enc_algorithms: [aes-256-cbc]
          pfs_group: modp2048
      ipsec_peer:
        - name: site-b
          address: 203.0.113.50
          exchange_mode: ike2
          profile: s2s
      ipsec_identity:
        - peer: site-b
          secret: "{{ site_b_psk }}"
      ipsec_policy:
        - peer: [site-b]
          tunnel: true
          src_address: 192.168.10.0/24
          dst_address: 192.168.20.0/24
          proposal: s2s
      firewall_nat:
        - chain: srcnat
          action: accept
          src_address: 192.168.10.0/24
          dst_address: 192.168.20.0/24
          comment: "s2s-b: no NAT"

- name: Leave nothing marked s2s-b in these menus
  vpnops.mikrotik.config:
    config:
      ipsec_peer: []
      ipsec_identity: []
      ipsec_policy: []
      firewall_nat: []
    state: deleted
    scope:
      owner: [s2s-b]

- name: Read peers and policies at once
  vpnops.mikrotik.config:
    config:
      ipsec_peer: []
      ipsec_policy: []
    state: gathered
  register: tunnels
"""

RETURN = r"""
before:
  description: Entries by menu before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: dict
  sample: {ipsec_peer: [{name: site-b, address: 203.0.113.50/32, exchange_mode: ike2, profile: s2s}]}
after:
  description: Entries by menu after the task, or in check mode those expected; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: dict
commands:
  description: What was sent, or in check mode would be, as RouterOS commands; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: str
  sample:
    - /ip ipsec peer add name=site-b address=203.0.113.50/32 exchange-mode=ike2 profile=s2s
gathered:
  description: Entries by menu of the router in the form that O(config) takes, without secrets.
  returned: when O(state=gathered)
  type: dict
rendered:
  description: RouterOS commands that would make the entries on an empty router; secrets are masked.
  returned: when O(state=rendered)
  type: list
  elements: str
  sample:
    - /ip ipsec peer add name=site-b address=203.0.113.50/32 exchange-mode=ike2 profile=s2s
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("config")


if __name__ == "__main__":
    main()
