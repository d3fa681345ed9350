# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs for live tests: one for a module, since daemons take their time to start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from twin.live import Lab, missing

from tests.live.sites import Sites, plan


def able() -> None:
    """Skip, with what is missing, unless live twins can run; LIVE_TWINS=required makes it a failure."""
    lacking(missing(), "live twins")


def lacking(found: list[str], what: str) -> None:
    if found:
        text = f"NO {what}: {'; '.join(found)}"
        if os.environ.get("LIVE_TWINS") == "required":
            pytest.fail(text)
        pytest.skip(text)


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    """Two sites without IPsec; what encrypts is what this machine has."""
    able()
    with Lab(plan()) as lab, closing(Sites(lab)) as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that nobody waits for it alone at the end."""
    items.sort(key=lambda item: "kernel_with_esp" not in item.nodeid)
