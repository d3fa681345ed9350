# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared. A situation plays one side and yields lines of the table: what was looked at, what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from twin import Seat

from tests.bench.sides import Ours, Rows, Side, Wish, fresh, path_of, refuse
from tests.integration.playing import PASSWORD, Task, content

Finding = tuple[str, str]
OLD, NEW = "old-secret-3141592653", "new-secret-2718281828"
FILTER, IDENTITY = "firewall_filter", "ipsec_identity"
PEER = {"name": "site-b", "address": "203.0.113.50", "exchange-mode": "ike2"}
KNOWN = {"ipsec_peer": [PEER], IDENTITY: [{"peer": "site-b", "secret": OLD}]}


def a_secret_changes(side: Side) -> Iterator[Finding]:
    """A new pre-shared key, asked for in three ways."""
    wanted = [{"peer": "site-b", "secret": NEW}]
    ways = {
        "A pre-shared key changes: identities of the peer afterwards": side.wish(IDENTITY, wanted),
        "... if the task owns the identities of that peer": side.wish(IDENTITY, wanted, "of the peer"),
        "... by `api_find_and_modify`, which sets values of what it finds": side.adjust(
            IDENTITY, {"peer": "site-b"}, {"secret": NEW}
        ),
    }
    for label, task in ways.items():
        with fresh(KNOWN) as server:
            side.make(server, task)
            found = [row["secret"] for row in server.router.rows(path_of(IDENTITY))]
        assert NEW in found
        yield label, f"{len(found)}, one with the old key" if OLD in found else str(len(found))


def secrets_show(side: Side) -> Iterator[Finding]:
    """How often the old key, the new one and the login's password are in what Ansible prints."""
    task = side.wish(IDENTITY, [{"peer": "site-b", "secret": NEW}], "of the peer")
    for label, more in {
        "The keys in the output of that run with `-vvv --diff`": {},
        "... with `no_log: true` on the task": {"no_log": True},
    }.items():
        with fresh(KNOWN) as server:
            output = side.make(server, {**task, **more}, flags=("-vvv", "--diff")).output
        times = sum(output.count(secret) for secret in (OLD, NEW, PASSWORD))
        yield label, f"{times} times, {'a' if '--- before' in output else 'no'} diff"


OWN = [
    {"chain": "input", "action": "accept", "protocol": "udp", "dst-port": "500", "comment": "own: IKE"},
    {"chain": "input", "action": "accept", "protocol": "ipsec-esp", "comment": "own: ESP"},
]
FOREIGN = {"chain": "input", "action": "drop", "comment": "of somebody else"}


def a_foreign_drop(side: Side) -> Iterator[Finding]:
    """A second own rule is added to a chain that somebody else ends with a drop."""
    ways = {
        "A rule is added to a chain that ends with a drop of others: it stands": side.wish(FILTER, OWN),
        "... if the task owns the rules with its mark in the comment": side.wish(FILTER, OWN, "own"),
        "... if the task owns and lists the whole chain, the drop included": side.wish(
            FILTER, [*OWN, FOREIGN], "chain"
        ),
    }
    for label, task in ways.items():
        with fresh({FILTER: [OWN[0], FOREIGN]}) as server:
            side.make(server, task)
            again = side.make(server, task).changed
            found = comments(server)
        alive = found.index("own: ESP") < found.index(FOREIGN["comment"])
        yield label, ("above" if alive else "below, where it is dead") + (", a second run changes it" if again else "")


def comments(server: Any) -> list[str]:
    """The filter rules in their order, by comment."""
    return [row.get("comment", "") for row in server.router.rows(path_of(FILTER))]


def the_first_goes_last(side: Side) -> Iterator[Finding]:
    """Moves that the router is asked for when a chain, owned as a whole, is rotated."""
    for number in (10, 50, 200):
        rules = [
            {**OWN[0], "chain": "forward", "dst-port": str(1000 + n), "comment": f"rule {n}"} for n in range(number)
        ]
        wanted = [*rules[1:], rules[0]]
        with fresh({FILTER: rules}) as server:
            side.make(server, side.wish(FILTER, wanted, "forward"))
            assert comments(server) == [rule["comment"] for rule in wanted]
            yield f"The first of {number} rules goes to the end: moves sent", str(len(sent(server, "move")))


def sent(server: Any, verb: str) -> list[tuple[str, ...]]:
    """The sentences with that verb that the router got for its filter rules."""
    return [words for words in server.sentences if words[0] == f"{path_of(FILTER)}/{verb}"]


