# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that dies or a network that breaks, at any step of a guarded change, leaves the old state or the new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import RouterError
from twin import Faults, Server
from twin.pytest_plugin import MakeTwin

from tests.integration.guarding import TIMEOUT, Killing, ask, guarded_twin, in_a_process, snapshot, stay_away
from tests.integration.playing import content

OWN_PEER = {"name": "own-b", "address": "203.0.113.50", "exchange-mode": "ike2", "comment": "own: b"}
SEED = {
    "/ip/firewall/address-list": [
        {"list": "own-managers", "address": "192.168.88.0/28", "comment": "own: office"},
        {"list": "own-managers", "address": "192.168.88.200", "comment": "own: somebody who left"},
    ],
    "/ip/firewall/filter": [
        {"chain": "input", "protocol": "tcp", "dst-port": "8728", "src-address-list": "own-managers",
         "comment": "own: management"},
        {"chain": "input", "protocol": "udp", "dst-port": "53", "comment": "own: DNS"},
        {"chain": "input", "action": "drop", "protocol": "tcp", "dst-port": "23", "comment": "own: telnet"},
        {"chain": "input", "protocol": "icmp", "disabled": "yes", "comment": "own: ping"},
    ],
    "/ip/ipsec/peer": [OWN_PEER],
    "/ip/ipsec/identity": [{"peer": "own-b", "secret": "an-old-secret-of-the-guard", "comment": "own: b"}],
}  # fmt: skip
WISH: dict[str, Any] = {
    "state": "overridden",
    "scope": {"owner": ["own"]},
    "config": {
        "ipsec_peer": [
            {"name": "own-b", "address": "203.0.113.60", "exchange_mode": "ike2", "comment": "own: b"}
        ],
        "ipsec_identity": [{"peer": "own-b", "secret": "a-new-secret-of-the-guard", "comment": "own: b"}],
        "firewall_address_list": [
            {"list": "own-managers", "address": "192.168.88.0/28", "comment": "own: head office"},
            {"list": "own-managers", "address": "192.168.99.0/24", "comment": "own: branch"},
        ],
        "firewall_raw": [
            {"chain": "prerouting", "action": "drop", "src_address": "198.51.100.0/24", "comment": "own: bogons"}
        ],
        "firewall_filter": [
            {"chain": "input", "action": "drop", "protocol": "tcp", "dst_port": "23", "comment": "own: telnet"},
            {"chain": "input", "protocol": "tcp", "dst_port": "22,8728", "src_address_list": "own-managers",
             "comment": "own: management"},
            {"chain": "input", "protocol": "icmp", "comment": "own: ping"},
            {"chain": "input", "protocol": "udp", "dst_port": "123", "comment": "own: NTP"},
            {"chain": "forward", "action": "drop", "protocol": "tcp", "dst_port": "25"},
        ],
        "ip_service": [{"name": "telnet", "disabled": True}, {"name": "ssh", "address": ["192.168.88.0/24"]}],
    },
}  # fmt: skip
WISH["config"]["firewall_filter"][-1]["comment"] = "own: mail"


def change(server: Server, **more: Any) -> dict[str, Any]:
    return ask(server, "config", WISH, **more)


@pytest.fixture
def undisturbed(make_twin: MakeTwin) -> dict[str, Any]:
    """What a router holds that was changed in peace."""
    server = guarded_twin(make_twin, SEED)
    assert change(server)["guarded"] is True
    assert change(server)["changed"] is False
    found = held(server)
    server.stop()
    return found


def held(server: Server) -> dict[str, Any]:
    """Everything on the router but what it makes itself, some of which a restart takes away."""
    found = {path: [row for row in rows if row.get("dynamic") != "true"] for path, rows in content(server).items()}
    return {path: rows for path, rows in found.items() if rows}


