# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of services for clients of the router: DNS, UPnP, web proxy, SOCKS, SNMP."""

from __future__ import annotations

import re

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import INTERFACE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import COMMENT, DISABLED
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    ADDRESS,
    DURATION,
    PREFIX,
    REFERENCE,
    SWITCH,
    TEXT,
    WORD,
    address,
    list_of,
    number,
    one_of,
    spelled,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Kind, Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.quantities import KIBIBYTES, measured

PORT = number(1, 65535)
COUNT = number(1, 4294967295)
# Both are printed where nobody set an address.
OPTIONAL_ADDRESS = spelled(ADDRESS, {"0.0.0.0": "::"})
CACHE_SIZE = measured("size", KIBIBYTES, "a size such as 2048KiB; a number alone is KiB")
SHORTEST_PASSWORD = 8


def server(text: str) -> str:
    """An address, or one with the VRF behind which it is."""
    plain, mark, vrf = text.partition("@")
    if mark and not re.fullmatch(r"\S+", vrf):
        raise ValueError("an address, or one with a VRF such as 192.0.2.1@vrf")
    return f"{address(plain)}{mark}{vrf}"


def password(text: str) -> str:
    """A text of at least eight characters."""
    if len(text) < SHORTEST_PASSWORD:
        raise ValueError(f"a text of at least {SHORTEST_PASSWORD} characters")
    return text


# {"servers": "", "dynamic-servers": "192.0.2.53", "use-doh-server": "", "verify-doh-cert": "false",
#  "doh-max-server-connections": "5", "doh-max-concurrent-queries": "50", "doh-timeout": "5s",
#  "allow-remote-requests": "false", "max-udp-packet-size": "4096", "query-server-timeout": "2s",
#  "query-total-timeout": "10s", "max-concurrent-queries": "100", "max-concurrent-tcp-sessions": "20",
#  "cache-size": "2048KiB", "cache-max-ttl": "1w", "address-list-extra-time": "0s", "vrf": "main",
#  "mdns-repeat-ifaces": "", "cache-used": "48KiB"}
DNS = Menu(
    path="/ip/dns",
    help="How the router resolves names, and whether it does so for others.",
    module="ip_dns",
    key=(),
    single=True,
    optional=True,
    fields=(
        Field("allow-remote-requests", SWITCH, "Resolve names for others, on all interfaces.", "no"),
        Field("servers", list_of(Kind("server", server), ordered=True), "Servers to ask, in this order.", ""),
        Field("use-doh-server", WORD, "Server to ask over HTTPS instead, as C(https://...).", ""),
        Field("verify-doh-cert", SWITCH, "Check the certificate of that server.", "no"),
        Field("doh-max-concurrent-queries", COUNT, "Questions to that server at the same time.", "50"),
        Field("doh-max-server-connections", COUNT, "Connections to that server at the same time.", "5"),
        Field("doh-timeout", DURATION, "How long to wait for its answer.", "5s"),
        Field("max-udp-packet-size", number(50, 65507), "Largest answer over UDP in bytes.", "4096"),
        Field("query-server-timeout", DURATION, "How long to wait for the answer of one server.", "2s"),
        Field("query-total-timeout", DURATION, "How long to wait for an answer of any server.", "10s"),
        Field("max-concurrent-queries", COUNT, "Questions at the same time.", "100"),
        Field("max-concurrent-tcp-sessions", COUNT, "TCP sessions at the same time.", "20"),
        Field("cache-size", CACHE_SIZE, "Size of the cache, such as V(2048KiB).", "2048"),
        Field("cache-max-ttl", DURATION, "Longest time for which an answer is kept.", "1w"),
        Field(
            "address-list-extra-time",
            DURATION,
            "Time for which addresses of a name stay in an address list after the answer has expired.",
            "0s",
        ),
        Field("vrf", WORD, "VRF in which names are resolved.", "main", since="7.15"),
        Field(
            "mdns-repeat-ifaces",
            list_of(REFERENCE),
            "Interfaces between which mDNS is repeated.",
            "",
            since="7.16",
            refers=INTERFACE.path,
        ),
    ),
)

# {"enabled": "false", "allow-disable-external-interface": "false", "show-dummy-rule": "true"}
UPNP = Menu(
    path="/ip/upnp",
    help="UPnP, by which clients open ports of the router without being asked who they are.",
    module="ip_upnp",
    key=(),
    single=True,
    optional=True,
    fields=(
        Field("enabled", SWITCH, "Answer UPnP.", "no"),
        # MikroTik's manual has another default than exports.
        Field(
            "allow-disable-external-interface",
            SWITCH,
            "Let clients switch off the interface of the internet; where it is not given, V(replaced) leaves it.",
            stays=True,
        ),
        Field("show-dummy-rule", SWITCH, "Have a rule without a meaning, for clients that need one.", "yes"),
    ),
)

