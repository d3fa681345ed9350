# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting in, and being kept out."""

from __future__ import annotations

import logging

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    LoginRefused,
    Reply,
    Session,
)
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.contract.transports import OpenTo, Transport

PASSWORD = "correct hörse"
IDENTITY = Command("/system/identity", "print")


@pytest.fixture(params=[False, True], ids=["plain", "challenge"])
def guarded(request: pytest.FixtureRequest, transport: Transport, make_twin: MakeTwin) -> Server:
    """A router with a password, of each style of login."""
    return make_twin(users={"ops": PASSWORD}, old_login=request.param, **transport.serve)


def test_the_right_password_opens(guarded: Server, open_to: OpenTo) -> None:
    assert open_to(guarded, user="ops", password=PASSWORD).run([IDENTITY]) == [Reply(({"name": "MikroTik"},))]


def test_an_empty_password_opens_a_fresh_router(guarded: Server, open_to: OpenTo) -> None:
    assert open_to(guarded, user="admin").run([IDENTITY]) == [Reply(({"name": "MikroTik"},))]


@pytest.mark.parametrize(("user", "password"), [("ops", "wrong hörse"), ("nobody", PASSWORD), ("ops", "")])
def test_a_wrong_login_is_refused_in_one_sentence(
    guarded: Server, open_to: OpenTo, transport: Transport, user: str, password: str
) -> None:
    with pytest.raises(LoginRefused) as caught:
        open_to(guarded, user=user, password=password)
    port = transport.target(guarded).port
    told = str(caught.value)
    assert told.startswith(f"127.0.0.1:{port}: the login of user {user} was refused (")
    assert "ansible_password" in told
    assert "hörse" not in f"{caught.value!r} {told}"


def test_a_wrong_password_is_tried_once(open_to: OpenTo, transport: Transport, make_twin: MakeTwin) -> None:
    guarded = make_twin(users={"ops": PASSWORD}, **transport.serve)
    with pytest.raises(LoginRefused):
        open_to(guarded, user="ops", password="wrong")
    assert len(guarded.sentences) == 1


def test_a_user_without_the_policy_api_is_refused(router: Server, open_to: OpenTo) -> None:
    router.router.set_user("web", PASSWORD, ["web", "read"])
    with pytest.raises(LoginRefused, match="policy api"):
        open_to(router, user="web", password=PASSWORD)


def test_no_word_reaches_a_log(router: Server, open_to: OpenTo, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        open_to(router).run([Command("/ip/ipsec/identity", "add", {"peer": "x", "secret": "psk"}), IDENTITY])
    assert caplog.records == []


def test_closing_twice_is_harmless(session: Session) -> None:
    session.close()
    session.close()


def test_the_router_sees_a_closed_session_go(session: Session, router: Server, open_to: OpenTo) -> None:
    active = Command("/user/active", "print", {".proplist": "name"})
    watcher = open_to(router)
    assert [len(reply.rows) for reply in watcher.run([active])] == [2]
    session.close()
    # Over TLS the router may read the end after the next question.
    assert any(len(watcher.run([active])[0].rows) == 1 for _dummy in range(100))
