# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values are spelled and refused, and how two of them relate."""

from __future__ import annotations

import ipaddress
import re

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema import kinds
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import identity
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    address_range,
    bounds,
    duration,
    hexadecimal,
    list_of,
    long_text,
    milliseconds,
    negatable,
    number,
    one_of,
    ranges,
    set_of,
    spell_duration,
    spelled,
    split,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Kind
from hypothesis import given
from hypothesis import strategies as st

STATES = set_of("invalid", "established", "related", "new", "untracked")
GROUPS = set_of("ecp256", "modp2048", "modp1024")
PORTS = kinds.PORTS

SPELLINGS = [
    (kinds.TEXT, "  as it is ", "  as it is "),
    (kinds.SWITCH, "true", "yes"),
    (kinds.SWITCH, "No", "no"),
    (kinds.SWITCH, "0", "no"),
    (number(0, 65535), "0500", "500"),
    (number(0, 65535), "0x1F4", "500"),
    (number(0, 65535, "any"), "any", "any"),
    (kinds.DURATION, "24h", "1d"),
    (kinds.DURATION, "90", "1m30s"),
    (kinds.DURATION, "00:30:00", "30m"),
    (kinds.DURATION, "1d 01:00:00", "1d1h"),
    (kinds.DURATION, "0", "0s"),
    (kinds.DURATION, "20ms", "20ms"),
    (kinds.DURATION, "7d", "1w"),
    (duration("disable-dpd"), "disable-dpd", "disable-dpd"),
    (one_of("main", "ike2"), "ike2", "ike2"),
    (GROUPS, "modp1024, modp2048,ecp256", "ecp256,modp2048,modp1024"),
    (GROUPS, "modp2048,modp2048", "modp2048"),
    (set_of("sha1", "null", empty=True), "", ""),
    (list_of(kinds.PREFIX), "192.168.2.0/24,192.168.1.9/24", "192.168.1.0/24,192.168.2.0/24"),
    (list_of(kinds.WORD, ordered=True), "hq-b,hq-a", "hq-b,hq-a"),
    (PORTS, "4500,500", "500,4500"),
    (PORTS, "500-500,500", "500"),
    (negatable(PORTS), "!4500,500", "!500,4500"),
    (kinds.ADDRESS, "2001:DB8:0:0::1", "2001:db8::1"),
    (kinds.ADDRESS4, "192.0.2.1", "192.0.2.1"),
    (kinds.PREFIX, "203.0.113.50", "203.0.113.50/32"),
    (kinds.PREFIX, "192.168.10.7/24", "192.168.10.0/24"),
    (kinds.PREFIX, "2001:db8::1", "2001:db8::1/128"),
    (kinds.PREFIX_OR_NAME, "HQ.Example.com", "hq.example.com"),
    (kinds.PREFIX_OR_NAME, "203.0.113.50", "203.0.113.50/32"),
    (kinds.RANGE, "192.0.2.1/32", "192.0.2.1"),
    (kinds.RANGE, "192.168.1.5/24", "192.168.1.0/24"),
    (kinds.RANGE, "192.168.0.0-192.168.1.255", "192.168.0.0/23"),
    (kinds.RANGE, "192.0.2.1 - 192.0.2.9", "192.0.2.1-192.0.2.9"),
    (kinds.RANGE, "192.0.2.7-192.0.2.7", "192.0.2.7"),
    (kinds.RANGE_OR_NAME, "C.Example.com", "c.example.com"),
    (kinds.RANGE6, "2001:DB8:0:0::1/128", "2001:db8::1"),
    (kinds.RANGE6, "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
    (kinds.RANGE6, "2001:db8::7/64", "2001:db8::/64"),
    (kinds.RANGE6, "0::0/0", "::/0"),
    (kinds.RANGE6, "2001:db8::-2001:db8::ffff", "2001:db8::/112"),
    (kinds.RANGE6, "2001:db8::1 - 2001:db8::0009", "2001:db8::1-2001:db8::9"),
    (negatable(kinds.RANGE6), "!2001:db8::0/32", "!2001:db8::/32"),
    (kinds.PREFIX6_OR_NAME, "2001:db8:0::1/128", "2001:db8::1"),
    (kinds.PREFIX6_OR_NAME, "C.Example.com", "c.example.com"),
    (kinds.MAC, "48:8f:5a:00:00:01", "48:8F:5A:00:00:01"),
    (negatable(kinds.RANGE), "! 192.0.2.1/32", "!192.0.2.1"),
    (identity("auto"), "auto", "auto"),
    (identity("auto"), "fqdn:hq.example.com", "fqdn:hq.example.com"),
    (identity("auto"), "address:2001:DB8::1", "address:2001:db8::1"),
    (hexadecimal(4), "00AbCd", "00abcd"),
    (long_text(3), "abc", "abc"),
    (spelled(kinds.ADDRESS, {"any": "0.0.0.0"}), "any", "0.0.0.0"),
]

REFUSED = [
    (kinds.SWITCH, "maybe", "yes or no"),
    (number(0, 65535, "any"), "65536", "a whole number from 0 to 65535 or any"),
    (number(1, 100), "0x", "a whole number from 1 to 100"),
    (number(1, 100), "ten", "a whole number from 1 to 100"),
    (kinds.DURATION, "soon", "a time such as"),
    (kinds.DURATION, "", "a time such as"),
    (kinds.DURATION, "1h30", "a time such as"),
    (duration("disable-dpd"), "off", "or disable-dpd"),
    (one_of("main", "ike2"), "ikev2", "one of main, ike2"),
    (GROUPS, "modp2048,modp1", "a list of ecp256, modp2048, modp1024"),
    (PORTS, "0-65536", "numbers and ranges from 0 to 65535"),
    (PORTS, "20-10", "numbers and ranges"),
    (PORTS, "ssh", "numbers and ranges"),
    (kinds.ADDRESS, "203.0.113.300", "an IPv4 or IPv6 address"),
    (kinds.ADDRESS4, "2001:db8::1", "an IPv4 address"),
    (kinds.PREFIX, "192.168.10.0/33", "an address or a prefix"),
    (kinds.PREFIX_OR_NAME, "203.0.113.300", "a DNS name"),
    (kinds.PREFIX_OR_NAME, "no spaces", "a DNS name"),
    (kinds.RANGE, "192.0.2.9-192.0.2.1", "a range"),
    (kinds.RANGE, "2001:db8::/64", "an IPv4 address"),
    (kinds.RANGE_OR_NAME, "192.0.2.1-", "a DNS name"),
    (kinds.RANGE6, "192.0.2.1", "an IPv6 address"),
    (kinds.RANGE6, "2001:db8::9-2001:db8::1", "2001:db8::1-2001:db8::9"),
    (kinds.RANGE6, "2001:db8::1-192.0.2.1", "an IPv6 address"),
    (kinds.PREFIX6_OR_NAME, "2001:db8::1-2001:db8::9", "an IPv6 address, a prefix or a DNS name"),
    (kinds.PREFIX6_OR_NAME, "192.0.2.1", "a DNS name"),
    (kinds.MAC, "48:8f:5a", "a MAC address"),
    (identity("auto", "dn"), "hq.example.com", "one of auto, dn, address:VALUE"),
    (identity("auto"), "fqdn:", "fqdn:VALUE"),
    (identity("auto"), "address:hq", "an IPv4 or IPv6 address"),
    (hexadecimal(4), "0xabcd", "at least 4 hexadecimal digits"),
    (hexadecimal(4), "abc", "at least 4 hexadecimal digits"),
    (long_text(16), "short", "at least 16 characters"),
]


@pytest.mark.parametrize(("kind", "text", "canonical"), SPELLINGS)
def test_every_spelling_has_one_canonical_form(kind: Kind, text: str, canonical: str) -> None:
    assert kind.normal(text) == canonical
    assert kind.normal(canonical) == canonical


@pytest.mark.parametrize(("kind", "text", "allowed"), REFUSED)
def test_a_wrong_value_is_refused_saying_what_is_allowed(kind: Kind, text: str, allowed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(allowed)):
        kind.normal(text)


@given(st.integers(0, 10**11))
def test_a_time_survives_being_spelled(length: int) -> None:
    assert milliseconds(spell_duration(length)) == length


@given(st.text(max_size=20))
def test_whatever_is_accepted_has_a_stable_canonical_form(text: str) -> None:
    for kind in {id(kind): kind for kind, *_dummy in SPELLINGS}.values():
        try:
            canonical = kind.normal(text)
        except ValueError:
            continue
        assert kind.normal(canonical) == canonical


SMALL = ranges(0, 30)
numbers = st.integers(0, 30)
span_texts = st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}")
span_lists = st.lists(numbers.map(str) | span_texts, min_size=1, max_size=3).map(",".join).map(SMALL.normal)
state_lists = st.sets(st.sampled_from(["new", "established", "related"]), min_size=1).map(",".join).map(STATES.normal)
last_bytes = st.integers(0, 255).map(lambda last: f"192.0.2.{last}")
prefixes = st.tuples(last_bytes, st.integers(22, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}")
address_pairs = st.tuples(last_bytes, last_bytes).map(lambda pair: sorted(pair, key=ipaddress.IPv4Address))
address_spans = (prefixes | address_pairs.map("-".join)).map(address_range)
words = st.sampled_from(["a", "b", "c"])

KINDS = [
    pytest.param(SMALL, span_lists, id="ranges"),
    pytest.param(STATES, state_lists, id="words"),
    pytest.param(kinds.RANGE, address_spans, id="addresses"),
    pytest.param(kinds.PREFIX, prefixes.map(kinds.PREFIX.normal), id="prefixes"),
    pytest.param(kinds.WORD, words, id="word"),
]


@pytest.mark.parametrize(("kind", "values"), KINDS)
@given(data=st.data())
def test_a_value_lies_within_itself_and_never_within_what_it_excludes(
    kind: Kind, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    one, other = data.draw(values), data.draw(values)
    assert kind.within(one, one)
    assert kind.apart(one, other) == kind.apart(other, one)
    assert not (kind.within(one, other) and kind.apart(one, other))


@pytest.mark.parametrize(("kind", "values"), KINDS)
@given(data=st.data())
def test_negation_turns_within_and_apart_around(
    kind: Kind, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    one, other = data.draw(values), data.draw(values)
    both = negatable(kind)
    assert both.within(one, other) == kind.within(one, other)
    assert both.within(one, f"!{other}") == kind.apart(one, other)
    assert both.within(f"!{one}", f"!{other}") == kind.within(other, one)
    assert both.apart(one, f"!{other}") == both.apart(f"!{other}", one) == kind.within(one, other)
    assert not both.within(f"!{one}", other)
    assert not both.apart(f"!{one}", f"!{other}")


def members(spans: str) -> set[int]:
    """The numbers of a list of spans, counted one by one."""
    found: set[int] = set()
    for part in split(spans):
        first, _dummy, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


@given(span_lists, span_lists)
def test_spans_relate_as_the_numbers_they_hold(one: str, other: str) -> None:
    assert SMALL.apart(one, other) == (not members(one) & members(other))
    assert not SMALL.within(one, other) or members(one) <= members(other)
    if "," not in other:
        assert SMALL.within(one, other) == (members(one) <= members(other))


def held(text: str) -> set[int]:
    """The addresses of a range, counted one by one."""
    first, last = bounds(text)
    return set(range(int(first), int(last) + 1))


@given(address_spans, address_spans)
def test_ranges_relate_as_the_addresses_they_hold(one: str, other: str) -> None:
    assert kinds.RANGE.within(one, other) == (held(one) <= held(other))
    assert kinds.RANGE.apart(one, other) == (not held(one) & held(other))


@given(prefixes)
def test_a_range_means_the_addresses_that_were_written(text: str) -> None:
    assert held(address_range(text)) == {int(each) for each in ipaddress.ip_network(text, strict=False)}


def test_a_negatable_choice_offers_no_closed_list_to_ansible() -> None:
    assert "choices" not in negatable(one_of("ftp", "sip")).option
    assert negatable(number(0, 63)).option == {"type": "str"}


def test_prefixes_of_two_families_share_nothing() -> None:
    assert kinds.PREFIX.apart("::/0", "0.0.0.0/0")
    assert not kinds.PREFIX.within("0.0.0.0/0", "::/0")
