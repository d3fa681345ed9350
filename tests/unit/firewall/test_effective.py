# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule that is added decides its packets, or the task says that it does not."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.order import Place
from twin.defconf import DEFCONF

from tests.unit.engine.router import FILTER, NAT, RAW, Router, Row, entries, planned, rule, told
from tests.unit.firewall.test_truth import WORLD, Packet, Rule, matches, ways

case = pytest.param
IKE = "accept protocol=udp dst-port=500,4500"
SSH = "protocol=tcp dst-port=22"
ESTABLISHED = "accept connection-state=established,related,untracked"
FASTTRACK = "fasttrack-connection connection-state=established,related"


def added(have: list[str], want: str, *, effective: bool = True) -> Plan:
    return planned(FILTER, entries(*have), [f"{want} #new"], effective=effective)


@pytest.mark.parametrize(
    ("have", "want", "place"),
    [
        case(["accept in-interface-list=LAN", "drop"], "drop src-address=192.168.10.66", "*0", id="a-camera"),
        case(
            [ESTABLISHED, "accept in-interface-list=LAN"],
            "drop src-address-list=guests dst-address=192.168.10.0/24",
            "*1",
            id="guests",
        ),
        case([ESTABLISHED, "accept in-interface-list=LAN"], "drop src-address-list=infected", "*1", id="a-block-list"),
        case(["accept in-interface=bridge"], "drop protocol=tcp dst-port=25", "*0", id="smtp"),
        case(
            ["accept protocol=udp dst-port=53", "drop"],
            "drop protocol=udp dst-port=53 in-interface=wan",
            "*0",
            id="dns",
        ),
        case(
            ["accept protocol=icmp", "accept protocol=udp dst-port=500", "drop"],
            "drop in-interface-list=WAN src-address=192.168.0.0/16",
            "*0",
            id="spoofing",
        ),
        case(
            ["accept src-address=10.50.0.0/16 ipsec-policy=in,ipsec"],
            "reject src-address=10.50.0.0/16 protocol=tcp dst-port=!3389",
            "*0",
            id="a-partner-with-rdp-only",
        ),
        case(
            ["accept src-address=192.168.0.0/16"], f"drop {SSH} src-address=!192.168.1.0/24", "*0", id="ssh-for-one-net"
        ),
        case(
            [f"accept {SSH} src-address=192.168.0.0/16"],
            f"drop {SSH} src-address=!192.168.1.0/24",
            "*0",
            id="net-in-net",
        ),
        case([f"accept {SSH}"], f"drop {SSH}", "*0", id="the-very-same-packets"),
        case(["accept", "drop protocol=udp"], "drop", "*0", id="a-final-drop-above-accept-all"),
        case(["accept connection-state=new"], "drop", "*0", id="a-final-drop-above-accept-all-new"),
        case(["jump jump-target=a", "accept chain=a"], "drop src-address=192.0.2.7", "*0", id="behind-a-jump"),
        case(
            ["jump jump-target=a", "jump chain=a jump-target=b", "accept chain=b protocol=tcp"],
            f"drop {SSH}",
            "*0",
            id="behind-two-jumps",
        ),
        case([FASTTRACK, ESTABLISHED], "drop protocol=tcp tls-host=*.example.com", "*0", id="inside-connections"),
        case([ESTABLISHED], "accept protocol=tcp content=x", "*0", id="an-accept-inside-connections"),
        case([FASTTRACK, ESTABLISHED], "drop dst-address-list=remote ipsec-policy=out,none", "*0", id="a-kill-switch"),
        case(["accept in-interface=bridge"], "drop connection-state=invalid", "*0", id="invalid"),
    ],
)
def test_a_deny_stands_above_what_would_take_its_packets(have: list[str], want: str, place: str) -> None:
    found = added(have, want)
    assert told(found) == [f"add new <{place}"]
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("have", "want"),
    [
        case([ESTABLISHED], "drop src-address=192.168.10.66", id="established-aside"),
        case(["accept protocol=udp"], f"drop {SSH}", id="other-packets"),
        case(["accept in-interface-list=LAN"], "drop in-interface-list=!LAN", id="other-interfaces"),
        case([FASTTRACK], "drop src-address=192.168.10.66", id="fasttrack-of-established"),
        case(["jump jump-target=a protocol=udp", "accept chain=a"], f"drop {SSH}", id="a-jump-for-others"),
    ],
)
def test_a_deny_stays_at_the_end_below_what_takes_nothing_of_it(have: list[str], want: str) -> None:
    assert (told(added(have, want)), added(have, want).warnings) == (["add new"], ())


