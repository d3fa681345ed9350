# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates as PEM texts: made from a template's values, and read back into a router's words."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .model import Values
from .values.moments import spell_moment

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

RSA_SIZES = ("1024", "1536", "2048", "4096", "8192")
_CURVES: dict[str, ec.EllipticCurve] = {
    "prime256v1": ec.SECP256R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
}
KEY_SIZES = (*RSA_SIZES, *_CURVES)
# The router's word -> the name of the bit in an X.509 key usage.
_BITS = {
    "digital-signature": "digital_signature",
    "content-commitment": "content_commitment",
    "key-encipherment": "key_encipherment",
    "data-encipherment": "data_encipherment",
    "key-agreement": "key_agreement",
    "key-cert-sign": "key_cert_sign",
    "crl-sign": "crl_sign",
    "encipher-only": "encipher_only",
    "decipher-only": "decipher_only",
}
_PURPOSES = {
    "tls-server": ExtendedKeyUsageOID.SERVER_AUTH,
    "tls-client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code-sign": ExtendedKeyUsageOID.CODE_SIGNING,
    "email-protect": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamp": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp-sign": ExtendedKeyUsageOID.OCSP_SIGNING,
    "dvcs": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.10"),
}
KEY_USAGES = (*_BITS, *_PURPOSES)
_SUBJECT = {
    "country": NameOID.COUNTRY_NAME,
    "state": NameOID.STATE_OR_PROVINCE_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "unit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "common-name": NameOID.COMMON_NAME,
}
_DIGESTS: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
# Routers offer the first two as well; the library signs with neither.
DIGESTS = ("md5", "sha1", *_DIGESTS)
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str


def blocks(text: str) -> tuple[list[str], list[str]]:
    """The certificates and the private keys of a PEM text, in its order."""
    found = [(each[1], each[0] + "\n") for each in _BLOCK.finditer(text)]
    certificates = [block for kind, block in found if kind in ("CERTIFICATE", "X509 CERTIFICATE")]
    return certificates, [block for kind, block in found if kind.endswith("PRIVATE KEY")]


@functools.lru_cache(maxsize=1024)
def load(pem: str) -> x509.Certificate:
    """Raises ValueError for what is no certificate."""
    return x509.load_pem_x509_certificate(pem.encode())


def load_key(pem: str, passphrase: str = "") -> Key:
    """Raises ValueError for what is no key of a sort routers have, or opens not with this passphrase."""
    try:
        found = serialization.load_pem_private_key(pem.encode(), passphrase.encode() or None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from None
    if not isinstance(found, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("it is neither an RSA nor an EC key")
    return found


def key_pem(key: Key, passphrase: str = "") -> str:
    """PKCS#8, encrypted where there is a passphrase."""
    locked = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, locked).decode()


def belongs(certificate: str, key: Key) -> bool:
    """Whether a certificate is about this key."""
    return load(certificate).public_key() == key.public_key()


def issued_by(certificate: str, authority: str) -> bool:
    """Whether the authority's key signed the certificate, under the authority's name."""
    try:
        load(certificate).verify_directly_issued_by(load(authority))
    except Exception:  # a foreign signature may fail in many ways, and all of them are a no
        return False
    return True


def issue(template: Values, now: float, authority: Pair | None = None) -> Pair:
    """A fresh key and its certificate, self-signed without an authority; raises ValueError with a reason."""
    if template["digest-algorithm"] not in _DIGESTS:
        raise ValueError(f"digest-algorithm={template['digest-algorithm']} is too weak")
    key = _new_key(template["key-size"])
    signer: Key = load_key(authority.key) if authority else key
    begins = datetime.datetime.fromtimestamp(int(now), datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject := _subject(template))
        .issuer_name(load(authority.certificate).subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(secrets.randbits(62) | 1 << 62)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=int(template["days-valid"])))
    )
    for extension, critical in _extensions(template, key, authority):
        builder = builder.add_extension(extension, critical)
    made = builder.sign(signer, _DIGESTS[template["digest-algorithm"]])
    return Pair(made.public_bytes(serialization.Encoding.PEM).decode(), key_pem(key))


def _new_key(size: str) -> Key:
    if size in _CURVES:
        return ec.generate_private_key(_CURVES[size])
    return rsa.generate_private_key(65537, int(size))


