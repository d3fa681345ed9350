# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a client sends, the twin answers with a sentence of the API and stays whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twin import COMPARED, Router, Trap
from twin.session import Session
from twin.signature import API_ONLY, commands
from twin.table import Table

LONG = "9" * 5000
VALUES = (
    *("", "x", "*", "*1", "*zz", "*FFFFFFFF", "*1,*2", ",", "!", "!!", "!x", "0", "-1", "1", "500", "-500", "1_0"),
    *(" 5 ", "+5", "0x", "0xG", "0x1F", LONG, f"{LONG}s", f"500-{LONG}", f"{LONG},5", f"10.0.0.0/{LONG}", "\u00b2"),
    *("\u0663", "1/\u00b2,5", "\u0663/1m,5:packet", "\udcff", "a\r\nb", "a,b", "1-2", "500-", "yes", "true", "none"),
    *("any", "default", "ether1", "accept", "input", "tcp", "udp", "6", "1h", "12:34", "1d00:00:00", "10,5", "1:"),
    *("10/1m,5:bit", f"1/1w,1,src-address/{LONG}w", "8h-18h,mon", f"8h-{LONG}h,mon", "in,ipsec", "fqdn:x"),
    *("10.0.0.1", "10.0.0.0/8", "1.2.3.4-5.6.7.8", "5.6.7.8-1.2.3.4", "::1", "::1%x", "fe80::1%e/64", "192.168.1.2-"),
)
QUERIES = ("?", "?=", "?>", "?<", "?#", "?-", f"?#{LONG}|", "?#|!&.0", f"?>mtu={LONG}")
REPLIES = {"!re", "!done", "!trap", "!fatal", "!empty"}
ROUTERS = {version: Router(version) for version in ("7.12.2", "7.24")}


def words_of(table: Table) -> st.SearchStrategy[list[str]]:
    """Sentences for one menu: any command, arguments it has or has not, values of every sort."""
    known = commands(table.menu, table.persona)
    names = sorted(set(table.fields) | {name for taken in known.values() for name in taken} | {".id", ".proplist"})
    mandatory = [each.name for each in table.menu.fields if each.mandatory]
    value = st.sampled_from(VALUES)
    attribute = st.builds("={}{}={}".format, st.sampled_from(("", "", "", "!")), st.sampled_from(names), value)
    given_too = st.tuples(*(st.builds(f"={name}={{}}".format, value) for name in mandatory)).map(list)
    query = st.builds("{}{}".format, st.sampled_from(QUERIES), st.sampled_from((*names, "")))
    verbs = st.sampled_from((*known, *API_ONLY, "nonsense", "")).map(lambda verb: [f"{table.menu.path}/{verb}"])
    rest = st.lists(attribute | query | value.map(".tag={}".format), max_size=5)
    return st.builds(lambda head, needed, more: [*head, *needed, *more], verbs, given_too | st.just([]), rest)


SENTENCES = st.sampled_from([each for router in ROUTERS.values() for each in router.tables.values()]).flatmap(words_of)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(COMPARED), st.lists(SENTENCES, min_size=1, max_size=8))
def test_any_sentence_is_answered(version: str, sentences: list[list[str]]) -> None:
    router = Router(version)
    session = Session(router, "192.0.2.9", "api", lambda _dummy: None)
    session.handle(["/login", "=name=admin", "=password="])
    for sentence in sentences:
        replies = session.handle(sentence)
        assert {words[0] for words in replies} <= REPLIES
        if not any(word in ("listen", "follow", "follow-only") for word in _verb_and_names(sentence)):
            assert [words[0] for words in replies].count("!done") == 1
            assert replies[-1][0] == "!done"
    router.dump()


def _verb_and_names(sentence: list[str]) -> list[str]:
    return [sentence[0].rpartition("/")[2], *(word[1:].partition("=")[0] for word in sentence[1:])]


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6))
def test_any_words_are_answered_or_fatal(words: list[str]) -> None:
    session = Session(Router(), "192.0.2.9", "api", lambda _dummy: None)
    session.handle(["/login", "=name=admin", "=password="])
    assert {reply[0] for reply in session.handle(words)} <= REPLIES


@pytest.mark.parametrize("version", ROUTERS)
def test_every_argument_of_every_command_can_be_taken_back_or_is_refused(version: str) -> None:
    """`=!name=` on whatever has an entry to try it on."""
    router = Router(version)
    router.add("/ip/ipsec/peer", name="a")
    session = Session(router, "192.0.2.9", "api", lambda _dummy: None)
    session.handle(["/login", "=name=admin", "=password="])
    for path, table in router.tables.items():
        for verb, names in commands(table.menu, table.persona).items():
            for name in sorted(names):
                target = [f"=.id={table.rows[0].id}"] if table.rows and "numbers" in names else []
                replies = session.handle([f"{path}/{verb}", *target, f"=!{name}="])
                assert {words[0] for words in replies} <= REPLIES


@pytest.mark.parametrize("version", ROUTERS)
def test_every_field_spells_or_refuses_every_value_and_its_spelling_is_stable(version: str) -> None:
    """A value that changes when it is written back would never let a client come to rest."""
    unstable = []
    for path, table in ROUTERS[version].tables.items():
        for name, field in table.fields.items():
            for value in VALUES:
                try:
                    read = field.kind.canon(name, value)
                except Trap:
                    continue
                if field.kind.canon(name, read) != read:
                    unstable.append((path, name, value, read))
    assert unstable == []
