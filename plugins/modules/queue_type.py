#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /queue/type."""

from __future__ import annotations

DOCUMENTATION = r"""
module: queue_type
short_description: Manage ways for packets to wait in queues
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/queue/type), ways for packets to wait, which queues name; among them PCQ, which gives
    every address its own share.
  - Options of one kind cannot be given with another.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.queue_tree
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
      kind:
        description:
          - How packets wait. Options of other kinds cannot be given; to go from one kind to another,
            use V(replaced).
        type: str
        choices:
          - bfifo
          - cake
          - codel
          - fq-codel
          - mq-pfifo
          - none
          - pcq
          - pfifo
          - red
          - sfq
      pcq_rate:
        description:
          - 'PCQ: bandwidth of each stream; V(0) shares what there is.'
          - RouterOS's default is V(0).
        type: str
      pcq_classifier:
        description:
          - 'PCQ: what tells streams apart. Encrypted packets all look the same, so queue them
            before.'
        type: list
        elements: str
        choices:
          - src-address
          - dst-address
          - src-port
          - dst-port
      pcq_limit:
        description:
          - 'PCQ: size of each stream''s queue; a number alone is KiB.'
          - RouterOS's default is V(50).
        type: str
      pcq_total_limit:
        description:
          - 'PCQ: size of all of them; a number alone is KiB.'
          - RouterOS's default is V(2000).
        type: str
      pcq_burst_rate:
        description:
          - 'PCQ: bandwidth of a stream while it bursts.'
          - RouterOS's default is V(0).
        type: str
      pcq_burst_threshold:
        description:
          - 'PCQ: mean bandwidth below which a stream may burst.'
          - RouterOS's default is V(0).
        type: str
      pcq_burst_time:
        description:
          - 'PCQ: time over which that is measured.'
          - RouterOS's default is V(10s).
        type: str
      pcq_src_address_mask:
        description:
          - 'PCQ: length of the source prefixes that are one stream.'
          - RouterOS's default is V(32).
        type: int
      pcq_dst_address_mask:
        description:
          - 'PCQ: length of the destination prefixes.'
          - RouterOS's default is V(32).
        type: int
      pcq_src_address6_mask:
        description:
          - 'PCQ: length of the IPv6 source prefixes.'
          - RouterOS's default is V(128).
        type: int
      pcq_dst_address6_mask:
        description:
          - 'PCQ: length of the IPv6 destination prefixes.'
          - RouterOS's default is V(128).
        type: int
      pfifo_limit:
        description:
          - 'PFIFO: packets that may wait.'
          - RouterOS's default is V(50).
        type: int
      bfifo_limit:
        description:
          - 'BFIFO: bytes that may wait.'
          - RouterOS's default is V(15000).
        type: int
      mq_pfifo_limit:
        description:
          - 'MQ-PFIFO: packets that may wait.'
          - RouterOS's default is V(50).
        type: int
      red_limit:
        description:
          - 'RED: packets that may wait.'
          - RouterOS's default is V(60).
        type: int
      red_min_threshold:
        description:
          - 'RED: mean length from which packets are dropped at random.'
          - RouterOS's default is V(10).
        type: int
      red_max_threshold:
        description:
          - 'RED: mean length from which all are dropped.'
          - RouterOS's default is V(50).
        type: int
      red_burst:
        description:
          - 'RED: how slowly the mean follows.'
          - RouterOS's default is V(20).
        type: int
      red_avg_packet:
        description:
          - 'RED: mean size of packets.'
          - RouterOS's default is V(1000).
        type: int
      sfq_allot:
        description:
          - 'SFQ: bytes a stream may send in its turn.'
          - RouterOS's default is V(1514).
        type: int
      sfq_perturb:
        description:
          - 'SFQ: seconds after which streams are told apart anew.'
          - RouterOS's default is V(5).
        type: int
      codel_limit:
        description:
          - 'CoDel: packets that may wait.'
          - RouterOS's default is V(1000).
        type: int
      codel_target:
        description:
          - 'CoDel: wait that is acceptable.'
          - RouterOS's default is V(5ms).
        type: str
      codel_interval:
        description:
          - 'CoDel: time over which waits are measured.'
          - RouterOS's default is V(100ms).
        type: str
      codel_ecn:
        description:
          - 'CoDel: mark packets instead of dropping them.'
          - RouterOS's default is V(false).
        type: bool
      codel_ce_threshold:
        description:
          - 'CoDel: wait above which all packets are marked.'
        type: str
      fq_codel_limit:
        description:
          - 'FQ-CoDel: packets that may wait.'
          - RouterOS's default is V(10240).
        type: int
      fq_codel_flows:
        description:
          - 'FQ-CoDel: flows that are told apart.'
          - RouterOS's default is V(1024).
        type: int
      fq_codel_quantum:
        description:
          - 'FQ-CoDel: bytes a flow may send in its turn.'
          - RouterOS's default is V(1514).
        type: int
      fq_codel_target:
        description:
          - 'FQ-CoDel: wait that is acceptable.'
          - RouterOS's default is V(5ms).
        type: str
      fq_codel_interval:
        description:
          - 'FQ-CoDel: time over which waits are measured.'
          - RouterOS's default is V(100ms).
        type: str
      fq_codel_ecn:
        description:
          - 'FQ-CoDel: mark packets instead of dropping them.'
          - RouterOS's default is V(true).
        type: bool
      fq_codel_ce_threshold:
        description:
          - 'FQ-CoDel: wait above which all packets are marked.'
        type: str
      fq_codel_memlimit:
        description:
          - 'FQ-CoDel: memory.'
          - RouterOS's default is V(33554432).
        type: str
      cake_bandwidth:
        description:
          - 'CAKE: bandwidth to shape to; V(0) does not shape.'
          - RouterOS's default is V(0).
        type: str
      cake_autorate_ingress:
        description:
          - 'CAKE: find the bandwidth from what comes in.'
          - RouterOS's default is V(false).
        type: bool
      cake_diffserv:
        description:
          - 'CAKE: classes of traffic.'
          - RouterOS's default is V(diffserv3).
        type: str
        choices:
          - besteffort
          - diffserv3
          - diffserv4
          - diffserv8
          - precedence
      cake_flowmode:
        description:
          - 'CAKE: what shares are fair between.'
          - RouterOS's default is V(triple-isolate).
        type: str
        choices:
          - dsthost
          - dual-dsthost
          - dual-srchost
          - flowblind
          - flows
          - hosts
          - srchost
          - triple-isolate
      cake_nat:
        description:
          - 'CAKE: tell hosts apart before their addresses are translated.'
          - RouterOS's default is V(false).
        type: bool
      cake_wash:
        description:
          - 'CAKE: clear DSCP.'
          - RouterOS's default is V(false).
        type: bool
      cake_ack_filter:
        description:
          - 'CAKE: drop needless ACKs.'
          - RouterOS's default is V(none).
        type: str
        choices:
          - aggressive
          - filter
          - none
      cake_rtt:
        description:
          - 'CAKE: round trip to expect.'
          - RouterOS's default is V(100ms).
        type: str
      cake_rtt_scheme:
        description:
          - 'CAKE: round trip to expect, by a word.'
          - RouterOS's default is V(none).
        type: str
        choices:
          - datacentre
          - internet
          - interplanetary
          - lan
          - metro
          - none
          - oceanic
          - regional
          - satellite
      cake_atm:
        description:
          - 'CAKE: cells of the line below.'
          - RouterOS's default is V(none).
        type: str
        choices:
          - atm
          - none
          - ptm
      cake_overhead:
        description:
          - 'CAKE: bytes that the line adds to each packet.'
          - RouterOS's default is V(0).
        type: int
      cake_overhead_scheme:
        description:
          - 'CAKE: what the line adds, by a word.'
        type: str
        choices:
          - bridged-llcsnap
          - bridged-ptm
          - bridged-vcmux
          - convervative
          - docsis
          - ether-vlan
          - ethernet
          - ipoa-llcsnap
          - ipoa-vcmux
          - pppoa-llc
          - pppoa-vcmux
          - pppoe-llcsnap
          - pppoe-ptm
          - pppoe-vcmux
          - raw
          - via-ethernet
      cake_mpu:
        description:
          - 'CAKE: smallest packet of the line.'
          - RouterOS's default is V(0).
        type: int
      cake_memlimit:
        description:
          - 'CAKE: memory; V(0) is as much as it finds right.'
          - RouterOS's default is V(0).
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
      - It never reaches beyond C(/queue/type). With O(state=deleted) none of them may be empty.
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
- name: Give each host its own 10 Mbit/s
  vpnops.mikrotik.queue_type:
    config:
      - name: per-host
        kind: pcq
        pcq_rate: 10M
        pcq_classifier: [dst-address]

- name: Make it fair without a limit instead
  vpnops.mikrotik.queue_type:
    config:
      - name: per-host
        kind: fq-codel
    state: replaced
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: per-host, kind: pcq, pcq_rate: "10000000", pcq_classifier: [dst-address]}]
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
    - /queue type add name=per-host kind=pcq pcq-rate=10M pcq-classifier=dst-address
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
    - /queue type add name=per-host kind=pcq pcq-rate=10M pcq-classifier=dst-address
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("queue_type")


if __name__ == "__main__":
    main()
