# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands to sentences, and sentences that arrive in any order back to the answers they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Reply, Trap
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.wire import Wire


def sentence(command: Command, tag: str) -> list[str]:
    """The words of a command; its answers will carry the tag."""
    attributes = (f"={name}={value}" for name, value in command.words.items())
    return [f"{command.path}/{command.verb}", *attributes, *command.queries, f".tag={tag}"]


@dataclass
class Answer:
    """An answer in the making."""

    rows: list[Mapping[str, str]] = field(default_factory=list)
    ret: str | None = None
    trap: Trap | None = None
    done: bool = False

    def take(self, kind: str, attributes: Mapping[str, str]) -> None:
        """Add one reply sentence; kinds unknown today, and `!empty`, say nothing."""
        if kind == "!re":
            self.rows.append(attributes)
        elif kind == "!trap":
            # The first refusal is the cause of those that follow it.
            self.trap = self.trap or Trap(attributes.get("message", "no reason given"), _category(attributes))
        elif kind == "!done":
            self.ret = attributes.get("ret")
            self.done = True

    def reply(self) -> Reply:
        """The answer as a value."""
        return Reply(tuple(self.rows), self.ret, self.trap)


def _category(attributes: Mapping[str, str]) -> int | None:
    given = attributes.get("category", "")
    return int(given) if given.isdecimal() else None


def converse(wire: Wire, sentences: Sequence[Sequence[str]], answers: Mapping[str, Answer]) -> None:
    """Send sentences and fill the answers, by tag; raises Broken with those filled that came."""
    wire.send(sentences)
    open_ = sum(not answer.done for answer in answers.values())
    while open_:
        words = wire.receive()
        tag, attributes = _parse(words)
        if words[0] == "!fatal":
            raise Broken(f"the router ended the session ({_last_words(words)})")
        answer = answers.get(tag)
        if answer and not answer.done:
            answer.take(words[0], attributes)
            open_ -= answer.done


def _parse(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    tag = ""
    attributes = {}
    for word in words[1:]:
        if word.startswith("="):
            name, _dummy, value = word[1:].partition("=")
            attributes[name] = value
        elif word.startswith(".tag="):
            tag = word[5:]
    return tag, attributes


def _last_words(words: Sequence[str]) -> str:
    """Why the router hangs up: a plain word, unlike the message of a refusal."""
    told = [word.removeprefix("=message=") for word in words[1:] if not word.startswith(".tag=")]
    return ", ".join(told) or "no reason given"
