# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RouterOS rules in the words of nftables, written without a look at the simulation they are to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tests.kernel.wire import MARK, OPENING

Row = Mapping[str, str]

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "ipsec-esp": 50, "icmpv6": 58, "ospf": 89}
TABLES = {4: "ip t", 6: "ip6 t"}
IN_IPV6 = {
    **{"ip saddr": "ip6 saddr", "ip daddr": "ip6 daddr", "ip id": "ip6 flowlabel", "ipv4_addr": "ipv6_addr"},
    **{"192.0.2.255": "2001:db8:ffff::", "meta l4proto 1 @th": "meta l4proto 58 @th", TABLES[4]: TABLES[6]},
}
"""What is written for IPv4, in the words of IPv6."""
SAYS = {"accept": "accepted", "fasttrack-connection": "accepted"}
SAYS |= {"drop": "dropped", "reject": "dropped", "tarpit": "dropped"}
ABOVE = {"filter": 0, "raw": 1000, "nat": 2000}
"""What is added to the number of a rule, so that one number tells table and rule."""
HOOKS = {
    "raw": {"prerouting": "prerouting priority -300", "output": "output priority -300"},
    "nat": {"dstnat": "prerouting priority -100"},
    "filter": {"input": "input priority 0", "forward": "forward priority 0", "output": "output priority 0"},
}


def pair(text: str) -> str:
    """A set of the addresses and another that no packet has.

    nftables 1.0.6 takes the neighbours `th sport != 1 th dport != 1` for one comparison, which is true when either
    differs, and a set of one for a number; it leaves sets of two alone.
    """
    return f"{{ {text}, 192.0.2.255 }}"


def spans(text: str) -> str:
    """`22,20-30,80` as a set of nftables, which refuses spans that overlap, and a port of no packet: see `pair`."""
    numbers: set[int] = {65535}
    for part in text.split(","):
        first, _dummy, last = part.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    rising = sorted(numbers)
    starts = [each for each in rising if each - 1 not in numbers]
    ends = [each for each in rising if each + 1 not in numbers]
    return "{ " + ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in zip(starts, ends, strict=True)) + " }"


def plain(words: str, spell: Callable[[str], str] = str) -> Callable[[str, bool, int], str]:
    """A matcher of nftables that takes `!=`."""
    return lambda text, negated, _number: f"{words} {'!= ' if negated else ''}{spell(text)}"


def listed(words: str, kind: str) -> Callable[[str, bool, int], str]:
    """A lookup in one of a rule set's own lists."""
    return lambda text, negated, number: f"{words} {'!= ' if negated else ''}@{kind}{number}_{text}"


def states(text: str, negated: bool, _number: int) -> str:
    return f"ct state & ({' | '.join(text.split(','))}) {'==' if negated else '!='} 0"


def flags(text: str, negated: bool, _number: int) -> str:
    """Here a leading `!` belongs to the first flag alone."""
    given = f"{'!' * negated}{text}".replace("ece", "ecn").split(",")
    on = " | ".join(flag for flag in given if not flag.startswith("!")) or "0"
    asked = " | ".join(flag.removeprefix("!") for flag in given)
    return f"tcp flags & ({asked}) == {on if on == '0' else f'({on})'}"


def icmp(text: str) -> str:
    """Type and code are one number of 16 bits, so a span of codes is one of numbers."""
    kind, _dummy, codes = text.partition(":")
    first, _dummy, last = (codes or "0-255").partition("-")
    return f"{int(kind) * 256 + int(first)}-{int(kind) * 256 + int(last or first)}"


def ipsec(text: str, _negated: bool, _number: int) -> str:
    direction, policy = text.split(",")
    return f"{'meta ipsec' if direction == 'in' else 'rt ipsec'} {'exists' if policy == 'ipsec' else 'missing'}"


def translated(text: str, negated: bool, _number: int) -> str:
    return f"ct status & ({' | '.join(each.removesuffix('nat')[0] + 'nat' for each in text.split(','))}) " + (
        "== 0" if negated else "!= 0"
    )


def neither(text: str, _negated: bool = True, _number: int = 0) -> str:
    return f"th dport != {spans(text)} th sport != {spans(text)}"


MATCHERS: Mapping[str, Callable[[str, bool, int], str]] = {
    "protocol": plain("meta l4proto", lambda text: str(NUMBERS[text])),
    "src-address": plain("ip saddr", pair),
    "dst-address": plain("ip daddr", pair),
    "src-port": plain("th sport", spans),
    "dst-port": plain("th dport", spans),
    "port": neither,
    "in-interface": plain("iifname"),
    "out-interface": plain("oifname"),
    "src-address-list": listed("ip saddr", "a"),
    "dst-address-list": listed("ip daddr", "a"),
    "in-interface-list": listed("iifname", "i"),
    "out-interface-list": listed("oifname", "i"),
    "connection-state": states,
    "connection-nat-state": translated,
    "ipsec-policy": ipsec,
    "icmp-options": plain("meta l4proto 1 @th,0,16", icmp),
    "tcp-flags": flags,
    # A token may or may not be there.
    "limit": lambda _text, _negated, _number: "numgen random mod 2 == 0",
}


