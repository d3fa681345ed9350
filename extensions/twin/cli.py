# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: one twin per process, until told to stop."""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from .defconf import factory
from .faults import Faults
from .options import parser
from .persona import Persona
from .router import Router
from .server import Server
from .tls import Identity


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; bad arguments end with one sentence and status 2."""
    options = parser().parse_args(arguments)
    end = End()
    try:
        server = build(options).start()
    except (ValueError, OSError) as error:
        return _sorry(error)
    try:
        _announce(server, options)
        end.wait(options.exit_with_stdin)
    except OSError as error:
        return _sorry(error)
    finally:
        server.stop()
        if options.ready_file:
            options.ready_file.unlink(missing_ok=True)
    return 0


def _sorry(error: Exception) -> int:
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    print(f"twin: {text}", file=sys.stderr)
    return 2


def build(options: argparse.Namespace) -> Server:
    """The server that the options describe; raises ValueError with a sentence."""
    router = Router(Persona(options.version, options.old_login, options.mask_secrets), identity=options.identity)
    for account in options.user:
        name, _dummy, rest = account.partition(":")
        password, _dummy, policies = rest.partition(":")
        router.set_user(name, password, [policy for policy in policies.split(",") if policy])
    if options.defconf:
        router.seed(factory(router.persona))
    for file in options.seed:
        router.seed(_read(file))
    faults = Faults(latency=options.latency, drop_when=options.drop_when)
    faults.drop_after = options.drop_after
    if options.seat:
        options.seat.denied = options.denied
    return Server(
        router,
        host=options.host,
        port=options.port,
        tls_port=options.tls_port,
        tls=_tls(options),
        faults=faults,
        seat=options.seat,
        log=options.log,
    )


def _read(file: Path) -> dict[str, list[dict[str, str]]]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is no JSON: {error}") from None
    rows = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(menu, list) and all(isinstance(row, dict) for row in menu) for menu in rows):
        raise ValueError(f"{file} must hold an object of menus, each a list of rows")
    return dict(found)


def _tls(options: argparse.Namespace) -> bool | str | Identity:
    if bool(options.certificate) != bool(options.key):
        raise ValueError("--certificate and --key go together")
    if sum((options.anonymous_tls, options.tls, bool(options.certificate))) > 1:
        raise ValueError("--tls, --certificate and --anonymous-tls exclude each other")
    if options.tls_port and not (options.anonymous_tls or options.tls or options.certificate):
        raise ValueError("--tls-port needs --tls, --certificate or --anonymous-tls")
    if options.certificate:
        return Identity(options.certificate, options.key)
    return "anonymous" if options.anonymous_tls else bool(options.tls)


def _announce(server: Server, options: argparse.Namespace) -> None:
    """One line for people, and the ready file, complete from the moment it exists, for programs."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    line = f"twin {options.identity} api {host}:{server.port}"
    if server.tls_port:
        line += f" api-ssl {host}:{server.tls_port}"
    print(line, flush=True)
    if options.ready_file:
        found = {
            "identity": options.identity,
            "version": options.version,
            "host": server.host,
            "port": server.port,
            "tls_port": server.tls_port,
            "ca_file": server.ca_file,
            "fingerprint": server.fingerprint,
            "pid": os.getpid(),
        }
        partial = options.ready_file.with_name(options.ready_file.name + ".part")
        partial.write_text(json.dumps(found) + "\n")
        partial.replace(options.ready_file)


class End:
    """Becomes readable on SIGTERM and SIGINT; must exist before anybody is told that the twin runs."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_dummy: None)

    def wait(self, with_stdin: bool) -> None:
        """Return on a signal or, if wanted, at the end of standard input."""
        if with_stdin and sys.stdin is None:
            return
        # select() also takes /dev/null and files, which epoll refuses.
        with selectors.SelectSelector() as selector:
            selector.register(self._reader, selectors.EVENT_READ)
            if with_stdin:
                selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            while True:
                for key, _dummy in selector.select():
                    if key.fileobj is self._reader or not os.read(sys.stdin.fileno(), 65536):
                        return
