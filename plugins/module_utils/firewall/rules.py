# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule or policy, parsed once: what it does, and for each of its matchers the set of packets that it is true of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from ..engine.entry import Entry, held, switched_off
from ..schema.composites import FLAGS, PROTOCOLS
from ..schema.kinds import bounds, spans, split
from ..schema.matchers import CONNECTION_STATES, WITH_PORTS
from ..schema.model import OLDEST, Field, Menu, Version
from .actions import PERMITS, Effect, effect_of
from .sets import EVERYTHING, TOPS, Box, Spans, full, meets, others, spans_of

TYPES = ("unicast", "local", "broadcast", "multicast", "blackhole", "anycast", "unreachable")
"""Kinds of addresses, of both versions of IP."""
NUMBERS = {name: int(number) for number, name in PROTOCOLS.items()}
ICMP = ("icmp", "icmpv6")

BY_CHANCE = frozenset({"limit", "dst-limit", "random", "nth"})
"""A token may or may not be there; the dice may fall either way."""
COUNTING = BY_CHANCE | {"connection-limit", "connection-rate", "psd"}
"""Of two such matchers, even equal ones, each counts for itself: that one matched says nothing of the other."""
METERING = COUNTING | {"connection-bytes", "packet-size", "tcp-mss", "tcp-flags", "per-connection-classifier", "time"}
"""They meter traffic instead of telling what it is: their negation is the excess, not the bulk."""
INSIDE_CONNECTION = frozenset({"tls-host", "content", "layer7-protocol", "connection-bytes", "connection-rate"})
"""What they look at shows only after the first packets of a connection."""
INTERFACES = frozenset({"in-interface", "in-interface-list", "out-interface", "out-interface-list"})
"""They say where a packet came from, not what it is: a drop for an interface is a drop for everything behind it."""
PORT_NAMES = ("port", "src-port", "dst-port")
# Values that nearly all traffic has.
COMMON = frozenset({"no-mark", "in,none", "out,none", "0.0.0.0/0", "0.0.0.0-255.255.255.255", "::/0"})
# What nearly all packets of a built-in chain have.
IMPLIED = frozenset({("input", "dst-address-type", "local"), ("output", "src-address-type", "local")})

BUILTIN: Mapping[str, tuple[str, ...]] = {
    "raw": ("prerouting", "output"),
    "mangle": ("prerouting", "input", "forward", "output", "postrouting"),
    "nat": ("srcnat", "dstnat", "input", "output"),
    "filter": ("input", "forward", "output"),
}
"""The chains of each table that packets enter by themselves, and whose end accepts."""
BUILTIN_CHAINS = frozenset(chain for chains in BUILTIN.values() for chain in chains)

YES: Spans = ((1, 1),)
NO: Spans = ((0, 0),)
# A fragment other than the first has no ports, no flags and no ICMP type, and no rule that asks for them matches it.
HEADER: Mapping[str, Spans] = {"header": YES}


@dataclass(frozen=True)
class Condition:
    """One matcher of a rule."""

    name: str
    text: str
    """The canonical value, a leading `!` included."""
    item: Field | None = None
    """None: the schema does not know the word."""
    boxes: tuple[Box, ...] | None = field(default=None, compare=False)
    """The packets of which it is true; None: what it means is not known."""
    why: str = ""
    """Why that is not known."""

    @property
    def negated(self) -> bool:
        """Whether it asks for what is not so."""
        return self.text.startswith("!")

    @property
    def plain(self) -> str:
        """The value without its `!`."""
        return self.text.removeprefix("!")

    def __str__(self) -> str:
        return f"{self.name}={self.text}" if self.item else self.name


@dataclass(frozen=True)
class Region:
    """The packets that a rule can match, and whether it surely matches all of them."""

    boxes: tuple[Box, ...] = EVERYTHING
    exact: bool = True
    metered: bool = False
    opaque: tuple[str, ...] = field(default=())
    """Reasons why the meaning of a part is not known."""