def a_rule_comes_between(side: Side) -> Iterator[Finding]:
    """Whether a rule that belongs above the last, a drop, stands below it until a second command moves it."""
    wanted = [*OWN, {"chain": "input", "action": "drop", "comment": "own: drop"}]
    with fresh({FILTER: [wanted[0], wanted[2]]}) as server:
        side.make(server, side.wish(FILTER, wanted, "chain"))
        assert comments(server) == [rule["comment"] for rule in wanted]
        (add,) = sent(server, "add")
        placed = any(word.startswith("=place-before=") for word in add)
        assert placed != bool(sent(server, "move"))
    found = "no: added with `place-before`" if placed else "yes: added at the end, then moved"
    yield "A rule is put above the final drop: it stands below it for a moment", found


TUNNEL: Sequence[Wish] = (
    ("ipsec_profile", [{"name": "site-b", "enc-algorithm": "aes-256", "hash-algorithm": "sha256"}]),
    ("ipsec_proposal", [{"name": "site-b", "enc-algorithms": "aes-256-cbc", "auth-algorithms": "sha256"}]),
    ("ipsec_peer", [{**PEER, "address": "203.0.113.50/32", "profile": "site-b"}]),
    (IDENTITY, [{"peer": "site-b", "secret": NEW}]),
    (
        "ipsec_policy",
        [
            {
                "peer": "site-b",
                "tunnel": True,
                "src-address": "192.168.10.0/24",
                "dst-address": "192.168.20.0/24",
                "proposal": "site-b",
            }
        ],
    ),
)
# Not of `input`, where the guard would come first, and the change that is refused would be one of its own.
RULES: Sequence[Wish] = (
    (FILTER, [{**each, "chain": "forward"} for each in (*OWN, {"action": "drop", "comment": "own: drop"})]),
)


def a_chain_locks_out(side: Side) -> Iterator[Finding]:
    """A chain is to have a drop for all but a network in which the one who asks for it is not."""
    rules = [{"chain": "input", "action": "accept", "src-address": "192.168.88.0/24"}, FOREIGN]
    wanted = [{**rules[0], "src-address": "192.168.99.0/24"}, FOREIGN]
    with fresh({FILTER: rules}, Seat("192.168.88.10", denied="close")) as server:
        run = side.play(server, [side.wish(FILTER, wanted, "chain")])
        still = Ours().play(server, [{"name": "look", "vpnops.mikrotik.firewall_filter": {"state": "gathered"}}])
        left = server.router.rows(path_of(FILTER))
    as_before = len(left) == len(rules) and left[0]["src-address"] == "192.168.88.0/24"
    word = "refused" if as_before and run.status else "made"
    yield (
        "A chain is asked for that would cut the session itself: it is",
        f"{word}, and the router {'answers' if still.status == 0 else 'is lost'}",
    )


def the_router_refuses(side: Side) -> Iterator[Finding]:
    """Each change is refused in turn, on a fresh router each time: how often nothing of the run is left."""
    stands = dict(TUNNEL)
    for label, number, seed, tasks in (
        ("One of 3 new rules is refused: the router is as before", 3, {}, side.together(RULES)),
        ("One of 5 entries of a new tunnel is refused: the router is as before", 5, {}, side.together(TUNNEL)),
        ("... if the tunnel is to be removed", 5, stands, side.without(TUNNEL)),
    ):
        unchanged = sum(undone(side, seed, tasks, nth) for nth in range(1, number + 1))
        yield label, f"in {unchanged} of {number} cases"


def undone(side: Side, seed: Mapping[str, Rows], tasks: Sequence[Task], nth: int) -> bool:
    """Whether the router holds the same as before when it refused that change."""
    with fresh(seed) as server:
        before = content(server)
        refuse(server, nth)
        run = side.play(server, tasks)
        assert "failure: refused" in run.failure.message, run.output
        return content(server) == before


PAIR = {"tunnel": True, "src-address": "192.168.20.0/24", "dst-address": "192.168.10.0/24"}
WAYS = {"the first": "site-b", "the backup": "site-c"}
UNSAID = [{**PAIR, "peer": peer, "comment": f"own: {way}"} for way, peer in WAYS.items()]
SAID = [{**row, "disabled": number > 0} for number, row in enumerate(UNSAID)]
PEERS = {"ipsec_peer": [PEER, {**PEER, "name": "site-c", "address": "203.0.113.99"}]}


