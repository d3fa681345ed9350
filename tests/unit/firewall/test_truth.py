# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the analysis claims of rules, against every packet of a small world sent through them one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.fates import Change, Turn
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import Edit, Finding
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.rules import NUMBERS, name_number
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.sets import Box, holds
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.firewall.firewalls import judged

Packet = Mapping[str, str]
Rule = dict[str, str]
ADDRESSES = ("192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")
SOURCES = ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1-192.0.2.2", "192.0.2.2-192.0.2.3", "192.0.2.0/30")
STATES = ("new", "established", "invalid")
STATE_SETS = (*STATES, "new,established", "new,invalid", "new,established,related,invalid,untracked")
# What no rule names is there, too: another address, another port, another interface. So whatever two rules can differ
# in shows in a packet of this world. A fragment other than the first has no ports, and neither has ICMP.
HEADERS = [
    *(("icmp", "", ""), ("tcp", "", ""), ("udp", "", "")),
    *product(("tcp", "udp"), ("7", "9", "10"), ("7", "8", "9", "10")),
]
WORLD: list[Packet] = [
    {
        "src": src,
        "protocol": header[0],
        "sport": header[1],
        "dport": header[2],
        "state": state,
        "in": face,
        "listed": yes,
    }
    for src, header, state, face, yes in product(
        ADDRESSES, HEADERS, (*STATES, "related", "untracked"), ("ether1", "ether2", "other"), ("yes", "no")
    )
]
SOME = WORLD[::7]
"""Enough to catch a false claim, in a test that follows every packet through jumps."""
METERED = "limit"


def fits(packet: Packet, name: str, text: str) -> bool:
    """Whether a packet fits a matcher, from the words of the manual and without the engine."""
    if text.startswith("!"):
        # Ports are there to be compared, or the rule does not match at all.
        return (not name.endswith("port") or packet["sport"] != "") and not fits(packet, name, text[1:])
    ports = [int(packet[side]) for side in ("sport", "dport") if packet["sport"]]
    match name:
        case "src-address" if text == "192.0.2.0/30":
            return packet["src"] != "192.0.2.4"
        case "src-address":
            first, _dummy, last = text.partition("-")
            return first <= packet["src"] <= (last or first)
        case "protocol":
            return packet["protocol"] == text
        case "dst-port":
            return any(in_ports(port, text) for port in ports[1:])
        case "port":
            return any(in_ports(port, text) for port in ports)
        case "connection-state":
            return packet["state"] in text.split(",")
        case "in-interface":
            return packet["in"] == text
        case "src-address-list":
            return packet["listed"] == "yes"
    raise AssertionError(name)


def in_ports(port: int, text: str) -> bool:
    return any(
        int(low) <= port <= int(high or low) for low, _dummy, high in (p.partition("-") for p in text.split(","))
    )


def matches(packet: Packet, rule: Rule, token: bool) -> bool:
    return all(
        token if name == METERED else fits(packet, name, text)
        for name, text in rule.items()
        if name not in ("chain", "action", "jump-target", "log", ".id")
    )


def signed(*words: str) -> st.SearchStrategy[str]:
    return st.builds(str.__add__, st.sampled_from(["", "", "!"]), st.sampled_from(words))


MATCHERS = {
    "src-address": signed(*SOURCES),
    "connection-state": signed(*STATE_SETS),
    "in-interface": signed("ether1", "ether2"),
    "src-address-list": signed("a"),
}
PORTED = st.fixed_dictionaries(
    {"protocol": st.sampled_from(["tcp", "udp"])},
    optional={"dst-port": signed("7", "8", "7-8", "7,9", "0-65535"), "port": signed("7", "7-9")},
)
PLAIN = st.builds(
    lambda some, more: {**some, **more},
    st.fixed_dictionaries({}, optional=MATCHERS),
    st.one_of(st.just({}), st.just({"protocol": "icmp"}), st.just({"protocol": "!udp"}), PORTED),
)
RULES = st.builds(lambda action, matchers: {"action": action, **matchers}, st.sampled_from(["accept", "drop"]), PLAIN)
ODD = st.builds(
    lambda rule, action, limit: {**rule, "action": action, **limit},
    RULES,
    st.sampled_from(["accept", "drop", "log", "passthrough", "return", "jump", "jump"]),
    st.sampled_from([{}, {}, {METERED: "1,1:packet"}]),
)
CHAINS = ("input", "x", "y")


