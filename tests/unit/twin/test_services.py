# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/ip/service`: services go by their names, are switched and limited, and never come or go."""

from __future__ import annotations

import pytest
from twin import COMPARED, Persona, Router, Trap
from twin.session import Session

SERVICE = "/ip/service"
NAMES = ["telnet", "ftp", "www", "ssh", "www-ssl", "api", "winbox", "api-ssl"]


def said(router: Router, *words: str) -> list[list[str]]:
    """What a client that has logged in hears."""
    session = Session(router, "192.0.2.9", "api", lambda _words: None)
    assert session.handle(["/login", "=name=admin", "=password="]) == [["!done"]]
    return session.handle(list(words))


@pytest.mark.parametrize("version", COMPARED)
def test_services_are_named_and_static(version: str) -> None:
    """Which clients ask for by `dynamic=false`, as newer versions add rows for open connections."""
    answer = said(Router(version), f"{SERVICE}/print", "=.proplist=name", "?dynamic=false")
    assert answer == [*(["!re", f"=name={name}"] for name in NAMES), ["!done"]]


@pytest.mark.parametrize("key", [".id", "numbers"])
def test_service_is_set_and_switched_by_name(key: str) -> None:
    router = Router()

    def api() -> list[list[str]]:
        return said(router, f"{SERVICE}/print", "=.proplist=port,address,disabled", "?name=api")[:-1]

    assert said(router, f"{SERVICE}/set", f"={key}=api", "=port=8730", "=address=192.0.2.0/24,2001:db8::1") == [
        ["!done"]
    ]
    assert api() == [["!re", "=port=8730", "=address=192.0.2.0/24,2001:db8::1/128", "=disabled=false"]]
    assert said(router, f"{SERVICE}/disable", f"={key}=api,api-ssl") == [["!done"]]
    assert api()[0][-1] == "=disabled=true"
    assert said(router, f"{SERVICE}/enable", f"={key}=api") == [["!done"]]
    assert said(router, f"{SERVICE}/set", f"={key}=api", "=address=") == [["!done"]]
    assert api() == [["!re", "=port=8730", "=address=", "=disabled=false"]]
    assert router.call(f"{SERVICE}/print", {}, "disabled=true", "name=api-ssl")


def test_limit_has_a_second_name_since_7_24() -> None:
    """Both are taken, the one given last counts; that print goes on saying `address` is unverified."""
    router = Router(Persona("7.24"))
    for name, address in (("available-from", "192.0.2.0/24"), ("address", "198.51.100.0/24"), ("available-from", "")):
        router.call(f"{SERVICE}/set", {".id": "api", name: address})
        row = router.call(f"{SERVICE}/print", {}, "name=api")[0]
        assert (row["address"], "available-from" in row) == (address, False)
    with pytest.raises(Trap, match="unknown parameter available-from"):
        Router("7.22.3").call(f"{SERVICE}/set", {".id": "api", "available-from": "192.0.2.0/24"})


@pytest.mark.parametrize("verb", ["add", "remove", "move"])
def test_services_neither_come_nor_go(verb: str) -> None:
    with pytest.raises(Trap, match="no such command"):
        Router().call(f"{SERVICE}/{verb}", {"numbers": "api"})


def test_number_of_sessions_has_limits() -> None:
    for wrong in ("0", "1001"):
        with pytest.raises(Trap, match="max-sessions is out of range"):
            Router().call(f"{SERVICE}/set", {".id": "api", "max-sessions": wrong})
