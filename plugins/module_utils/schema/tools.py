# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of /tool."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import CERTIFICATE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import COMMENT, DISABLED
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS,
    DURATION,
    PORTS,
    SWITCH,
    TEXT,
    WORD,
    duration,
    number,
    one_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.quantities import PERCENT, WATCHED_HOST, WITH_UNIT

# {".id": "*1", "name": "site-b", "type": "simple", "host": "192.168.20.1", "interval": "10s", "timeout": "1s",
#  "down-script": "ha-down", "up-script": "ha-up", "status": "up", "since": "2026-01-02 03:04:05",
#  "done-tests": "12", "failed-tests": "0", "disabled": "false"}
# A field that is unset acts as its default does (MikroTik's manual); whether it prints then is unverified.
NETWATCH = Menu(
    path="/tool/netwatch",
    help="Hosts that the router watches, and what it does when one fails or comes back.",
    module="tool_netwatch",
    unsets=True,
    fields=(
        Field("name", WORD, "Name that tells the entries apart; several may watch one host.", required=True),
        Field(
            "host",
            WATCHED_HOST,
            "Address to probe; V(192.0.2.1@vrf) looks for it in a VRF, V(fe80::1%ether1) behind an interface. With "
            "O(type=dns) a name to resolve.",
            required=True,
        ),
        Field(
            "type",
            one_of("dns", "http-get", "https-get", "icmp", "simple", "tcp-conn"),
            "What a probe is: V(simple) one ping, V(icmp) several with thresholds, V(tcp-conn) a TCP connection. "
            "Options of another type have no effect.",
            "simple",
        ),
        Field("interval", duration(), "Time between two probes, at least V(1s).", "10s"),
        Field("timeout", DURATION, "How long to wait for an answer, at least V(10ms).", "3s"),
        Field(
            "src-address",
            ADDRESS,
            "Address of this router to probe from, which makes probes of the far side of a tunnel fit its policy; "
            "where the router has no such address, the host counts as down.",
            since="7.11",
        ),
        Field("start-delay", duration(most="1h"), "Time until the first probe once the entry is on.", "3s"),
        Field("startup-delay", duration(most="1h"), "Time until the first probe after the router's start.", "5m"),
        Field(
            "up-script",
            TEXT,
            "What to run when the host comes up: a name of M(vpnops.mikrotik.system_script), or a script itself. It "
            "runs with the rights V(read), V(write), V(test) and V(reboot) alone, and sees no global variables of "
            "users.",
            "",
        ),
        Field("down-script", TEXT, "What to run when the host goes down, as O(up_script).", ""),
        Field("test-script", TEXT, "What to run after every probe, as O(up_script).", ""),
        Field("ignore-initial-up", SWITCH, "Do not run O(up_script) at the first probe.", "no", since="7.17"),
        Field("ignore-initial-down", SWITCH, "Do not run O(down_script) at the first probe.", "no", since="7.17"),
        Field("early-success-detection", SWITCH, "Tell success as soon as it is certain.", "no", since="7.20"),
        Field("early-failure-detection", SWITCH, "Tell failure as soon as it is certain.", "no", since="7.20"),
        Field("packet-count", number(1, 4294967295), "Type V(icmp): pings of one probe.", "10"),
        Field("packet-interval", DURATION, "Type V(icmp): time between two pings, at least V(20ms).", "50ms"),
        Field("packet-size", number(0, 65535), "Type V(icmp): size of the packets in bytes.", "54"),
        Field("ttl", number(1, 255), "Type V(icmp): time to live of the packets.", "255", since="7.16"),
        Field(
            "accept-icmp-time-exceeded",
            SWITCH,
            "Type V(icmp): take the answer that the time to live was exceeded for one.",
            "no",
            since="7.16",
        ),
        Field("thr-max", DURATION, "Type V(icmp): longest round trip above which the probe fails.", "1s"),
        Field("thr-avg", DURATION, "Type V(icmp): mean round trip above which it fails.", "100ms"),
        Field("thr-stdev", DURATION, "Type V(icmp): standard deviation of round trips above which it fails.", "250ms"),
        Field("thr-jitter", DURATION, "Type V(icmp): spread of round trips above which it fails.", "1s"),
        Field("thr-loss-percent", PERCENT, "Type V(icmp): share of lost pings in percent above which it fails.", "85"),
        Field(
            "thr-loss-count",
            number(0, 4294967295),
            "Type V(icmp): number of lost pings above which it fails.",
            "4294967295",
        ),
        Field("port", number(0, 65535), "Types V(tcp-conn), V(http-get) and V(https-get): port, V(80) or V(443)."),
        Field(
            "thr-tcp-conn-time",
            WITH_UNIT,
            "Type V(tcp-conn): time to connect above which it fails, with its unit, at most V(30s).",
        ),
        Field(
            "thr-http-time",
            DURATION,
            "Types V(http-get), V(https-get): time to answer above which it fails.",
            "10s",
        ),
        Field("http-codes", PORTS, "Types V(http-get), V(https-get): status codes that count as success."),
        Field(
            "certificate",
            WORD,
            "Type V(https-get): certificate by which to check the host, or V(none).",
            refers=CERTIFICATE.path,
            free=("none",),
        ),
        Field("check-certificate", SWITCH, "Type V(https-get): check the host's certificate.", "no"),
        Field("record-type", one_of("A", "AAAA", "MX", "NS"), "Type V(dns): record to ask for.", "A", since="7.16"),
        Field("dns-server", ADDRESS, "Type V(dns): server to ask; without it those of C(/ip/dns).", since="7.16"),
        DISABLED,
        COMMENT,
    ),
)
