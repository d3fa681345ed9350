# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every test that takes `transport`, `router` or `session` over each transport."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Session
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.contract.transports import TRANSPORTS, OpenTo, Transport


@pytest.fixture(params=TRANSPORTS, ids=lambda transport: transport.name)
def transport(request: pytest.FixtureRequest) -> Transport:
    found: Transport = request.param
    return found


@pytest.fixture
def router(transport: Transport, make_twin: MakeTwin) -> Server:
    return make_twin(**transport.serve)


@pytest.fixture
def open_to(transport: Transport) -> Iterator[OpenTo]:
    """A function that opens a session to a twin, with changes to the target; all of them close when the test ends."""
    with ExitStack() as stack:

        def enter(server: Server, **changes: Any) -> Session:
            session = open_session(transport.target(server, **changes))
            stack.callback(session.close)
            return session

        yield enter


@pytest.fixture
def session(open_to: OpenTo, router: Server) -> Session:
    return open_to(router)
