# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handshake tells the router, and what its failures mean."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target, Unreachable
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.tls import context_for, secure, warnings
from twin.tls import Identity, self_signed, with_certificate

Answer = Callable[[socket.socket], None]


@pytest.fixture
def answered() -> Iterator[Callable[[Answer], socket.socket]]:
    """A function that gives our end of a connection whose other end does what it is told."""
    threads: list[threading.Thread] = []

    def start(answer: Answer) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.settimeout(0.5)

        def act() -> None:
            # We hang up without a word of goodbye.
            with theirs, contextlib.suppress(OSError):
                answer(theirs)

        threads.append(threading.Thread(target=act))
        threads[-1].start()
        return ours

    yield start
    for thread in threads:
        thread.join()


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return self_signed(tmp_path, "router")


def serve(context: ssl.SSLContext) -> Answer:
    def answer(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secured:
            secured.recv(1)

    return answer


def test_the_zone_of_an_address_is_not_looked_for_in_the_certificate(
    answered: Callable[[Answer], socket.socket], identity: Identity
) -> None:
    target = Target("::1%lo", ca_file=str(identity.certificate))
    secure(answered(serve(with_certificate(identity))), target, context_for(target)).close()


def test_the_router_s_name_is_sent(answered: Callable[[Answer], socket.socket], identity: Identity) -> None:
    context = with_certificate(identity)
    named: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: named.append(name)
    target = Target("localhost", ca_file=str(identity.certificate))
    secure(answered(serve(context)), target, context_for(target)).close()
    assert named == ["localhost"]


def refuse_by_alert(code: int) -> Answer:
    def answer(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([code]))

    return answer


def say(data: bytes) -> Answer:
    def answer(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(data)

    return answer


def hang(sock: socket.socket) -> None:
    while sock.recv(4096):
        continue


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(say(b"\x06!fatal\rnot logged in\0"), "does not speak TLS; if this port serves", id="plain-api"),
        pytest.param(say(b""), "closed before TLS began; check the addresses", id="closed"),
        pytest.param(hang, r"no TLS answer within 0\.5 s; if this port", id="silent"),
        pytest.param(refuse_by_alert(70), "TLS failed .*protocol version.*tls-version", id="old-tls"),
    ],
)
def test_a_failed_handshake_says_what_to_do(
    answered: Callable[[Answer], socket.socket], answer: Answer, told: str
) -> None:
    target = Target("192.0.2.1", validate_certs=False, timeout=0.5)
    with pytest.raises(Unreachable, match=rf"^192\.0\.2\.1:8729: .*{told}"):
        secure(answered(answer), target, context_for(target))


@pytest.mark.parametrize(
    ("target", "count"),
    [
        (Target("r"), 0),
        (Target("r", fingerprint="ab" * 32), 0),
        (Target("r", validate_certs=False), 1),
        (Target("r", anonymous=True, validate_certs=False), 1),
        (Target("r", transport="api", validate_certs=False, anonymous=True), 0),
    ],
)
def test_a_warning_comes_where_nobody_is_checked(target: Target, count: int) -> None:
    assert len(warnings(target)) == count


@pytest.mark.parametrize("target", [Target("r"), Target("r", validate_certs=False), Target("r", anonymous=True)])
def test_no_tls_below_1_2(target: Target) -> None:
    assert context_for(target).minimum_version == ssl.TLSVersion.TLSv1_2


def test_anonymous_offers_nothing_but_anonymous() -> None:
    context = context_for(Target("r", anonymous=True))
    assert context.maximum_version == ssl.TLSVersion.TLSv1_2
    # The ciphers of TLS 1.3 are listed whatever is set, and cannot be chosen here.
    names = [cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"]
    assert names
    assert all(name.startswith("ADH-") for name in names)
