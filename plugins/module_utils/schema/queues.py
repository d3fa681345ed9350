# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of /queue: how packets wait, and for which bandwidth."""

from __future__ import annotations

from functools import partial

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import COMMENT, DISABLED, NAME
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    DURATION,
    REFERENCE,
    SWITCH,
    WORD,
    duration,
    number,
    one_of,
    set_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.quantities import DECIMAL, QUEUE_SIZE, RATE, SIZE

COUNT = number(0, 4294967295)
OfCake = partial(Field, only_with={"kind": ("cake",)})
OfCodel = partial(Field, only_with={"kind": ("codel",)})
OfFqCodel = partial(Field, only_with={"kind": ("fq-codel",)})
OfPcq = partial(Field, only_with={"kind": ("pcq",)})
OfRed = partial(Field, only_with={"kind": ("red",)})
OfSfq = partial(Field, only_with={"kind": ("sfq",)})

CAKE = (
    OfCake("cake-bandwidth", RATE, "CAKE: bandwidth to shape to; V(0) does not shape.", "0"),
    OfCake("cake-autorate-ingress", SWITCH, "CAKE: find the bandwidth from what comes in.", "no"),
    OfCake(
        "cake-diffserv",
        one_of("besteffort", "diffserv3", "diffserv4", "diffserv8", "precedence"),
        "CAKE: classes of traffic.",
        "diffserv3",
    ),
    OfCake(
        "cake-flowmode",
        one_of(
            *("dsthost", "dual-dsthost", "dual-srchost", "flowblind", "flows", "hosts", "srchost", "triple-isolate"),
        ),
        "CAKE: what shares are fair between.",
        "triple-isolate",
    ),
    OfCake("cake-nat", SWITCH, "CAKE: tell hosts apart before their addresses are translated.", "no"),
    OfCake("cake-wash", SWITCH, "CAKE: clear DSCP.", "no"),
    OfCake("cake-ack-filter", one_of("aggressive", "filter", "none"), "CAKE: drop needless ACKs.", "none"),
    OfCake("cake-rtt", DURATION, "CAKE: round trip to expect.", "100ms"),
    OfCake(
        "cake-rtt-scheme",
        one_of(
            *("datacentre", "internet", "interplanetary", "lan", "metro", "none", "oceanic", "regional", "satellite"),
        ),
        "CAKE: round trip to expect, by a word.",
        "none",
    ),
    OfCake("cake-atm", one_of("atm", "none", "ptm"), "CAKE: cells of the line below.", "none"),
    OfCake("cake-overhead", number(-64, 256), "CAKE: bytes that the line adds to each packet.", "0"),
    # One word is misspelled by the router itself.
    OfCake(
        "cake-overhead-scheme",
        one_of(
            *("bridged-llcsnap", "bridged-ptm", "bridged-vcmux", "convervative", "docsis", "ether-vlan", "ethernet"),
            *("ipoa-llcsnap", "ipoa-vcmux", "pppoa-llc", "pppoa-vcmux", "pppoe-llcsnap", "pppoe-ptm", "pppoe-vcmux"),
            *("raw", "via-ethernet"),
        ),
        "CAKE: what the line adds, by a word.",
        "",
    ),
    OfCake("cake-mpu", number(0, 256), "CAKE: smallest packet of the line.", "0"),
    OfCake("cake-memlimit", SIZE, "CAKE: memory; V(0) is as much as it finds right.", "0"),
)
CODEL = (
    OfCodel("codel-limit", COUNT, "CoDel: packets that may wait.", "1000"),
    OfCodel("codel-target", DURATION, "CoDel: wait that is acceptable.", "5ms"),
    OfCodel("codel-interval", DURATION, "CoDel: time over which waits are measured.", "100ms"),
    OfCodel("codel-ecn", SWITCH, "CoDel: mark packets instead of dropping them.", "no"),
    OfCodel("codel-ce-threshold", DURATION, "CoDel: wait above which all packets are marked.", ""),
    OfFqCodel("fq-codel-limit", COUNT, "FQ-CoDel: packets that may wait.", "10240"),
    OfFqCodel("fq-codel-flows", COUNT, "FQ-CoDel: flows that are told apart.", "1024"),
    OfFqCodel("fq-codel-quantum", COUNT, "FQ-CoDel: bytes a flow may send in its turn.", "1514"),
    OfFqCodel("fq-codel-target", DURATION, "FQ-CoDel: wait that is acceptable.", "5ms"),
    OfFqCodel("fq-codel-interval", DURATION, "FQ-CoDel: time over which waits are measured.", "100ms"),
    OfFqCodel("fq-codel-ecn", SWITCH, "FQ-CoDel: mark packets instead of dropping them.", "yes"),
    OfFqCodel("fq-codel-ce-threshold", DURATION, "FQ-CoDel: wait above which all packets are marked.", ""),
    OfFqCodel("fq-codel-memlimit", SIZE, "FQ-CoDel: memory.", "33554432"),
)
PCQ = (
    OfPcq("pcq-rate", RATE, "PCQ: bandwidth of each stream; V(0) shares what there is.", "0"),
    OfPcq(
        "pcq-classifier",
        set_of("src-address", "dst-address", "src-port", "dst-port", empty=True),
        "PCQ: what tells streams apart. Encrypted packets all look the same, so queue them before.",
        "",
    ),
    OfPcq("pcq-limit", QUEUE_SIZE, "PCQ: size of each stream's queue; a number alone is KiB.", "50"),
    OfPcq("pcq-total-limit", QUEUE_SIZE, "PCQ: size of all of them; a number alone is KiB.", "2000"),
    OfPcq("pcq-burst-rate", RATE, "PCQ: bandwidth of a stream while it bursts.", "0"),
    OfPcq("pcq-burst-threshold", RATE, "PCQ: mean bandwidth below which a stream may burst.", "0"),
    OfPcq("pcq-burst-time", duration(), "PCQ: time over which that is measured.", "10s"),
    OfPcq("pcq-src-address-mask", number(0, 32), "PCQ: length of the source prefixes that are one stream.", "32"),
    OfPcq("pcq-dst-address-mask", number(0, 32), "PCQ: length of the destination prefixes.", "32"),
    OfPcq("pcq-src-address6-mask", number(0, 128), "PCQ: length of the IPv6 source prefixes.", "128"),
    OfPcq("pcq-dst-address6-mask", number(0, 128), "PCQ: length of the IPv6 destination prefixes.", "128"),
)

