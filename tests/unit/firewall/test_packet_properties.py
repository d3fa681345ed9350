# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation against a plain one that tries every answer to every doubt; and knowing less never says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import product

from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.router import Row, entries
from tests.unit.firewall.packets import ESP, IKE, LISTED, MEMBERS, PING, SSH

YES, NO, CHANCE, UNKNOWN = "protocol=tcp", "protocol=udp", "limit=1,5:packet", "time=1h-2h"
NEXT: dict[str, tuple[str, ...]] = {"input": ("a", "b", "gone"), "a": ("b", "gone"), "b": ("gone",)}


@st.composite
def one_rule(draw: st.DrawFn) -> Row:
    """A rule with matchers of the four sorts, in one of three chains that only jump forward."""
    chain = draw(st.sampled_from(("input", "a", "b")))
    action = draw(st.sampled_from(("accept", "drop", "jump", "jump", "jump", "return", "log")))
    given_ = draw(st.lists(st.sampled_from((YES, YES, NO, CHANCE, UNKNOWN)), max_size=2, unique=True))
    target = {"jump-target": draw(st.sampled_from(NEXT[chain]))} if action == "jump" else {}
    return {"chain": chain, "action": action, **target, **dict(each.split("=") for each in given_)}


class Plain:
    """A walk that knows the answer to every unknown, and tries every chance."""

    def __init__(self, rules: Sequence[Row], answers: Sequence[bool]) -> None:
        self.answers = answers
        self.chains = {name: [(n, row) for n, row in enumerate(rules) if row["chain"] == name] for name in NEXT}

    def ends(self, here: tuple[tuple[str, int], ...]) -> Iterator[str]:
        """Where the packet may end that is at the last of these places and goes back to the ones before."""
        if not here:
            yield "accept"
            return
        *back, (chain, at) = here
        if at == len(self.chains[chain]):
            yield from self.ends(tuple(back))
            return
        n, row = self.chains[chain][at]
        past = (*back, (chain, at + 1))
        matched = row.get("protocol") != "udp" and ("time" not in row or self.answers[n])
        if not matched or "limit" in row:
            yield from self.ends(past)
        if matched:
            yield from self.does(row, tuple(back), past)

    def does(self, row: Row, back: tuple[tuple[str, int], ...], past: tuple[tuple[str, int], ...]) -> Iterator[str]:
        target = row.get("jump-target", "")
        action = row["action"]
        if action in ("accept", "drop"):
            yield action
        elif action == "return":
            yield from self.ends(back)
        elif action == "jump" and self.chains.get(target):
            yield from self.ends((*past, (target, 0)))
        else:
            yield from self.ends(past)


def plain_verdict(rules: Sequence[Row]) -> Verdict:
    """What becomes of a TCP packet, by trying everything."""
    asked = [(False, True) if "time" in row else (False,) for row in rules]
    found = {frozenset(Plain(rules, answers).ends((("input", 0),))) for answers in product(*asked)}
    if len(found) > 1:
        return Verdict.CANNOT_TELL
    (ends,) = found
    return Verdict.EITHER if len(ends) == 2 else Verdict(next(iter(ends)))


@given(st.lists(one_rule(), max_size=7))
def test_what_is_said_is_true_whatever_the_answers(rules: list[Row]) -> None:
    said = decide(Firewall(filter=entries(*rules)), SSH).verdict
    true = plain_verdict(rules)
    assert said in (true, Verdict.CANNOT_TELL)
    jumps = [row.get("jump-target") for row in rules if row["action"] == "jump"]
    # Only a doubt that is met twice is taken for two.
    if len(jumps) == len(set(jumps)):
        assert said is true


MATCHERS = (
    *("protocol=tcp", "protocol=!udp", "protocol=icmp", "dst-port=22", "dst-port=!22,500", "src-port=500", "port=22"),
    *("src-address=192.0.2.0/24", "src-address=!192.0.2.7", "dst-address=203.0.113.1", "src-address-list=mgmt"),
    *("src-address-list=!banned", "dst-address-list=span", "in-interface=ether1", "in-interface=!ether1"),
    *("in-interface-list=WAN", "in-interface-list=!LAN", "connection-state=new,related", "connection-state=!new"),
    *("connection-nat-state=dstnat", "connection-nat-state=!dstnat", "ipsec-policy=in,ipsec", "ipsec-policy=in,none"),
    *("icmp-options=8:0-255", "tcp-flags=syn,!ack", "limit=1,5:packet", "fragment=no"),
)


@st.composite
def real_rule(draw: st.DrawFn) -> str:
    """A rule for input or a chain of its own, in short form."""
    action = draw(st.sampled_from(("accept", "drop", "jump jump-target=a", "return", "add-src-to-address-list")))
    chain = draw(st.sampled_from(("input", "input", "a")))
    chosen = draw(st.lists(st.sampled_from(MATCHERS), max_size=3, unique_by=lambda each: each.split("=")[0]))
    return " ".join([action, f"chain={chain}", "address-list=mgmt", *chosen])


FORGETTABLE = [each.name for each in fields(Packet) if each.name not in ("chain", "facts")]


@given(
    st.lists(real_rule(), max_size=6),
    st.sampled_from((SSH, IKE, PING, ESP, replace(SSH, ipsec_in=True, connection_state="established"))),
    st.sets(st.sampled_from(FORGETTABLE)),
)
def test_knowing_less_never_says_otherwise(rules: list[str], packet: Packet, forgotten: set[str]) -> None:
    firewall = Firewall(filter=entries(*rules), address_list=LISTED, members=MEMBERS)
    known = decide(firewall, packet).verdict
    forgetful = replace(packet, **dict.fromkeys(forgotten))  # type: ignore[arg-type]
    assert decide(firewall, forgetful).verdict in (known, Verdict.CANNOT_TELL)
