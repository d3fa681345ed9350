#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /ip/firewall/mangle."""

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_mangle
short_description: Manage firewall mangle rules
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/ip/firewall/mangle), the rules that mark IPv4 packets and change their headers.
  - The rules given keep the order in which they are given. Rules of others stay where they are.
  - A new rule lands above the first rule of others that would take its packets away, such as
    a final drop or, for tunnel traffic, the fasttrack rule; it is never below that rule, not
    even for a moment.
  - Rules have no key. A rule is found by its content and comment, then by its content, then by
    its comment alone if no other rule of its chain has that comment; so a comment of its own
    lets a rule change in place.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.firewall_filter
options:
  # Written by tools/sync_docs.py from the schema.
  config:
    description:
      - The rules, in the order they are to stand in.
      - Required unless O(state=gathered), or O(state=deleted) with O(scope).
    type: list
    elements: dict
    suboptions:
      chain:
        description:
          - 'Chain the rule stands in: V(prerouting), V(input), V(forward), V(output), V(postrouting),
            or one of your own.'
        type: str
        required: true
      action:
        description:
          - What happens to a packet that matches.
          - RouterOS's default is V(accept).
        type: str
        choices:
          - accept
          - add-dst-to-address-list
          - add-src-to-address-list
          - change-dscp
          - change-mss
          - change-ttl
          - clear-df
          - fasttrack-connection
          - jump
          - log
          - mark-connection
          - mark-packet
          - mark-routing
          - passthrough
          - return
          - route
          - set-priority
          - sniff-pc
          - sniff-tzsp
          - strip-ipv4-options
      src_address:
        description:
          - 'Source: one IPv4 address, prefix or range such as V(192.0.2.1-192.0.2.9). A leading
            V(!) negates.'
        type: str
      dst_address:
        description:
          - 'Destination: one IPv4 address, prefix or range. A leading V(!) negates.'
        type: str
      src_address_list:
        description:
          - The source is in this address list, which need not exist yet. A leading V(!) negates.
        type: str
      dst_address_list:
        description:
          - The destination is in this address list. A leading V(!) negates.
        type: str
      src_address_type:
        description:
          - 'Kinds of source: V(unicast), V(local), V(broadcast), V(multicast), V(blackhole).
            A leading V(!) negates.'
        type: list
        elements: str
      dst_address_type:
        description:
          - Kinds of destination; V(local) is an address of the router itself. A leading V(!)
            negates.
        type: list
        elements: str
      protocol:
        description:
          - Name such as V(udp), V(ipsec-esp) or V(ipsec-ah), or number from 0 to 255. A leading
            V(!) negates.
        type: str
      src_port:
        description:
          - Source ports and ranges; needs O(config[].protocol) tcp, udp, udp-lite, sctp or dccp.
            A leading V(!) negates.
        type: list
        elements: str
      dst_port:
        description:
          - Destination ports and ranges; needs O(config[].protocol) tcp, udp, udp-lite, sctp
            or dccp. A leading V(!) negates.
        type: list
        elements: str
      port:
        description:
          - Ports of either side, so replies match as well; prefer O(config[].dst_port). A leading
            V(!) negates.
        type: list
        elements: str
      icmp_options:
        description:
          - ICMP type and code such as V(8:0); needs protocol icmp. A leading V(!) negates.
        type: str
      in_interface:
        description:
          - Interface the packet came in by. Traffic out of an IPsec tunnel keeps the interface
            of the encrypted packet; use O(config[].ipsec_policy) to tell it apart. A leading
            V(!) negates.
        type: str
      out_interface:
        description:
          - Interface the packet leaves by. A leading V(!) negates.
        type: str
      in_interface_list:
        description:
          - Interface list the packet came in by, such as V(WAN) or V(!LAN). A leading V(!) negates.
        type: str
      out_interface_list:
        description:
          - Interface list the packet leaves by. A leading V(!) negates.
        type: str
      in_bridge_port:
        description:
          - Bridge port the packet came in by. A leading V(!) negates.
        type: str
      out_bridge_port:
        description:
          - Bridge port the packet leaves by. A leading V(!) negates.
        type: str
      in_bridge_port_list:
        description:
          - Interface list of the bridge port the packet came in by. A leading V(!) negates.
        type: str
      out_bridge_port_list:
        description:
          - Interface list of the bridge port the packet leaves by. A leading V(!) negates.
        type: str
      ipsec_policy:
        description:
          - Whether IPsec decrypted the packet (V(in,ipsec), in prerouting, input and forward)
            or is going to encrypt it (V(out,ipsec), in postrouting, output and forward); V(none)
            instead of V(ipsec) for neither.
        type: str
        choices:
          - in,ipsec
          - in,none
          - out,ipsec
          - out,none
      packet_mark:
        description:
          - Mark that mangle gave the packet, or V(no-mark). A leading V(!) negates.
        type: str
      packet_size:
        description:
          - Length of the packet in bytes, or a range such as V(1000-1500). A leading V(!) negates.
        type: str
      dscp:
        description:
          - DSCP value of the IP header, 0 to 63. A leading V(!) negates.
        type: str
      tos:
        description:
          - Whole TOS byte of the IP header, 0 to 255. A leading V(!) negates.
          - Needs RouterOS 7.21 or newer.
        type: str
      priority:
        description:
          - Priority of the packet, from VLAN, WMM, DSCP or mangle. A leading V(!) negates.
        type: str
      ingress_priority:
        description:
          - Priority the packet arrived with. A leading V(!) negates.
        type: str
      tcp_mss:
        description:
          - TCP maximum segment size in bytes, or a range such as V(1361-65535). A leading V(!)
            negates.
        type: str
      src_mac_address:
        description:
          - MAC address of the sender. A leading V(!) negates.
        type: str
      content:
        description:
          - Text that the packet contains. A leading V(!) negates.
        type: str
      ttl:
        description:
          - Time to live, as an operator and a number from 0 to 255 such as V(less-than:5).
        type: str
      fragment:
        description:
          - Whether the packet is a fragment other than the first.
        type: bool
      ipv4_options:
        description:
          - Options of the IPv4 header.
        type: str
        choices:
          - any
          - loose-source-routing
          - no-record-route
          - no-router-alert
          - no-source-routing
          - no-timestamp
          - none
          - record-route
          - router-alert
          - strict-source-routing
          - timestamp
      hotspot:
        description:
          - 'HotSpot states: V(auth), V(from-client), V(http), V(local-dst), V(to-client). A leading
            V(!) negates.'
        type: list
        elements: str
      psd:
        description:
          - 'Port scan: C(weight,delay,low-port-weight,high-port-weight) such as V(21,3s,3,1).'
        type: str
      limit:
        description:
          - 'True while the rule stays within C(rate[/time],burst[:packet or :bit]), such as V(10,5:packet):
            10 packets a second after a burst of 5. It counts all senders together and limits
            nothing unless a rule below drops the same traffic. A leading V(!) negates.'
        type: str
      dst_limit:
        description:
          - 'As O(config[].limit), counted per address: C(rate[/time],burst,mode[/expire]), such
            as V(1/1m,5,src-address/1m40s).'
        type: str
      time:
        description:
          - Time of day and days such as V(8h-18h,mon,tue), by the router's clock. A leading V(!)
            negates.
        type: str
      nth:
        description:
          - 'Every nth packet: C(every,packet) such as V(2,1). A leading V(!) negates.'
        type: str
      random:
        description:
          - Matches this share of all packets, in percent.
        type: int
      per_connection_classifier:
        description:
          - 'Spreads traffic by a hash: C(field:denominator/remainder) such as V(both-addresses:2/0).
            A leading V(!) negates.'
        type: str
      tcp_flags:
        description:
          - 'TCP flags that must be set or, with V(!), must not: V(syn,!ack).'
        type: list
        elements: str
      tls_host:
        description:
          - Glob for the name in a TLS client hello, such as V(*.example.com); needs protocol
            tcp. A leading V(!) negates.
        type: str
      connection_state:
        description:
          - 'States: V(established), V(related), V(new), V(invalid), V(untracked), in any order.
            A leading V(!) negates.'
        type: list
        elements: str
      connection_nat_state:
        description:
          - 'Translations: V(srcnat), V(dstnat). A leading V(!) negates.'
        type: list
        elements: str
      connection_mark:
        description:
          - Mark that mangle gave the connection, or V(no-mark). A leading V(!) negates.
        type: str
      connection_type:
        description:
          - 'Connection that a helper found to belong to another: V(ftp), V(sip) and so on. A
            leading V(!) negates.'
        type: str
      connection_bytes:
        description:
          - Bytes the connection has carried, C(from-to); an upper bound of 0 is none.
        type: str
      connection_rate:
        description:
          - Speed of the connection in bit/s, C(from-to). A leading V(!) negates.
        type: str
      routing_mark:
        description:
          - Routing table that mangle chose for the packet. A leading V(!) negates.
        type: str
      connection_limit:
        description:
          - 'More connections than this from one prefix: C(count,netmask) such as V(100,32). A
            leading V(!) negates.'
        type: str
      layer7_protocol:
        description:
          - Name of a pattern that M(vpnops.mikrotik.firewall_layer7) manages; costs a lot of
            CPU. A leading V(!) negates.
        type: str
      realm:
        description:
          - Realm of the route. A leading V(!) negates.
        type: str
      p2p:
        description:
          - Peer-to-peer program; RouterOS 7 still accepts the word. A leading V(!) negates.
        type: str
      passthrough:
        description:
          - Go on with the next rule after this one has changed the packet.
          - RouterOS's default is V(true).
        type: bool
      new_connection_mark:
        description:
          - Mark for the connection.
        type: str
      new_packet_mark:
        description:
          - Mark for the packet.
        type: str
      new_routing_mark:
        description:
          - Routing table for the packet.
        type: str
      new_mss:
        description:
          - TCP maximum segment size in bytes, or V(clamp-to-pmtu); there is no tunnel interface
            to set an MTU on.
        type: str
      new_dscp:
        description:
          - DSCP value, 0 to 63.
        type: str
      new_ttl:
        description:
          - Time to live, such as V(set:64).
        type: str
      new_priority:
        description:
          - Priority of the packet, or where to take it from.
        type: str
      route_dst:
        description:
          - Gateway that O(config[].action=route) sends the packet to.
        type: str
      sniff_id:
        description:
          - Number that marks the packets of O(config[].action=sniff-pc).
        type: int
      sniff_target:
        description:
          - Host that receives copies of the packets.
        type: str
      sniff_target_port:
        description:
          - UDP port of that host.
        type: int
      address_list:
        description:
          - Address list that the actions V(add-src-to-address-list) and V(add-dst-to-address-list)
            add to.
        type: str
      address_list_timeout:
        description:
          - How long the added address stays, up to 35w; V(none-static) survives a reboot, V(none-dynamic)
            does not.
          - RouterOS's default is V(none-dynamic).
        type: str
      jump_target:
        description:
          - Chain that O(config[].action=jump) goes to.
        type: str
      log:
        description:
          - Write a line to the log for every packet that matches.
          - RouterOS's default is V(false).
        type: bool
      log_prefix:
        description:
          - Text in front of the line in the log; at most 31 characters since RouterOS 7.21.
        type: str
      disabled:
        description:
          - Keep the rule without effect.
          - RouterOS's default is V(false).
        type: bool
      comment:
        description:
          - Free text; it also tells rules apart when their content changes.
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
      - It never reaches beyond C(/ip/firewall/mangle). With O(state=deleted) none of them may
        be empty.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose comment is one of these marks, or goes on with a colon or a slash after
            it; V(s2s-*) stands for everything that begins with V(s2s-).
        type: list
        elements: str
      chain:
        description:
          - Entries with one of these values of O(config[].chain).
        type: list
        elements: str
  keep:
    description:
      - Options that only new entries are given. On entries that stand, the router's own values
        stay, since something on it changes them, such as a script that enables and disables policies.
    type: list
    elements: str
    default: []
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
- name: Make TCP segments fit into tunnels
  vpnops.mikrotik.firewall_mangle:
    config:
      - chain: forward
        action: change-mss
        new_mss: "1360"
        protocol: tcp
        tcp_flags: [syn]
        tcp_mss: 1361-65535
        ipsec_policy: out,ipsec
        comment: "mss: into tunnels"
      - chain: forward
        action: change-mss
        new_mss: "1360"
        protocol: tcp
        tcp_flags: [syn]
        tcp_mss: 1361-65535
        ipsec_policy: in,ipsec
        comment: "mss: from tunnels"

- name: Mark the connections of one host
  vpnops.mikrotik.firewall_mangle:
    config:
      - chain: prerouting
        action: mark-connection
        new_connection_mark: backup
        src_address: 192.168.10.9
        connection_state: [new]
        passthrough: true
        comment: "backup: mark"
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{chain: forward, action: change-mss, new_mss: "1360", protocol: tcp, tcp_flags: [syn]}]
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
    - /ip firewall mangle add chain=forward action=change-mss new-mss=1360 protocol=tcp tcp-flags=syn
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
    - /ip firewall mangle add chain=forward action=change-mss new-mss=1360 protocol=tcp tcp-flags=syn
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("firewall_mangle")


if __name__ == "__main__":
    main()