@st.composite
def firewalls(draw: st.DrawFn) -> list[Rule]:
    """Up to nine rules in three chains; jumps lead from input to x and y, and from x to y."""
    found: list[Rule] = []
    for rule in draw(st.lists(st.one_of(RULES, ODD), min_size=2, max_size=9)):
        chain = draw(st.sampled_from(CHAINS))
        rule = {"chain": chain, **rule}
        if rule["action"] == "jump":
            if chain == "y":
                continue
            rule["jump-target"] = draw(st.sampled_from(CHAINS[CHAINS.index(chain) + 1 :]))
        found.append(rule)
    return found


def ways(rules: Sequence[Rule], packet: Packet, chain: str) -> Iterator[tuple[str | None, tuple[int, ...]]]:
    """Every way a packet may take from the top of a chain: what becomes of it, and the rules it matched.

    Of a rule with a limit there are two, as a token may be there or not.
    """
    numbers = [number for number, rule in enumerate(rules) if rule["chain"] == chain]
    yield from _ways(rules, packet, numbers)


def _ways(
    rules: Sequence[Rule], packet: Packet, numbers: Sequence[int]
) -> Iterator[tuple[str | None, tuple[int, ...]]]:
    if not numbers:
        yield None, ()
        return
    number, *below = numbers
    rule = rules[number]
    for token in (True, False) if METERED in rule else (True,):
        if not matches(packet, rule, token):
            yield from _ways(rules, packet, below)
        elif rule["action"] in ("accept", "drop"):
            yield rule["action"], (number,)
        elif rule["action"] == "return":
            yield None, (number,)
        else:
            inner = ways(rules, packet, rule["jump-target"]) if rule["action"] == "jump" else [(None, ())]
            for end, met in inner:
                if end:
                    yield end, (number, *met)
                else:
                    yield from ((last, (number, *met, *rest)) for last, rest in _ways(rules, packet, below))


def reached(rules: Sequence[Rule]) -> set[int]:
    """The rules that some packet of the world can match, chains that nobody jumps to included."""
    entered = {rule["jump-target"] for rule in rules if rule["action"] == "jump"}
    roots = [chain for chain in CHAINS if chain == "input" or chain not in entered]
    return {number for root in roots for packet in SOME for _end, met in ways(rules, packet, root) for number in met}


def rows(rules: Sequence[Rule]) -> list[Rule]:
    """The rules with the ids that they keep whatever is done to them."""
    return [{**rule, ".id": rule.get(".id", f"*{number}")} for number, rule in enumerate(rules, 1)]


def claimed(rules: Sequence[Rule], *kinds: str) -> set[int]:
    """Numbers of the rules of which the analysis says such a thing.

    A restriction is void because of rules above, and then it never matches, or because of rules below, and then it
    changes nothing.
    """
    found = judged(*rows(rules)).findings
    return {number_of(each) for each in found if each.rule and claim(each) in kinds}


def claim(finding: Finding) -> str:
    if finding.kind != "restriction-void":
        return finding.kind
    return "void-below" if any(number_of(finding) < each.number for each in finding.others) else "void-above"


def number_of(finding: Finding) -> int:
    assert finding.rule
    return int(finding.rule.id[1:]) - 1


NEVER = ("never-matches", "accept-after-drop", "limit-after-accept", "duplicate-rule", "fasttrack-late", "void-above")


@settings(max_examples=200, deadline=None)
@given(firewalls())
def test_a_rule_that_is_said_never_to_match_never_does(rules: list[Rule]) -> None:
    assert not claimed(rules, *NEVER) & reached(rules)


def visible(rules: Sequence[Rule], packet: Packet, chain: str) -> set[tuple[str | None, tuple[tuple[str, int], ...]]]:
    """What people see of every way: the end, and which log lines were written."""
    found = set()
    for end, met in ways(rules, packet, chain):
        logs = tuple((rules[number]["action"], id(rules[number])) for number in met if rules[number]["action"] == "log")
        found.add((end, logs))
    return found


