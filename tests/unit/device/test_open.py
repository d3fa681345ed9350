# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing a transport, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device import api
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    BadSettings,
    Command,
    RouterError,
    Target,
)
from twin import Server

WITHOUT = """
import sys
sys.path[:0] = {path!r}
sys.modules["librouteros"] = None
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import RouterError, Target
try:
    open_session(Target("r1"))
except RouterError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(("transport", "told"), [("ssh", "ssh is not available yet"), ("mac", "no transport mac")])
def test_a_transport_that_is_not_there_is_named(transport: str, told: str) -> None:
    with pytest.raises(BadSettings, match=f"^r1: .*{told}.*routeros_transport"):
        open_session(Target("r1", transport=transport))


def test_a_missing_library_is_one_sentence_with_its_cure() -> None:
    code = WITHOUT.format(path=sys.path)
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    # Not Unreachable: the router has nothing to do with it.
    assert told.startswith("RouterError r1:8729: the Python library librouteros is missing (")
    assert told.endswith(f"install it by: {sys.executable} -m pip install librouteros\n")


def test_an_interrupted_session_is_over(twin: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(Target("127.0.0.1", port=twin.port, transport="api"))

    def interrupt(*_dummy: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "converse", interrupt)
    with pytest.raises(KeyboardInterrupt):
        session.run([Command("/system/identity", "print")])
    monkeypatch.undo()
    with pytest.raises(RouterError, match="closed already"):
        session.run([Command("/system/identity", "print")])


def test_passwords_are_not_shown() -> None:
    assert "hush" not in repr(Target("r1", password="hush"))
