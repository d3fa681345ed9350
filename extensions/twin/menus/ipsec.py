# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/ipsec`: phase 1 and 2 settings, peers, identities and policies."""

from __future__ import annotations

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import ADDRESS, ADDRESS4, PEER_ADDRESS, PREFIX, PREFIX4
from ..values.basic import SWITCH, Kind, duration, listed, number, one_of, pattern, some_of
from ..values.matchers import POLICY_PROTOCOL

LIST = ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit")
SWITCHED = ("enable", "disable")

GROUPS = (
    "x25519", "ecp256", "ecp384", "ecp521", "modp8192", "modp6144", "modp4096", "modp3072", "modp2048", "modp1536",
    "modp1024", "modp768",
)  # fmt: skip
PFS_GROUPS = ("none", *(group for group in GROUPS if group != "x25519"))
PHASE1_CIPHERS = ("aes-256", "aes-192", "aes-128", "3des", "des")
PHASE2_HASHES = ("sha512", "sha256", "sha1", "md5", "null")
PHASE2_CIPHERS = (
    "chacha20poly1305", "aes-256-cbc", "aes-256-ctr", "aes-256-gcm", "camellia-256", "aes-192-cbc", "aes-192-ctr",
    "aes-192-gcm", "camellia-192", "aes-128-cbc", "aes-128-ctr", "aes-128-gcm", "camellia-128", "3des", "blowfish",
    "twofish", "des", "null",
)  # fmt: skip

PROFILE = Menu(
    "/ip/ipsec/profile",
    (
        Field("name", mandatory=True),
        Field("dh-group", some_of(*GROUPS), default="modp2048,modp1024"),
        Field("enc-algorithm", some_of(*PHASE1_CIPHERS), default="aes-128,3des"),
        Field("hash-algorithm", one_of("md5", "sha1", "sha256", "sha384", "sha512"), default="sha1"),
        Field("prf-algorithm", one_of("auto", "sha1", "sha256", "sha384", "sha512"), default="auto", shown=False),
        Field("lifetime", duration(), default="1d"),
        Field("lifebytes", number(), default="0", shown=False),
        Field("proposal-check", one_of("claim", "exact", "obey", "strict"), default="obey"),
        Field("nat-traversal", SWITCH, default="true"),
        Field(
            "dpd-interval",
            duration(0, 3_600_000, keywords=("disable-dpd",)),
            default="8s",
            older=("7.16", "2m"),
        ),
        Field("dpd-maximum-failures", number(1, 100), default="4", older=("7.16", "5")),
        # Whether the API prints ppk=no is not observed; a verbose export has it.
        Field("ppk", one_of("no", "psk", "psk-ike-initial", "qkd"), default="no", shown=False, since="7.21"),
        read_only("default"),
    ),
    LIST,
    noun="profile",
    unique="name",
    keep_used=True,
    rows_at_start=(("*A", {"name": "default", "default": "true"}),),
    print_lacks=("brief",),
)

PROPOSAL = Menu(
    "/ip/ipsec/proposal",
    (
        Field("name"),
        Field("auth-algorithms", some_of(*PHASE2_HASHES, empty=True), default="sha1"),
        Field("enc-algorithms", some_of(*PHASE2_CIPHERS), default="aes-256-cbc,aes-192-cbc,aes-128-cbc"),
        Field("lifetime", duration(), default="30m"),
        Field("pfs-group", one_of(*PFS_GROUPS), default="modp1024"),
        COMMENT,
        DISABLED,
        read_only("default"),
    ),
    (*LIST, *SWITCHED, "comment"),
    noun="proposal",
    unique="name",
    naming="proposal",
    keep_used=True,
    rows_at_start=(("*0", {"name": "default", "default": "true"}),),
)

PEER = Menu(
    "/ip/ipsec/peer",
    (
        Field("name"),
        Field("address", PEER_ADDRESS, default="::/0", shown=False, clears=("",)),
        Field("local-address", ADDRESS, default="::", shown=False, clears=("", "0.0.0.0")),
        Field("port", number(0, 65535), default="500", shown=False),
        Field("profile", refers=Reference("/ip/ipsec/profile"), default="default"),
        Field("exchange-mode", one_of("aggressive", "base", "ike2", "main"), default="main"),
        Field("passive", SWITCH, default="false", shown=False),
        Field("send-initial-contact", SWITCH, default="true"),
        Field("ppk-secret", default="", shown=False, secret=True, since="7.21"),
        COMMENT,
        DISABLED,
        read_only("dynamic"),
        read_only("responder"),
        read_only("current-address"),
    ),
    (*LIST, *SWITCHED, "comment"),
    noun="peer",
    unique="name",
    naming="peer",
    sensitive_print=True,
)

