# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong between a router and us, and what each error then promises."""

from __future__ import annotations

import socket
import time

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Lost,
    Reply,
    Session,
    Unreachable,
)
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.contract.transports import OpenTo, Transport

LIST = "/ip/firewall/address-list"
ADDS = [Command(LIST, "add", {"list": "sites", "address": f"192.0.2.{each}"}) for each in range(1, 6)]
READ = Command(LIST, "print", {".proplist": "address"})


def addresses(session: Session) -> list[str]:
    (reply,) = session.run([READ])
    return [row["address"] for row in reply.rows]


def test_a_port_where_nothing_listens_is_unreachable(router: Server, open_to: OpenTo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match=f"^127.0.0.1:{port}: nothing listens there; enable the service"):
        open_to(router, port=port)


def test_a_router_that_hangs_up_at_once_is_unreachable(router: Server, open_to: OpenTo) -> None:
    router.faults.refuse_connections = "close"
    with pytest.raises(Unreachable, match="check the addresses allowed for the service"):
        open_to(router)


def test_a_router_that_says_nothing_is_unreachable_in_time(router: Server, open_to: OpenTo) -> None:
    router.faults.refuse_connections = "hang"
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"within 0\.3 s"):
        open_to(router, timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 5


@pytest.mark.parametrize(("when", "made"), [("before", 2), ("after", 3), ("midreply", 3)])
def test_a_cut_among_writes_loses_what_was_not_answered(
    session: Session, router: Server, open_to: OpenTo, when: str, made: int
) -> None:
    router.faults.drop_when = when
    router.faults.drop_after = 3
    with pytest.raises(Lost) as caught:
        session.run(ADDS)
    first, second, *others = caught.value.replies
    assert [reply and bool(reply.ret) for reply in (first, second)] == [True, True]
    assert others == [None, None, None]
    assert router.connections == 1
    assert len(addresses(open_to(router))) == made


def test_a_cut_amid_rows_gives_no_half_answer(session: Session, router: Server) -> None:
    session.run(ADDS)
    router.faults.drop_when = "midreply"
    router.faults.drop_after = 2
    with pytest.raises(Lost) as caught:
        session.run([ADDS[0], READ])
    assert [reply is None for reply in caught.value.replies] == [False, True]


@pytest.mark.parametrize("when", ["before", "after", "midreply"])
def test_a_cut_among_reads_is_made_good_over_a_fresh_connection(session: Session, router: Server, when: str) -> None:
    session.run(ADDS)
    router.faults.drop_when = when
    router.faults.drop_after = 2
    replies = session.run([READ, READ, READ])
    assert [len(reply.rows) for reply in replies] == [5, 5, 5]
    assert router.connections == 2
    assert len(addresses(session)) == 5


def test_reads_are_repeated_only_once(session: Session, router: Server) -> None:
    router.faults.drop_after = 2
    router.faults.drop_again = True
    with pytest.raises(Lost) as caught:
        session.run([READ, READ])
    assert caught.value.replies == (Reply(), None)
    assert router.connections == 2


def test_one_write_among_reads_forbids_repeating(session: Session, router: Server) -> None:
    router.faults.drop_after = 3
    with pytest.raises(Lost) as caught:
        session.run([READ, ADDS[0], READ])
    assert [reply is None for reply in caught.value.replies] == [False, False, True]
    assert router.connections == 1


def test_a_router_that_does_not_come_back_is_lost(session: Session, router: Server) -> None:
    router.faults.drop_after = 2
    router.faults.refuse_connections = "close"
    with pytest.raises(Lost, match=r"^127\.0\.0\.1:\d+: .*, and there was no way back: ") as caught:
        session.run([READ, READ])
    assert caught.value.replies == (Reply(), None)


def test_an_answer_that_does_not_come_is_lost_in_time(router: Server, open_to: OpenTo) -> None:
    session = open_to(router, timeout=0.5)
    router.faults.latency = 5
    started = time.monotonic()
    with pytest.raises(Lost, match=r"did not answer within 0\.5 s") as caught:
        session.run([READ])
    assert time.monotonic() - started < 4
    assert caught.value.replies == (None,)
    # A slow router is not helped by being asked again.
    assert router.connections == 1


def test_slow_answers_are_awaited(router: Server, open_to: OpenTo) -> None:
    session = open_to(router, timeout=5)
    router.faults.latency = 0.4
    assert session.run([READ]) == [Reply()]


def test_a_router_that_ends_the_session_is_quoted(session: Session) -> None:
    with pytest.raises(Lost, match=r"ended the session \(session terminated on request\)"):
        session.run([Command("", "quit"), ADDS[0]])


def test_a_session_that_is_over_stays_over(session: Session, router: Server) -> None:
    router.faults.drop_after = 1
    with pytest.raises(Lost):
        session.run(ADDS)
    with pytest.raises(Lost, match="closed already") as caught:
        session.run([READ])
    assert caught.value.replies == (None,)
    assert router.connections == 1


def test_secrets_stay_out_of_errors(session: Session, router: Server) -> None:
    router.faults.drop_after = 1
    with pytest.raises(Lost) as caught:
        session.run([Command("/ip/ipsec/identity", "add", {"peer": "x", "secret": "hush"})])
    assert "hush" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"


def test_the_wrong_kind_of_service_is_guessed(
    transport: Transport, router: Server, open_to: OpenTo, make_twin: MakeTwin
) -> None:
    if transport.transport == "api":
        wrong = make_twin(tls=True).tls_port
        hint = "set routeros_transport to api-ssl$"
    else:
        wrong = router.port
        hint = "set routeros_transport to api$"
    with pytest.raises(Unreachable, match=hint):
        open_to(router, port=wrong, timeout=0.5)
