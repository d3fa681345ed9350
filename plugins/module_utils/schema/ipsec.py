# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of /ip/ipsec that make tunnels: peers, keys, identities and policies."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import (
    identity,
    protocol,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import CERTIFICATE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import (
    ANY4,
    ANY6,
    ANYWHERE,
    COMMENT,
    DISABLED,
    MODE_CONFIG,
    NAME,
    POLICY_GROUP,
    PROFILE,
    PROPOSAL,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS,
    PREFIX,
    PREFIX_OR_NAME,
    REFERENCE,
    SWITCH,
    TEXT,
    WORD,
    hexadecimal,
    list_of,
    long_text,
    number,
    one_of,
    set_of,
    spelled,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import (
    Field,
    Menu,
)

# {".id": "*1", "name": "site-b", "address": "203.0.113.50/32", "profile": "s2s", "exchange-mode": "ike2",
#  "send-initial-contact": "true", "disabled": "false", "dynamic": "false", "responder": "false"}
PEER = Menu(
    path="/ip/ipsec/peer",
    help="Where to connect and whom to accept; identities say how both ends prove who they are.",
    module="ipsec_peer",
    # A second initiator for an address is refused unless it has another local address (ipsec.md 4).
    exclusive=("address", "local-address"),
    fields=(
        NAME,
        Field(
            "address",
            PREFIX_OR_NAME,
            "Address, prefix or DNS name of the other end; V(::/0) is anybody, which makes this router a responder.",
            ANYWHERE,
        ),
        Field(
            "local-address",
            spelled(ADDRESS, {"any": ANY4, ANY6: ANY4}),
            "Address of this router to use; V(0.0.0.0) is any.",
            ANY4,
        ),
        Field("port", number(0, 65535), "UDP port of the other end.", "500"),
        Field(
            "profile",
            REFERENCE,
            "IKE algorithms: a name of M(vpnops.mikrotik.ipsec_profile).",
            "default",
            refers=PROFILE.path,
        ),
        Field(
            "exchange-mode",
            one_of("aggressive", "base", "ike2", "main"),
            "IKE version: V(ike2), or the mode of IKEv1.",
            "main",
        ),
        Field("passive", SWITCH, "Wait for the other end to call.", "no"),
        Field("send-initial-contact", SWITCH, "Tell the other end to drop sessions from before a restart.", "yes"),
        Field("ppk-secret", TEXT, "Static post-quantum pre-shared key for IKEv2.", "", secret=True, since="7.21"),
        DISABLED,
        COMMENT,
    ),
)

# {".id": "*0", "name": "router-key", "rsa": "true", "private-key": "true", "key-size": "2048"}
KEY = Menu(
    path="/ip/ipsec/key",
    help="RSA keys, made by `generate-key` or `import` on the router.",
    adds=False,
    until="7.19",
    fields=(NAME,),
)
KEY_RSA = Menu(
    path="/ip/ipsec/key/rsa",
    help="RSA keys, made by `generate-key` or `import` on the router.",
    adds=False,
    since="7.20",
    fields=(NAME,),
)

# {".id": "*1", "peer": "site-b", "id": "site-b-key-00001", "key": "5f0c..."}
KEY_PSK = Menu(
    path="/ip/ipsec/key/psk",
    help="One-time post-quantum pre-shared keys; each is consumed by its use.",
    module="ipsec_key_psk",
    key=("peer", "id"),
    sets=False,
    scopes=("peer",),
    since="7.21",
    fields=(
        Field(
            "peer",
            REFERENCE,
            "Peer the key is for: a name of M(vpnops.mikrotik.ipsec_peer).",
            required=True,
            refers=PEER.path,
        ),
        Field("id", long_text(16), "Identifier both ends know the key by, at least 16 characters.", required=True),
        Field("key", hexadecimal(128), "The key, at least 128 hexadecimal digits.", required=True, secret=True),
    ),
)

# {".id": "*A", "peer": "site-b", "auth-method": "pre-shared-key", "generate-policy": "no", "secret": "...",
#  "disabled": "false", "dynamic": "false"}
IDENTITY = Menu(
    path="/ip/ipsec/identity",
    help="How the two ends of a peer prove who they are.",
    module="ipsec_identity",
    key=("peer", "remote-id"),
    key_if={"remote-certificate": {"match-by": "certificate"}, "certificate": {"match-by": "certificate"}},
    scopes=("peer",),
    fields=(
        Field(
            "peer",
            REFERENCE,
            "Peer this identity is for: a name of M(vpnops.mikrotik.ipsec_peer); several identities may name one peer.",
            required=True,
            refers=PEER.path,
        ),
        Field(
            "auth-method",
            one_of(
                *("digital-signature", "eap", "eap-radius", "pre-shared-key", "pre-shared-key-xauth", "rsa-key"),
                "rsa-signature-hybrid",
            ),
            "How both ends prove who they are: V(digital-signature) with certificates, V(pre-shared-key) with a "
            "secret; V(eap) and V(eap-radius) only with IKEv2, the remaining ones only with IKEv1.",
            "pre-shared-key",
        ),
        Field(
            "secret",
            TEXT,
            "Pre-shared key; a leading 0x makes it hexadecimal.",
            "",
            secret=True,
            shown_while={"auth-method": ("pre-shared-key", "pre-shared-key-xauth")},
        ),
        Field(
            "my-id",
            identity("auto", "dn"),
            "Identity shown to the other end; V(auto) is the address with a pre-shared key, else the name in the "
            "certificate.",
            "auto",
        ),
        Field(
            "remote-id",
            identity("auto", "dn", "ignore"),
            "Identity the other end must show; V(auto) takes what comes and V(ignore) does not look. It tells "
            "identities of one peer apart.",
            "auto",
        ),
        Field(
            "match-by",
            one_of("certificate", "remote-id"),
            "Find the identity of a caller by O(remote_id), or by the certificate it shows.",
            "remote-id",
        ),
        Field(
            "certificate",
            list_of(WORD, ordered=True),
            "Own certificate and its chain, by name in /certificate; it needs a Subject Key Identifier.",
            "",
            refers=CERTIFICATE.path,
        ),
        Field(
            "remote-certificate",
            WORD,
            "Certificate of the other end, or V(none) to accept what can be verified.",
            "none",
            refers=CERTIFICATE.path,
            free=("none",),
        ),
        # What writing resets the two keys to is unverified.
        Field("key", REFERENCE, "Own RSA key.", "", refers=KEY_RSA.path),
        Field("remote-key", REFERENCE, "RSA key of the other end.", "", refers=KEY_RSA.path),
        Field(
            "eap-methods",
            set_of("eap-mschapv2", "eap-peap", "eap-tls", "eap-ttls"),
            "EAP methods to offer.",
            "eap-tls",
        ),
        Field("username", TEXT, "User name for EAP or XAuth.", ""),
        Field("password", TEXT, "Password for EAP or XAuth.", "", secret=True),
        Field(
            "generate-policy",
            one_of("no", "port-override", "port-strict"),
            "Make policies for callers out of the templates of O(policy_template_group).",
            "no",
        ),
        Field(
            "policy-template-group",
            REFERENCE,
            "Group of policy templates: a name of M(vpnops.mikrotik.ipsec_policy_group).",
            "default",
            refers=POLICY_GROUP.path,
        ),
        Field(
            "mode-config",
            REFERENCE,
            "Settings to hand out or ask for: a name of M(vpnops.mikrotik.ipsec_mode_config), or V(none).",
            "none",
            refers=MODE_CONFIG.path,
            free=("none",),
        ),
        Field("notrack-chain", TEXT, "Chain of /ip/firewall/raw in which generated policies get notrack rules.", ""),
        DISABLED,
        COMMENT,
    ),
)

# {".id": "*1000001", "peer": "site-b", "tunnel": "true", "src-address": "192.168.10.0/24", "src-port": "any",
#  "dst-address": "192.168.20.0/24", "dst-port": "any", "protocol": "all", "action": "encrypt", "level": "require",
#  "ipsec-protocols": "esp", "sa-src-address": "198.51.100.7", "sa-dst-address": "203.0.113.50", "proposal": "s2s",
#  "ph2-count": "1", "ph2-state": "established", "active": "true", "invalid": "false", "dynamic": "false",
#  "disabled": "false"}
POLICY = Menu(
    path="/ip/ipsec/policy",
    help="What traffic is encrypted, sent in clear or dropped; the first match from the top counts.",
    module="ipsec_policy",
    key=("src-address", "dst-address", "src-port", "dst-port", "protocol", "peer", "template", "group"),
    # The later of two enabled policies with the same selectors is invalid, whatever their peers (ipsec.md 6).
    key_yields=("peer",),
    ordered=True,
    idle_if={"template": "yes"},
    moves_since="7.23.2",
    scopes=("peer",),
    fields=(
        Field(
            "peer",
            list_of(REFERENCE, ordered=True),
            "Peers by name, the preferred one first; V(encrypt) needs one unless the policy is a template.",
            "",
            refers=PEER.path,
            needed_with={"action": ("encrypt",), "template": ("no",)},
        ),
        Field(
            "tunnel", SWITCH, "Wrap the whole packet; without it only traffic of the two IKE ends itself matches.", "no"
        ),
        Field("src-address", PREFIX, "Source prefix; the other end needs the mirror image.", ANYWHERE, matches=True),
        Field(
            "dst-address", PREFIX, "Destination prefix; the other end needs the mirror image.", ANYWHERE, matches=True
        ),
        Field("src-port", number(0, 65535, "any"), "Source port, or V(any).", "any", matches=True),
        Field("dst-port", number(0, 65535, "any"), "Destination port, or V(any).", "any", matches=True),
        Field("protocol", protocol("all"), "Protocol by name or number, or V(all).", "all", matches=True),
        Field(
            "action",
            one_of("discard", "encrypt", "none"),
            "V(none) sends in clear, V(discard) drops.",
            "encrypt",
        ),
        Field(
            "level",
            one_of("require", "unique", "use"),
            "V(require) drops while there is no key, V(use) sends in clear then, V(unique) is as V(require) with keys "
            "of its own; some other vendors need V(unique) for several networks behind one peer.",
            "require",
        ),
        Field("ipsec-protocols", one_of("ah", "esp"), "V(esp) encrypts, V(ah) only signs and cannot pass NAT.", "esp"),
        Field(
            "sa-src-address",
            ADDRESS,
            "Own address of the tunnel; the router takes it from O(peer) when there is one.",
            ANY6,
            follows="peer",
        ),
        Field(
            "sa-dst-address",
            ADDRESS,
            "Address of the other end of the tunnel; the router takes it from O(peer) when there is one.",
            ANY6,
            follows="peer",
        ),
        Field(
            "proposal",
            REFERENCE,
            "Algorithms of the tunnel: a name of M(vpnops.mikrotik.ipsec_proposal).",
            "default",
            refers=PROPOSAL.path,
        ),
        Field("template", SWITCH, "A pattern for policies that callers bring, not a policy itself.", "no"),
        Field(
            "group",
            REFERENCE,
            "Group of a template: a name of M(vpnops.mikrotik.ipsec_policy_group).",
            "default",
            refers=POLICY_GROUP.path,
        ),
        DISABLED,
        COMMENT,
    ),
)
