# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup peers over tunnel interfaces, which only a kernel with GRE and ESP has.

Where this kernel has none, `test_machine.py` runs this in an emulated machine whose kernel has.
"""

from __future__ import annotations

import pytest
from twin.live.needs import kernel_esp

from tests.live.conftest import able
from tools.failover.failures import SILENCE
from tools.failover.trials import trials


def test_routes_go_over_to_the_other_tunnel_and_back() -> None:
    if not kernel_esp():
        pytest.skip("this kernel has no ESP: test_machine.py runs this in one that has")
    able()
    [found] = trials("routed", "two-uplinks", SILENCE)
    assert found.lost, found
    assert found.returned, found
    assert found.returned_after is not None, found