@pytest.mark.parametrize(
    ("have", "want", "warning"),
    [
        case(
            ["accept protocol=tcp dst-port=25 src-address=192.168.10.25 #mail"],
            "drop protocol=tcp dst-port=25",
            "rule input 1 (comment=mail) above still accepts a part of the packets, such as TCP to port 25",
            id="an-exception",
        ),
        case(
            [f"accept {SSH} src-address-list=mgmt #m"],
            "drop",
            "rule input 1 (comment=m) above still accepts",
            id="closing",
        ),
        case(
            ["drop src-address-list=bad #b"], IKE, "rule input 1 (comment=b) above still denies a part", id="blocklist"
        ),
        case(["drop limit=1,5:packet #l"], IKE, "rule input 1 (comment=l) above still denies a part", id="a-limit"),
        case(["jump jump-target=a", "drop chain=a src-address=192.0.2.7 #j"], IKE, "rule a 1 (comment=j)", id="a-jump"),
    ],
)
def test_a_rule_that_loses_a_part_is_warned_of(have: list[str], want: str, warning: str) -> None:
    found = added(have, want)
    assert told(found) == ["add new"]
    (text,) = found.warnings
    assert text.startswith("/ip/firewall/filter comment=new: ")
    assert warning in text


def test_a_deny_above_the_accept_for_replies_says_what_it_costs() -> None:
    have = ["accept ipsec-policy=in,ipsec #tunnels", f"{ESTABLISHED} #replies"]
    found = added(have, "drop src-address-list=guests")
    assert told(found) == ["add new <*0"]
    (text,) = found.warnings
    assert "rule input 3 (comment=replies) stands below" in text
    assert text.endswith("connection_state: [new] would spare them")
    assert added(have, "drop src-address-list=guests connection-state=new").warnings == ()
    assert added(have[::-1], "drop src-address-list=guests").warnings == ()


def test_one_warning_names_all_rules_that_lose_packets_to_the_same() -> None:
    want = [f"accept protocol=tcp dst-port={port} #p{port}" for port in (80, 443, 8443, 9443)]
    (text,) = planned(FILTER, entries("drop src-address-list=bad #b"), want, effective=True).warnings
    assert text.startswith("/ip/firewall/filter comment=p80, comment=p443, comment=p8443 and 1 more: ")


REFUSED = [
    case(["accept #all", "drop src-address=192.0.2.7 #new"], "accepts all that it is for", id="below-the-task's-own"),
    case(["accept #all", "accept limit=1,5:packet #new"], "its limit would limit nothing", id="a-limit-for-nothing"),
    case(["drop #all", "log #new"], "denies all that it is for", id="a-log-that-never-logs"),
    case([f"{ESTABLISHED} #all", "drop connection-state=established #new"], "accepts all", id="established-only"),
    case(["drop src-address=!0.0.0.0/0 #new"], "none that comes to it fits its matchers", id="matchers-that-exclude"),
]


@pytest.mark.parametrize(("want", "why"), REFUSED)
def test_a_rule_that_would_decide_nothing_is_refused(want: list[str], why: str) -> None:
    with pytest.raises(Problem, match=r"comment=new: .*; put it above with place_before") as refusal:
        planned(FILTER, (), want, effective=True)
    assert why in str(refusal.value)
    if "matchers" not in why:
        assert "rule input 1 (comment=all) above" in str(refusal.value)


@pytest.mark.parametrize(("want", "why"), REFUSED)
def test_unless_the_task_says_that_it_may(want: list[str], why: str) -> None:
    found = planned(FILTER, (), want, effective=False)
    assert len(found.changes) == len(want)
    assert [why in text for text in found.warnings] == [True]


def test_rules_that_stand_are_not_judged() -> None:
    have = ["accept #all", "drop src-address=192.0.2.7 #mine"]
    assert planned(FILTER, entries(*have), have, effective=True).warnings == ()


def test_what_others_do_as_well_is_no_loss() -> None:
    assert added(["drop src-address=192.0.2.0/24 #b"], "drop src-address=192.0.2.7").warnings == ()
    assert added(["accept protocol=udp"], "accept protocol=udp").warnings == ()


