# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days and times of day, as the scheduler has them."""

from __future__ import annotations

import re

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import STRINGS, split
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Kind

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEK = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
OLD_DAY = re.compile(r"([a-z]{3})/(\d\d)/(\d{4})")
CLOCK = re.compile(r"(\d?\d):(\d\d)(?::(\d\d))?")


def day(text: str) -> str:
    """A date as `2026-01-31`; the old spelling `jan/31/2026` is the same."""
    old = OLD_DAY.fullmatch(text.lower())
    if old and old[1] in MONTHS:
        text = f"{old[3]}-{MONTHS.index(old[1]) + 1:02}-{old[2]}"
    found = DAY.fullmatch(text)
    year, month, number = (int(part) for part in found.groups()) if found else (0, 0, 0)
    if 1 <= month <= 12 and 1 <= number <= _length(year, month):
        return text
    raise ValueError("a date such as 2026-01-31")


def _length(year: int, month: int) -> int:
    """The number of days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def time_of_day(text: str) -> str:
    """A time as `03:30:00`, or `startup`."""
    found = CLOCK.fullmatch(text)
    if text == "startup":
        return text
    hour, minute, second = (int(part or 0) for part in found.groups()) if found else (24, 0, 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("a time of day such as 03:30:00, or startup")
    return f"{hour:02}:{minute:02}:{second:02}"


def days(text: str) -> str:
    """Days of the week in their order, or one word for all or none of them."""
    given = set(split(text))
    if text in ("always", "never"):
        return text
    if not given or given - set(WEEK):
        raise ValueError(f"a list of {', '.join(WEEK)}, or always")
    return ",".join(each for each in WEEK if each in given)


DATE = Kind("date", day)
TIME_OF_DAY = Kind("time of day", time_of_day)
DAYS = Kind("days", days, STRINGS)
