# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates, sizes and shares, and hosts with where to look for them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import HOST_NAME, address, duration
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Kind

AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z]*)")
THOUSANDS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
BYTES = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
KIBIBYTES = {"": 1, "KiB": 1, "MiB": 1 << 10, "GiB": 1 << 20}


def amount(text: str, units: Mapping[str, int]) -> float:
    """A number times its unit; raises ValueError for other text."""
    found = AMOUNT.fullmatch(text)
    if not found or found[2] not in units:
        raise ValueError
    return float(found[1]) * units[found[2]]


def measured(name: str, units: Mapping[str, int], allowed: str, *words: str) -> Kind:
    """A whole number of the smallest unit, however it is spelled; words may stand for one."""

    def normal(text: str) -> str:
        if text in words:
            return text
        try:
            return str(round(amount(text, units)))
        except ValueError:
            raise ValueError(" or ".join([allowed, *words])) from None

    return Kind(name, normal)


RATE = measured("rate", THOUSANDS, "bits per second such as 512k, 10M or 0 for any")
SIZE = measured("size", BYTES, "bytes such as 15000 or 32MiB")
# What has no unit is KiB here (unverified).
QUEUE_SIZE = measured("size", KIBIBYTES, "a size such as 50KiB; a number alone is KiB")


def decimal(text: str) -> str:
    """A number with or without a fraction in its shortest form."""
    try:
        return f"{amount(text, {'': 1}):g}"
    except ValueError:
        raise ValueError("a number such as 0.1") from None


def percent(text: str) -> str:
    """A share from 0 to 100, with or without `%`."""
    try:
        found = amount(text.removesuffix("%"), {"": 1})
    except ValueError:
        found = -1.0
    if 0 <= found <= 100:
        return f"{found:g}"
    raise ValueError("a share from 0 to 100, such as 85 or 85%")


def with_unit(text: str) -> str:
    """A time that says its unit: alone, a number is microseconds where RouterOS otherwise has seconds."""
    if text.isdigit():
        raise ValueError("a time with its unit, such as 500ms")
    return duration(most="30s").normal(text)


def watched(text: str) -> str:
    """An address with the VRF or the interface behind which it is, or a DNS name."""
    plain, mark, where = re.fullmatch(r"([^@%]*)([@%]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        if mark and not where:
            raise ValueError
        return f"{address(plain)}{mark}{where}"
    except ValueError:
        if not mark and HOST_NAME.fullmatch(text) and not re.fullmatch(r"[\d.-]+", text):
            return text.lower()
        raise ValueError("an address, one with a VRF such as 192.0.2.1@vrf, or a DNS name") from None


DECIMAL = Kind("number", decimal)
PERCENT = Kind("share", percent)
WITH_UNIT = Kind("duration", with_unit)
WATCHED_HOST = Kind("host", watched)