AUTH_METHODS = (
    "digital-signature", "eap", "eap-radius", "pre-shared-key", "pre-shared-key-xauth", "rsa-key",
    "rsa-signature-hybrid",
)  # fmt: skip


def _id_kind(*words: str) -> Kind:
    forms = r"address:[0-9A-Fa-f.:]+|fqdn:.+|user-fqdn:.+|key-id:.+"
    return pattern(rf"{'|'.join(words)}|{forms}")


def _key_fields(menu: str, since: str = "", until: str = "") -> tuple[Field, ...]:
    """The two key references; the menu they name moved with 7.20."""
    refers = Reference(menu)
    return tuple(
        Field(name, refers=refers, default="", shown=False, clears=("none",), since=since, until=until)
        for name in ("key", "remote-key")
    )


IDENTITY = Menu(
    "/ip/ipsec/identity",
    (
        Field("peer", refers=Reference("/ip/ipsec/peer"), mandatory=True),
        Field("auth-method", one_of(*AUTH_METHODS), default="pre-shared-key"),
        Field("secret", default="", secret=True),
        Field("my-id", _id_kind("auto", "dn"), default="auto", shown=False),
        Field("remote-id", _id_kind("auto", "dn", "ignore"), default="auto", shown=False),
        Field("match-by", one_of("certificate", "remote-id"), default="remote-id", shown=False),
        Field("generate-policy", one_of("no", "port-override", "port-strict"), default="no"),
        Field(
            "policy-template-group",
            refers=Reference("/ip/ipsec/policy/group"),
            default="default",
            shown=False,
        ),
        Field(
            "mode-config",
            refers=Reference("/ip/ipsec/mode-config", keywords=("none",)),
            default="none",
            shown=False,
        ),
        Field("certificate", refers=Reference("/certificate", many=True), default="", shown=False, clears=("none",)),
        Field(
            "remote-certificate",
            refers=Reference("/certificate", keywords=("none",)),
            default="none",
            shown=False,
            clears=("",),
        ),
        *_key_fields("/ip/ipsec/key", until="7.20"),
        *_key_fields("/ip/ipsec/key/rsa", since="7.20"),
        Field(
            "eap-methods",
            some_of("eap-mschapv2", "eap-peap", "eap-tls", "eap-ttls"),
            default="eap-tls",
        ),
        Field("username", default="", shown=False),
        Field("password", default="", shown=False, secret=True),
        Field("notrack-chain", default="", shown=False),
        COMMENT,
        DISABLED,
        read_only("dynamic"),
    ),
    (*LIST, *SWITCHED, "comment"),
    noun="identity",
    sensitive_print=True,
)

POLICY = Menu(
    "/ip/ipsec/policy",
    (
        Field("group", refers=Reference("/ip/ipsec/policy/group"), default="default"),
        Field("peer", refers=Reference("/ip/ipsec/peer", many=True), default="", shown=False),
        Field("tunnel", SWITCH, default="false"),
        Field("src-address", PREFIX, default="::/0", clears=("",)),
        Field("src-port", number(0, 65535, keywords=("any",)), default="any"),
        Field("dst-address", PREFIX, default="::/0", clears=("",)),
        Field("dst-port", number(0, 65535, keywords=("any",)), default="any"),
        Field("protocol", POLICY_PROTOCOL, default="all"),
        Field("action", one_of("discard", "encrypt", "none"), default="encrypt"),
        Field("level", one_of("require", "unique", "use"), default="require"),
        Field("ipsec-protocols", one_of("ah", "esp"), default="esp"),
        Field("sa-src-address", ADDRESS, default="::", clears=("",)),
        Field("sa-dst-address", ADDRESS, default="::", clears=("",)),
        Field("proposal", refers=Reference("/ip/ipsec/proposal"), default="default"),
        Field("template", SWITCH, default="false", shown=False),
        COMMENT,
        DISABLED,
        read_only("active", "false"),
        read_only("backup"),
        read_only("default"),
        read_only("dynamic"),
        read_only("invalid"),
        read_only("ph2-count", "0"),
        read_only("ph2-state", "no-phase2"),
    ),
    (*LIST, *SWITCHED, "comment", "move"),
    noun="policy",
    ordered=True,
    first_id=0x1000001,
    # The API id of the default template is not known; this one is unverified.
    rows_at_start=(("*FFFFFF", {"template": "true", "default": "true"}),),
)

GROUP = Menu(
    "/ip/ipsec/policy/group",
    (Field("name", mandatory=True), COMMENT, read_only("default")),
    (*LIST, "comment"),
    noun="group",
    unique="name",
    keep_used=True,
    rows_at_start=(("*2", {"name": "default", "default": "true"}),),
)