@dataclass(frozen=True, eq=False)
class Rule:
    """An entry of an ordered menu, ready to be compared with packets and with other rules."""

    entry: Entry
    chain: str
    action: str
    """Empty: the entry does nothing, whatever it matches."""
    conditions: tuple[Condition, ...]

    @cached_property
    def effect(self) -> Effect:
        """What it does."""
        return effect_of(self.action)

    @property
    def denies(self) -> bool:
        """Whether it stops packets."""
        return self.effect is Effect.DENY

    @property
    def permits(self) -> bool:
        """Whether it lets packets pass: also by giving them back where there is nothing but the end of the chain."""
        return self.effect in PERMITS or (self.effect is Effect.RETURN and self.chain in BUILTIN_CHAINS)

    @property
    def target(self) -> str:
        """The chain that it jumps to."""
        return self.entry.values.get("jump-target", "")

    @cached_property
    def by_name(self) -> Mapping[str, Condition]:
        """Its conditions by matcher."""
        return {each.name: each for each in self.conditions}

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """The packets that it may match, as far as its matchers are understood; limits and chance aside."""
        return self.region().boxes

    @cached_property
    def symbolic(self) -> tuple[Box, ...]:
        """As `boxes`, where limits and chance count as properties of a packet, so that equal ones are the same."""
        return _met(each.boxes for each in self.conditions)

    def region(self, unstable: frozenset[str] = frozenset()) -> Region:
        """What it matches; of matchers that are `unstable` nothing is concluded, as rules on the way change them."""
        vague = metered = False
        known: list[tuple[Box, ...] | None] = []
        opaque = ["the router calls the rule invalid"] if self.entry.invalid else []
        for each in self.conditions:
            if each.name in COUNTING:
                metered = True
            elif each.name in unstable or f"{each.name}={each.plain}" in unstable:
                vague = True
            elif each.boxes is None:
                opaque.append(each.why)
            else:
                known.append(each.boxes)
                vague = vague or not self._fits(each.name)
        return Region(_met(known), not (metered or vague or opaque), metered, tuple(opaque))

    def _fits(self, name: str) -> bool:
        """Whether a matcher stands beside the protocol it needs; without it we do not know what it does."""
        protocol = self.by_name["protocol"].text if "protocol" in self.by_name else ""
        if name in PORT_NAMES:
            return protocol in WITH_PORTS
        return protocol in {"tcp-flags": ("tcp",), "icmp-options": ICMP}.get(name, (protocol,))

    def is_coarse(self, each: Condition) -> bool:
        """Whether a matcher leaves the bulk of the traffic of its chain in."""
        if each.name == "connection-state":
            # Every connection begins as new: who drops new drops all of it.
            return each.negated != ("new" in each.text)
        if (self.chain, each.name, each.text) in IMPLIED:
            return True
        return each.name in INTERFACES or each.text in COMMON or (each.negated and each.name not in METERING)

    def through(self, jump: Rule) -> Rule:
        """This rule behind a jump, as if it stood in the jump's place."""
        merged = {**self.by_name, **jump.by_name}
        return Rule(self.entry, jump.chain, self.action, tuple(merged.values()))


def _met(all_boxes: Iterable[tuple[Box, ...] | None]) -> tuple[Box, ...]:
    found = EVERYTHING
    for boxes in all_boxes:
        if boxes is not None:
            found = meets(found, boxes)
    return found


def rule_of(menu: Menu, entry: Entry, version: Version = OLDEST) -> Rule:
    """Parse an entry; a policy that is a template, or the like, does nothing."""
    values = entry.values
    idle = any(held(values, menu.by_name[name], version) == text for name, text in menu.idle_if.items())
    action = "" if idle else (held(values, menu.by_name["action"], version) or "accept")
    found = [
        _condition(menu.by_name[name], text, menu.chain is None)
        for name, text in values.items()
        if name in menu.by_name and menu.by_name[name].matches
    ]
    kept = [each for each in found if not each.item or each.text != each.item.default_on(version)]
    # A property that the schema does not know may be a matcher.
    unknown = sorted({*entry.strange, *(values.keys() - menu.by_name.keys())})
    kept += [Condition(name, values.get(name, ""), why=f"the meaning of {name} is not known") for name in unknown]
    return Rule(entry, values.get(menu.chain, "") if menu.chain else "", action, tuple(kept))


def wanted_rule(menu: Menu, values: Mapping[str, str], entry: Entry | None, version: Version = OLDEST) -> Rule:
    """Parse values as an entry shall have them, where empty ones are those that it shall not have."""
    said = {name: text for name, text in values.items() if text}
    strange = entry.strange if entry else frozenset()
    return rule_of(menu, Entry(entry.id if entry else "", said, strange=strange), version)


def chains_of(menu: Menu, entries: Iterable[Entry], version: Version = OLDEST) -> dict[str, tuple[Rule, ...]]:
    """The enabled rules of each chain; a chain whose rules are all disabled exists and is empty."""
    chains: dict[str, list[Rule]] = {}
    for entry in entries:
        chain = chains.setdefault(entry.values.get("chain", ""), [])
        if not switched_off(entry.values):
            chain.append(rule_of(menu, entry, version))
    return {name: tuple(rules) for name, rules in chains.items()}