def test_other_tables_are_judged_as_well() -> None:
    bypass = "accept chain=srcnat dst-address=10.2.0.0/16"
    assert told(planned(NAT, entries("masquerade chain=srcnat"), [f"{bypass} #new"], effective=True)) == ["add new <*0"]
    with pytest.raises(Problem, match="translates all that it is for"):
        planned(NAT, (), ["masquerade chain=srcnat #all", f"{bypass} #new"], effective=True)
    drop = "drop chain=prerouting src-address-list=bogons"
    have = entries("accept chain=prerouting in-interface-list=WAN")
    assert told(planned(RAW, have, [f"{drop} #new"], effective=True)) == ["add new <*0"]


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        (Place("before", "a"), ["add new <*0"]),
        (Place("before", "c"), ["add new <*2"]),
        (Place("before", "*1"), ["add new <*1"]),
        (Place("before", "first"), ["add new <*0"]),
        (Place("before", "last"), ["add new <*2"]),
        (Place("after", "a"), ["add new <*1"]),
        (Place("after", "c"), ["add new"]),
        (Place("after", "first"), ["add new <*1"]),
        (Place("after", "last"), ["add new"]),
    ],
)
def test_the_user_can_say_the_place(place: Place, changes: list[str]) -> None:
    have = entries("accept protocol=tcp #a", "accept protocol=udp #b", "accept protocol=gre #c")
    want = ["drop src-address=192.0.2.7 #new"]
    found = planned(FILTER, have, want, places=[place])
    assert told(found) == changes
    router = Router({FILTER: have}).run(found.changes)
    assert told(planned(FILTER, router.entries(FILTER), want, places=[place])) == []


def test_rules_for_one_place_keep_their_order() -> None:
    have = entries("accept protocol=tcp #a", "accept protocol=udp #b")
    for place, expected in ((Place("before", "b"), ["a", "x", "y", "b"]), (Place("after", "a"), ["a", "x", "y", "b"])):
        want = ["drop src-address=192.0.2.7 #x", "drop src-address=192.0.2.8 #y"]
        router = Router({FILTER: have}).run(planned(FILTER, have, want, places=[place, place]).changes)
        assert [entry.values["comment"] for entry in router.entries(FILTER)] == expected
        assert told(planned(FILTER, router.entries(FILTER), want, places=[place, place])) == []


def test_a_rule_that_stands_on_the_wrong_side_moves() -> None:
    have = entries("drop src-address=192.0.2.7 #x", "accept protocol=tcp #a", "accept protocol=udp #b")
    want = ["drop src-address=192.0.2.7 #x"]
    assert told(planned(FILTER, have, want, places=[Place("after", "a")])) == ["move *0 <*2"]
    assert told(planned(FILTER, have, want, places=[Place("before", "b")])) == []


def test_a_place_that_does_not_exist_is_refused() -> None:
    with pytest.raises(
        Problem, match=r"place_before: no other entry in chain input of the router has the comment or id 'z'"
    ):
        planned(FILTER, entries("accept #a"), ["drop #new"], places=[Place("before", "z")])


# The world of test_truth.py has interfaces, addresses, ports, states and one address list.
FACTORY_LIKE = [
    "accept connection-state=established,related,untracked",
    "drop connection-state=invalid",
    "accept protocol=icmp",
    "drop in-interface=ether1",
]
MESSY = [
    "accept protocol=udp port=7",
    "accept protocol=tcp dst-port=8 src-address=192.0.2.0/30",
    "drop src-address-list=a",
    "accept connection-state=established,related",
    "accept in-interface=ether2",
    "drop",
]
SOURCES = ("192.0.2.1", "192.0.2.2", "192.0.2.0/30", "192.0.2.1-192.0.2.2", "!192.0.2.1")
STATES = ("new", "new,established", "established,related", "invalid", "!new")


def some_rule(dice: Random, chains: tuple[str, ...]) -> Rule:
    found: Rule = {
        "chain": dice.choice(chains),
        "action": dice.choice(("accept", "accept", "drop", "drop", "jump", "return")),
    }
    if found["action"] == "jump":
        onward = [chain for chain in chains if chain > found["chain"]]
        found |= {"jump-target": dice.choice(onward)} if onward else {"action": "drop"}
    if dice.random() < 0.4:
        found["src-address"] = dice.choice(SOURCES)
    if dice.random() < 0.5:
        found["protocol"] = dice.choice(("tcp", "udp", "icmp"))
        if found["protocol"] != "icmp" and dice.random() < 0.7:
            found["dst-port"] = dice.choice(("7", "8", "7,9", "7-8"))
    if dice.random() < 0.3:
        found["in-interface"] = dice.choice(("ether1", "ether2", "!ether1"))
    if dice.random() < 0.25:
        found["connection-state"] = dice.choice(STATES)
    if dice.random() < 0.2:
        found["src-address-list"] = dice.choice(("a", "!a"))
    return found