def the_router_goes_over(side: Side) -> Iterator[Finding]:
    """A script of the router has enabled the policy of a backup peer when the task that made both runs again."""
    label = "The router has gone over to a backup policy, and the task that made both runs again: in use is"
    yield label, in_use(side, SAID, "own, but for what the router switches", gone_over=True)
    yield "... if the task does not say which is in use", in_use(side, UNSAID, "given", gone_over=True)
    yield "... if it does not, on a new router", in_use(side, UNSAID, "given", gone_over=False)


def in_use(side: Side, rows: Rows, mode: str, *, gone_over: bool) -> str:
    """Which policies are enabled when such a task has run twice, and the router has gone over after the first time."""
    with fresh(PEERS) as server:
        side.make(server, side.wish("ipsec_policy", rows, mode))
        path = path_of("ipsec_policy")
        for row in server.router.rows(path) if gone_over else ():
            if peer := row.get("peer"):
                server.router.call(f"{path}/{'enable' if peer == 'site-c' else 'disable'}", {"numbers": row[".id"]})
        side.make(server, side.wish("ipsec_policy", rows, mode))
        found = [row["peer"] for row in server.router.rows(path) if row.get("peer") and row["disabled"] == "false"]
    return " and ".join(way for way, peer in WAYS.items() for _each in range(found.count(peer))) or "none"


POLICY = {"peer": "e", "tunnel": True, "dst-address": "192.0.2.0/24"}
# menu, entry, field, as a person writes it, as the router prints it
SPELLINGS: Sequence[tuple[str, dict[str, Any], str, Any, Any]] = (
    ("ipsec_profile", {"name": "a"}, "lifetime", "24h", "1d"),
    ("ipsec_profile", {"name": "b"}, "dpd-interval", "120s", "2m"),
    ("ipsec_profile", {"name": "c"}, "enc-algorithm", "aes-128,aes-256", "aes-256,aes-128"),
    ("ipsec_profile", {"name": "d"}, "nat-traversal", "yes", True),
    ("ipsec_peer", {"name": "e"}, "address", "203.0.113.50", "203.0.113.50/32"),
    (
        "ipsec_policy",
        {"peer": "e", "tunnel": True, "dst-address": "192.0.2.0/24"},
        "src-address",
        "198.51.100.7",
        "198.51.100.7/32",
    ),
    ("firewall_address_list", {"list": "g"}, "address", "192.0.2.10/32", "192.0.2.10"),
    (FILTER, {"chain": "input", "comment": "h"}, "connection-state", "related,established", "established,related"),
)


def spelled_otherwise(side: Side) -> Iterator[Finding]:
    """Each entry is asked for twice in a row."""
    labels = ("Values as people write them: a second run changes or fails", "... as the router prints them")
    for column, label in enumerate(labels):
        wishes = [(menu, {**entry, field: values[column]}) for menu, entry, field, *values in SPELLINGS]
        tasks = [{**side.wish(menu, [row]), "ignore_errors": True} for menu, row in wishes for _turn in range(2)]
        with fresh() as server:
            run = side.make(server, *tasks)
            adds = sum(words[0].endswith("/add") for words in server.sentences)
        assert {outcome.status for outcome in run.outcomes[::2]} == {"ok"}
        again = run.outcomes[1::2]
        failed = sum(outcome.status == "ignored" for outcome in again)
        changed = sum(bool(outcome.result.get("changed")) for outcome in again)
        added = adds - len(wishes) - failed
        details = f" ({changed - added} set again, {added} added again, {failed} refused)" if changed + failed else ""
        yield label, f"{changed + failed} of {len(wishes)}{details}"


def five_menus(side: Side) -> Iterator[Finding]:
    """What a tunnel that stands already costs on the wire."""
    apart = [side.wish(menu, rows) for menu, rows in TUNNEL]
    together = side.together(TUNNEL)
    with fresh() as server:
        side.make(server, *apart)
        for label, tasks in {
            "Five menus that are as wished, in five tasks": apart,
            "... in as few tasks as possible": together,
        }.items():
            server.reset_counters()
            connections = server.connections
            assert not side.make(server, *tasks).changed
            found = server.connections - connections
            yield label, f"{plural(found, 'connection')}, {plural(server.round_trips, 'round trip')}"


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


Situation = Callable[[Side], Iterator[Finding]]
SITUATIONS: Sequence[Situation] = (
    a_secret_changes,
    secrets_show,
    a_foreign_drop,
    the_first_goes_last,
    a_rule_comes_between,
    a_chain_locks_out,
    the_router_refuses,
    the_router_goes_over,
    spelled_otherwise,
    five_menus,
)
# Tests of their own hold what these find of ours: test_secrets.py and test_faults.py.
TESTED_ELSEWHERE = (secrets_show, the_router_refuses)
