# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written against what reads back, one table per sort of value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twin import Trap
from twin.values import addresses, basic, matchers
from twin.values.basic import Kind, parse_duration, spell_duration

TIME = basic.duration()
SPELLED = [
    (basic.SWITCH, "yes", "true"),
    (basic.SWITCH, "false", "false"),
    (TIME, "30", "30s"),
    (TIME, "24h", "1d"),
    (TIME, "1d00:00:00", "1d"),
    (TIME, "00:30:00", "30m"),
    (TIME, "90m", "1h30m"),
    (TIME, "32d3h", "4w4d3h"),
    (TIME, "0", "0s"),
    (TIME, "1500ms", "1s500ms"),
    (basic.duration(keywords=("disable-dpd",)), "disable-dpd", "disable-dpd"),
    (basic.number(), "0x1F", "31"),
    (basic.number(), "007", "7"),
    (basic.some_of("a", "b", "c"), "c,a", "a,c"),
    (basic.some_of("a", "b"), "a,a", "a"),
    (basic.some_of("a", empty=True), "", ""),
    (basic.negatable(basic.some_of("new", "invalid")), "!invalid,new", "!new,invalid"),
    (addresses.PREFIX, "192.168.1.5/24", "192.168.1.0/24"),
    (addresses.PREFIX, "192.168.1.5", "192.168.1.5/32"),
    (addresses.PREFIX, "2001:db8::1", "2001:db8::1/128"),
    (addresses.PREFIX, "0.0.0.0/0", "0.0.0.0/0"),
    (addresses.PEER_ADDRESS, "203.0.113.50", "203.0.113.50/32"),
    (addresses.PEER_ADDRESS, "vpn.example.com", "vpn.example.com"),
    (addresses.RANGE, "192.168.1.5/24", "192.168.1.0/24"),
    (addresses.RANGE, "192.168.1.5/32", "192.168.1.5"),
    (addresses.RANGE, "192.168.1.5", "192.168.1.5"),
    (addresses.RANGE, "192.168.0.0-192.168.1.255", "192.168.0.0/23"),
    (addresses.RANGE, "192.168.0.1-192.168.0.9", "192.168.0.1-192.168.0.9"),
    (addresses.RANGE, "10.0.0.0/255.255.255.0", "10.0.0.0/24"),
    (addresses.LIST_ADDRESS, "vpn.example.com", "vpn.example.com"),
    (addresses.ADDRESS_WITH_MASK, "192.168.1.5/24", "192.168.1.5/24"),
    (matchers.LIMIT, "10,5", "10,5:packet"),
    (matchers.LIMIT, "1/1m,5:packet", "1/1m,5:packet"),
    (matchers.LIMIT, "10/1s,5", "10,5:packet"),
    (matchers.LIMIT, "10k,5:bit", "10000,5:bit"),
    (basic.negatable(matchers.LIMIT), "!10,5", "!10,5:packet"),
    (matchers.DST_LIMIT, "1/1m,5,src-address/100s", "1/1m,5,src-address/1m40s"),
    (matchers.PORTS, "500,4500", "500,4500"),
    (matchers.PORTS, "1000-2000, 22", "1000-2000,22"),
    (matchers.PROTOCOL, "50", "ipsec-esp"),
    (matchers.PROTOCOL, "253", "253"),
    (matchers.TIME, "8h-18h,tue,mon", "8h-18h,mon,tue"),
    (matchers.MAC, "aa:bb:cc:dd:ee:ff", "AA:BB:CC:DD:EE:FF"),
    (matchers.IPSEC_POLICY, "in,ipsec", "in,ipsec"),
    (matchers.FLAGS, "syn,!ack", "syn,!ack"),
    (matchers.ICMP_OPTIONS, "8:0-255", "8:0-255"),
    (addresses.LIST_ADDRESS, "10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"),
]
REFUSED = [
    (basic.SWITCH, "maybe", "input does not match any value of x"),
    (basic.one_of("a", "b"), "c", "input does not match any value of x"),
    (basic.one_of("a", "b"), "", "ambiguous value of x, more than one possible value matches input"),
    (basic.some_of("a", "b"), "a,c", "input does not match any value of x"),
    (basic.some_of("a", "b"), "", "input does not match any value of x"),
    (basic.number(1, 100), "0", "value of x is out of range (1 .. 100)"),
    (basic.number(), "ten", "invalid value for argument x"),
    (basic.number(), "\u00b2", "invalid value for argument x"),
    (TIME, "soon", "invalid value for argument x"),
    (TIME, "", "invalid value for argument x"),
    (TIME, "\u00b2", "invalid value for argument x"),
    (basic.duration(0, 3_600_000), "2h", "value of x is out of range (0s .. 1h)"),
    (basic.text_up_to(3), "four", "failure: contents too long"),
    (addresses.PREFIX, "192.168.1.0/33", "invalid value for argument x"),
    (addresses.PEER_ADDRESS, "300.1.1.1", "invalid value for argument x"),
    (addresses.RANGE, "nonsense", "value of range expects range of ip addresses"),
    (addresses.RANGE, "-10.0.0.1", "value of range must have ip address before '-'"),
    (addresses.RANGE, "10.0.0.0/40", "value of netmask out of range (0..32)"),
    (matchers.PORTS, "70000", "value of range out of range (0..65535)"),
    (matchers.PORTS, "", "invalid value for argument x"),
    (matchers.PROTOCOL, "tpc", "input does not match any value of x"),
    (matchers.LIMIT, "10,5:byte", "input does not match any value of x"),
    (matchers.LIMIT, "fast", "invalid value for argument x"),
    (matchers.LIMIT, "10,", "invalid value for argument x"),
    (matchers.LIMIT, "0,5", "value of rate is out of range (1 .. 32000000000)"),
    (matchers.LIMIT, "10,2000000001", "value of burst is out of range (0 .. 2000000000)"),
    (matchers.DST_LIMIT, "10,5,source", "input does not match any value of x"),
    (matchers.TTL, "equal:256", "value of x is out of range (0 .. 255)"),
    (matchers.ICMP_OPTIONS, "8:300", "value of x is out of range (0 .. 255)"),
    (matchers.PORTS, "ssh", "invalid value for argument x"),
    (addresses.LIST_ADDRESS, "10.0.0.9-10.0.0.1", "value of range expects range of ip addresses"),
    (addresses.PREFIX4, "2001:db8::/32", "invalid value for argument x"),
]


