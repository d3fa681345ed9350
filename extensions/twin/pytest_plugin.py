# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: `twin` is a running router, `make_twin` makes as many as a test wants.

Load with `pytest_plugins = ("twin.pytest_plugin",)`. PYTEST_DONT_REWRITE: there is nothing to rewrite, and it keeps
modules free to import the types here first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from .defconf import factory
from .faults import Faults
from .gate import Seat
from .persona import DEFAULT_VERSION, Persona
from .router import Router
from .server import Server
from .tls import Identity

MakeTwin = Callable[..., Server]


@pytest.fixture
def make_twin() -> Iterator[MakeTwin]:
    """A function that starts a twin on loopback; all of them stop when the test ends."""
    with ExitStack() as stack:

        def make(
            version: str = DEFAULT_VERSION,
            *,
            identity: str = "MikroTik",
            users: Mapping[str, str | tuple[str, Sequence[str]]] | None = None,
            seed: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
            defconf: bool = False,
            tls: bool | str | Identity = False,
            old_login: bool = False,
            mask_secrets: bool = False,
            faults: Faults | None = None,
            seat: Seat | None = None,
            log: Path | None = None,
            clock: Callable[[], float] = time.time,
        ) -> Server:
            router = Router(Persona(version, old_login, mask_secrets), identity=identity, clock=clock)
            for name, account in (users or {}).items():
                router.set_user(name, *((account,) if isinstance(account, str) else account))
            if defconf:
                router.seed(factory(router.persona))
            if seed:
                router.seed(seed)
            return stack.enter_context(Server(router, tls=tls, faults=faults, seat=seat, log=log))

        yield make


@pytest.fixture
def twin(make_twin: MakeTwin) -> Server:
    """A router of the default version with user admin and no password."""
    return make_twin()