@settings(max_examples=200, deadline=None)
@given(firewalls())
def test_a_rule_that_is_said_to_change_nothing_changes_nothing(rules: list[Rule]) -> None:
    for number in claimed(rules, "redundant", "void-below"):
        if METERED in rules[number]:
            continue
        without = [*rules[:number], *rules[number + 1 :]]
        for packet in SOME:
            chain = rules[number]["chain"]
            assert visible(rules, packet, chain) == visible(without, packet, chain)


@settings(max_examples=100, deadline=None)
@given(st.lists(RULES, min_size=2, max_size=6))
def test_no_rule_that_one_other_shadows_is_missed(plain: list[Rule]) -> None:
    rules = [{"chain": "input", **rule} for rule in plain]
    said = claimed(rules, *NEVER)
    packets = [{number for number, rule in enumerate(rules) if matches(packet, rule, True)} for packet in WORLD]
    for lower in range(len(rules)):
        mine = [found for found in packets if lower in found]
        if any(all(upper in found for found in mine) for upper in range(lower)):
            assert lower in said, rules


def edited(rules: Sequence[Rule], edits: Sequence[Edit]) -> list[Rule]:
    """The rules after the edits, as RouterOS would make them."""
    found = rows(rules)
    for number, edit in enumerate(edits):
        ids = [rule[".id"] for rule in found]
        if edit.verb == "set":
            rule = {**found[ids.index(edit.id)], **edit.values}
            found[ids.index(edit.id)] = {name: text for name, text in rule.items() if text}
            continue
        rule = {**edit.values, ".id": f"+{number}"} if edit.verb == "add" else found.pop(ids.index(edit.id))
        ids = [rule[".id"] for rule in found]
        if edit.verb != "remove":
            found.insert(ids.index(edit.before) if edit.before else len(found), rule)
    return found


def is_in(packet: Packet, box: Box) -> bool:
    """Whether a packet is in a box of the engine; limits aside, which each packet may meet or not."""
    point = {
        "src-address": int.from_bytes(map(int, packet["src"].split(".")), "big"),
        "protocol": NUMBERS[packet["protocol"]],
        "connection-state": ("invalid", "established", "related", "new", "untracked").index(packet["state"]),
        "in-interface": name_number(packet["in"]),
        "src-address-list=a": int(packet["listed"] == "yes"),
        "header": int(bool(packet["sport"])),
        **({"src-port": int(packet["sport"]), "dst-port": int(packet["dport"])} if packet["sport"] else {}),
    }
    return all(dim.startswith(METERED) or (dim in point and holds(spans, point[dim])) for dim, spans in box.items())


def turned(before: set[str | None], after: set[str | None]) -> set[Turn]:
    """How a packet may fare differently, as chains of the user's own come out at their ends."""
    found = set()
    if "drop" in before - after or "accept" in after - before:
        found.add(Turn.OPENS)
    if "drop" in after - before or "accept" in before - after:
        found.add(Turn.CLOSES)
    return found


@settings(max_examples=150, deadline=None)
@given(firewalls())
def test_a_change_that_mends_removes_the_finding_and_does_what_it_names(rules: list[Rule]) -> None:
    for finding in judged(*rows(rules)).findings:
        if not finding.mend:
            continue
        after = edited(rules, finding.mend.edits)
        assert finding.key not in {each.key for each in judged(*after).findings}
        check_packets(rules, after, finding.mend.changes)


def check_packets(before: Sequence[Rule], after: Sequence[Rule], named: Sequence[Change]) -> None:
    for packet in SOME:
        for chain in CHAINS:
            old, new = ({end for end, _met in ways(rules, packet, chain)} for rules in (before, after))
            # At the end of a built-in chain a packet is accepted.
            old, new = ({end or "accept" for end in ends} if chain == "input" else ends for ends in (old, new))
            if old != new:
                turns = {each.turn for each in named if is_in(packet, each.box)}
                assert turns & turned(old, new), (packet, chain, old, new)
