# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/dns/static`: the only names the twin can resolve, since it asks no server.

No reference tree holds this menu, so nothing of it is compared with a real router.
"""

from __future__ import annotations

from ..model import COMMENT, DISABLED, Field, Menu, read_only
from ..values.addresses import ADDRESS
from ..values.basic import duration, pattern

STATIC = Menu(
    "/ip/dns/static",
    (
        Field("name", pattern(r"[A-Za-z0-9_.-]{1,253}"), mandatory=True),
        Field("address", ADDRESS, mandatory=True),
        Field("ttl", duration(), default="1d"),
        COMMENT,
        DISABLED,
        read_only("dynamic"),
    ),
    ("add", "set", "remove", "enable", "disable", "comment", "print", "find", "get", "export"),
    noun="entry",
)

MENUS = (STATIC,)
