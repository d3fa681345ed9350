# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/tool/netwatch`: hosts that the router probes."""

from __future__ import annotations

from functools import partial

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.basic import SWITCH, duration, number, one_of, pattern
from .interfaces import LIST

# 71w2h27m52s950ms, as the router's hint has it
_LONGEST = 42_949_672_950
_HOUR = 3_600_000
_TIME = duration()
_COUNTED = ("sent-count", "response-count", "loss-count", "loss-percent", "rtt-avg", "rtt-min", "rtt-max",
            "rtt-jitter", "rtt-stdev", "tcp-connect-time")  # fmt: skip
_OTHERS = ("http-resp-time", "http-status-code", "ip", "ip6", "mail-servers", "name-servers")


# A property that has no value until somebody gives it one; what holds until then is in behaviour/netwatch.py.
_unset = partial(Field, unset=True)

NETWATCH = Menu(
    "/tool/netwatch",
    (
        Field("name", default=""),
        Field("type", one_of("dns", "http-get", "https-get", "icmp", "simple", "tcp-conn"), default="simple"),
        Field("host", pattern(r"[^\s]+"), mandatory=True),
        _unset("src-address", pattern(r"[0-9A-Fa-f.:]+"), since="7.11"),
        _unset("interval", duration(1000, _LONGEST)),
        _unset("timeout", duration(10, 2_419_200_000)),
        _unset("start-delay", duration(0, _HOUR)),
        _unset("startup-delay", duration(0, _HOUR)),
        _unset("packet-count", number(1)),
        _unset("packet-interval", duration(20, _LONGEST)),
        _unset("packet-size", number(0, 65535)),
        _unset("ttl", number(1, 255), since="7.16"),
        _unset("accept-icmp-time-exceeded", SWITCH, since="7.16"),
        _unset("thr-max", _TIME),
        _unset("thr-avg", _TIME),
        _unset("thr-stdev", _TIME),
        _unset("thr-jitter", _TIME),
        _unset("thr-loss-percent", pattern(r"\d{1,3}(\.\d+)?%?", lambda text: text.removesuffix("%") + "%")),
        _unset("thr-loss-count", number()),
        _unset("port", number(0, 65535)),
        _unset("thr-tcp-conn-time", duration(0, 30_000)),
        _unset("thr-http-time", _TIME),
        _unset("http-codes", pattern(r"[\d,-]*")),
        Field("certificate", refers=Reference("/certificate", keywords=("none",)), unset=True),
        _unset("check-certificate", SWITCH),
        _unset("record-type", one_of("A", "AAAA", "MX", "NS"), since="7.16"),
        _unset("dns-server", pattern(r"[0-9A-Fa-f.:]+"), since="7.16"),
        _unset("ignore-initial-up", SWITCH, since="7.17"),
        _unset("ignore-initial-down", SWITCH, since="7.17"),
        _unset("early-success-detection", SWITCH, since="7.20"),
        _unset("early-failure-detection", SWITCH, since="7.20"),
        _unset("up-script"),
        _unset("down-script"),
        _unset("test-script"),
        COMMENT,
        DISABLED,
        # The router lists it among what can be unset, too; what that does is unverified.
        Field("status", read_only=True, unset=True),
        read_only("since"),
        *(read_only(name) for name in ("done-tests", "failed-tests", *_COUNTED, *_OTHERS)),
    ),
    (*LIST, "enable", "disable", "unset"),
    noun="entry",
    print_flags=("stats",),
)

MENUS = (NETWATCH,)
