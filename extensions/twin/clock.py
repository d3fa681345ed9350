# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that stands still until a test turns it."""

from __future__ import annotations

import calendar


class SteppedClock:
    """Seconds since 1970 that only `Router.advance` and assignment to `now` change; 2026-01-02 03:04:05 at first."""

    def __init__(self, now: float = calendar.timegm((2026, 1, 2, 3, 4, 5))) -> None:
        self.now = float(now)

    def __call__(self) -> float:
        return self.now
