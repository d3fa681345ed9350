# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/ipsec/key`: one menu up to 7.19, a folder with `rsa` since 7.20 and `psk` since 7.21."""

from __future__ import annotations

from ..model import Field, Menu, Reference, read_only
from ..values.basic import SWITCH, number, pattern

_KEY_FIELDS = (
    Field("name"),
    read_only("key-size"),
    read_only("private-key"),
    read_only("rsa"),
)
_KEY_COMMANDS = ("set", "remove", "print", "find", "get", "reset", "edit")
_KEY_EXTRA = {
    "generate-key": ("key-size", "name"),
    "import": ("as-value", "file-name", "name", "passphrase"),
    "export-pub-key": ("as-value", "file-name", "key"),
}

KEY = Menu(
    "/ip/ipsec/key",
    _KEY_FIELDS,
    _KEY_COMMANDS,
    noun="key",
    unique="name",
    extra=_KEY_EXTRA,
    until="7.20",
)
KEY_FOLDER = Menu("/ip/ipsec/key", commands=("export",), since="7.20")
RSA = Menu(
    "/ip/ipsec/key/rsa",
    _KEY_FIELDS,
    _KEY_COMMANDS,
    noun="key",
    unique="name",
    extra=_KEY_EXTRA,
    since="7.20",
)
PSK = Menu(
    "/ip/ipsec/key/psk",
    (
        Field("peer", refers=Reference("/ip/ipsec/peer"), mandatory=True),
        # The refusals below the minimum length are unverified.
        Field("id", pattern(r"(?s).{16,}", help="string value, min length 16"), mandatory=True),
        Field(
            "key",
            pattern(r"[0-9A-Fa-f]{128,}", help="hexadecimal string value, min length 128"),
            mandatory=True,
            secret=True,
        ),
    ),
    ("add", "remove", "print", "find", "get", "export", "edit"),
    noun="key",
    extra={"generate": ("as-value", "count", "peer", "size")},
    sensitive_print=True,
    since="7.21",
)
QKD = Menu(
    "/ip/ipsec/key/qkd",
    (
        Field("address", default=""),
        Field("cache-size", number(), default="0"),
        Field("certificate", refers=Reference("/certificate", keywords=("none",)), default="none"),
        Field("enabled", SWITCH, default="false"),
        Field("key-size", number(), default="256"),
        Field("kme-id", default=""),
        Field("peer-sae-id", default=""),
        read_only("cache-state"),
        read_only("total-keys-received", "0"),
    ),
    ("set", "print", "get", "export", "edit", "reset"),
    singleton=True,
    extra={
        "get-key": ("additional-sae-ids", "as-value", "number"),
        "get-key-cached": ("as-value",),
        "get-key-with-ids": ("as-value", "key-ids"),
        "get-status": ("as-value", "sae-id"),
    },
    since="7.21",
    until="7.24",
)

MENUS = (KEY, KEY_FOLDER, RSA, PSK, QKD)
