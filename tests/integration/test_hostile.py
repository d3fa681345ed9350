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
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import BadArguments
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Refused, RouterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Prospect
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import Undone
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import LockedOut
from twin import Seat, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import TIMEOUT, ask, guarded_twin, target
from tests.integration.hostile import CLIENT, NETWORK, ROUTER, Case, case

CASES = int(os.environ.get("HOSTILE_CASES", "200"))
SEED = int(os.environ.get("HOSTILE_SEED", "4711"))
ENDS = {LockedOut: "refused, for it would cut", Undone: "undone by the router", BadArguments: "not understood"}


def can_log_in(server: Server) -> bool:
    """Whether a new session gets in and an answer out."""
    try:
        session = open_session(target(server))
        try:
            (reply,) = session.run([Command("/system/identity", "print")])
        finally:
            session.close()
    except RouterError:
        return False
    return bool(reply.rows)


def end_of(server: Server, hostile: Case) -> str:
    """How the change ended, and that the router can be reached after the timeout at the latest."""
    try:
        told = ask(server, "config", hostile.arguments)
        end = "made under the guard" if told.get("guarded") else "made without" if told["changed"] else "no change"
    except (LockedOut, Undone, BadArguments) as error:
        end = ENDS[type(error)]
    except Refused:
        end = "refused by the router"
    except RouterError as error:
        end = f"{type(error).__name__}: {error.problem}"
    return end


@pytest.mark.parametrize("blind", [False, True], ids=["with-the-simulation", "by-the-guard-alone"])
def test_nobody_locks_himself_out(
    make_twin: MakeTwin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], blind: bool
) -> None:
    if blind:
        monkeypatch.setattr(lookout, "look", lambda *_given, **_named: Prospect())
    ends, lost = Counter[str](), []
    for number in range(CASES):
        hostile = case(number, SEED)
        seat = Seat(CLIENT, ROUTER, "ether2", denied="close", **hostile.knobs)
        server = guarded_twin(make_twin, hostile.seed, seat, defconf=False)
        assert can_log_in(server)
        end = end_of(server, hostile)
        ends[end] += 1
        if not can_log_in(server):
            server.router.advance(TIMEOUT + 1)
            if not can_log_in(server):
                lost.append((number, end))
        server.stop()
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