@lru_cache(maxsize=65536)
def _condition(item: Field, text: str, both_families: bool) -> Condition:
    """Read one matcher of which the router shows this value, in a menu for one version of IP or for both."""
    if not text:
        # Real rows have them; what they match is stated nowhere (field.md 9).
        return Condition(item.name, "", item, None, f"{item.name} is empty, and what that matches is not documented")
    try:
        canonical = item.kind.normal(text)
        boxes = _boxes(item.name, canonical)
        if both_families and item.name in ("src-address", "dst-address"):
            version = 6 if ":" in canonical else 4
            boxes = tuple({**box, "version": ((version, version),)} for box in boxes)
        return Condition(item.name, canonical, item, boxes)
    except ValueError:
        return Condition(item.name, text, item, None, f"the meaning of {item.name}={text} is not known")


def _boxes(name: str, text: str) -> tuple[Box, ...]:
    """The packets of which a matcher with a canonical value is true; raises ValueError where that is not known."""
    negated, plain = text.startswith("!"), text.removeprefix("!")
    if name == "tcp-flags":
        flags = {f"tcp-flag:{flag}": _bit(flag in split(text)) for flag in FLAGS if {flag, f"!{flag}"} & {*split(text)}}
        return ({**HEADER, **flags},)
    if name == "port":
        return _either_port(spans_of(spans(plain)), negated)
    if name == "ipsec-policy":
        direction, _dummy, policy = plain.partition(",")
        return ({f"ipsec-policy:{direction}": _bit(policy == "ipsec")},)
    if name == "fragment":
        return ({name: _bit(plain == "yes")},)
    if name == "connection-nat-state":
        # A connection may be translated at both ends.
        words = [f"nat-state:{word}" for word in split(plain)]
        return (dict.fromkeys(words, NO),) if negated else tuple({word: YES} for word in words)
    if name not in READERS or plain.startswith("all-") or ("," in plain and name.endswith("-list")):
        return ({f"{name}={plain}": _bit(not negated)},)
    found = READERS[name](plain)
    dim = f"{name}6" if name in ("src-address", "dst-address") and ":" in plain else name
    box = {dim: others(found, dim) if negated else found}
    if name in ("src-port", "dst-port", "icmp-options"):
        box |= HEADER
    return (box,) if full(box) else ()


def _either_port(ports: Spans, negated: bool) -> tuple[Box, ...]:
    """`port` matches a packet of which either side is in the list."""
    if not negated:
        return ({**HEADER, "dst-port": ports}, {**HEADER, "src-port": ports})
    neither = {**HEADER, "src-port": others(ports, "src-port"), "dst-port": others(ports, "dst-port")}
    return (neither,) if full(neither) else ()


def _bit(yes: bool) -> Spans:
    return YES if yes else NO


def name_number(name: str) -> int:
    """A name as a number of its own; raises ValueError for one that is too long."""
    number = int.from_bytes(b"\1" + name.encode(), "big")
    if number > TOPS["in-interface"]:
        raise ValueError
    return number


def number_of(protocol: str) -> int:
    """The number of a protocol by its name or number."""
    return NUMBERS[protocol] if protocol in NUMBERS else int(protocol)


def _name(text: str) -> Spans:
    return ((name_number(text), name_number(text)),)


def _addresses(text: str) -> Spans:
    start, end = bounds(text)
    return ((int(start), int(end)),)


def _protocol(text: str) -> Spans:
    return ((number_of(text), number_of(text)),)


def _icmp(text: str) -> Spans:
    kind, _dummy, codes = text.partition(":")
    # 255 stands for any type in Linux; what RouterOS makes of it is unknown.
    if int(kind) == 255:
        raise ValueError
    return spans_of((int(kind) * 256 + low, int(kind) * 256 + high) for low, high in spans(codes))


def _words(known: tuple[str, ...]) -> Callable[[str], Spans]:
    return lambda text: spans_of((known.index(word), known.index(word)) for word in split(text))


def _numbers(text: str) -> Spans:
    return spans_of(spans(text))


states_in = _words(CONNECTION_STATES)
"""The states of connections that a value names, as numbers."""
NEW: Box = {"connection-state": states_in("new")}

READERS: Mapping[str, Callable[[str], Spans]] = {
    **dict.fromkeys(("src-address", "dst-address"), _addresses),
    **dict.fromkeys(("src-port", "dst-port", "packet-size", "tcp-mss"), _numbers),
    **dict.fromkeys(("dscp", "tos", "priority", "ingress-priority", "realm"), _numbers),
    **dict.fromkeys(("in-interface", "out-interface", "in-bridge-port", "out-bridge-port"), _name),
    **dict.fromkeys(("packet-mark", "connection-mark", "routing-mark", "src-mac-address"), _name),
    **dict.fromkeys(("connection-type", "p2p"), _name),
    **dict.fromkeys(("src-address-type", "dst-address-type"), _words(TYPES)),
    **{"protocol": _protocol, "icmp-options": _icmp, "connection-state": states_in},
}
"""Matchers whose values are sets of numbers; any other is a yes or no of its own."""