@pytest.mark.parametrize(("kind", "written", "read"), SPELLED)
def test_value_reads_back_in_the_router_s_own_form(kind: Kind, written: str, read: str) -> None:
    assert kind.canon("x", written) == read


@pytest.mark.parametrize(("kind", "written", "read"), SPELLED)
def test_form_read_back_can_be_written_again(kind: Kind, written: str, read: str) -> None:
    assert kind.canon("x", kind.canon("x", written)) == read


@pytest.mark.parametrize(("kind", "written", "message"), REFUSED)
def test_wrong_value_is_refused_in_the_router_s_words(kind: Kind, written: str, message: str) -> None:
    with pytest.raises(Trap) as refusal:
        kind.canon("x", written)
    assert refusal.value.message == message


@given(st.integers(0, 10**12))
def test_spelling_of_a_time_keeps_its_length(milliseconds: int) -> None:
    assert parse_duration(spell_duration(milliseconds)) == milliseconds


def test_log_prefix_is_limited_only_where_the_version_limits_it() -> None:
    from twin import Router

    long = "a" * 32
    Router("7.20.8").add("/ip/firewall/filter", chain="input", log_prefix=long)
    with pytest.raises(Trap, match="contents too long"):
        Router("7.22.3").add("/ip/firewall/filter", chain="input", log_prefix=long)