def nothing_left(server: Server) -> bool:
    """Whether no scheduler entry and no mark of the guard is there, nor a script that anything would run."""
    found = snapshot(server)
    # Who dies between the first and the second sentence of arming leaves a script; the next run removes it.
    del found["/system/script"]
    return "vpnops-guard" not in str(found)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_controller_killed_at_every_sentence(
    make_twin: MakeTwin, undisturbed: dict[str, Any], moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = Counter[str]()
    for nth in count(1):
        faults = Killing(nth=nth, moment=moment)
        server = guarded_twin(make_twin, SEED, faults=faults)
        before = snapshot(server)
        in_a_process(faults, lambda server=server: change(server))  # type: ignore[misc]
        if not faults.killed:
            break
        server.router.advance(TIMEOUT + 1)
        after = snapshot(server)
        assert nothing_left(server), f"killed {moment} sentence {nth}"
        before["/system/script"] = after["/system/script"]
        ends["as before" if after == before else "firewall complete"] += 1
        if after != before:
            assert acting(held(server)) == acting(undisturbed), f"killed {moment} sentence {nth}"
        change(server)
        assert held(server) == undisturbed, f"the run after the one killed {moment} sentence {nth}"
        assert change(server)["changed"] is False
        assert "vpnops-guard" not in str(snapshot(server))
        server.stop()
    assert ends["as before"] > ends["firewall complete"] > 0
    with capsys.disabled():
        print(f"\n  killed {moment} each of {nth - 1} sentences: {dict(ends)}")


def acting(found: dict[str, Any]) -> dict[str, Any]:
    """What has an effect on traffic; secrets and comments follow when the rest is confirmed."""
    dressed = ("comment", "secret")
    return {
        path: [{key: value for key, value in row.items() if key not in dressed} for row in rows]
        for path, rows in found.items()
        if "/firewall/" in path or path == "/ip/service"
    }


def ways_to_break(make_twin: MakeTwin, moment: str) -> Iterator[tuple[int, Server]]:
    """A fresh router for every sentence of a change at which its session breaks."""
    for nth in count(1):
        server = guarded_twin(make_twin, SEED)
        server.faults.drop_when, server.faults.drop_after = moment, nth
        yield nth, server
        server.stop()
        if not server.faults.dropped:
            return


@pytest.mark.parametrize("moment", ["before", "after", "midreply"])
@pytest.mark.parametrize("lasting", [True, False], ids=["for-good", "once"])
def test_a_network_cut_at_every_sentence(
    make_twin: MakeTwin, undisturbed: dict[str, Any], moment: str, lasting: bool
) -> None:
    for nth, server in ways_to_break(make_twin, moment):
        before = snapshot(server)
        told = ""
        if lasting:
            stay_away(server)
        try:
            change(server)
        except RouterError as error:
            told = str(error)
        server.faults.refuse_connections, server.faults.drop_after = "", 0
        server.router.advance(TIMEOUT + 1)
        where = f"cut {moment} sentence {nth}: {told}"
        assert "secret-of-the-guard" not in told
        assert nothing_left(server), where
        after = snapshot(server)
        before["/system/script"] = after["/system/script"]
        assert after == before or acting(held(server)) == acting(undisturbed), where
        if "as it was before" in told:
            assert after == before, where
        change(server)
        assert held(server) == undisturbed, where
        assert change(server)["changed"] is False


def test_a_router_that_restarts_at_every_sentence(make_twin: MakeTwin, undisturbed: dict[str, Any]) -> None:
    for nth in count(1):
        server = guarded_twin(make_twin, SEED)
        before = snapshot(server)
        restarting(server, nth)
        told = ""
        try:
            change(server)
        except RouterError as error:
            told = str(error)
        server.router.advance(5)
        where = f"restarted at sentence {nth}: {told}"
        assert nothing_left(server), where
        after = snapshot(server)
        before["/system/script"] = after["/system/script"]
        assert after == before or acting(held(server)) == acting(undisturbed), where
        restarted = server.router.boots > 0
        server.faults = Faults()
        change(server)
        assert held(server) == undisturbed, where
        server.stop()
        if not restarted:
            return


def restarting(server: Server, nth: int) -> None:
    """Restart the router when the nth sentence has been carried out."""
    left = [nth]

    def struck() -> str:
        left[0] -= 1
        if left[0] == 0:
            server.reboot()
            return "after"
        return ""

    server.faults.strike = struck  # type: ignore[method-assign]
