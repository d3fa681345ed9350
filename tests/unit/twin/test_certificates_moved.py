# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that leave a router or come to one: by files, by a seed, and as openssl sees them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from twin import Router, SteppedClock, Trap, pki
from twin.actor import Actor
from twin.certificates import Material, material
from twin.trace import masked

MENU = "/certificate"
WORD = "correct horse"


@pytest.fixture
def router() -> Router:
    """It has an authority, `ca`, one below it, `sub`, and a certificate, `site`, from that."""
    return furnished(Router("7.22.3", clock=SteppedClock()))


def furnished(router: Router) -> Router:
    usages = {"ca": "key-cert-sign,crl-sign", "sub": "key-cert-sign", "site": "digital-signature,tls-server"}
    for name, usage in usages.items():
        router.add(MENU, name=name, common_name=name, key_size="prime256v1", key_usage=usage)
    for name, above in (("ca", ""), ("sub", "ca"), ("site", "sub")):
        router.call(f"{MENU}/sign", {"number": name, "ca": above})
    return router


def held(router: Router, name: str) -> Material:
    found = material(router, name)
    assert found is not None
    return found


def export(router: Router, name: str, **words: str) -> dict[str, str]:
    router.call(f"{MENU}/export-certificate", {"numbers": name, **words})
    return {file["name"]: file["contents"] for file in router.rows("/file")}


def bring(router: Router, file: str, contents: str, /, **words: str) -> dict[str, str]:
    if router.call("/file/print", {}, f"name={file}") == []:
        router.add("/file", name=file, contents=contents)
    return router.call(f"{MENU}/import", {"file-name": file, **words})[0]


def counts(certificates: int = 0, keys: int = 0, closed: int = 0, homeless: int = 0) -> dict[str, str]:
    return {
        "certificates-imported": str(certificates),
        "private-keys-imported": str(keys),
        "files-imported": str(int(certificates + keys > 0)),
        "decryption-failures": str(closed),
        "keys-with-no-certificate": str(homeless),
    }


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command")
def test_openssl_verifies_the_chain_and_knows_the_purpose(tmp_path: Path) -> None:
    """By the real clock, which openssl goes by."""
    found = held(furnished(Router("7.22.3")), "site")
    for name, pem in (("leaf", found.certificate_pem), ("sub", found.chain[0]), ("root", found.chain[1])):
        (tmp_path / name).write_text(pem)

    def verify(*arguments: str) -> str:
        command = ["openssl", "verify", "-x509_strict", *arguments, "leaf"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30).stdout

    assert verify("-purpose", "sslserver", "-CAfile", "root", "-untrusted", "sub") == "leaf: OK\n"
    assert verify("-purpose", "sslclient", "-CAfile", "root", "-untrusted", "sub") == ""
    assert verify("-CAfile", "root") == ""


def test_an_export_is_a_certificate_and_with_a_passphrase_its_locked_key(router: Router) -> None:
    """Manual, "Export Certificate"."""
    assert export(router, "ca") == {"cert_export_ca.crt": held(router, "ca").certificate_pem}
    files = export(router, "site", **{"file-name": "mine", "export-passphrase": WORD})
    assert set(files) == {"cert_export_ca.crt", "mine.crt", "mine.key"}
    assert files["mine.key"].startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert pki.belongs(files["mine.crt"], pki.load_key(files["mine.key"], WORD))
    assert router.rows("/file")[0]["type"] == ".crt file"
    assert export(router, "site", **{"file-name": "mine"}).keys() == files.keys()


def test_an_export_needs_the_right_to_see_secrets(router: Router) -> None:
    words = {"numbers": "ca"}
    with pytest.raises(Trap, match="not enough permissions"):
        router.call(f"{MENU}/export-certificate", words, actor=Actor("ops", frozenset(("read", "write", "api"))))


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("template", {}, "failure: certificate is not signed"),
        ("ca", {"type": "pkcs12"}, "failure: only type=pem is possible on this router"),
    ],
)
def test_what_cannot_be_exported(router: Router, name: str, words: dict[str, str], message: str) -> None:
    router.add(MENU, name="template")
    with pytest.raises(Trap) as refusal:
        export(router, name, **words)
    assert refusal.value.message == message


def test_another_router_takes_certificate_then_key(router: Router) -> None:
    """The counters are those of the manual and of published sessions."""
    files = export(router, "site", **{"export-passphrase": WORD})
    other = Router("7.22.3", clock=SteppedClock())
    assert bring(other, "site.crt", files["cert_export_site.crt"]) == counts(certificates=1)
    before = other.rows(MENU)[0]
    assert (before["name"], before["private-key"], before["trusted"]) == ("site.crt_0", "false", "true")
    assert (before["issuer"], "ca" in before, before["common-name"]) == ("CN=sub", False, "site")
    assert bring(other, "site.key", files["cert_export_site.key"], passphrase="wrong") == counts(closed=1)
    assert bring(other, "site.key", files["cert_export_site.key"], passphrase=WORD) == counts(keys=1)
    assert other.rows(MENU) == [{**before, "private-key": "true"}]
    assert held(other, "site.crt_0").key_pem == held(router, "site").key_pem


