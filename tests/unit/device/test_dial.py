# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaching a router: names, addresses, and what is said when there is no way."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.dial import dial, where
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Target, Unreachable
from twin import Server

TCP = (socket.AF_INET, socket.SOCK_STREAM, 0, "")


@pytest.fixture
def full() -> Iterator[int]:
    """A port whose queue is full, so that Linux answers no further connection."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _dummy in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (Target("r1.example"), "r1.example:8729"),
        (Target("r1.example", transport="api"), "r1.example:8728"),
        (Target("2001:db8::1", port=443), "[2001:db8::1]:443"),
        (Target("[2001:db8::1]"), "[2001:db8::1]:8729"),
    ],
)
def test_a_router_is_named_by_host_and_port(target: Target, named: str) -> None:
    assert where(target) == named


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6_literals_work(host: str) -> None:
    with Server(host="::1", tls=True) as server:
        session = open_session(Target(host, port=server.tls_port, ca_file=server.ca_file))
        assert session.run([Command("/system/identity", "print")])[0].rows == ({"name": "MikroTik"},)
        session.close()


def test_a_name_that_does_not_resolve_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_dummy: Any, **__: Any) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(
        Unreachable, match=r"^r1\.example:8729: the name cannot be resolved \(Name or service not known"
    ):
        dial(Target("r1.example"))


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("a" * 64 + ".example", "cannot be resolved"),
        ("a..b", "cannot be resolved"),
        # Not this very machine, for which the resolver takes it.
        ("", "it has no address"),
    ],
)
def test_what_is_no_name_is_told(host: str, told: str) -> None:
    with pytest.raises(Unreachable, match=told):
        dial(Target(host))


def test_a_connection_that_hangs_ends_in_time(full: int) -> None:
    started = time.monotonic()
    with pytest.raises(
        Unreachable, match=r"no connection within 0\.4 s; check the address, and that the router's firew"
    ):
        dial(Target("127.0.0.1", port=full, timeout=0.4))
    assert 0.4 <= time.monotonic() - started < 3


def test_an_address_that_hangs_leaves_time_for_the_next(full: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        addresses = [(*TCP, ("127.0.0.1", port)) for port in (full, server.getsockname()[1])]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_dummy, **__: addresses)
        started = time.monotonic()
        with dial(Target("r1.example", timeout=2)) as sock:
            assert sock.getpeername() == server.getsockname()
            assert sock.gettimeout() == 2
    assert time.monotonic() - started < 1.9


def test_no_time_at_all_is_told_plainly(full: int) -> None:
    with pytest.raises(Unreachable, match="no connection within 0 s"):
        dial(Target("127.0.0.1", port=full, timeout=0))


def test_another_error_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_dummy: Any) -> NoReturn:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", fail)
    with pytest.raises(Unreachable, match=r"cannot connect \(Network is unreachable\)"):
        dial(Target("192.0.2.1"))


def test_small_sentences_leave_at_once_and_dead_routers_are_noticed() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        dial(Target("127.0.0.1", port=server.getsockname()[1])) as sock,
    ):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
