# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/certificate`: what is signed is a real certificate, and says of itself what the certificate says."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from twin import Command, Router, SteppedClock, Trap, pki
from twin.certificates import Material, material, trusted

MENU = "/certificate"
AUTHORITY = "key-cert-sign,crl-sign"
DAY = 86400


@pytest.fixture
def router() -> Router:
    """Its keys are EC ones where a test does not say otherwise: those are made at once."""
    return Router("7.22.3", clock=SteppedClock())


def template(router: Router, name: str, **words: str) -> str:
    return router.add(MENU, name=name, **{"common_name": name, "key_size": "prime256v1", **words})


def sign(router: Router, which: str, /, **words: str) -> list[dict[str, str]]:
    return router.call(f"{MENU}/sign", {"number": which, **{key.replace("_", "-"): words[key] for key in words}})


def authority(router: Router, name: str = "ca", **words: str) -> None:
    template(router, name, key_usage=AUTHORITY)
    sign(router, name, **words)


def issued(router: Router, name: str, ca: str = "ca", **words: str) -> None:
    template(router, name, **{"key_usage": "digital-signature,tls-server", **words})
    sign(router, name, ca=ca)


def row(router: Router, name: str) -> dict[str, str]:
    return next(each for each in router.rows(MENU) if each["name"] == name)


def held(router: Router, name: str) -> Material:
    found = material(router, name)
    assert found is not None
    return found


def refused(router: Router, full: str, **words: str) -> str:
    with pytest.raises(Trap) as refusal:
        router.call(full, {name.replace("_", "-"): value for name, value in words.items()})
    return refusal.value.message


def test_a_template_has_the_router_s_defaults_and_no_certificate(router: Router) -> None:
    """Manual, "Certificate Template"."""
    router.add(MENU, name="Server", common_name="server")
    assert router.rows(MENU) == [
        {
            ".id": "*1",
            "name": "Server",
            "common-name": "server",
            "subject-alt-name": "",
            "key-usage": "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,"
            "tls-server,tls-client",
            "key-size": "2048",
            "days-valid": "365",
            "digest-algorithm": "sha256",
            "trusted": "false",
            "trust-store": "all",
            "key-type": "rsa",
            "dynamic": "false",
        }
    ]
    assert material(router, "Server") is None


def test_an_authority_signs_itself_and_is_trusted(router: Router) -> None:
    """Flags K, A and T; the entry keeps its id, as clients rely on."""
    id_ = template(router, "ca", key_usage=AUTHORITY, days_valid="3650")
    assert sign(router, "ca") == [{"progress": "done"}]
    found = row(router, "ca")
    flags = {name: found.get(name) for name in ("private-key", "authority", "trusted", "crl", "smart-card-key")}
    assert (found[".id"], flags) == (
        id_,
        {"private-key": "true", "authority": "true", "trusted": "true", "crl": "false", "smart-card-key": "false"},
    )
    assert not {"ca", "issuer", "issued", "revoked", "expired"} & set(found)
    assert (found["akid"], found["invalid-before"], found["invalid-after"]) == (
        "",
        "2026-01-02 03:04:05",
        "2035-12-31 03:04:05",
    )
    assert found["expires-after"] == "521w3d"


def test_a_signed_entry_says_what_its_certificate_says(router: Router) -> None:
    authority(router)
    names = "DNS:vpn.example.com,IP:192.0.2.1,IP:2001:db8::1,email:noc@example.com"
    issued(router, "site", subject_alt_name=names, country="LV", state="Riga", organization="Example", unit="Ops")
    found, made = row(router, "site"), x509.load_pem_x509_certificate(held(router, "site").certificate_pem.encode())
    assert found["fingerprint"] == made.fingerprint(hashes.SHA256()).hex()
    assert int(found["serial-number"], 16) == made.serial_number
    assert made.subject.rfc4514_string() == "CN=site,OU=Ops,O=Example,ST=Riga,C=LV"
    assert (found["subject-alt-name"], found["key-usage"]) == (names, "digital-signature,tls-server")
    assert (found["key-type"], found["key-size"], found["digest-algorithm"]) == ("ec", "prime256v1", "sha256")
    assert (found["ca"], found["issued"], found["trusted"]) == ("ca", "true", "false")
    assert "authority" not in found
    assert found["akid"] == row(router, "ca")["skid"]
    assert re.fullmatch("[0-9A-F]{40}", found["skid"])


@pytest.mark.parametrize(
    ("size", "kind"),
    [("1024", "rsa"), ("2048", "rsa"), ("prime256v1", "ec"), ("secp384r1", "ec"), ("secp521r1", "ec")],
)
def test_keys_are_of_the_size_that_was_asked_for(router: Router, size: str, kind: str) -> None:
    template(router, "a", key_size=size)
    before = row(router, "a")
    sign(router, "a")
    after = row(router, "a")
    assert {(each["key-type"], each["key-size"]) for each in (before, after)} == {(kind, size)}
    assert pki.belongs(held(router, "a").certificate_pem, pki.load_key(held(router, "a").key_pem))