def test_a_file_may_hold_a_chain_and_a_key(router: Router) -> None:
    """Names as in the manual: the given one, then with numbers; order of the file."""
    found = held(router, "site")
    other = Router("7.22.3", clock=SteppedClock())
    bundle = found.key_pem + found.certificate_pem + "".join(found.chain)
    assert bring(other, "all.pem", bundle, name="mine", trusted="no") == counts(certificates=3, keys=1)
    flags = [(row["name"], row["private-key"], row["trusted"]) for row in other.rows(MENU)]
    assert flags == [("mine", "true", "false"), ("mine_1", "false", "false"), ("mine_2", "false", "false")]
    assert held(other, "mine") == found
    assert bring(other, "all.pem", bundle) == counts(homeless=1)


def test_an_authority_without_its_key_signs_nothing(router: Router) -> None:
    other = Router("7.22.3", clock=SteppedClock())
    bring(other, "ca.crt", held(router, "ca").certificate_pem, name="ca")
    assert "authority" not in other.rows(MENU)[0]
    other.add(MENU, name="a", common_name="a")
    with pytest.raises(Trap, match="not an authority"):
        other.call(f"{MENU}/sign", {"number": "a", "ca": "ca"})


def test_a_key_can_be_told_to_stay(router: Router) -> None:
    found = held(router, "site")
    other = Router("7.22.3", clock=SteppedClock())
    bring(other, "a.pem", found.certificate_pem + found.key_pem, name="a", **{"no-key-export": "yes"})
    assert "cert_export_a.key" not in export(other, "a", **{"export-passphrase": WORD})


@pytest.mark.parametrize("contents", ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_certificates_imports_none(router: Router, contents: str) -> None:
    assert bring(router, "x", contents) == counts()
    assert len(router.rows(MENU)) == 3


def test_only_files_that_are_there_can_be_imported(router: Router) -> None:
    with pytest.raises(Trap, match="input does not match any value of file-name"):
        router.call(f"{MENU}/import", {"file-name": "nothing"})
    with pytest.raises(Trap, match="import is not possible"):
        router.call("/ip/ipsec/key/rsa/import", {"file-name": "nothing", "name": "a"})


@pytest.mark.parametrize("version", ["7.10.2", "7.12.2", "7.24"])
def test_import_and_sign_work_on_every_version(version: str) -> None:
    router = furnished(Router(version, clock=SteppedClock()))
    assert bring(Router(version), "a", held(router, "ca").certificate_pem) == counts(certificates=1)


def test_a_seed_plants_certificates_and_keys(router: Router) -> None:
    """The names are the twin's own, so no router's row can be mistaken for it."""
    found = held(router, "site")
    other = Router("7.22.3", clock=SteppedClock())
    site = {"name": "site", "certificate-pem": found.certificate_pem, "key-pem": found.key_pem}
    other.seed({MENU: [site, {"certificate-pem": found.chain[0], "trusted": "yes"}]})
    rows = other.rows(MENU)
    assert [(row["name"], row["common-name"], row["private-key"], row["issuer"]) for row in rows] == [
        ("site", "site", "true", "CN=sub"),
        ("cert1", "sub", "false", "CN=ca"),
    ]
    assert held(other, "site") == Material(found.certificate_pem, found.key_pem, found.chain[:1])


def test_a_seed_gives_a_template_its_certificate(router: Router) -> None:
    found = held(router, "site")
    other = Router("7.22.3", clock=SteppedClock())
    other.add(MENU, name="site", common_name="site")
    other.seed({MENU: [{"name": "site", "certificate-pem": found.certificate_pem, "key-pem": found.key_pem}]})
    assert (other.rows(MENU)[0]["key-size"], held(other, "site").key_pem) == ("prime256v1", found.key_pem)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (lambda _site, _ca: {"certificate-pem": "x"}, "certificate-pem or key-pem cannot be read"),
        (lambda site, _ca: {"certificate-pem": site.certificate_pem, "key-pem": "x"}, "cannot be read"),
        (lambda site, ca: {"certificate-pem": site.certificate_pem, "key-pem": ca.key_pem}, "does not belong to"),
    ],
)
def test_a_seed_with_unfit_texts_is_refused(
    router: Router, row: Callable[[Material, Material], dict[str, str]], told: str
) -> None:
    with pytest.raises(ValueError, match=f"/certificate, row 0: .*{told}"):
        Router("7.22.3").seed({MENU: [{"name": "a", **row(held(router, "site"), held(router, "ca"))}]})


def test_no_log_of_the_wire_shows_what_travels_in_files() -> None:
    words = ["/file/add", "=name=a.key", "=contents=-----BEGIN PRIVATE KEY-----", "=export-passphrase=hunter2"]
    assert masked(words) == ["/file/add", "=name=a.key", "=contents=*****", "=export-passphrase=*****"]


def test_files_can_be_written_and_removed(router: Router) -> None:
    """7.10 has add already; a file's name cannot change here."""
    router.add("/file", name="flash/note.txt", contents="héllo")
    row = router.rows("/file")[0]
    assert (row["type"], row["size"], row["last-modified"]) == (".txt file", "6", "2026-01-02 03:04:05")
    router.call("/file/set", {"numbers": "flash/note.txt", "contents": "x"})
    assert (router.rows("/file")[0]["contents"], router.rows("/file")[0]["size"]) == ("x", "1")
    router.call("/file/remove", {"numbers": "flash/note.txt"})
    assert router.rows("/file") == []
