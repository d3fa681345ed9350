# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router's firewall makes of a connection that manages it: rules, who comes, verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twin import Router, Seat, Server
from twin.gate import ACCEPTED, DROPPED, REFUSED, Gate, Unplayed
from twin.gate.chains import _NO_MATCHERS

FILTER, RAW, LISTS = "/ip/firewall/filter", "/ip/firewall/raw", "/ip/firewall/address-list"
Rule = dict[str, str]
ADDRESSES, ROUTES = "/ip/address", "/ip/route"
DROP: Rule = {"chain": "input", "action": "drop"}


def judged(state: dict[str, list[Rule]], seat: Seat | None = None, service: str = "api") -> tuple[str, str, str]:
    """What happens to a new connection, to data in on one that stands, to data out of it."""
    router = Router()
    router.seed(state)
    gate = Gate(router, seat or Seat())
    passage = gate.passage(service, 50000)
    fresh = passage.enters()
    passage.opened = True
    return fresh, passage.enters(), passage.leaves()


def filtered(*rules: Rule) -> dict[str, list[Rule]]:
    return {FILTER: list(rules)}


ALL, NONE, NO_NEW = (ACCEPTED,) * 3, (DROPPED, DROPPED, ACCEPTED), (DROPPED, ACCEPTED, ACCEPTED)
NOTHING, ONE_WAY = (DROPPED,) * 3, (DROPPED, ACCEPTED, DROPPED)
OPEN = {"chain": "input"}


@pytest.mark.parametrize(
    ("rules", "verdicts"),
    [
        pytest.param([], ALL, id="empty-firewall-accepts"),
        pytest.param([DROP], NONE, id="bare-drop"),
        pytest.param([{**DROP, "disabled": "yes"}], ALL, id="disabled-rules-are-not-there"),
        pytest.param([OPEN, DROP], ALL, id="first-rule-decides"),
        pytest.param([{**OPEN, "connection-state": "established,related,untracked"}, DROP], NO_NEW, id="states"),
        pytest.param([{**DROP, "connection-state": "!established"}], NO_NEW, id="state-negated"),
        pytest.param([{**DROP, "chain": "forward"}], ALL, id="other-chains-are-not-asked"),
        pytest.param([{**DROP, "chain": "output"}], (DROPPED, ACCEPTED, DROPPED), id="answers-pass-output"),
        pytest.param(
            [{**DROP, "chain": "output", "connection-state": "new"}], ALL, id="answers-to-a-new-one-are-established"
        ),
        pytest.param([{**OPEN, "action": "reject"}], (REFUSED, DROPPED, ACCEPTED), id="icmp-ends-new-ones-only"),
        pytest.param(
            [{**OPEN, "action": "reject", "protocol": "tcp", "reject-with": "tcp-reset"}],
            (REFUSED, REFUSED, ACCEPTED),
            id="reset-ends-all",
        ),
        pytest.param([{**OPEN, "action": "tarpit", "protocol": "tcp"}], NONE, id="tarpit"),
        pytest.param([{**OPEN, "action": "fasttrack-connection"}, DROP], ALL, id="fasttrack-accepts"),
        pytest.param([{**OPEN, "action": "passthrough"}, {**OPEN, "action": "log"}, DROP], NONE, id="no-ends"),
        pytest.param(
            [{**OPEN, "action": "jump", "jump-target": "x"}, OPEN, {**DROP, "chain": "x"}], NONE, id="jump-decides"
        ),
        pytest.param(
            [
                {**OPEN, "action": "jump", "jump-target": "x"},
                DROP,
                {"chain": "x", "action": "return", "protocol": "tcp"},
                {"chain": "x"},
            ],
            NONE,
            id="return-goes-on-behind-the-jump",
        ),
        pytest.param([{**OPEN, "action": "jump", "jump-target": "nowhere"}, OPEN, DROP], ALL, id="unknown-target"),
        pytest.param([{**OPEN, "action": "return"}, DROP], ALL, id="return-from-a-built-in-chain-accepts"),
    ],
)
def test_way_through_the_rules(rules: list[Rule], verdicts: tuple[str, str, str]) -> None:
    assert judged(filtered(*rules)) == verdicts


TCP = {"protocol": "tcp"}