def test_a_chain_of_two_authorities_leads_up_to_the_root(router: Router) -> None:
    authority(router, "root")
    issued(router, "middle", "root", key_usage=AUTHORITY)
    issued(router, "leaf", "middle")
    found = held(router, "leaf")
    assert found.chain == (held(router, "middle").certificate_pem, held(router, "root").certificate_pem)
    assert all(pki.issued_by(lower, upper) for lower, upper in pairwise((found.certificate_pem, *found.chain)))
    assert not pki.issued_by(found.certificate_pem, found.chain[1])
    assert (row(router, "middle")["ca"], row(router, "middle")["authority"]) == ("root", "true")


def test_sign_can_rename_and_takes_a_host_for_its_crl(router: Router) -> None:
    """Manual, "Sign Certificate": flags K, L, A and T."""
    id_ = template(router, "template", key_usage=AUTHORITY)
    sign(router, id_, name="ServerCA", ca_crl_host="192.168.88.1")
    found = row(router, "ServerCA")
    assert (found[".id"], found["crl"], found["ca-crl-host"]) == (id_, "true", "192.168.88.1")


def test_the_name_of_an_authority_can_change(router: Router) -> None:
    authority(router)
    issued(router, "site")
    router.call(f"{MENU}/set", {"numbers": "ca", "name": "vpn-ca"})
    assert row(router, "site")["ca"] == "vpn-ca"


def test_no_reading_command_shows_keys(router: Router) -> None:
    authority(router)
    key = held(router, "ca").key_pem
    seen = [
        *router.call(f"{MENU}/print", {"detail": "", "show-sensitive": ""}),
        *router.call(f"{MENU}/print", {".proplist": "name,key-pem,certificate-pem"}),
        *router.call(f"{MENU}/get", {"number": "ca"}),
        *router.call(f"{MENU}/get", {"number": "ca", "value-name": "key-pem"}),
        *router.dump()[MENU],
    ]
    assert key.startswith("-----BEGIN PRIVATE KEY-----")
    assert "BEGIN" not in str(seen)
    assert "PRIVATE" not in repr(held(router, "ca"))
    assert router.call(f"{MENU}/print", {}, f"key-pem={key}") == []


def test_no_command_writes_keys(router: Router) -> None:
    assert refused(router, f"{MENU}/add", name="a", key_pem="x") == "unknown parameter key-pem"


def test_a_copy_is_a_template_again(router: Router) -> None:
    authority(router)
    router.add(MENU, name="next", copy_from="ca")
    assert material(router, "next") is None
    assert (row(router, "next")["key-usage"], "fingerprint" in row(router, "next")) == (AUTHORITY, False)


def test_certificates_expire_by_the_router_s_clock(router: Router) -> None:
    template(router, "short", days_valid="2")
    sign(router, "short")
    router.advance(DAY + 3600)
    assert (row(router, "short")["expires-after"], "expired" in row(router, "short")) == ("23h", False)
    router.advance(DAY)
    assert ("expires-after" in row(router, "short"), row(router, "short")["expired"]) == (False, "true")
    assert [each["name"] for each in router.call(f"{MENU}/print", {}, "expired=true")] == ["short"]


def test_validity_begins_when_it_is_signed(router: Router) -> None:
    template(router, "a", days_valid="1")
    router.advance(DAY)
    sign(router, "a")
    assert row(router, "a")["invalid-before"] == "2026-01-03 03:04:05"


def test_a_revoked_certificate_says_when_and_keeps_its_material(router: Router) -> None:
    authority(router)
    issued(router, "lost")
    router.advance(60)
    router.call(f"{MENU}/issued-revoke", {"numbers": "lost"})
    found = row(router, "lost")
    assert (found["revoked"], "issued" in found, held(router, "lost").revoked) == ("2026-01-02 03:05:05", False, True)
    assert refused(router, f"{MENU}/issued-revoke", numbers="lost").startswith("failure: only issued")


def test_with_an_authority_goes_its_whole_chain(router: Router) -> None:
    """Manual, "Certificate properties"."""
    authority(router, "root")
    authority(router, "other")
    issued(router, "middle", "root", key_usage=AUTHORITY)
    issued(router, "leaf", "middle")
    template(router, "plain")
    gone: list[str] = []
    router.watchers.append(lambda _path, shown, dead: gone.append(shown[".id"]) if dead else None)
    ids = {each["name"]: each[".id"] for each in router.rows(MENU)}
    router.call(f"{MENU}/remove", {"numbers": "root,leaf"})
    assert [each["name"] for each in router.rows(MENU)] == ["other", "plain"]
    assert sorted(gone) == sorted(ids[name] for name in ("root", "middle", "leaf"))


def test_an_issued_certificate_goes_alone(router: Router) -> None:
    authority(router)
    issued(router, "a")
    router.call(f"{MENU}/remove", {"numbers": "a"})
    assert [each["name"] for each in router.rows(MENU)] == ["ca"]


