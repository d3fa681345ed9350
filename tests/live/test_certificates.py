# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends that prove themselves by certificates, which one router's `/certificate` makes for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from twin.live import Lab

from tests.live.conftest import able
from tests.live.sites import Side, Sites, plan, until

CERTIFICATE = "/certificate"


def authority(sites: Sites, site: str, name: str) -> None:
    """Make an authority on a router, which trusts it from then on."""
    sites.path(site, CERTIFICATE).add(name=name, **{"common-name": name, "key-usage": "key-cert-sign,crl-sign"})
    list(sites.path(site, CERTIFICATE)("sign", number=name))


def issue(sites: Sites, site: str, name: str, by: str, **more: str) -> None:
    """Make a certificate for an end."""
    wanted = {"common-name": f"{name}.example.com", "subject-alt-name": f"DNS:{name}.example.com", **more}
    sites.path(site, CERTIFICATE).add(name=name, **{"key-usage": "digital-signature,tls-server,tls-client", **wanted})
    list(sites.path(site, CERTIFICATE)("sign", number=name, ca=by))


def carry(sites: Sites, name: str, source: str = "a", target: str = "b") -> None:
    """Take a certificate, and its key where there is one, from one router to the other by files."""
    path = sites.path(source, CERTIFICATE)
    list(path("export-certificate", numbers=name, **{"file-name": name, "export-passphrase": "a-long-passphrase"}))
    files = {row["name"]: row["contents"] for row in sites.rows(source, "/file")}
    for end in (f"{name}.crt", f"{name}.key"):
        if end in files:
            sites.path(target, "/file").add(name=end, contents=files[end])
            more = {"file-name": end, "passphrase": "a-long-passphrase", "name": name}
            list(sites.path(target, CERTIFICATE)("import", **more))


@pytest.fixture(scope="module")
def sites() -> Iterator[Sites]:
    """Two sites; router a has an authority, and each a certificate of it and one that a stranger made."""
    able()
    with Lab(plan()) as lab, closing(Sites(lab)) as found:
        for name in ("root", "strange"):
            authority(found, "a", name)
        issue(found, "a", "end-a", "root")
        issue(found, "a", "end-b", "root")
        issue(found, "a", "other-b", "strange")
        found.path("a", CERTIFICATE).update(**{".id": "strange", "trusted": "no"})
        for name in ("root", "end-b", "other-b"):
            carry(found, name)
        found.path("b", CERTIFICATE).update(**{".id": "root", "trusted": "yes"})
        yield found


def signed(certificate: str, mode: str = "ike2", **more: str) -> Side:
    return Side(mode, identity={"auth-method": "digital-signature", "certificate": certificate, **more})


@pytest.mark.parametrize("mode", ["ike2", "main"])
def test_ends_believe_certificates_of_an_authority_that_both_trust(sites: Sites, mode: str) -> None:
    # Two ends that call at once may both get through.
    sites.configure(signed("end-a", mode), replace(signed("end-b", mode), peer={"passive": "yes"}))
    assert sites.crosses()
    (session,) = sites.rows("a", "/ip/ipsec/active-peers")
    assert session["id"] == "end-b.example.com"


def test_an_authority_that_is_not_trusted_vouches_for_nobody(sites: Sites) -> None:
    before = len(sites.errors("a"))
    sites.configure(signed("end-a"), signed("other-b"))
    assert until(lambda: any("certificate" in line for line in sites.errors("a")[before:]), 15)
    assert not sites.ping()


def test_an_identity_that_the_certificate_does_not_have_is_not_believed(sites: Sites) -> None:
    sites.configure(signed("end-a", **{"remote-id": "fqdn:somebody.example.com"}), signed("end-b"))
    assert not sites.crosses(3)
    sites.configure(signed("end-a", **{"remote-id": "fqdn:end-b.example.com"}), signed("end-b"))
    assert sites.crosses()


def test_an_identity_without_a_key_is_refused(sites: Sites) -> None:
    sites.path("b", CERTIFICATE).add(name="template", **{"common-name": "template"})
    sites.configure(signed("end-a"), signed("template"))
    told = [str(row["message"]) for row in sites.rows("b", "/log") if "system,error" in str(row["topics"])]
    assert told[-1].startswith("a live twin does not play auth-method=digital-signature without a certificate")