@pytest.mark.parametrize(
    ("conditions", "applies"),
    [
        ({"src-address": "192.168.88.10"}, True),
        ({"src-address": "192.168.88.0/24"}, True),
        ({"src-address": "192.168.88.5-192.168.88.9"}, False),
        ({"src-address": "!192.168.88.0/24"}, False),
        ({"dst-address": "192.168.88.1"}, True),
        ({"dst-address": "!192.168.88.2-192.168.88.3"}, True),
        ({"src-address-list": "friends"}, True),
        ({"src-address-list": "!friends"}, False),
        ({"src-address-list": "past"}, False),
        ({"src-address-list": "named"}, True),
        ({"dst-address-list": "friends"}, False),
        ({"protocol": "6"}, True),
        ({"protocol": "!tcp"}, False),
        ({"protocol": "udp"}, False),
        ({**TCP, "dst-port": "22,8700-8730"}, True),
        ({**TCP, "dst-port": "!8728"}, False),
        ({**TCP, "src-port": "50000"}, True),
        ({**TCP, "src-port": "8728"}, False),
        ({**TCP, "port": "8728"}, True),
        ({"in-interface": "ether2"}, True),
        ({"in-interface": "!ether2"}, False),
        ({"in-interface": "all-ethernet"}, True),
        ({"in-interface": "all-vlan"}, False),
        ({"out-interface": "ether2"}, False),
        ({"out-interface": "!ether2"}, True),
        ({"in-interface-list": "LAN"}, True),
        ({"in-interface-list": "!LAN"}, False),
        ({"in-interface-list": "WAN"}, False),
        ({"in-interface-list": "both"}, True),
        ({"in-interface-list": "lessened"}, False),
        ({"in-interface-list": "all"}, True),
        ({"in-interface-list": "none"}, False),
        ({"in-interface-list": "static"}, True),
        ({"in-interface-list": "dynamic"}, False),
        ({"connection-nat-state": "dstnat"}, False),
        ({"connection-nat-state": "!dstnat"}, True),
        ({"connection-mark": "no-mark"}, True),
        ({"packet-mark": "!voice"}, True),
        ({"connection-type": "ftp"}, False),
        ({**TCP, "tcp-flags": "syn"}, True),
        ({**TCP, "tcp-flags": "syn,!ack"}, True),
        ({**TCP, "tcp-flags": "!syn"}, False),
        ({"ipsec-policy": "in,none"}, True),
        ({"ipsec-policy": "in,ipsec"}, False),
        ({"src-address-type": "unicast"}, True),
        ({"src-address-type": "!local"}, True),
        ({"dst-address-type": "local"}, True),
        ({"dst-address-type": "unicast"}, False),
        ({"fragment": "yes"}, False),
        ({"limit": "10,5"}, True),
        ({"limit": "!10,5"}, False),
        ({"dst-limit": "1,5,src-address"}, True),
        ({"connection-limit": "3,32"}, False),
        ({"nth": "2,1"}, False),
        ({"src-mac-address": "!02:00:00:00:00:99"}, False),
    ],
)
def test_conditions_of_a_rule_against_a_new_connection(conditions: Rule, applies: bool) -> None:
    state = {
        "/interface/list": [
            *({"name": name} for name in ("LAN", "WAN")),
            {"name": "both", "include": "LAN,WAN"},
            {"name": "lessened", "include": "both", "exclude": "LAN"},
        ],
        "/interface/list/member": [
            {"list": "LAN", "interface": "ether2"},
            {"list": "WAN", "interface": "ether1"},
            {"list": "WAN", "interface": "ether2", "disabled": "yes"},
        ],
        "/ip/dns/static": [{"name": "desk.example.com", "address": "192.168.88.10"}],
        LISTS: [
            {"list": "friends", "address": "192.168.88.8/29"},
            {"list": "past", "address": "192.168.88.10", "disabled": "yes"},
            {"list": "named", "address": "desk.example.com"},
        ],
        FILTER: [{**DROP, **conditions}],
    }
    assert judged(state)[0] == (DROPPED if applies else ACCEPTED)


def test_knobs_say_what_no_fact_decides() -> None:
    """A condition holds or not as written, a leading `!` included."""
    chance = filtered({**DROP, "nth": "!2,1"})
    assert judged(chance, Seat(others=True))[0] == DROPPED
    assert judged(chance, Seat(others=False))[0] == ACCEPTED
    assert judged(filtered({**OPEN, "limit": "10,5"}, DROP), Seat(tokens=False))[0] == DROPPED
    assert judged(filtered({**DROP, "connection-limit": "3,32"}), Seat(tokens=False))[0] == DROPPED


def test_every_matcher_of_filter_and_raw_is_played() -> None:
    """A rule that cannot be judged must never be passed over, and there is none such."""
    router = Router()
    passage = Gate(router, Seat()).passage("api", 50000)
    for path in (FILTER, RAW):
        table = router.tables[path]
        for field in table.menu.fields:
            if field.name in _NO_MATCHERS:
                continue
            row = router.tables[path].by_id(router.add(path, chain="input" if path == FILTER else "prerouting"))
            assert row is not None
            row.values[field.name] = "192.0.2.1" if field.name in ("src-address", "dst-address") else "1"
            passage.opened = False
            assert passage.enters() in (ACCEPTED, DROPPED)
            router.call(f"{path}/remove", {".id": row.id})


def test_what_cannot_be_judged_is_said_and_not_passed_over() -> None:
    router = Router()
    row = router.tables[FILTER].by_id(router.add(FILTER, chain="input"))
    assert row is not None
    row.values["moon-phase"] = "full"
    with pytest.raises(Unplayed, match="does not play moon-phase=full"):
        Gate(router, Seat()).passage("api", 50000).enters()
    with pytest.raises(Unplayed, match="chain input that jumps into itself"):
        judged(filtered({**OPEN, "action": "jump", "jump-target": "input"}))
    with pytest.raises(Unplayed, match="without connection tracking"):
        judged(
            {"/ip/firewall/connection/tracking": [{"enabled": "no"}], **filtered({**DROP, "connection-state": "new"})}
        )