def test_of_a_signed_certificate_only_name_and_trust_can_change(router: Router) -> None:
    """Manual, "Certificate properties"."""
    authority(router)
    router.call(f"{MENU}/set", {"numbers": "ca", "name": "b", "trusted": "no", "trust-store": "ipsec,api"})
    found = row(router, "b")
    assert (found["trusted"], found["trust-store"], found["authority"]) == ("false", "ipsec,api", "true")
    for name, value in (("common-name", "x"), ("days-valid", "1"), ("key-size", "4096"), ("subject-alt-name", "DNS:x")):
        assert refused(router, f"{MENU}/set", numbers="b", **{name: value}) == (
            "failure: cannot change signed certificate"
        )
    assert row(router, "b") == found


def test_trust_is_per_service(router: Router) -> None:
    for name, store in (("any", "all"), ("vpn", "ipsec,dot1x"), ("web", "www"), ("none", "all")):
        authority(router, name)
        router.call(f"{MENU}/set", {"numbers": name, "trust-store": store})
    router.call(f"{MENU}/set", {"numbers": "none", "trusted": "no"})
    assert trusted(router) == tuple(held(router, name).certificate_pem for name in ("any", "vpn"))
    assert len(trusted(router, "www")) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "missing value(s) of argument(s) number"),
        ({"number": "nothing"}, "no such item (4)"),
        ({"number": "a", "ca": "nothing"}, "input does not match any value of ca"),
        ({"number": "a", "ca": "leaf"}, "failure: ca is not an authority with a private key"),
        ({"number": "a", "ca": "a"}, "failure: ca is not an authority with a private key"),
        ({"number": "a", "name": "ca"}, "failure: certificate with the same name already exists"),
        ({"number": "ca"}, "failure: certificate is already signed"),
        ({"number": "weak"}, "failure: cannot sign: digest-algorithm=md5 is too weak"),
        ({"number": "wide"}, "failure: cannot sign: Attribute's length must be >= 2 and <= 2, but it was 3"),
    ],
)
def test_what_cannot_be_signed_stays_as_it_is(router: Router, words: dict[str, str], message: str) -> None:
    authority(router)
    issued(router, "leaf")
    template(router, "a")
    template(router, "weak", digest_algorithm="md5")
    template(router, "wide", country="LVA")
    before = router.rows(MENU)
    assert refused(router, f"{MENU}/sign", **words) == message
    assert router.rows(MENU) == before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("key-size", "3000", "input does not match any value of key-size"),
        ("key-usage", "everything", "input does not match any value of key-usage"),
        ("digest-algorithm", "md4", "input does not match any value of digest-algorithm"),
        ("days-valid", "0", "value of days-valid is out of range (1 .. 7300)"),
        ("subject-alt-name", "vpn.example.com", "invalid value for argument subject-alt-name"),
        ("subject-alt-name", "IP:vpn.example.com", "invalid value for argument subject-alt-name"),
        ("subject-alt-name", "DNS:", "invalid value for argument subject-alt-name"),
        ("trust-store", "logging", "input does not match any value of trust-store"),
    ],
)
def test_templates_refuse_what_no_router_offers(router: Router, name: str, value: str, message: str) -> None:
    assert refused(router, f"{MENU}/add", name="a", **{name: value}) == message


def test_a_script_can_make_an_authority(router: Router) -> None:
    source = (
        "/certificate add name=t common-name=ca key-size=prime256v1 key-usage=key-cert-sign,crl-sign\n"
        "/certificate sign t name=ca\n"
        "/certificate set ca trusted=no\n"
        "/certificate add name=a common-name=a key-size=prime256v1\n"
        "/certificate sign ca=ca [find name=a]\n"
        "/certificate issued-revoke a\n"
    )
    router.add("/system/script", name="make", source=source)
    router.call("/system/script/run", {"number": "make"})
    assert not router.failures
    assert (row(router, "ca")["authority"], row(router, "ca")["trusted"]) == ("true", "false")
    assert (row(router, "a")["ca"], "revoked" in row(router, "a")) == ("ca", True)


def test_an_identity_names_signed_certificates_as_it_names_templates(router: Router) -> None:
    authority(router)
    issued(router, "site")
    router.add("/ip/ipsec/peer", name="b", address="192.0.2.2")
    router.add("/ip/ipsec/identity", peer="b", auth_method="digital-signature", certificate="site,ca")
    assert router.rows("/ip/ipsec/identity")[0]["certificate"] == "site,ca"


def test_certificates_survive_a_reboot(router: Router) -> None:
    authority(router)
    before = held(router, "ca")
    router.reboot()
    assert held(router, "ca") == before


def test_over_the_api_sign_says_its_progress_and_then_done(router: Router) -> None:
    id_ = template(router, "ca")
    replies = router.run(Command(MENU, "sign", ((".id", id_),)))
    assert [(reply.word, dict(reply.attributes)) for reply in replies] == [("!re", {"progress": "done"}), ("!done", {})]