# {"enabled": "false", "src-address": "::", "port": "8080", "anonymous": "false", "parent-proxy": "::",
#  "parent-proxy-port": "0", "cache-administrator": "webmaster", "max-cache-size": "unlimited", ...}
# What concerns the cache and other proxies is left out.
PROXY = Menu(
    path="/ip/proxy",
    help="The web proxy.",
    module="ip_proxy",
    key=(),
    single=True,
    # The session may come through it.
    cuts=True,
    optional=True,
    fields=(
        Field("enabled", SWITCH, "Whether the proxy is on.", "no"),
        Field("port", list_of(PORT), "TCP ports on which it listens.", "8080"),
        Field(
            "src-address",
            OPTIONAL_ADDRESS,
            "Address of this router from which it connects; V(::) is the one that the route has.",
            "::",
        ),
        Field("anonymous", SWITCH, "Do not tell servers the address of the client.", "no"),
    ),
)

# {"enabled": "false", "port": "1080", "connection-idle-timeout": "2m", "max-connections": "200", "version": "4",
#  "auth-method": "none", "vrf": "main"}
SOCKS = Menu(
    path="/ip/socks",
    help="The SOCKS proxy.",
    module="ip_socks",
    key=(),
    single=True,
    cuts=True,
    optional=True,
    fields=(
        Field("enabled", SWITCH, "Whether the proxy is on.", "no"),
        Field("port", PORT, "TCP port on which it listens.", "1080"),
        Field("connection-idle-timeout", DURATION, "Time after which an idle connection is closed.", "2m"),
        Field("max-connections", number(1, 500), "Connections at the same time.", "200"),
        Field("version", one_of("4", "5"), "Version of SOCKS.", "4"),
        Field(
            "auth-method",
            one_of("none", "password"),
            "Whether clients have to log in, which version 5 alone can.",
            "none",
        ),
        Field("vrf", WORD, "VRF in which it connects.", "main"),
    ),
)

# {".id": "*0", "name": "public", "addresses": "::/0", "security": "none", "read-access": "true",
#  "write-access": "false", "authentication-protocol": "MD5", "encryption-protocol": "DES",
#  "authentication-password": "", "encryption-password": "", "default": "true", "disabled": "false"}
# The name is shown like any other: RouterOS calls the passwords alone sensitive.
COMMUNITY = Menu(
    path="/snmp/community",
    help="SNMP communities: who may read what over SNMP.",
    module="snmp_community",
    optional=True,
    fields=(
        Field("name", WORD, "Name of the community, which SNMP 1 and 2 send in clear.", required=True),
        # What `0.0.0.0/0` means for IPv6, and an empty list, is unverified.
        Field(
            "addresses",
            list_of(PREFIX),
            "Prefixes from which it may be used; V(::/0) is everywhere, over IPv4 as well.",
            "::/0",
        ),
        Field(
            "security",
            one_of("authorized", "none", "private"),
            "What SNMP 3 needs: V(none), a password (V(authorized)), or encryption as well (V(private)).",
            "none",
        ),
        Field("read-access", SWITCH, "Allow to read.", "yes"),
        Field("write-access", SWITCH, "Allow to write.", "no"),
        Field("authentication-protocol", one_of("MD5", "SHA1"), "Hash of SNMP 3.", "MD5"),
        Field("authentication-password", Kind("password", password), "Password of SNMP 3.", "", secret=True),
        Field("encryption-protocol", one_of("AES", "DES"), "Cipher of SNMP 3.", "DES"),
        Field("encryption-password", Kind("password", password), "Password for its encryption.", "", secret=True),
        DISABLED,
        COMMENT,
    ),
)

# {"enabled": "false", "contact": "", "location": "", "engine-id": "80003a8c04", "engine-id-suffix": "",
#  "src-address": "::", "trap-target": "", "trap-community": "public", "trap-version": "1",
#  "trap-generators": "temp-exception", "trap-interfaces": "", "vrf": "main"}
# What is told of traps besides their target is left out.
SNMP = Menu(
    path="/snmp",
    help="The SNMP agent.",
    module="snmp",
    key=(),
    single=True,
    optional=True,
    fields=(
        Field("enabled", SWITCH, "Answer SNMP.", "no"),
        Field("contact", TEXT, "Whom to ask about the router.", ""),
        Field("location", TEXT, "Where it stands.", ""),
        Field(
            "src-address",
            OPTIONAL_ADDRESS,
            "Address of this router from which it sends; V(::) is the one that the route has.",
            "::",
        ),
        Field("trap-target", list_of(ADDRESS), "Addresses that traps are sent to.", ""),
        Field("trap-community", WORD, "Community that traps name.", "public", refers=COMMUNITY.path),
        Field("trap-version", one_of("1", "2", "3"), "Version of SNMP for traps.", "1"),
        Field("vrf", WORD, "VRF in which it listens.", "main"),
    ),
)