def _subject(template: Values) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, template[name]) for name, oid in _SUBJECT.items() if template.get(name)])


def _extensions(template: Values, key: Key, authority: Pair | None) -> Iterable[tuple[x509.ExtensionType, bool]]:
    """With whether each is critical; only certificates for signing others are authorities."""
    usage = template["key-usage"].split(",") if template["key-usage"] else []
    yield x509.BasicConstraints(ca="key-cert-sign" in usage, path_length=None), True
    if any(word in _BITS for word in usage):
        yield x509.KeyUsage(**{bit: word in usage for word, bit in _BITS.items()}), True
    if purposes := [oid for word, oid in _PURPOSES.items() if word in usage]:
        yield x509.ExtendedKeyUsage(purposes), False
    if template.get("subject-alt-name"):
        yield x509.SubjectAlternativeName([_general(text) for text in template["subject-alt-name"].split(",")]), False
    yield x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
    if authority:
        found = load(authority.certificate)
        yield x509.AuthorityKeyIdentifier(_skid(found) or _made_skid(found), None, None), False


def _general(text: str) -> x509.GeneralName:
    kind, _dummy, value = text.partition(":")
    if kind == "DNS":
        return x509.DNSName(value)
    return x509.IPAddress(ipaddress.ip_address(value)) if kind == "IP" else x509.RFC822Name(value)


def describe(certificate: str) -> Values:
    """What a router prints of a certificate, the moment of looking aside; raises ValueError for what it cannot read."""
    try:
        return _described(load(certificate))
    except (UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from None


def _described(found: x509.Certificate) -> Values:
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    return {
        **{name: _named(found.subject, oid) for name, oid in _SUBJECT.items() if _named(found.subject, oid)},
        "subject-alt-name": ",".join(_alternatives(found)),
        "key-usage": ",".join(_usages(found)),
        **_key_of(found),
        "days-valid": str((ends - begins).days),
        "digest-algorithm": found.signature_hash_algorithm.name if found.signature_hash_algorithm else "",
        "serial-number": f"{found.serial_number:x}",
        "fingerprint": found.fingerprint(hashes.SHA256()).hex(),
        "skid": (_skid(found) or b"").hex().upper(),
        "akid": (_akid(found) or b"").hex().upper(),
        "invalid-before": spell_moment(begins.timestamp()),
        "invalid-after": spell_moment(ends.timestamp()),
    }


def issuer(certificate: str) -> str:
    """`O=Example,CN=Example CA`, in the certificate's own order."""
    return ",".join(f"{each.rfc4514_attribute_name}={each.value!s}" for each in load(certificate).issuer)


def is_authority(certificate: str) -> bool:
    """Whether others may be signed in its name."""
    try:
        return load(certificate).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def ends(certificate: str) -> float:
    """The last second in which it is valid, since 1970."""
    return load(certificate).not_valid_after_utc.timestamp()


def _named(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _key_of(found: x509.Certificate) -> Values:
    key = found.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return {"key-type": "rsa", "key-size": str(key.key_size)}
    if isinstance(key, ec.EllipticCurvePublicKey):
        words = {curve.name: word for word, curve in _CURVES.items()}
        return {"key-type": "ec", "key-size": words.get(key.curve.name, key.curve.name)}
    raise ValueError("its key is neither RSA nor EC")


def _usages(found: x509.Certificate) -> Iterable[str]:
    try:
        usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
        barred = () if usage.key_agreement else ("encipher-only", "decipher-only")
        yield from (word for word, bit in _BITS.items() if word not in barred and getattr(usage, bit))
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = set(found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        yield from (word for word, oid in _PURPOSES.items() if oid in purposes)
    except x509.ExtensionNotFound:
        pass


def _alternatives(found: x509.Certificate) -> Iterable[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for kind, sort in (("DNS", x509.DNSName), ("IP", x509.IPAddress), ("email", x509.RFC822Name)):
        yield from (f"{kind}:{value}" for value in names.get_values_for_type(sort))


def _skid(found: x509.Certificate) -> bytes | None:
    try:
        return found.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _made_skid(found: x509.Certificate) -> bytes:
    key = found.public_key()
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    return x509.SubjectKeyIdentifier.from_public_key(key).digest


def _akid(found: x509.Certificate) -> bytes | None:
    try:
        return found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None
