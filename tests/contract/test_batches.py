# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many commands at once: one round trip, answers in the order of the questions, no size that blocks."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Reply, Session
from twin import Server

LIST = "/ip/firewall/address-list"
MANY = 5_000


def sites(many: int) -> list[Command]:
    words = ({"list": "sites", "address": f"10.1.{each // 250}.{each % 250}"} for each in range(many))
    return [Command(LIST, "add", each) for each in words]


def test_nothing_is_asked_for_nothing(session: Session, router: Server) -> None:
    before = router.round_trips
    assert session.run([]) == []
    assert router.round_trips == before


def test_a_login_and_a_batch_of_reads_cost_one_round_trip_each(session: Session, router: Server) -> None:
    assert router.round_trips == 1
    router.reset_counters()
    paths = ["/ip/ipsec/peer", "/ip/ipsec/policy", "/ip/firewall/filter", "/system/resource", "/ip/ipsec/identity"]
    replies = session.run([Command(path, "print") for path in paths * 10])
    assert len(replies) == 50
    assert router.round_trips == 1


def test_answers_come_in_the_order_of_the_questions(session: Session) -> None:
    added = session.run(sites(20))
    asked = [Command(LIST, "print", {".proplist": ".id"}, (f"?.id={reply.ret}",)) for reply in reversed(added)]
    assert [reply.rows for reply in session.run(asked)] == [({".id": reply.ret},) for reply in reversed(added)]


def test_thousands_of_commands_and_rows_pass(session: Session) -> None:
    added = session.run(sites(MANY))
    assert {type(reply.ret) for reply in added} == {str}
    assert len({reply.ret for reply in added}) == MANY
    (read,) = session.run([Command(LIST, "print")])
    assert [(row[".id"], row["address"]) for row in read.rows] == [
        (reply.ret, command.words["address"]) for reply, command in zip(added, sites(MANY), strict=True)
    ]


def test_many_large_answers_pass(session: Session) -> None:
    session.run(sites(400))
    replies = session.run([Command(LIST, "print", {".proplist": ".id,address"})] * 100)
    assert {len(reply.rows) for reply in replies} == {400}


def test_batches_follow_each_other_on_one_connection(session: Session, router: Server) -> None:
    for _dummy in range(3):
        assert session.run([Command("/system/identity", "print")]) == [Reply(({"name": "MikroTik"},))]
    assert router.connections == 1
