# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/certificate`, whose entries may hold real keys, and as much of `/file` as brings certificates in and out."""

from __future__ import annotations

import ipaddress
import re

from ..certificates import CERTIFICATE, KEY, NO_EXPORT, PATH
from ..errors import invalid_value
from ..model import Field, Menu, Reference, read_only
from ..pki import DIGESTS, KEY_SIZES, KEY_USAGES
from ..values.basic import SWITCH, Kind, listed, number, one_of, some_of

_USUAL = "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,tls-server,tls-client"
_STORES = (
    *("all", "ipsec", "wpa-eap", "capsman", "fetch", "sstp", "ovpn", "mqtt", "email", "netwatch", "radius"),
    *("container", "userman", "lora", "openflow", "tr069", "dot1x", "dns", "www", "api", "reverse-proxy"),
)
_TEXT = re.compile(r"[!-+\--~]+")


def _alternative(name: str, value: str) -> str:
    """`DNS:vpn.example.com`, `IP:192.0.2.1`, `email:noc@example.com`; that no other form is taken is unverified."""
    kind, _dummy, text = value.partition(":")
    if kind not in ("DNS", "IP", "email") or not _TEXT.fullmatch(text):
        raise invalid_value(name)
    if kind == "IP":
        try:
            return f"IP:{ipaddress.ip_address(text)}"
        except ValueError:
            raise invalid_value(name) from None
    return value


_SHOWN_ONLY = (
    "key-type",
    "issuer",
    "serial-number",
    "fingerprint",
    "ca-crl-host",
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
_SIGN = (
    *("append", "as-value", "ca", "ca-crl-host", "ca-on-smart-card", "do", "duration", "file"),
    *("freeze-frame-interval", "interval", "name", "number", "once", "without-paging"),
)

CERTIFICATES = Menu(
    PATH,
    (
        Field("name"),
        Field("common-name"),
        Field("country"),
        Field("state"),
        Field("locality"),
        Field("organization"),
        Field("unit"),
        Field("subject-alt-name", listed(Kind(_alternative)), default=""),
        Field("key-usage", some_of(*KEY_USAGES, empty=True), default=_USUAL),
        Field("key-size", one_of(*KEY_SIZES), default="2048"),
        Field("days-valid", number(1, 7300), default="365"),
        Field("digest-algorithm", one_of(*DIGESTS), default="sha256"),
        Field("trusted", SWITCH, default="false"),
        Field("trust-store", some_of(*_STORES), default="all", since="7.21", until="7.24"),
        Field("trust-store", some_of(*_STORES, "wiliot", "logging"), default="all", since="7.24"),
        Field("ca", read_only=True, refers=Reference(PATH)),
        *(read_only(name) for name in _SHOWN_ONLY),
        *(Field(name, read_only=True, hidden=True, secret=True) for name in (CERTIFICATE, KEY, NO_EXPORT)),
    ),
    ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit", "unset"),
    noun="certificate",
    unique="name",
    extra={
        "sign": _SIGN,
        "issued-revoke": ("numbers",),
        "import": ("as-value", "file-name", "name", "no-key-export", "passphrase", "trust-store", "trusted"),
        "export-certificate": ("export-passphrase", "file-name", "numbers", "type"),
    },
    late={
        "sign freeze-frame-interval": "7.21",
        "import no-key-export": "7.16",
        "import trusted": "7.16",
        "import trust-store": "7.21",
    },
    print_flags=("active", "inactive"),
    sensitive_print=True,
)

FILES = Menu(
    "/file",
    (
        Field("name", mandatory=True),
        read_only("type"),
        read_only("size"),
        read_only("last-modified"),
        Field("contents", default=""),
    ),
    ("print", "find", "get", "remove"),
    noun="file",
    unique="name",
    extra={"add": ("contents", "name"), "set": ("contents", "numbers")},
)

MENUS = (CERTIFICATES, FILES)
