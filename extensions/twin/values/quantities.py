# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates and sizes, as queues have them; how they read back is unverified but for whole rates."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import invalid_value
from .basic import Kind

_AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([A-Za-z]*)")
_THOUSANDS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_BYTES = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_KIBIBYTES = {"": 1, "KiB": 1, "MiB": 1 << 10, "GiB": 1 << 20}


def _measured(units: Mapping[str, int], suffix: str = "") -> Kind:
    def canon(name: str, value: str) -> str:
        found = _AMOUNT.fullmatch(value)
        if not found or found[2] not in units:
            raise invalid_value(name)
        return f"{round(float(found[1]) * units[found[2]])}{suffix}"

    return Kind(canon)


RATE = _measured(_THOUSANDS)
SIZE = _measured(_BYTES)
QUEUE_SIZE = _measured(_KIBIBYTES, "KiB")
