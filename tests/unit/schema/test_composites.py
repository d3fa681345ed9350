# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of several parts: spelled out, refused, compared."""

from __future__ import annotations

import re
from itertools import product

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema import composites
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import (
    FLAGS,
    TCP_FLAGS,
    one_span,
    operator,
    protocol,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Kind
from hypothesis import given
from hypothesis import strategies as st

TTL = operator("equal", "less-than")
ALL_DAYS = "sun,mon,tue,wed,thu,fri,sat"

SPELLINGS = [
    (protocol(), "50", "ipsec-esp"),
    (protocol(), "017", "udp"),
    (protocol(), "200", "200"),
    (protocol("all"), "all", "all"),
    (composites.LIMIT, "10,5", "10/1s,5:packet"),
    (composites.LIMIT, "10,5:packet", "10/1s,5:packet"),
    (composites.LIMIT, "10/60s,5:packet", "10/1m,5:packet"),
    (composites.LIMIT, "10M,5:bit", "10M/1s,5:bit"),
    (composites.DST_LIMIT, "1/60s,5,src-address", "1/1m,5,src-address/1m40s"),
    (composites.DST_LIMIT, "1,5,dst-address/10s", "1/1s,5,dst-address/10s"),
    (composites.DAY_TIME, "08:00:00-18h,tue,mon", "8h-18h,mon,tue"),
    (composites.DAY_TIME, "0s-1d", f"0s-1d,{ALL_DAYS}"),
    (TCP_FLAGS, "syn, !ack", "!ack,syn"),
    (composites.IPSEC_POLICY, "in, ipsec", "in,ipsec"),
    (TTL, "less-than:05", "less-than:5"),
    (one_span(0, 65535), "1000-1000", "1000"),
    (one_span(0, 65535), "1361-65535", "1361-65535"),
    (composites.AMOUNT, "0-100k", "0-100000"),
    (composites.NTH, "02,1", "2,1"),
    (composites.CONNECTION_LIMIT, "100, 32", "100,32"),
    (composites.CONNECTION_LIMIT6, "100, 64", "100,64"),
    (composites.IPV6_HEADERS, "frag, hop", "hop,frag"),
    (composites.IPV6_HEADERS, "route,dst:exact", "dst,route:exact"),
    (composites.PORT_SCAN, "21,00:00:03,3,1", "21,3s,3,1"),
    (composites.CLASSIFIER, "both-addresses:2/0", "both-addresses:2/0"),
    (composites.ICMP_OPTIONS, "8", "8:0-255"),
    (composites.ICMP_OPTIONS, "3:4-4", "3:4"),
]

REFUSED = [
    (protocol(), "esp", "ipsec-esp"),
    (protocol(), "256", "0 to 255"),
    (protocol(), "all", "tcp"),
    (composites.LIMIT, "fast", "a limit such as 10,5:packet"),
    (composites.LIMIT, "10,5:bytes", "a limit such as 10,5:packet"),
    (composites.DST_LIMIT, "1,5,sideways", "addresses-and-dst-port"),
    (composites.DAY_TIME, "8h,mon", "a time of day"),
    (composites.DAY_TIME, "8h-18h,monday", "a time of day"),
    (TCP_FLAGS, "syn,xmas", "ack, cwr"),
    (TCP_FLAGS, "", "ack, cwr"),
    (composites.IPSEC_POLICY, "in", "in,ipsec"),
    (TTL, "about:5", "less-than:0..255"),
    (TTL, "equal:256", "equal:0..255"),
    (one_span(0, 65535), "1,2", "a number or a range"),
    (composites.AMOUNT, "100", "a range such as"),
    (composites.NTH, "2,1,0", "every,packet"),
    (composites.CONNECTION_LIMIT, "100,33", "count,netmask"),
    (composites.CONNECTION_LIMIT6, "100,129", "count,netmask"),
    (composites.IPV6_HEADERS, "auth", "ah, esp"),
    (composites.IPV6_HEADERS, "ah:only", ":contains"),
    (composites.IPV6_HEADERS, ":exact", "ah, esp"),
    (composites.PORT_SCAN, "21,soon,3,1", "weight,delay"),
    (composites.CLASSIFIER, "both-addresses:2/2", "field:denominator/remainder"),
    (composites.CLASSIFIER, "mac:2/0", "both-addresses"),
    (composites.ICMP_OPTIONS, "8-9:0", "type:code"),
    (composites.ICMP_OPTIONS, "echo", "type:code"),
]


@pytest.mark.parametrize(("kind", "text", "canonical"), SPELLINGS)
def test_every_spelling_has_one_canonical_form(kind: Kind, text: str, canonical: str) -> None:
    assert kind.normal(text) == canonical
    assert kind.normal(canonical) == canonical


@pytest.mark.parametrize(("kind", "text", "allowed"), REFUSED)
def test_a_wrong_value_is_refused_saying_what_is_allowed(kind: Kind, text: str, allowed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(allowed)):
        kind.normal(text)


@given(st.text(alphabet="0123456789abcdhikmst,:/-! ", max_size=16))
def test_whatever_is_accepted_has_a_stable_canonical_form(text: str) -> None:
    for kind in {id(kind): kind for kind, *_dummy in SPELLINGS}.values():
        try:
            canonical = kind.normal(text)
        except ValueError:
            continue
        assert kind.normal(canonical) == canonical


wanted_flags = st.fixed_dictionaries({}, optional={flag: st.booleans() for flag in FLAGS[:4]}).filter(bool)


def spell(wanted: dict[str, bool]) -> str:
    """The matcher for flags that must be set or must not."""
    return TCP_FLAGS.normal(",".join(flag if is_set else f"!{flag}" for flag, is_set in wanted.items()))


def matched(wanted: dict[str, bool]) -> set[tuple[bool, ...]]:
    """All packets, as the values of the first four flags, that a matcher takes."""
    packets = product([False, True], repeat=4)
    return {packet for packet in packets if all(packet[FLAGS.index(flag)] == value for flag, value in wanted.items())}


@given(wanted_flags, wanted_flags)
def test_flags_relate_as_the_packets_they_match(one: dict[str, bool], other: dict[str, bool]) -> None:
    assert TCP_FLAGS.within(spell(one), spell(other)) == (matched(one) <= matched(other))
    assert TCP_FLAGS.apart(spell(one), spell(other)) == (not matched(one) & matched(other))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        pytest.param("in,ipsec", "in,none", True, id="decrypted-or-not"),
        pytest.param("in,ipsec", "out,ipsec", False, id="from-one-tunnel-into-another"),
        pytest.param("in,ipsec", "in,ipsec", False, id="the-same"),
    ],
)
def test_only_the_policies_of_one_direction_exclude_each_other(one: str, other: str, apart: bool) -> None:
    assert composites.IPSEC_POLICY.apart(one, other) is apart


@pytest.mark.parametrize(
    ("one", "other", "within", "apart"),
    [
        pytest.param("8:0", "8:0-255", True, False, id="one-code-of-all"),
        pytest.param("8:0-255", "8:0", False, False, id="all-codes-and-one"),
        pytest.param("3:0-3", "3:4", False, True, id="other-codes"),
        pytest.param("8:0", "0:0", False, True, id="another-type"),
    ],
)
def test_icmp_types_relate_by_type_and_codes(one: str, other: str, within: bool, apart: bool) -> None:
    assert composites.ICMP_OPTIONS.within(one, other) is within
    assert composites.ICMP_OPTIONS.apart(one, other) is apart


@pytest.mark.parametrize("name", ["LIMIT", "DST_LIMIT", "NTH", "PORT_SCAN", "CLASSIFIER", "DAY_TIME", "AMOUNT"])
def test_meters_never_exclude_each_other(name: str) -> None:
    kind: Kind = getattr(composites, name)
    assert not kind.apart("one", "another")