class Ruleset:
    """One random firewall as chains and sets whose names carry its number."""

    def __init__(self, number: int, tables: Mapping[str, Sequence[Row]]) -> None:
        self.number = number
        self.chains: dict[str, list[str]] = {}
        for table, rows in tables.items():
            for n, row in enumerate(rows):
                lines = self.chains.setdefault(self.chain(table, row["chain"]), [])
                if row.get("disabled") != "yes":
                    lines.extend(self.rule(table, row, ABOVE[table] + n + 1))

    def chain(self, table: str, name: str) -> str:
        return f"{table}{self.number}_{name}"

    def rule(self, table: str, row: Row, mark: int) -> Iterator[str]:
        """The lines of one rule; `mark` says which it was."""
        # Ports and flags come after the protocol that they need.
        conditions = " ".join(
            MATCHERS[name](text.removeprefix("!"), text.startswith("!"), self.number)
            for name, text in sorted(row.items(), key=lambda pair: (pair[0] != "protocol", pair[0]))
            if name in MATCHERS and (name != "port" or text.startswith("!"))
        )
        does = self.action(table, row, mark)
        if row.get("port", "!").startswith("!"):
            yield f"{conditions} {does}"
        elif row["action"] == "jump":
            # Two rules would jump twice.
            aside = f"{table}{self.number}_port{mark}"
            self.chains[aside] = [f"{neither(row['port'])} return", does]
            yield f"{conditions} jump {aside}"
        else:
            yield from (f"{conditions} th {side} {spans(row['port'])} {does}" for side in ("sport", "dport"))

    def action(self, table: str, row: Row, mark: int) -> str:
        action = row["action"]
        if action == "jump":
            return f"jump {self.chain(table, row['jump-target'])}"
        if action in ("log", "passthrough"):
            return "counter"
        if action == "notrack":
            return "notrack accept"
        if action == "dst-nat":
            to = row.get("to-addresses") or (f"[{row['to-address']}]" if "to-ports" in row else row["to-address"])
            return f"dnat to {to}" + (f":{row['to-ports']}" if "to-ports" in row else "")
        if action == "return" or (action == "accept" and table != "filter"):
            return action
        return f"meta mark set {mark} goto {SAYS[action]}"


def base(table: str, name: str, hook: str, ids: Mapping[int, Ruleset]) -> str:
    """The chain of a hook: by the IP id of a packet into its rule set, and who comes back is accepted."""
    known = [(n, each.chain(table, name)) for n, each in ids.items() if each.chain(table, name) in each.chains]
    verdicts = ", ".join(f"{n} : jump {chain}" for n, chain in known)
    kind = "nat" if table == "nat" else "filter"
    return "\n".join(
        [
            f"chain {table}_{name} {{ type {kind} hook {hook};",
            f"ip id {OPENING} accept",
            f"ip id vmap {{ {verdicts} }}" if known else "",
            "meta mark set 0 goto accepted" if table == "filter" else "",
            "}",
        ]
    )


def named_sets(number: int, addresses: Mapping[str, Iterable[str]], members: Mapping[str, Iterable[str]]) -> str:
    """The lists of one rule set."""
    lines = []
    for name, found in addresses.items():
        elements = f"elements = {{ {', '.join(found)} }}; " if found else ""
        lines.append(f"set a{number}_{name} {{ type ipv4_addr; flags interval; auto-merge; {elements}}}")
    for name, found in members.items():
        elements = "elements = {{ {} }}; ".format(", ".join(f'"{each}"' for each in found)) if found else ""
        lines.append(f"set i{number}_{name} {{ type ifname; {elements}}}")
    return "\n".join(lines)


def script(rulesets: Iterable[Ruleset], sets: Iterable[str], ids: Mapping[int, Ruleset], version: int) -> list[str]:
    """All that nftables has to load, in pieces; chains come empty first, so that they may jump to each other."""
    pieces = script4(rulesets, sets, ids)
    for four, six in IN_IPV6.items() if version == 6 else ():
        pieces = [piece.replace(four, six) for piece in pieces]
    return pieces


def script4(rulesets: Iterable[Ruleset], sets: Iterable[str], ids: Mapping[int, Ruleset]) -> list[str]:
    """The same for IPv4."""
    rulesets = list(rulesets)
    chains = {name: lines for each in rulesets for name, lines in each.chains.items()}
    noted = "typeof ip id . meta mark; flags dynamic; size 65535;"
    note = "\n".join(
        f"set {name} {{ {noted} }}\nchain {name} {{\nupdate @{name} {{ ip id . meta mark }}\n{verdict}\n}}"
        for name, verdict in (("accepted", "accept"), ("dropped", "drop"))
    )
    bodies = [f"chain {name} {{\n" + "\n".join(lines) + "\n}" for name, lines in chains.items()]
    hooks = "\n".join(base(table, name, hook, ids) for table, names in HOOKS.items() for name, hook in names.items())
    # Nothing is delivered, so nothing is answered and no connection is remembered but those opened on purpose.
    sinks = "\n".join(
        f"chain sink_{hook} {{ type filter hook {hook} priority 300;\nip id != {OPENING} drop\n}}"
        for hook in ("input", "forward", "output")
    )
    own = f"chain own {{ type filter hook output priority -450;\nmeta mark != {MARK} drop\n}}"
    empty = "\n".join(f"chain {name} {{\n}}" for name in chains)
    lists = "\n".join(sets)
    # An ordinary user may not send the kernel more than some 200 kB at once.
    pieces = ["\n".join(bodies[at : at + 50]) for at in range(0, len(bodies), 50)]
    loads = (f"{note}\n{lists}", empty, *pieces, f"{hooks}\n{sinks}\n{own}")
    return [f"table {TABLES[4]} {{\n{each}\n}}\n" for each in loads]
