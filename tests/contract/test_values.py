# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values are text, to the last byte."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Session
from twin import Server

PEERS = "/ip/ipsec/peer"


@pytest.mark.parametrize(
    "value",
    [
        *("yes", "no", "true", "false", "10", "00", "1e3", "*1", "!done", "=a", "a=b=c", "=.tag=1", "?#!", " "),
        pytest.param("Zürich, 東京 🙂", id="utf-8"),
        pytest.param("one\r\ntwo", id="lines"),
        pytest.param("caf\udce9", id="windows-1252-byte"),
        pytest.param("x" * 127, id="longest-short-word"),
        pytest.param("x" * 20_000, id="long"),
    ],
)
def test_a_value_comes_back_as_it_went(session: Session, value: str) -> None:
    words = {"name": "site-b", "address": "192.0.2.1", "comment": value}
    (added, read) = session.run([Command(PEERS, "add", words), Command(PEERS, "print")])
    assert added.trap is None
    assert [row["comment"] for row in read.rows] == [value]


def test_what_looks_like_a_number_or_a_switch_stays_text(session: Session) -> None:
    session.run([Command(PEERS, "add", {"name": "10", "address": "192.0.2.1", "port": "4500", "passive": "yes"})])
    (read,) = session.run([Command(PEERS, "print", {".proplist": "name,port,passive"})])
    assert read.rows == ({"name": "10", "port": "4500", "passive": "true"},)


def test_an_empty_value_is_sent(session: Session, router: Server) -> None:
    session.run([Command("/system/identity", "set", {"name": ""})])
    assert [words[:2] for words in router.sentences[-1:]] == [("/system/identity/set", "=name=")]
