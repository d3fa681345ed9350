# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and times of day, as scheduler entries have them."""

from __future__ import annotations

import calendar
import time

from ..errors import invalid_value
from .basic import Kind, parse_duration

STARTUP = "startup"
_DAY = 86_400_000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _date(name: str, value: str) -> str:
    """`2026-01-02`; `jan/02/2026` of earlier days is understood (that it still is, is unverified)."""
    parts = value.split("/")
    if len(parts) == 3 and parts[0].lower() in _MONTHS:
        value = f"{parts[2]}-{_MONTHS.index(parts[0].lower()) + 1:02}-{parts[1]}"
    if not value.isascii() or len(value) != 10:
        raise invalid_value(name)
    try:
        time.strptime(value, "%Y-%m-%d")
    except ValueError:
        raise invalid_value(name) from None
    return value


def _time(name: str, value: str) -> str:
    """`HH:MM:SS` within one day, or `startup`."""
    if value == STARTUP:
        return value
    milliseconds = parse_duration(value)
    if milliseconds is None or milliseconds >= _DAY:
        raise invalid_value(name)
    seconds = milliseconds // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


DATE = Kind(_date, help="date")
TIME_OF_DAY = Kind(_time, words=(STARTUP,), help="time of day")


def moment(date: str, time_of_day: str) -> float:
    """Seconds since 1970 of a stored date and time; the twin's clock runs in UTC."""
    return float(calendar.timegm(time.strptime(f"{date} {time_of_day}", "%Y-%m-%d %H:%M:%S")))


def spell_moment(seconds: float) -> str:
    """`2026-01-02 03:04:05`."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
