# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/certificate` as a plain table: rows come from a seed or from add; nothing is signed here."""

from __future__ import annotations

from ..model import Field, Menu, read_only
from ..values.basic import SWITCH, number

_SHOWN_ONLY = (
    "key-type",
    "issuer",
    "serial-number",
    "fingerprint",
    "ca",
    "akid",
    "skid",
    "invalid-before",
    "invalid-after",
    "expires-after",
    "private-key",
    "authority",
    "issued",
    "revoked",
    "expired",
    "smart-card-key",
    "crl",
    "dynamic",
)

CERTIFICATE = Menu(
    "/certificate",
    (
        Field("name"),
        Field("common-name"),
        Field("country"),
        Field("state"),
        Field("locality"),
        Field("organization"),
        Field("unit"),
        Field("subject-alt-name"),
        Field("key-usage"),
        Field("key-size", default="2048"),
        Field("days-valid", number(1, 7300), default="365"),
        Field("digest-algorithm", default="sha256"),
        Field("trusted", SWITCH, default="false"),
        Field("trust-store", default="all", since="7.21"),
        *(read_only(name) for name in _SHOWN_ONLY),
    ),
    ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit", "unset"),
    noun="certificate",
    unique="name",
    print_flags=("active", "inactive"),
    sensitive_print=True,
)

MENUS = (CERTIFICATE,)