def foreign(dice: Random) -> list[Rule]:
    """The factory's rules, somebody's mess, or chains with jumps."""
    sort = dice.randrange(3)
    if sort < 2:
        rows = [rule(text) for text in (FACTORY_LIKE, MESSY)[sort]]
        for _dummy in range(dice.randrange(4)):
            rows.insert(dice.randrange(len(rows) + 1), some_rule(dice, ("input",)))
        return rows
    return [some_rule(dice, ("input", "input", "x", "y")) for _dummy in range(dice.randint(2, 9))]


def fates(rules: list[Row], packet: Packet) -> set[str]:
    """What may become of a packet, by the plain walk of test_truth.py."""
    plain = [{name: text for name, text in each.items() if name != "comment"} for each in rules]
    return {end or "accept" for end, _met in ways(plain, packet, "input")}


NEW = [packet for packet in WORLD if packet["state"] == "new"][::2]


def test_what_is_added_to_rules_of_others_does_what_it_says() -> None:
    """On 500 routers of others; what the task does not say shows in the packets."""
    tally: Counter[str] = Counter()
    for seed in range(500):
        dice = Random(seed)
        have = entries(*foreign(dice))
        want = {**some_rule(dice, ("input",)), "action": dice.choice(("accept", "drop")), "comment": "mine"}
        want = {name: text for name, text in want.items() if name != "jump-target"}
        try:
            found = planned(FILTER, have, [want], effective=True)
        except Problem:
            tally["refused"] += 1
            continue
        router = Router({FILTER: have}).run(found.changes)
        after = router.entries(FILTER)
        if not found.warnings:
            said = {name: text for name, text in want.items() if name != "comment"}
            mine = [packet for packet in NEW if matches(packet, said, True)]
            rows = [entry.values for entry in after]
            assert {fate for packet in mine for fate in fates(rows, packet)} <= {want["action"]}, seed
        tally["warned of" if found.warnings else "effective"] += 1
        again = planned(FILTER, after, [want], effective=True)
        assert (told(again), again.warnings) == ([], ()), seed
        removed = planned(FILTER, after, [want], "deleted")
        assert Router({FILTER: after}).run(removed.changes).ids(FILTER) == [entry.id for entry in have], seed
    # Or the test would say little.
    assert tally["effective"] > 200, tally
    assert tally["refused"] < 150, tally


def test_an_unknown_matcher_stays_unknown_when_its_rule_is_changed() -> None:
    """What the rule takes is not known, so nobody can say that it leaves nothing to the rule below."""
    ssh = rule(f"accept {SSH} #a")
    have = (Entry("*0", ssh, strange=frozenset({"matcher-of-tomorrow"})),)
    deny = rule(f"drop {SSH} src-address=192.0.2.9 #new")
    want = [{**ssh, "log": "yes"}, deny]
    assert told(planned(FILTER, have, want, places=[None, Place("after", "a")], effective=True)) == [
        "set *0 log=yes",
        "add new",
    ]


def test_two_owners_come_to_rest() -> None:
    """Each plans in turn; from the second round on nothing moves any more."""
    for seed in range(200):
        dice = Random(seed)
        have = entries(*foreign(dice))
        owners = [
            [
                {
                    **{name: text for name, text in some_rule(dice, ("input",)).items() if name != "jump-target"},
                    "action": dice.choice(("accept", "drop")),
                    "comment": f"{owner}: {n}",
                }
                for n in range(dice.randint(1, 3))
            ]
            for owner in ("one", "two")
        ]
        for round_ in range(4):
            for want in owners:
                found = planned(FILTER, have, want)
                assert round_ < 2 or told(found) == [], seed
                have = entries(*(each.values for each in Router({FILTER: have}).run(found.changes).entries(FILTER)))


def test_the_factory_is_what_the_tests_take_it_for() -> None:
    """Its own rules of input, by what they do."""
    rows = [row for row in DEFCONF["/ip/firewall/filter"] if row["chain"] == "input"]
    assert [row.get("action", "accept") for row in rows] == ["accept", "drop", "accept", "accept", "drop"]
