#!/usr/bin/python
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages /tool/netwatch."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tool_netwatch
short_description: Manage hosts that the router watches
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Manages C(/tool/netwatch), hosts that the router probes, and what it does when one fails or comes
    back.
  - Entries are told apart by their names, which RouterOS itself does not ask for; give one to those
    that shall be managed.
  - A host is noticed to be down after at most O(config[].interval) and O(config[].timeout) together.
extends_documentation_fragment:
  - vpnops.mikrotik.routeros
seealso:
  - module: vpnops.mikrotik.system_script
  - module: vpnops.mikrotik.ipsec_policy
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
          - Name that tells the entries apart; several may watch one host.
        type: str
        required: true
      host:
        description:
          - Address to probe; V(192.0.2.1@vrf) looks for it in a VRF, V(fe80::1%ether1) behind
            an interface. With O(config[].type=dns) a name to resolve.
        type: str
      type:
        description:
          - 'What a probe is: V(simple) one ping, V(icmp) several with thresholds, V(tcp-conn)
            a TCP connection. Options of another type have no effect.'
          - RouterOS's default is V(simple).
        type: str
        choices:
          - dns
          - http-get
          - https-get
          - icmp
          - simple
          - tcp-conn
      interval:
        description:
          - Time between two probes, at least V(1s).
          - RouterOS's default is V(10s).
        type: str
      timeout:
        description:
          - How long to wait for an answer, at least V(10ms).
          - RouterOS's default is V(3s).
        type: str
      src_address:
        description:
          - Address of this router to probe from, which makes probes of the far side of a tunnel
            fit its policy; where the router has no such address, the host counts as down.
          - Needs RouterOS 7.11 or newer.
        type: str
      start_delay:
        description:
          - Time until the first probe once the entry is on.
          - RouterOS's default is V(3s).
        type: str
      startup_delay:
        description:
          - Time until the first probe after the router's start.
          - RouterOS's default is V(5m).
        type: str
      up_script:
        description:
          - 'What to run when the host comes up: a name of M(vpnops.mikrotik.system_script), or
            a script itself. It runs with the rights V(read), V(write), V(test) and V(reboot)
            alone, and sees no global variables of users.'
        type: str
      down_script:
        description:
          - What to run when the host goes down, as O(config[].up_script).
        type: str
      test_script:
        description:
          - What to run after every probe, as O(config[].up_script).
        type: str
      ignore_initial_up:
        description:
          - Do not run O(config[].up_script) at the first probe.
          - RouterOS's default is V(false).
          - Needs RouterOS 7.17 or newer.
        type: bool
      ignore_initial_down:
        description:
          - Do not run O(config[].down_script) at the first probe.
          - RouterOS's default is V(false).
          - Needs RouterOS 7.17 or newer.
        type: bool
      early_success_detection:
        description:
          - Tell success as soon as it is certain.
          - RouterOS's default is V(false).
          - Needs RouterOS 7.20 or newer.
        type: bool
      early_failure_detection:
        description:
          - Tell failure as soon as it is certain.
          - RouterOS's default is V(false).
          - Needs RouterOS 7.20 or newer.
        type: bool
      packet_count:
        description:
          - 'Type V(icmp): pings of one probe.'
          - RouterOS's default is V(10).
        type: int
      packet_interval:
        description:
          - 'Type V(icmp): time between two pings, at least V(20ms).'
          - RouterOS's default is V(50ms).
        type: str
      packet_size:
        description:
          - 'Type V(icmp): size of the packets in bytes.'
          - RouterOS's default is V(54).
        type: int
      ttl:
        description:
          - 'Type V(icmp): time to live of the packets.'
          - RouterOS's default is V(255).
          - Needs RouterOS 7.16 or newer.
        type: int
      accept_icmp_time_exceeded:
        description:
          - 'Type V(icmp): take the answer that the time to live was exceeded for one.'
          - RouterOS's default is V(false).
          - Needs RouterOS 7.16 or newer.
        type: bool
      thr_max:
        description:
          - 'Type V(icmp): longest round trip above which the probe fails.'
          - RouterOS's default is V(1s).
        type: str
      thr_avg:
        description:
          - 'Type V(icmp): mean round trip above which it fails.'
          - RouterOS's default is V(100ms).
        type: str
      thr_stdev:
        description:
          - 'Type V(icmp): standard deviation of round trips above which it fails.'
          - RouterOS's default is V(250ms).
        type: str
      thr_jitter:
        description:
          - 'Type V(icmp): spread of round trips above which it fails.'
          - RouterOS's default is V(1s).
        type: str
      thr_loss_percent:
        description:
          - 'Type V(icmp): share of lost pings in percent above which it fails.'
          - RouterOS's default is V(85).
        type: str
      thr_loss_count:
        description:
          - 'Type V(icmp): number of lost pings above which it fails.'
          - RouterOS's default is V(4294967295).
        type: int
      port:
        description:
          - 'Types V(tcp-conn), V(http-get) and V(https-get): port, V(80) or V(443).'
        type: int
      thr_tcp_conn_time:
        description:
          - 'Type V(tcp-conn): time to connect above which it fails, with its unit, at most V(30s).'
        type: str
      thr_http_time:
        description:
          - 'Types V(http-get), V(https-get): time to answer above which it fails.'
          - RouterOS's default is V(10s).
        type: str
      http_codes:
        description:
          - 'Types V(http-get), V(https-get): status codes that count as success.'
        type: list
        elements: str
      certificate:
        description:
          - 'Type V(https-get): certificate by which to check the host, or V(none).'
        type: str
      check_certificate:
        description:
          - 'Type V(https-get): check the host''s certificate.'
          - RouterOS's default is V(false).
        type: bool
      record_type:
        description:
          - 'Type V(dns): record to ask for.'
          - RouterOS's default is V(A).
          - Needs RouterOS 7.16 or newer.
        type: str
        choices:
          - A
          - AAAA
          - MX
          - NS
      dns_server:
        description:
          - 'Type V(dns): server to ask; without it those of C(/ip/dns).'
          - Needs RouterOS 7.16 or newer.
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
      - It never reaches beyond C(/tool/netwatch). With O(state=deleted) none of them may be empty.
    type: dict
    suboptions:
      owner:
        description:
          - Entries whose comment is one of these marks, or goes on with a colon or a slash after
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
- name: Switch to the backup when the far side of the tunnel does not answer
  vpnops.mikrotik.tool_netwatch:
    config:
      - name: site-b
        host: 192.168.20.1
        src_address: 192.168.10.1
        interval: 5s
        timeout: 1s
        down_script: ha-down
        up_script: ha-up
        comment: "ha: primary tunnel"

- name: Watch a line for loss, and a service for answers
  vpnops.mikrotik.tool_netwatch:
    config:
      - name: line
        host: 203.0.113.1
        type: icmp
        interval: 30s
        packet_count: 20
        thr_loss_percent: "20"
      - name: portal
        host: 192.168.20.10
        type: tcp-conn
        port: 443

- name: See what is watched
  vpnops.mikrotik.tool_netwatch:
    state: gathered
"""

RETURN = r"""
before:
  description: The entries before the task, in the form that O(config) takes; secrets are masked.
  returned: when O(state) is neither V(gathered) nor V(rendered)
  type: list
  elements: dict
  sample: [{name: site-b, host: 192.168.20.1, type: simple, interval: 10s, down_script: ha-down}]
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
    - /tool netwatch add name=site-b host=192.168.20.1 interval=5s timeout=1s src-address=192.168.10.1
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
    - /tool netwatch add name=site-b host=192.168.20.1 interval=5s timeout=1s src-address=192.168.10.1
"""

from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import run_module


def main() -> None:
    """Run the module."""
    run_module("tool_netwatch")


if __name__ == "__main__":
    main()
