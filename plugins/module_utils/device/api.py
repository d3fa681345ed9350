# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session over the RouterOS API, plain or TLS: tagged sentences, all of a batch under way at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.answers import Answer, converse, sentence
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.dial import dial, where
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken, Closed, Link
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.login import log_in
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Lost,
    Reply,
    RouterError,
    Target,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.tls import context_for, secure, warnings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.wire import IMPORT_ERROR, Wire


class ApiSession:
    """A logged-in conversation over the API; `enter` makes the connection, and a new one where that is harmless."""

    def __init__(self, router: str, enter: Callable[[], Wire], warnings: Sequence[str] = ()) -> None:
        self.warnings = list(warnings)
        self._router = router
        self._enter = enter
        self._wire: Wire | None = enter()

    def run(self, commands: Sequence[Command]) -> list[Reply]:
        """Answers in the order of the commands; raises Lost.

        A batch that only reads is asked once more over a fresh connection when the old one was closed.
        """
        return self._run(commands, again=all(command.verb == "print" for command in commands))

    def renew(self) -> None:
        """Connect and log in from scratch, then hang up the old connection, which stays when there is no new one."""
        wire = self._enter()
        self.close()
        self._wire = wire

    def close(self) -> None:
        """Hang up; calling it twice is harmless."""
        if self._wire:
            self._wire.link.close()
            self._wire = None

    def _run(self, commands: Sequence[Command], again: bool) -> list[Reply]:
        answers = {str(number): Answer() for number in range(len(commands))}
        sentences = [sentence(command, tag) for command, tag in zip(commands, answers, strict=True)]
        try:
            if self._wire is None:
                raise Broken("the session is closed already")
            converse(self._wire, sentences, answers)
        except Broken as broken:
            self.close()
            if not (again and isinstance(broken, Closed)):
                raise Lost(self._router, str(broken), _came(answers.values())) from None
            self._return(broken, _came(answers.values()))
            return self._run(commands, again=False)
        except BaseException:
            # Half a sentence may have been read: nothing that follows it could be understood.
            self.close()
            raise
        return [answer.reply() for answer in answers.values()]

    def _return(self, broken: Broken, came: Sequence[Reply | None]) -> None:
        try:
            self._wire = self._enter()
        except RouterError as error:
            raise Lost(self._router, f"{broken}, and there was no way back: {error.problem}", came) from None


def _came(answers: Iterable[Answer]) -> list[Reply | None]:
    return [answer.reply() if answer.done else None for answer in answers]


def open_api(target: Target) -> ApiSession:
    """A session over `api` or `api-ssl`; raises BadSettings, Unreachable, LoginRefused or Untrusted."""
    if IMPORT_ERROR:
        problem = (
            f"the Python library librouteros is missing ({IMPORT_ERROR}) for {sys.executable}; "
            f"install it by: {sys.executable} -m pip install librouteros"
        )
        # Not Unreachable: it is not the router that is missing.
        raise RouterError(where(target), problem)
    context = context_for(target) if target.transport == "api-ssl" else None

    def enter() -> Wire:
        sock = dial(target)
        wire = Wire(Link(secure(sock, target, context) if context else sock, target.timeout))
        try:
            log_in(wire, target)
        except BaseException:
            wire.link.close()
            raise
        return wire

    return ApiSession(where(target), enter, warnings(target))
