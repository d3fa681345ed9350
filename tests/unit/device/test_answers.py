# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies find their commands, in whatever order and company they come."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.answers import Answer, converse, sentence
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Reply, Trap

Words = list[str]


class Script:
    """A wire that plays sentences, whatever it is sent."""

    def __init__(self, *replies: Words) -> None:
        self.replies = list(replies)

    def send(self, sentences: object) -> None:
        pass

    def receive(self) -> Words:
        if not self.replies:
            raise Broken("the script has ended")
        return self.replies.pop(0)


def play(*replies: Words, tags: str = "0") -> list[Reply]:
    answers = {tag: Answer() for tag in tags}
    converse(Script(*replies), [], answers)  # type: ignore[arg-type]
    return [answer.reply() for answer in answers.values()]


def test_a_command_s_words() -> None:
    words = {".id": "*1", "comment": "a=b", "!src-address": ""}
    assert sentence(Command("/ip/firewall/filter", "set", words), "7") == [
        "/ip/firewall/filter/set",
        "=.id=*1",
        "=comment=a=b",
        "=!src-address=",
        ".tag=7",
    ]


def test_queries_keep_their_order() -> None:
    queries = ("?dynamic=true", "?disabled=true", "?#|!")
    assert sentence(Command("/ip/route", "print", queries=queries), "0") == ["/ip/route/print", *queries, ".tag=0"]


def test_answers_may_come_in_any_order_and_mixed() -> None:
    replies = play(
        ["!re", "=name=c1", ".tag=2"],
        ["!re", ".tag=0", "=name=a1"],
        ["!done", ".tag=1", "=ret=*B"],
        ["!re", "=name=c2", ".tag=2"],
        ["!done", ".tag=2"],
        ["!done", ".tag=0"],
        tags="012",
    )
    assert replies == [Reply(({"name": "a1"},)), Reply(ret="*B"), Reply(({"name": "c1"}, {"name": "c2"}))]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(["!empty", ".tag=0"], id="empty"),
        pytest.param(["!news", "=name=x", ".tag=0"], id="unknown-word"),
        pytest.param(["!re", "=name=x", ".tag=99"], id="unknown-tag"),
        pytest.param(["!re", "=name=x"], id="no-tag"),
    ],
)
def test_what_is_not_known_is_passed_over(odd: Words) -> None:
    assert play(odd, ["!done", ".tag=0"]) == [Reply()]


def test_nothing_is_added_to_a_finished_answer() -> None:
    replies = play(["!done", ".tag=0"], ["!re", "=a=b", ".tag=0"], ["!done", ".tag=0"], ["!done", ".tag=1"], tags="01")
    assert replies == [Reply(), Reply()]


def test_odd_attribute_words_are_borne() -> None:
    (reply,) = play(["!re", "=a=1", "=a=2", "=flag", "=empty=", "stray", ".section=3", ".tag=0"], ["!done", ".tag=0"])
    assert reply.rows == ({"a": "2", "flag": "", "empty": ""},)


def test_a_row_without_attributes_is_a_row() -> None:
    assert play(["!re", ".tag=0"], ["!done", ".tag=0"]) == [Reply(({},))]


@pytest.mark.parametrize(
    ("words", "trap"),
    [
        (["=category=1", "=message=bad"], Trap("bad", 1)),
        (["=message=no such item (4)"], Trap("no such item (4)")),
        (["=category=odd", "=message=bad"], Trap("bad")),
        ([], Trap("no reason given")),
    ],
)
def test_a_refusal_keeps_message_and_category(words: Words, trap: Trap) -> None:
    assert play(["!trap", *words, ".tag=0"], ["!done", ".tag=0"]) == [Reply(trap=trap)]


def test_the_first_refusal_counts_and_rows_before_it_stay() -> None:
    (reply,) = play(
        ["!re", "=a=1", ".tag=0"],
        ["!trap", "=message=first", ".tag=0"],
        ["!trap", "=message=second", ".tag=0"],
        ["!done", ".tag=0"],
    )
    assert reply == Reply(({"a": "1"},), None, Trap("first"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["not logged in"], "not logged in"),
        (["=message=too many", ".tag=0"], "too many"),
        ([], "no reason given"),
    ],
)
def test_the_end_of_a_session_is_told(words: Words, told: str) -> None:
    with pytest.raises(Broken, match=rf"^the router ended the session \({told}\)$"):
        play(["!fatal", *words])


def test_answers_that_came_before_the_end_are_kept() -> None:
    answers = {tag: Answer() for tag in "01"}
    with pytest.raises(Broken):
        converse(Script(["!done", ".tag=1"], ["!re", ".tag=0"]), [], answers)  # type: ignore[arg-type]
    assert [answer.done for answer in answers.values()] == [False, True]
