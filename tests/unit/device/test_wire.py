# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and sentences as bytes, against an encoder and decoder that nobody here shares code with: the twin's."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.wire import Wire, encode
from hypothesis import given
from hypothesis import strategies as st
from twin.wire import Decoder, encode_sentence

# Every byte of every word that can arrive, so also what is no UTF-8.
WORDS = st.lists(
    st.binary(min_size=1, max_size=300).map(lambda raw: raw.decode("utf-8", "surrogateescape")), min_size=1
)
EDGES = (0x7F, 0x80, 0x3FFF, 0x4000, 0x1FFFFF, 0x200000)


class Tape:
    """A link whose answers are given beforehand."""

    def __init__(self, answers: bytes = b"") -> None:
        self.answers = answers
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data

    def read(self, length: int) -> bytes:
        if len(self.answers) < length:
            raise Broken("the tape has ended")
        data, self.answers = self.answers[:length], self.answers[length:]
        return data


def wire(answers: bytes = b"") -> Wire:
    return Wire(Tape(answers))  # type: ignore[arg-type]


@given(WORDS)
def test_a_router_reads_what_was_encoded(words: list[str]) -> None:
    assert Decoder().feed(encode(words)) == [words]


@given(WORDS)
def test_a_sentence_of_a_router_is_read(words: list[str]) -> None:
    assert wire(encode_sentence(words)).receive() == words


@pytest.mark.parametrize("length", EDGES, ids=hex)
def test_words_of_every_length_pass_both_ways(length: int) -> None:
    words = ["!re", "x" * length]
    assert wire(encode_sentence(words)).receive() == words
    assert Decoder().feed(encode(words)) == [words]


def test_several_sentences_leave_as_one_piece() -> None:
    tape = Tape()
    Wire(tape).send([["/a"], ["/b", "=c=ü"]])  # type: ignore[arg-type]
    assert Decoder().feed(tape.sent) == [["/a"], ["/b", "=c=ü"]]


def test_empty_sentences_are_passed_over() -> None:
    assert wire(b"\0\0" + encode_sentence(["!done"])).receive() == ["!done"]


@pytest.mark.parametrize("first", [0xF8, 0xFF])
def test_what_is_no_sentence_is_told_as_such(first: int) -> None:
    with pytest.raises(Broken, match="does not speak the RouterOS API"):
        wire(bytes([first]) * 8).receive()
