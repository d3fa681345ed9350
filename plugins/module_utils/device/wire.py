# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences of the RouterOS API as lists of words, every word exactly as sent, on the framing of librouteros."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken, Link

try:
    from librouteros.exceptions import ProtocolError
    from librouteros.protocol import ApiProtocol, encode_sentence
except ImportError as error:
    IMPORT_ERROR: str | None = str(error)
else:
    IMPORT_ERROR = None

# librouteros drops bytes that its encoding does not know, such as the Windows-1252 of older WinBox. This encoding
# knows all of them, and the words are made UTF-8 here, where the odd byte survives.
EVERY_BYTE = "latin-1"


class Wire:
    """A connection that carries sentences.

    Words are read and sentences encoded one by one because librouteros' own sentences would write each word, secrets
    too, to its debug log.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self._protocol = ApiProtocol(transport=link, encoding=EVERY_BYTE)

    def send(self, sentences: Iterable[Sequence[str]]) -> None:
        """Have all sentences sent in one go, by the reading that follows."""
        self.link.write(b"".join(encode(words) for words in sentences))

    def receive(self) -> list[str]:
        """The next sentence; raises Broken when there is none."""
        try:
            while not (words := list(iter(self._protocol.readWord, ""))):
                continue
        except ProtocolError:
            raise Broken("what answers does not speak the RouterOS API") from None
        return [text(word) for word in words]


def encode(words: Sequence[str]) -> bytes:
    """A sentence as bytes."""
    packed = (word.encode("utf-8", "surrogateescape").decode(EVERY_BYTE) for word in words)
    encoded: bytes = encode_sentence(*packed, encoding=EVERY_BYTE)
    return encoded


def text(word: str) -> str:
    """The UTF-8 text in a word of EVERY_BYTE; a byte that is no UTF-8 becomes a surrogate and is sent as it came."""
    return word.encode(EVERY_BYTE).decode("utf-8", "surrogateescape")
