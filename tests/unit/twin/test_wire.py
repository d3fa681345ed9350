# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and sentences survive every size and every way TCP may cut them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twin.command import parse
from twin.wire import Decoder, Unreadable, encode_length, encode_sentence

SENTENCES = st.lists(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=5), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("length", "prefix"),
    [
        (0, "00"),
        (0x7F, "7f"),
        (0x80, "8080"),
        (0x3FFF, "bfff"),
        (0x4000, "c04000"),
        (0x1FFFFF, "dfffff"),
        (0x200000, "e0200000"),
        (0xFFFFFFF, "efffffff"),
        (0x10000000, "f010000000"),
    ],
)
def test_length_prefix_has_the_size_its_range_asks_for(length: int, prefix: str) -> None:
    assert encode_length(length).hex() == prefix


@pytest.mark.parametrize("size", [1, 0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000])
def test_word_of_each_size_comes_back(size: int) -> None:
    words = ["/x", "=" + "a" * (size - 1)]
    assert Decoder().feed(encode_sentence(words)) == [words]


@given(SENTENCES, st.integers(1, 50))
def test_sentences_do_not_depend_on_where_the_stream_is_cut(sentences: list[list[str]], step: int) -> None:
    stream = b"".join(map(encode_sentence, sentences))
    decoder = Decoder()
    found = [sentence for at in range(0, len(stream), step) for sentence in decoder.feed(stream[at : at + step])]
    assert found == sentences
    assert not decoder.midway


def test_bytes_that_are_no_text_come_back_as_they_were() -> None:
    raw = b"\x04=\xff\xfe\x80\x00"
    (words,) = Decoder().feed(raw)
    assert encode_sentence(words) == raw


def test_empty_sentences_are_ignored() -> None:
    assert Decoder().feed(b"\x00\x00" + encode_sentence(["/quit"]) + b"\x00") == [["/quit"]]


def test_unfinished_sentence_is_known_to_be_unfinished() -> None:
    decoder = Decoder()
    assert decoder.feed(encode_sentence(["/login"])[:-1]) == []
    assert decoder.midway


@pytest.mark.parametrize("stream", [b"\xf8", b"\xff\x00", b"\xf0\x7f\xff\xff\xff"])
def test_reserved_bytes_and_monstrous_words_end_the_conversation(stream: bytes) -> None:
    with pytest.raises(Unreadable):
        Decoder().feed(stream)


def test_command_is_taken_apart() -> None:
    command = parse(["/ip/ipsec/peer/print", "=.proplist=name", "?name=a=b", "?#!", ".tag=7", "=!port="])
    assert (command.path, command.verb, command.tag) == ("/ip/ipsec/peer", "print", "7")
    assert command.words == ((".proplist", "name"), ("!port", ""))
    assert command.queries == ("name=a=b", "#!")


def test_values_are_not_in_the_repr_of_a_command() -> None:
    assert "hunter2" not in repr(parse(["/login", "=password=hunter2", "?secret=hunter2"]))
