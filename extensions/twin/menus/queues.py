# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/queue/type` and `/queue/tree`: stored and printed; no packet waits."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.basic import SWITCH, duration, number, one_of, pattern, some_of
from ..values.quantities import QUEUE_SIZE, RATE, SIZE
from .interfaces import LIST

KINDS = ("bfifo", "cake", "codel", "fq-codel", "mq-pfifo", "none", "pcq", "pfifo", "red", "sfq")
# Limits of hints: 7101w3d6h28m15s
_LONGEST = 4_294_967_295_000
_TIME = duration()
_COUNT = number()
_SCHEMES = (
    "bridged-llcsnap", "bridged-ptm", "bridged-vcmux", "convervative", "docsis", "ether-vlan", "ethernet",
    "ipoa-llcsnap", "ipoa-vcmux", "pppoa-llc", "pppoa-vcmux", "pppoe-llcsnap", "pppoe-ptm", "pppoe-vcmux", "raw",
    "via-ethernet",
)  # fmt: skip
_DISTANCES = ("datacentre", "internet", "interplanetary", "lan", "metro", "none", "oceanic", "regional", "satellite")
_FLOWS = ("dsthost", "dual-dsthost", "dual-srchost", "flowblind", "flows", "hosts", "srchost", "triple-isolate")

# By kind; an entry prints those of its own kind alone.
OF_KIND: Mapping[str, tuple[Field, ...]] = {
    "bfifo": (Field("bfifo-limit", _COUNT, default="15000"),),
    "mq-pfifo": (Field("mq-pfifo-limit", _COUNT, default="50"),),
    "pfifo": (Field("pfifo-limit", _COUNT, default="50"),),
    "pcq": (
        Field("pcq-rate", RATE, default="0"),
        Field("pcq-limit", QUEUE_SIZE, default="50KiB"),
        Field(
            "pcq-classifier", some_of("src-address", "dst-address", "src-port", "dst-port", empty=True), default=""
        ),
        Field("pcq-total-limit", QUEUE_SIZE, default="2000KiB"),
        Field("pcq-burst-rate", RATE, default="0"),
        Field("pcq-burst-threshold", RATE, default="0"),
        Field("pcq-burst-time", duration(1000, _LONGEST), default="10s"),
        Field("pcq-src-address-mask", number(0, 32), default="32"),
        Field("pcq-dst-address-mask", number(0, 32), default="32"),
        Field("pcq-src-address6-mask", number(0, 128), default="128"),
        Field("pcq-dst-address6-mask", number(0, 128), default="128"),
    ),
    "red": tuple(
        Field(f"red-{name}", _COUNT, default=value)
        for name, value in (
            ("limit", "60"), ("min-threshold", "10"), ("max-threshold", "50"), ("burst", "20"), ("avg-packet", "1000"),
        )
    ),
    "sfq": (Field("sfq-perturb", _COUNT, default="5"), Field("sfq-allot", _COUNT, default="1514")),
    "codel": (
        Field("codel-limit", _COUNT, default="1000"),
        Field("codel-target", _TIME, default="5ms"),
        Field("codel-interval", _TIME, default="100ms"),
        Field("codel-ecn", SWITCH, default="false"),
        Field("codel-ce-threshold", _TIME, default="", shown=False),
    ),
    "fq-codel": (
        Field("fq-codel-limit", _COUNT, default="10240"),
        Field("fq-codel-flows", _COUNT, default="1024"),
        Field("fq-codel-target", _TIME, default="5ms"),
        Field("fq-codel-interval", _TIME, default="100ms"),
        Field("fq-codel-quantum", _COUNT, default="1514"),
        Field("fq-codel-memlimit", SIZE, default="33554432"),
        Field("fq-codel-ecn", SWITCH, default="true"),
        Field("fq-codel-ce-threshold", _TIME, default="", shown=False),
    ),
    "cake": (
        Field("cake-bandwidth", RATE, default="0"),
        Field("cake-autorate-ingress", SWITCH, default="false"),
        Field("cake-diffserv", one_of("besteffort", "diffserv3", "diffserv4", "diffserv8", "precedence"),
              default="diffserv3"),
        Field("cake-flowmode", one_of(*_FLOWS), default="triple-isolate"),
        Field("cake-nat", SWITCH, default="false"),
        Field("cake-wash", SWITCH, default="false"),
        Field("cake-ack-filter", one_of("aggressive", "filter", "none"), default="none"),
        Field("cake-rtt", _TIME, default="100ms"),
        Field("cake-rtt-scheme", one_of(*_DISTANCES), default="none"),
        Field("cake-atm", one_of("atm", "none", "ptm"), default="none"),
        Field("cake-overhead", number(-64, 256), default="0"),
        Field("cake-overhead-scheme", one_of(*_SCHEMES), default="", shown=False),
        Field("cake-mpu", number(0, 256), default="0"),
        Field("cake-memlimit", SIZE, default="0"),
    ),
}  # fmt: skip

_PCQ = {"kind": "pcq"}
_BUILTIN: tuple[dict[str, str], ...] = (
    {"name": "default", "kind": "pfifo"},
    {"name": "ethernet-default", "kind": "pfifo"},
    {"name": "wireless-default", "kind": "sfq"},
    {"name": "synchronous-default", "kind": "red"},
    {"name": "hotspot-default", "kind": "sfq"},
    {"name": "pcq-upload-default", **_PCQ, "pcq-classifier": "src-address"},
    {"name": "pcq-download-default", **_PCQ, "pcq-classifier": "dst-address"},
    {"name": "only-hardware-queue", "kind": "none"},
    {"name": "multi-queue-ethernet-default", "kind": "mq-pfifo"},
    {"name": "default-small", "kind": "pfifo", "pfifo-limit": "10"},
)
TYPE = Menu(
    "/queue/type",
    (
        Field("name", mandatory=True),
        Field("kind", one_of(*KINDS), mandatory=True),
        *(field for fields in OF_KIND.values() for field in fields),
        read_only("default", "false"),
    ),
    ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit"),
    noun="queue type",
    unique="name",
    rows_at_start=tuple((f"*{index:X}", {**given, "default": "true"}) for index, given in enumerate(_BUILTIN)),
    keep_used=True,
)

TREE = Menu(
    "/queue/tree",
    (
        Field("name"),
        # An interface, `global`, or another queue of the tree.
        Field("parent", mandatory=True),
        Field("packet-mark", default=""),
        Field("limit-at", RATE, default="0"),
        Field("queue", refers=Reference("/queue/type"), default="default-small"),
        Field("priority", number(1, 8), default="8"),
        Field("max-limit", RATE, default="0"),
        Field("burst-limit", RATE, default="0"),
        Field("burst-threshold", RATE, default="0"),
        Field("burst-time", _TIME, default="0s"),
        Field("bucket-size", pattern(r"\d{1,2}(\.\d{1,4})?"), default="0.1"),
        COMMENT,
        DISABLED,
        read_only("invalid", "false"),
        read_only("bytes", "0"),
        read_only("packets", "0"),
    ),
    (*LIST, "enable", "disable"),
    extra={"reset-counters": ("numbers",), "reset-counters-all": ()},
    noun="queue",
    unique="name",
    naming="queue",
    print_flags=("bytes", "oid", "packets", "rate", "stats"),
)

MENUS = (TYPE, TREE)