MODE_CONFIG = Menu(
    "/ip/ipsec/mode-config",
    (
        Field("name", mandatory=True),
        Field("responder", SWITCH, default="false"),
        Field("address", ADDRESS4, default="0.0.0.0", shown=False, clears=("",)),
        Field("address-pool", refers=Reference("/ip/pool", keywords=("none",)), default="none", shown=False),
        Field("address-prefix-length", number(1, 32), default=None),
        Field("split-include", listed(PREFIX4), default="", shown=False),
        Field("split-dns", default="", shown=False),
        Field("system-dns", SWITCH, default=None),
        Field("static-dns", listed(ADDRESS4), default="", shown=False),
        Field("src-address-list", default="", shown=False),
        Field("connection-mark", default="", shown=False, clears=("no-mark",)),
        Field("use-responder-dns", one_of("exclusively", "no", "yes"), default="exclusively"),
        read_only("default"),
        Field("disabled", SWITCH, default="false", shown=False, read_only=True),
    ),
    (*LIST, *SWITCHED),
    noun="mode-config",
    unique="name",
    keep_used=True,
    rows_at_start=(("*1", {"name": "request-only", "default": "true"}),),
)

SETTINGS = Menu(
    "/ip/ipsec/settings",
    (
        Field("accounting", SWITCH, default="true"),
        Field("interim-update", duration(), default="0s"),
        Field("xauth-use-radius", SWITCH, default="false"),
        Field("ddos-cookie-threshold", number(), default="20", since="7.22"),
    ),
    ("set", "print", "get", "export", "edit", "reset"),
    singleton=True,
)

_COUNTERS = (
    "in-buffer-errors",
    "in-errors",
    "in-header-errors",
    "in-no-policies",
    "in-no-states",
    "in-policy-blocked",
    "in-policy-errors",
    "in-state-expired",
    "in-state-invalid",
    "in-state-mismatches",
    "in-state-mode-errors",
    "in-state-protocol-errors",
    "in-state-sequence-errors",
    "in-template-mismatches",
    "out-bundle-check-errors",
    "out-bundle-errors",
    "out-errors",
    "out-no-states",
    "out-policy-blocked",
    "out-policy-dead",
    "out-policy-errors",
    "out-state-expired",
    "out-state-mode-errors",
    "out-state-protocol-errors",
    "out-state-sequence-errors",
)

STATISTICS = Menu(
    "/ip/ipsec/statistics",
    tuple(read_only(name, "0") for name in _COUNTERS),
    ("print", "get", "export"),
    singleton=True,
    late={"export": "7.22"},
)

_ACTIVE_PEER = (
    "id",
    "local-address",
    "remote-address",
    "port",
    "state",
    "side",
    "dynamic-address",
    "uptime",
    "last-seen",
    "ph2-total",
    "spii",
    "spir",
    "rx-bytes",
    "rx-packets",
    "tx-bytes",
    "tx-packets",
    "responder",
    "natt-peer",
    "ppk",
)

ACTIVE_PEERS = Menu(
    "/ip/ipsec/active-peers",
    (*(read_only(name) for name in _ACTIVE_PEER), COMMENT),
    ("add", "set", "remove", "print", "find", "get", "reset", "edit", "comment"),
    extra={"kill-connections": ()},
    print_flags=("stats",),
    edits_dynamic=True,
)

_SA = (
    "spi",
    "src-address",
    "dst-address",
    "state",
    "auth-algorithm",
    "enc-algorithm",
    "enc-key-size",
    "add-lifetime",
    "replay",
    "seen-traffic",
    "hw-aead",
    "AH",
    "ESP",
    "addtime",
    "expires-in",
    "current-bytes",
    "current-packets",
    "invalid-packets",
)
# `reset` of this menu takes names although nothing can be set.
_SA_RESET = (
    "add-lifetime",
    "addtime",
    "auth-algorithm",
    "auth-key",
    "current-bytes",
    "current-packets",
    "enc-algorithm",
    "enc-key",
    "enc-key-size",
    "expires-in",
    "invalid-packets",
    "numbers",
    "replay",
    "spi",
    "state",
)

INSTALLED_SA = Menu(
    "/ip/ipsec/installed-sa",
    (
        *(read_only(name) for name in _SA),
        Field("auth-key", secret=True, read_only=True),
        Field("enc-key", secret=True, read_only=True),
    ),
    ("print", "find", "get", "edit"),
    extra={"flush": (), "reset": _SA_RESET},
    sensitive_print=True,
)

IPSEC = Menu("/ip/ipsec", commands=("export",))

MENUS = (
    IPSEC, PROFILE, PROPOSAL, GROUP, MODE_CONFIG, PEER, IDENTITY, POLICY, SETTINGS, STATISTICS, ACTIVE_PEERS,
    INSTALLED_SA,
)  # fmt: skip
