# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The binary API's words and sentences as bytes; knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_FORMS = ((0x80, 0x00, 1), (0x4000, 0x8000, 2), (0x200000, 0xC00000, 3), (0x10000000, 0xE0000000, 4))


class Unreadable(Exception):
    """The stream cannot be followed any further: reserved control byte or a word beyond the limit."""


def encode_length(length: int) -> bytes:
    """One to five bytes, big endian, as the API prefixes each word with."""
    for limit, mark, size in _FORMS:
        if length < limit:
            return (length | mark).to_bytes(size, "big")
    return b"\xf0" + length.to_bytes(4, "big")


def encode_sentence(words: Iterable[str]) -> bytes:
    """All words and the empty word that ends the sentence; text goes out as the bytes it came in as."""
    parts: list[bytes] = []
    for word in words:
        raw = word.encode("utf-8", "surrogateescape")
        parts += (encode_length(len(raw)), raw)
    parts.append(b"\x00")
    return b"".join(parts)


def _length_size(first: int) -> int:
    if first < 0x80:
        return 1
    if first < 0xC0:
        return 2
    if first < 0xE0:
        return 3
    if first < 0xF0:
        return 4
    if first == 0xF0:
        return 5
    raise Unreadable(f"reserved control byte 0x{first:02X}")


def _length(head: bytes, size: int) -> int:
    value = int.from_bytes(head, "big")
    if size == 5:
        return value & 0xFFFFFFFF
    return value & ((1 << (7 * size)) - 1)


class Decoder:
    """Sentences out of TCP fragments of any size; empty sentences are dropped, as the router does."""

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._position = 0
        self._words: list[str] = []

    @property
    def midway(self) -> bool:
        """A sentence has begun and has not ended."""
        return bool(self._words) or self._position < len(self._buffer)

    def feed(self, data: bytes) -> list[list[str]]:
        """Take bytes and give the sentences they complete, each a list of words."""
        self._buffer += data
        sentences: list[list[str]] = []
        for word in self._complete_words():
            if word:
                self._words.append(word)
            elif self._words:
                sentences.append(self._words)
                self._words = []
        del self._buffer[: self._position]
        self._position = 0
        return sentences

    def _complete_words(self) -> Iterator[str]:
        buffer = self._buffer
        while self._position < len(buffer):
            start = self._position
            size = _length_size(buffer[start])
            body = start + size
            if body > len(buffer):
                return
            length = _length(bytes(buffer[start:body]), size)
            if length > self.limit:
                raise Unreadable(f"a word of {length} bytes")
            if body + length > len(buffer):
                return
            self._position = body + length
            yield buffer[body : body + length].decode("utf-8", "surrogateescape")
