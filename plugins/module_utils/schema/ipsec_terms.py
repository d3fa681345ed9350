# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of /ip/ipsec that hold terms for tunnels: algorithms, template groups, client settings.

The IPsec menus have no `unset`, save for groups since 7.25: a field is cleared by writing its default, so nearly every
field has one (ipsec.md 14).
"""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import INTERFACE, POOL
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS4,
    DURATION,
    PREFIX,
    REFERENCE,
    SWITCH,
    TEXT,
    WORD,
    duration,
    list_of,
    number,
    one_of,
    set_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import (
    Field,
    Menu,
)

ANY4 = "0.0.0.0"
ANY6 = "::"
ANYWHERE = "::/0"

NAME = Field("name", WORD, "Name that other entries refer to.", required=True)
DISABLED = Field("disabled", SWITCH, "Keep the entry without effect.", "no")
COMMENT = Field("comment", TEXT, "Free text.", "")

# {".id": "*A", "name": "default", "hash-algorithm": "sha1", "enc-algorithm": "aes-128,3des",
#  "dh-group": "modp2048,modp1024", "lifetime": "1d", "proposal-check": "obey", "nat-traversal": "true",
#  "dpd-interval": "8s", "dpd-maximum-failures": "4", "default": "true"}
PROFILE = Menu(
    path="/ip/ipsec/profile",
    help="IKE (phase 1) algorithms and timers.",
    module="ipsec_profile",
    fields=(
        NAME,
        Field(
            "dh-group",
            set_of(
                *("x25519", "ecp256", "ecp384", "ecp521", "modp8192", "modp6144", "modp4096", "modp3072"),
                *("modp2048", "modp1536", "modp1024", "modp768"),
            ),
            "Diffie-Hellman groups to offer and accept; groups below V(modp2048) are weak.",
            "modp2048,modp1024",
        ),
        Field(
            "enc-algorithm",
            set_of("aes-256", "aes-192", "aes-128", "3des", "des"),
            "Ciphers of IKE itself; V(3des) and V(des) are weak, and AES-GCM cannot be chosen here.",
            "aes-128,3des",
        ),
        Field(
            "hash-algorithm",
            one_of("md5", "sha1", "sha256", "sha384", "sha512"),
            "Hash of IKE itself; V(md5) and V(sha1) are weak.",
            "sha1",
        ),
        Field(
            "prf-algorithm",
            one_of("auto", "sha1", "sha256", "sha384", "sha512"),
            "Pseudo-random function of IKEv2; V(auto) follows O(hash_algorithm).",
            "auto",
        ),
        Field(
            "lifetime",
            DURATION,
            "How long an IKE session lasts; it is not renewed when dead peer detection is off.",
            "1d",
        ),
        Field("lifebytes", number(0, 4294967295), "Bytes an IKEv1 session may carry; 0 means any number.", "0"),
        Field(
            "proposal-check",
            one_of("claim", "exact", "obey", "strict"),
            "What IKEv1 does when the other end proposes another lifetime.",
            "obey",
        ),
        Field("nat-traversal", SWITCH, "UDP encapsulation in IKEv1; IKEv2 always does it.", "yes"),
        # Routers keep what they had before an upgrade, so both pairs of values are met on new versions.
        Field(
            "dpd-interval",
            duration("disable-dpd", most="1h"),
            "Time between dead peer checks, at most 1h, or V(disable-dpd); a dead peer is noticed no faster.",
            {"7.10": "2m", "7.16": "8s"},
        ),
        Field(
            "dpd-maximum-failures",
            number(1, 100),
            "Unanswered checks until an IKEv1 peer counts as dead, 1 to 100.",
            {"7.10": "5", "7.16": "4"},
        ),
        Field(
            "ppk",
            one_of("no", "psk", "psk-ike-initial", "qkd"),
            "Post-quantum pre-shared keys (RFC 8784) for IKEv2.",
            "no",
            since="7.21",
        ),
    ),
)

# {".id": "*0", "name": "default", "auth-algorithms": "sha1", "enc-algorithms": "aes-256-cbc,aes-192-cbc,aes-128-cbc",
#  "lifetime": "30m", "pfs-group": "modp1024", "disabled": "false", "default": "true"}
PROPOSAL = Menu(
    path="/ip/ipsec/proposal",
    help="ESP and AH (phase 2) algorithms.",
    module="ipsec_proposal",
    fields=(
        NAME,
        Field(
            "auth-algorithms",
            set_of("sha512", "sha256", "sha1", "md5", "null", empty=True),
            "Integrity algorithms; an empty list where every cipher is AES-GCM or V(chacha20poly1305).",
            "sha1",
        ),
        Field(
            "enc-algorithms",
            set_of(
                *("chacha20poly1305", "aes-256-cbc", "aes-256-ctr", "aes-256-gcm", "camellia-256", "aes-192-cbc"),
                *("aes-192-ctr", "aes-192-gcm", "camellia-192", "aes-128-cbc", "aes-128-ctr", "aes-128-gcm"),
                *("camellia-128", "3des", "blowfish", "twofish", "des", "null"),
            ),
            "Ciphers of the tunnel; V(null) does not encrypt.",
            "aes-256-cbc,aes-192-cbc,aes-128-cbc",
        ),
        Field("lifetime", DURATION, "How long a key is used; 30m to 8h is usual.", "30m"),
        Field(
            "pfs-group",
            one_of(
                *("ecp256", "ecp384", "ecp521", "modp768", "modp1024", "modp1536", "modp2048", "modp3072"),
                *("modp4096", "modp6144", "modp8192", "none"),
            ),
            "Diffie-Hellman group of each new key; V(none) turns perfect forward secrecy off.",
            "modp1024",
        ),
        DISABLED,
        COMMENT,
    ),
)

# {".id": "*2", "name": "default", "default": "true"}
POLICY_GROUP = Menu(
    path="/ip/ipsec/policy/group",
    help="Groups of policy templates that identities name.",
    module="ipsec_policy_group",
    # It got the command with 7.25, for `interface`, which older routers do not have.
    unsets=True,
    fields=(
        NAME,
        # Known from a development version alone; what it takes, and that `unset` clears it, is unverified.
        Field(
            "interface",
            REFERENCE,
            "Interface that it binds, one of M(vpnops.mikrotik.interface_xfrm); known from a development version of "
            "RouterOS alone, and unverified.",
            since="7.25",
            refers=INTERFACE.path,
        ),
        COMMENT,
    ),
)

# {".id": "*1", "name": "request-only", "responder": "false", "use-responder-dns": "exclusively", "default": "true"}
MODE_CONFIG = Menu(
    path="/ip/ipsec/mode-config",
    help="Addresses and DNS servers that a responder hands out and an initiator asks for.",
    module="ipsec_mode_config",
    # What writing resets these fields to is unverified, save for the lists.
    fields=(
        NAME,
        Field("responder", SWITCH, "Hand out settings instead of asking for them.", "no"),
        Field("address", ADDRESS4, "Responder: the one address to hand out.", ANY4),
        Field(
            "address-pool",
            WORD,
            "Responder: /ip/pool to hand addresses out of, or V(none).",
            "none",
            refers=POOL.path,
            free=("none",),
        ),
        Field("address-prefix-length", number(1, 32), "Responder: prefix length of the address handed out.", "32"),
        Field("split-include", list_of(PREFIX), "Responder: networks the client is to reach through the tunnel.", ""),
        Field("split-dns", list_of(WORD), "Responder: domains the client is to resolve through the tunnel.", ""),
        Field("system-dns", SWITCH, "Responder: hand out the DNS servers of /ip/dns; not with O(static_dns).", "no"),
        Field("static-dns", list_of(ADDRESS4, ordered=True), "Responder: DNS servers to hand out.", ""),
        Field(
            "src-address-list",
            WORD,
            "Initiator: translate the sources in this address list to the address received, by dynamic NAT rules.",
            "",
        ),
        Field(
            "connection-mark",
            WORD,
            "Initiator: translate connections with this mark to the address received, or V(no-mark).",
            "no-mark",
        ),
        Field(
            "use-responder-dns",
            one_of("exclusively", "no", "yes"),
            "Initiator: whether to use the DNS servers received.",
            "exclusively",
        ),
    ),
)

# {"accounting": "true", "interim-update": "0s", "xauth-use-radius": "false", "ddos-cookie-threshold": "20"}
SETTINGS = Menu(
    path="/ip/ipsec/settings",
    help="Settings of IPsec as a whole.",
    module="ipsec_settings",
    key=(),
    single=True,
    fields=(
        Field("accounting", SWITCH, "Send accounting to RADIUS.", "yes"),
        Field("interim-update", DURATION, "Time between RADIUS accounting updates; V(0s) sends none.", "0s"),
        Field("xauth-use-radius", SWITCH, "Check XAuth users by RADIUS.", "no"),
        # That the threshold counts half-open sessions is unverified.
        Field(
            "ddos-cookie-threshold",
            number(0, 4294967295),
            "Number of half-open IKEv2 requests after which callers must answer with a cookie.",
            "20",
            since="7.22",
        ),
    ),
)
