# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two styles of login, word by word."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken, Closed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.login import log_in, respond
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import LoginRefused, Target, Unreachable
from librouteros.login import encode_password

CHALLENGE = "0123456789abcdef0123456789abcdef"
TARGET = Target("r1", user="ops", password="pass word", transport="api")


class Script:
    """A wire that answers from a list and remembers what it was told."""

    def __init__(self, *replies: list[str] | Broken, greeting: bytes = b"") -> None:
        self.replies = list(replies)
        self.heard: list[list[str]] = []
        self.link = SimpleNamespace(greeting=greeting)

    def send(self, sentences: list[list[str]]) -> None:
        self.heard.extend(sentences)

    def receive(self) -> list[str]:
        reply = self.replies.pop(0)
        if isinstance(reply, Broken):
            raise reply
        return reply


def enter(*replies: list[str] | Broken, greeting: bytes = b"") -> list[list[str]]:
    wire = Script(*replies, greeting=greeting)
    log_in(wire, TARGET)  # type: ignore[arg-type]
    return wire.heard


def test_today_s_login_is_one_sentence() -> None:
    assert enter(["!done"]) == [["/login", "=name=ops", "=password=pass word"]]


def test_a_challenge_is_answered() -> None:
    first, second = enter(["!done", f"=ret={CHALLENGE}"], ["!done"])
    assert first == ["/login", "=name=ops", "=password=pass word"]
    assert second == ["/login", "=name=ops", f"=response={encode_password(CHALLENGE, 'pass word')}"]


def test_a_password_beyond_ascii_can_be_answered_with() -> None:
    # MD5 over a zero byte, the UTF-8 of the password and the bytes of the challenge.
    assert respond("00", "ü") == "00" + "806bb733509bd37166c6c1957b9552c3"


@pytest.mark.parametrize("second", [["!trap", "=message=cannot log in"], ["!done", f"=ret={CHALLENGE}"]])
def test_a_refused_response_is_a_refused_login(second: list[str]) -> None:
    with pytest.raises(LoginRefused, match=r"^r1:8728: the login of user ops was refused \((cannot|it wants)"):
        enter(["!done", f"=ret={CHALLENGE}"], second, ["!done"])


@pytest.mark.parametrize(
    ("trouble", "greeting", "told"),
    [
        pytest.param(
            Closed("the router closed the connection"), b"", "connection before the login; check", id="closed"
        ),
        pytest.param(Broken("the router did not answer"), b"", "did not answer to the login; check", id="silent"),
        pytest.param(Closed("x"), b"\x15\x03", "speaks TLS; if this port serves api-ssl", id="tls"),
        pytest.param(["!fatal", "too many"], b"", r"ended the session \(too many\)", id="fatal"),
        pytest.param(["!done", "=ret=xyz"], b"", "a challenge that is none", id="no-challenge"),
    ],
)
def test_what_is_no_answer_is_unreachable(trouble: list[str] | Broken, greeting: bytes, told: str) -> None:
    with pytest.raises(Unreachable, match=f"^r1:8728: .*{told}"):
        enter(trouble, greeting=greeting)
