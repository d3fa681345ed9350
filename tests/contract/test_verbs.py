# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked of a router, and what comes back."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Reply, Session, Trap
from twin import Refusal, Server
from twin.pytest_plugin import MakeTwin

from tests.contract.transports import OpenTo, Transport

FILTER = "/ip/firewall/filter"
LIST = "/ip/firewall/address-list"


def ask(session: Session, path: str, verb: str, **words: str) -> Reply:
    """One command; `_` in names of words stands for `-`."""
    (reply,) = session.run([Command(path, verb, {name.replace("_", "-"): value for name, value in words.items()})])
    return reply


def rules(session: Session) -> list[str]:
    return [row["comment"] for row in ask(session, FILTER, "print").rows]


@pytest.fixture
def three(session: Session) -> dict[str, str]:
    """Three rules; gives their ids by their comments a, b, c."""
    words = {"chain": "input", "action": "accept"}
    replies = session.run([Command(FILTER, "add", {**words, "comment": comment}) for comment in "abc"])
    return {comment: str(reply.ret) for comment, reply in zip("abc", replies, strict=True)}


def test_a_singleton_is_one_row(session: Session) -> None:
    assert ask(session, "/system/identity", "print") == Reply(({"name": "MikroTik"},))


def test_an_added_entry_has_the_id_that_came_back(session: Session) -> None:
    added = ask(session, LIST, "add", list="sites", address="192.0.2.1")
    (row,) = ask(session, LIST, "print").rows
    assert added == Reply(ret=row[".id"])
    assert (row["list"], row["address"]) == ("sites", "192.0.2.1")


def test_a_read_gives_only_the_properties_asked_for(session: Session, three: dict[str, str]) -> None:
    (reply,) = session.run([Command(FILTER, "print", {".proplist": ".id,comment"})])
    assert reply.rows == tuple({".id": id_, "comment": comment} for comment, id_ in three.items())


def test_queries_choose_rows(session: Session, three: dict[str, str]) -> None:
    (reply,) = session.run([Command(FILTER, "print", {".proplist": ".id"}, ("?comment=a", "?comment=c", "?#|!"))])
    assert reply.rows == ({".id": three["b"]},)


def test_set_changes_one_entry(session: Session, three: dict[str, str]) -> None:
    (reply,) = session.run([Command(FILTER, "set", {".id": three["b"], "comment": "B"})])
    assert reply == Reply()
    assert rules(session) == ["a", "B", "c"]


def test_set_changes_a_singleton(session: Session) -> None:
    assert ask(session, "/system/identity", "set", name="edge") == Reply()
    assert ask(session, "/system/identity", "print").rows == ({"name": "edge"},)


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        pytest.param("set", {"!src-address": ""}, id="negated-word"),
        pytest.param("unset", {"value-name": "src-address"}, id="unset"),
    ],
)
def test_a_property_can_be_taken_away(session: Session, verb: str, words: dict[str, str]) -> None:
    id_ = str(ask(session, FILTER, "add", chain="input", action="drop", src_address="192.0.2.1").ret)
    (reply,) = session.run([Command(FILTER, verb, {".id": id_, **words})])
    assert reply == Reply()
    (row,) = ask(session, FILTER, "print").rows
    assert "src-address" not in row


def test_an_entry_is_added_before_another(session: Session, three: dict[str, str]) -> None:
    ask(session, FILTER, "add", chain="input", action="accept", comment="new", place_before=three["b"])
    assert rules(session) == ["a", "new", "b", "c"]


def test_an_entry_moves_before_another(session: Session, three: dict[str, str]) -> None:
    assert ask(session, FILTER, "move", numbers=three["c"], destination=three["a"]) == Reply()
    assert rules(session) == ["c", "a", "b"]


def test_an_entry_moves_to_the_end(session: Session, three: dict[str, str]) -> None:
    assert ask(session, FILTER, "move", numbers=three["a"]) == Reply()
    assert rules(session) == ["b", "c", "a"]


def test_entries_are_disabled_and_removed(session: Session, three: dict[str, str]) -> None:
    both = {".id": f"{three['a']},{three['b']}"}
    assert session.run([Command(FILTER, "disable", both)]) == [Reply()]
    assert [row["disabled"] for row in ask(session, FILTER, "print").rows] == ["true", "true", "false"]
    assert session.run([Command(FILTER, "remove", both)]) == [Reply()]
    assert rules(session) == ["c"]


def test_a_refusal_is_the_router_s_own_text_and_stops_nothing_else(session: Session) -> None:
    replies = session.run(
        [
            Command(FILTER, "add", {"chain": "input", "colour": "red"}),
            Command("/ip/firewall/walls", "print"),
            Command("/system/identity", "print"),
        ]
    )
    assert [reply.trap and reply.trap.message for reply in replies] == [
        "unknown parameter colour",
        "no such command prefix",
        None,
    ]
    assert replies[2].rows == ({"name": "MikroTik"},)


@pytest.mark.parametrize("category", [None, 0, 1, 4])
def test_a_refusal_has_the_category_that_the_router_gave(
    session: Session, router: Server, category: int | None
) -> None:
    router.faults.refuse = Refusal(message="failure: no\r\nreally", category=category)
    reply = ask(session, LIST, "add", list="sites", address="192.0.2.1")
    assert reply == Reply(trap=Trap("failure: no\r\nreally", category))


@pytest.mark.parametrize("version", ["7.16.2", "7.22.3"], ids=["bare-done", "empty-and-done"])
def test_no_rows_are_no_rows(make_twin: MakeTwin, transport: Transport, open_to: OpenTo, version: str) -> None:
    session = open_to(make_twin(version, **transport.serve))
    assert session.run([Command(LIST, "print"), Command("/ip/ipsec/peer", "print")]) == [Reply(), Reply()]
