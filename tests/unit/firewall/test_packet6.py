# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a packet of IPv6: the same walk, with addresses, lists and ICMP of its own."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict, facts
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV6
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.router import entries
from tests.unit.firewall import packets
from tests.unit.firewall.packets import MEMBERS, short

case = pytest.param
SSH = replace(packets.SSH, src="2001:db8:1::7", dst="2001:db8::1")
PING = replace(packets.PING, src=SSH.src, dst=SSH.dst, protocol="icmpv6", icmp=(128, 0))
OLD_PING = replace(PING, protocol="icmp", icmp=(8, 0))
ESP = replace(packets.ESP, src=SSH.src, dst=SSH.dst)
LISTED = read_entries(
    BY_MODULE["ipv6_firewall_address_list"],
    (
        {".id": "*1", "list": "mgmt", "address": "2001:db8:1::/124"},
        {".id": "*2", "list": "host", "address": "2001:db8:1:0::7/128"},
        {".id": "*3", "list": "named", "address": "vpn.example.com"},
        {".id": "*4", "list": "all", "address": "::/0"},
    ),
)


def firewall(*lines: str) -> Firewall:
    return Firewall(filter=entries(*lines), address_list=LISTED, members=MEMBERS, family=IPV6)


@pytest.mark.parametrize(
    ("packet", "matchers", "matches"),
    [
        case(SSH, "src-address=2001:db8:1::7", True, id="host"),
        case(SSH, "src-address=2001:DB8:1:0:0::7/128", True, id="host-spelled-otherwise"),
        case(SSH, "src-address=2001:db8:1::/64", True, id="prefix"),
        case(SSH, "src-address=!2001:db8:1::/64", False, id="prefix-negated"),
        case(SSH, "src-address=2001:db8:1::1-2001:db8:1::9", True, id="range"),
        case(SSH, "dst-address=2001:db8:1::/64", False, id="another-prefix"),
        case(SSH, "src-address-list=mgmt", True, id="prefix-in-a-list"),
        case(SSH, "src-address-list=host", True, id="host-in-a-list"),
        case(SSH, "dst-address-list=mgmt", False, id="not-in-a-list"),
        case(SSH, "dst-address-list=all", True, id="list-of-everybody"),
        case(SSH, "src-address-list=named", None, id="name-in-a-list"),
        case(SSH, "in-interface-list=WAN protocol=tcp dst-port=22", True, id="interface-and-port"),
        case(PING, "protocol=icmpv6", True, id="icmpv6"),
        case(PING, "protocol=58", True, id="icmpv6-by-number"),
        case(PING, "protocol=icmp", False, id="icmp-is-another-protocol"),
        case(OLD_PING, "protocol=icmpv6 icmp-options=128:0", False, id="and-the-other-way-round"),
        case(PING, "protocol=icmpv6 icmp-options=128:0", True, id="icmpv6-type"),
        case(PING, "protocol=icmpv6 icmp-options=!128:0-255", False, id="icmpv6-type-negated"),
        case(PING, "protocol=icmpv6 icmp-options=135:0", False, id="another-icmpv6-type"),
        case(SSH, "icmp-options=128:0", False, id="tcp-has-no-icmp-type"),
        case(ESP, "protocol=ipsec-esp", True, id="esp"),
        case(SSH, "hop-limit=less-than:5", None, id="hop-limit-is-not-known"),
        case(
            replace(SSH, facts=facts(hop_limit="less-than:5")), "hop-limit=less-than:5", True, id="hop-limit-is-known"
        ),
        case(SSH, "headers=frag", None, id="headers-are-not-known"),
        case(SSH, "ipsec-policy=in,none", True, id="in-clear"),
    ],
)
def test_a_matcher(packet: Packet, matchers: str, matches: bool | None) -> None:
    said = decide(firewall(f"drop {matchers}"), packet).verdict
    assert said is {True: Verdict.DROP, False: Verdict.ACCEPT, None: Verdict.CANNOT_TELL}[matches]


@pytest.mark.parametrize(
    ("chain", "said"), [("input", "drop *0"), ("forward", "accept *2"), ("output", "either *3 end")]
)
def test_every_chain(chain: str, said: str) -> None:
    lines = (
        *("drop chain=input", "jump chain=forward jump-target=a", "accept chain=a"),
        "drop chain=output limit=1,5:packet",
    )
    assert short(decide(firewall(*lines), replace(SSH, chain=chain))) == said


def test_families_do_not_mix() -> None:
    with pytest.raises(ValueError, match="not of one family"):
        replace(SSH, dst="192.0.2.1")
    with pytest.raises(ValueError, match="IPv6 does not meet packets of IPv4"):
        decide(firewall(), packets.SSH)
    with pytest.raises(ValueError, match="IPv4 does not meet packets of IPv6"):
        decide(Firewall(), SSH)


def test_raw_and_nat_of_ipv6_come_before_its_filter() -> None:
    raw, nat = entries("drop chain=prerouting protocol=udp"), entries("dst-nat chain=dstnat to-address=2001:db8:1::2")
    known = Firewall(raw=raw, nat=nat, filter=entries("drop chain=forward"), family=IPV6, local=frozenset())
    assert short(decide(known, SSH)) == "drop *0"
    assert decide(known, SSH).endings[0].table == "filter"
    assert decide(known, replace(SSH, protocol="udp", tcp_flags=None)).endings[0].table == "raw"


def test_without_addresses_a_packet_may_be_of_either() -> None:
    nobody = replace(SSH, src=None, dst=None)
    assert short(decide(firewall("drop protocol=tcp"), nobody)) == "drop *0"
    assert short(decide(Firewall(filter=entries("drop protocol=tcp")), nobody)) == "drop *0"


MATCHERS = (
    *("protocol=tcp", "protocol=!udp", "protocol=icmpv6", "dst-port=22", "port=!22,500", "tcp-flags=syn,!ack"),
    *("src-address=2001:db8:1::/64", "src-address=!2001:db8:1::7", "dst-address=2001:db8::1-2001:db8::2"),
    *("src-address-list=mgmt", "dst-address-list=!all", "in-interface-list=!LAN", "connection-state=new,related"),
    *("icmp-options=128:0", "hop-limit=equal:1", "headers=!hop", "limit=1,5:packet", "ipsec-policy=in,none"),
)
RULES = st.builds(
    lambda action, chosen: " ".join([action, *chosen]),
    st.sampled_from(("accept", "drop", "return", "jump jump-target=a", "accept chain=a", "drop chain=a")),
    st.lists(st.sampled_from(MATCHERS), max_size=3, unique_by=lambda each: each.split("=")[0]),
)
FORGETTABLE = [each.name for each in fields(Packet) if each.name not in ("chain", "facts")]


@given(st.lists(RULES, max_size=6), st.sampled_from((SSH, PING, OLD_PING, ESP)), st.sets(st.sampled_from(FORGETTABLE)))
def test_knowing_less_never_says_otherwise(rules: list[str], packet: Packet, forgotten: set[str]) -> None:
    known = decide(firewall(*rules), packet).verdict
    forgetful = replace(packet, **dict.fromkeys(forgotten))  # type: ignore[arg-type]
    assert decide(firewall(*rules), forgetful).verdict in (known, Verdict.CANNOT_TELL)