def test_raw_comes_first_and_can_untrack() -> None:
    assert judged({RAW: [{"chain": "prerouting", "action": "drop"}], **filtered(OPEN)}) == NONE
    untrack = {RAW: [{"chain": "prerouting", "action": "notrack"}]}
    assert judged({**untrack, **filtered({**OPEN, "connection-state": "untracked"}, DROP)}) == ALL
    assert judged({**untrack, **filtered({**OPEN, "connection-state": "new,established"}, DROP)}) == NONE
    assert judged({RAW: [{"chain": "prerouting"}, {"chain": "prerouting", "action": "drop"}]}) == ALL


def test_seat_says_whether_rules_act_that_name_what_is_gone() -> None:
    router = Router()
    list_ = router.add("/interface/list", name="LAN")
    router.add(FILTER, chain="input", action="drop", in_interface_list="!LAN")
    passage = Gate(router, Seat()).passage("api", 50000)
    assert passage.enters() == DROPPED
    router.call("/interface/list/remove", {".id": list_})
    passage.opened = False
    assert passage.enters() == ACCEPTED
    passage.gate.seat.invalid = True
    assert passage.enters() == DROPPED


@pytest.mark.parametrize(
    ("service", "fresh"),
    [
        ({"name": "api", "disabled": "yes"}, REFUSED),
        ({"name": "api", "port": "8730"}, REFUSED),
        ({"name": "api", "address": "192.168.88.0/24,203.0.113.0/24"}, ACCEPTED),
        ({"name": "api", "address": "203.0.113.0/24"}, DROPPED),
        ({"name": "api-ssl", "disabled": "yes"}, ACCEPTED),
    ],
)
def test_services_choose_their_new_clients_only(service: Rule, fresh: str) -> None:
    router = Router()
    gate = Gate(router, Seat())
    router.call("/ip/service/set", {".id": service["name"], **{n: v for n, v in service.items() if n != "name"}})
    passage = gate.passage("api", 50000)
    assert passage.enters() == fresh
    passage.opened = True
    assert passage.enters() == ACCEPTED


def test_rules_that_list_addresses_list_the_client() -> None:
    router = Router()
    note = {"chain": "input", "action": "add-src-to-address-list", "address_list": "seen"}
    router.add(FILTER, **note, address_list_timeout="1h")
    router.add(FILTER, chain="input", action="drop", src_address_list="seen")
    passage = Gate(router, Seat()).passage("api", 50000)
    assert [passage.enters(), passage.enters()] == [DROPPED, DROPPED]
    entry = router.rows(LISTS)[0]
    assert (entry["list"], entry["address"], entry["dynamic"], entry["timeout"]) == (
        "seen", "192.168.88.10", "true", "1h",
    )  # fmt: skip


HERE = {"address": "192.168.88.1/24", "interface": "ether2"}
FAR = Seat("203.0.113.10", "192.168.88.1", "ether2", routed=True)
BACK = {"gateway": "192.168.88.254"}


@pytest.mark.parametrize(
    ("state", "seat", "verdicts"),
    [
        pytest.param({}, Seat(routed=True), NOTHING, id="no-address"),
        pytest.param({ADDRESSES: [HERE]}, Seat(routed=True), ALL, id="on-its-network"),
        pytest.param({ADDRESSES: [{**HERE, "disabled": "yes"}]}, Seat(routed=True), NOTHING, id="address-is-off"),
        pytest.param({ADDRESSES: [HERE]}, FAR, ONE_WAY, id="no-way-back"),
        pytest.param({ADDRESSES: [HERE], ROUTES: [BACK]}, FAR, ALL, id="by-a-route"),
        pytest.param({ADDRESSES: [HERE], ROUTES: [{**BACK, "disabled": "yes"}]}, FAR, ONE_WAY, id="route-is-off"),
        pytest.param(
            {
                ADDRESSES: [HERE, {"address": "192.0.2.1/24", "interface": "ether3"}],
                ROUTES: [BACK, {"dst-address": "203.0.113.0/24", "gateway": "192.0.2.2"}],
            },
            FAR,
            ONE_WAY,
            id="a-nearer-route-leads-elsewhere",
        ),
    ],
)
def test_a_routed_seat_needs_its_address_and_a_way_back(
    state: dict[str, list[Rule]], seat: Seat, verdicts: tuple[str, str, str]
) -> None:
    assert judged(state, replace(seat)) == verdicts


def test_seat_must_fit_the_router() -> None:
    with pytest.raises(ValueError, match="no interface bridge9 to sit at"):
        Server(seat=Seat(interface="bridge9")).start()
    with pytest.raises(ValueError, match="not of one family"):
        Seat(client="2001:db8::1")
    with pytest.raises(ValueError, match="it can be hang, close"):
        assert Seat(denied="vanish").cuts
