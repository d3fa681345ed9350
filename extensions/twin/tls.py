# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The api-ssl side: a certificate of our own, a given one, or none at all."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# The 2048-bit group of RFC 3526, so that an anonymous start need not search for a prime.
_GROUP14 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
ANONYMOUS_CIPHERS = "ADH-AES256-GCM-SHA384:ADH-AES128-GCM-SHA256:@SECLEVEL=0"


@dataclass(frozen=True)
class Identity:
    """A certificate, its private key, both as PEM files."""

    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate as lower-case hexadecimal digits."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(_first(self.certificate.read_text()))).hexdigest()


def _first(pem: str) -> str:
    found = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem, re.DOTALL)
    if not found:
        raise ValueError("the certificate file holds no certificate in PEM form")
    return found[0] + "\n"


def self_signed(folder: Path, name: str) -> Identity:
    """A fresh certificate for localhost and the loopback addresses, valid for a year, usable as its own CA file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    identity = Identity(folder / "certificate.pem", folder / "key.pem")
    identity.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    identity.key.touch(mode=0o600)
    identity.key.write_bytes(pem)
    return identity


def with_certificate(identity: Identity) -> ssl.SSLContext:
    """Raises ValueError for files that are no certificate and its key, OSError for missing ones."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(identity.certificate, identity.key)
    except ssl.SSLError:
        raise ValueError(f"{identity.certificate} and {identity.key} are no PEM certificate and its key") from None
    return context


def _dh_parameters(prime: int, generator: int) -> str:
    """PKCS#3 parameters as PEM: a DER sequence of the two numbers."""
    numbers = _der(0x02, b"\x00" + prime.to_bytes(256, "big")) + _der(0x02, bytes([generator]))
    text = base64.encodebytes(_der(0x30, numbers)).decode()
    return f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n"


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    head = bytes([tag, length]) if length < 0x80 else bytes([tag, 0x82]) + length.to_bytes(2, "big")
    return head + content


def anonymous(folder: Path) -> ssl.SSLContext:
    """Anonymous Diffie-Hellman only, TLS 1.2 at most, as a router whose api-ssl has no certificate."""
    file = folder / "dh.pem"
    file.write_text(_dh_parameters(_GROUP14, 2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ANONYMOUS_CIPHERS)
    context.load_dh_params(str(file))
    return context
