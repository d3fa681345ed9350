# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Matchers of live twins, true and false: one packet, and a rule that only counts for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
from twin.live import Lab

from tests.live.bench import LAN, ROUTER, SERVER, Bench, plan
from tests.live.conftest import able

Words = Mapping[str, str]
Cases = Mapping[bool, tuple[Words, ...]]
# For a TCP connection from the LAN host to port 2222 of the router, which nobody offers.
TCP: Cases = {
    True: (
        {"src_address": LAN}, {"src_address": "192.168.10.0/24"}, {"src_address": "192.168.10.5-192.168.10.15"},
        {"src_address": f"!{SERVER}"}, {"dst_address": ROUTER}, {"dst_address": "!192.168.10.8/29"},
        {"dst_port": "22,2000-3000,8291"}, {"dst_port": "!22,8291"}, {"dst_port": "2222"}, {"dst_port": "!23"},
        {"port": "2222"}, {"port": "!22,80"}, {"port": "!22"}, {"src_port": "1024-65535"}, {"src_port": "!2222"},
        {"connection_state": "new"}, {"connection_state": "!established"}, {"connection_state": "established,new"},
        {"connection_state": "!established,related"}, {"connection_nat_state": "!dstnat"},
        {"in_interface": "ether2"}, {"in_interface": "!ether1"}, {"in_interface_list": "LAN"},
        {"in_interface_list": "!WAN"}, {"in_interface_list": "all"}, {"in_interface_list": "!none"},
        {"src_address_list": "friends"}, {"src_address_list": "!enemies"}, {"src_address_list": "!nobody"},
        {"dst_address_list": "!friends"}, {"tcp_flags": "syn"}, {"tcp_flags": "syn,!ack"}, {"tcp_flags": "!ack"},
        {"dst_address_type": "local"}, {"src_address_type": "!local"}, {"packet_size": "40-80"},
        {"ttl": "equal:64"}, {"ttl": "greater-than:63"}, {"dscp": "0"}, {"dscp": "!1"}, {"connection_mark": "no-mark"},
        {"ipsec_policy": "in,none"},
    ),
    False: (
        {"src_address": SERVER}, {"src_address": "!192.168.10.0/24"}, {"src_address": "!192.168.10.5-192.168.10.15"},
        {"dst_address": f"!{ROUTER}"}, {"dst_port": "22,3000-4000"}, {"dst_port": "!22,2222"}, {"port": "22"},
        {"port": "!2222"}, {"port": "!22,2222"}, {"src_port": "!1024-65535"}, {"connection_state": "established"},
        {"connection_state": "!new"}, {"connection_state": "invalid,untracked"}, {"connection_nat_state": "dstnat"},
        {"in_interface": "ether1"}, {"in_interface": "!ether2"}, {"in_interface_list": "WAN"},
        {"in_interface_list": "!LAN"}, {"in_interface_list": "none"}, {"src_address_list": "enemies"},
        {"src_address_list": "!friends"}, {"src_address_list": "nobody"}, {"dst_address_list": "friends"},
        {"tcp_flags": "syn,ack"}, {"tcp_flags": "!syn"}, {"tcp_flags": "fin"}, {"dst_address_type": "!local"},
        {"dst_address_type": "broadcast,multicast"}, {"packet_size": "100-1500"}, {"ttl": "less-than:64"},
        {"ttl": "not-equal:64"}, {"dscp": "10"}, {"connection_mark": "!no-mark"}, {"ipsec_policy": "in,ipsec"},
        # Both conditions have to hold.
        {"dst_port": "2222", "src_address": SERVER},
    ),
}  # fmt: skip
# For a ping from the LAN host to the server.
PING: Cases = {
    True: (
        {"protocol": "icmp"}, {"protocol": "!tcp"}, {"protocol": "icmp", "icmp_options": "8:0"},
        {"protocol": "icmp", "icmp_options": "8:0-255"}, {"protocol": "icmp", "icmp_options": "!3:0-255"},
        {"out_interface": "ether1"}, {"out_interface": "!ether2"}, {"out_interface_list": "WAN"},
        {"out_interface_list": "!LAN"}, {"in_interface": "ether2", "out_interface": "ether1"},
        {"ipsec_policy": "out,none"}, {"dst_address_type": "unicast"},
    ),
    False: (
        {"protocol": "tcp"}, {"protocol": "!icmp"}, {"protocol": "1", "icmp_options": "0:0"},
        {"protocol": "icmp", "icmp_options": "!8:0"}, {"protocol": "udp", "dst_port": "0-65535"},
        {"out_interface": "ether2"}, {"out_interface_list": "!WAN"}, {"out_interface_list": "LAN"},
        {"ipsec_policy": "out,ipsec"}, {"dst_address_type": "local"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    able()
    with Lab(plan()) as lab, closing(Bench(lab)) as found:
        yield found


def counting(
    bench: Bench, chain: str, cases: Mapping[bool, tuple[Words, ...]], **common: str
) -> list[tuple[bool, Words]]:
    """Begin anew, with a rule for each case."""
    bench.clear()
    for name, address in (("friends", LAN), ("friends", "192.0.2.0/24"), ("enemies", SERVER)):
        bench.enlist(name, address)
    wanted = [(holds, words) for holds, each in cases.items() for words in each]
    for _holds, words in wanted:
        bench.add("filter", chain, "passthrough", **{**common, **words})
    return wanted


def wrong(bench: Bench, wanted: list[tuple[bool, Words]]) -> list[Words]:
    """Rules that counted a packet they are not about, or did not count the one they are about."""
    return [words for (holds, words), count in zip(wanted, bench.counted(), strict=True) if count != int(holds)]


def test_a_connection_to_the_router(bench: Bench) -> None:
    wanted = counting(bench, "input", TCP, protocol="tcp")
    assert bench.connect(ROUTER, 2222) == "ECONNREFUSED"
    assert not wrong(bench, wanted)


def test_a_ping_through_the_router(bench: Bench) -> None:
    # Its answer goes past.
    wanted = counting(bench, "forward", PING, src_address=LAN)
    assert bench.ping(SERVER) == 1
    assert not wrong(bench, wanted)
