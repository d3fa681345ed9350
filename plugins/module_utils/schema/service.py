# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu of the services by which a router is managed."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import CERTIFICATE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    PREFIX,
    SWITCH,
    WORD,
    list_of,
    number,
    one_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

# {".id": "*7", "name": "api-ssl", "port": "8729", "address": "192.168.10.0/24", "certificate": "none",
#  "tls-version": "any", "vrf": "main", "max-sessions": "20", "invalid": "false", "dynamic": "false",
#  "disabled": "false"}
SERVICE = Menu(
    path="/ip/service",
    help="Services by which the router is managed; who may use them, and where.",
    module="ip_service",
    adds=False,
    cuts=True,
    fields=(
        Field(
            "name",
            WORD,
            "Name of the service: V(ssh), V(winbox), V(www), V(www-ssl), V(api), V(api-ssl), V(telnet), V(ftp), or "
            "another that the router has.",
            required=True,
        ),
        # What these two go back to is another value for each service.
        Field(
            "port", number(1, 65535), "TCP port it listens on; where it is not given, V(replaced) leaves it as it is."
        ),
        Field(
            "disabled",
            SWITCH,
            "Whether the service is off; where it is not given, V(replaced) leaves it as it is.",
        ),
        Field(
            "address",
            list_of(PREFIX),
            "Prefixes from which it may be used; an empty list means from everywhere. The service itself refuses the "
            "others, so keep strangers out by firewall rules as well.",
            "",
            also="available-from",
        ),
        Field(
            "certificate",
            WORD,
            "Certificate of V(www-ssl) and V(api-ssl), or V(none); V(api-ssl) without one offers anonymous "
            "Diffie-Hellman alone.",
            "none",
            refers=CERTIFICATE.path,
            free=("none",),
        ),
        Field("tls-version", one_of("any", "only-1.2"), "Versions of TLS that it offers.", "any"),
        Field("vrf", WORD, "Routing table in which it listens.", "main"),
        Field("max-sessions", number(1, 1000), "Sessions that it has at the same time.", "20", since="7.16"),
    ),
)