# {".id": "*5", "name": "pcq-upload-default", "kind": "pcq", "pcq-rate": "0", "pcq-limit": "50KiB",
#  "pcq-classifier": "src-address", "pcq-total-limit": "2000KiB", "pcq-burst-rate": "0", "pcq-burst-threshold": "0",
#  "pcq-burst-time": "10s", "pcq-src-address-mask": "32", "pcq-dst-address-mask": "32", "default": "true"}
TYPE = Menu(
    path="/queue/type",
    help="Ways for packets to wait, which queues name.",
    module="queue_type",
    fields=(
        NAME,
        Field(
            "kind",
            one_of("bfifo", "cake", "codel", "fq-codel", "mq-pfifo", "none", "pcq", "pfifo", "red", "sfq"),
            "How packets wait. Options of other kinds cannot be given; to go from one kind to another, use "
            "V(replaced).",
            required=True,
        ),
        *PCQ,
        Field("pfifo-limit", COUNT, "PFIFO: packets that may wait.", "50", only_with={"kind": ("pfifo",)}),
        Field("bfifo-limit", COUNT, "BFIFO: bytes that may wait.", "15000", only_with={"kind": ("bfifo",)}),
        Field("mq-pfifo-limit", COUNT, "MQ-PFIFO: packets that may wait.", "50", only_with={"kind": ("mq-pfifo",)}),
        OfRed("red-limit", COUNT, "RED: packets that may wait.", "60"),
        OfRed("red-min-threshold", COUNT, "RED: mean length from which packets are dropped at random.", "10"),
        OfRed("red-max-threshold", COUNT, "RED: mean length from which all are dropped.", "50"),
        OfRed("red-burst", COUNT, "RED: how slowly the mean follows.", "20"),
        OfRed("red-avg-packet", COUNT, "RED: mean size of packets.", "1000"),
        OfSfq("sfq-allot", COUNT, "SFQ: bytes a stream may send in its turn.", "1514"),
        OfSfq("sfq-perturb", COUNT, "SFQ: seconds after which streams are told apart anew.", "5"),
        *CODEL,
        *CAKE,
    ),
)

# {".id": "*1000000", "name": "to-site-b", "parent": "bridge", "packet-mark": "site-b", "limit-at": "0",
#  "queue": "default-small", "priority": "8", "max-limit": "10000000", "burst-limit": "0", "burst-threshold": "0",
#  "burst-time": "0s", "bucket-size": "0.1", "invalid": "false", "disabled": "false"}
TREE = Menu(
    path="/queue/tree",
    help="Queues for marked packets that leave by an interface.",
    module="queue_tree",
    fields=(
        NAME,
        Field(
            "parent",
            WORD,
            "Interface by which the packets leave, V(global), or another queue of the tree.",
            required=True,
        ),
        Field("packet-mark", WORD, "Mark of the packets, set by M(vpnops.mikrotik.firewall_mangle).", ""),
        Field(
            "queue",
            REFERENCE,
            "How packets wait: a name of M(vpnops.mikrotik.queue_type).",
            "default-small",
            refers=TYPE.path,
        ),
        Field("priority", number(1, 8), "Who is served first above O(limit_at), V(1) before V(8).", "8"),
        Field("limit-at", RATE, "Bandwidth that is promised, such as V(2M).", "0"),
        Field("max-limit", RATE, "Bandwidth that is not exceeded; V(0) is any.", "0"),
        Field("burst-limit", RATE, "Bandwidth while it bursts.", "0"),
        Field("burst-threshold", RATE, "Mean bandwidth below which it may burst.", "0"),
        Field("burst-time", DURATION, "Time over which that is measured.", "0s"),
        Field("bucket-size", DECIMAL, "Size of the token bucket, in seconds of O(max_limit).", "0.1"),
        DISABLED,
        COMMENT,
    ),
)
