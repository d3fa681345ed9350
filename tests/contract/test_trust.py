# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a client of api-ssl believes; to whom it does not believe, it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device import tls
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    BadSettings,
    Command,
    Reply,
    RouterError,
    Session,
    Target,
    Untrusted,
)
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.contract.certificates import certificate

Join = Callable[..., Session]
IDENTITY = Command("/system/identity", "print")
THERE = [Reply(({"name": "MikroTik"},))]


@pytest.fixture
def join() -> Iterator[Join]:
    """A function that opens a session over api-ssl."""
    opened: list[Session] = []

    def enter(server: Server, host: str = "127.0.0.1", **settings: Any) -> Session:
        opened.append(open_session(Target(host, port=server.tls_port, timeout=20, **settings)))
        return opened[-1]

    yield enter
    for session in opened:
        session.close()


@pytest.fixture
def certified(make_twin: MakeTwin) -> Server:
    return make_twin(tls=True)


@pytest.fixture
def bare(make_twin: MakeTwin) -> Server:
    """A router whose api-ssl has no certificate."""
    return make_twin(tls="anonymous")


def refused(join: Join, server: Server, reason: type[RouterError] = Untrusted, **settings: Any) -> str:
    """Why the client does not trust the server, having sent it nothing."""
    with pytest.raises(reason) as caught:
        join(server, **settings)
    assert server.sentences == []
    return str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_authority_vouches_by_name_and_by_address(join: Join, certified: Server, host: str) -> None:
    session = join(certified, host, ca_file=certified.ca_file)
    assert session.run([IDENTITY]) == THERE
    assert session.warnings == []


def test_the_system_s_authorities_are_the_default(
    join: Join, certified: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "routeros_ca_file" in refused(join, certified)
    monkeypatch.setenv("SSL_CERT_FILE", certified.ca_file)
    assert join(certified).run([IDENTITY]) == THERE


def test_another_authority_does_not_vouch(join: Join, certified: Server, tmp_path: Path) -> None:
    other = certificate(tmp_path, "localhost")
    told = refused(join, certified, ca_file=str(other.certificate))
    assert told.startswith(f"127.0.0.1:{certified.tls_port}: no authority trusted here vouches for its certificate")


def test_a_certificate_for_another_name_is_refused(join: Join, make_twin: MakeTwin, tmp_path: Path) -> None:
    server = make_twin(tls=certificate(tmp_path, "router.example"))
    for host in ("127.0.0.1", "localhost"):
        told = refused(join, server, host=host, ca_file=server.ca_file)
        assert f"made for another name than {host}" in told


@pytest.mark.parametrize(("begins", "ends"), [(-2, -1), (1, 2)], ids=["expired", "early"])
def test_a_certificate_out_of_its_time_is_refused(
    join: Join, make_twin: MakeTwin, tmp_path: Path, begins: int, ends: int
) -> None:
    server = make_twin(tls=certificate(tmp_path, "localhost", begins=begins, ends=ends))
    assert "does not count today" in refused(join, server, host="localhost", ca_file=server.ca_file)


def in_pairs(digits: str) -> str:
    return ":".join(digits[each : each + 2] for each in range(0, len(digits), 2))


@pytest.mark.parametrize("spelled", [str, str.upper, in_pairs, lambda digits: f" {in_pairs(digits).upper()}\n"])
def test_a_fingerprint_replaces_authority_name_and_time(
    join: Join, make_twin: MakeTwin, tmp_path: Path, spelled: Callable[[str], str]
) -> None:
    server = make_twin(tls=certificate(tmp_path, "router.example", begins=-2, ends=-1))
    session = join(server, fingerprint=spelled(server.fingerprint), ca_file="/nowhere")
    assert session.run([IDENTITY]) == THERE
    assert session.warnings == []


def test_another_fingerprint_is_refused(join: Join, certified: Server) -> None:
    wrong = certified.fingerprint[:-1] + ("0" if certified.fingerprint[-1] != "0" else "1")
    told = refused(join, certified, fingerprint=wrong, ca_file=certified.ca_file)
    assert f"has the SHA-256 fingerprint {certified.fingerprint}" in told


@pytest.mark.parametrize("given", ["ab:cd", "zz" * 32, "ab" * 20, ":"])
def test_what_is_no_fingerprint_is_named_before_anything_happens(join: Join, certified: Server, given: str) -> None:
    assert "64 hexadecimal digits" in refused(join, certified, BadSettings, fingerprint=given)
    assert certified.connections == 0


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file"), ("not a certificate", "it holds no certificate in PEM form")]
)
def test_an_unusable_ca_file_is_named(
    join: Join, certified: Server, tmp_path: Path, content: str | None, told: str
) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    assert f"routeros_ca_file {file} cannot be used: {told}" in refused(join, certified, BadSettings, ca_file=str(file))
    assert certified.connections == 0


def test_checks_can_be_turned_off_with_a_warning(join: Join, make_twin: MakeTwin, tmp_path: Path) -> None:
    server = make_twin(tls=certificate(tmp_path, "router.example", begins=-2, ends=-1))
    session = join(server, validate_certs=False)
    assert session.run([IDENTITY]) == THERE
    (warning,) = session.warnings
    assert f"127.0.0.1:{server.tls_port}: the router's certificate is not checked" in warning


def test_an_anonymous_router_is_accepted_with_a_warning(join: Join, bare: Server) -> None:
    session = join(bare, anonymous=True)
    assert session.run([IDENTITY]) == THERE
    (warning,) = session.warnings
    assert "routeros_anonymous" in warning


@pytest.mark.parametrize("settings", [{}, {"validate_certs": False}, {"fingerprint": "ab" * 32}])
def test_an_anonymous_router_must_be_asked_for(join: Join, bare: Server, settings: dict[str, Any]) -> None:
    assert "routeros_anonymous" in refused(join, bare, **settings)


def test_anonymous_does_not_mean_any_certificate(join: Join, certified: Server) -> None:
    assert "remove routeros_anonymous" in refused(join, certified, anonymous=True)


def test_anonymous_and_pinned_exclude_each_other(join: Join, bare: Server) -> None:
    told = refused(join, bare, BadSettings, anonymous=True, fingerprint="ab" * 32)
    assert "routeros_anonymous and routeros_fingerprint exclude each other" in told


def test_a_fresh_connection_is_checked_again(join: Join, certified: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    session = join(certified, fingerprint=certified.fingerprint)
    checked: list[bool] = []
    monkeypatch.setattr(tls, "_compare", lambda *_dummy: checked.append(True))
    certified.faults.drop_after = 1
    assert session.run([IDENTITY]) == THERE
    assert checked == [True]
