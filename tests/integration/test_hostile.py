# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is asked of a router, who asks can log in again when the timeout of the guard is over.

HOSTILE_CASES and HOSTILE_SEED say how many changes are asked for, and which.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils import lookout
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Interrupted
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Refused, RouterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Prospect
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Undone
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import LockedOut
from twin import Seat, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import TIMEOUT, ask, guarded_twin, snapshot, target
from tests.integration.hostile import NETWORK, Case, case
from tests.integration.hostile6 import by_ipv6

CASES = int(os.environ.get("HOSTILE_CASES", "200"))
SEED = int(os.environ.get("HOSTILE_SEED", "4711"))
ENDS = {LockedOut: "refused, for it would cut", Undone: "undone by the router", BadArguments: "not understood"}
LOGINS = 4
"""How many have to work: the first ones may be what gets an address blocked."""
SILENT = 100
"""One in so many routers answers what it denies with silence, and for that somebody has to wait in real time."""
PATIENCE, SHORT = 0.2, 10


def can_log_in(server: Server, times: int = 1) -> bool:
    """Whether that many new sessions, one after the other, get in and an answer out."""
    try:
        for _dummy in range(times):
            session = open_session(target(server, PATIENCE if _is_silent(server) else 5))
            try:
                (reply,) = session.run([Command("/system/identity", "print")])
            finally:
                session.close()
    except RouterError:
        return False
    return bool(reply.rows)


def _is_silent(server: Server) -> bool:
    return server.seat is not None and not server.seat.cuts


def hostile_case(number: int, seed: int = SEED) -> Case:
    """Every sixth one by IPv6, if it can be told so, and every hundredth before a router that denies in silence."""
    found = case(number, seed)
    if number % SILENT == SILENT - 1:
        found.knobs["denied"] = "hang"
        found.arguments["guard"] = {"when": "auto", "timeout": SHORT}
    return (by_ipv6(found) if number % 6 == 5 else None) or found


def router_of(make_twin: MakeTwin, hostile: Case) -> Server:
    seat = Seat(interface="ether2", **hostile.ends, **hostile.knobs)
    return guarded_twin(make_twin, hostile.seed, seat, defconf=False, version=hostile.version)


def end_of(server: Server, hostile: Case) -> str:
    """How the change ended."""
    patience = PATIENCE if _is_silent(server) else 5
    try:
        told = ask(server, "config", hostile.arguments, patience=patience)
    except (LockedOut, Undone, BadArguments) as error:
        return ENDS[type(error)]
    except Refused:
        return "refused by the router"
    except Interrupted as error:
        # A wish for a list without our address, and one for a rule that puts it there.
        if "firewall address-list remove" not in str(error):
            raise
        return "made, and filled a list that was to be empty"
    return "made under the guard" if told.get("guarded") else "made without" if told["changed"] else "no change"


def locks_out(make_twin: MakeTwin, hostile: Case, ends: Counter[str]) -> str:
    """How the change ended if nobody who could log in before it can do so when the timeout is over; else nothing."""
    server = router_of(make_twin, hostile)
    if not can_log_in(server):
        ends["not to be reached in the first place"] += 1
        return ""
    end = end_of(server, hostile)
    server.router.advance(TIMEOUT + 1)
    reached = can_log_in(server, LOGINS)
    ends[end] += 1
    server.stop()
    return "" if reached else end


@pytest.mark.parametrize("blind", [False, True], ids=["with-the-simulation", "by-the-guard-alone"])
def test_nobody_locks_himself_out(
    make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], blind: bool
) -> None:
    if blind:
        monkeypatch.setattr(lookout, "look", lambda *_given, **_named: Prospect())
    ends = Counter[str]()
    found = ((number, locks_out(make_twin, hostile_case(number), ends)) for number in range(CASES))
    lost = [(number, end) for number, end in found if end]
    with capsys.disabled():
        print(f"\n  {CASES} hostile changes, seed {SEED}{', without the simulation' if blind else ''}: {dict(ends)}")
    assert lost == []
    assert ends["undone by the router"] if blind else ends[ENDS[LockedOut]]


SNARE = [
    {"chain": "input", "action": "drop", "protocol": "tcp", "src_address_list": "blocked", "comment": "new: blocked"},
    {"chain": "input", "action": "add-src-to-address-list", "address_list": "blocked", "protocol": "tcp",
     "connection_state": "new", "address_list_timeout": "1d", "comment": "new: block"},
]  # fmt: skip


def test_a_snare_is_seen_before_it_shuts(make_twin: MakeTwin) -> None:
    server = guarded_twin(make_twin, NETWORK, defconf=False)
    with pytest.raises(LockedOut, match=r"as soon as its address has been listed: .*src-address-list=blocked"):
        ask(server, "firewall_filter", {"config": SNARE})
    assert can_log_in(server)


def test_a_snare_that_nobody_saw_is_undone(make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "look", lambda *_given, **_named: Prospect())
    server = guarded_twin(make_twin, {})
    with pytest.raises(RouterError):
        ask(server, "firewall_filter", {"config": SNARE})
    server.router.advance(TIMEOUT + 1)
    assert "new: block" not in [row.get("comment") for row in server.router.rows("/ip/firewall/filter")]


def _deaf_when_listed(server: Server) -> None:
    """Take no connection from the moment on at which the client is listed."""
    if any("192.168.88." in row.values["address"] for row in server.router.tables["/ip/firewall/address-list"].rows):
        server.faults.refuse_connections = "close"


LINGERING = {"chain": "input", "action": "add-src-to-address-list", "address_list": "blocked", "protocol": "tcp"}
BLOCKED = {"chain": "input", "action": "drop", "src-address-list": "blocked", "comment": "base: blocked"}


@pytest.mark.parametrize("timeout", ["none-dynamic", "none-static", "1d"])
@pytest.mark.parametrize("dead", [False, True], ids=["waiting", "gone"])
def test_who_was_listed_meanwhile_is_not_any_more(
    make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch, timeout: str, dead: bool
) -> None:
    """What a rule put in a list outlives the rule, and other rules go by that list."""
    monkeypatch.setattr(lookout, "look", lambda *_given, **_named: Prospect())
    others = [{"list": "blocked", "address": "203.0.113.7"}]
    seed = {**NETWORK, "/ip/firewall/filter": [BLOCKED], "/ip/firewall/address-list": others}
    server = guarded_twin(make_twin, seed, defconf=False)
    before = snapshot(server)
    if dead:
        server.router.watchers.append(lambda *_what: _deaf_when_listed(server))
    rule = {**LINGERING, "address_list_timeout": timeout, "comment": "new: block"}
    with pytest.raises((Undone, Interrupted)):
        ask(server, "firewall_filter", {"config": [rule]})
    server.faults.refuse_connections = ""
    assert can_log_in(server, LOGINS)
    assert snapshot(server) == before
