# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a connection private, and makes sure that the router at its end is the one expected."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import ssl
from typing import NoReturn

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.dial import host_of, where
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import reason
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    BadSettings,
    Target,
    Unreachable,
    Untrusted,
)

# A router without a certificate knows anonymous Diffie-Hellman only, which ended with TLS 1.2 and which OpenSSL
# offers at security level 0 alone.
ANONYMOUS_CIPHERS = "ADH:@SECLEVEL=0"
# OpenSSL's X509_V_ERR_*.
WRONG_NAME = (62, 64)
WRONG_TIME = (9, 10)
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
PLAIN_HINT = "if this port serves the plain api, set routeros_transport to api"


def warnings(target: Target) -> list[str]:
    """What the user should know about a connection whose other end is not checked."""
    if target.transport != "api-ssl":
        return []
    if target.anonymous:
        cause = "the router shows no certificate (routeros_anonymous)"
    elif not target.validate_certs:
        cause = "the router's certificate is not checked (routeros_validate_certs is false)"
    else:
        return []
    return [f"{where(target)}: {cause}, so anybody in between can read and change everything"]


def secure(sock: socket.socket, target: Target, context: ssl.SSLContext) -> ssl.SSLSocket:
    """The connection under TLS, its router checked; raises Untrusted or Unreachable, the socket closed then."""
    # The zone of a link-local address is this machine's business; no certificate has it.
    name = host_of(target).partition("%")[0]
    try:
        secured = context.wrap_socket(sock, server_hostname=name)
    except (OSError, ValueError) as error:
        sock.close()
        _explain(target, error)
    try:
        if target.validate_certs and target.fingerprint and not target.anonymous:
            _compare(secured, target)
    except Untrusted:
        secured.close()
        raise
    return secured


def context_for(target: Target) -> ssl.SSLContext:
    """How to check the router; raises BadSettings where the settings allow no check."""
    # Not ssl.create_default_context(): newer Pythons make it insist on extensions that certificates made on a
    # router lack, and it would load the system's authorities for nothing.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if target.anonymous:
        _allow_anonymous(context, target)
    elif not target.validate_certs:
        _leave_unchecked(context)
    elif target.fingerprint:
        wanted_fingerprint(target)
        _leave_unchecked(context)
    elif target.ca_file:
        _trust(context, target, target.ca_file)
    else:
        context.load_default_certs()
    return context


def wanted_fingerprint(target: Target) -> str:
    """The expected fingerprint as 64 lower-case digits; raises BadSettings if it is none."""
    digits = re.sub(r"[:\s]", "", target.fingerprint or "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        problem = (
            f"routeros_fingerprint must be the 64 hexadecimal digits of a SHA-256 fingerprint, not {len(digits)} "
            "characters of something else; /certificate print detail shows it on the router"
        )
        raise BadSettings(where(target), problem)
    return digits


def _leave_unchecked(context: ssl.SSLContext) -> None:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def _allow_anonymous(context: ssl.SSLContext, target: Target) -> None:
    if target.fingerprint:
        problem = "routeros_anonymous and routeros_fingerprint exclude each other; remove one of them"
        raise BadSettings(where(target), problem)
    _leave_unchecked(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ANONYMOUS_CIPHERS)


def _trust(context: ssl.SSLContext, target: Target, ca_file: str) -> None:
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:
        text = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else reason(error)
        raise BadSettings(where(target), f"routeros_ca_file {ca_file} cannot be used: {text}") from None


def _compare(secured: ssl.SSLSocket, target: Target) -> None:
    found = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
    if not hmac.compare_digest(found, wanted_fingerprint(target)):
        problem = (
            f"its certificate has the SHA-256 fingerprint {found}, which is not routeros_fingerprint; if the "
            "certificate was renewed, compare with /certificate print detail on the router before changing the setting"
        )
        raise Untrusted(where(target), problem)


def _explain(target: Target, error: OSError | ValueError) -> NoReturn:
    """Raise what a failed handshake means for the user."""
    kind = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    if isinstance(error, ssl.SSLCertVerificationError):
        raise Untrusted(where(target), _distrust(target, error)) from None
    if "HANDSHAKE_FAILURE" in kind:
        raise Untrusted(where(target), _nothing_in_common(target)) from None
    if isinstance(error, TimeoutError):
        problem = f"no TLS answer within {target.timeout:g} s; {PLAIN_HINT}"
    elif kind in NO_TLS:
        problem = f"what answers there does not speak TLS; {PLAIN_HINT}"
    elif isinstance(error, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        problem = (
            "the connection was closed before TLS began; check the addresses allowed for the service and its "
            f"max-sessions, and {PLAIN_HINT}"
        )
    else:
        text = reason(error) if isinstance(error, OSError) else str(error)
        problem = f"TLS failed ({text}); check the certificate and tls-version of the service api-ssl on the router"
    raise Unreachable(where(target), problem) from None


def _distrust(target: Target, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in WRONG_NAME:
        return (
            f"its certificate is made for another name than {host_of(target)}; set ansible_host to a name in the "
            "certificate, or pin the certificate by routeros_fingerprint"
        )
    if error.verify_code in WRONG_TIME:
        return f"its certificate does not count today ({error.verify_message}); renew it, or set the clocks right"
    return (
        f"no authority trusted here vouches for its certificate ({error.verify_message}); name the authority in "
        "routeros_ca_file, or pin the certificate by routeros_fingerprint"
    )


def _nothing_in_common(target: Target) -> str:
    if target.anonymous:
        return (
            "it offers no TLS without a certificate, so it has probably got one; remove routeros_anonymous and name "
            "its authority in routeros_ca_file or the certificate in routeros_fingerprint"
        )
    return (
        "it offers no TLS with a certificate; give its service one (/ip/service set api-ssl certificate=...), or set "
        "routeros_anonymous to true to accept encryption without any proof of who answers"
    )
